#include "tools/chaperone/commands/policy_reach.h"

#include <algorithm>
#include <map>

#include "api/policy/policy.h"
#include "api/yaml/yaml.h"

namespace chaperone::cli {

namespace {

struct Seen {
  policy::Principal principal;
  policy::Target target;
};

std::vector<Seen> SeenBy(const v1::ListSessionsResponse& sessions, const v1::ListSidecarsResponse& fleet) {
  std::map<std::string, std::map<std::string, std::string>> labels;
  for (const v1::Sidecar& sidecar : fleet.sidecars()) {
    labels[sidecar.name()] = {sidecar.labels().begin(), sidecar.labels().end()};
  }
  std::vector<Seen> seen;
  for (const v1::Session& session : sessions.sessions()) {
    const v1::Principal& principal = session.principal();
    seen.push_back(
        {.principal = {.issuer = principal.issuer(),
                       .subject = principal.subject(),
                       .groups = {principal.groups().begin(), principal.groups().end()},
                       .client = principal.client(),
                       .human = principal.human(),
                       .task = principal.task()},
         .target = {
             .endpoint = session.endpoint(), .database = session.database(), .labels = labels[session.sidecar()]}});
  }
  return seen;
}

// Whether a statement of the document allows something, be it after approval.
bool Grants(const std::string& text) {
  const auto document = yaml::Document::Parse(text, "policy");
  if (!document.ok()) {
    return false;
  }
  yaml::Mapping root = document->root();
  const auto statements = root.Any("statements");
  if (!statements) {
    return false;
  }
  return std::ranges::any_of(statements->Items(), [](const yaml::Value& statement) {
    std::string effect;
    if (statement.IsMapping()) {
      statement.AsMapping("statement").String("effect", &effect);
    }
    return effect == "allow" || effect == "require_approval";
  });
}

}  // namespace

std::vector<std::string> PoliciesThatReachNobody(const v1::ListPoliciesResponse& bundle,
                                                 const v1::ListSessionsResponse& seen,
                                                 const v1::ListSidecarsResponse& fleet) {
  std::vector<std::string> names;
  const std::vector<Seen> sessions = SeenBy(seen, fleet);
  for (const v1::Policy& stored : bundle.policies()) {
    if (sessions.empty() || !Grants(stored.document())) {
      continue;
    }
    const auto document = policy::ParseDocument(stored.document(), stored.name());
    if (!document.ok()) {
      continue;
    }
    const auto alone = policy::Bundle::Compile({*document}, stored.revision());
    if (alone.ok() && std::ranges::none_of(sessions, [&](const Seen& session) {
          return (*alone)->ViewFor(session.principal, session.target)->Applies();
        })) {
      names.push_back(stored.name());
    }
  }
  return names;
}

}  // namespace chaperone::cli
