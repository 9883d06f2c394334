#include "controlplane/simulation/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/policy/explain.h"
#include "api/sql/catalog_codec.h"

namespace chaperone::simulation {

namespace {

// Decoded catalogs that are kept, and the bytes that they were decoded from; the newest is kept in any case.
constexpr size_t kDecodedMax = 8;
constexpr size_t kDecodedBytesMax = size_t{64} << 20;

policy::Principal PrincipalOf(const v1::Principal& proto) {
  return {.issuer = proto.issuer(),
          .subject = proto.subject(),
          .groups = {proto.groups().begin(), proto.groups().end()},
          .client = proto.client(),
          .human = proto.human(),
          .task = proto.task()};
}

absl::Status CheckDocuments(const google::protobuf::RepeatedPtrField<std::string>& documents) {
  if (static_cast<size_t>(documents.size()) > policies::kDocumentsMax) {
    return base::InvalidArgument("{} documents; at most {}", documents.size(), policies::kDocumentsMax);
  }
  for (const std::string& document : documents) {
    if (document.size() > policies::kDocumentBytesMax) {
      return base::InvalidArgument("a document has {} bytes; at most {}", document.size(), policies::kDocumentBytesMax);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<policy::Target> ParseDatabase(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) {
    return base::InvalidArgument("the database must be given as <endpoint>/<database>, e.g. shop-prod/shop; got \"{}\"",
                                 text);
  }
  return policy::Target{.endpoint = text.substr(0, slash), .database = text.substr(slash + 1), .labels = {}};
}

absl::StatusOr<ReportedCatalog> Scenes::Reported(const std::string& database) const {
  CHAPERONE_ASSIGN_OR_RETURN(const policy::Target target, ParseDatabase(database));
  return catalogs_(target.endpoint, target.database);
}

absl::StatusOr<std::shared_ptr<const sql::Catalog>> Scenes::Decode(const ReportedCatalog& reported) {
  if (reported.catalog->encoded().empty()) {
    return base::FailedPrecondition(
        "sidecar {} reported only the names in {}: the whole catalog is too large for a message, so nothing can be "
        "simulated there",
        reported.sidecar, reported.catalog->database());
  }
  {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(decoded_.begin(), decoded_.end(),
                                    [&](const Decoded& each) { return each.source == reported.catalog; });
    if (known != decoded_.end()) {
      decoded_.splice(decoded_.begin(), decoded_, known);
      return known->catalog;
    }
  }
  auto catalog = sql::DecodeCatalog(reported.catalog->encoded());
  if (!catalog.ok()) {
    return base::FailedPrecondition(
        "the catalog of {} that sidecar {} reported cannot be read ({}); are both programs of one release?",
        reported.catalog->database(), reported.sidecar, base::Message(catalog.status()));
  }
  const std::lock_guard lock(mutex_);
  decoded_.push_front({reported.catalog, *catalog});
  size_t bytes = 0;
  size_t kept = 0;
  auto each = decoded_.begin();
  for (; each != decoded_.end(); ++each, ++kept) {
    bytes += each->source->encoded().size();
    if (kept > 0 && (kept == kDecodedMax || bytes > kDecodedBytesMax)) {
      break;
    }
  }
  decoded_.erase(each, decoded_.end());
  return *catalog;
}

absl::StatusOr<std::shared_ptr<const Scenes::Compiled>> Scenes::Compile(const v1::PolicyScope& scope) {
  auto compiled = std::make_shared<Compiled>();
  std::vector<std::pair<std::string, std::string>> texts;
  if (!scope.documents().empty()) {
    CHAPERONE_RETURN_IF_ERROR(CheckDocuments(scope.documents()));
    for (int i = 0; i < scope.documents_size(); ++i) {
      texts.emplace_back(fmt::format("document {}", i + 1), scope.documents(i));
    }
  } else {
    CHAPERONE_ASSIGN_OR_RETURN(const auto stored, bundles_(scope.revision()));
    {
      const std::lock_guard lock(mutex_);
      if (compiled_ != nullptr && compiled_->revision == stored->revision && stored->revision != 0) {
        return compiled_;
      }
    }
    compiled->revision = stored->revision;
    for (const auto& [name, stored_policy] : stored->policies) {
      texts.emplace_back(name, stored_policy.document());
    }
  }
  for (const auto& [name, text] : texts) {
    CHAPERONE_ASSIGN_OR_RETURN(auto document, policy::ParseDocument(text, name));
    compiled->documents.push_back(std::move(document));
  }
  CHAPERONE_ASSIGN_OR_RETURN(compiled->bundle, policy::Bundle::Compile(compiled->documents, compiled->revision));
  if (compiled->revision != 0) {
    const std::lock_guard lock(mutex_);
    compiled_ = compiled;
  }
  return std::shared_ptr<const Compiled>(std::move(compiled));
}

absl::StatusOr<Scene> Scenes::Make(const v1::PolicyScope& scope, bool for_everybody) {
  Scene scene;
  CHAPERONE_ASSIGN_OR_RETURN(scene.target, ParseDatabase(scope.database()));
  CHAPERONE_ASSIGN_OR_RETURN(const auto compiled, Compile(scope));
  CHAPERONE_ASSIGN_OR_RETURN(scene.reported, catalogs_(scene.target.endpoint, scene.target.database));
  CHAPERONE_ASSIGN_OR_RETURN(scene.catalog, Decode(scene.reported));
  scene.target.labels = scene.reported.labels;
  scene.principal = PrincipalOf(scope.principal());
  scene.revision = compiled->revision;
  scene.documents = compiled->documents;
  std::shared_ptr<const policy::Bundle> bundle = compiled->bundle;
  if (for_everybody) {
    scene.documents = policy::ForEverybody(scene.documents);
    CHAPERONE_ASSIGN_OR_RETURN(bundle, policy::Bundle::Compile(scene.documents, scene.revision));
  }
  scene.view = bundle->ViewFor(scene.principal, scene.target);
  return scene;
}

}  // namespace chaperone::simulation
