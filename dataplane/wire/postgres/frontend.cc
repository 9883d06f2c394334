#include "dataplane/wire/postgres/frontend.h"

#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::wire::postgres {

namespace {

absl::Status Malformed(std::string_view message) {
  return base::InvalidArgument("invalid message format in a {} message", message);
}

bool IsObjectKind(uint8_t kind) { return kind == 'S' || kind == 'P'; }

}  // namespace

uint16_t U16List::operator[](size_t i) const { return LoadU16(bytes_.data() + 2 * i); }
uint32_t U32List::operator[](size_t i) const { return LoadU32(bytes_.data() + 4 * i); }

BindValue BindValues::Next() {
  // DecodeBind has checked every length.
  const auto size = static_cast<int32_t>(LoadU32(rest_.data()));
  rest_.remove_prefix(4);
  if (size < 0) {
    return {true, {}};
  }
  const BindValue value{false, rest_.substr(0, static_cast<size_t>(size))};
  rest_.remove_prefix(static_cast<size_t>(size));
  return value;
}

bool Bind::IsBinary(size_t value) const {
  if (formats.size() == 0) {
    return false;
  }
  return (formats.size() == 1 ? formats[0] : formats[value]) == 1;
}

absl::Status DecodeQuery(std::string_view body, Query* out) {
  ByteReader reader(body);
  out->text = reader.CString();
  // Exactly one NUL, at the end: the server and we must read the same text.
  return reader.Done() ? absl::OkStatus() : Malformed("Query");
}

absl::Status DecodeParse(std::string_view body, Parse* out) {
  ByteReader reader(body);
  out->name = reader.CString();
  out->text = reader.CString();
  const uint16_t count = reader.U16();
  out->parameter_types = U32List(reader.Bytes(size_t{4} * count));
  return reader.Done() ? absl::OkStatus() : Malformed("Parse");
}

absl::Status DecodeBind(std::string_view body, Bind* out) {
  ByteReader reader(body);
  out->portal = reader.CString();
  out->statement = reader.CString();
  out->formats = U16List(reader.Bytes(size_t{2} * reader.U16()));
  const uint16_t count = reader.U16();
  const std::string_view values = reader.rest();
  for (uint16_t i = 0; i < count; ++i) {
    const auto size = static_cast<int32_t>(reader.U32());
    if (size < -1) {
      return Malformed("Bind");
    }
    if (size > 0) {
      reader.Bytes(static_cast<size_t>(size));
    }
  }
  if (reader.failed()) {
    return Malformed("Bind");
  }
  out->values = BindValues(values.substr(0, values.size() - reader.rest().size()), count);
  out->result_formats = U16List(reader.Bytes(size_t{2} * reader.U16()));
  if (!reader.Done()) {
    return Malformed("Bind");
  }
  if (out->formats.size() > 1 && out->formats.size() != count) {
    return base::InvalidArgument("bind message has {} parameter formats but {} parameters", out->formats.size(), count);
  }
  for (size_t i = 0; i < out->formats.size(); ++i) {
    if (out->formats[i] > 1) {
      return base::InvalidArgument("unsupported format code: {}", out->formats[i]);
    }
  }
  return absl::OkStatus();
}

absl::Status DecodeDescribe(std::string_view body, Describe* out) {
  ByteReader reader(body);
  const uint8_t kind = reader.U8();
  out->name = reader.CString();
  if (!reader.Done() || !IsObjectKind(kind)) {
    return Malformed("Describe");
  }
  out->kind = static_cast<ObjectKind>(kind);
  return absl::OkStatus();
}

absl::Status DecodeExecute(std::string_view body, Execute* out) {
  ByteReader reader(body);
  out->portal = reader.CString();
  out->rows_max = reader.U32();
  return reader.Done() ? absl::OkStatus() : Malformed("Execute");
}

absl::Status DecodeClose(std::string_view body, Close* out) {
  ByteReader reader(body);
  const uint8_t kind = reader.U8();
  out->name = reader.CString();
  if (!reader.Done() || !IsObjectKind(kind)) {
    return Malformed("Close");
  }
  out->kind = static_cast<ObjectKind>(kind);
  return absl::OkStatus();
}

absl::Status DecodePassword(std::string_view body, std::string_view* out) {
  ByteReader reader(body);
  *out = reader.CString();
  return reader.Done() ? absl::OkStatus() : Malformed("PasswordMessage");
}

void AppendQuery(std::string_view text, std::string* out) { MessageWriter(out).Begin('Q').CString(text).End(); }

void AppendParse(std::string_view name, std::string_view text, std::string* out) {
  MessageWriter(out).Begin('P').CString(name).CString(text).U16(0).End();
}

void AppendBind(std::string_view portal, std::string_view statement, std::string* out) {
  MessageWriter(out).Begin('B').CString(portal).CString(statement).U16(0).U16(0).U16(0).End();
}

void AppendDescribe(ObjectKind kind, std::string_view name, std::string* out) {
  MessageWriter(out).Begin('D').U8(static_cast<uint8_t>(kind)).CString(name).End();
}

void AppendExecute(std::string_view portal, uint32_t rows_max, std::string* out) {
  MessageWriter(out).Begin('E').CString(portal).U32(rows_max).End();
}

void AppendClose(ObjectKind kind, std::string_view name, std::string* out) {
  MessageWriter(out).Begin('C').U8(static_cast<uint8_t>(kind)).CString(name).End();
}

void AppendSync(std::string* out) { MessageWriter(out).Begin('S').End(); }
void AppendFlush(std::string* out) { MessageWriter(out).Begin('H').End(); }
void AppendCopyFail(std::string_view reason, std::string* out) { MessageWriter(out).Begin('f').CString(reason).End(); }
void AppendTerminate(std::string* out) { MessageWriter(out).Begin('X').End(); }

void AppendPassword(std::string_view password, std::string* out) {
  MessageWriter(out).Begin('p').CString(password).End();
}

}  // namespace chaperone::wire::postgres
