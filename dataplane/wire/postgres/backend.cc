#include "dataplane/wire/postgres/backend.h"

#include <charconv>

#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::wire::postgres {

namespace {

absl::Status Malformed(std::string_view message) {
  return base::DataLoss("the database sent a {} message that does not decode", message);
}

}  // namespace

absl::Status DecodeRowDescription(std::string_view body, std::vector<FieldDescription>* out) {
  ByteReader reader(body);
  const uint16_t count = reader.U16();
  if (count > kColumnsMax) {
    return Malformed("RowDescription");
  }
  out->clear();
  out->reserve(count);
  for (uint16_t i = 0; i < count && !reader.failed(); ++i) {
    FieldDescription& field = out->emplace_back();
    field.name = reader.CString();
    field.table_oid = reader.U32();
    field.attnum = static_cast<int16_t>(reader.U16());
    field.type_oid = reader.U32();
    field.type_bytes = static_cast<int16_t>(reader.U16());
    field.type_modifier = static_cast<int32_t>(reader.U32());
    field.format = reader.U16();
  }
  return reader.Done() ? absl::OkStatus() : Malformed("RowDescription");
}

absl::Status DecodeReadyForQuery(std::string_view body, TransactionStatus* out) {
  if (body.size() != 1 || (body[0] != 'I' && body[0] != 'T' && body[0] != 'E')) {
    return Malformed("ReadyForQuery");
  }
  *out = static_cast<TransactionStatus>(body[0]);
  return absl::OkStatus();
}

absl::Status DecodeCommandComplete(std::string_view body, std::string_view* tag) {
  ByteReader reader(body);
  *tag = reader.CString();
  return reader.Done() ? absl::OkStatus() : Malformed("CommandComplete");
}

absl::Status DecodeParameterStatus(std::string_view body, std::string_view* name, std::string_view* value) {
  ByteReader reader(body);
  *name = reader.CString();
  *value = reader.CString();
  return reader.Done() ? absl::OkStatus() : Malformed("ParameterStatus");
}

absl::Status DecodeNotification(std::string_view body, uint32_t* process_id, std::string_view* channel,
                                std::string_view* payload) {
  ByteReader reader(body);
  *process_id = reader.U32();
  *channel = reader.CString();
  *payload = reader.CString();
  return reader.Done() ? absl::OkStatus() : Malformed("NotificationResponse");
}

absl::Status DecodeBackendKeyData(std::string_view body, uint32_t* process_id, std::string_view* key) {
  ByteReader reader(body);
  *process_id = reader.U32();
  *key = reader.rest();
  return !reader.failed() && key->size() >= 4 && key->size() <= 256 ? absl::OkStatus() : Malformed("BackendKeyData");
}

absl::Status DecodeAuthentication(std::string_view body, Authentication* out) {
  ByteReader reader(body);
  out->kind = static_cast<AuthenticationKind>(reader.U32());
  out->mechanisms.clear();
  out->data = reader.rest();
  if (out->kind == AuthenticationKind::kSasl) {
    for (std::string_view name = reader.CString(); !name.empty(); name = reader.CString()) {
      out->mechanisms.push_back(name);
    }
    return reader.Done() ? absl::OkStatus() : Malformed("AuthenticationSASL");
  }
  return reader.failed() ? Malformed("Authentication") : absl::OkStatus();
}

absl::Status DecodeCopyResponse(std::string_view body, CopyResponse* out) {
  ByteReader reader(body);
  const uint8_t format = reader.U8();
  out->binary = format == 1;
  out->columns = reader.U16();
  reader.Bytes(2 * out->columns);
  return reader.Done() && format <= 1 ? absl::OkStatus() : Malformed("CopyResponse");
}

absl::Status DecodeDataRow(std::string_view body, std::vector<RowCell>* cells) {
  ByteReader reader(body);
  const uint16_t count = reader.U16();
  if (count > kColumnsMax) {
    return Malformed("DataRow");
  }
  cells->clear();
  for (uint16_t i = 0; i < count; ++i) {
    const auto size = static_cast<int32_t>(reader.U32());
    if (size < -1 || reader.failed()) {
      return Malformed("DataRow");
    }
    cells->push_back(size < 0 ? RowCell{true, {}} : RowCell{false, reader.Bytes(static_cast<size_t>(size))});
  }
  return reader.Done() ? absl::OkStatus() : Malformed("DataRow");
}

uint64_t RowsOfTag(std::string_view tag) {
  const size_t space = tag.rfind(' ');
  if (space == std::string_view::npos) {
    return 0;
  }
  uint64_t rows = 0;
  const char* const begin = tag.data() + space + 1;
  const char* const end = tag.data() + tag.size();
  const auto [stop, error] = std::from_chars(begin, end, rows);
  return error == std::errc() && stop == end ? rows : 0;
}

void AppendAuthenticationOk(std::string* out) { MessageWriter(out).Begin('R').U32(0).End(); }

void AppendAuthenticationCleartextPassword(std::string* out) {
  MessageWriter(out).Begin('R').U32(static_cast<uint32_t>(AuthenticationKind::kCleartextPassword)).End();
}

void AppendParameterStatus(std::string_view name, std::string_view value, std::string* out) {
  MessageWriter(out).Begin('S').CString(name).CString(value).End();
}

void AppendNotification(uint32_t process_id, std::string_view channel, std::string_view payload, std::string* out) {
  MessageWriter(out).Begin('A').U32(process_id).CString(channel).CString(payload).End();
}

void AppendBackendKeyData(uint32_t process_id, std::string_view key, std::string* out) {
  MessageWriter(out).Begin('K').U32(process_id).Bytes(key).End();
}

void AppendReadyForQuery(TransactionStatus status, std::string* out) {
  MessageWriter(out).Begin('Z').U8(static_cast<uint8_t>(status)).End();
}

void AppendSaslInitialResponse(std::string_view mechanism, std::string_view data, std::string* out) {
  MessageWriter(out).Begin('p').CString(mechanism).U32(static_cast<uint32_t>(data.size())).Bytes(data).End();
}

void AppendSaslResponse(std::string_view data, std::string* out) { MessageWriter(out).Begin('p').Bytes(data).End(); }

}  // namespace chaperone::wire::postgres
