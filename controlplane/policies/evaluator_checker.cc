#include "controlplane/policies/evaluator_checker.h"

#include "api/policy/policy.h"

namespace chaperone::policies {

namespace {

class EvaluatorChecker final : public BundleChecker {
 public:
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
    return std::vector<v1::PolicyFinding>();
  }
};

}  // namespace

std::unique_ptr<BundleChecker> NewEvaluatorChecker() { return std::make_unique<EvaluatorChecker>(); }

}  // namespace chaperone::policies
