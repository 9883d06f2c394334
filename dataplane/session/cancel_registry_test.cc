#include "dataplane/session/cancel_registry.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "api/base/fake_clock.h"

namespace chaperone::session {
namespace {

struct Registry {
  base::FakeClock clock;
  CancelRegistry registry{clock};
  int calls = 0;
  CancelRegistry::Key key = registry.Register(4711, [this](const CancelRegistry::Done& done) {
    ++calls;
    done();
  });
};

TEST_CASE("the right key reaches its session, and a wrong one of any length nobody") {
  Registry r;
  r.registry.Cancel(r.key.process_id, r.key.secret, [] {});
  CHECK(r.calls == 1);
  std::string wrong = r.key.secret;
  wrong.back() = static_cast<char>(wrong.back() ^ 1);
  r.registry.Cancel(r.key.process_id, wrong, [] {});
  r.registry.Cancel(r.key.process_id, r.key.secret.substr(0, 3), [] {});
  r.registry.Cancel(r.key.process_id, r.key.secret + "x", [] {});
  r.registry.Cancel(r.key.process_id, "", [] {});
  r.registry.Cancel(r.key.process_id + 1, r.key.secret, [] {});
  CHECK(r.calls == 1);
}

TEST_CASE("a session that has ended is not reached any more") {
  Registry r;
  r.registry.Unregister(r.key);
  r.registry.Cancel(r.key.process_id, r.key.secret, [] {});
  CHECK(r.calls == 0);
}

TEST_CASE("a key has the server's process id, unless another session has it or drivers would read it as negative") {
  Registry r;
  CHECK(r.key.process_id == 4711);
  const auto register_as = [&r](uint32_t process_id) {
    return r.registry.Register(process_id, [](const CancelRegistry::Done&) {});
  };
  for (const uint32_t unusable : {4711u, 0u, 0x80000000u, 0xffffffffu}) {
    const CancelRegistry::Key key = register_as(unusable);
    CHECK(key.process_id != unusable);
    CHECK(static_cast<int32_t>(key.process_id) > 0);
  }
  r.registry.Unregister(r.key);
  CHECK(register_as(4711).process_id == 4711);
}

TEST_CASE("keys do not repeat, and process ids are positive as drivers read them") {
  base::FakeClock clock;
  CancelRegistry registry(clock);
  std::set<uint32_t> ids;
  std::set<std::string> secrets;
  for (int i = 0; i < 1000; ++i) {
    const CancelRegistry::Key key = registry.Register(0, [](const CancelRegistry::Done&) {});
    CHECK(static_cast<int32_t>(key.process_id) > 0);
    CHECK(key.secret.size() == 4);
    ids.insert(key.process_id);
    secrets.insert(key.secret);
  }
  CHECK(ids.size() == 1000);
  // By chance two of a thousand 32-bit numbers are equal in one of 8,600 runs.
  CHECK(secrets.size() >= 999);
}

TEST_CASE("[fail-closed] wrong keys use up the requests that are looked at, then even the right one waits") {
  Registry r;
  for (int i = 0; i < CancelRegistry::kBurst; ++i) {
    r.registry.Cancel(r.key.process_id, "nope", [] {});
  }
  r.registry.Cancel(r.key.process_id, r.key.secret, [] {});
  CHECK(r.calls == 0);
  r.clock.Advance(CancelRegistry::kRefill);
  r.registry.Cancel(r.key.process_id, r.key.secret, [] {});
  CHECK(r.calls == 1);
  r.registry.Cancel(r.key.process_id, r.key.secret, [] {});
  CHECK(r.calls == 1);
  r.clock.Advance(1000 * CancelRegistry::kRefill);
  for (int i = 0; i < 100; ++i) {
    r.registry.Cancel(r.key.process_id, r.key.secret, [] {});
  }
  CHECK(r.calls == 1 + CancelRegistry::kBurst);
}

TEST_CASE("whoever asks is told once, whether the key is right, wrong, or looked at no more") {
  Registry r;
  int told = 0;
  const auto done = [&told] { ++told; };
  r.registry.Cancel(r.key.process_id, r.key.secret, done);
  CHECK(told == 1);
  r.registry.Cancel(r.key.process_id, "nope", done);
  r.registry.Cancel(r.key.process_id + 1, r.key.secret, done);
  CHECK(told == 3);
  for (int i = 0; i < 20; ++i) {
    r.registry.Cancel(r.key.process_id, r.key.secret, done);
  }
  CHECK(told == 23);
}

TEST_CASE("requests for one session leave others their own") {
  Registry r;
  int others = 0;
  const CancelRegistry::Key other = r.registry.Register(4712, [&others](const CancelRegistry::Done&) { ++others; });
  for (int i = 0; i < 100; ++i) {
    r.registry.Cancel(r.key.process_id, "nope", [] {});
  }
  r.registry.Cancel(other.process_id, other.secret, [] {});
  CHECK(others == 1);
}

}  // namespace
}  // namespace chaperone::session
