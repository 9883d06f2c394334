// Identifiers of sessions, approvals, revocations and audit entries: 16 bytes, of which the first six are milliseconds
// since the epoch and the rest random, so that ids sort by age. As text: a prefix and 26 characters of Crockford base32
// (the ULID layout), e.g. "ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C". Different kinds are different types.
#ifndef CHAPERONE_API_BASE_ID_H_
#define CHAPERONE_API_BASE_ID_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "api/base/clock.h"
#include "api/base/status.h"

namespace chaperone::base {

inline constexpr size_t kIdBytes = 16;

using IdBytes = std::array<uint8_t, kIdBytes>;

namespace internal {
inline constexpr size_t kTimeBytes = 6;
IdBytes NewIdBytes(std::chrono::system_clock::time_point now);
std::string FormatId(std::string_view prefix, const IdBytes& bytes);
absl::StatusOr<IdBytes> ParseId(std::string_view prefix, std::string_view text);
}  // namespace internal

// A value of kind `Kind`, where Kind::kPrefix is the text prefix. The zero value means "none".
template <typename Kind>
class Id {
 public:
  Id() = default;
  explicit Id(const IdBytes& bytes) : bytes_(bytes) {}

  // A fresh id: the time from `clock`, 80 random bits from the kernel. Ids that a process makes within one millisecond
  // rise, so that they are in the order in which things happened.
  static Id New(const Clock& clock) { return Id(internal::NewIdBytes(clock.Wall())); }

  // Errors: InvalidArgument when `text` is not prefix + 26 base32 characters.
  static absl::StatusOr<Id> Parse(std::string_view text) {
    CHAPERONE_ASSIGN_OR_RETURN(const IdBytes bytes, internal::ParseId(Kind::kPrefix, text));
    return Id(bytes);
  }

  std::string ToString() const { return internal::FormatId(Kind::kPrefix, bytes_); }
  const IdBytes& bytes() const { return bytes_; }
  // When it was made, in milliseconds since the epoch.
  uint64_t time_ms() const {
    uint64_t time = 0;
    for (size_t i = 0; i < internal::kTimeBytes; ++i) {
      time = time << 8 | bytes_[i];
    }
    return time;
  }
  bool empty() const { return bytes_ == IdBytes{}; }

  auto operator<=>(const Id&) const = default;

 private:
  IdBytes bytes_{};
};

struct SessionKind {
  static constexpr std::string_view kPrefix = "ses_";
};
struct ApprovalKind {
  static constexpr std::string_view kPrefix = "apr_";
};
struct RevocationKind {
  static constexpr std::string_view kPrefix = "rev_";
};
struct AuditKind {
  static constexpr std::string_view kPrefix = "aud_";
};
struct SpoolKind {
  static constexpr std::string_view kPrefix = "spl_";
};

using SessionId = Id<SessionKind>;
using ApprovalId = Id<ApprovalKind>;
using RevocationId = Id<RevocationKind>;
using AuditId = Id<AuditKind>;
// One run of one sidecar's spool: positions in it only grow.
using SpoolId = Id<SpoolKind>;

}  // namespace chaperone::base

template <typename Kind>
struct std::hash<chaperone::base::Id<Kind>> {
  size_t operator()(const chaperone::base::Id<Kind>& id) const noexcept {
    // The tail is random already.
    size_t value = 0;
    std::memcpy(&value, id.bytes().data() + chaperone::base::kIdBytes - sizeof(value), sizeof(value));
    return value;
  }
};

#endif  // CHAPERONE_API_BASE_ID_H_
