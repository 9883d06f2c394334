// The identity of a statement for approvals: two statements are the same when their digests are. FORMAT.md, "Approval
// digest".
#ifndef CHAPERONE_API_RECORDING_DIGEST_H_
#define CHAPERONE_API_RECORDING_DIGEST_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace chaperone::recording {

struct DigestParameter {
  uint32_t type_oid = 0;
  bool binary = false;
  bool is_null = false;
  std::string_view value;
};

struct DigestInput {
  std::string_view issuer, subject, human, task;
  std::string_view endpoint, database, role;
  std::vector<std::string_view> search_path;
  std::string_view statement;
  std::span<const DigestParameter> parameters;
};

using Digest = std::array<uint8_t, 32>;

// Pure; thread-safe.
Digest ApprovalDigest(const DigestInput& input);

}  // namespace chaperone::recording

#endif  // CHAPERONE_API_RECORDING_DIGEST_H_
