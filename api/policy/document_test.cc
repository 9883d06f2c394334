#include "api/policy/document.h"

#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

// The document of the design, word for word but for spacing.
constexpr std::string_view kFull = R"(apiVersion: chaperone/v1
kind: Policy
metadata: {name: coding-agents}
principals:
  - issuer: https://idp.example.com
    groups: [coding-agents]
databases: ["shop-prod/*"]
statements:
  - {id: read-shop, effect: allow, actions: [read], resources: ["public.*"]}
  - id: writes-need-a-human
    effect: require_approval
    actions: [insert, update, delete]
    resources: ["public.*"]
    approval: {approvers: [db-owners], count: 1, expires: 15m, blast_radius: estimate}
  - {id: no-schema-changes, effect: deny, actions: [ddl, admin], resources: ["*"],
     reason: "Schema changes go through migrations."}
  - {id: no-bulk-delete, effect: deny, actions: [update, delete], resources: ["*"], when: {where: absent}}
masking:
  - {id: card, columns: ["public.customers.card_number"], method: keep_last_4}
  - {id: pii, columns: ["*.*.ssn", "*.*.email"], method: redact, in_predicates: deny}
  - {id: found, detect: [credit_card, us_ssn, secret_key], method: redact}
limits: {rows_per_statement: 10000, statement_timeout: 30s, sessions: 20}
recording: {results: masked, rows_per_statement: 1000}
degraded: {read: 1h, write: 0s}
)";

TEST_CASE("the whole document is read with its lines") {
  const auto document = MustParse(kFull, "agents.yaml");
  CHECK(DocumentName(*document) == "coding-agents");
  CHECK(document->mode == Mode::kEnforce);
  REQUIRE(document->statements.size() == 4);
  CHECK(document->statements[0].id == "read-shop");
  CHECK(document->statements[0].line == 9);
  const StatementRule& held = document->statements[1];
  CHECK(held.line == 10);
  CHECK(held.effect == Decision::kRequireApproval);
  CHECK(held.actions.count() == 3);
  CHECK(held.approval.approvers == std::vector<std::string>{"db-owners"});
  CHECK(held.approval.expires == std::chrono::minutes(15));
  CHECK(held.approval.estimate_blast_radius);
  CHECK(document->statements[2].reason == "Schema changes go through migrations.");
  CHECK(document->statements[3].when.where == WhereCondition::kAbsent);
  REQUIRE(document->masking.size() == 3);
  CHECK(document->masking[0].rule.method == MaskMethod::kKeepLast);
  CHECK(document->masking[0].rule.argument == 4);
  CHECK(document->masking[0].rule.policy == "coding-agents");
  CHECK(document->masking[2].rule.detect.size() > 10);
  CHECK(document->settings.limits.rows_per_statement == 10000);
  CHECK(document->settings.limits.statement_timeout == std::chrono::seconds(30));
  CHECK(document->settings.degraded_write == std::chrono::seconds(0));
}

TEST_CASE("every condition and quota is read") {
  const auto document = MustParse(DocumentFor("all", R"(mode: observe
statements:
  - id: a
    effect: allow
    actions: [update, delete]
    resources: ["public.*", 'public."odd.name"']
    except: ["public.audit_*"]
    hint: Ask first.
    when:
      where: present
      max_affected_rows: 100
      time: {zone: Europe/Berlin, days: [mon, tue], from: "08:00", to: "18:00"}
      labels: {env: prod, tier: "gold*"}
      client: [claude, "codex-*"]
      human: present
      task: absent
masking:
  - {id: m, columns: [public.events.payload.card.*.number], except: [public.events.other], method: date_truncate_month,
     in_predicates: equality, equality_budget: 7}
  - {id: d, detect: [email], tables: ["public.*"], patterns: [{name: order-no, regex: "ORD-[0-9]{8}"}], method: hash}
limits:
  bytes_per_statement: 16MiB
  masked_values_per_statement: 500
  per_session: {rows: 5, bytes: 1KiB}
  per_principal: {statements: 9, window: 30m}
  per_task: {masked_values: 3}
recording: {results: none}
degraded: {read: 10m})"));
  CHECK(document->mode == Mode::kObserve);
  const StatementRule& rule = document->statements[0];
  CHECK(rule.except.size() == 1);
  CHECK(rule.hint == "Ask first.");
  CHECK(rule.when.max_affected_rows == 100);
  CHECK(rule.when.time->Describe() == "mon,tue 08:00-18:00 Europe/Berlin");
  CHECK(rule.when.labels.size() == 2);
  CHECK(rule.when.human.kind == AttributeMatch::Kind::kPresent);
  CHECK(rule.when.task.kind == AttributeMatch::Kind::kAbsent);
  CHECK(document->masking[0].columns[0].path == std::vector<JsonStep>{{"card", false}, {"", true}, {"number", false}});
  CHECK(document->masking[0].rule.equality_budget == 7);
  CHECK(document->masking[1].rule.patterns[0].name == "order-no");
  CHECK(document->settings.limits.per_session.bytes == 1024);
  CHECK(document->settings.limits.per_principal[0].window == std::chrono::minutes(30));
  CHECK(document->settings.limits.per_task[0].window == std::chrono::hours(24));
  CHECK(document->settings.recording_results == RecordingOptions::Results::kNone);
  CHECK_FALSE(document->settings.recording_rows.has_value());
  CHECK_FALSE(document->settings.degraded_write.has_value());
}

struct BadCase {
  const char* body;
  const char* message;
};

// Bodies start on line 6 of the document.
void CheckErrors(const std::vector<BadCase>& cases) {
  for (const BadCase& c : cases) {
    INFO(c.body);
    CHECK_THAT(ParseError(DocumentFor("p", c.body)), Catch::Contains(c.message));
  }
}

std::string Rule(std::string_view fields) { return fmt::format("statements:\n  - {{id: r, {}}}", fields); }

TEST_CASE("mistakes in statements are refused with line and remedy", "[fail-closed]") {
  CHECK(ParseError(DocumentFor("p", "statments: []")) ==
        "test.yaml:6: unknown key \"statments\"; did you mean \"statements\"?");
  CHECK_THAT(ParseError(DocumentFor("p", "statements:\n  - {id: r, effect: allow, actoins: [read], resources: ['*']}")),
             Catch::StartsWith("test.yaml:7: unknown key \"actoins\"; did you mean \"actions\"?"));
  CHECK_THAT(ParseError(DocumentFor("p", "statements:\n  - {id: r, effect: allow, resources: ['*']}")),
             Catch::StartsWith("test.yaml:7: \"actions\" is missing"));
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"effect: alow, actions: [read], resources: ['*']", "did you mean \"allow\"?"},
      {"effect: allow, actions: [reed], resources: ['*']", "\"reed\" is no action"},
      {"effect: allow, actions: [reed], resources: ['*']", "did you mean \"read\"?"},
      {"effect: allow, actions: [], resources: ['*']", "\"actions\" is an empty list"},
      {"effect: allow, actions: read, resources: ['*']", "\"actions\" must be a list"},
      {"effect: allow, actions: [read]", "\"resources\" is missing"},
      {"effect: allow, actions: [read], resources: []", "\"resources\" is an empty list"},
      {"effect: allow, actions: [read], resources: [customers]", "\"customers\" lacks a schema; write schema.name"},
      {"effect: deny, actions: [read, execute], resources: ['cust*']", "lacks a schema"},
      {"effect: allow, actions: [read], resources: [public.customers.ssn]", "has 3 parts"},
      {"effect: allow, actions: [read], resources: ['public.']", "empty part"},
      {"effect: allow, actions: [read], resources: ['public.\"x']", "lacks a closing double quote"},
      {"effect: allow, actions: [read], resources: ['public.a\"x\"']", "double quote inside a part"},
      {"effect: allow, actions: [read], resources: ['*'], except: [x]", "lacks a schema"},
      {"effect: allow, actions: [read], resources: ['*'], approval: {approvers: [a]}",
       "goes with effect: require_approval"},
      {"effect: require_approval, actions: [read], resources: ['*']", "\"approval\" is missing"},
      {"effect: require_approval, actions: [read], resources: ['*'], approval: {count: 1}",
       "\"approval.approvers\" is missing"},
      {"effect: require_approval, actions: [read], resources: ['*'], approval: {approvers: []}", "empty list"},
      {"effect: require_approval, actions: [read], resources: ['*'], approval: {approvers: ['*']}",
       "globs are not allowed"},
      {"effect: require_approval, actions: [read], resources: ['*'], approval: {approvers: [a], count: 0}",
       "from 1 to 20"},
      {"effect: require_approval, actions: [read], resources: ['*'], approval: {approvers: [a], expires: 1s}",
       "from 10s"},
      {"effect: allow, actions: [read], resources: ['*'], when: {where: absent}",
       "concerns update, delete and truncate"},
      {"effect: deny, actions: ['*'], resources: ['*'], when: {where: absent}", "concerns update, delete and truncate"},
      {"effect: deny, actions: [delete], resources: ['*'], when: {max_affected_rows: 5}",
       "bounds what a rule lets through"},
      {"effect: allow, actions: [delete, truncate], resources: ['*'], when: {max_affected_rows: 5}", "concerns insert"},
      {"effect: allow, actions: [delete], resources: ['*'], when: {max_affected_rows: -5}", "must be from 0"},
      {"effect: allow, actions: [delete], resources: ['*'], when: {max_rows: 5}",
       "known here: where, max_affected_rows"},
      {"effect: allow, actions: [read], resources: ['*'], when: {labels: {}}", "\"labels\" is empty"},
      {"effect: allow, actions: [read], resources: ['*'], when: {client: []}", "empty list"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {days: [mon]}}",
       "\"when.time.zone\" is missing"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {zone: Europe/Atlantis}}", "is no time zone"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {zone: ../../etc/passwd}}", "is no time zone"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {zone: localtime}}", "is no time zone"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {zone: UTC, days: [monday]}}", "is no day"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {zone: UTC, from: '8:00', to: '9:00'}}",
       "no time of day"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {zone: UTC, from: '08:00'}}", "only one of"},
      {"effect: allow, actions: [read], resources: ['*'], when: {time: {zone: UTC, from: '08:00', to: '08:00'}}",
       "without length"},
      {"effect: allow, actions: [read], resources: ['*'], reason: \"a\\ab\"", "control character"},
  };
  for (const auto& [fields, message] : cases) {
    INFO(fields);
    const std::string error = ParseError(DocumentFor("p", Rule(fields)));
    CHECK_THAT(error, Catch::Contains(message));
    CHECK_THAT(error, Catch::StartsWith("test.yaml:7: "));
  }
}

TEST_CASE("mistakes in masking are refused with line and remedy", "[fail-closed]") {
  CheckErrors({
      {"masking:\n  - {id: m, columns: [ssn], method: redact}", "has 1 of 3 parts"},
      {"masking:\n  - {id: m, columns: [customers.ssn], method: redact}", "for example *.customers.ssn"},
      {"masking:\n  - {id: m, columns: ['*.*.ssn']}", "\"method\" is missing"},
      {"masking:\n  - {id: m, columns: ['*.*.ssn'], method: redcat}", "did you mean \"redact\"?"},
      {"masking:\n  - {id: m, columns: ['*.*.ssn'], method: keep_last_0}", "from 1 to 64"},
      {"masking:\n  - {id: m, columns: ['*.*.ssn'], method: keep_last_}", "from 1 to 64"},
      {"masking:\n  - {id: m, columns: ['*.*.p.a*'], method: redact}", "a step into JSON is a key or *"},
      {"masking:\n  - {id: m, method: redact}", "names neither"},
      {"masking:\n  - {id: m, columns: ['*.*.ssn'], detect: [email], method: redact}", "split them"},
      {"masking:\n  - {id: m, columns: ['*.*.ssn'], tables: ['*'], method: redact}", "\"tables\" goes with"},
      {"masking:\n  - {id: m, detect: [email], in_predicates: deny, method: redact}", "goes with \"columns\" only"},
      {"masking:\n  - {id: m, detect: [credit_cart], method: redact}", "did you mean \"credit_card\"?"},
      {"masking:\n  - {id: m, detect: [email], tables: [orders], method: redact}", "is not schema.table"},
      {"masking:\n  - {id: m, columns: ['*.*.ssn'], method: redact, equality_budget: 5}",
       "in_predicates: equality only"},
      {"masking:\n  - {id: m, patterns: [{name: x, regex: '('}], method: redact}", "is not RE2"},
      {"masking:\n  - {id: m, patterns: [{name: x, regex: 'a*'}], method: redact}", "matches the empty string"},
      {"masking:\n  - {id: m, patterns: [{name: x, regex: a}, {name: x, regex: b}], method: redact}", "stands twice"},
      {"masking:\n  - {id: m, patterns: [a], method: redact}", "must be a mapping"},
  });
}

TEST_CASE("mistakes in header, principals, databases and settings are refused", "[fail-closed]") {
  CheckErrors({
      {"mode: dry-run", "must be one of: enforce, observe"},
      {"limits: {rows_per_statement: 0}", "from 1"},
      {"limits: {rows_per_statment: 5}", "did you mean \"rows_per_statement\"?"},
      {"limits: {statement_timeout: 30}", "is not a duration"},
      {"limits: {per_session: {}}", "quota without a bound"},
      {"limits: {per_principal: {window: 1h}}", "quota without a bound"},
      {"limits: {per_session: {rows: 1, window: 1h}}", "unknown key \"limits.per_session.window\""},
      {"recording: {results: raw}", "must be one of: none, masked"},
      {"degraded: {read: -1h}", "is not a duration"},
      {"statements:\n  - {id: a, effect: allow, actions: [read], resources: ['*']}\nmasking:\n"
       "  - {id: a, columns: ['*.*.x'], method: 'null'}",
       "test.yaml:9: the id \"a\" stands twice (first on line 7)"},
      {"statements:\n  - {id: Read Shop, effect: allow, actions: [read], resources: ['*']}", "must be a name"},
      {"statements:\n  - read", "must be a mapping"},
      {"statements: read", "must be a list"},
  });
  const auto header = [](std::string_view principals, std::string_view databases) {
    return fmt::format("apiVersion: chaperone/v1\nkind: Policy\nmetadata: {{name: p}}\n{}\n{}\n", principals,
                       databases);
  };
  const std::string everywhere = "databases: ['*/*']";
  const std::string everybody = "principals: [{subject: '*'}]";
  CHECK(ParseError(header(everybody, everywhere)).empty());
  CHECK_THAT(ParseError(header("", everywhere)), Catch::Contains("\"principals\" is missing; say whom"));
  CHECK_THAT(ParseError(header("principals:", everywhere)), Catch::Contains("\"principals\" is missing"));
  CHECK_THAT(ParseError(header("principals: []", everywhere)), Catch::Contains("\"principals\" is an empty list"));
  CHECK_THAT(ParseError(header("principals: [{}]", everywhere)), Catch::Contains("without a key"));
  CHECK_THAT(ParseError(header("principals: [{group: [a]}]", everywhere)), Catch::Contains("did you mean \"groups\"?"));
  CHECK_THAT(ParseError(header("principals: [{groups: a}]", everywhere)), Catch::Contains("\"groups\" must be a list"));
  CHECK_THAT(ParseError(header("principals: [{groups: []}]", everywhere)), Catch::Contains("empty list"));
  CHECK_THAT(ParseError(header(everybody, "")), Catch::Contains("\"databases\" is missing"));
  CHECK_THAT(ParseError(header(everybody, "databases: []")), Catch::Contains("\"databases\" is an empty list"));
  CHECK_THAT(ParseError(header(everybody, "databases: [shop]")), Catch::Contains("write for example shop/*"));
  CHECK_THAT(ParseError(header(everybody, "databases: ['/x']")), Catch::Contains("is not <endpoint>/<database>"));
  CHECK_THAT(ParseError("apiVersion: chaperone/v2\nkind: Policy\n"),
             Catch::Contains("this version reads \"chaperone/v1\""));
  CHECK_THAT(ParseError("kind: Policy\n"), Catch::Contains("\"apiVersion\" is missing"));
}

TEST_CASE("reasons may run over several lines") {
  const auto document =
      MustParse(DocumentFor("p",
                            "statements:\n  - id: r\n    effect: deny\n    actions: [ddl]\n    resources: ['*']\n"
                            "    reason: >\n      Schema changes\n      go through migrations.\n"));
  CHECK(document->statements[0].reason == "Schema changes go through migrations.");
}

TEST_CASE("long lists, words and patterns are refused") {
  std::string groups = "a";
  for (int i = 0; i < 50; ++i) {
    groups += fmt::format(", g{}", i);
  }
  CHECK_THAT(ParseError(DocumentFor("p", Rule("effect: require_approval, actions: [read], resources: ['*'], approval: "
                                              "{approvers: [" +
                                              groups + "]}"))),
             Catch::Contains("names 51 groups; at most 50"));
  std::string list = "'public.a'";
  for (size_t i = 0; i < kListItemsMax; ++i) {
    list += ",'public.a'";
  }
  CheckErrors({{Rule("effect: allow, actions: [read], resources: [" + list + "]").c_str(), "at most 2000"},
               {Rule("effect: allow, actions: [read], resources: [public." + std::string(600, 'x') + "]").c_str(),
                "at most 512"},
               {Rule("effect: allow, actions: [read], resources: ['*'], hint: " + std::string(600, 'x')).c_str(),
                "at most 500"}});
}

}  // namespace
}  // namespace chaperone::policy
