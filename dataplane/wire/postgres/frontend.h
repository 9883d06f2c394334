// Messages that a client sends after startup. PostgreSQL 15 manual, section 55.7. Decoding takes a message's body,
// whole; views point into it. Every decoder demands that the body is used up exactly, as the server does.
#ifndef CHAPERONE_DATAPLANE_WIRE_POSTGRES_FRONTEND_H_
#define CHAPERONE_DATAPLANE_WIRE_POSTGRES_FRONTEND_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "api/base/status.h"

namespace chaperone::wire::postgres {

// Statement or portal, in Describe and Close.
enum class ObjectKind : char { kStatement = 'S', kPortal = 'P' };

// A run of big-endian integers within a message.
class U16List {
 public:
  U16List() = default;
  explicit U16List(std::string_view bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size() / 2; }
  uint16_t operator[](size_t i) const;

 private:
  std::string_view bytes_;
};

class U32List {
 public:
  U32List() = default;
  explicit U32List(std::string_view bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size() / 4; }
  uint32_t operator[](size_t i) const;

 private:
  std::string_view bytes_;
};

struct Query {
  std::string_view text;
};

struct Parse {
  std::string_view name;
  std::string_view text;
  // Types of the parameters as far as the client declares them; 0 leaves one to the server.
  U32List parameter_types;
};

struct BindValue {
  bool is_null = false;
  std::string_view bytes;
};

// Goes over the values of a Bind, front to back.
class BindValues {
 public:
  BindValues() = default;
  BindValues(std::string_view bytes, size_t count) : rest_(bytes), count_(count) {}
  size_t size() const { return count_; }
  // REQUIRES: called at most size() times on a copy of its own.
  BindValue Next();

 private:
  std::string_view rest_;
  size_t count_ = 0;
};

struct Bind {
  std::string_view portal;
  std::string_view statement;
  // None: all text. One: for all values. Otherwise one for each.
  U16List formats;
  BindValues values;
  // As formats, for the result's columns.
  U16List result_formats;

  bool IsBinary(size_t value) const;
};

struct Describe {
  ObjectKind kind = ObjectKind::kStatement;
  std::string_view name;
};

struct Execute {
  std::string_view portal;
  // 0: all rows.
  uint32_t rows_max = 0;
};

struct Close {
  ObjectKind kind = ObjectKind::kStatement;
  std::string_view name;
};

// Errors of all decoders: InvalidArgument; the server would answer with protocol violation (08P01) and go on or end.
absl::Status DecodeQuery(std::string_view body, Query* out);
absl::Status DecodeParse(std::string_view body, Parse* out);
absl::Status DecodeBind(std::string_view body, Bind* out);
absl::Status DecodeDescribe(std::string_view body, Describe* out);
absl::Status DecodeExecute(std::string_view body, Execute* out);
absl::Status DecodeClose(std::string_view body, Close* out);
// The password in a PasswordMessage.
absl::Status DecodePassword(std::string_view body, std::string_view* out);

void AppendQuery(std::string_view text, std::string* out);
void AppendParse(std::string_view name, std::string_view text, std::string* out);
void AppendBind(std::string_view portal, std::string_view statement, std::string* out);
void AppendDescribe(ObjectKind kind, std::string_view name, std::string* out);
void AppendExecute(std::string_view portal, uint32_t rows_max, std::string* out);
void AppendClose(ObjectKind kind, std::string_view name, std::string* out);
void AppendSync(std::string* out);
void AppendFlush(std::string* out);
void AppendCopyFail(std::string_view reason, std::string* out);
void AppendTerminate(std::string* out);
void AppendPassword(std::string_view password, std::string* out);

}  // namespace chaperone::wire::postgres

#endif  // CHAPERONE_DATAPLANE_WIRE_POSTGRES_FRONTEND_H_
