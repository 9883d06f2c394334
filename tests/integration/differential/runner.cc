#include "tests/integration/differential/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace chaperone::differential {
namespace {

// The answers that are still to come, and the state in which the server is.
class Conversation {
 public:
  Conversation(Connection* connection, Side side, Transcript* out) : connection_(connection), side_(side), out_(out) {}

  absl::Status Play(const Batch& batch) {
    std::string now;
    copy_data_.clear();
    sync_in_copy_ = batch.sync_in_copy;
    for (const Step& step : batch.steps) {
      const std::string& bytes = side_ == Side::kProxy ? step.to_proxy : step.to_direct;
      if (step.copy_data && !batch.eager) {
        copy_data_ += bytes;
      } else {
        now += bytes;
      }
      if (step.answer != Answer::kNone) expected_.push_back(step.answer);
    }
    if (skipping_) SkipToSync();
    absl::Status status = connection_->Send(now);
    while (status.ok() && !expected_.empty()) status = Hear();
    return status;
  }

 private:
  // After an error in the extended protocol nothing is answered until Sync.
  void SkipToSync() {
    while (!expected_.empty() && expected_.front() != Answer::kSync) expected_.pop_front();
    skipping_ = expected_.empty();
  }

  absl::Status Hear() {
    auto message = connection_->Read();
    if (!message.ok()) return message.status();
    const char type = message->type;
    out_->messages.push_back(*std::move(message));
    if (type == 'N' || type == 'S' || type == 'A') return absl::OkStatus();
    const Answer front = expected_.front();
    if (type == 'E') {
      if (front != Answer::kQuery) SkipToSync();
      return absl::OkStatus();
    }
    if (type == 'G' && (front == Answer::kQuery || front == Answer::kExecute)) return SendCopyData();
    if (!Fits(type, front)) {
      return absl::InternalError(fmt::format("a message of type '{}' that nothing asked for", type));
    }
    if (Ends(type, front)) expected_.pop_front();
    return absl::OkStatus();
  }

  absl::Status SendCopyData() {
    if (sync_in_copy_) expected_.erase(expected_.begin() + 1);
    return connection_->Send(std::exchange(copy_data_, ""));
  }

  static bool Fits(char type, Answer answer) {
    switch (answer) {
      case Answer::kParse:
        return type == '1';
      case Answer::kBind:
        return type == '2';
      case Answer::kClose:
        return type == '3';
      case Answer::kDescribe:
        return type == 't' || type == 'T' || type == 'n';
      case Answer::kExecute:
        return std::string_view("DCIsHdc").find(type) != std::string_view::npos;
      case Answer::kSync:
        return type == 'Z';
      case Answer::kQuery:
        return std::string_view("TDCIHdcZ").find(type) != std::string_view::npos;
      case Answer::kNone:
        break;
    }
    return false;
  }

  static bool Ends(char type, Answer answer) {
    if (answer == Answer::kQuery) return type == 'Z';
    if (answer == Answer::kDescribe) return type != 't';
    if (answer == Answer::kExecute) return type == 'C' || type == 'I' || type == 's';
    return true;
  }

  Connection* const connection_;
  const Side side_;
  Transcript* const out_;
  std::deque<Answer> expected_;
  std::string copy_data_;
  bool sync_in_copy_ = false;
  bool skipping_ = false;
};

// The same error but for the place in the server's source: errors that the sidecar gives in the server's stead have
// none.
bool SameButForSource(const Message& proxy, const Message& direct) {
  if (!Field(proxy, 'F').empty()) return false;
  constexpr std::string_view kFields = "SVCMDHPpqWstcdn";
  return std::all_of(kFields.begin(), kFields.end(),
                     [&](char field) { return Field(proxy, field) == Field(direct, field); });
}

bool SameError(const Message& proxy, const Message& direct) {
  if (proxy.body == direct.body) return true;
  if (direct.type != 'E') return false;
  if (SameButForSource(proxy, direct)) return true;
  const std::string_view proxy_code = Field(proxy, 'C');
  const bool stands_for_denial = Field(direct, 'M').find("chaperone_denied") != std::string_view::npos;
  if (stands_for_denial) return proxy_code == "42501" && Field(proxy, 'S') == "ERROR";
  // In a failed transaction the server refuses the denied statement before anybody looks at it.
  return Field(direct, 'C') == "25P02" && proxy_code == "42501";
}

}  // namespace

absl::Status Reset(Connection* connection) {
  static const std::string* const kAll = new std::string(
      Sync() + Query("ROLLBACK") + Query("DEALLOCATE ALL") + Query("CLOSE ALL") + Query("RESET statement_timeout") +
      Query("RESET application_name") + Query("RESET extra_float_digits") + Query("RESET TimeZone") +
      Query("BEGIN; DELETE FROM diff_t; INSERT INTO diff_t SELECT g, g % 7, 'row ' || g, g * 1.25, "
            "decode(lpad(to_hex(g), 4, '0'), 'hex') FROM generate_series(1, 20) g; COMMIT"));
  constexpr int kReady = 9;
  absl::Status status = connection->Send(*kAll);
  for (int ready = 0; status.ok() && ready < kReady;) {
    auto message = connection->Read();
    if (!message.ok()) return message.status();
    if (message->type == 'E') return absl::InternalError("reset: " + Show(*message));
    if (message->type == 'Z') ++ready;
  }
  return status;
}

Transcript Run(Connection* connection, const Sequence& sequence, Side side) {
  Transcript out;
  Conversation conversation(connection, side, &out);
  for (const Batch& batch : sequence) {
    out.end = conversation.Play(batch);
    if (!out.end.ok()) break;
  }
  return out;
}

std::string Difference(const Transcript& proxy, const Transcript& direct) {
  const size_t both = std::min(proxy.messages.size(), direct.messages.size());
  for (size_t i = 0; i < both; ++i) {
    const Message& theirs = proxy.messages[i];
    const Message& ours = direct.messages[i];
    const bool same =
        theirs.type == ours.type && (theirs.type == 'E' ? SameError(theirs, ours) : theirs.body == ours.body);
    if (!same) return fmt::format("message {}:\n    proxy  {}\n    direct {}\n", i, Show(theirs), Show(ours));
  }
  if (proxy.messages.size() != direct.messages.size() || proxy.end.code() != direct.end.code()) {
    return fmt::format("{} messages through the proxy ({}), {} directly ({})\n", proxy.messages.size(),
                       proxy.end.ToString(), direct.messages.size(), direct.end.ToString());
  }
  return "";
}

}  // namespace chaperone::differential
