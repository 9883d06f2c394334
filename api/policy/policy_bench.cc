// Measures the evaluator by hand: bazel run -c opt //api/policy:policy_bench
//
// A small policy against 10,000 rules over 5,000 tables in 50 documents: reading, compiling, the view of a session, and
// one verdict. Targets: compiled in under 1 s, verdicts within 2 x of the small policy, a one-need verdict in under 300
// ns.
#include <chrono>
#include <cstdio>
#include <random>

#include "api/policy/lint.h"
#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kDocuments = 50;
constexpr int kRulesPerDocument = 200;
constexpr int kTables = 5000;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string TableName(int i) { return fmt::format("app_{}.table_{}", i % 25, i); }

// A mixture: most rules name a table, some a family of tables by prefix or suffix, some a schema.
std::string LargeDocument(int number) {
  std::string body = "statements:\n";
  for (int i = 0; i < kRulesPerDocument; ++i) {
    const int n = number * kRulesPerDocument + i;
    std::string resource = TableName(n % kTables);
    if (i % 10 == 7) {
      resource = fmt::format("app_{}.table_{}*", n % 25, n % 500);
    } else if (i % 10 == 8) {
      resource = fmt::format("*.*_{}", n % kTables);
    } else if (i % 10 == 9) {
      resource = fmt::format("app_{}.*", n % 25);
    }
    const char* effect = i % 20 == 3 ? "deny" : "allow";
    const char* actions = i % 20 == 3 ? "truncate, ddl" : "read, insert";
    body +=
        fmt::format("  - {{id: r{}, effect: {}, actions: [{}], resources: [\"{}\"]}}\n", i, effect, actions, resource);
  }
  return DocumentFor(fmt::format("doc-{}", number), body);
}

const char* const kSmall = R"(statements:
  - {id: read-shop, effect: allow, actions: [read], resources: ["app_1.*", "app_2.*"]}
  - {id: held, effect: require_approval, actions: [insert, update, delete], resources: ["*.*"],
     approval: {approvers: [db-owners]}}
  - {id: no-schema-changes, effect: deny, actions: [ddl, admin], resources: ["*"]}
  - {id: no-bulk, effect: deny, actions: [update, delete], resources: ["*"], when: {where: absent}})";

// Nanoseconds of one verdict, over the facts in turn; the best of five rounds.
double JudgeNs(const View& view, const std::vector<sql::Facts>& facts, Decision expected) {
  double best = 1e9;
  size_t wrong = 0;
  for (int round = 0; round < 5; ++round) {
    const int calls = 200000;
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) {
      wrong += view.Judge(facts[static_cast<size_t>(i) % facts.size()], {}).decision != expected;
    }
    best = std::min(best, SecondsSince(start) / calls * 1e9);
  }
  if (wrong > 0) {
    std::printf("  %zu verdicts were not %s\n", wrong, std::string(DecisionName(expected)).c_str());
  }
  return best;
}

std::vector<sql::Facts> FactsOver(std::string_view action, const std::vector<int>& tables) {
  std::vector<sql::Facts> facts;
  for (const int table : tables) {
    facts.push_back(ParseFacts(fmt::format("{} {}", action, TableName(table))));
  }
  return facts;
}

void Run() {
  std::vector<std::shared_ptr<const Document>> documents;
  auto start = Clock::now();
  for (int i = 0; i < kDocuments; ++i) {
    documents.push_back(MustParse(LargeDocument(i)));
  }
  std::printf("read %d rules in %d documents: %.0f ms\n", kDocuments * kRulesPerDocument, kDocuments,
              SecondsSince(start) * 1e3);
  start = Clock::now();
  const auto large = *Bundle::Compile(documents, 1);
  const auto view = large->ViewFor(Agent(), Shop());
  std::printf("compile, with the first view: %.1f ms\n", SecondsSince(start) * 1e3);
  start = Clock::now();
  for (int i = 0; i < 1000; ++i) {
    (void)large->ViewFor(Agent(), Shop());
  }
  std::printf("a further session's view: %.1f us\n", SecondsSince(start) * 1e3);

  std::mt19937 random(1);
  // Tables that some rule lets the agent read; every fifth or so has none.
  std::vector<int> tables;
  while (tables.size() < 1000) {
    const int table = static_cast<int>(random() % kTables);
    if (view->Judge(ParseFacts("read " + TableName(table)), {}).decision == Decision::kAllow) {
      tables.push_back(table);
    }
  }
  const auto small = MustCompile({DocumentFor("small", kSmall)})->ViewFor(Agent(), Shop());
  const double small_ns = JudgeNs(*small, FactsOver("read", {1, 26, 51, 2, 27}), Decision::kAllow);
  const double one_ns = JudgeNs(*view, FactsOver("read", {1, 26, 51, 2, 27}), Decision::kAllow);
  const double many_ns = JudgeNs(*view, FactsOver("read", tables), Decision::kAllow);
  std::printf(
      "allow, one need: small policy %.0f ns, large %.0f ns on five tables (%.2f x), %.0f ns on 1,000 (%.2f x)\n",
      small_ns, one_ns, one_ns / small_ns, many_ns, many_ns / small_ns);
  const double small_deny = JudgeNs(*small, FactsOver("ddl", {1, 26, 51, 2, 27}), Decision::kDeny);
  const double default_deny = JudgeNs(*view, {ParseFacts("read nowhere.to_be_found")}, Decision::kDeny);
  const double large_deny = JudgeNs(*view, FactsOver("delete", tables), Decision::kDeny);
  std::printf("deny with its hint: small policy %.0f ns, large %.0f ns, large by default %.0f ns\n", small_deny,
              large_deny, default_deny);
  start = Clock::now();
  const size_t findings = Lint(documents).size();
  std::printf("lint: %.0f ms, %zu findings\n", SecondsSince(start) * 1e3, findings);
}

}  // namespace
}  // namespace chaperone::policy

int main() { chaperone::policy::Run(); }
