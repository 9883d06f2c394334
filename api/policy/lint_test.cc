#include "api/policy/lint.h"

#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

std::vector<Finding> LintOf(const std::vector<std::string>& documents, const LintOptions& options = {}) {
  std::vector<std::shared_ptr<const Document>> parsed;
  for (const std::string& document : documents) {
    parsed.push_back(MustParse(document));
  }
  return Lint(parsed, options);
}

// "code@policy/rule" of every finding, by policy and line.
std::string Codes(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{}{}@{}{}{}", text.empty() ? "" : " ", finding.code, finding.policy,
                        finding.rule.empty() ? "" : "/", finding.rule);
  }
  return text;
}

// A document for one group, so that it is not for everybody.
std::string Agents(std::string_view name, std::string_view body) {
  return fmt::format(
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {{name: {}}}\nprincipals: [{{groups: [agents]}}]\n"
      "databases: [\"shop/*\"]\n{}\n",
      name, body);
}

std::string Statements(const std::vector<std::string>& rules) {
  std::string body = "statements:\n";
  for (const std::string& rule : rules) {
    body += "  - {" + rule + "}\n";
  }
  return body;
}

const std::string kRead = "id: read, effect: allow, actions: [read], resources: ['public.*']";

struct Case {
  const char* what;
  std::vector<std::string> rules;
  // Top level, behind the rules.
  const char* rest;
  const char* codes;
};

TEST_CASE("a sound document has no findings") {
  CHECK(Codes(LintOf({Agents("p", Statements({kRead,
                                              "id: write, effect: require_approval, actions: [insert, update, delete], "
                                              "resources: ['public.*'], approval: {approvers: [owners]}",
                                              "id: ddl, effect: deny, actions: [ddl], resources: ['*']",
                                              "id: bulk, effect: deny, actions: [update, delete], resources: ['*'], "
                                              "when: {where: absent}"}) +
                                      "masking:\n  - {id: m, columns: ['*.*.ssn'], method: redact}\n"
                                      "limits: {sessions: 5}\ndegraded: {read: 1h, write: 0s}")}))
            .empty());
}

TEST_CASE("findings about one document") {
  const Case cases[] = {
      {"observe", {kRead}, "mode: observe", "observe-mode@p"},
      {"long grace", {kRead}, "degraded: {read: 2d, write: 1h}", "degraded-read-long@p degraded-write-long@p"},
      {"unknown", {"id: u, effect: allow, actions: [unknown], resources: ['*']"}, "", "grants-unknown@p/u"},
      {"unknown held",
       {"id: u, effect: require_approval, actions: [unknown], resources: ['*'], approval: {approvers: [a]}"},
       "",
       "grants-unknown@p/u"},
      {"all",
       {"id: a, effect: allow, actions: ['*'], resources: ['*']"},
       "",
       "allow-everything@p/a unbounded-write@p/a"},
      {"admin",
       {"id: a, effect: allow, actions: [admin, copy_file], resources: ['*']"},
       "",
       "allow-dangerous@p/a allow-dangerous@p/a"},
      {"capitals", {"id: c, effect: allow, actions: [read], resources: [public.Orders]"}, "", "upper-case@p/c"},
      {"quoted capitals", {"id: c, effect: allow, actions: [read], resources: ['public.\"Orders\"']"}, "", ""},
      {"application's setting",
       {"id: s, effect: deny, actions: [session], resources: [app.tenant, 'app.*', role, search_path, all, "
        "'enable_*']"},
       "",
       "setting-needs-admin@p/s setting-needs-admin@p/s setting-needs-admin@p/s"},
      {"mixed", {"id: m, effect: allow, actions: [read, session], resources: [search_path]"}, "", "no-schema@p/m"},
      {"time",
       {"id: t, effect: allow, actions: [read], resources: ['*'], when: {time: {zone: UTC}}"},
       "",
       "time-always@p/t"},
      {"long approval",
       {"id: h, effect: require_approval, actions: [insert], resources: ['*'], approval: {approvers: [a], expires: "
        "3d}"},
       "",
       "approval-long@p/h"},
      {"agents approve",
       {"id: h, effect: require_approval, actions: [insert], resources: ['*'], approval: {approvers: [agents, a]}"},
       "",
       "approver-is-agent@p/h"},
      {"guessable",
       {kRead},
       "masking:\n  - {id: m, columns: ['*.*.ssn'], method: redact, in_predicates: allow}",
       "mask-guessable@p/m"},
      {"mask of nothing",
       {kRead},
       "masking:\n  - {id: m, columns: ['publc.*.ssn'], method: redact}",
       "mask-without-read@p/m"},
      {"mask in a mask",
       {kRead},
       "masking:\n  - {id: m, columns: ['*.*.ssn'], method: redact}\n  - {id: n, columns: [public.t.ssn], method: "
       "email}",
       "shadowed-mask@p/n"},
      {"mask with another purpose",
       {kRead},
       "masking:\n  - {id: m, columns: ['*.*.ssn'], method: email}\n  - {id: n, columns: [public.t.ssn], method: "
       "redact}",
       ""},
      {"empty", {}, "", "empty-policy@p"},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    const std::string rules = c.rules.empty() ? "" : Statements(c.rules);
    CHECK(Codes(LintOf({Agents("p", rules + c.rest)})) == c.codes);
  }
}

TEST_CASE("findings about rules that meet") {
  const Case cases[] = {
      {"denied",
       {kRead, "id: no, effect: deny, actions: [read, ddl], resources: ['*']"},
       "",
       "shadowed-by-deny@p/read"},
      {"denied in parts",
       {"id: r, effect: allow, actions: [read, insert], resources: [a.x, b.y]",
        "id: n1, effect: deny, actions: [read, insert], resources: ['a.*']",
        "id: n2, effect: deny, actions: ['*'], resources: ['*.y']"},
       "",
       "shadowed-by-deny@p/r"},
      {"partly denied", {kRead, "id: no, effect: deny, actions: [read], resources: ['public.pay*']"}, "", ""},
      {"conditionally denied",
       {kRead, "id: no, effect: deny, actions: [read], resources: ['*'], when: {human: absent}"},
       "",
       ""},
      {"held",
       {kRead, "id: h, effect: require_approval, actions: ['*'], resources: ['*'], approval: {approvers: [a]}"},
       "",
       "shadowed-by-approval@p/read"},
      {"twice", {kRead, "id: again, effect: allow, actions: [read], resources: ['public.*']"}, "", "redundant@p/again"},
      {"narrower first",
       {"id: one, effect: allow, actions: [read], resources: [public.orders]", kRead},
       "",
       "redundant@p/one"},
      {"ban in a ban",
       {"id: a, effect: deny, actions: [ddl], resources: ['*']",
        "id: b, effect: deny, actions: [ddl], resources: [audit]"},
       "",
       "redundant@p/b"},
      {"different demands",
       {"id: a, effect: require_approval, actions: [insert], resources: ['*'], approval: {approvers: [x]}",
        "id: b, effect: require_approval, actions: [insert], resources: ['public.*'], approval: {approvers: [x], "
        "count: 2}"},
       "",
       ""},
      {"impossible together",
       {"id: a, effect: require_approval, actions: [insert], resources: ['*'], approval: {approvers: [x]}",
        "id: b, effect: require_approval, actions: [insert], resources: ['public.*'], approval: {approvers: [y]}"},
       "",
       "approval-conflict@p/b"},
      {"a bound that spreads",
       {"id: few, effect: allow, actions: [insert], resources: ['public.*'], when: {max_affected_rows: 5}",
        "id: many, effect: allow, actions: [insert], resources: ['*.log']"},
       "",
       "bound-reaches-further@p/few"},
      {"bulk", {"id: w, effect: allow, actions: [update], resources: ['public.*']"}, "", "unbounded-write@p/w"},
      {"bulk stopped",
       {"id: w, effect: allow, actions: [update], resources: ['public.*']",
        "id: no, effect: deny, actions: [update, delete], resources: ['*'], when: {where: absent}"},
       "",
       ""},
      {"bulk stopped elsewhere",
       {"id: w, effect: allow, actions: [update], resources: ['public.*']",
        "id: no, effect: deny, actions: [update], resources: ['shop.*'], when: {where: absent}"},
       "",
       "unbounded-write@p/w"},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    CHECK(Codes(LintOf({Agents("p", Statements(c.rules) + c.rest)})) == c.codes);
  }
}

TEST_CASE("rules of documents that reach elsewhere do not shadow") {
  const std::string rules = Agents("a", Statements({kRead}));
  const std::string ban = Statements({"id: no, effect: deny, actions: [read], resources: ['*']"});
  const auto reaching = [&](std::string_view principals, std::string_view databases) {
    return fmt::format(
        "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {{name: b}}\nprincipals: [{}]\ndatabases: [{}]\n{}",
        principals, databases, ban);
  };
  CHECK(Codes(LintOf({rules, reaching("{subject: '*'}", "'*'")})) == "shadowed-by-deny@a/read");
  CHECK(Codes(LintOf({rules, reaching("{groups: ['ag*']}", "'sh*/*'")})) == "shadowed-by-deny@a/read");
  CHECK(Codes(LintOf({rules, reaching("{groups: [others]}", "'*'")})).empty());
  CHECK(Codes(LintOf({rules, reaching("{groups: [agents], human: present}", "'*'")})).empty());
  CHECK(Codes(LintOf({rules, reaching("{groups: [agents]}", "'shop/one'")})).empty());
  CHECK(Codes(LintOf({rules, reaching("{subject: '*'}", "'*'") + "mode: observe\n"})) == "observe-mode@b");
}

TEST_CASE("whoever grants to everybody hears of it") {
  CHECK(Codes(LintOf({DocumentFor("p", Statements({kRead}))})) == "everybody@p");
  CHECK(
      Codes(LintOf({DocumentFor("p", Statements({"id: d, effect: deny, actions: [ddl], resources: ['*']"}))})).empty());
}

TEST_CASE("conditions that the principals rule out never hold") {
  const std::string document =
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: p}\n"
      "principals: [{groups: [agents], human: 'ana*', client: absent}]\ndatabases: ['shop/*']\n";
  const auto codes = [&](std::string_view when) {
    return Codes(LintOf({document + Statements({fmt::format("{}, when: {{{}}}", kRead, when)})}));
  };
  CHECK(codes("human: absent") == "never-fires@p/read");
  CHECK(codes("human: ['bob*']") == "never-fires@p/read");
  CHECK(codes("human: ['*na']").empty());
  CHECK(codes("client: present") == "never-fires@p/read");
  CHECK(codes("task: absent").empty());
}

TEST_CASE("approvals that nobody can give are errors, where the groups are known") {
  const auto document = [](std::string_view approval) {
    return Agents("p", Statements({fmt::format("id: h, effect: require_approval, actions: [insert], resources: ['*'], "
                                               "approval: {{{}}}",
                                               approval)}));
  };
  LintOptions options;
  options.approver_groups = std::vector<KnownGroup>{{"owners", 2}, {"sec", std::nullopt}};
  const auto lint = [&](std::string_view approval) { return LintOf({document(approval)}, options); };
  CHECK(lint("approvers: [owners]").empty());
  CHECK(Codes(lint("approvers: [ownrs]")) == "approval-impossible@p/h");
  CHECK(lint("approvers: [ownrs]")[0].severity == Finding::Severity::kError);
  CHECK(Codes(lint("approvers: [owners, ownrs]")) == "unknown-approvers@p/h");
  CHECK(lint("approvers: [owners], count: 2").empty());
  CHECK(Codes(lint("approvers: [owners], count: 3")) == "approval-impossible@p/h");
  CHECK(lint("approvers: [owners, sec], count: 3").empty());
  CHECK(LintOf({document("approvers: [ownrs]")}).empty());
}

TEST_CASE("names that no connected database has are found") {
  LintOptions options;
  options.databases = {
      {"shop", "main", {{"public", "orders", {"id", "total"}}, {"public", "customers", {"id", "ssn"}}}},
      {"other", "main", {{"secret", "files", {"ssn", "token"}}}}};
  const std::string document = Agents(
      "p",
      Statements({"id: good, effect: allow, actions: [read], resources: ['public.ord*', '*.customers', 'pg_catalog.*']",
                  "id: typo, effect: allow, actions: [insert], resources: [public.ordrs]",
                  "id: elsewhere, effect: deny, actions: [read], resources: ['secret.*']",
                  "id: functions, effect: allow, actions: [read, execute], resources: ['lib.*']",
                  "id: all, effect: deny, actions: [truncate], resources: ['*']"}) +
          "masking:\n"
          "  - {id: ssn, columns: ['*.*.ssn'], method: redact}\n"
          "  - {id: token, columns: ['*.*.token', 'public.customers.ssn.a'], method: redact}\n");
  const std::vector<Finding> findings = LintOf({document}, options);
  CHECK(Codes(findings) == "resource-not-found@p/typo resource-not-found@p/elsewhere mask-covers-nothing@p/token");
  CHECK(findings[0].message ==
        "no connected database of this policy has a relation that matches \"public.ordrs\"; check the spelling");
  options.databases.erase(options.databases.begin());
  CHECK_THAT(Codes(LintOf({document}, options)), Catch::StartsWith("database-not-found@p"));
}

TEST_CASE("findings name line and rule and stand in order") {
  const auto findings = LintOf({Agents("b", Statements({"id: u, effect: allow, actions: [unknown], resources: ['*']"})),
                                Agents("a", "mode: observe\n" + Statements({kRead}))});
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].policy == "a");
  CHECK(findings[0].line == 6);
  CHECK(findings[1].policy == "b");
  CHECK(findings[1].rule == "u");
  CHECK(findings[1].line == 7);
}

TEST_CASE("two documents of one name are an error") {
  const auto findings = LintOf({Agents("a", Statements({kRead})), Agents("a", "limits: {sessions: 1}")});
  REQUIRE_FALSE(findings.empty());
  CHECK(findings[0].code == "duplicate-name");
  CHECK(findings[0].severity == Finding::Severity::kError);
}

TEST_CASE("comparisons are bounded, and cut ones are said") {
  std::string body = "statements:\n";
  for (int i = 0; i < 30; ++i) {
    body += fmt::format(
        "  - {{id: r{}, effect: require_approval, actions: [insert], resources: ['a.t{}'], "
        "approval: {{approvers: [g{}]}}}}\n",
        i, i, i);
  }
  LintOptions options;
  CHECK(LintOf({Agents("p", body)}, options).empty());
  options.comparisons_max = 300;
  CHECK(Codes(LintOf({Agents("p", body)}, options)) == "lint-incomplete@");
}

}  // namespace
}  // namespace chaperone::policy
