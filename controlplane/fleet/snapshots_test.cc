#include "controlplane/fleet/snapshots.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "api/base/fake_clock.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/model/keys.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::fleet {
namespace {

using store::FaultyStore;

constexpr std::chrono::seconds kPatience(10);

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  FaultyStore store{store::NewMemoryStore()};
  std::mutex mutex;
  uint64_t revision = 0;
  std::string document = "a";
  std::string keys = "k1";
  std::vector<v1::Revocation> revocations;
  std::string certificate = "certificate 1";
  bool sign_fails = false;
  std::string masking_key;
  std::atomic<int> published = 0;
  std::unique_ptr<Snapshots> snapshots;

  Fixture() { Restart(); }

  SnapshotInputs Inputs() {
    SnapshotInputs inputs;
    inputs.policies = [this] {
      const std::lock_guard lock(mutex);
      SnapshotInputs::PolicySet set;
      set.revision = revision;
      set.policies.emplace_back().set_document(document);
      return set;
    };
    inputs.issuers = [this] {
      const std::lock_guard lock(mutex);
      v1::Issuer issuer;
      issuer.set_jwks(keys);
      *issuer.mutable_fetched_at() = model::ToProto(clock.Wall());
      issuer.set_fetch_error("sometimes");
      return std::vector<v1::Issuer>{issuer};
    };
    inputs.revocations = [this] {
      const std::lock_guard lock(mutex);
      return revocations;
    };
    inputs.next_expiry = [] { return std::optional<model::WallTime>(); };
    inputs.sign = [this](std::string_view bytes) -> absl::StatusOr<SnapshotInputs::Signature> {
      const std::lock_guard lock(mutex);
      if (sign_fails) {
        return base::Internal("the key is away");
      }
      return SnapshotInputs::Signature{"signed " + std::to_string(bytes.size()), certificate};
    };
    inputs.masking_key = masking_key;
    return inputs;
  }

  void Restart() {
    snapshots = nullptr;
    auto opened = Snapshots::Open(&store, &clock, metrics.get(), Inputs());
    REQUIRE(opened.ok());
    snapshots = *std::move(opened);
    snapshots->OnPublish([this](const auto&) { ++published; });
    snapshots->Start();
    REQUIRE(Flush() != nullptr);
  }

  template <typename Change>
  void With(Change change) {
    const std::lock_guard lock(mutex);
    change();
  }

  std::shared_ptr<const PublishedSnapshot> Flush() {
    auto snapshot = snapshots->Flush(kPatience);
    INFO(snapshot.status().ToString());
    REQUIRE(snapshot.ok());
    return *snapshot;
  }

  static v1::SignedSnapshot Signed(const PublishedSnapshot& snapshot) {
    v1::SyncResponse response;
    REQUIRE(response.ParseFromString(snapshot.frame));
    return response.snapshot();
  }

  static v1::Snapshot Content(const PublishedSnapshot& snapshot) {
    v1::Snapshot content;
    REQUIRE(content.ParseFromString(Signed(snapshot).snapshot()));
    return content;
  }
};

TEST_CASE("the version grows with the content and with nothing else") {
  Fixture f;
  const uint64_t first = f.Flush()->version;
  CHECK(first == 1);
  CHECK(f.Flush()->version == first);
  f.clock.Advance(std::chrono::hours(1));
  CHECK(f.Flush()->version == first);
  CHECK(f.published == 1);
  f.With([&] { f.document = "b"; });
  CHECK(f.Flush()->version == first + 1);
  f.With([&] { f.keys = "k2"; });
  CHECK(f.Flush()->version == first + 2);
  f.With([&] { f.revocations.emplace_back().set_id("rev_1"); });
  CHECK(f.Flush()->version == first + 3);
  f.With([&] { f.revocations.clear(); });
  CHECK(f.Flush()->version == first + 4);
  CHECK(f.published == 5);
}

TEST_CASE("what goes out holds everything, signed, and no fetch errors") {
  Fixture f;
  f.With([&] { f.revision = 7; });
  const auto snapshot = f.Flush();
  const v1::Snapshot content = Fixture::Content(*snapshot);
  CHECK(content.version() == snapshot->version);
  CHECK(content.policy_revision() == 7);
  CHECK(content.policies(0).document() == "a");
  CHECK(content.issuers(0).jwks() == "k1");
  CHECK(content.issuers(0).fetch_error().empty());
  CHECK(content.masking_key().size() == 32);
  const v1::SignedSnapshot out = Fixture::Signed(*snapshot);
  CHECK(out.signature() == "signed " + std::to_string(out.snapshot().size()));
  CHECK(out.certificate() == "certificate 1");
  CHECK(out.nonce() == snapshot->nonce);
  CHECK(out.nonce().size() == 32);
}

TEST_CASE("version and masking key survive a restart") {
  Fixture f;
  f.With([&] { f.document = "b"; });
  const auto before = f.Flush();
  f.Restart();
  CHECK(f.Flush()->version == before->version);
  CHECK(Fixture::Content(*f.Flush()).masking_key() == Fixture::Content(*before).masking_key());
  CHECK(Fixture::Content(*f.Flush()).created_at().seconds() == Fixture::Content(*before).created_at().seconds());
  f.With([&] { f.document = "c"; });
  CHECK(f.Flush()->version == before->version + 1);
}

TEST_CASE("a new certificate sends the same version out again, signed anew") {
  Fixture f;
  const auto before = f.Flush();
  f.With([&] { f.certificate = "certificate 2"; });
  f.snapshots->SignAgain();
  const auto after = f.Flush();
  CHECK(after->version == before->version);
  CHECK(after->sequence > before->sequence);
  CHECK(after->nonce != before->nonce);
  CHECK(Fixture::Signed(*after).certificate() == "certificate 2");
}

TEST_CASE("[fail-closed] a version that cannot be stored does not go out, and goes out later") {
  Fixture f;
  const uint64_t before = f.Flush()->version;
  f.store.Set(FaultyStore::Fault::kRefuseCommits);
  f.With([&] { f.document = "b"; });
  CHECK(absl::IsUnavailable(f.snapshots->Flush(std::chrono::milliseconds(300)).status()));
  CHECK(f.snapshots->Current()->version == before);
  CHECK_FALSE(f.snapshots->Health().ok());
  f.store.Set(FaultyStore::Fault::kNone);
  CHECK(f.Flush()->version == before + 1);
  CHECK(f.snapshots->Health().ok());
}

TEST_CASE("a signature that fails keeps the last snapshot, and the new one follows") {
  Fixture f;
  const auto before = f.Flush();
  f.With([&] {
    f.sign_fails = true;
    f.document = "b";
  });
  CHECK_FALSE(f.snapshots->Flush(std::chrono::milliseconds(300)).ok());
  CHECK(f.snapshots->Current() == before);
  f.With([&] { f.sign_fails = false; });
  const auto after = f.Flush();
  CHECK(after->version == before->version + 1);
  CHECK(Fixture::Content(*after).policies(0).document() == "b");
}

TEST_CASE("a masking key may be given, and must have 32 bytes") {
  Fixture f;
  f.masking_key = std::string(32, 'm');
  f.Restart();
  CHECK(Fixture::Content(*f.Flush()).masking_key() == f.masking_key);
  f.masking_key = "short";
  CHECK(absl::IsInvalidArgument(Snapshots::Open(&f.store, &f.clock, f.metrics.get(), f.Inputs()).status()));
}

}  // namespace
}  // namespace chaperone::fleet
