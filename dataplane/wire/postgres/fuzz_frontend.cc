// Any bytes as what a client sends after startup: framed and decoded as the session does. Nothing crashes, nothing that
// is decoded lies outside of the message, and what was decoded encodes to the same bytes again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::wire::postgres {
namespace {

// A defect that the fuzzer is to report.
void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool IsWithin(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckParse(std::string_view frame, std::string_view body) {
  Parse parse;
  if (!DecodeParse(body, &parse).ok()) {
    return;
  }
  Require(IsWithin(parse.name, body) && IsWithin(parse.text, body));
  for (size_t i = 0; i < parse.parameter_types.size(); ++i) {
    (void)parse.parameter_types[i];
  }
  if (parse.parameter_types.size() == 0) {
    std::string again;
    AppendParse(parse.name, parse.text, &again);
    Require(again == frame);
  }
}

void CheckBind(std::string_view body) {
  Bind bind;
  if (!DecodeBind(body, &bind).ok()) {
    return;
  }
  Require(IsWithin(bind.portal, body) && IsWithin(bind.statement, body));
  BindValues values = bind.values;
  size_t bytes = 0;
  for (size_t i = 0; i < bind.values.size(); ++i) {
    const BindValue value = values.Next();
    Require(IsWithin(value.bytes, body) && (!value.is_null || value.bytes.empty()));
    bytes += value.bytes.size() + (bind.IsBinary(i) ? 1 : 0);
  }
  Require(bytes <= body.size() + bind.values.size());
  for (size_t i = 0; i < bind.result_formats.size(); ++i) {
    (void)bind.result_formats[i];
  }
}

// Query, Describe, Execute, Close: each has one spelling.
void CheckOthers(char type, std::string_view frame, std::string_view body) {
  std::string again;
  Query query;
  Describe describe;
  Execute execute;
  Close close;
  if (type == 'Q' && DecodeQuery(body, &query).ok()) {
    AppendQuery(query.text, &again);
  } else if (type == 'D' && DecodeDescribe(body, &describe).ok()) {
    AppendDescribe(describe.kind, describe.name, &again);
  } else if (type == 'E' && DecodeExecute(body, &execute).ok()) {
    AppendExecute(execute.portal, execute.rows_max, &again);
  } else if (type == 'C' && DecodeClose(body, &close).ok()) {
    AppendClose(close.kind, close.name, &again);
  } else {
    return;
  }
  Require(again == frame);
}

void Check(std::string_view in) {
  // Small bounds, so that they are reached.
  const FrameLimits limits{.statement_bytes_max = 2048, .bind_bytes_max = 4096};
  while (!in.empty()) {
    Header header;
    absl::Status error;
    const FrameState state = ReadFrontendHeader(in, limits, &header, &error);
    if (state != FrameState::kHeader) {
      Require(state == FrameState::kNeedMore || !error.ok());
      return;
    }
    Require(header.body_bytes <= kLargeBodyMax && FrontendName(header.type) != "unknown");
    if (in.size() < header.frame_bytes()) {
      return;
    }
    const std::string_view frame = in.substr(0, header.frame_bytes());
    const std::string_view body = frame.substr(kHeaderBytes);
    if (header.type == 'P') {
      CheckParse(frame, body);
    } else if (header.type == 'B') {
      CheckBind(body);
    } else if (header.type == 'p') {
      std::string_view password;
      Require(!DecodePassword(body, &password).ok() || password.size() + 1 == body.size());
    } else {
      CheckOthers(header.type, frame, body);
    }
    in.remove_prefix(frame.size());
  }
}

}  // namespace
}  // namespace chaperone::wire::postgres

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chaperone::wire::postgres::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
