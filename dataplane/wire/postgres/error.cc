#include "dataplane/wire/postgres/error.h"

#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::wire::postgres {

namespace {

constexpr size_t kSqlstateChars = 5;
constexpr size_t kFieldsMax = 64;

std::string_view UpToNul(std::string_view text) { return text.substr(0, text.find('\0')); }

void Append(char type, const ErrorMessage& error, std::string* out) {
  MessageWriter writer(out);
  writer.Begin(type);
  writer.U8('S').CString(UpToNul(error.severity));
  writer.U8('V').CString(UpToNul(error.severity));
  writer.U8('C').CString(UpToNul(error.sqlstate));
  writer.U8('M').CString(UpToNul(error.message));
  if (!error.detail.empty()) {
    writer.U8('D').CString(UpToNul(error.detail));
  }
  if (!error.hint.empty()) {
    writer.U8('H').CString(UpToNul(error.hint));
  }
  if (error.position > 0) {
    writer.U8('P').CString(std::to_string(error.position));
  }
  writer.U8(0).End();
}

}  // namespace

absl::StatusOr<ErrorFields> ErrorFields::Decode(std::string_view body) {
  ErrorFields fields;
  ByteReader reader(body);
  for (uint8_t code = reader.U8(); code != 0; code = reader.U8()) {
    const std::string_view value = reader.CString();
    if (reader.failed() || fields.fields_.size() == kFieldsMax) {
      break;
    }
    fields.fields_.emplace_back(static_cast<char>(code), value);
  }
  if (!reader.Done()) {
    return base::DataLoss("the database sent an error message that does not decode");
  }
  if (fields.severity().empty() || fields.sqlstate().size() != kSqlstateChars || fields.message().data() == nullptr) {
    return base::DataLoss("the database sent an error without severity, SQLSTATE or message");
  }
  return fields;
}

std::string_view ErrorFields::Get(char code) const {
  for (const auto& [field, value] : fields_) {
    if (field == code) {
      return value;
    }
  }
  return {};
}

std::string_view ErrorFields::severity() const {
  const std::string_view untranslated = Get('V');
  return untranslated.empty() ? Get('S') : untranslated;
}

void AppendError(const ErrorMessage& error, std::string* out) { Append('E', error, out); }
void AppendError(const ErrorFields& fields, std::string_view message, std::string* out) {
  MessageWriter writer(out);
  writer.Begin('E');
  for (const auto& [code, text] : fields.all()) {
    writer.U8(static_cast<uint8_t>(code)).CString(UpToNul(code == 'M' ? message : text));
  }
  writer.U8(0).End();
}
void AppendNotice(const ErrorMessage& notice, std::string* out) { Append('N', notice, out); }

}  // namespace chaperone::wire::postgres
