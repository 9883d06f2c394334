// Messages that the server sends. PostgreSQL 15 manual, section 55.7. Bodies are whole; views point into them.
#ifndef CHAPERONE_DATAPLANE_WIRE_POSTGRES_BACKEND_H_
#define CHAPERONE_DATAPLANE_WIRE_POSTGRES_BACKEND_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"

namespace chaperone::wire::postgres {

// MaxTupleAttributeNumber: no result has more columns.
inline constexpr size_t kColumnsMax = 1664;

// ReadyForQuery's status.
enum class TransactionStatus : char { kIdle = 'I', kInBlock = 'T', kFailed = 'E' };

struct FieldDescription {
  std::string_view name;
  uint32_t table_oid = 0;
  int16_t attnum = 0;
  uint32_t type_oid = 0;
  int16_t type_bytes = 0;
  int32_t type_modifier = 0;
  // 0 text, 1 binary; always 0 in the description of a statement.
  uint16_t format = 0;
};

enum class AuthenticationKind : uint32_t {
  kOk = 0,
  kCleartextPassword = 3,
  kMd5Password = 5,
  kSasl = 10,
  kSaslContinue = 11,
  kSaslFinal = 12,
};

struct Authentication {
  AuthenticationKind kind = AuthenticationKind::kOk;
  // Mechanisms (kSasl), or the server's message.
  std::vector<std::string_view> mechanisms;
  std::string_view data;
};

struct CopyResponse {
  bool binary = false;
  size_t columns = 0;
};

// Errors of all decoders: DataLoss, which ends the session: what the server says is not understood any more.
absl::Status DecodeRowDescription(std::string_view body, std::vector<FieldDescription>* out);
absl::Status DecodeReadyForQuery(std::string_view body, TransactionStatus* out);
absl::Status DecodeCommandComplete(std::string_view body, std::string_view* tag);
absl::Status DecodeParameterStatus(std::string_view body, std::string_view* name, std::string_view* value);
absl::Status DecodeNotification(std::string_view body, uint32_t* process_id, std::string_view* channel,
                                std::string_view* payload);
absl::Status DecodeBackendKeyData(std::string_view body, uint32_t* process_id, std::string_view* key);
absl::Status DecodeAuthentication(std::string_view body, Authentication* out);
absl::Status DecodeCopyResponse(std::string_view body, CopyResponse* out);

// A row: checks that its cells fill the body exactly, and hands them out. Negative lengths other than -1 (NULL),
// overlong and missing cells are errors.
struct RowCell {
  bool is_null = false;
  std::string_view bytes;
};
absl::Status DecodeDataRow(std::string_view body, std::vector<RowCell>* cells);

// The row count at the end of a command tag ("UPDATE 3", "INSERT 0 1"); 0 when there is none.
uint64_t RowsOfTag(std::string_view tag);

void AppendAuthenticationOk(std::string* out);
void AppendAuthenticationCleartextPassword(std::string* out);
void AppendParameterStatus(std::string_view name, std::string_view value, std::string* out);
void AppendNotification(uint32_t process_id, std::string_view channel, std::string_view payload, std::string* out);
void AppendBackendKeyData(uint32_t process_id, std::string_view key, std::string* out);
void AppendReadyForQuery(TransactionStatus status, std::string* out);
void AppendSaslInitialResponse(std::string_view mechanism, std::string_view data, std::string* out);
void AppendSaslResponse(std::string_view data, std::string* out);

}  // namespace chaperone::wire::postgres

#endif  // CHAPERONE_DATAPLANE_WIRE_POSTGRES_BACKEND_H_
