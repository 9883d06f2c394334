// Any bytes as what a server sends: framed and decoded as the session does. Nothing crashes, nothing that is decoded
// lies outside of the message, rows fill their message exactly, errors have what section 55.8 promises.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/error.h"
#include "dataplane/wire/postgres/frame.h"

namespace chaperone::wire::postgres {
namespace {

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool IsWithin(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckRow(std::string_view body) {
  std::vector<RowCell> cells;
  if (!DecodeDataRow(body, &cells).ok()) {
    return;
  }
  size_t bytes = 2;
  for (const RowCell& cell : cells) {
    Require(IsWithin(cell.bytes, body) && (!cell.is_null || cell.bytes.empty()));
    bytes += 4 + cell.bytes.size();
  }
  Require(bytes == body.size() && cells.size() <= kColumnsMax);
}

void CheckDescription(std::string_view body) {
  std::vector<FieldDescription> fields;
  if (DecodeRowDescription(body, &fields).ok()) {
    Require(fields.size() <= kColumnsMax);
    for (const FieldDescription& field : fields) {
      Require(IsWithin(field.name, body));
    }
  }
}

void CheckError(char type, std::string_view body) {
  const auto fields = ErrorFields::Decode(body);
  if (!fields.ok()) {
    return;
  }
  Require(!fields->severity().empty() && fields->sqlstate().size() == 5);
  for (const auto& [code, text] : fields->all()) {
    Require(code != 0 && IsWithin(text, body));
  }
  if (type == 'E') {
    std::string again;
    AppendError(*fields, fields->message(), &again);
    Require(ErrorFields::Decode(std::string_view(again).substr(kHeaderBytes)).ok());
  }
}

void CheckOthers(char type, std::string_view body) {
  std::string_view name, value;
  uint32_t process_id = 0;
  TransactionStatus status;
  Authentication authentication;
  CopyResponse copy;
  if (type == 'Z' && DecodeReadyForQuery(body, &status).ok()) {
    Require(status == TransactionStatus::kIdle || status == TransactionStatus::kInBlock ||
            status == TransactionStatus::kFailed);
  } else if (type == 'C' && DecodeCommandComplete(body, &name).ok()) {
    Require(IsWithin(name, body));
    RowsOfTag(name);
  } else if (type == 'S' && DecodeParameterStatus(body, &name, &value).ok()) {
    Require(IsWithin(name, body) && IsWithin(value, body));
  } else if (type == 'K' && DecodeBackendKeyData(body, &process_id, &value).ok()) {
    Require(IsWithin(value, body));
  } else if (type == 'R' && DecodeAuthentication(body, &authentication).ok()) {
    for (const std::string_view mechanism : authentication.mechanisms) {
      Require(!mechanism.empty() && IsWithin(mechanism, body));
    }
  } else if ((type == 'G' || type == 'H') && DecodeCopyResponse(body, &copy).ok()) {
    Require(body.size() == 3 + 2 * copy.columns);
  }
}

void Check(std::string_view in) {
  while (!in.empty()) {
    Header header;
    absl::Status error;
    const FrameState state = ReadBackendHeader(in, &header, &error);
    if (state != FrameState::kHeader) {
      Require(state == FrameState::kNeedMore || !error.ok());
      return;
    }
    Require(header.body_bytes <= kLargeBodyMax);
    if (in.size() < header.frame_bytes()) {
      return;
    }
    const std::string_view body = in.substr(kHeaderBytes, header.body_bytes);
    switch (header.type) {
      case 'D':
        CheckRow(body);
        break;
      case 'T':
        CheckDescription(body);
        break;
      case 'E':
      case 'N':
        CheckError(header.type, body);
        break;
      default:
        CheckOthers(header.type, body);
        break;
    }
    in.remove_prefix(header.frame_bytes());
  }
}

}  // namespace
}  // namespace chaperone::wire::postgres

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chaperone::wire::postgres::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
