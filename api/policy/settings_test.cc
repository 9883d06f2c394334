#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

std::shared_ptr<const View> ViewOf(const std::vector<std::string>& bodies) {
  std::vector<std::string> documents;
  for (size_t i = 0; i < bodies.size(); ++i) {
    documents.push_back(DocumentFor(fmt::format("p{}", i), bodies[i]));
  }
  return MustCompile(documents)->ViewFor(Agent(), Shop());
}

TEST_CASE("without a word the defaults hold") {
  const auto view = ViewOf({""});
  CHECK(view->limits() == Limits{});
  CHECK(view->recording().results == RecordingOptions::Results::kMasked);
  CHECK(view->recording().rows_per_statement == 1000);
  CHECK(view->degraded().read == std::chrono::hours(1));
  CHECK(view->degraded().write == std::chrono::seconds(0));
}

TEST_CASE("the tightest limit of all policies holds") {
  const auto view =
      ViewOf({"limits: {rows_per_statement: 100, statement_timeout: 30s, per_session: {rows: 5, bytes: 1KiB}}",
              "limits: {rows_per_statement: 50, bytes_per_statement: 1MiB, sessions: 3, per_session: {rows: 9}}"});
  CHECK(view->limits().rows_per_statement == 50);
  CHECK(view->limits().bytes_per_statement == 1 << 20);
  CHECK(view->limits().statement_timeout == std::chrono::seconds(30));
  CHECK(view->limits().sessions == 3);
  CHECK(view->limits().per_session == Quota{5, 1024, 0, 0});
}

TEST_CASE("quotas over different windows all hold") {
  const auto view =
      ViewOf({"limits: {per_principal: {rows: 100, window: 1h}}", "limits: {per_principal: {rows: 500, window: 1d}}",
              "limits: {per_principal: {rows: 80, statements: 7, window: 1h}, per_task: {masked_values: 4}}"});
  REQUIRE(view->limits().per_principal.size() == 2);
  CHECK(view->limits().per_principal[0] == WindowedQuota{std::chrono::hours(1), {80, 0, 7, 0}});
  CHECK(view->limits().per_principal[1] == WindowedQuota{std::chrono::hours(24), {500, 0, 0, 0}});
  CHECK(view->limits().per_task == std::vector<WindowedQuota>{{std::chrono::hours(24), {0, 0, 0, 4}}});
}

TEST_CASE("what is recorded is the most that a policy asks for, what it does not mention counts for nothing") {
  const auto view = ViewOf({"recording: {results: none}", "recording: {rows_per_statement: 10}", ""});
  CHECK(view->recording().results == RecordingOptions::Results::kNone);
  CHECK(view->recording().rows_per_statement == 10);
  const auto most = ViewOf(
      {"recording: {results: none, rows_per_statement: 0}", "recording: {results: masked, rows_per_statement: 10}"});
  CHECK(most->recording().results == RecordingOptions::Results::kMasked);
  CHECK(most->recording().rows_per_statement == 10);
}

TEST_CASE("the shortest stated grace without the control plane holds") {
  const auto view = ViewOf({"degraded: {read: 4h, write: 10m}", "degraded: {read: 2h}", ""});
  CHECK(view->degraded().read == std::chrono::hours(2));
  CHECK(view->degraded().write == std::chrono::minutes(10));
}

}  // namespace
}  // namespace chaperone::policy
