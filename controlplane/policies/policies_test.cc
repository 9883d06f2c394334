#include "controlplane/policies/policies.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "api/base/fake_clock.h"
#include "controlplane/metrics/metrics_for_tests.h"
#include "controlplane/store/conformance/faulty_store.h"
#include "controlplane/store/memory/memory_store.h"

namespace chaperone::policies {
namespace {

// A language of its own: "<name>:<text>"; a text with "bad" does not compile, one with "odd" is remarked upon.
class FakeChecker final : public BundleChecker {
 public:
  absl::StatusOr<std::string> NameOf(std::string_view text, std::string_view label) const override {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return base::InvalidArgument("{}:1: no name", label);
    }
    return std::string(text.substr(0, colon));
  }

  absl::StatusOr<std::vector<v1::PolicyFinding>> Check(const std::vector<NamedDocument>& documents,
                                                       uint64_t) const override {
    std::vector<v1::PolicyFinding> findings;
    for (const NamedDocument& document : documents) {
      if (document.text.find("uncompilable") != std::string::npos) {
        return base::InvalidArgument("{} does not compile", document.name);
      }
      for (const auto& [word, severity] :
           {std::pair("bad", v1::PolicyFinding::ERROR), std::pair("odd", v1::PolicyFinding::WARNING)}) {
        if (document.text.find(word) != std::string::npos) {
          v1::PolicyFinding finding;
          finding.set_severity(severity);
          finding.set_policy(document.name);
          finding.set_code(word);
          finding.set_message("it says so");
          findings.push_back(finding);
        }
      }
    }
    return findings;
  }
};

struct Fixture {
  base::FakeClock clock;
  metrics::MetricsForTests metrics;
  store::FaultyStore store{store::NewMemoryStore()};
  audit::AuditLog audit{&store, &clock, metrics.get()};
  FakeChecker checker;
  std::unique_ptr<Policies> policies = Open();
  model::Call call{{"ann", {model::Role::kAdmin}, {}}, "PolicyService.ApplyPolicies", "ipv4:127.0.0.1:5"};

  std::unique_ptr<Policies> Open() {
    auto opened = Policies::Open(&store, &clock, &audit, &checker);
    REQUIRE(opened.ok());
    return *std::move(opened);
  }

  absl::StatusOr<v1::ApplyPoliciesResponse> Apply(std::initializer_list<const char*> documents, uint64_t expected = 0,
                                                  bool dry_run = false) {
    v1::ApplyPoliciesRequest request;
    for (const char* document : documents) {
      request.add_documents(document);
    }
    request.set_expected_revision(expected);
    request.set_dry_run(dry_run);
    request.set_comment("why not");
    clock.Advance(std::chrono::seconds(1));
    return policies->Apply(call, request);
  }

  absl::StatusOr<v1::ApplyPoliciesResponse> Rollback(uint64_t revision) {
    v1::RollbackPoliciesRequest request;
    request.set_revision(revision);
    return policies->Rollback(call, request);
  }

  absl::StatusOr<v1::ApplyPoliciesResponse> Delete(const std::string& name) {
    v1::DeletePolicyRequest request;
    request.set_name(name);
    return policies->Delete(call, request);
  }

  // "a=a:1@1 b=b:1@2": name, text and the revision that last changed it.
  std::string Show(uint64_t revision = 0) {
    const auto bundle = policies->At(revision);
    REQUIRE(bundle.ok());
    std::string text;
    for (const auto& [name, policy] : (*bundle)->policies) {
      text += fmt::format("{}{}={}@{}", text.empty() ? "" : " ", name, policy.document(), policy.revision());
    }
    return text;
  }

  size_t AuditEntries() { return static_cast<size_t>(audit.List({})->entries_size()); }
};

TEST_CASE("documents become one revision, and a later one keeps what it does not touch") {
  Fixture f;
  CHECK(f.policies->Current()->revision == 0);
  auto first = f.Apply({"a:1", "b:1"});
  REQUIRE(first.ok());
  CHECK(first->revision() == 1);
  CHECK(first->changes(0) == "created a");
  CHECK(f.Apply({"b:2"})->revision() == 2);
  CHECK(f.Show() == "a=a:1@1 b=b:2@2");
  CHECK(f.Show(1) == "a=a:1@1 b=b:1@1");
  CHECK(f.policies->Current()->policies.at("b").changed_by() == "ann");
  CHECK(f.AuditEntries() == 2);
}

TEST_CASE("every revision is there after a restart") {
  Fixture f;
  REQUIRE(f.Apply({"a:1", "b:1"}).ok());
  REQUIRE(f.Apply({"b:2", "c:1"}).ok());
  REQUIRE(f.Delete("a").ok());
  f.policies = f.Open();
  CHECK(f.policies->Current()->revision == 3);
  CHECK(f.Show() == "b=b:2@2 c=c:1@2");
  CHECK(f.Show(2) == "a=a:1@1 b=b:2@2 c=c:1@2");
  CHECK(f.Show(1) == "a=a:1@1 b=b:1@1");
  CHECK(absl::IsNotFound(f.policies->At(4).status()));
}

TEST_CASE("the same texts make no revision, and neither does a dry run") {
  Fixture f;
  REQUIRE(f.Apply({"a:1"}).ok());
  CHECK(f.Apply({"a:1"})->revision() == 1);
  const auto dry = f.Apply({"a:2", "b:odd"}, 0, true);
  REQUIRE(dry.ok());
  CHECK(dry->revision() == 1);
  CHECK(dry->changes_size() == 2);
  CHECK(dry->findings(0).code() == "odd");
  CHECK(f.policies->Current()->revision == 1);
  CHECK(f.AuditEntries() == 1);
}

TEST_CASE("a change from a stale revision is aborted and names the newest") {
  Fixture f;
  REQUIRE(f.Apply({"a:1"}).ok());
  REQUIRE(f.Apply({"a:2"}, 1).ok());
  const auto stale = f.Apply({"a:3"}, 1);
  CHECK(absl::IsAborted(stale.status()));
  CHECK(base::Message(stale.status()).find("revision 2, not at the expected 1") != std::string_view::npos);
  CHECK(f.Show() == "a=a:2@2");
}

TEST_CASE("[fail-closed] a bundle that does not compile or has lint errors is not applied") {
  Fixture f;
  REQUIRE(f.Apply({"a:1"}).ok());
  CHECK(absl::IsInvalidArgument(f.Apply({"b:uncompilable"}).status()));
  const auto bad = f.Apply({"b:bad"});
  CHECK(absl::IsInvalidArgument(bad.status()));
  CHECK(base::Message(bad.status()).find("b: it says so [bad]") != std::string_view::npos);
  CHECK(f.Apply({"b:bad"}, 0, true)->findings(0).severity() == v1::PolicyFinding::ERROR);
  CHECK(absl::IsInvalidArgument(f.Apply({"nameless"}).status()));
  CHECK(absl::IsInvalidArgument(f.Apply({"b:1", "b:2"}).status()));
  CHECK(absl::IsInvalidArgument(f.Apply({}).status()));
  CHECK(f.Show() == "a=a:1@1");
}

TEST_CASE("bounds on documents, bundle and comment are named") {
  Fixture f;
  v1::ApplyPoliciesRequest request;
  request.add_documents("a:" + std::string(kDocumentBytesMax, 'x'));
  CHECK(base::Message(f.policies->Apply(f.call, request).status()).find("at most 1048576") != std::string_view::npos);
  request.clear_documents();
  for (size_t i = 0; i <= kBundleBytesMax / (kDocumentBytesMax - 100); ++i) {
    request.add_documents(fmt::format("p{}:", i) + std::string(kDocumentBytesMax - 50, 'x'));
  }
  CHECK(absl::IsInvalidArgument(f.policies->Apply(f.call, request).status()));
  request.clear_documents();
  for (size_t i = 0; i <= kDocumentsMax; ++i) {
    request.add_documents(fmt::format("p{}:", i));
  }
  CHECK(absl::IsInvalidArgument(f.policies->Apply(f.call, request).status()));
  request.clear_documents();
  request.add_documents("a:1");
  request.set_comment(std::string(kCommentBytesMax + 1, 'x'));
  CHECK(absl::IsInvalidArgument(f.policies->Apply(f.call, request).status()));
}

TEST_CASE("a rollback makes an old bundle the newest") {
  Fixture f;
  REQUIRE(f.Apply({"a:1", "b:1"}).ok());
  REQUIRE(f.Apply({"a:2"}).ok());
  REQUIRE(f.Delete("b").ok());
  const auto back = f.Rollback(1);
  REQUIRE(back.ok());
  CHECK(back->revision() == 4);
  CHECK(back->changes(0) == "rolled back to 1");
  CHECK(f.Show() == "a=a:1@4 b=b:1@4");
  CHECK(absl::IsNotFound(f.Rollback(9).status()));
  CHECK(absl::IsInvalidArgument(f.Rollback(0).status()));
  CHECK(f.Rollback(4)->revision() == 4);
}

TEST_CASE("history lists steps, newest first, also of one policy") {
  Fixture f;
  REQUIRE(f.Apply({"a:1"}).ok());
  REQUIRE(f.Apply({"b:1"}).ok());
  REQUIRE(f.Apply({"a:2", "b:2"}).ok());
  REQUIRE(f.Delete("b").ok());
  v1::ListPolicyRevisionsRequest request;
  auto history = f.policies->History(request);
  REQUIRE(history->revisions_size() == 4);
  CHECK(history->revisions(0).revision() == 4);
  CHECK(history->revisions(0).changes(0) == "deleted b");
  CHECK(history->revisions(3).comment() == "why not");
  request.set_name("a");
  CHECK(f.policies->History(request)->revisions_size() == 2);
  request.set_name("b");
  request.set_limit(2);
  history = f.policies->History(request);
  REQUIRE(history->revisions_size() == 2);
  CHECK(history->revisions(1).revision() == 3);
}

TEST_CASE("lint answers findings, also for what cannot be read") {
  Fixture f;
  v1::LintPoliciesRequest request;
  request.add_documents("a:odd");
  CHECK(f.policies->Lint(request)->findings(0).code() == "odd");
  request.add_documents("nameless");
  const auto unreadable = f.policies->Lint(request);
  CHECK(unreadable->findings(0).severity() == v1::PolicyFinding::ERROR);
  CHECK(unreadable->findings(0).message() == "document 2:1: no name");
  CHECK(f.policies->Current()->revision == 0);
}

TEST_CASE("[fail-closed] a change that the store or the audit log cannot take does not happen") {
  Fixture f;
  REQUIRE(f.Apply({"a:1"}).ok());
  int changes = 0;
  f.policies->OnChange([&] { ++changes; });
  f.store.Set(store::FaultyStore::Fault::kRefuseCommits);
  CHECK(absl::IsUnavailable(f.Apply({"a:2"}).status()));
  CHECK(f.Show() == "a=a:1@1");
  CHECK(changes == 0);
  f.store.Set(store::FaultyStore::Fault::kNone);
  REQUIRE(f.Apply({"a:2"}).ok());
  CHECK(changes == 1);
}

TEST_CASE("concurrent changes all happen, one after another") {
  Fixture f;
  std::vector<std::thread> threads;
  std::atomic<int> done = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      v1::ApplyPoliciesRequest request;
      request.add_documents(fmt::format("p{}:1", t));
      const auto applied = f.policies->Apply(f.call, request);
      done += applied.ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(done == 4);
  CHECK(f.policies->Current()->revision == 4);
  CHECK(f.policies->Current()->policies.size() == 4);
}

}  // namespace
}  // namespace chaperone::policies
