// Policy documents from arbitrary bytes: read, and when they are good, compiled, asked, linted and compared.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "api/policy/changes.h"
#include "api/policy/lint.h"
#include "api/policy/policy.h"
#include "api/sql/facts.h"

namespace chaperone::policy {
namespace {

// A defect that the fuzzer is to report.
void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

sql::Facts SomeFacts() {
  sql::Facts facts;
  facts.statements.resize(1);
  for (int action = 0; action < sql::kActionCount; ++action) {
    for (const auto kind : {sql::ResourceKind::kNone, sql::ResourceKind::kRelation, sql::ResourceKind::kSetting,
                            sql::ResourceKind::kSchema, sql::ResourceKind::kDatabase}) {
      sql::Need need;
      need.action = static_cast<sql::Action>(action);
      need.kind = kind;
      need.resource = kind == sql::ResourceKind::kRelation ? "public.orders" : "public";
      need.where_absent = action % 2 == 0;
      facts.statements[0].needs.push_back(need);
    }
  }
  return facts;
}

void Ask(const View& view) {
  static const sql::Facts& facts = *new sql::Facts(SomeFacts());
  for (const sql::Need& need : facts.statements[0].needs) {
    sql::Facts one;
    one.statements.resize(1);
    one.statements[0].needs.push_back(need);
    const Verdict verdict = view.Judge(one, std::chrono::system_clock::time_point(std::chrono::hours(24 * 365 * 56)));
    Require(verdict.decision == Decision::kAllow || !verdict.hint.empty());
    Require(verdict.decision != Decision::kRequireApproval || !verdict.approval.approvers.empty());
    Require(view.Applies() || verdict.decision == Decision::kDeny);
  }
  Require(view.Judge(facts, {}).decision <= Decision::kDeny);
  const bool masked = view.MaskFor("public", "customers", "ssn") != nullptr ||
                      !view.JsonPathMasksFor("public", "customers", "ssn").empty();
  Require(!masked || view.MasksRelation("public", "customers"));
  Require(view.DetectorsFor("public", "customers").size() <= view.detectors().size());
}

void Run(std::string_view text) {
  const auto document = ParseDocument(text, "fuzz.yaml");
  if (!document.ok()) {
    Require(base::Message(document.status()).starts_with("fuzz.yaml:"));
    return;
  }
  const auto bundle = Bundle::Compile({*document}, 1);
  Require(bundle.ok());
  Principal principal;
  principal.subject = "agent-1";
  principal.groups = {"coding-agents"};
  Ask(*(*bundle)->ViewFor(principal, Target{"shop-prod", "shop", {{"env", "prod"}}}));
  (void)Lint({*document});
  Require(DescribeChanges({*document}, {*document}).empty());
}

}  // namespace
}  // namespace chaperone::policy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chaperone::policy::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
