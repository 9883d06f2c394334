// Approvals, revocations, sidecars, audit, doctor, tokens.
#include <catch2/catch.hpp>

#include "tools/chaperone/display/moment.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/testing/cli_run.h"
#include "tools/chaperone/testing/recorded_session.h"

namespace chaperone::cli {
namespace {

using namespace std::chrono_literals;
using testing::FakeControlPlane;
using testing::RunCommand;
using testing::RunResult;

const display::WallTime kNow = display::FromMicroseconds(testing::kStartUs);

v1::Approval Approval(v1::Approval::State state) {
  v1::Approval approval;
  approval.set_id("apr_01");
  approval.set_state(state);
  approval.set_required_count(2);
  approval.add_votes()->set_approve(true);
  *approval.mutable_expires_at() = ToProto(kNow + 10min);
  approval.mutable_subject()->mutable_principal()->set_subject("agent-7");
  approval.mutable_subject()->set_endpoint("shop-prod");
  approval.mutable_subject()->set_database("shop");
  approval.mutable_subject()->set_statement("UPDATE t\nSET a = 1");
  return approval;
}

TEST_CASE("approvals list shows what waits, and other states on demand") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane, {"approvals", "list"}).out == "nothing waits for approval\n");
  CHECK(control_plane.Request("ListApprovals") == "states: PENDING limit: 100");
  *control_plane.answers.approvals.add_approvals() = Approval(v1::Approval::PENDING);
  CHECK(RunCommand(control_plane, {"approvals", "list"}).out ==
        "ID      STATE    AGENT    DATABASE        EXPIRES    TOUCHES  STATEMENT\n"
        "apr_01  pending  agent-7  shop-prod/shop  in 10 min           UPDATE t\\nSET a = 1\n"
        "\nDecide with: chaperone approvals show ID\n");
  RunCommand(control_plane, {"approvals", "list", "--state", "rejected,expired", "--limit", "5", "--after", "apr_00"});
  CHECK(control_plane.Request("ListApprovals") == "states: REJECTED states: EXPIRED limit: 5 after: \"apr_00\"");
  RunCommand(control_plane, {"approvals", "list", "--all"});
  CHECK(control_plane.Request("ListApprovals") == "limit: 100");
}

TEST_CASE("approve and reject send the vote and say what it did") {
  FakeControlPlane control_plane;
  control_plane.answers.approval = Approval(v1::Approval::PENDING);
  CHECK(RunCommand(control_plane, {"approvals", "approve", "apr_01", "--comment", "ok"}).out ==
        "apr_01: your vote counts; 1 of 2 votes so far\n");
  CHECK(control_plane.Request("Approve") == "id: \"apr_01\" comment: \"ok\"");
  control_plane.answers.approval = Approval(v1::Approval::APPROVED);
  CHECK(RunCommand(control_plane, {"approvals", "approve", "apr_01"}).out ==
        "apr_01 is approved; it may run once, in 10 min at the latest\n");
  control_plane.answers.approval = Approval(v1::Approval::REJECTED);
  CHECK(RunCommand(control_plane, {"approvals", "reject", "apr_01"}).out == "apr_01 is rejected\n");
  CHECK(control_plane.Calls("Reject") == 1);
}

TEST_CASE("approvals watch prints one line for each change, or one object of JSON") {
  FakeControlPlane control_plane;
  control_plane.answers.watched = {Approval(v1::Approval::PENDING), Approval(v1::Approval::APPROVED)};
  CHECK(RunCommand(control_plane, {"approvals", "watch"}).out ==
        "14:03:07.000  apr_01  pending  agent-7  shop-prod/shop  UPDATE t\\nSET a = 1\n"
        "14:03:07.000  apr_01  approved  agent-7  shop-prod/shop  UPDATE t\\nSET a = 1\n");
  const std::string json = RunCommand(control_plane, {"approvals", "watch", "-o", "json"}).out;
  CHECK(std::ranges::count(json, '\n') == 2);
  CHECK(json.starts_with("{\"id\":\"apr_01\",\"state\":\"PENDING\""));
}

TEST_CASE("revoke sends every selector, and succeeds only when every sidecar confirmed") {
  FakeControlPlane control_plane;
  v1::RevokeResponse& revoked = control_plane.answers.revoked;
  revoked.mutable_revocation()->set_id("rev_01");
  revoked.set_sidecars(2);
  revoked.set_confirmed(2);
  revoked.set_sessions_ended(3);
  const RunResult result = RunCommand(
      control_plane, {"revoke", "--subject", "agent-7", "--task", "T-1", "--reason", "loops", "--for", "1h"});
  CHECK(result.code == 0);
  CHECK(result.out ==
        "rev_01: subject=agent-7 task=T-1 revoked; 3 sessions ended, confirmed by 2 of 2 connected sidecars\n");
  CHECK(control_plane.Request("Revoke") ==
        "selector { subject: \"agent-7\" task: \"T-1\" } reason: \"loops\" expires_at { seconds: 1764514987 }");
  RunCommand(control_plane,
             {"revoke", "--group", "g", "--human", "h", "--client", "c", "--token-id", "t", "--issuer", "i"});
  CHECK(control_plane.Request("Revoke") ==
        "selector { issuer: \"i\" group: \"g\" client: \"c\" human: \"h\" token_id: \"t\" }");
  revoked.set_confirmed(1);
  const RunResult partial = RunCommand(control_plane, {"revoke", "--subject", "agent-7"});
  CHECK(partial.code == 1);
  CHECK(partial.err.find("1 of 2 sidecars have not confirmed yet") != std::string::npos);
}

TEST_CASE("revocations are listed and lifted") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane, {"revocations", "list"}).out == "nothing is revoked\n");
  v1::Revocation& revocation = *control_plane.answers.revocations.add_revocations();
  revocation.set_id("rev_01");
  revocation.mutable_selector()->set_human("alice");
  revocation.set_created_by("bob");
  *revocation.mutable_created_at() = ToProto(kNow - 5min);
  CHECK(RunCommand(control_plane, {"revocations", "list"}).out ==
        "ID      WHO          REASON  BY   SINCE      EXPIRES\n"
        "rev_01  human=alice          bob  5 min ago  never\n");
  *control_plane.answers.lifted.mutable_revocation() = revocation;
  CHECK(RunCommand(control_plane, {"revocations", "lift", "rev_01"}).out == "rev_01: human=alice may act again\n");
}

TEST_CASE("token mint prints the token alone") {
  FakeControlPlane control_plane;
  control_plane.answers.minted.set_token("aaa.bbb.ccc");
  const RunResult result = RunCommand(control_plane, {"token", "mint", "--subject", "agent-7", "--groups", "a,b",
                                                      "--human", "alice", "--task", "T-1", "--ttl", "90s"});
  CHECK(result.out == "aaa.bbb.ccc\n");
  CHECK(result.err.empty());
  CHECK(control_plane.Request("MintToken") ==
        "subject: \"agent-7\" groups: \"a\" groups: \"b\" human: \"alice\" task: \"T-1\" ttl { seconds: 90 }");
  RunCommand(control_plane, {"token", "mint", "--subject", "x"});
  CHECK(control_plane.Request("MintToken") == "subject: \"x\"");
}

TEST_CASE("sidecars and the audit log are shown") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane, {"sidecars", "list"}).out == "no sidecar has connected yet\n");
  v1::Sidecar sidecar;
  sidecar.set_name("s1");
  sidecar.set_endpoint("shop-prod");
  sidecar.set_connected(true);
  sidecar.set_policy_revision(3);
  sidecar.set_spool_bytes(2048);
  sidecar.set_database_version("PostgreSQL 15.20");
  sidecar.add_findings()->set_code("upstream-role-superuser");
  (*sidecar.mutable_labels())["env"] = "prod";
  v1::DatabaseCatalog& database = *sidecar.add_databases();
  database.set_database("shop");
  database.add_relations()->set_name("customers");
  *control_plane.answers.sidecars.add_sidecars() = sidecar;
  control_plane.answers.sidecar = sidecar;
  const std::string list = RunCommand(control_plane, {"sidecars", "list"}).out;
  CHECK(list.find("s1    shop-prod  connected         0       3  2.0 KiB  PostgreSQL 15.20") != std::string::npos);
  CHECK(list.find("1 finding; see chaperone doctor") != std::string::npos);
  const std::string show = RunCommand(control_plane, {"sidecars", "show", "s1"}).out;
  CHECK(show.find("label:     env=prod") != std::string::npos);
  CHECK(show.find("database shop (catalog version 0): 1 relation") != std::string::npos);
  CHECK(show.find("upstream-role-superuser") != std::string::npos);

  v1::AuditEntry& entry = *control_plane.answers.audit.add_entries();
  entry.set_id("aud_01");
  entry.set_actor("bob");
  entry.set_method("PolicyService.ApplyPolicies");
  entry.set_outcome("ok");
  *entry.mutable_at() = ToProto(kNow);
  CHECK(RunCommand(control_plane, {"audit", "list", "--actor", "bob", "--limit", "1"}).out ==
        "TIME                  ACTOR  METHOD                       RESOURCE  OUTCOME  FROM  DETAIL\n"
        "2025-11-30 14:03:07Z  bob    PolicyService.ApplyPolicies            ok\n"
        "\nOlder ones: --after aud_01\n");
  CHECK(control_plane.Request("ListAuditEntries") == "limit: 1 actor: \"bob\"");
}

TEST_CASE("the doctor gathers findings from everywhere, errors first") {
  FakeControlPlane control_plane;
  testing::Answers& answers = control_plane.answers;
  SECTION("an empty installation is not well") {
    const RunResult result = RunCommand(control_plane, {"doctor"});
    CHECK(result.code == 1);
    CHECK(result.out.find("ERROR    control plane: no-policy") != std::string::npos);
    CHECK(result.out.find("ERROR    control plane: no-issuer") != std::string::npos);
    CHECK(result.out.find("warning  control plane: no-sidecar") != std::string::npos);
    CHECK(result.out.find("2 errors, 1 warning\n") != std::string::npos);
  }
  SECTION("a healthy one is") {
    answers.policies[0].set_revision(3);
    answers.policies[0].add_policies()->set_name("p");
    answers.issuers.add_issuers()->set_jwks("{}");
    v1::Sidecar& sidecar = *answers.sidecars.add_sidecars();
    sidecar.set_connected(true);
    sidecar.set_policy_revision(3);
    const RunResult result = RunCommand(control_plane, {"doctor"});
    CHECK(result.code == 0);
    CHECK(result.out == "all is well\n");
    CHECK(RunCommand(control_plane, {"doctor", "-o", "json"}).out == "{\"findings\":[]}\n");
  }
  SECTION("weaknesses are named") {
    answers.policies[0].set_revision(4);
    answers.policies[0].add_policies()->set_document("doc");
    v1::PolicyFinding& lint = *answers.lint.add_findings();
    lint.set_policy("p");
    lint.set_rule("r");
    lint.set_code("matches-nobody");
    answers.issuers.add_issuers()->set_fetch_error("connection refused");
    v1::Sidecar& behind = *answers.sidecars.add_sidecars();
    behind.set_name("s1");
    behind.set_connected(true);
    behind.set_policy_revision(3);
    behind.set_spool_bytes(100 << 20);
    v1::DoctorFinding& finding = *behind.add_findings();
    finding.set_severity("error");
    finding.set_code("upstream-role-superuser");
    v1::Sidecar& gone = *answers.sidecars.add_sidecars();
    gone.set_name("s2");
    *gone.mutable_last_seen_at() = ToProto(kNow - 2h);
    v1::Sidecar& refusing = *answers.sidecars.add_sidecars();
    refusing.set_connected(true);
    refusing.set_rejected_reason("line 3");
    v1::Session& session = *answers.sessions.add_sessions();
    *session.mutable_started_at() = ToProto(kNow);
    *session.mutable_principal()->mutable_expires_at() = ToProto(kNow + 8h);
    const RunResult result = RunCommand(control_plane, {"doctor"});
    CHECK(result.code == 1);
    for (const std::string word :
         {"ERROR    s1: upstream-role-superuser", "warning  s1: policy-behind", "warning  s1: spool-backlog",
          "warning  s2: sidecar-gone", "gone, seen 2 h ago", "snapshot-refused", "policy p/r: matches-nobody",
          "issuer-unreachable", "token-lifetime", "had 8 h left"}) {
      CAPTURE(word, result.out);
      CHECK(result.out.find(word) != std::string::npos);
    }
    CHECK(control_plane.Request("LintPolicies") == "documents: \"doc\"");
  }
  SECTION("a control plane without a linter is examined all the same") {
    answers.policies[0].add_policies();
    answers.failures["LintPolicies"] = {grpc::StatusCode::UNIMPLEMENTED, ""};
    CHECK(RunCommand(control_plane, {"doctor"}).out.find("no-issuer") != std::string::npos);
  }
}

}  // namespace
}  // namespace chaperone::cli
