#include "controlplane/approvals/approvals.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "api/base/fake_clock.h"
#include "controlplane/approvals/vote.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::approvals {
namespace {

using v1::Approval;

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  store::FaultyStore store{store::NewMemoryStore()};
  audit::AuditLog audit{&store, &clock, metrics.get()};
  std::unique_ptr<Approvals> approvals = Load();

  std::unique_ptr<Approvals> Load(const Limits& limits = {}) {
    auto loaded = Approvals::Load(&store, &clock, &audit, metrics.get(), limits);
    REQUIRE(loaded.ok());
    return *std::move(loaded);
  }

  static v1::OpenApprovalRequest Request(char digest = 'd', int required = 1) {
    v1::OpenApprovalRequest request;
    request.mutable_subject()->set_digest(std::string(32, digest));
    request.mutable_subject()->mutable_principal()->set_issuer("https://idp");
    request.mutable_subject()->mutable_principal()->set_subject("agent-7");
    request.mutable_subject()->mutable_principal()->set_human("ann@example.com");
    request.mutable_subject()->set_statement("UPDATE t SET a = 1");
    request.set_policy("p");
    request.set_rule("r");
    request.add_approvers("db-owners");
    request.set_required_count(required);
    request.mutable_expires_in()->set_seconds(60);
    return request;
  }

  std::string Open(char digest = 'd', int required = 1, const std::string& sidecar = "side-1") {
    clock.Advance(std::chrono::milliseconds(1));
    const auto opened = approvals->Open(sidecar, Request(digest, required));
    INFO(opened.status().ToString());
    REQUIRE(opened.ok());
    return opened->id();
  }

  absl::StatusOr<Approval> Vote(const std::string& id, const std::string& voter, bool approve = true,
                                std::vector<std::string> groups = {"db-owners"}) {
    v1::DecideApprovalRequest request;
    request.set_id(id);
    request.set_comment("looks fine");
    return approvals->Vote({{voter, {model::Role::kApprover}, std::move(groups)}, "ApprovalService.Approve", "peer"},
                           request, approve);
  }

  absl::Status Consume(const std::string& id, char digest = 'd', const std::string& sidecar = "side-1") {
    v1::ConsumeApprovalRequest request;
    request.set_id(id);
    request.set_digest(std::string(32, digest));
    return approvals->Consume(sidecar, request).status();
  }

  Approval::State State(const std::string& id) { return approvals->Get(id)->state(); }
};

TEST_CASE("an approval is opened, approved and used once") {
  Fixture f;
  const std::string id = f.Open();
  CHECK(f.State(id) == Approval::PENDING);
  CHECK(absl::IsFailedPrecondition(f.Consume(id)));
  const auto approved = f.Vote(id, "bob");
  REQUIRE(approved.ok());
  CHECK(approved->state() == Approval::APPROVED);
  CHECK(approved->votes(0).comment() == "looks fine");
  CHECK(f.Consume(id).ok());
  CHECK(absl::IsFailedPrecondition(f.Consume(id)));
  CHECK(f.State(id) == Approval::CONSUMED);
  CHECK(f.audit.List({})->entries_size() == 1);
  CHECK(f.audit.List({})->entries(0).resource() == "approval " + id);
}

TEST_CASE("the same statement finds the open approval, and asks anew once that is final") {
  Fixture f;
  const std::string first = f.Open();
  CHECK(f.Open() == first);
  REQUIRE(f.Vote(first, "bob").ok());
  CHECK(f.Open() == first);
  REQUIRE(f.Consume(first).ok());
  const std::string second = f.Open();
  CHECK(second != first);
  REQUIRE(f.Vote(second, "bob", false).ok());
  CHECK(f.Open() != second);
  CHECK(f.Open('e') != f.Open('d'));
}

TEST_CASE("[fail-closed] an approval given under another demand does not serve the new one") {
  Fixture f;
  const std::string lenient = f.Open('d', 1);
  REQUIRE(f.Vote(lenient, "bob").ok());
  const std::string strict = f.Open('d', 2);
  CHECK(strict != lenient);
  CHECK(f.State(lenient) == Approval::EXPIRED);
  CHECK(absl::IsFailedPrecondition(f.Consume(lenient)));
}

TEST_CASE("only members of the approvers' groups vote") {
  Fixture f;
  const std::string id = f.Open();
  CHECK(absl::IsPermissionDenied(f.Vote(id, "bob", true, {"others"}).status()));
  CHECK(absl::IsPermissionDenied(f.Vote(id, "bob", false, {}).status()));
  CHECK(f.State(id) == Approval::PENDING);
}

TEST_CASE("the human whom the agent acts for does not vote, however the name is written") {
  Fixture f;
  const std::string id = f.Open();
  for (const char* name : {"ann@example.com", "ann", "Ann", "ANN@EXAMPLE.COM", "agent-7"}) {
    CHECK(absl::IsPermissionDenied(f.Vote(id, name).status()));
    CHECK(absl::IsPermissionDenied(f.Vote(id, name, false).status()));
  }
  CHECK(f.Vote(id, "ann@other.example").ok());
}

TEST_CASE("two approvals take two people") {
  Fixture f;
  const std::string id = f.Open('d', 2);
  CHECK(f.Vote(id, "bob")->state() == Approval::PENDING);
  CHECK(absl::IsFailedPrecondition(f.Vote(id, "bob").status()));
  CHECK(absl::IsFailedPrecondition(f.Vote(id, "BOB").status()));
  CHECK(absl::IsFailedPrecondition(f.Consume(id)));
  CHECK(f.Vote(id, "carol")->state() == Approval::APPROVED);
  CHECK(absl::IsFailedPrecondition(f.Vote(id, "dave", false).status()));
}

TEST_CASE("one vote against is final") {
  Fixture f;
  const std::string id = f.Open('d', 2);
  REQUIRE(f.Vote(id, "bob").ok());
  CHECK(f.Vote(id, "carol", false)->state() == Approval::REJECTED);
  CHECK(absl::IsFailedPrecondition(f.Vote(id, "dave").status()));
  CHECK(absl::IsFailedPrecondition(f.Consume(id)));
}

TEST_CASE("an undecided approval expires, and so does an unused one") {
  Fixture f;
  const std::string undecided = f.Open('a');
  f.clock.Advance(std::chrono::seconds(50));
  const std::string unused = f.Open('b');
  REQUIRE(f.Vote(unused, "bob").ok());
  f.clock.Advance(std::chrono::seconds(15));
  // Before any sweep: the clock decides.
  CHECK(f.State(undecided) == Approval::EXPIRED);
  CHECK(absl::IsFailedPrecondition(f.Vote(undecided, "bob").status()));
  CHECK(f.Consume(unused, 'b').ok());
  const std::string late = f.Open('c');
  REQUIRE(f.Vote(late, "bob").ok());
  f.clock.Advance(std::chrono::seconds(59));
  CHECK(f.State(late) == Approval::APPROVED);
  f.clock.Advance(std::chrono::seconds(2));
  CHECK(absl::IsFailedPrecondition(f.Consume(late, 'c')));
  REQUIRE(f.approvals->ExpireDue().ok());
  CHECK(f.State(late) == Approval::EXPIRED);
  CHECK(f.Open('a') != undecided);
}

TEST_CASE("a due approval makes room for a new one without a sweep") {
  Fixture f;
  const std::string first = f.Open();
  f.clock.Advance(std::chrono::minutes(2));
  const std::string second = f.Open();
  CHECK(second != first);
  CHECK(f.State(first) == Approval::EXPIRED);
  CHECK(f.State(second) == Approval::PENDING);
}

TEST_CASE("[fail-closed] another sidecar or another statement cannot use an approval up") {
  Fixture f;
  const std::string id = f.Open();
  REQUIRE(f.Vote(id, "bob").ok());
  CHECK(absl::IsPermissionDenied(f.Consume(id, 'd', "side-2")));
  CHECK(absl::IsFailedPrecondition(f.Consume(id, 'x')));
  // A replica that was given the same approval may.
  CHECK(f.Open('d', 1, "side-2") == id);
  CHECK(f.Consume(id, 'd', "side-2").ok());
}

TEST_CASE("of many that consume at once, one succeeds") {
  Fixture f;
  const std::string id = f.Open();
  REQUIRE(f.Vote(id, "bob").ok());
  std::atomic<int> successes = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { successes += f.Consume(id).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(successes == 1);
}

TEST_CASE("of many that open the same statement, all get one approval") {
  Fixture f;
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto opened = f.approvals->Open("side-1", Fixture::Request());
      ids[i] = opened.ok() ? opened->id() : "";
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::string& id : ids) {
    CHECK_FALSE(id.empty());
    CHECK(id == ids[0]);
  }
}

TEST_CASE("what is open survives a restart, and what was used stays used") {
  Fixture f;
  const std::string used = f.Open('a');
  const std::string approved = f.Open('b');
  const std::string pending = f.Open('c');
  REQUIRE(f.Vote(used, "bob").ok());
  REQUIRE(f.Consume(used, 'a').ok());
  REQUIRE(f.Vote(approved, "bob").ok());
  f.approvals = f.Load();
  CHECK(absl::IsFailedPrecondition(f.Consume(used, 'a')));
  REQUIRE(f.approvals->DecidedFor("side-1").size() == 1);
  CHECK(f.approvals->DecidedFor("side-1")[0].id() == approved);
  CHECK(f.Consume(approved, 'b').ok());
  CHECK(f.Open('c') == pending);
}

TEST_CASE("[fail-closed] a vote or a use that cannot be stored did not happen") {
  Fixture f;
  const std::string id = f.Open();
  f.store.Set(store::FaultyStore::Fault::kRefuseCommits);
  CHECK(absl::IsUnavailable(f.Vote(id, "bob").status()));
  CHECK(absl::IsUnavailable(f.approvals->Open("side-1", Fixture::Request('z')).status()));
  f.store.Set(store::FaultyStore::Fault::kNone);
  CHECK(f.State(id) == Approval::PENDING);
  REQUIRE(f.Vote(id, "bob").ok());
  // The answer to a use is lost: whether it happened is unknown, so it must not succeed again.
  f.store.Set(store::FaultyStore::Fault::kLoseAnswers);
  CHECK(absl::IsUnavailable(f.Consume(id)));
  f.store.Set(store::FaultyStore::Fault::kNone);
  CHECK_FALSE(f.Consume(id).ok());
}

TEST_CASE("subscribers get what is pending, then every change in order, and the sidecars that wait") {
  Fixture f;
  const std::string first = f.Open('a', 2);
  std::vector<std::string> seen;
  std::vector<Approval> pending;
  auto subscription = f.approvals->Subscribe(
      [&](const Approval& approval, const std::set<std::string>& sidecars) {
        seen.push_back(fmt::format("{} {} {}", Approval::State_Name(approval.state()), approval.votes_size(),
                                   fmt::join(sidecars, "+")));
      },
      &pending);
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].id() == first);
  CHECK(f.Open('a', 2, "side-2") == first);
  REQUIRE(f.Vote(first, "bob").ok());
  REQUIRE(f.Vote(first, "carol").ok());
  REQUIRE(f.Consume(first, 'a').ok());
  CHECK(seen ==
        std::vector<std::string>{"PENDING 1 side-1+side-2", "APPROVED 2 side-1+side-2", "CONSUMED 2 side-1+side-2"});
  subscription.reset();
  f.Open('b');
  CHECK(seen.size() == 3);
}

TEST_CASE("a sidecar that reconnects learns what was decided meanwhile") {
  Fixture f;
  const std::string rejected = f.Open('a');
  const std::string approved = f.Open('b');
  f.Open('c');
  REQUIRE(f.Vote(rejected, "bob", false).ok());
  REQUIRE(f.Vote(approved, "bob").ok());
  const auto decided = f.approvals->DecidedFor("side-1");
  REQUIRE(decided.size() == 2);
  CHECK(decided[0].id() == rejected);
  CHECK(decided[0].subject().digest() == std::string(32, 'a'));
  CHECK(decided[1].id() == approved);
  CHECK(f.approvals->DecidedFor("side-2").empty());
  f.clock.Advance(std::chrono::minutes(6));
  CHECK(f.approvals->DecidedFor("side-1").empty());
}

TEST_CASE("lists are newest first, by state, in pages") {
  Fixture f;
  const std::string a = f.Open('a');
  const std::string b = f.Open('b');
  const std::string c = f.Open('c');
  REQUIRE(f.Vote(b, "bob", false).ok());
  v1::ListApprovalsRequest request;
  CHECK(f.approvals->List(request)->approvals_size() == 3);
  CHECK(f.approvals->List(request)->approvals(0).id() == c);
  request.add_states(Approval::PENDING);
  CHECK(f.approvals->List(request)->approvals_size() == 2);
  request.set_limit(1);
  CHECK(f.approvals->List(request)->approvals(0).id() == c);
  request.set_after(c);
  CHECK(f.approvals->List(request)->approvals(0).id() == a);
  request.add_states(Approval::REJECTED);
  CHECK(f.approvals->List(request)->approvals(0).id() == b);
  CHECK(absl::IsNotFound(f.approvals->Get("apr_01JD2Z4S1Q9X4T0V6N8M3K7R5C").status()));
  CHECK(absl::IsInvalidArgument(f.approvals->Get("ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C").status()));
}

TEST_CASE("a request without what binds it, or past a bound, is refused") {
  Fixture f;
  const auto refused = [&](auto change) {
    v1::OpenApprovalRequest request = Fixture::Request();
    change(request);
    return absl::IsInvalidArgument(f.approvals->Open("side-1", request).status());
  };
  CHECK(refused([](auto& r) { r.mutable_subject()->set_digest("short"); }));
  CHECK(refused([](auto& r) { r.mutable_subject()->mutable_principal()->clear_subject(); }));
  CHECK(refused([](auto& r) { r.clear_approvers(); }));
  CHECK(refused([](auto& r) { r.add_approvers(""); }));
  CHECK(refused([](auto& r) { r.set_required_count(11); }));
  CHECK(refused([](auto& r) { r.set_required_count(-1); }));
  CHECK(refused([](auto& r) { r.mutable_expires_in()->set_seconds(0); }));
  CHECK(refused([](auto& r) { r.mutable_expires_in()->set_seconds(8 * 24 * 3600); }));
  CHECK(refused([](auto& r) { r.mutable_subject()->set_statement(std::string(3 << 20, 'x')); }));
}

TEST_CASE("one agent cannot flood the approvers") {
  Fixture f;
  f.approvals = f.Load({.open_max = 3, .open_of_agent_max = 2});
  f.Open('a');
  f.Open('b');
  CHECK(absl::IsResourceExhausted(f.approvals->Open("side-1", Fixture::Request('c')).status()));
  CHECK(f.approvals->Open("side-1", Fixture::Request('a')).ok());
  v1::OpenApprovalRequest other = Fixture::Request('d');
  other.mutable_subject()->mutable_principal()->set_subject("agent-8");
  CHECK(f.approvals->Open("side-1", other).ok());
  other.mutable_subject()->set_digest(std::string(32, 'e'));
  CHECK(absl::IsResourceExhausted(f.approvals->Open("side-1", other).status()));
  f.approvals = f.Load({.open_bytes_max = 10});
  other.mutable_subject()->set_digest(std::string(32, 'f'));
  CHECK(absl::IsResourceExhausted(f.approvals->Open("side-1", other).status()));
}

TEST_CASE("names of one person are told from names of two") {
  CHECK(SamePerson("ann", "ANN"));
  CHECK(SamePerson("ann", "ann@example.com"));
  CHECK_FALSE(SamePerson("ann@a.example", "ann@b.example"));
  CHECK_FALSE(SamePerson("ann", "anna"));
  CHECK_FALSE(SamePerson("", ""));
  CHECK_FALSE(SamePerson("ann", ""));
}

}  // namespace
}  // namespace chaperone::approvals
