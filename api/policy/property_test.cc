// Laws of the evaluator, on random documents and needs: the index against the definition, and what adding rules,
// documents or a different order may do to a verdict.
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "api/policy/document.h"
#include "api/policy/policy_testing.h"
#include "api/policy/rule_index.h"
#include "api/policy/rule_match.h"

namespace chaperone::policy {
namespace {

using Documents = std::vector<std::string>;

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  bool OneIn(size_t n) { return Below(n) == 0; }
  std::string_view Of(const std::vector<std::string_view>& choices) { return choices[Below(choices.size())]; }

  std::string Resource() {
    return std::string(Of({"*", "*.*", "a.*", "b.*", "*.x", "*.y", "a.x", "a.y", "b.x", "a*.x", "*a.x*", "a.x*y",
                           "ab.x", "'a.\"x.y\"'", "'\"a.x\".y'"}));
  }

  std::string Patterns() {
    const auto quote = [](const std::string& p) { return p[0] == '\'' ? p : "'" + p + "'"; };
    std::string text = quote(Resource());
    while (OneIn(3)) {
      text += ", " + quote(Resource());
    }
    return text;
  }

  std::string Rule(std::string_view id, std::string_view effect) {
    std::string rule = fmt::format("  - {{id: {}, effect: {}, resources: [{}]", id, effect, Patterns());
    const bool rows = OneIn(3);
    rule += rows ? std::string(", actions: [update, delete]")
                 : fmt::format(", actions: ['{}', '{}']", Of({"read", "update", "ddl", "*", "unknown", "session"}),
                               Of({"read", "delete", "maintain", "admin", "notify", "execute"}));
    if (OneIn(5)) {
      rule += fmt::format(", except: [{}]", Patterns());
    }
    if (rows && OneIn(2)) {
      rule += effect == "deny" ? ", when: {where: absent}"
                               : std::string(Of({", when: {where: present}", ", when: {max_affected_rows: 5}",
                                                 ", when: {max_affected_rows: 9, human: absent}"}));
    }
    if (effect == "require_approval") {
      rule += fmt::format(", approval: {{approvers: [owners, {}]}}", Of({"dba", "sec", "ops"}));
    }
    return rule + "}\n";
  }

  std::string RandomDocument(std::string_view name) {
    std::string body = "statements:\n";
    const size_t rules = 1 + Below(5);
    for (size_t i = 0; i < rules; ++i) {
      body += Rule(fmt::format("r{}", i), Of({"allow", "allow", "require_approval", "deny"}));
    }
    return DocumentFor(name, body);
  }

  Documents RandomDocuments() {
    Documents documents;
    const size_t count = 1 + Below(4);
    for (size_t i = 0; i < count; ++i) {
      documents.push_back(RandomDocument(fmt::format("d{}", i)));
    }
    return documents;
  }

  sql::Need Need() {
    sql::Need need;
    need.action = static_cast<sql::Action>(Below(sql::kActionCount));
    need.kind = static_cast<sql::ResourceKind>(Below(8));
    need.resource =
        need.kind == sql::ResourceKind::kNone
            ? "*"
            : std::string(Of({"a.x", "a.y", "b.x", "ab.x", "a.x.y", "a.xyy", "ba.xx", "a", "b", "x", "c.z"}));
    need.where_absent = OneIn(2);
    return need;
  }

  sql::Facts Facts() {
    sql::Facts facts;
    do {
      facts.statements.emplace_back();
      while (OneIn(2)) {
        facts.statements.back().needs.push_back(Need());
      }
    } while (OneIn(2));
    return facts;
  }

 private:
  std::mt19937 random_;
};

std::shared_ptr<const View> ViewOf(const Documents& documents) {
  return MustCompile(documents)->ViewFor(Agent(), Shop());
}

constexpr int kFactsPerBundle = 8;

TEST_CASE("the index finds the rules that the definition names") {
  Dice dice(1);
  for (int i = 0; i < 60; ++i) {
    std::vector<std::shared_ptr<const Document>> parsed;
    std::vector<ViewRule> rules;
    for (const std::string& text : dice.RandomDocuments()) {
      parsed.push_back(MustParse(text));
      for (const StatementRule& rule : parsed.back()->statements) {
        // Conditional: nothing is left out for being settled by another rule.
        rules.push_back(ViewRule{parsed.back().get(), &rule, false, true});
      }
    }
    const RuleIndex index(rules);
    for (int j = 0; j < 40; ++j) {
      const sql::Need need = dice.Need();
      RuleNumbers scratch;
      const std::span<const uint32_t> found = index.Find(need, &scratch);
      for (uint32_t number = 0; number < rules.size(); ++number) {
        StatementRule rule = *rules[number].rule;
        rule.except.clear();
        rule.when.where = WhereCondition::kAny;
        INFO(sql::ActionName(need.action) << " " << static_cast<int>(need.kind) << ":" << need.resource << " and "
                                          << rule.id << " of " << rules[number].document->name);
        REQUIRE((std::count(found.begin(), found.end(), number) > 0) == RuleMatches(rule, need));
      }
    }
  }
}

// IAM as one reads it, over all rules one by one.
Decision Definition(const std::vector<std::shared_ptr<const Document>>& documents, const sql::Facts& facts) {
  Decision decision = Decision::kAllow;
  for (const sql::Statement& statement : facts.statements) {
    for (const sql::Need& need : statement.needs) {
      std::set<Decision> effects;
      for (const auto& document : documents) {
        for (const StatementRule& rule : document->statements) {
          if (rule.when.SessionPartHolds(Agent(), Shop()) && RuleMatches(rule, need)) {
            effects.insert(rule.effect);
          }
        }
      }
      decision = std::max(decision, effects.empty() ? Decision::kDeny : *effects.rbegin());
    }
  }
  return decision;
}

TEST_CASE("verdicts follow the definition") {
  Dice dice(2);
  int allowed = 0;
  int held = 0;
  for (int i = 0; i < 100; ++i) {
    const Documents documents = dice.RandomDocuments();
    const auto view = ViewOf(documents);
    std::vector<std::shared_ptr<const Document>> parsed;
    for (const std::string& text : documents) {
      parsed.push_back(MustParse(text));
    }
    for (int j = 0; view->Applies() && j < 2 * kFactsPerBundle; ++j) {
      const sql::Facts facts = dice.Facts();
      const Verdict verdict = view->Judge(facts, {});
      REQUIRE(verdict.decision == Definition(parsed, facts));
      allowed += verdict.decision == Decision::kAllow && !verdict.rule.empty();
      held += verdict.decision == Decision::kRequireApproval;
    }
  }
  // The dice reach every outcome.
  CHECK(allowed > 15);
  CHECK(held > 15);
}

// Calls `check(before, after)` with verdicts of random bundles without and with one document more.
template <typename MakeDocument, typename Check>
void CompareWithOneMore(uint32_t seed, MakeDocument make, Check check) {
  Dice dice(seed);
  for (int i = 0; i < 70; ++i) {
    Documents documents = dice.RandomDocuments();
    const auto before = ViewOf(documents);
    documents.push_back(make(&dice));
    const auto after = ViewOf(documents);
    for (int j = 0; j < kFactsPerBundle; ++j) {
      const sql::Facts facts = dice.Facts();
      check(before->Judge(facts, {}), after->Judge(facts, {}));
    }
  }
}

TEST_CASE("a further ban never makes a verdict laxer", "[fail-closed]") {
  int stricter = 0;
  const auto ban = [](Dice* dice) {
    return DocumentFor(dice->Of({"a-first", "z-last"}), "statements:\n" + dice->Rule("ban", "deny"));
  };
  CompareWithOneMore(3, ban, [&](const Verdict& before, const Verdict& after) {
    REQUIRE(after.decision >= before.decision);
    stricter += after.decision > before.decision;
  });
  CHECK(stricter > 10);
}

TEST_CASE("no further document lifts a ban or a demand for approval", "[fail-closed]") {
  int restricted = 0;
  const auto any = [](Dice* dice) {
    return dice->RandomDocument(dice->Of({"a-first", "z-last"})) + (dice->OneIn(3) ? "mode: observe\n" : "");
  };
  CompareWithOneMore(4, any, [&](const Verdict& before, const Verdict& after) {
    if (!before.rule.empty() && before.decision != Decision::kAllow) {
      ++restricted;
      REQUIRE(after.decision >= before.decision);
    }
  });
  CHECK(restricted > 50);
}

TEST_CASE("an observed document changes no decision of enforced ones that grant", "[fail-closed]") {
  int compared = 0;
  const auto observed = [](Dice* dice) { return dice->RandomDocument("observed") + "mode: observe\n"; };
  CompareWithOneMore(5, observed, [&](const Verdict& before, const Verdict& after) {
    // Empty: nothing applied before.
    if (before.action.empty()) {
      return;
    }
    ++compared;
    REQUIRE(after.decision == before.decision);
    REQUIRE(after.rule == before.rule);
    REQUIRE(after.observed.has_value());
  });
  CHECK(compared > 100);
}

TEST_CASE("a bound on rows only ever gets smaller with further documents", "[fail-closed]") {
  int bounded = 0;
  const auto any = [](Dice* dice) { return dice->RandomDocument("more"); };
  CompareWithOneMore(6, any, [&](const Verdict& before, const Verdict& after) {
    if (before.max_affected_rows && after.decision != Decision::kDeny) {
      ++bounded;
      REQUIRE(after.max_affected_rows.has_value());
      REQUIRE(*after.max_affected_rows <= *before.max_affected_rows);
    }
  });
  CHECK(bounded > 2);
}

TEST_CASE("the order of documents does not matter") {
  Dice dice(7);
  for (int i = 0; i < 50; ++i) {
    Documents documents = dice.RandomDocuments();
    const auto forward = ViewOf(documents);
    std::reverse(documents.begin(), documents.end());
    const auto backward = ViewOf(documents);
    for (int j = 0; j < kFactsPerBundle; ++j) {
      const sql::Facts facts = dice.Facts();
      const Verdict before = forward->Judge(facts, {});
      const Verdict after = backward->Judge(facts, {});
      REQUIRE(after.decision == before.decision);
      REQUIRE(after.policy == before.policy);
      REQUIRE(after.rule == before.rule);
      REQUIRE(after.hint == before.hint);
      REQUIRE(after.approval.approvers == before.approval.approvers);
      REQUIRE(after.max_affected_rows == before.max_affected_rows);
    }
  }
}

}  // namespace
}  // namespace chaperone::policy
