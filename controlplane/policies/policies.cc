#include "controlplane/policies/policies.h"

#include <algorithm>
#include <utility>

#include "controlplane/model/keys.h"
#include "controlplane/model/page.h"
#include "controlplane/model/proto_time.h"
#include "stored/state.pb.h"

namespace chaperone::policies {

namespace {

using Documents = std::map<std::string, std::string, std::less<>>;
using store::Family;

constexpr int kAttemptsMax = 8;

Documents TextsOf(const Bundle& bundle) {
  Documents texts;
  for (const auto& [name, policy] : bundle.policies) {
    texts.emplace(name, policy.document());
  }
  return texts;
}

// "created a", "changed b", "deleted c", in the order of names.
std::vector<std::string> Differences(const Bundle& base, const Documents& documents) {
  std::vector<std::string> changes;
  for (const auto& [name, policy] : base.policies) {
    const auto at = documents.find(name);
    if (at == documents.end()) {
      changes.push_back("deleted " + name);
    } else if (at->second != policy.document()) {
      changes.push_back("changed " + name);
    }
  }
  for (const auto& [name, text] : documents) {
    if (!base.policies.contains(name)) {
      changes.push_back("created " + name);
    }
  }
  return changes;
}

absl::Status FailOnErrors(const std::vector<v1::PolicyFinding>& findings) {
  std::string errors;
  int count = 0;
  for (const v1::PolicyFinding& finding : findings) {
    if (finding.severity() == v1::PolicyFinding::ERROR && ++count <= 10) {
      errors += fmt::format("\n  {}{}{}: {} [{}]", finding.policy(), finding.rule().empty() ? "" : "/", finding.rule(),
                            finding.message(), finding.code());
    }
  }
  if (count == 0) {
    return absl::OkStatus();
  }
  return base::InvalidArgument("the bundle has {} error{}; nothing was applied:{}", count, count == 1 ? "" : "s",
                               errors);
}

bool Concerns(const v1::PolicyRevision& revision, std::string_view policy) {
  return std::any_of(revision.changes().begin(), revision.changes().end(), [policy](const std::string& change) {
    return std::string_view(change).substr(change.find(' ') + 1) == policy;
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Policies>> Policies::Open(store::Store* store, const base::Clock* clock,
                                                         const audit::AuditLog* audit, const BundleChecker* checker) {
  auto policies = std::unique_ptr<Policies>(new Policies(store, clock, audit, checker));
  CHAPERONE_ASSIGN_OR_RETURN(const auto stored, store->Get(Family::kMeta, model::kPolicyRevisionKey));
  if (stored) {
    CHAPERONE_ASSIGN_OR_RETURN(const uint64_t revision, model::ParseNumber(*stored));
    CHAPERONE_ASSIGN_OR_RETURN(policies->current_, policies->Load(revision));
  }
  return policies;
}

std::shared_ptr<const Bundle> Policies::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

absl::StatusOr<std::shared_ptr<const Bundle>> Policies::At(uint64_t revision) const {
  const auto current = Current();
  if (revision == 0 || revision == current->revision) {
    return current;
  }
  if (revision > current->revision) {
    return base::NotFound("there is no revision {}; the newest is {}", revision, current->revision);
  }
  return Load(revision);
}

absl::StatusOr<std::shared_ptr<const Bundle>> Policies::Load(uint64_t revision) const {
  CHAPERONE_ASSIGN_OR_RETURN(const auto info_bytes, store_->Get(Family::kRevisions, model::RevisionKey(revision)));
  CHAPERONE_ASSIGN_OR_RETURN(const auto manifest_bytes, store_->Get(Family::kRevisions, model::ManifestKey(revision)));
  if (!info_bytes || !manifest_bytes) {
    return base::DataLoss("policy revision {} is missing from the store", revision);
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto info, model::Decode<v1::PolicyRevision>(*info_bytes, "policy revision"));
  CHAPERONE_ASSIGN_OR_RETURN(const auto manifest, model::Decode<stored::Manifest>(*manifest_bytes, "manifest"));
  auto bundle = std::make_shared<Bundle>();
  bundle->revision = revision;
  bundle->created_at = info.created_at();
  for (const auto& [name, changed_in] : manifest.documents()) {
    CHAPERONE_ASSIGN_OR_RETURN(const auto bytes, store_->Get(Family::kPolicies, model::PolicyKey(name, changed_in)));
    if (!bytes) {
      return base::DataLoss("policy {} of revision {} is missing from the store", name, changed_in);
    }
    CHAPERONE_ASSIGN_OR_RETURN(auto policy, model::Decode<v1::Policy>(*bytes, "policy"));
    bundle->policies.emplace(name, std::move(policy));
  }
  return std::shared_ptr<const Bundle>(std::move(bundle));
}

absl::StatusOr<Documents> Policies::ReadDocuments(const google::protobuf::RepeatedPtrField<std::string>& texts) const {
  if (static_cast<size_t>(texts.size()) > kDocumentsMax) {
    return base::InvalidArgument("{} documents; at most {} at once", texts.size(), kDocumentsMax);
  }
  Documents documents;
  for (int i = 0; i < texts.size(); ++i) {
    const std::string label = fmt::format("document {}", i + 1);
    if (texts[i].size() > kDocumentBytesMax) {
      return base::InvalidArgument("{} has {} bytes; at most {}", label, texts[i].size(), kDocumentBytesMax);
    }
    CHAPERONE_ASSIGN_OR_RETURN(const std::string name, checker_->NameOf(texts[i], label));
    if (!documents.emplace(name, texts[i]).second) {
      return base::InvalidArgument("{}: the policy \"{}\" stands twice in the request", label, name);
    }
  }
  return documents;
}

absl::StatusOr<std::vector<v1::PolicyFinding>> Policies::Check(const Draft& draft, uint64_t revision) const {
  if (draft.comment.size() > kCommentBytesMax) {
    return base::InvalidArgument("the comment has {} bytes; at most {}", draft.comment.size(), kCommentBytesMax);
  }
  if (draft.documents.size() > kDocumentsMax) {
    return base::InvalidArgument("the bundle would have {} policies; at most {}", draft.documents.size(),
                                 kDocumentsMax);
  }
  std::vector<NamedDocument> documents;
  size_t bytes = 0;
  for (const auto& [name, text] : draft.documents) {
    bytes += text.size();
    documents.push_back({name, text});
  }
  if (bytes > kBundleBytesMax) {
    return base::InvalidArgument("the bundle would have {} bytes; at most {}", bytes, kBundleBytesMax);
  }
  return checker_->Check(documents, revision);
}

absl::Status Policies::CommitRevision(const model::Call& call, const Draft& draft, const Bundle& base) {
  auto bundle = std::make_shared<Bundle>();
  bundle->revision = base.revision + 1;
  bundle->created_at = model::ToProto(clock_->Wall());

  store::WriteBatch batch;
  batch.Require(Family::kMeta, std::string(model::kPolicyRevisionKey),
                base.revision == 0 ? std::nullopt : std::optional(model::NumberKey(base.revision)));
  batch.Put(Family::kMeta, std::string(model::kPolicyRevisionKey), model::NumberKey(bundle->revision));

  stored::Manifest manifest;
  for (const auto& [name, text] : draft.documents) {
    const auto old = base.policies.find(name);
    if (old != base.policies.end() && old->second.document() == text) {
      bundle->policies.emplace(name, old->second);
    } else {
      v1::Policy policy;
      policy.set_name(name);
      policy.set_document(text);
      policy.set_revision(bundle->revision);
      *policy.mutable_changed_at() = bundle->created_at;
      policy.set_changed_by(call.caller.name);
      batch.Put(Family::kPolicies, model::PolicyKey(name, bundle->revision), model::Encode(policy));
      bundle->policies.emplace(name, std::move(policy));
    }
    (*manifest.mutable_documents())[name] = bundle->policies.at(name).revision();
  }
  batch.Put(Family::kRevisions, model::ManifestKey(bundle->revision), model::Encode(manifest));

  v1::PolicyRevision info;
  info.set_revision(bundle->revision);
  *info.mutable_created_at() = bundle->created_at;
  info.set_created_by(call.caller.name);
  info.set_comment(draft.comment);
  info.mutable_changes()->Assign(draft.changes.begin(), draft.changes.end());
  batch.Put(Family::kRevisions, model::RevisionKey(bundle->revision), model::Encode(info));

  audit_->Add(call, {draft.resource, fmt::format("revision {}: {}", bundle->revision, fmt::join(draft.changes, ", "))},
              &batch);
  return store_->Commit(std::move(batch), [this, &bundle] {
    {
      const std::lock_guard lock(mutex_);
      current_ = bundle;
    }
    if (listener_) {
      listener_();
    }
  });
}

absl::StatusOr<v1::ApplyPoliciesResponse> Policies::Change(const model::Call& call, const Edit& edit) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto base = Current();
    CHAPERONE_ASSIGN_OR_RETURN(Draft draft, edit(*base));
    if (draft.expected_revision != 0 && draft.expected_revision != base->revision) {
      return base::Aborted("the policies are at revision {}, not at the expected {}; read them again and retry",
                           base->revision, draft.expected_revision);
    }
    v1::ApplyPoliciesResponse response;
    CHAPERONE_ASSIGN_OR_RETURN(const auto findings, Check(draft, base->revision + 1));
    response.mutable_findings()->Assign(findings.begin(), findings.end());
    const std::vector<std::string> differences = Differences(*base, draft.documents);
    draft.changes.insert(draft.changes.end(), differences.begin(), differences.end());
    response.set_revision(base->revision);
    if (draft.dry_run || differences.empty()) {
      response.mutable_changes()->Assign(differences.begin(), differences.end());
      return response;
    }
    CHAPERONE_RETURN_IF_ERROR(FailOnErrors(findings));
    const absl::Status committed = CommitRevision(call, draft, *base);
    if (committed.ok()) {
      response.set_revision(base->revision + 1);
      response.mutable_changes()->Assign(draft.changes.begin(), draft.changes.end());
      return response;
    }
    if (!absl::IsAborted(committed)) {
      return committed;
    }
  }
  return base::Aborted("the policies changed {} times while this change was being made; retry", kAttemptsMax);
}

absl::StatusOr<v1::ApplyPoliciesResponse> Policies::Apply(const model::Call& call,
                                                          const v1::ApplyPoliciesRequest& request) {
  if (request.documents().empty()) {
    return base::InvalidArgument("no document was given");
  }
  CHAPERONE_ASSIGN_OR_RETURN(const Documents documents, ReadDocuments(request.documents()));
  std::string resource = documents.size() == 1 ? "policy " : "policies ";
  for (const auto& [name, text] : documents) {
    resource += (resource.ends_with(' ') ? "" : ", ") + name;
  }
  return Change(call, [&](const Bundle& base) -> absl::StatusOr<Draft> {
    Draft draft;
    draft.documents = TextsOf(base);
    for (const auto& [name, text] : documents) {
      draft.documents[name] = text;
    }
    draft.comment = request.comment();
    draft.resource = resource;
    draft.expected_revision = request.expected_revision();
    draft.dry_run = request.dry_run();
    return draft;
  });
}

absl::StatusOr<v1::ApplyPoliciesResponse> Policies::Delete(const model::Call& call,
                                                           const v1::DeletePolicyRequest& request) {
  return Change(call, [&](const Bundle& base) -> absl::StatusOr<Draft> {
    Draft draft;
    draft.documents = TextsOf(base);
    if (draft.documents.erase(request.name()) == 0) {
      return base::NotFound("there is no policy \"{}\"", request.name());
    }
    draft.comment = request.comment();
    draft.resource = "policy " + request.name();
    draft.expected_revision = request.expected_revision();
    return draft;
  });
}

absl::StatusOr<v1::ApplyPoliciesResponse> Policies::Rollback(const model::Call& call,
                                                             const v1::RollbackPoliciesRequest& request) {
  if (request.revision() == 0) {
    return base::InvalidArgument("give the revision to go back to");
  }
  CHAPERONE_ASSIGN_OR_RETURN(const auto target, At(request.revision()));
  return Change(call, [&](const Bundle&) -> absl::StatusOr<Draft> {
    Draft draft;
    draft.documents = TextsOf(*target);
    draft.changes = {fmt::format("rolled back to {}", request.revision())};
    draft.comment = request.comment();
    draft.resource = fmt::format("policies of revision {}", request.revision());
    draft.expected_revision = request.expected_revision();
    return draft;
  });
}

absl::StatusOr<v1::LintPoliciesResponse> Policies::Lint(const v1::LintPoliciesRequest& request) const {
  v1::LintPoliciesResponse response;
  const auto refuse = [&response](const absl::Status& status) {
    v1::PolicyFinding* finding = response.add_findings();
    finding->set_severity(v1::PolicyFinding::ERROR);
    finding->set_code("invalid");
    finding->set_message(std::string(base::Message(status)));
    return response;
  };
  const auto documents = ReadDocuments(request.documents());
  if (!documents.ok()) {
    return refuse(documents.status());
  }
  const auto base = Current();
  Draft draft;
  draft.documents = TextsOf(*base);
  for (const auto& [name, text] : *documents) {
    draft.documents[name] = text;
  }
  const auto findings = Check(draft, base->revision + 1);
  if (!findings.ok()) {
    return refuse(findings.status());
  }
  response.mutable_findings()->Assign(findings->begin(), findings->end());
  return response;
}

absl::StatusOr<v1::ListPolicyRevisionsResponse> Policies::History(const v1::ListPolicyRevisionsRequest& request) const {
  CHAPERONE_ASSIGN_OR_RETURN(const int limit, model::PageLimit(request.limit()));
  v1::ListPolicyRevisionsResponse response;
  const auto take = [&](const store::Entry& entry) -> absl::StatusOr<bool> {
    if (entry.key.ends_with('r')) {
      CHAPERONE_ASSIGN_OR_RETURN(auto revision, model::Decode<v1::PolicyRevision>(entry.value, "policy revision"));
      if (request.name().empty() || Concerns(revision, request.name())) {
        *response.add_revisions() = std::move(revision);
      }
    }
    return response.revisions_size() < limit;
  };
  CHAPERONE_RETURN_IF_ERROR(model::ScanNewestFirst(*store_, Family::kRevisions, "", take));
  return response;
}

}  // namespace chaperone::policies
