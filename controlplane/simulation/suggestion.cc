#include "controlplane/simulation/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "controlplane/simulation/sensitive_names.h"

namespace chaperone::simulation {

namespace {

// What the policy language takes (api/policy): items of a list, bytes of a pattern and of a name.
constexpr size_t kItemsMax = 2000;
constexpr size_t kPatternBytesMax = 512;
constexpr size_t kNameBytesMax = 63;

bool IsNameCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// One part of a pattern: in quotes unless it means itself without them.
std::string Part(std::string_view name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (plain) {
    return std::string(name);
  }
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

// A YAML scalar in double quotes.
std::string Scalar(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? "\\\"" : c == '\\' ? "\\\\" : std::string(1, c);
  }
  return out + "\"";
}

std::string List(const std::vector<std::string>& items) {
  std::vector<std::string> scalars;
  for (const std::string& item : items) {
    scalars.push_back(Scalar(item));
  }
  return fmt::format("[{}]", fmt::join(scalars, ", "));
}

bool IsSystemSchema(std::string_view schema) { return schema == "information_schema" || schema.starts_with("pg_"); }

// What is masked is a table's column: views over it follow by themselves.
bool IsTable(const v1::RelationInfo& relation) {
  return relation.kind() == "r" || relation.kind() == "p" || relation.kind() == "f" || relation.kind() == "m";
}

std::string NameOf(const SuggestionRequest& request) {
  if (!request.name.empty()) {
    return request.name;
  }
  std::string name;
  for (const char c : request.database) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    name.push_back(IsNameCharacter(lower) ? lower : '-');
  }
  const size_t begin = std::min(name.find_first_not_of("-_"), name.size());
  name = name.substr(begin, kNameBytesMax - std::string_view("-agents").size());
  return name.empty() ? "agents" : name + "-agents";
}

using ColumnsByKind = std::map<const SensitiveKind*, std::vector<std::string>>;

ColumnsByKind SensitiveColumns(const v1::DatabaseCatalog& catalog) {
  ColumnsByKind columns;
  for (const v1::RelationInfo& relation : catalog.relations()) {
    if (IsSystemSchema(relation.schema()) || !IsTable(relation)) {
      continue;
    }
    for (const v1::ColumnInfo& column : relation.columns()) {
      const SensitiveKind* const kind = SensitiveKindOf(column.name(), column.type());
      const std::string pattern =
          fmt::format("{}.{}.{}", Part(relation.schema()), Part(relation.name()), Part(column.name()));
      if (kind != nullptr && pattern.size() <= kPatternBytesMax && !HasControl(pattern)) {
        columns[kind].push_back(pattern);
      }
    }
  }
  return columns;
}

std::vector<std::string> Schemas(const v1::DatabaseCatalog& catalog) {
  std::set<std::string> schemas;
  for (const v1::RelationInfo& relation : catalog.relations()) {
    const std::string pattern = Part(relation.schema()) + ".*";
    if (!IsSystemSchema(relation.schema()) && !HasControl(pattern) && schemas.size() < kItemsMax - 2) {
      schemas.insert(pattern);
    }
  }
  return {schemas.begin(), schemas.end()};
}

std::string MaskingRule(const SensitiveKind& kind, const std::vector<std::string>& columns) {
  std::string out;
  for (size_t begin = 0; begin < columns.size(); begin += kItemsMax) {
    const size_t end = std::min(begin + kItemsMax, columns.size());
    out += fmt::format("  - id: {}{}\n    columns:\n", kind.id,
                       begin == 0 ? "" : fmt::format("-{}", begin / kItemsMax + 1));
    for (size_t i = begin; i < end; ++i) {
      out += fmt::format("      - {}\n", Scalar(columns[i]));
    }
    out += fmt::format("    method: {}\n    in_predicates: {}\n", kind.method, kind.in_predicates);
  }
  return out;
}

std::string Masking(const v1::DatabaseCatalog& catalog) {
  std::string out =
      "# Columns whose names look sensitive. Names are all that was looked at: take out what is harmless, add what is\n"
      "# not. `chaperone policy explain-mask TABLE` shows what becomes of a table's columns.\n"
      "masking:\n";
  const ColumnsByKind columns = SensitiveColumns(catalog);
  for (const SensitiveKind& kind : SensitiveKinds()) {
    if (const auto found = columns.find(&kind); found != columns.end()) {
      out += fmt::format("  # {}\n{}", kind.comment, MaskingRule(kind, found->second));
    }
  }
  return out +
         "  # And what turns up where nobody expects it, in free text for example.\n"
         "  - {id: found, detect: [credit_card, secret_key], method: redact}\n";
}

std::string Statements(const std::vector<std::string>& schemas, const std::vector<std::string>& approvers) {
  std::vector<std::string> readable = schemas;
  readable.insert(readable.end(), {"pg_catalog.*", "information_schema.*"});
  std::string out = fmt::format(
      "statements:\n"
      "  # Reading is free. The catalogs are there for psql's \\d and for what ORMs ask when they connect. Take out "
      "the\n"
      "  # schemas that agents have no business in.\n"
      "  - {{id: read, effect: allow, actions: [read], resources: {}}}\n"
      "  - {{id: own-settings, effect: allow, actions: [session], resources: [\"*\"]}}\n",
      List(readable));
  if (!schemas.empty()) {
    out += fmt::format(
        "  # A write waits until one of these groups has seen it, and then runs once. `allow` with\n"
        "  # `when: {{where: present, max_affected_rows: 100}}` would let small changes through by themselves.\n"
        "  - id: writes-need-a-human\n"
        "    effect: require_approval\n"
        "    actions: [insert, update, delete]\n"
        "    resources: {}\n"
        "    approval: {{approvers: {}, count: 1, expires: 15m, blast_radius: estimate}}\n",
        List(schemas), List(approvers));
  }
  return out +
         "  # Never, not even with approval.\n"
         "  - {id: no-schema-changes, effect: deny, actions: [ddl, admin], resources: [\"*\"],\n"
         "     reason: \"Schema changes go through migrations.\"}\n"
         "  - {id: no-bulk-writes, effect: deny, actions: [update, delete, truncate], resources: [\"*\"], when: "
         "{where: absent},\n"
         "     reason: \"A change of a whole table is never what was meant.\"}\n";
}

absl::Status Check(const SuggestionRequest& request) {
  if (request.name.size() > kNameBytesMax ||
      !std::all_of(request.name.begin(), request.name.end(), [](char c) { return IsNameCharacter(c) || c == '.'; })) {
    return base::InvalidArgument(
        "\"{}\" cannot be a policy's name: lower-case letters, digits, -, _ and ., at most {} characters", request.name,
        kNameBytesMax);
  }
  for (const auto* names : {&request.groups, &request.approvers}) {
    for (const std::string& name : *names) {
      if (name.empty() || name.size() > kPatternBytesMax || HasControl(name)) {
        return base::InvalidArgument("a group must have 1 to {} characters and no control characters",
                                     kPatternBytesMax);
      }
    }
  }
  if (HasControl(request.endpoint) || HasControl(request.database)) {
    return base::InvalidArgument("the database's name holds a control character");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SuggestPolicy(const SuggestionRequest& request, const v1::DatabaseCatalog& catalog) {
  CHAPERONE_RETURN_IF_ERROR(Check(request));
  const std::vector<std::string> groups =
      request.groups.empty() ? std::vector<std::string>{"coding-agents"} : request.groups;
  const std::vector<std::string> approvers =
      request.approvers.empty() ? std::vector<std::string>{"db-owners"} : request.approvers;
  const std::string database = fmt::format("{}/{}", request.endpoint, request.database);
  return fmt::format(
      "# A policy to start from, made of what {0} holds. Read it, change it, then\n"
      "#   chaperone policy lint -f FILE && chaperone policy apply -f FILE --wait\n"
      "# Whatever no statement allows is denied.\n"
      "apiVersion: chaperone/v1\n"
      "kind: Policy\n"
      "metadata: {{name: {1}}}\n"
      "\n"
      "# Whom it is about: every agent whose token says that it belongs to one of these groups.\n"
      "principals:\n"
      "  - groups: {2}\n"
      "databases: [{3}]\n"
      "\n"
      "{4}"
      "\n"
      "{5}"
      "\n"
      "limits: {{rows_per_statement: 10000, statement_timeout: 30s, sessions: 20}}\n"
      "recording: {{results: masked, rows_per_statement: 1000}}\n"
      "# How long each class goes on when the control plane cannot be reached.\n"
      "degraded: {{read: 1h, write: 0s}}\n",
      database, Scalar(NameOf(request)), List(groups), Scalar(database), Statements(Schemas(catalog), approvers),
      Masking(catalog));
}

}  // namespace chaperone::simulation
