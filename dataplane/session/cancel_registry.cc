#include "dataplane/session/cancel_registry.h"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace chaperone::session {

namespace {

constexpr size_t kSecretBytes = 4;
constexpr uint32_t kProcessIdMax = 0x7fffffff;

void FillRandom(void* data, size_t size) {
  if (getrandom(data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();  // the kernel has no randomness: nothing here is safe any more
  }
}

}  // namespace

CancelRegistry::Key CancelRegistry::Register(uint32_t server_process_id, std::function<void(Done)> cancel) {
  const std::lock_guard lock(mutex_);
  Key key;
  key.process_id = server_process_id;
  // Drivers read it as a signed integer.
  while (key.process_id == 0 || key.process_id > kProcessIdMax || entries_.count(key.process_id) != 0) {
    FillRandom(&key.process_id, sizeof(key.process_id));
    key.process_id &= kProcessIdMax;
  }
  key.secret.resize(kSecretBytes);
  FillRandom(key.secret.data(), kSecretBytes);
  entries_.emplace(key.process_id, Entry{key.secret, std::move(cancel), kBurst, clock_.Steady()});
  return key;
}

void CancelRegistry::Unregister(const Key& key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(key.process_id);
}

bool CancelRegistry::Take(Entry& entry) const {
  const auto periods = (clock_.Steady() - entry.counted_at) / kRefill;
  entry.counted_at += periods * kRefill;
  entry.left = static_cast<int>(std::min<int64_t>(kBurst, entry.left + periods));
  if (entry.left == 0) {
    return false;
  }
  --entry.left;
  return true;
}

void CancelRegistry::Cancel(uint32_t process_id, std::string_view secret, Done done) {
  std::unique_lock lock(mutex_);
  const auto found = entries_.find(process_id);
  if (found != entries_.end() && Take(found->second) && found->second.secret.size() == secret.size() &&
      CRYPTO_memcmp(found->second.secret.data(), secret.data(), secret.size()) == 0) {
    return found->second.cancel(std::move(done));
  }
  lock.unlock();
  done();
}

}  // namespace chaperone::session
