#include <catch2/catch.hpp>

#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

// A document with these statements, in flow style.
std::string Statements(std::string_view name, const std::vector<std::string>& rules) {
  std::string body = "statements:\n";
  for (const std::string& rule : rules) {
    body += "  - {" + rule + "}\n";
  }
  return DocumentFor(name, body);
}

const std::string kShop = Statements(
    "shop", {"id: read-shop, effect: allow, actions: [read], resources: ['public.*']",
             "id: held, effect: require_approval, actions: [insert, update, delete], resources: ['public.*'], "
             "approval: {approvers: [db-owners]}",
             "id: no-ddl, effect: deny, actions: [ddl, admin], resources: ['*'], reason: Use migrations.",
             "id: no-bulk, effect: deny, actions: [update, delete], resources: ['*'], when: {where: absent}",
             "id: no-pay, effect: deny, actions: ['*'], resources: ['public.salaries']"});

TEST_CASE("deny beats require_approval beats allow, and what nothing allows is denied", "[fail-closed]") {
  struct Case {
    const char* facts;
    const char* summary;
  };
  const Case cases[] = {
      {"read public.orders", "allow read-shop"},
      {"update public.orders", "require_approval held"},
      {"update public.orders no-where", "deny no-bulk"},
      {"delete audit.log no-where", "deny no-bulk"},
      {"delete audit.log", "deny"},
      {"read audit.log", "deny"},
      {"read public.salaries", "deny no-pay"},
      {"unknown public.salaries", "deny no-pay"},
      {"unknown *", "deny no-pay"},
      {"ddl public.orders", "deny no-ddl"},
      {"truncate public.orders", "deny"},
      {"read public.orders; read audit.log", "deny"},
      {"read public.orders; update public.orders", "require_approval held"},
      {"read public.orders\nread public.items", "allow read-shop"},
      {"read public.orders\ndelete public.items no-where", "deny no-bulk"},
      {"update public.orders\nread audit.log", "deny"},
      {"", "allow"},
      {"\n", "allow"},
  };
  for (const Case& c : cases) {
    INFO(c.facts);
    const Verdict verdict = JudgeFor({kShop}, c.facts);
    CHECK(Summary(verdict) == c.summary);
    CHECK((verdict.decision == Decision::kAllow || !verdict.hint.empty()));
    CHECK((verdict.decision == Decision::kAllow || !verdict.reason.empty()));
  }
}

TEST_CASE("the verdict names policy, rule, reason, action and resource of the need that decided") {
  const Verdict verdict = JudgeFor({kShop}, "read public.orders; ddl public.items");
  CHECK(verdict.policy == "shop");
  CHECK(verdict.rule == "no-ddl");
  CHECK(verdict.reason == "Use migrations.");
  CHECK(verdict.action == "ddl");
  CHECK(verdict.resource == "public.items");
  const Verdict nothing = JudgeFor({kShop}, "read audit.log");
  CHECK(nothing.policy.empty());
  CHECK(nothing.reason == "no policy allows read on audit.log");
}

TEST_CASE("the analyser's reason is passed on") {
  sql::Facts facts = ParseFacts("execute function:pg_catalog.pg_read_file");
  facts.statements[0].needs[0].reason = "pg_read_file reads the server's files";
  const Verdict verdict = MustCompile({kShop})->ViewFor(Agent(), Shop())->Judge(facts, {});
  CHECK(verdict.reason == "no policy allows execute on pg_catalog.pg_read_file: pg_read_file reads the server's files");
}

TEST_CASE("without a policy that grants anything the session may not start", "[fail-closed]") {
  const auto view = MustCompile({})->ViewFor(Agent(), Shop());
  CHECK_FALSE(view->Applies());
  CHECK(view->Judge(ParseFacts(""), {}).decision == Decision::kDeny);
  CHECK_FALSE(view->Judge(ParseFacts(""), {}).hint.empty());

  const std::string bans = Statements("bans", {"id: d, effect: deny, actions: [ddl], resources: ['*']"});
  const std::string masks = DocumentFor("masks", "masking:\n  - {id: m, columns: ['*.*.ssn'], method: redact}");
  const auto restricting = MustCompile({bans, masks})->ViewFor(Agent(), Shop());
  CHECK_FALSE(restricting->Applies());
  CHECK(restricting->policies() == std::vector<std::string>{"bans", "masks"});
  CHECK(restricting->Judge(ParseFacts(""), {}).decision == Decision::kDeny);
}

TEST_CASE("policies apply by principal and database") {
  const std::string document =
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: p}\n"
      "principals:\n"
      "  - {issuer: \"https://idp.example.com\", groups: [coding-agents, \"ci-*\"]}\n"
      "  - {subject: \"svc-*\", human: present, task: [\"JIRA-*\"], client: claude}\n"
      "databases: [\"shop-*/shop\", \"dev/*\"]\n"
      "statements:\n  - {id: r, effect: allow, actions: [read], resources: [\"*\"]}\n";
  const auto bundle = MustCompile({document});
  const auto applies = [&](const Principal& principal, const Target& target) {
    return bundle->ViewFor(principal, target)->Applies();
  };
  CHECK(applies(Agent(), Shop()));
  CHECK(applies(Agent(), {"dev", "whatever", {}}));
  CHECK_FALSE(applies(Agent(), {"shop-prod", "payroll", {}}));
  CHECK_FALSE(applies(Agent(), {"prod", "shop", {}}));
  Principal other = Agent();
  other.issuer = "https://evil.example.com";
  CHECK_FALSE(applies(other, Shop()));
  other = Agent();
  other.groups = {"coding-agents2"};
  CHECK_FALSE(applies(other, Shop()));
  other.groups = {"x", "ci-nightly"};
  CHECK(applies(other, Shop()));
  other.groups = {};
  CHECK_FALSE(applies(other, Shop()));

  Principal service;
  service.subject = "svc-1";
  service.human = "ana";
  service.task = "JIRA-7";
  service.client = "claude";
  CHECK(applies(service, Shop()));
  service.human = "";
  CHECK_FALSE(applies(service, Shop()));
}

TEST_CASE("everybody is said explicitly and misses nobody", "[fail-closed]") {
  const std::string all = Statements("all", {"id: r, effect: allow, actions: [read], resources: ['*']"});
  Principal nameless;
  nameless.groups = {"g"};
  CHECK(MustCompile({all})->ViewFor(nameless, Shop())->Applies());
  // A glob on another attribute wants it to be there.
  std::string with_human = all;
  with_human.replace(with_human.find("subject"), 7, "human");
  CHECK_FALSE(MustCompile({with_human})->ViewFor(nameless, Shop())->Applies());
}

TEST_CASE("a star stands within one part of a name; alone it is everything") {
  struct Case {
    const char* pattern;
    const char* need;
    bool allowed;
  };
  const Case cases[] = {
      {"public.*", "read public.orders", true},
      {"public.*", "read public2.orders", false},
      {"*.orders", "read shop.orders", true},
      {"*.orders", "read shop.orders2", false},
      {"*.*", "read shop.orders", true},
      {"pub*.ord*", "read public.orders", true},
      {"public.order_*_2024", "read public.order_x_2024", true},
      {"public.order_*_2024", "read public.order_x_2023", false},
      {"public.*order*", "read public.my_orders", true},
      {"public.Orders", "read public.orders", false},
      {"public.Orders", "read public.Orders", true},
      {"*", "read public.orders", true},
      {"*", "read *", true},
      {"public.*", "read *", false},
      // A name with a dot in it may be read in two ways: an allowance has to fit both.
      {"public.*", "read public.a.b", false},
      {"'public.\"a.b\"'", "read public.a.b", false},
      {"*", "read public.a.b", true},
      {"*.*", "read public.a.b", true},
      {"*.*", "read orders", false},
      {"*", "read orders", true},
      {"pg_catalog.*", "execute function:pg_catalog.lower", true},
  };
  for (const Case& c : cases) {
    INFO(c.pattern << " and " << c.need);
    std::string pattern = c.pattern;
    if (pattern[0] != '\'') {
      pattern = "'" + pattern + "'";
    }
    const std::string allow =
        Statements("p", {"id: a, effect: allow, actions: [read, execute], resources: [" + pattern + "]"});
    CHECK((JudgeFor({allow}, c.need).decision == Decision::kAllow) == c.allowed);
  }
}

TEST_CASE("doubt about a resource works for the rule that restricts", "[fail-closed]") {
  struct Case {
    const char* action;
    const char* pattern;
    const char* need;
    bool denied;
  };
  const Case cases[] = {
      {"read", "public.*", "read public.a.b", true},
      {"read", "*.b", "read public.a.b", true},
      {"read", "'public.\"a.b\"'", "read public.a.b", true},
      {"read", "private.*", "read public.a.b", false},
      {"read", "*.orders", "read orders", true},
      {"read", "public.*", "read *", true},
      {"ddl", "public.*", "ddl schema:public", true},
      {"ddl", "public.orders", "ddl schema:public", true},
      {"ddl", "public.*", "ddl schema:private", false},
      {"ddl", "public.*", "ddl database:shop", true},
      {"ddl", "shop", "ddl database:shop", true},
      {"ddl", "shop", "ddl database:other", false},
      {"ddl", "public.*", "ddl *", true},
      {"admin", "app", "admin role:app", true},
      {"admin", "app", "admin role:other", false},
      {"session", "role", "session setting:role", true},
      {"session", "TimeZone", "session setting:timezone", true},
      {"session", "role", "session *", false},
      {"notify", "orders.*", "notify channel:orders.eu.new", true},
      {"maintain", "audit.*", "maintain *", true},
      {"copy_file", "x.y", "copy_file *", true},
  };
  const std::string allow = Statements("a", {"id: all, effect: allow, actions: ['*', unknown], resources: ['*']"});
  for (const Case& c : cases) {
    INFO(c.action << " " << c.pattern << " and " << c.need);
    std::string pattern = c.pattern;
    if (pattern[0] != '\'') {
      pattern = "'" + pattern + "'";
    }
    const std::string deny =
        Statements("d", {fmt::format("id: ban, effect: deny, actions: [{}], resources: [{}]", c.action, pattern)});
    CHECK(Summary(JudgeFor({allow, deny}, c.need)) == (c.denied ? "deny ban" : "allow all"));
  }
}

TEST_CASE("an allowance does not reach from tables to the schema around them", "[fail-closed]") {
  const std::string tables = Statements("a", {"id: t, effect: allow, actions: [ddl], resources: ['scratch.*']"});
  CHECK(Summary(JudgeFor({tables}, "ddl scratch.x")) == "allow t");
  CHECK(Summary(JudgeFor({tables}, "ddl schema:scratch")) == "deny");
  CHECK(Summary(JudgeFor({tables}, "ddl *")) == "deny");
  const std::string schema = Statements("a", {"id: s, effect: allow, actions: [ddl], resources: [scratch]"});
  CHECK(Summary(JudgeFor({schema}, "ddl schema:scratch")) == "allow s");
  CHECK(Summary(JudgeFor({schema}, "ddl scratch.x")) == "deny");
}

TEST_CASE("the star among actions grants all but unknown, and bans unknown too", "[fail-closed]") {
  const std::string all = Statements("a", {"id: all, effect: allow, actions: ['*'], resources: ['*']"});
  CHECK(Summary(JudgeFor({all}, "admin *")) == "allow all");
  CHECK(Summary(JudgeFor({all}, "unknown *")) == "deny");
  CHECK(Summary(JudgeFor({all}, "unknown public.orders")) == "deny");
  const std::string named = Statements("n", {"id: named, effect: allow, actions: [unknown], resources: ['*']"});
  CHECK(Summary(JudgeFor({all, named}, "unknown *")) == "allow named");
  const std::string none = Statements("z", {"id: none, effect: deny, actions: ['*'], resources: ['*']"});
  CHECK(Summary(JudgeFor({all, named, none}, "unknown *")) == "deny none");
  const std::string held = Statements(
      "h", {"id: h, effect: require_approval, actions: ['*'], resources: ['*'], approval: {approvers: [a]}"});
  CHECK(Summary(JudgeFor({held}, "unknown *")) == "deny");
  CHECK(Summary(JudgeFor({held}, "ddl *")) == "require_approval h");
}

TEST_CASE("except spares resources, in doubt never from a ban", "[fail-closed]") {
  const std::string rules =
      Statements("p", {"id: r, effect: allow, actions: [read, ddl], resources: ['*'], except: ['secret.*']",
                       "id: d, effect: deny, actions: [read], resources: ['*'], except: ['public.*', 'secret.*']"});
  CHECK(Summary(JudgeFor({rules}, "read public.x")) == "allow r");
  CHECK(Summary(JudgeFor({rules}, "read other.x")) == "deny d");
  CHECK(Summary(JudgeFor({rules}, "read secret.x")) == "deny");
  CHECK(Summary(JudgeFor({rules}, "read public.a.b")) == "deny d");
  CHECK(Summary(JudgeFor({rules}, "ddl schema:secret")) == "deny");
  CHECK(Summary(JudgeFor({rules}, "ddl schema:public")) == "allow r");
  CHECK(Summary(JudgeFor({rules}, "ddl *")) == "deny");
}

TEST_CASE("where: present allows what names its rows; TRUNCATE never does") {
  const std::string rules = Statements(
      "p", {"id: narrow, effect: allow, actions: [update, delete], resources: ['public.*'], when: {where: present}",
            "id: bulk, effect: deny, actions: [truncate], resources: ['*'], when: {where: absent}"});
  CHECK(Summary(JudgeFor({rules}, "delete public.orders")) == "allow narrow");
  CHECK(Summary(JudgeFor({rules}, "delete public.orders no-where")) == "deny");
  CHECK(Summary(JudgeFor({rules}, "truncate public.orders")) == "deny bulk");
}

TEST_CASE("the smallest bound on rows of all matching rules holds", "[fail-closed]") {
  const std::string a = Statements(
      "a", {"id: some, effect: allow, actions: [update], resources: ['public.*'], when: {max_affected_rows: 100}",
            "id: any, effect: allow, actions: [update], resources: ['*']",
            "id: few, effect: allow, actions: [update], resources: ['*.orders'], when: {max_affected_rows: 10}"});
  const Verdict orders = JudgeFor({a}, "update public.orders");
  CHECK(orders.decision == Decision::kAllow);
  CHECK(orders.max_affected_rows == 10);
  CHECK(orders.max_affected_rows_rule == "a/few");
  CHECK(JudgeFor({a}, "update public.items").max_affected_rows == 100);
  CHECK_FALSE(JudgeFor({a}, "update shop.items").max_affected_rows.has_value());
  CHECK(JudgeFor({a}, "update shop.items; update public.items").max_affected_rows == 100);
  const std::string held =
      Statements("b", {"id: held, effect: require_approval, actions: [update], resources: ['public.items'], "
                       "approval: {approvers: [x]}, when: {max_affected_rows: 7}"});
  const Verdict both = JudgeFor({a, held}, "update public.items");
  CHECK(both.decision == Decision::kRequireApproval);
  CHECK(both.max_affected_rows == 7);
  const std::string ban = Statements("c", {"id: ban, effect: deny, actions: [update], resources: ['public.*']"});
  CHECK_FALSE(JudgeFor({a, ban}, "update public.items").max_affected_rows.has_value());
}

TEST_CASE("a bound that cannot be kept denies", "[fail-closed]") {
  const std::string a = Statements(
      "a", {"id: few, effect: allow, actions: [update], resources: ['public.*'], when: {max_affected_rows: 10}",
            "id: free, effect: allow, actions: [delete], resources: ['public.*']"});
  const auto view = MustCompile({a})->ViewFor(Agent(), Shop());
  const auto judge = [&](std::string_view words, auto change) {
    sql::Facts facts = ParseFacts(words);
    change(facts.statements);
    return view->Judge(facts, {});
  };
  const auto with = [](auto& statements) { statements[0].writes_uncounted = true; };
  const Verdict denied = judge("update public.items", with);
  CHECK(Summary(denied) == "deny few");
  CHECK(denied.reason.find("at most 10 rows") != std::string::npos);
  CHECK(denied.hint.find("statement of its own") != std::string::npos);
  CHECK_FALSE(denied.max_affected_rows.has_value());
  // Where nothing is bounded nothing has to be counted.
  CHECK(Summary(judge("delete public.items", with)) == "allow free");

  const auto commits = [](auto& statements) { statements.back().transaction = sql::TransactionVerb::kCommit; };
  CHECK(Summary(judge("update public.items\n\n", commits)) == "deny few");
  CHECK(Summary(judge("delete public.items\n\n", commits)) == "allow free");
  CHECK(Summary(judge("update public.items\ndelete public.items", [](auto&) {})) == "allow few");
  const auto explains = [](auto& statements) {
    statements[0].is_explain = statements[0].explain_runs = statements[0].writes_uncounted = true;
  };
  CHECK(judge("update public.items", explains).hint.find("ANALYZE") != std::string::npos);
}

std::string Held(std::string_view name, std::string_view resources, std::string_view approval) {
  return Statements(name, {fmt::format("id: {}, effect: require_approval, actions: [update], resources: [{}], "
                                       "approval: {{{}}}",
                                       name, resources, approval)});
}

TEST_CASE("several demands for approval become one that satisfies each") {
  const std::string a = Held("a", "'public.*'", "approvers: [dba, owners], count: 1, expires: 15m");
  const std::string b =
      Held("b", "'*.orders'", "approvers: [owners, sec], count: 2, expires: 1h, blast_radius: estimate");
  const Verdict verdict = JudgeFor({a, b}, "update public.orders");
  CHECK(verdict.decision == Decision::kRequireApproval);
  CHECK(verdict.rule == "a");
  CHECK(verdict.approval.approvers == std::vector<std::string>{"owners"});
  CHECK(verdict.approval.count == 2);
  CHECK(verdict.approval.expires == std::chrono::minutes(15));
  CHECK(verdict.approval.estimate_blast_radius);
  // Over the needs of one message as well.
  CHECK(JudgeFor({a, b}, "update public.items\nupdate shop.orders").approval.approvers ==
        std::vector<std::string>{"owners"});
}

TEST_CASE("demands that no group can satisfy deny", "[fail-closed]") {
  const std::string a = Held("a", "'public.*'", "approvers: [dba]");
  const std::string b = Held("b", "'*.orders'", "approvers: [sec]");
  const Verdict verdict = JudgeFor({a, b}, "update public.orders");
  CHECK(Summary(verdict) == "deny b");
  CHECK(verdict.reason == "a/a and b/b both demand approval, and no group may give both");
  CHECK_FALSE(verdict.hint.empty());
  CHECK(JudgeFor({a, b}, "update public.items").decision == Decision::kRequireApproval);
}

TEST_CASE("session conditions: labels, client, human, task") {
  const std::string rules = Statements(
      "p", {"id: base, effect: allow, actions: [read], resources: ['*']",
            "id: prod, effect: deny, actions: [insert], resources: ['*'], when: {labels: {env: 'prod*'}}",
            "id: human, effect: allow, actions: [insert], resources: ['*'], when: {human: present, client: [claude]}",
            "id: task, effect: allow, actions: [delete], resources: ['*'], when: {task: 'JIRA-*'}",
            "id: alone, effect: deny, actions: [read], resources: ['secret.*'], when: {human: absent}"});
  const auto bundle = MustCompile({rules});
  const auto judge = [&](const Principal& principal, const Target& target, std::string_view facts) {
    return Summary(bundle->ViewFor(principal, target)->Judge(ParseFacts(facts), {}));
  };
  Principal ana = Agent();
  ana.human = "ana";
  ana.client = "claude";
  Target prod = Shop();
  prod.labels = {{"env", "prod-eu"}};
  CHECK(judge(Agent(), Shop(), "insert a.b") == "deny");
  CHECK(judge(ana, Shop(), "insert a.b") == "allow human");
  CHECK(judge(ana, prod, "insert a.b") == "deny prod");
  CHECK(judge(ana, Shop(), "delete a.b") == "deny");
  ana.task = "JIRA-4";
  CHECK(judge(ana, Shop(), "delete a.b") == "allow task");
  CHECK(judge(ana, Shop(), "read secret.x") == "allow base");
  CHECK(judge(Agent(), Shop(), "read secret.x") == "deny alone");
}

TEST_CASE("time windows open and close rules, and the verdict says until when it holds") {
  const std::string rules = Statements(
      "p", {"id: base, effect: allow, actions: [read], resources: ['*']",
            "id: day, effect: allow, actions: [insert], resources: ['*'], "
            "when: {time: {zone: Europe/Berlin, days: [mon, tue, wed, thu, fri], from: '08:00', to: '18:00'}}",
            "id: freeze, effect: deny, actions: [insert], resources: ['public.*'], "
            "when: {time: {zone: UTC, days: [wed], from: '16:00', to: '24:00'}}"});
  // A Wednesday; Berlin is at UTC+1.
  const Verdict open = JudgeFor({rules}, "insert x.y", ParseTime("2026-03-04T08:00:00Z"));
  CHECK(Summary(open) == "allow day");
  CHECK(open.valid_until == ParseTime("2026-03-04T17:00:00Z"));
  const Verdict soon_frozen = JudgeFor({rules}, "insert public.y", ParseTime("2026-03-04T08:00:00Z"));
  CHECK(Summary(soon_frozen) == "allow day");
  CHECK(soon_frozen.valid_until == ParseTime("2026-03-04T16:00:00Z"));
  CHECK(Summary(JudgeFor({rules}, "insert public.y", ParseTime("2026-03-04T16:30:00Z"))) == "deny freeze");
  const Verdict closed = JudgeFor({rules}, "insert x.y", ParseTime("2026-03-04T17:00:00Z"));
  CHECK(Summary(closed) == "deny");
  CHECK(closed.valid_until == ParseTime("2026-03-05T07:00:00Z"));
  CHECK_THAT(closed.hint, Catch::Contains("Rule day lets this through mon-fri 08:00-18:00 Europe/Berlin, next from "
                                          "2026-03-05T07:00Z."));
  CHECK_FALSE(JudgeFor({rules}, "read x.y", ParseTime("2026-03-04T17:00:00Z")).valid_until.has_value());
}

TEST_CASE("the order of documents and of what is said twice does not matter") {
  const std::string a = Statements("a", {"id: x, effect: allow, actions: [read], resources: ['public.*']"});
  const std::string b = Statements("b", {"id: x, effect: allow, actions: [read], resources: ['*']"});
  CHECK(JudgeFor({a, b}, "read public.orders").policy == "a");
  CHECK(JudgeFor({b, a}, "read public.orders").policy == "a");
  const auto twice = Bundle::Compile({MustParse(a, "one.yaml"), MustParse(a, "two.yaml")}, 1);
  CHECK(base::Message(twice.status()) ==
        "two documents share the name \"a\" (one.yaml and two.yaml); names must be unique in a bundle");
  CHECK_FALSE(Bundle::Compile({nullptr}, 1).ok());
}

std::string Observed(std::string document) { return document + "mode: observe\n"; }

TEST_CASE("observe lets through and records what it would have done") {
  const Verdict verdict = JudgeFor({Observed(kShop)}, "delete public.orders no-where");
  CHECK(verdict.decision == Decision::kAllow);
  CHECK(verdict.observed == Decision::kDeny);
  CHECK(verdict.observed_rule == "no-bulk");
  const Verdict nothing = JudgeFor({Observed(kShop)}, "read audit.log");
  CHECK(nothing.decision == Decision::kAllow);
  CHECK(nothing.reason == "mode: observe");
  CHECK(nothing.observed == Decision::kDeny);
  CHECK(nothing.observed_reason == "no policy allows read on audit.log");
  CHECK(JudgeFor({Observed(kShop)}, "read public.orders").observed == Decision::kAllow);
  CHECK_FALSE(JudgeFor({kShop}, "read public.orders").observed.has_value());
}

TEST_CASE("observe lifts neither what enforced policies say nor what nobody understands", "[fail-closed]") {
  const std::string lax = Observed(Statements("lax", {"id: all, effect: allow, actions: ['*'], resources: ['*']"}));
  const Verdict denied = JudgeFor({kShop, lax}, "read audit.log");
  CHECK(denied.decision == Decision::kDeny);
  CHECK(denied.observed == Decision::kAllow);
  CHECK(denied.observed_rule == "all");
  CHECK(Summary(JudgeFor({kShop, lax}, "ddl public.orders")) == "deny no-ddl");
  CHECK(JudgeFor({lax}, "unknown *").decision == Decision::kDeny);
  // Bans that are enforced hold beside observed grants; the rest is let through.
  const std::string bans = Statements("bans", {"id: d, effect: deny, actions: [ddl], resources: ['*']"});
  CHECK(Summary(JudgeFor({bans, Observed(kShop)}, "ddl public.orders")) == "deny d");
  CHECK(JudgeFor({bans, Observed(kShop)}, "read audit.log").decision == Decision::kAllow);
  // A ban alone grants nothing, observed or not.
  CHECK(JudgeFor({Observed(bans)}, "read audit.log").decision == Decision::kDeny);
}

TEST_CASE("sessions for whom the same rules hold share a view, which outlives its bundle") {
  auto bundle = MustCompile({kShop});
  Principal other = Agent();
  other.subject = "agent-2";
  const auto view = bundle->ViewFor(Agent(), Shop());
  CHECK(view == bundle->ViewFor(other, Shop()));
  bundle.reset();
  CHECK(Summary(view->Judge(ParseFacts("read public.orders"), {})) == "allow read-shop");
}

TEST_CASE("hints say what may be done instead") {
  const auto hint = [](std::string_view facts) { return JudgeFor({kShop}, facts).hint; };
  CHECK(hint("delete public.orders no-where") ==
        "Name the rows, for example DELETE FROM public.orders WHERE id = … (this then needs approval); a condition "
        "that is "
        "true for every row counts as none. On public.orders you may: read; with approval: insert, update, "
        "for which sending the statement asks.");
  CHECK(hint("update public.orders") ==
        "Approval by a member of db-owners is asked for. Once it is given, send exactly the same statement again "
        "within 15m: "
        "it then runs, once. Changed text or parameters are a new request.");
  CHECK(hint("read audit.log") == "You may read: public.*.");
  CHECK_THAT(hint("ddl public.orders"), Catch::StartsWith("Write the change as a migration"));
  CHECK_THAT(hint("truncate public.orders"), Catch::Contains("DELETE FROM public.orders WHERE id = …"));
  CHECK_THAT(hint("copy_file *"), Catch::Contains("COPY … FROM STDIN"));
  CHECK_THAT(hint("unknown *"), Catch::Contains("one statement at a time"));
  CHECK(hint("insert audit.log") == "With approval you may insert: public.*; sending the statement asks for it.");
  CHECK_THAT(hint("notify channel:jobs"), Catch::Contains("Do without notify on jobs"));
  const std::string own = Statements("own", {"id: r, effect: allow, actions: [read], resources: ['*']",
                                             "id: d, effect: deny, actions: [ddl], resources: ['*'], hint: Ask Ana."});
  CHECK(JudgeFor({own}, "ddl *").hint == "Ask Ana.");
}

TEST_CASE("hints name no pattern that a ban takes away again") {
  const std::string rules =
      Statements("p", {"id: a, effect: allow, actions: [read], resources: ['public.*', 'pay.rolls']",
                       "id: d, effect: deny, actions: [read], resources: ['pay.*']"});
  CHECK(JudgeFor({rules}, "read audit.log").hint == "You may read: public.*.");
}

}  // namespace
}  // namespace chaperone::policy
