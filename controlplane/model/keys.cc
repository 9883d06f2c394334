#include "controlplane/model/keys.h"

#include <algorithm>

namespace chaperone::model {

std::string NumberKey(uint64_t number) {
  std::string key(8, '\0');
  for (size_t i = 0; i < 8; ++i) {
    key[i] = static_cast<char>(number >> (8 * (7 - i)));
  }
  return key;
}

absl::StatusOr<uint64_t> ParseNumber(std::string_view bytes) {
  if (bytes.size() != 8) {
    return base::DataLoss("a stored number has {} bytes instead of 8", bytes.size());
  }
  uint64_t number = 0;
  for (const char c : bytes) {
    number = number << 8 | static_cast<uint8_t>(c);
  }
  return number;
}

absl::StatusOr<base::IdBytes> ParseIdBytes(std::string_view bytes) {
  base::IdBytes id{};
  if (bytes.size() != id.size()) {
    return base::InvalidArgument("an id has {} bytes; it must have {}", bytes.size(), id.size());
  }
  std::copy(bytes.begin(), bytes.end(), id.begin());
  if (id == base::IdBytes{}) {
    return base::InvalidArgument("an id is all zeros");
  }
  return id;
}

std::string PolicyKey(std::string_view name, uint64_t revision) {
  return std::string(name) + '\0' + NumberKey(revision);
}

std::string RevisionKey(uint64_t revision) { return NumberKey(revision) + 'r'; }
std::string ManifestKey(uint64_t revision) { return NumberKey(revision) + 'm'; }

std::string ChunkKey(const base::SessionId& session, uint64_t first_record) {
  return IdKey(session) + NumberKey(first_record);
}

std::string SpoolKey(std::string_view sidecar, const base::SpoolId& spool) {
  return std::string(sidecar) + '\0' + IdKey(spool);
}

std::string SpoolSessionKey(std::string_view sidecar, const base::SpoolId& spool, const base::SessionId& session) {
  return SpoolKey(sidecar, spool) + IdKey(session);
}

}  // namespace chaperone::model
