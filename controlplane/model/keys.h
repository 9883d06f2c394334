// Keys and values of the store: controlplane/store/FORMAT.md in code.
#ifndef CHAPERONE_CONTROLPLANE_MODEL_KEYS_H_
#define CHAPERONE_CONTROLPLANE_MODEL_KEYS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "api/base/id.h"
#include "api/base/status.h"

namespace chaperone::model {

inline constexpr std::string_view kPolicyRevisionKey = "policy_revision";
inline constexpr std::string_view kSnapshotVersionKey = "snapshot_version";
inline constexpr std::string_view kMaskingKeyKey = "masking_key";

// Big-endian, so that byte order is number order.
std::string NumberKey(uint64_t number);
// Errors: DataLoss unless `bytes` are eight.
absl::StatusOr<uint64_t> ParseNumber(std::string_view bytes);

template <typename Kind>
std::string IdKey(const base::Id<Kind>& id) {
  return std::string(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
}

// Errors: InvalidArgument unless `bytes` are sixteen and not all zero.
absl::StatusOr<base::IdBytes> ParseIdBytes(std::string_view bytes);

// policies: name, 0, revision.
std::string PolicyKey(std::string_view name, uint64_t revision);
// revisions: revision and 'r' (chaperone.v1.PolicyRevision) or 'm' (chaperone.stored.Manifest).
std::string RevisionKey(uint64_t revision);
std::string ManifestKey(uint64_t revision);
// chunks: session, first record.
std::string ChunkKey(const base::SessionId& session, uint64_t first_record);
// spools: sidecar, 0, spool.
std::string SpoolKey(std::string_view sidecar, const base::SpoolId& spool);
// spool_sessions: sidecar, 0, spool, session.
std::string SpoolSessionKey(std::string_view sidecar, const base::SpoolId& spool, const base::SessionId& session);

// The message in bytes. A precondition on a value takes the bytes as they were read, not these.
template <typename Message>
std::string Encode(const Message& message) {
  return message.SerializeAsString();
}

// Errors: DataLoss that names `what`.
template <typename Message>
absl::StatusOr<Message> Decode(std::string_view bytes, std::string_view what) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::DataLoss("the stored {} does not decode", what);
  }
  return message;
}

}  // namespace chaperone::model

#endif  // CHAPERONE_CONTROLPLANE_MODEL_KEYS_H_
