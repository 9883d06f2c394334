#include "controlplane/fleet/snapshots.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "controlplane/model/keys.h"

namespace chaperone::fleet {

namespace {

using store::Family;

constexpr size_t kMaskingKeyBytes = 32;
constexpr size_t kNonceBytes = 16;
constexpr std::chrono::seconds kRetry(1);

absl::StatusOr<std::string> RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    return base::Internal("no random bytes");
  }
  return bytes;
}

std::string Sha256(const std::string& bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  }
  return text;
}

// What decides whether the version grows: everything but version and times.
std::string ContentDigest(v1::Snapshot content) {
  content.clear_version();
  content.clear_created_at();
  for (v1::Issuer& issuer : *content.mutable_issuers()) {
    issuer.clear_fetched_at();
  }
  return Sha256(content.SerializeAsString());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Snapshots>> Snapshots::Open(store::Store* store, const base::Clock* clock,
                                                           metrics::Metrics* metrics, SnapshotInputs inputs) {
  auto snapshots = std::unique_ptr<Snapshots>(new Snapshots(store, clock, metrics, std::move(inputs)));
  CHAPERONE_RETURN_IF_ERROR(snapshots->Load());
  return snapshots;
}

absl::Status Snapshots::Load() {
  CHAPERONE_ASSIGN_OR_RETURN(const auto version, store_->Get(Family::kMeta, model::kSnapshotVersionKey));
  if (version) {
    CHAPERONE_ASSIGN_OR_RETURN(version_, model::Decode<stored::SnapshotVersion>(*version, "snapshot version"));
  }
  if (!inputs_.masking_key.empty()) {
    if (inputs_.masking_key.size() != kMaskingKeyBytes) {
      return base::InvalidArgument("the masking key has {} bytes; it must have {}", inputs_.masking_key.size(),
                                   kMaskingKeyBytes);
    }
    masking_key_ = inputs_.masking_key;
    return absl::OkStatus();
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto key, store_->Get(Family::kMeta, model::kMaskingKeyKey));
  if (key) {
    masking_key_ = *key;
    return absl::OkStatus();
  }
  CHAPERONE_ASSIGN_OR_RETURN(masking_key_, RandomBytes(kMaskingKeyBytes));
  store::WriteBatch batch;
  batch.RequireAbsent(Family::kMeta, std::string(model::kMaskingKeyKey));
  batch.Put(Family::kMeta, std::string(model::kMaskingKeyKey), masking_key_);
  return store_->Commit(std::move(batch));
}

Snapshots::~Snapshots() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  done_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Snapshots::Start() {
  Changed();
  thread_ = std::thread([this] { Run(); });
}

void Snapshots::Changed() {
  {
    const std::lock_guard lock(mutex_);
    ++requested_;
  }
  work_.notify_one();
}

void Snapshots::SignAgain() {
  {
    const std::lock_guard lock(mutex_);
    ++requested_;
    sign_again_ = true;
  }
  work_.notify_one();
}

absl::StatusOr<std::shared_ptr<const PublishedSnapshot>> Snapshots::Flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const uint64_t wanted = ++requested_;
  work_.notify_one();
  const bool built = done_.wait_for(lock, timeout, [&] { return stopping_ || built_ >= wanted; });
  if (!built || built_ < wanted || current_ == nullptr) {
    return base::Unavailable("the snapshot could not be published in time{}{}", health_.ok() ? "" : ": ",
                             base::Message(health_));
  }
  return current_;
}

std::shared_ptr<const PublishedSnapshot> Snapshots::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

absl::Status Snapshots::Health() const {
  const std::lock_guard lock(mutex_);
  return current_ == nullptr && health_.ok() ? base::Unavailable("no snapshot has been published yet") : health_;
}

absl::Status Snapshots::AdvanceVersion(const std::string& digest) {
  stored::SnapshotVersion next;
  next.set_version(version_.version() + 1);
  next.set_content_digest(digest);
  next.set_created_at_ms(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_->Wall().time_since_epoch()).count());
  store::WriteBatch batch;
  batch.Put(Family::kMeta, std::string(model::kSnapshotVersionKey), model::Encode(next));
  CHAPERONE_RETURN_IF_ERROR(store_->Commit(std::move(batch)));
  version_ = std::move(next);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const PublishedSnapshot>> Snapshots::Build(bool sign_again) {
  v1::Snapshot content;
  SnapshotInputs::PolicySet policies = inputs_.policies();
  content.set_policy_revision(policies.revision);
  content.mutable_policies()->Assign(policies.policies.begin(), policies.policies.end());
  for (v1::Issuer& issuer : inputs_.issuers()) {
    issuer.clear_fetch_error();
    *content.add_issuers() = std::move(issuer);
  }
  const std::vector<v1::Revocation> revocations = inputs_.revocations();
  content.mutable_revocations()->Assign(revocations.begin(), revocations.end());
  content.set_masking_key(masking_key_);

  const std::string digest = ContentDigest(content);
  if (digest == published_digest_ && !sign_again) {
    return nullptr;
  }
  if (digest != version_.content_digest()) {
    CHAPERONE_RETURN_IF_ERROR(AdvanceVersion(digest));
  }
  content.set_version(version_.version());
  *content.mutable_created_at() = model::ToProto(model::WallTime(std::chrono::milliseconds(version_.created_at_ms())));

  auto published = std::make_shared<PublishedSnapshot>();
  published->version = version_.version();
  published->policy_revision = policies.revision;
  published->sequence = ++sequence_;
  CHAPERONE_ASSIGN_OR_RETURN(const std::string nonce, RandomBytes(kNonceBytes));
  published->nonce = Hex(nonce);
  v1::SyncResponse response;
  v1::SignedSnapshot* out = response.mutable_snapshot();
  out->set_snapshot(content.SerializeAsString());
  CHAPERONE_ASSIGN_OR_RETURN(auto signature, inputs_.sign(out->snapshot()));
  out->set_signature(std::move(signature.signature));
  out->set_certificate(std::move(signature.certificate_pem));
  out->set_nonce(published->nonce);
  published->frame = response.SerializeAsString();
  published->published_at = clock_->Steady();
  published_digest_ = digest;
  return std::shared_ptr<const PublishedSnapshot>(std::move(published));
}

void Snapshots::Publish(std::shared_ptr<const PublishedSnapshot> snapshot) {
  metrics_->SetSnapshot(snapshot->version, snapshot->policy_revision);
  {
    const std::lock_guard lock(mutex_);
    current_ = snapshot;
  }
  if (listener_) {
    listener_(std::move(snapshot));
  }
}

void Snapshots::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (requested_ == built_) {
      const auto expiry = inputs_.next_expiry();
      const auto wait = expiry ? std::clamp<std::chrono::nanoseconds>(
                                     *expiry - clock_->Wall(), std::chrono::milliseconds(1), std::chrono::hours(1))
                               : std::chrono::hours(1);
      if (!work_.wait_for(lock, wait, [&] { return stopping_ || requested_ != built_; })) {
        ++requested_;
      }
      continue;
    }
    const uint64_t taken = requested_;
    const bool sign_again = std::exchange(sign_again_, false);
    lock.unlock();
    auto snapshot = Build(sign_again);
    if (snapshot.ok() && *snapshot != nullptr) {
      Publish(*std::move(snapshot));
    }
    lock.lock();
    health_ = snapshot.status();
    if (health_.ok()) {
      built_ = taken;
    } else {
      sign_again_ = sign_again_ || sign_again;
      work_.wait_for(lock, kRetry, [&] { return stopping_; });
    }
    done_.notify_all();
  }
}

}  // namespace chaperone::fleet
