#include <catch2/catch.hpp>
#include <sstream>

#include "tools/chaperone/commands/approval_view.h"
#include "tools/chaperone/commands/line_diff.h"
#include "tools/chaperone/commands/policy_files.h"
#include "tools/chaperone/commands/policy_reach.h"
#include "tools/chaperone/proto_time.h"

namespace chaperone::cli {
namespace {

using namespace std::chrono_literals;

const display::WallTime kNow = display::FromMicroseconds(1'764'511'387'000'000);

v1::Approval PendingUpdate() {
  v1::Approval approval;
  approval.set_id("apr_01");
  approval.set_state(v1::Approval::PENDING);
  approval.set_policy("coding-agents");
  approval.set_rule("writes-need-a-human");
  approval.set_reason("Writes need a second pair of eyes.");
  approval.add_approvers("db-owners");
  approval.set_required_count(2);
  v1::ApprovalVote& vote = *approval.add_votes();
  vote.set_approver("bob");
  vote.set_approve(true);
  vote.set_comment("fine by me");
  *vote.mutable_voted_at() = ToProto(kNow - 1min);
  *approval.mutable_created_at() = ToProto(kNow - 90s);
  *approval.mutable_expires_at() = ToProto(kNow + 13min + 30s);
  v1::ApprovalSubject& subject = *approval.mutable_subject();
  subject.mutable_principal()->set_subject("agent-7");
  subject.mutable_principal()->set_human("alice@example.com");
  subject.mutable_principal()->set_task("T-1");
  subject.mutable_principal()->add_groups("coding-agents");
  subject.set_endpoint("shop-prod");
  subject.set_database("shop");
  subject.set_role("chaperone");
  subject.set_session_id("ses_01");
  subject.add_search_path("public");
  subject.set_statement("UPDATE customers\nSET bal = $1\nWHERE id = $2");
  subject.add_needs("update public.customers");
  subject.add_needs("read public.customers");
  v1::ApprovalParameter& first = *subject.add_parameters();
  first.set_value("10.50");
  first.set_type_oid(1700);
  subject.add_parameters()->set_is_null(true);
  subject.mutable_blast_radius()->set_estimated_rows(1234.4);
  subject.mutable_blast_radius()->set_relation("public.customers");
  return approval;
}

TEST_CASE("an approval shows all that a human needs to decide, and how") {
  CHECK(ApprovalText(PendingUpdate(), kNow, false) == R"(apr_01 is pending

  | UPDATE customers
  | SET bal = $1
  | WHERE id = $2
  $1 = 10.50  (numeric)
  $2 = NULL

agent:        agent-7
for:          alice@example.com
task:         T-1
groups:       coding-agents
database:     shop-prod/shop as chaperone
search path:  public
session:      ses_01
needs:        update public.customers, read public.customers
touches:      ~1,234 rows of public.customers
rule:         writes-need-a-human of coding-agents
reason:       Writes need a second pair of eyes.
approvers:    1 of 2 needed, from: db-owners
asked:        1 min 30 s ago
deadline:     expires undecided in 13 min 30 s (2025-11-30 14:16:37Z)

votes:
  2025-11-30 14:02:07Z bob approved: fine by me

Decide:
  chaperone approvals approve apr_01
  chaperone approvals reject apr_01 --comment "why"
)");
}

TEST_CASE("an agent cannot dress up its statement for the approver") {
  v1::Approval approval = PendingUpdate();
  approval.mutable_subject()->set_statement(
      "UPDATE customers SET bal = 0 -- \x1b[1A\x1b[2K\r\x1b[8m\ntouches:      ~1 row of public.notes\xe2\x80\xae");
  approval.mutable_subject()->mutable_principal()->set_task("T-1\ntouches:      ~1 row\x1b[31m");
  approval.mutable_subject()->mutable_parameters(0)->set_value(
      "1\n\x9b"
      "31m$9 = harmless");
  const std::string text = ApprovalText(approval, kNow, false);
  CHECK(text.find_first_of("\x1b\r\x9b") == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  CHECK(text.find("\ntouches:      ~1 row") == std::string::npos);
  CHECK(text.find("\ntouches:      ~1,234 rows of public.customers\n") != std::string::npos);
  CHECK(text.find("  | touches:      ~1 row of public.notes\\u{202e}\n") != std::string::npos);
}

TEST_CASE("a long statement is cut with a remark, and whole on demand") {
  v1::Approval approval = PendingUpdate();
  approval.mutable_subject()->set_statement("SELECT " + std::string(20'000, 'x') + "; DROP TABLE t");
  CHECK(ApprovalText(approval, kNow, false).find("DROP TABLE") == std::string::npos);
  CHECK(ApprovalText(approval, kNow, false).find("more⟩") != std::string::npos);
  CHECK(ApprovalText(approval, kNow, true).find("DROP TABLE") != std::string::npos);
}

TEST_CASE("an estimate that could not be made says why, and hostile numbers do no harm") {
  v1::ApprovalSubject subject;
  CHECK(BlastRadiusText(subject).empty());
  subject.mutable_blast_radius()->set_unavailable("the statement has no plan");
  CHECK(BlastRadiusText(subject) == "no estimate: the statement has no plan");
  subject.mutable_blast_radius()->clear_unavailable();
  subject.mutable_blast_radius()->set_estimated_rows(1e300);
  CHECK(BlastRadiusText(subject).starts_with("~1,000,000,000,000,000,000 rows"));
  subject.mutable_blast_radius()->set_estimated_rows(-5);
  CHECK(BlastRadiusText(subject).starts_with("~0 rows"));
}

TEST_CASE("a policy that reached none of the sessions seen is named") {
  const auto policy = [](const std::string& name, const std::string& group, const std::string& effect) {
    v1::Policy stored;
    stored.set_name(name);
    stored.set_document("apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: " + name +
                        "}\nprincipals: [{groups: [" + group +
                        "]}]\ndatabases: [\"shop-prod/*\"]\nstatements:\n"
                        "  - {id: s, effect: " +
                        effect + ", actions: [read], resources: [\"public.*\"]}\n");
    return stored;
  };
  v1::ListPoliciesResponse bundle;
  *bundle.add_policies() = policy("used", "agents", "allow");
  *bundle.add_policies() = policy("misspelt", "agnets", "allow");
  *bundle.add_policies() = policy("fence", "agnets", "deny");
  bundle.add_policies()->set_document("not a policy");
  v1::ListSessionsResponse sessions;
  const v1::ListSidecarsResponse fleet;
  CHECK(PoliciesThatReachNobody(bundle, sessions, fleet).empty());
  v1::Session& session = *sessions.add_sessions();
  session.set_endpoint("shop-prod");
  session.set_database("shop");
  session.mutable_principal()->set_subject("agent-7");
  session.mutable_principal()->add_groups("agents");
  CHECK(PoliciesThatReachNobody(bundle, sessions, fleet) == std::vector<std::string>{"misspelt"});
  session.set_endpoint("other");
  CHECK(PoliciesThatReachNobody(bundle, sessions, fleet) == std::vector<std::string>{"used", "misspelt"});
}

std::vector<std::string> Texts(std::string_view text) {
  std::vector<std::string> texts;
  for (const PolicyDocument& document : SplitDocuments(text, "p.yaml")) {
    texts.push_back(document.text);
  }
  return texts;
}

TEST_CASE("a file is split at document markers, byte for byte") {
  CHECK(Texts("a: 1\n") == std::vector<std::string>{"a: 1\n"});
  CHECK(Texts("---\na: 1\n---\nb: 2") == std::vector<std::string>{"a: 1\n", "b: 2"});
  CHECK(Texts("# head\n---\na: 1\n--- # next\nb: 2\n...\n\n---\n# nothing\n") ==
        std::vector<std::string>{"a: 1\n", "b: 2\n"});
  CHECK(Texts("a: |\n  text\n  ---\n---x: 1\n") == std::vector<std::string>{"a: |\n  text\n  ---\n---x: 1\n"});
  CHECK(Texts("--- {a: 1}\nb: 2\n") == std::vector<std::string>{"{a: 1}\nb: 2\n"});
  CHECK(Texts("a: 1\r\n---\r\nb: 2\r\n") == std::vector<std::string>{"a: 1\r\n", "b: 2\r\n"});
  CHECK(Texts("").empty());
  CHECK(Texts("# only\n\n").empty());
}

TEST_CASE("each document knows where it starts") {
  const auto documents = SplitDocuments("# x\n---\na: 1\n---\nb: 2\n--- c: 3\n", "p.yaml");
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].line == 3);
  CHECK(documents[1].line == 5);
  CHECK(documents[2].line == 6);
  CHECK(DocumentLegend(documents) == "1 is p.yaml:3, 2 is p.yaml:5, 3 is p.yaml:6");
  CHECK(DocumentLegend(SplitDocuments("a: 1\n", "p.yaml")).empty());
}

TEST_CASE("documents past the bounds are refused with their place") {
  std::istringstream in("a: 1\n---\nb: " + std::string(kDocumentBytesMax, 'x'));
  const auto large = ReadPolicyDocuments({"-"}, in);
  CHECK(large.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(base::Message(large.status()).find("standard input:3") != std::string_view::npos);
  std::string many;
  for (size_t i = 0; i <= kDocumentsMax; ++i) {
    many += "---\na: 1\n";
  }
  std::istringstream many_in(many);
  CHECK(ReadPolicyDocuments({"-"}, many_in).status().code() == absl::StatusCode::kResourceExhausted);
  std::istringstream empty("# nothing\n");
  CHECK(ReadPolicyDocuments({"-"}, empty).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a diff shows changed lines with context and joins what is near") {
  CHECK(UnifiedDiff("a", "x\n", "b", "x\n").empty());
  CHECK(UnifiedDiff("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "b", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n") ==
        "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  CHECK(UnifiedDiff("a", "", "b", "1\n2\n") == "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+1\n+2\n");
  CHECK(UnifiedDiff("a", "1\n2\n", "b", "") == "--- a\n+++ b\n@@ -1,2 +0,0 @@\n-1\n-2\n");
  CHECK(UnifiedDiff("a", "1\n2\n3\n", "b", "0\n1\n2\n4\n") == "--- a\n+++ b\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n-3\n+4\n");
  std::string before;
  std::string after;
  for (int i = 1; i <= 30; ++i) {
    before += std::to_string(i) + "\n";
    after += (i == 5 || i == 25 ? "x" : std::to_string(i)) + "\n";
  }
  CHECK(UnifiedDiff("a", before, "b", after) ==
        "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"
        "@@ -22,7 +22,7 @@\n 22\n 23\n 24\n-25\n+x\n 26\n 27\n 28\n");
}

TEST_CASE("a diff of texts that share nothing ends in bounded time") {
  std::string before;
  std::string after;
  for (int i = 0; i < 6000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  const std::string diff = UnifiedDiff("a", before, "b", after);
  CHECK(diff.find("@@ -1,6000 +1,6000 @@") != std::string::npos);
}

}  // namespace
}  // namespace chaperone::cli
