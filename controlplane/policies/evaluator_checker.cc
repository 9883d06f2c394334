#include "controlplane/policies/evaluator_checker.h"

#include <utility>

#include "api/policy/lint.h"
#include "api/policy/policy.h"

namespace chaperone::policies {

namespace {

policy::LintOptions OptionsFor(const std::vector<ConnectedDatabase>& databases) {
  policy::LintOptions options;
  for (const ConnectedDatabase& database : databases) {
    policy::KnownDatabase& known = options.databases.emplace_back();
    known.endpoint = database.endpoint;
    known.database = database.catalog->database();
    for (const v1::RelationInfo& info : database.catalog->relations()) {
      policy::KnownRelation& relation = known.relations.emplace_back();
      relation.schema = info.schema();
      relation.name = info.name();
      for (const v1::ColumnInfo& column : info.columns()) {
        relation.columns.push_back(column.name());
      }
    }
  }
  return options;
}

v1::PolicyFinding ToProto(policy::Finding finding) {
  v1::PolicyFinding proto;
  proto.set_severity(finding.severity == policy::Finding::Severity::kError ? v1::PolicyFinding::ERROR
                                                                           : v1::PolicyFinding::WARNING);
  proto.set_policy(std::move(finding.policy));
  proto.set_rule(std::move(finding.rule));
  proto.set_line(finding.line);
  proto.set_code(std::move(finding.code));
  proto.set_message(std::move(finding.message));
  return proto;
}

class EvaluatorChecker final : public BundleChecker {
 public:
  explicit EvaluatorChecker(std::function<std::vector<ConnectedDatabase>()> databases)
      : databases_(std::move(databases)) {}

  absl::StatusOr<std::string> NameOf(std::string_view text, std::string_view label) const override {
    CHAPERONE_ASSIGN_OR_RETURN(const auto document, policy::ParseDocument(text, label));
    return policy::DocumentName(*document);
  }

  absl::StatusOr<std::vector<v1::PolicyFinding>> Check(const std::vector<NamedDocument>& documents,
                                                       uint64_t revision) const override {
    std::vector<std::shared_ptr<const policy::Document>> parsed;
    parsed.reserve(documents.size());
    for (const NamedDocument& document : documents) {
      CHAPERONE_ASSIGN_OR_RETURN(auto one, policy::ParseDocument(document.text, document.name));
      parsed.push_back(std::move(one));
    }
    CHAPERONE_RETURN_IF_ERROR(policy::Bundle::Compile(parsed, revision).status());
    std::vector<v1::PolicyFinding> findings;
    for (policy::Finding& finding : policy::Lint(parsed, OptionsFor(databases_()))) {
      findings.push_back(ToProto(std::move(finding)));
    }
    return findings;
  }

 private:
  const std::function<std::vector<ConnectedDatabase>()> databases_;
};

}  // namespace

std::unique_ptr<BundleChecker> NewEvaluatorChecker(std::function<std::vector<ConnectedDatabase>()> databases) {
  return std::make_unique<EvaluatorChecker>(std::move(databases));
}

}  // namespace chaperone::policies
