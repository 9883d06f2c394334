// `chaperone doctor`: what is wrong around the sidecars, and what the control plane itself can see.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "chaperone/v1/fleet.grpc.pb.h"
#include "chaperone/v1/identity.grpc.pb.h"
#include "chaperone/v1/policy.grpc.pb.h"
#include "chaperone/v1/session.grpc.pb.h"
#include "tools/chaperone/commands/policy_commands.h"
#include "tools/chaperone/commands/policy_reach.h"
#include "tools/chaperone/commands/sidecar_commands.h"
#include "tools/chaperone/display/json.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"
#include "tools/chaperone/registry.h"

namespace chaperone::cli {

namespace {

using std::chrono::hours;

constexpr uint64_t kSpoolBytesHigh = 64 << 20;
constexpr int kSessionsSeen = 1000;

struct Finding {
  bool error = false;
  // A sidecar, a policy, or "control plane".
  std::string where;
  std::string code;
  std::string message;
};

using FindingList = std::vector<Finding>;

void CheckSidecar(const v1::Sidecar& sidecar, uint64_t current_revision, display::WallTime now, FindingList* findings) {
  for (const v1::DoctorFinding& finding : sidecar.findings()) {
    findings->push_back({finding.severity() == "error", sidecar.name(), finding.code(), finding.message()});
  }
  if (!sidecar.connected()) {
    findings->push_back({false, sidecar.name(), "sidecar-gone",
                         fmt::format("it is not connected ({}); it decides by its last snapshot until that expires",
                                     SidecarStateText(sidecar, now))});
    return;
  }
  if (!sidecar.rejected_reason().empty()) {
    findings->push_back({true, sidecar.name(), "snapshot-refused",
                         "it refused the newest snapshot and keeps the one before: " + sidecar.rejected_reason()});
  } else if (sidecar.policy_revision() < current_revision) {
    findings->push_back(
        {false, sidecar.name(), "policy-behind",
         fmt::format("it enforces revision {}; the bundle is at {}", sidecar.policy_revision(), current_revision)});
  }
  if (sidecar.spool_bytes() > kSpoolBytesHigh) {
    findings->push_back(
        {false, sidecar.name(), "spool-backlog",
         fmt::format("{} of recordings wait to be delivered; when the spool is full, statements are refused",
                     display::ByteCount(sidecar.spool_bytes()))});
  }
}

absl::Status CheckFleet(uint64_t current_revision, Context& context, v1::ListSidecarsResponse* fleet_out,
                        FindingList* findings) {
  const v1::ListSidecarsRequest request;
  CHAPERONE_ASSIGN_OR_RETURN(*fleet_out,
                             context.Call<v1::FleetService>(&v1::FleetService::Stub::ListSidecars, request));
  const v1::ListSidecarsResponse& fleet = *fleet_out;
  if (fleet.sidecars().empty()) {
    findings->push_back(
        {false, "control plane", "no-sidecar", "no sidecar has ever connected: no database is guarded"});
  }
  for (const v1::Sidecar& sidecar : fleet.sidecars()) {
    CheckSidecar(sidecar, current_revision, context.world().clock.Wall(), findings);
  }
  return absl::OkStatus();
}

// The linter knows what never fires and what matches nobody; a control plane without one is asked nothing.
absl::Status CheckPolicies(Context& context, v1::ListPoliciesResponse* bundle_out, FindingList* findings) {
  const v1::ListPoliciesRequest request;
  CHAPERONE_ASSIGN_OR_RETURN(*bundle_out,
                             context.Call<v1::PolicyService>(&v1::PolicyService::Stub::ListPolicies, request));
  const v1::ListPoliciesResponse& bundle = *bundle_out;
  if (bundle.policies().empty()) {
    findings->push_back({true, "control plane", "no-policy", "there is no policy: every agent is refused"});
    return absl::OkStatus();
  }
  v1::LintPoliciesRequest lint;
  for (const v1::Policy& policy : bundle.policies()) {
    lint.add_documents(policy.document());
  }
  const auto linted = context.Call<v1::PolicyService>(&v1::PolicyService::Stub::LintPolicies, lint);
  if (linted.status().code() == absl::StatusCode::kUnimplemented) {
    return absl::OkStatus();
  }
  CHAPERONE_RETURN_IF_ERROR(linted.status());
  for (const v1::PolicyFinding& finding : linted->findings()) {
    const std::string rule = finding.rule().empty() ? "" : "/" + finding.rule();
    findings->push_back({finding.severity() == v1::PolicyFinding::ERROR, "policy " + finding.policy() + rule,
                         finding.code(), finding.message()});
  }
  return absl::OkStatus();
}

absl::Status CheckIssuers(Context& context, FindingList* findings) {
  const v1::ListIssuersRequest request;
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<v1::IdentityService>(&v1::IdentityService::Stub::ListIssuers, request));
  if (response.issuers().empty()) {
    findings->push_back({true, "control plane", "no-issuer", "no token issuer is configured: no agent can sign in"});
  }
  for (const v1::Issuer& issuer : response.issuers()) {
    if (!issuer.fetch_error().empty()) {
      findings->push_back({issuer.jwks().empty(), "issuer " + issuer.issuer(), "issuer-unreachable",
                           "its keys cannot be fetched: " + issuer.fetch_error()});
    } else if (issuer.has_fetched_at() && context.world().clock.Wall() - FromProto(issuer.fetched_at()) > hours(24)) {
      findings->push_back({false, "issuer " + issuer.issuer(), "issuer-keys-old",
                           "its keys were last fetched " +
                               display::Relative(FromProto(issuer.fetched_at()), context.world().clock.Wall())});
    }
  }
  return absl::OkStatus();
}

// What agents really presented.
absl::Status CheckSessions(const v1::ListPoliciesResponse& bundle, const v1::ListSidecarsResponse& fleet,
                           Context& context, FindingList* findings) {
  v1::ListSessionsRequest request;
  request.set_limit(kSessionsSeen);
  CHAPERONE_ASSIGN_OR_RETURN(const auto response,
                             context.Call<v1::SessionService>(&v1::SessionService::Stub::ListSessions, request));
  std::vector<std::string> issuers;
  for (const v1::Session& session : response.sessions()) {
    const v1::Principal& principal = session.principal();
    const auto lifetime = FromProto(principal.expires_at()) - FromProto(session.started_at());
    const bool known = std::ranges::find(issuers, principal.issuer()) != issuers.end();
    if (principal.has_expires_at() && lifetime > hours(1) && !known) {
      issuers.push_back(principal.issuer());
      findings->push_back(
          {false, "issuer " + principal.issuer(), "token-lifetime",
           fmt::format("its tokens live longer than an hour ({} had {} left in {}); a stolen one does, too",
                       principal.subject(),
                       display::Elapsed(std::chrono::duration_cast<std::chrono::microseconds>(lifetime)),
                       session.id())});
    }
  }
  for (const std::string& name : PoliciesThatReachNobody(bundle, response, fleet)) {
    findings->push_back({false, "policy " + name, "reaches-nobody",
                         fmt::format("none of the last {} matches its principals and databases",
                                     display::Counted(static_cast<uint64_t>(response.sessions_size()), "session"))});
  }
  return absl::OkStatus();
}

void Print(const FindingList& findings, Context& context) {
  if (context.json()) {
    display::JsonArray list;
    for (const Finding& finding : findings) {
      list.Raw(display::JsonObject()
                   .String("severity", finding.error ? "error" : "warning")
                   .String("where", finding.where)
                   .String("code", finding.code)
                   .String("message", finding.message)
                   .Text());
    }
    context.out() << display::JsonObject().Raw("findings", list.Text()).Text() << "\n";
    return;
  }
  for (const Finding& finding : findings) {
    context.out() << fmt::format("{}  {}: {}\n         {}\n", finding.error ? "ERROR  " : "warning",
                                 display::Line(finding.where), display::Line(finding.code),
                                 display::Line(finding.message));
  }
  const auto errors = static_cast<uint64_t>(std::ranges::count_if(findings, [](const Finding& f) { return f.error; }));
  context.out() << (findings.empty() ? "all is well\n"
                                     : fmt::format("{}, {}\n", display::Counted(errors, "error"),
                                                   display::Counted(findings.size() - errors, "warning")));
}

absl::Status Examine(Context& context) {
  FindingList findings;
  v1::ListPoliciesResponse bundle;
  v1::ListSidecarsResponse fleet;
  CHAPERONE_RETURN_IF_ERROR(CheckPolicies(context, &bundle, &findings));
  CHAPERONE_RETURN_IF_ERROR(CheckFleet(bundle.revision(), context, &fleet, &findings));
  CHAPERONE_RETURN_IF_ERROR(CheckIssuers(context, &findings));
  CHAPERONE_RETURN_IF_ERROR(CheckSessions(bundle, fleet, context, &findings));
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) { return a.error && !b.error; });
  Print(findings, context);
  if (std::ranges::any_of(findings, [](const Finding& finding) { return finding.error; })) {
    return base::FailedPrecondition("the doctor found errors");
  }
  return absl::OkStatus();
}

}  // namespace

void AddDoctorCommand(Registry& registry) {
  registry.Command(nullptr,
                   {.name = "doctor",
                    .summary = "what is wrong with the set-up; exit 1 when something is",
                    .examples = "  chaperone doctor\n  chaperone doctor -o json",
                    .roles = "admin or auditor",
                    .listing = ""},
                   Examine);
}

}  // namespace chaperone::cli
