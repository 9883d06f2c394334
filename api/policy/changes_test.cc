#include "api/policy/changes.h"

#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

using Lines = std::vector<std::string>;

Lines Changes(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  const auto parse = [](const std::vector<std::string>& texts) {
    std::vector<std::shared_ptr<const Document>> documents;
    for (const std::string& text : texts) {
      documents.push_back(MustParse(text));
    }
    return documents;
  };
  return DescribeChanges(parse(before), parse(after));
}

Lines BodyChanges(std::string_view before, std::string_view after) {
  return Changes({DocumentFor("p", before)}, {DocumentFor("p", after)});
}

std::string Rule(std::string_view fields) { return fmt::format("statements:\n  - {{id: r, {}}}\n", fields); }
std::string Mask(std::string_view fields) { return fmt::format("masking:\n  - {{id: m, {}}}\n", fields); }

TEST_CASE("documents come and go") {
  CHECK(Changes({DocumentFor("old", "")}, {DocumentFor("new", "")}) == Lines{"added new", "deleted old"});
  CHECK(Changes({}, {}).empty());
}

TEST_CASE("layout, order and comments are no change") {
  CHECK(BodyChanges(Rule("effect: allow, actions: [read, insert], resources: ['a.*', 'b.*']") + "limits: {sessions: 3}",
                    "# tidied\nlimits:\n  sessions: 3\n" +
                        Rule("resources: ['b.*', 'a.*'], effect: allow, actions: [insert, read]"))
            .empty());
}

TEST_CASE("changes of statements") {
  const std::string allow = Rule("effect: allow, actions: [read], resources: ['a.*']");
  CHECK(BodyChanges(allow, Rule("effect: deny, actions: [read], resources: ['a.*']")) ==
        Lines{"changed p: statement r: effect allow -> deny"});
  CHECK(BodyChanges(allow, Rule("effect: allow, actions: [read, insert], resources: ['a.*', 'b.*'], reason: Why., "
                                "when: {human: present, labels: {env: prod}}")) ==
        Lines{"changed p: statement r: actions [read] -> [insert, read]", "changed p: statement r: resources: +b.*",
              "changed p: statement r: reason unset -> Why.", "changed p: statement r: when.labels: +env=prod",
              "changed p: statement r: when.human unset -> present"});
  CHECK(BodyChanges("", allow) == Lines{"changed p: statement r added: allow [read] on a.*"});
  CHECK(BodyChanges(allow, "") == Lines{"changed p: statement r deleted: allow [read] on a.*"});
  const std::string held = "effect: require_approval, actions: [delete], resources: ['*'], ";
  CHECK(BodyChanges(Rule(held + "approval: {approvers: [a], expires: 10m}"),
                    Rule(held + "approval: {approvers: [b], count: 2, blast_radius: estimate}, "
                                "when: {where: present, max_affected_rows: 5, time: {zone: UTC, days: [mon]}}"
                                "")) == Lines{"changed p: statement r: when.where unset -> present",
                                              "changed p: statement r: when.max_affected_rows unset -> 5",
                                              "changed p: statement r: when.time unset -> mon 00:00-24:00 UTC",
                                              "changed p: statement r: approval.approvers: +b -a",
                                              "changed p: statement r: approval.count 1 -> 2",
                                              "changed p: statement r: approval.expires 10m -> 15m",
                                              "changed p: statement r: approval.blast_radius unset -> estimate"});
}

TEST_CASE("changes of masks") {
  CHECK(BodyChanges(Mask("columns: ['*.*.ssn'], method: redact"),
                    Mask("columns: ['*.*.ssn', '*.*.email'], method: keep_last_4, in_predicates: equality")) ==
        Lines{"changed p: mask m: columns: +*.*.email", "changed p: mask m: method redact -> keep_last_4",
              "changed p: mask m: in_predicates deny -> equality", "changed p: mask m: equality_budget unset -> 100"});
  CHECK(BodyChanges("", Mask("detect: [email, secret_key], method: hash")) ==
        Lines{"changed p: mask m added: hash email, secret_key"});
  CHECK(BodyChanges(Mask("patterns: [{name: a, regex: x+}], method: hash"), "") ==
        Lines{"changed p: mask m deleted: hash a: x+"});
}

TEST_CASE("changes of principals, databases, mode and settings") {
  const std::string before =
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: p}\nprincipals: [{groups: [a], human: present}]\n"
      "databases: ['shop/*']\n";
  const std::string after =
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: p, description: Agents.}\nmode: observe\n"
      "principals: [{groups: [a, b]}]\ndatabases: ['shop/*', 'dev/*']\n"
      "limits: {rows_per_statement: 5, statement_timeout: 30s, per_principal: {rows: 9, window: 1d}}\n"
      "recording: {results: none}\ndegraded: {write: 10m}\n";
  CHECK(Changes({before}, {after}) ==
        Lines{"changed p: mode enforce -> observe", "changed p: description unset -> Agents.",
              "changed p: principals: +{groups: [a, b]} -{groups: [a], human: present}", "changed p: databases: +dev/*",
              "changed p: limits.rows_per_statement unset -> 5", "changed p: limits.statement_timeout unset -> 30s",
              "changed p: limits.per_principal.rows unset -> 9", "changed p: limits.per_principal.window unset -> 1d",
              "changed p: recording.results unset -> none", "changed p: degraded.write unset -> 10m"});
}

}  // namespace
}  // namespace chaperone::policy
