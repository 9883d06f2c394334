// Client -> server within COPY FROM STDIN: the data is recorded, searched for masks and passed on; its end is the
// client's, or ours. PostgreSQL 15 manual, section 55.2.6.
#include <algorithm>
#include <memory>

#include "dataplane/session/conversation.h"
#include "dataplane/session/denial.h"

namespace chaperone::session {

namespace pg = wire::postgres;

// Why COPY FROM STDIN may not write what looks masked; null when it may, or when no COPY runs.
const masking::MaskingRefusal* Conversation::WrittenMaskOfCopy() {
  const Run* const run = CurrentRun();
  if (run == nullptr || !run->judged->writes_masked || run->index >= run->judged->plans.size()) {
    return nullptr;
  }
  const auto& refusal = run->judged->plans[run->index].written_mask;
  return refusal ? &*refusal : nullptr;
}

// Records what the client copies in, and looks for masks in it over the ends of messages: their headers are no data.
// False when it may not go on.
bool Conversation::TakeCopyIn(std::string_view bytes) {
  const size_t header = std::min(copy_in_header_left_, bytes.size());
  copy_in_header_left_ -= header;
  const std::string_view data = bytes.substr(header);
  Run* const run = copy_in_ ? CurrentRun() : nullptr;
  if (run == nullptr || data.empty()) {
    return true;
  }
  if (!copy_in_holds_mask_ && WrittenMaskOfCopy() != nullptr) {
    copy_in_holds_mask_ = copy_in_search_.Add(data);
  }
  run->bytes += data.size();
  if (!recorder_.CopyData(*run, true, data)) {
    EndUnrecorded();
    return false;
  }
  return true;
}

// The end of the client's COPY data, or in its place, when a mask was to be written, what makes the server undo it.
void Conversation::EndCopyData(std::string_view frame) {
  const masking::MaskingRefusal* const refusal = copy_in_holds_mask_ ? WrittenMaskOfCopy() : nullptr;
  copy_in_holds_mask_ = false;
  copy_in_search_ = {};
  if (refusal == nullptr) {
    to_server_.Pass(frame);
    return;
  }
  policy::Verdict denied;
  judgement::ApplyRefusal(*refusal, &denied);
  CountDenied();
  Expectation& copy = expected_.front();
  copy.MakeErrors().denial = std::make_unique<pg::ErrorMessage>(Denied(denied, AuditId(copy.run->statement)));
  pg::AppendCopyFail("chaperone: a mask was to be written", to_server_.own());
  to_server_.Added();
}

// The server reads COPY data. What comes behind a COPY FROM STDIN, and behind its end, has waited until this was known:
// nothing else is in flight.
Conversation::Took Conversation::OnCopyInMessage(char type, std::string_view frame) {
  switch (type) {
    case 'S':
      // Passed over; but the server may have failed by now, and then it answers.
      ++loose_syncs_;
      to_server_.Pass(frame);
      return Took::kYes;
    case 'H':
      to_server_.Pass(frame);
      return Took::kYes;
    case 'X':
      to_server_.Pass(frame);
      client_terminated_ = true;
      return Took::kYes;
    case 'c':
    case 'f':
      EndCopyData(frame);
      copy_in_ = false;
      PauseForAnswers();
      return Took::kYes;
    default:
      break;
  }
  // The server would use up the message and fail. Unless it has failed already: then the message is one like any other,
  // and which of the two it is nobody could tell any more. So it stays here until the COPY has ended.
  EndCopyIn(type);
  return Took::kWait;
}

}  // namespace chaperone::session
