#include "api/policy/document.h"

#include <algorithm>
#include <map>
#include <utility>

#include "api/policy/parse.h"

namespace chaperone::policy {

namespace {

constexpr std::string_view kApiVersion = "chaperone/v1";
constexpr std::string_view kKind = "Policy";
constexpr size_t kRulesMax = 20000;

bool AnyMatches(const std::vector<Glob>& globs, std::string_view value) {
  return std::any_of(globs.begin(), globs.end(), [value](const Glob& glob) { return glob.Matches(value); });
}

void ReadHeader(yaml::Mapping* root, Document* out) {
  for (const auto& [key, expected] : {std::pair{"apiVersion", kApiVersion}, std::pair{"kind", kKind}}) {
    if (const auto value = root->Any(key, yaml::kRequired); value && value->text() != expected) {
      return root->Check(
          value->Error(fmt::format("\"{}\" is \"{}\"; this version reads \"{}\"", key, value->text(), expected)));
    }
  }
  if (auto metadata = root->Child("metadata", yaml::kRequired)) {
    ReadName(&*metadata, "name", &out->name, yaml::kRequired);
    ReadWords(&*metadata, "description", &out->description);
    root->Check(metadata->Finish());
  }
  int mode = 0;
  root->Choice("mode", {"enforce", "observe"}, &mode);
  out->mode = static_cast<Mode>(mode);
  if (const auto value = root->Any("mode")) {
    out->mode_line = value->line();
  }
}

absl::Status ReadPrincipal(const yaml::Value& value, PrincipalEntry* out) {
  if (!value.IsMapping()) {
    return value.Error(
        "each of \"principals\" must be a mapping, for example {issuer: https://idp.example.com, groups: [agents]}");
  }
  yaml::Mapping map = value.AsMapping("");
  out->line = value.line();
  ReadAttribute(&map, "issuer", &out->issuer);
  ReadAttribute(&map, "subject", &out->subject);
  ReadGroups(&map, "groups", &out->groups);
  ReadAttribute(&map, "client", &out->client);
  ReadAttribute(&map, "human", &out->human);
  ReadAttribute(&map, "task", &out->task);
  CHAPERONE_RETURN_IF_ERROR(map.Finish());
  const auto attributes = {&out->issuer, &out->subject, &out->groups, &out->client, &out->human, &out->task};
  const bool empty = std::all_of(attributes.begin(), attributes.end(), [](const AttributeMatch* attribute) {
    return attribute->kind == AttributeMatch::Kind::kAny;
  });
  return empty ? value.Error("an entry of \"principals\" without a key; for everybody write {subject: \"*\"}")
               : absl::OkStatus();
}

void ReadPrincipals(yaml::Mapping* root, Document* out) {
  if (!root->Has("principals")) {
    return root->Missing(
        root->Error("\"principals\" is missing; say whom the policy is for ({subject: \"*\"} for everybody)"));
  }
  for (const yaml::Value& item : ReadItems(root, "principals", yaml::kRequired)) {
    root->Check(ReadPrincipal(item, &out->principals.emplace_back()));
  }
}

void ReadDatabases(yaml::Mapping* root, Document* out) {
  if (const auto value = root->Any("databases", yaml::kRequired)) {
    out->databases_line = value->line();
  }
  ReadPatterns(root, "databases", &out->databases, yaml::kRequired, DatabasePattern::Parse);
}

// The bound on rules is one on text (1 MiB) too; lists within a rule are bounded by kListItemsMax.
template <typename Rule, typename Read>
void ReadRules(yaml::Mapping* root, std::string_view key, std::vector<Rule>* out, Read read) {
  const auto value = root->Any(key);
  if (!value) {
    return;
  }
  if (!value->IsSequence()) {
    return root->Check(value->Error(fmt::format("\"{}\" must be a list", key)));
  }
  const std::vector<yaml::Value> items = value->Items();
  if (items.size() > kRulesMax) {
    return root->Check(
        value->Error(fmt::format("\"{}\" holds {} rules; at most {} are read", key, items.size(), kRulesMax)));
  }
  out->reserve(items.size());
  for (const yaml::Value& item : items) {
    if (absl::Status status = read(item, &out->emplace_back()); !status.ok()) {
      return root->Check(std::move(status));
    }
  }
}

absl::Status CheckIds(const Document& document) {
  std::map<std::string_view, int> lines;
  const auto add = [&](std::string_view id, int line) -> absl::Status {
    const auto [first, fresh] = lines.emplace(id, line);
    return fresh ? absl::OkStatus()
                 : base::InvalidArgument("{}:{}: the id \"{}\" stands twice (first on line {})", document.file_name,
                                         line, id, first->second);
  };
  for (const StatementRule& rule : document.statements) {
    CHAPERONE_RETURN_IF_ERROR(add(rule.id, rule.line));
  }
  for (const MaskingEntry& entry : document.masking) {
    CHAPERONE_RETURN_IF_ERROR(add(entry.rule.id, entry.line));
  }
  return absl::OkStatus();
}

}  // namespace

bool AttributeMatch::Matches(std::string_view value) const {
  switch (kind) {
    case Kind::kAny:
      return true;
    case Kind::kPresent:
      return !value.empty();
    case Kind::kAbsent:
      return value.empty();
    case Kind::kGlobs:
      return !value.empty() && AnyMatches(globs, value);
  }
  return false;
}

bool PrincipalEntry::Matches(const Principal& principal) const {
  // `subject: "*"` is everybody: a ban on everybody must not miss whoever lacks the attribute.
  const auto matches_identity = [](const AttributeMatch& match, std::string_view value) {
    const bool everybody = match.kind == AttributeMatch::Kind::kGlobs &&
                           std::any_of(match.globs.begin(), match.globs.end(), [](const Glob& g) { return g.IsAny(); });
    return everybody || match.Matches(value);
  };
  const bool in_group = groups.kind == AttributeMatch::Kind::kAny ||
                        std::any_of(principal.groups.begin(), principal.groups.end(),
                                    [this](const std::string& group) { return groups.Matches(group); });
  return in_group && matches_identity(issuer, principal.issuer) && matches_identity(subject, principal.subject) &&
         client.Matches(principal.client) && human.Matches(principal.human) && task.Matches(principal.task);
}

bool Conditions::HasSessionPart() const {
  const auto is_set = [](const AttributeMatch& match) { return match.kind != AttributeMatch::Kind::kAny; };
  return !labels.empty() || is_set(client) || is_set(human) || is_set(task);
}

bool Conditions::SessionPartHolds(const Principal& principal, const Target& target) const {
  for (const LabelMatch& label : labels) {
    const auto found = target.labels.find(label.name);
    if (found == target.labels.end() || !label.value.Matches(found->second)) {
      return false;
    }
  }
  return client.Matches(principal.client) && human.Matches(principal.human) && task.Matches(principal.task);
}

bool Document::AppliesTo(const Principal& principal, const Target& target) const {
  return std::any_of(
             databases.begin(), databases.end(),
             [&](const DatabasePattern& pattern) { return pattern.Matches(target.endpoint, target.database); }) &&
         std::any_of(principals.begin(), principals.end(),
                     [&](const PrincipalEntry& entry) { return entry.Matches(principal); });
}

absl::StatusOr<std::shared_ptr<const Document>> ParseDocument(std::string_view yaml, std::string_view file_name) {
  CHAPERONE_ASSIGN_OR_RETURN(const yaml::Document file, yaml::Document::Parse(yaml, file_name));
  auto document = std::make_shared<Document>();
  document->file_name = std::string(file_name);
  yaml::Mapping root = file.root();
  ReadHeader(&root, document.get());
  ReadPrincipals(&root, document.get());
  ReadDatabases(&root, document.get());
  ReadRules(&root, "statements", &document->statements, ReadStatement);
  ReadRules(&root, "masking", &document->masking, ReadMasking);
  ReadSettings(&root, &document->settings);
  CHAPERONE_RETURN_IF_ERROR(root.Finish());
  CHAPERONE_RETURN_IF_ERROR(CheckIds(*document));
  for (MaskingEntry& entry : document->masking) {
    entry.rule.policy = document->name;
  }
  return document;
}

const std::string& DocumentName(const Document& document) { return document.name; }

}  // namespace chaperone::policy
