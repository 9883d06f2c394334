// Status helpers: constructors with formatted messages, and the two propagation macros.
//
// absl::Status carries every failure in Chaperone. Messages name the thing, the limit and what to do; they never carry
// a SQL literal, a cell value or a secret. Debian builds absl with a string_view of its own, so the conversions stand
// here.
#ifndef CHAPERONE_API_BASE_STATUS_H_
#define CHAPERONE_API_BASE_STATUS_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace chaperone::base {

// The same bytes, as the other library's view.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view FromAbsl(absl::string_view text) { return {text.data(), text.size()}; }

// The message of a status; valid as long as `status`.
inline std::string_view Message(const absl::Status& status) { return FromAbsl(status.message()); }

// "INVALID_ARGUMENT: text", for logs.
std::string Describe(const absl::Status& status);

// The status with `prefix` and ": " before its message; OK stays OK.
[[gnu::cold]] absl::Status Annotate(const absl::Status& status, std::string_view prefix);

namespace internal {
[[gnu::cold]] absl::Status Make(absl::StatusCode code, std::string message);
}  // namespace internal

// Bad input that stays bad however often it is tried: a file, a message, a flag.
template <typename... Args>
[[gnu::cold]] absl::Status InvalidArgument(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...));
}

// The thing named does not exist.
template <typename... Args>
[[gnu::cold]] absl::Status NotFound(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kNotFound, fmt::format(format, std::forward<Args>(args)...));
}

// The thing exists already.
template <typename... Args>
[[gnu::cold]] absl::Status AlreadyExists(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kAlreadyExists, fmt::format(format, std::forward<Args>(args)...));
}

// Who the caller is was not shown.
template <typename... Args>
[[gnu::cold]] absl::Status Unauthenticated(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kUnauthenticated, fmt::format(format, std::forward<Args>(args)...));
}

// The caller is known and may not do this.
template <typename... Args>
[[gnu::cold]] absl::Status PermissionDenied(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kPermissionDenied, fmt::format(format, std::forward<Args>(args)...));
}

// The state of the system forbids it now; retrying alone does not help.
template <typename... Args>
[[gnu::cold]] absl::Status FailedPrecondition(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kFailedPrecondition, fmt::format(format, std::forward<Args>(args)...));
}

// A concurrent change won; read again and retry.
template <typename... Args>
[[gnu::cold]] absl::Status Aborted(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kAborted, fmt::format(format, std::forward<Args>(args)...));
}

// A bound was reached: memory, disk, count, rate.
template <typename... Args>
[[gnu::cold]] absl::Status ResourceExhausted(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kResourceExhausted, fmt::format(format, std::forward<Args>(args)...));
}

// The peer cannot be reached now; a retry may help.
template <typename... Args>
[[gnu::cold]] absl::Status Unavailable(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kUnavailable, fmt::format(format, std::forward<Args>(args)...));
}

// The time allowed ran out.
template <typename... Args>
[[gnu::cold]] absl::Status DeadlineExceeded(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kDeadlineExceeded, fmt::format(format, std::forward<Args>(args)...));
}

// Known and not supported; the message says what is.
template <typename... Args>
[[gnu::cold]] absl::Status Unimplemented(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kUnimplemented, fmt::format(format, std::forward<Args>(args)...));
}

// Stored or received bytes do not decode.
template <typename... Args>
[[gnu::cold]] absl::Status DataLoss(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kDataLoss, fmt::format(format, std::forward<Args>(args)...));
}

// A defect of ours, or of the machine.
template <typename... Args>
[[gnu::cold]] absl::Status Internal(fmt::format_string<Args...> format, Args&&... args) {
  return internal::Make(absl::StatusCode::kInternal, fmt::format(format, std::forward<Args>(args)...));
}

// INTERNAL, with strerror(error_number) after `what`.
[[gnu::cold]] absl::Status ErrnoStatus(int error_number, std::string_view what);

}  // namespace chaperone::base

#define CHAPERONE_CONCAT_INNER(a, b) a##b
#define CHAPERONE_CONCAT(a, b) CHAPERONE_CONCAT_INNER(a, b)

// Returns the status of `expr` from the enclosing function unless it is OK.
#define CHAPERONE_RETURN_IF_ERROR(expr)                                   \
  do {                                                                    \
    if (absl::Status chaperone_status = (expr); !chaperone_status.ok()) { \
      return chaperone_status;                                            \
    }                                                                     \
  } while (false)

// Assigns the value of a StatusOr to `lhs` (which may declare a variable), or returns its status.
#define CHAPERONE_ASSIGN_OR_RETURN(lhs, expr) \
  CHAPERONE_ASSIGN_OR_RETURN_IMPL(CHAPERONE_CONCAT(chaperone_or_, __LINE__), lhs, expr)
#define CHAPERONE_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                                    \
  if (!tmp.ok()) {                                      \
    return std::move(tmp).status();                     \
  }                                                     \
  lhs = *std::move(tmp)

#endif  // CHAPERONE_API_BASE_STATUS_H_
