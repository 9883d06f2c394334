// ErrorResponse and NoticeResponse. PostgreSQL 15 manual, section 55.8 "Error and Notice Message Fields".
#ifndef CHAPERONE_DATAPLANE_WIRE_POSTGRES_ERROR_H_
#define CHAPERONE_DATAPLANE_WIRE_POSTGRES_ERROR_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/base/status.h"

namespace chaperone::wire::postgres {

// SQLSTATEs that Chaperone speaks itself.
namespace sqlstate {
inline constexpr std::string_view kSuccess = "00000";
inline constexpr std::string_view kProtocolViolation = "08P01";
inline constexpr std::string_view kConnectionFailure = "08006";
inline constexpr std::string_view kCannotConnect = "08001";
inline constexpr std::string_view kFeatureNotSupported = "0A000";
inline constexpr std::string_view kInvalidAuthorization = "28000";
inline constexpr std::string_view kInvalidStatementName = "26000";
inline constexpr std::string_view kInvalidCursorName = "34000";
inline constexpr std::string_view kInvalidCatalogName = "3D000";
inline constexpr std::string_view kDenied = "42501";
inline constexpr std::string_view kSyntaxError = "42601";
inline constexpr std::string_view kUndefinedColumn = "42703";
inline constexpr std::string_view kUndefinedObject = "42704";
inline constexpr std::string_view kUndefinedFunction = "42883";
inline constexpr std::string_view kUndefinedTable = "42P01";
inline constexpr std::string_view kTooManyConnections = "53300";
inline constexpr std::string_view kProgramLimitExceeded = "54000";
inline constexpr std::string_view kQueryCanceled = "57014";
inline constexpr std::string_view kAdminShutdown = "57P01";
inline constexpr std::string_view kIdleSessionTimeout = "57P05";
inline constexpr std::string_view kInternalError = "XX000";
inline constexpr std::string_view kApprovalPending = "ZC001";
inline constexpr std::string_view kApprovalRejected = "ZC002";
inline constexpr std::string_view kLimitReached = "ZC003";
}  // namespace sqlstate

// The fields of a received message: views into its body.
class ErrorFields {
 public:
  // Errors: DataLoss when the body is malformed or has no severity, SQLSTATE or message (section 55.8 promises them).
  static absl::StatusOr<ErrorFields> Decode(std::string_view body);

  // Empty when absent.
  std::string_view Get(char code) const;
  // The severity that is not translated ('V'), else 'S'.
  std::string_view severity() const;
  std::string_view sqlstate() const { return Get('C'); }
  std::string_view message() const { return Get('M'); }
  const std::vector<std::pair<char, std::string_view>>& all() const { return fields_; }

 private:
  std::vector<std::pair<char, std::string_view>> fields_;
};

// A message that Chaperone sends.
struct ErrorMessage {
  std::string severity = "ERROR";
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
  // 1-based character position in the statement; 0: none.
  int position = 0;
};

// Appends an ErrorResponse ('E'). NUL bytes in texts are cut away with what follows.
void AppendError(const ErrorMessage& error, std::string* out);
// Appends a server's error with another primary message.
void AppendError(const ErrorFields& fields, std::string_view message, std::string* out);
// Appends a NoticeResponse ('N').
void AppendNotice(const ErrorMessage& notice, std::string* out);

}  // namespace chaperone::wire::postgres

#endif  // CHAPERONE_DATAPLANE_WIRE_POSTGRES_ERROR_H_
