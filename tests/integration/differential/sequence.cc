#include "tests/integration/differential/sequence.h"

#include <fmt/format.h>

#include <utility>

#include "tests/integration/differential/messages.h"
#include "tests/integration/differential/statements.h"

namespace chaperone::differential {
namespace {

bool IsDenied(const std::string& sql) { return sql.find(kForbidden) != std::string::npos; }

Step Same(std::string text, const std::string& bytes, Answer answer) {
  return {std::move(text), bytes, bytes, answer, /*copy_data=*/false};
}

Step DataStep(Dice* dice) {
  const std::string rows = CopyRows(dice);
  std::string bytes;
  if (!rows.empty()) bytes = CopyData(rows);
  const bool fail = dice->Percent(15);
  bytes += fail ? CopyFail("changed my mind") : CopyDone();
  return {fmt::format("copy data {}{}", rows.size(), fail ? ", fail" : ""), bytes, bytes, Answer::kNone,
          /*copy_data=*/true};
}

class Builder {
 public:
  Builder(uint64_t seed, bool denials) : dice_(seed), denials_(denials) {}

  Sequence Build() {
    const uint64_t conversations = 1 + dice_.Roll(7);
    for (uint64_t i = 0; i < conversations; ++i) {
      const uint64_t kind = dice_.Roll(100);
      if (kind < 45) {
        Simple();
      } else if (kind < 52) {
        SimpleCopyIn();
      } else if (kind < 58) {
        ExtendedCopyIn();
      } else {
        Extended();
      }
    }
    return std::move(out_);
  }

 private:
  // One query, or some that are sent before the first is answered.
  void Simple() {
    Batch batch;
    const uint64_t count = dice_.Percent(15) ? 2 + dice_.Roll(3) : 1;
    for (uint64_t i = 0; i < count; ++i) batch.steps.push_back(QueryStep(SimpleStatement(&dice_)));
    out_.push_back(std::move(batch));
  }

  void SimpleCopyIn() {
    Batch batch;
    batch.eager = dice_.Percent(50);
    batch.steps.push_back(QueryStep(CopyInStatement(&dice_)));
    batch.steps.push_back(DataStep(&dice_));
    out_.push_back(std::move(batch));
  }

  void ExtendedCopyIn() {
    Batch batch;
    batch.eager = dice_.Percent(50);
    // Under a name that nothing else uses: executed again by chance, a COPY would wait for data that nobody sends.
    batch.steps.push_back(ParseStep("copy", CopyInStatement(&dice_)));
    batch.steps.push_back(Same("B \"\" \"copy\"", Bind({"", "copy", {}, false}), Answer::kBind));
    batch.steps.push_back(Same("E", Execute("", 0), Answer::kExecute));
    // A Sync in the middle of COPY IN is passed over by the server; libpq sends it there.
    batch.sync_in_copy = batch.eager && dice_.Percent(50);
    if (batch.sync_in_copy) batch.steps.push_back(Same("S", Sync(), Answer::kSync));
    if (!batch.eager) batch.steps.push_back(Same("H", Flush(), Answer::kNone));
    batch.steps.push_back(DataStep(&dice_));
    if (!batch.eager) {
      // Without it the server keeps the outcome of the COPY to itself until Sync.
      batch.steps.push_back(Same("H", Flush(), Answer::kNone));
      batch.steps.back().copy_data = true;
      out_.push_back(std::move(batch));
      batch = {};
    }
    batch.steps.push_back(Same("S", Sync(), Answer::kSync));
    batch.steps.push_back(Same("CS \"copy\"", CloseStatement("copy"), Answer::kClose));
    batch.steps.push_back(Same("S", Sync(), Answer::kSync));
    out_.push_back(std::move(batch));
  }

  void Extended() {
    Batch batch;
    const uint64_t statements = 1 + dice_.Roll(4);
    for (uint64_t i = 0; i < statements; ++i) {
      One(&batch);
      if (i + 1 < statements && dice_.Percent(20)) batch.steps.push_back(Same("S", Sync(), Answer::kSync));
      if (i + 1 < statements && dice_.Percent(20)) {
        batch.steps.push_back(Same("H", Flush(), Answer::kNone));
        out_.push_back(std::move(batch));
        batch = {};
      }
    }
    batch.steps.push_back(Same("S", Sync(), Answer::kSync));
    out_.push_back(std::move(batch));
  }

  // Parse, Bind, Describe, Execute, Close: usually in this order, with some left out.
  void One(Batch* batch) {
    const Prepared prepared = PreparedStatement(&dice_);
    const std::string statement(dice_.Pick({"", "", "s1", "s2"}));
    const std::string portal(dice_.Pick({"", "", "", "p1"}));
    auto& steps = batch->steps;
    if (dice_.Percent(85)) steps.push_back(ParseStep(statement, prepared.sql));
    if (dice_.Percent(25)) {
      steps.push_back(Same(fmt::format("DS \"{}\"", statement), DescribeStatement(statement), Answer::kDescribe));
    }
    const bool bound = dice_.Percent(92);
    if (bound) {
      const bool binary = dice_.Percent(30);
      steps.push_back(Same(fmt::format("B \"{}\" \"{}\"{}", portal, statement, binary ? " binary" : ""),
                           Bind({portal, statement, prepared.values, binary}), Answer::kBind));
    }
    // PostgreSQL 15.20 reads freed memory, and may crash, when the unnamed portal that a failed simple query left
    // behind is described or executed: the unnamed portal is used only after a Bind of its own.
    if (!bound && portal.empty()) return;
    if (dice_.Percent(60)) {
      steps.push_back(Same(fmt::format("DP \"{}\"", portal), DescribePortal(portal), Answer::kDescribe));
    }
    const uint64_t executes = dice_.Percent(12) ? 2 + dice_.Roll(3) : 1;
    for (uint64_t i = 0; i < executes; ++i) {
      const auto rows = static_cast<int32_t>(executes > 1 || dice_.Percent(10) ? 1 + dice_.Roll(5) : 0);
      steps.push_back(Same(fmt::format("E \"{}\" {}", portal, rows), Execute(portal, rows), Answer::kExecute));
    }
    if (dice_.Percent(10)) {
      steps.push_back(Same(fmt::format("CS \"{}\"", statement), CloseStatement(statement), Answer::kClose));
    }
    if (dice_.Percent(8)) steps.push_back(Same(fmt::format("CP \"{}\"", portal), ClosePortal(portal), Answer::kClose));
  }

  // What the server gets for a statement.
  std::string Direct(const std::string& sql) const { return denials_ && IsDenied(sql) ? kDenied : sql; }

  Step QueryStep(const std::string& sql) const {
    return {"Q " + sql, Query(sql), Query(Direct(sql)), Answer::kQuery, /*copy_data=*/false};
  }

  Step ParseStep(const std::string& name, const std::string& sql) const {
    return {fmt::format("P \"{}\" {}", name, sql), Parse(name, sql), Parse(name, Direct(sql)), Answer::kParse,
            /*copy_data=*/false};
  }

  Dice dice_;
  const bool denials_;
  Sequence out_;
};

}  // namespace

Sequence Generate(uint64_t seed, bool denials) { return Builder(seed, denials).Build(); }

std::string Show(const Sequence& sequence) {
  std::string out;
  for (const Batch& batch : sequence) {
    out += batch.eager ? "  send at once, data too:\n" : "  send at once:\n";
    for (const Step& step : batch.steps) out += fmt::format("    {}\n", step.text);
  }
  return out;
}

}  // namespace chaperone::differential
