// policy …
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/testing/cli_run.h"
#include "tools/chaperone/testing/recorded_session.h"

namespace chaperone::cli {
namespace {

using namespace std::chrono_literals;
using testing::FakeControlPlane;
using testing::RunCommand;
using testing::RunResult;

// A folder with files, gone afterwards.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("chaperone_cli_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

v1::RolloutStatus Rollout(const std::string& sidecar, v1::RolloutStatus::State state,
                          std::chrono::milliseconds elapsed) {
  v1::RolloutStatus status;
  status.set_sidecar(sidecar);
  status.set_state(state);
  *status.mutable_elapsed() = ToProto(elapsed);
  return status;
}

TEST_CASE("policy apply sends each document by itself, from files, folders and standard input") {
  FakeControlPlane control_plane;
  control_plane.answers.applied.set_revision(8);
  control_plane.answers.applied.add_changes("changed a");
  Folder folder;
  folder.Write("b.yaml", "---\nb: 1\n---\nb: 2\n");
  folder.Write("a.yml", "a: 1\n");
  folder.Write("notes.txt", "not a policy");
  const RunResult result =
      RunCommand(control_plane,
                 {"policy", "apply", "-f", folder.path(), "-f", "-", "--expected-revision", "7", "--comment", "T-1"},
                 {.input = "c: 1\n"});
  CHECK(result.code == 0);
  CHECK(result.out == "changed a\nrevision 8\n");
  CHECK(control_plane.Request("ApplyPolicies") ==
        "documents: \"a: 1\\n\" documents: \"b: 1\\n\" documents: \"b: 2\\n\" documents: \"c: 1\\n\" "
        "expected_revision: 7 comment: \"T-1\"");
}

TEST_CASE("a dry run changes nothing and says so; findings that are errors fail") {
  FakeControlPlane control_plane;
  control_plane.answers.applied.set_revision(7);
  control_plane.answers.applied.add_changes("changed a");
  CHECK(RunCommand(control_plane, {"policy", "apply", "-f", "-", "--dry-run"}, {.input = "a: 1\n"}).out ==
        "would: changed a\nrevision 7 stays (dry run)\n");
  CHECK(control_plane.Request("ApplyPolicies") == "documents: \"a: 1\\n\" dry_run: true");
  CHECK(RunCommand(control_plane, {"policy", "apply", "-f", "-", "--dry-run", "--wait"}, {.input = "a: 1\n"}).code ==
        2);
  v1::PolicyFinding& finding = *control_plane.answers.applied.add_findings();
  finding.set_severity(v1::PolicyFinding::ERROR);
  finding.set_policy("p");
  finding.set_rule("r");
  finding.set_line(12);
  finding.set_code("unknown-approvers");
  finding.set_message("nobody can approve");
  const RunResult failed = RunCommand(control_plane, {"policy", "apply", "-f", "-", "--dry-run"}, {.input = "a: 1\n"});
  CHECK(failed.code == 1);
  CHECK(failed.out.find("error p/r line 12 unknown-approvers: nobody can approve\n") == 0);
}

TEST_CASE("apply --wait reports each sidecar's answer and its time") {
  FakeControlPlane control_plane;
  control_plane.answers.applied.set_revision(8);
  auto& rollout = control_plane.answers.rollout;
  const std::vector<std::string> apply = {"policy", "apply", "-f", "-", "--wait"};
  SECTION("all acknowledged") {
    rollout = {Rollout("s1", v1::RolloutStatus::PENDING, 0ms), Rollout("s1", v1::RolloutStatus::ACKNOWLEDGED, 12ms),
               Rollout("s2", v1::RolloutStatus::ACKNOWLEDGED, 120ms)};
    const RunResult result = RunCommand(control_plane, apply, {.input = "a: 1\n"});
    CHECK(result.code == 0);
    CHECK(result.out ==
          "nothing changes\nrevision 8\ns1: in force after 12 ms\ns2: in force after 120 ms\n"
          "revision 8 is in force on 2 sidecars, the last after 120 ms\n");
    CHECK(control_plane.Request("WatchRollout") == "revision: 8");
  }
  SECTION("one refused") {
    rollout = {Rollout("s1", v1::RolloutStatus::ACKNOWLEDGED, 12ms), Rollout("s2", v1::RolloutStatus::REJECTED, 5ms)};
    rollout[1].set_reason("unknown key");
    const RunResult result = RunCommand(control_plane, apply, {.input = "a: 1\n"});
    CHECK(result.code == 1);
    CHECK(result.out.find("s2: REFUSED after 5.0 ms: unknown key\n") != std::string::npos);
    CHECK(result.err.find("revision 8 was refused by: s2") != std::string::npos);
  }
  SECTION("one silent") {
    rollout = {Rollout("s1", v1::RolloutStatus::ACKNOWLEDGED, 12ms), Rollout("s2", v1::RolloutStatus::PENDING, 0ms)};
    control_plane.answers.failures["WatchRollout"] = {grpc::StatusCode::DEADLINE_EXCEEDED, ""};
    const RunResult result = RunCommand(control_plane, apply, {.input = "a: 1\n"});
    CHECK(result.code == 1);
    CHECK(result.err.find("no answer from: s2") != std::string::npos);
  }
  SECTION("none connected") {
    CHECK(RunCommand(control_plane, apply, {.input = "a: 1\n"}).out.find("no sidecar is connected") !=
          std::string::npos);
  }
}

TEST_CASE("an error about a document can be found in the file that holds it") {
  FakeControlPlane control_plane;
  control_plane.answers.failures["ApplyPolicies"] = {grpc::StatusCode::INVALID_ARGUMENT,
                                                     "document 2:1: unknown key \"b\""};
  const RunResult result = RunCommand(control_plane, {"policy", "apply", "-f", "-"}, {.input = "a: 1\n---\nb: 2\n"});
  CHECK(result.code == 1);
  CHECK(result.err ==
        "chaperone: document 2:1: unknown key \"b\" (document 1 is standard input:1, 2 is standard input:3)\n");
  CHECK(
      RunCommand(control_plane, {"policy", "apply", "-f", "/no/such/file"}).err.find("/no/such/file does not exist") !=
      std::string::npos);
}

TEST_CASE("policies are listed and printed byte for byte") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane, {"policy", "list"}).out.find("no policies: every agent is refused") == 0);
  const std::string document = "kind: Policy\nmetadata: {name: ä}   # 東京\n\n  # end\n";
  control_plane.answers.policy.set_document(document);
  CHECK(RunCommand(control_plane, {"policy", "get", "ä", "--revision", "3"}).out == document);
  CHECK(control_plane.Request("GetPolicy").find("revision: 3") != std::string::npos);
  v1::ListPoliciesResponse& current = control_plane.answers.policies[0];
  current.set_revision(8);
  v1::Policy& policy = *current.add_policies();
  policy.set_name("shop");
  policy.set_revision(5);
  policy.set_changed_by("alice");
  *policy.mutable_changed_at() = ToProto(display::FromMicroseconds(testing::kStartUs));
  CHECK(RunCommand(control_plane, {"policy", "list"}).out ==
        "NAME  REVISION  CHANGED               BY\n"
        "shop         5  2025-11-30 14:03:07Z  alice\n"
        "\nThe bundle is at revision 8.\n");
  CHECK(RunCommand(control_plane, {"policy", "list", "-o", "json"}).out.find("\"revision\": \"8\"") !=
        std::string::npos);
  v1::PolicyRevision& revision = *control_plane.answers.revisions.add_revisions();
  revision.set_revision(8);
  revision.add_changes("changed shop");
  revision.add_changes("deleted old");
  CHECK(RunCommand(control_plane, {"policy", "history", "shop"}).out.find("changed shop; deleted old") !=
        std::string::npos);
  CHECK(control_plane.Request("ListPolicyRevisions") == "name: \"shop\" limit: 100");
}

TEST_CASE("delete and rollback make a revision and can wait for it") {
  FakeControlPlane control_plane;
  control_plane.answers.applied.set_revision(9);
  control_plane.answers.applied.add_changes("rolled back to 3");
  control_plane.answers.rollout = {Rollout("s1", v1::RolloutStatus::ACKNOWLEDGED, 1ms)};
  const RunResult rollback =
      RunCommand(control_plane, {"policy", "rollback", "3", "--wait", "--expected-revision", "8"});
  CHECK(rollback.code == 0);
  CHECK(rollback.out.find("rolled back to 3\nrevision 9\ns1: in force after 1.0 ms\n") == 0);
  CHECK(control_plane.Request("RollbackPolicies") == "revision: 3 expected_revision: 8");
  RunCommand(control_plane, {"policy", "delete", "old", "--comment", "gone"});
  CHECK(control_plane.Request("DeletePolicy") == "name: \"old\" comment: \"gone\"");
}

TEST_CASE("lint exits 1 on errors and 0 on warnings") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane, {"policy", "lint", "-f", "-"}, {.input = "a: 1\n"}).out == "no findings\n");
  v1::PolicyFinding& finding = *control_plane.answers.lint.add_findings();
  finding.set_severity(v1::PolicyFinding::WARNING);
  finding.set_policy("p");
  finding.set_code("shadowed-rule");
  finding.set_message("never fires");
  const RunResult warned = RunCommand(control_plane, {"policy", "lint", "-f", "-"}, {.input = "a: 1\n"});
  CHECK(warned.code == 0);
  CHECK(warned.out == "warning p shadowed-rule: never fires\n");
  finding.set_severity(v1::PolicyFinding::ERROR);
  CHECK(RunCommand(control_plane, {"policy", "lint", "-f", "-"}, {.input = "a: 1\n"}).code == 1);
}

TEST_CASE("simulate sends statement and principal, and prints verdict, facts and masks") {
  FakeControlPlane control_plane;
  v1::SimulatePolicyResponse& simulation = control_plane.answers.simulation;
  simulation.set_decision("deny");
  simulation.set_policy("agents");
  simulation.set_rule("no-bulk-delete");
  simulation.set_action("delete");
  simulation.set_resource("public.orders");
  simulation.set_session_refused(true);
  simulation.add_facts("delete public.orders");
  v1::SimulatedColumn& column = *simulation.add_columns();
  column.set_name("email");
  column.add_sources("public.customers.email");
  column.set_method("redact");
  column.set_rule("agents/pii");
  v1::SimulatedColumn& note = *simulation.add_columns();
  note.set_name("note");
  note.add_detectors("agents/found");
  const RunResult result = RunCommand(
      control_plane, {"policy", "simulate", "--sql", "DELETE FROM orders", "--database", "shop-prod/shop", "--subject",
                      "agent-7", "--groups", "a,b", "--search-path", "app,public", "--revision", "3"});
  CHECK(result.code == 0);
  CHECK(result.out ==
        "decision:  deny\nrule:      agents/no-bulk-delete\nabout:     delete public.orders\n"
        "session:   refused: no policy grants this principal anything there\n"
        "\nfacts:\n  delete public.orders\n\n"
        "COLUMN  FROM                    MASK                RULE\n"
        "email   public.customers.email  redact              agents/pii\n"
        "note                            none, but searched  agents/found\n");
  CHECK(control_plane.Request("SimulatePolicy") ==
        "sql: \"DELETE FROM orders\" scope { principal { subject: \"agent-7\" groups: \"a\" groups: \"b\" } "
        "database: \"shop-prod/shop\" revision: 3 } search_path: \"app\" search_path: \"public\"");
  CHECK(RunCommand(control_plane, {"policy", "simulate", "--database", "e/d", "--subject", "a"}).code == 2);
}

TEST_CASE("simulate takes the statement from a file or the input, and documents in place of a revision") {
  FakeControlPlane control_plane;
  CHECK(RunCommand(control_plane, {"policy", "simulate", "--sql-file", "-", "--database", "e/d", "--subject", "a"},
                   {.input = "SELECT 1"})
            .code == 0);
  CHECK(control_plane.Request("SimulatePolicy") ==
        "sql: \"SELECT 1\" scope { principal { subject: \"a\" } database: \"e/d\" }");
  CHECK(RunCommand(control_plane,
                   {"policy", "simulate", "--sql", "SELECT 1", "--database", "e/d", "--subject", "a", "-f", "-"},
                   {.input = "kind: Policy\n"})
            .code == 0);
  CHECK(control_plane.Request("SimulatePolicy") ==
        "sql: \"SELECT 1\" scope { principal { subject: \"a\" } database: \"e/d\" documents: \"kind: Policy\\n\" }");
  CHECK(RunCommand(control_plane,
                   {"policy", "simulate", "--sql-file", "-", "--database", "e/d", "--subject", "a", "-f", "-"},
                   {.input = "kind: Policy\n"})
            .code == 2);
}

TEST_CASE("explain-mask prints each column with its reasons") {
  FakeControlPlane control_plane;
  control_plane.answers.explanation.set_table("public.customers");
  v1::ExplainedColumn& email = *control_plane.answers.explanation.add_columns();
  email.mutable_column()->set_name("email");
  email.mutable_column()->set_method("redact");
  email.mutable_column()->set_rule("agents/pii");
  email.set_type("text");
  email.set_in_predicates("deny");
  email.add_because("*.*.email names it");
  v1::ExplainedColumn& id = *control_plane.answers.explanation.add_columns();
  id.mutable_column()->set_name("id");
  id.set_type("int8");
  id.add_because("no masking rule names it");
  const RunResult result =
      RunCommand(control_plane, {"policy", "explain-mask", "customers", "--database", "shop-prod/shop"});
  CHECK(result.code == 0);
  CHECK(result.out ==
        "public.customers\n\n"
        "COLUMN  TYPE  MASK    RULE        IN PREDICATES  BECAUSE\n"
        "email   text  redact  agents/pii  deny           *.*.email names it\n"
        "id      int8  none                               no masking rule names it\n");
  CHECK(control_plane.Request("ExplainMask") == "table: \"customers\" scope { database: \"shop-prod/shop\" }");
}

TEST_CASE("suggest prints the document, and nothing else") {
  FakeControlPlane control_plane;
  control_plane.answers.suggestion.set_document("# Edit me.\nkind: Policy\n");
  const RunResult result = RunCommand(control_plane, {"policy", "suggest", "--database", "shop-prod/shop", "--groups",
                                                      "agents", "--approvers", "owners"});
  CHECK(result.code == 0);
  CHECK(result.out == "# Edit me.\nkind: Policy\n");
  CHECK(control_plane.Request("SuggestPolicy") ==
        "database: \"shop-prod/shop\" groups: \"agents\" approvers: \"owners\"");
}

TEST_CASE("diff compares revisions, or the bundle with files") {
  FakeControlPlane control_plane;
  const auto set = [&](uint64_t key, uint64_t revision, const std::string& document) {
    control_plane.answers.policies[key].set_revision(revision);
    v1::Policy& policy = *control_plane.answers.policies[key].add_policies();
    policy.set_name("shop");
    policy.set_document(document);
  };
  set(0, 8, "metadata: {name: shop}\na: 2\n");
  set(3, 3, "metadata: {name: shop}\na: 1\n");
  CHECK(RunCommand(control_plane, {"policy", "diff", "--from", "3"}).out ==
        "--- shop (revision 3)\n+++ shop (revision 8)\n@@ -1,2 +1,2 @@\n metadata: {name: shop}\n-a: 1\n+a: 2\n");
  CHECK(RunCommand(control_plane, {"policy", "diff", "--from", "3", "--to", "3"}).out == "no difference\n");
  CHECK(RunCommand(control_plane, {"policy", "diff", "-f", "-"}, {.input = "metadata: {name: shop}\na: 3\n"}).out ==
        "--- shop (revision 8)\n+++ shop (files)\n@@ -1,2 +1,2 @@\n metadata: {name: shop}\n-a: 2\n+a: 3\n");
  CHECK(RunCommand(control_plane, {"policy", "diff", "-f", "-"}, {.input = "metadata: {name: new}\n"}).out ==
        "--- new (absent)\n+++ new (files)\n@@ -0,0 +1,1 @@\n+metadata: {name: new}\n");
  CHECK(RunCommand(control_plane, {"policy", "diff", "other", "--from", "3"}).out == "no difference\n");
  CHECK(RunCommand(control_plane, {"policy", "diff", "-f", "-", "--to", "3"}, {.input = "a: 1\n"}).code == 2);
}

}  // namespace
}  // namespace chaperone::cli
