#include "api/policy/policy_testing.h"

#include <absl/time/time.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace chaperone::policy {

namespace {

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "%s\n", base::Describe(value.status()).c_str());
    std::abort();
  }
  return *std::move(value);
}

[[noreturn]] void Refuse(std::string_view what) {
  std::fprintf(stderr, "not understood in a test: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

sql::ResourceKind ParseKind(std::string_view name) {
  if (name == "relation") return sql::ResourceKind::kRelation;
  if (name == "function") return sql::ResourceKind::kFunction;
  if (name == "setting") return sql::ResourceKind::kSetting;
  if (name == "channel") return sql::ResourceKind::kChannel;
  if (name == "database") return sql::ResourceKind::kDatabase;
  if (name == "schema") return sql::ResourceKind::kSchema;
  if (name == "role") return sql::ResourceKind::kRole;
  Refuse(name);
}

}  // namespace

std::shared_ptr<const Document> MustParse(std::string_view yaml, std::string_view file_name) {
  return Must(ParseDocument(yaml, file_name));
}

std::shared_ptr<const Bundle> MustCompile(const std::vector<std::string>& documents) {
  std::vector<std::shared_ptr<const Document>> parsed;
  for (const std::string& document : documents) {
    parsed.push_back(MustParse(document));
  }
  return Must(Bundle::Compile(parsed, 1));
}

std::string ParseError(std::string_view yaml) {
  const auto document = ParseDocument(yaml, "test.yaml");
  return document.ok() ? "" : std::string(base::Message(document.status()));
}

std::string DocumentFor(std::string_view name, std::string_view body) {
  return fmt::format(
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {{name: {}}}\nprincipals: [{{subject: \"*\"}}]\n"
      "databases: [\"*/*\"]\n{}\n",
      name, body);
}

sql::Need ParseNeed(std::string_view words) {
  std::istringstream in{std::string(words)};
  std::string action;
  std::string resource;
  in >> action >> resource;
  sql::Need need;
  if (!sql::ParseAction(action, &need.action) || resource.empty()) {
    Refuse(words);
  }
  need.kind = sql::ResourceKind::kRelation;
  if (const size_t colon = resource.find(':'); colon != std::string::npos) {
    need.kind = ParseKind(std::string_view(resource).substr(0, colon));
    resource.erase(0, colon + 1);
  }
  if (resource == "*") {
    need.kind = sql::ResourceKind::kNone;
  }
  need.resource = resource;
  std::string word;
  while (in >> word) {
    if (word != "no-where") {
      Refuse(words);
    }
    need.where_absent = true;
  }
  return need;
}

sql::Facts ParseFacts(std::string_view text) {
  sql::Facts facts;
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    sql::Statement& statement = facts.statements.emplace_back();
    std::istringstream needs{line};
    std::string need;
    while (std::getline(needs, need, ';')) {
      if (need.find_first_not_of(' ') != std::string::npos) {
        statement.needs.push_back(ParseNeed(need));
      }
    }
  }
  return facts;
}

std::chrono::system_clock::time_point ParseTime(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, base::ToAbsl(text), &time, &error)) {
    Refuse(text);
  }
  return absl::ToChronoTime(time);
}

Principal Agent() {
  Principal agent;
  agent.issuer = "https://idp.example.com";
  agent.subject = "agent-1";
  agent.groups = {"coding-agents"};
  return agent;
}

Target Shop() { return Target{"shop-prod", "shop", {}}; }

Verdict JudgeFor(const std::vector<std::string>& documents, std::string_view facts,
                 std::chrono::system_clock::time_point now) {
  return MustCompile(documents)->ViewFor(Agent(), Shop())->Judge(ParseFacts(facts), now);
}

std::string Summary(const Verdict& verdict) {
  std::string summary(DecisionName(verdict.decision));
  if (!verdict.rule.empty()) {
    summary += " " + verdict.rule;
  }
  return summary;
}

}  // namespace chaperone::policy
