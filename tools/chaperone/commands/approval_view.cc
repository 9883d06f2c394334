#include "tools/chaperone/commands/approval_view.h"

#include <fmt/format.h>

#include <cmath>

#include "tools/chaperone/display/cell.h"
#include "tools/chaperone/display/printable.h"
#include "tools/chaperone/display/table.h"
#include "tools/chaperone/proto_time.h"

namespace chaperone::cli {

namespace {

constexpr size_t kStatementBytesMax = 16 << 10;

template <typename Range>
std::string Joined(const Range& items) {
  std::string out;
  for (const auto& item : items) {
    out += (out.empty() ? "" : ", ") + item;
  }
  return out;
}

std::string StatementText(const v1::ApprovalSubject& subject, bool full) {
  display::BlockOptions options;
  options.bytes_max = full ? subject.statement().size() : kStatementBytesMax;
  std::string out = display::Block(subject.statement(), options);
  int number = 0;
  for (const v1::ApprovalParameter& parameter : subject.parameters()) {
    const std::string type = display::TypeName(parameter.type_oid());
    out += fmt::format("  ${} = {}{}{}\n", ++number,
                       parameter.is_null() ? "NULL" : display::CutLine(parameter.value(), 300),
                       parameter.truncated() ? " (cut; the approval binds all of it)" : "",
                       type.empty() ? "" : fmt::format("  ({})", type));
  }
  return out;
}

std::string VotesText(const v1::Approval& approval) {
  std::string out;
  for (const v1::ApprovalVote& vote : approval.votes()) {
    out += fmt::format("  {} {} {}{}\n", display::Moment(FromProto(vote.voted_at())), display::Line(vote.approver()),
                       vote.approve() ? "approved" : "rejected",
                       vote.comment().empty() ? "" : ": " + display::Line(vote.comment()));
  }
  return out.empty() ? "" : "\nvotes:\n" + out;
}

std::string DeadlineText(const v1::Approval& approval, display::WallTime now) {
  const display::WallTime expires = FromProto(approval.expires_at());
  const std::string when = fmt::format("{} ({})", display::Relative(expires, now), display::Moment(expires));
  switch (approval.state()) {
    case v1::Approval::PENDING:
      return "expires undecided " + when;
    case v1::Approval::APPROVED:
      return "must be used before it expires " + when;
    default:
      return "";
  }
}

}  // namespace

std::string ApprovalStateName(v1::Approval::State state) {
  switch (state) {
    case v1::Approval::PENDING:
      return "pending";
    case v1::Approval::APPROVED:
      return "approved";
    case v1::Approval::REJECTED:
      return "rejected";
    case v1::Approval::EXPIRED:
      return "expired";
    case v1::Approval::CONSUMED:
      return "consumed";
    default:
      return "unknown";
  }
}

std::string PrincipalText(const v1::Principal& principal) {
  return principal.human().empty() ? principal.subject()
                                   : fmt::format("{} for {}", principal.subject(), principal.human());
}

std::string BlastRadiusText(const v1::ApprovalSubject& subject) {
  if (!subject.has_blast_radius()) {
    return "";
  }
  const v1::BlastRadius& radius = subject.blast_radius();
  if (!radius.unavailable().empty()) {
    return "no estimate: " + radius.unavailable();
  }
  const double rows = std::clamp(std::round(radius.estimated_rows()), 0.0, 1e18);
  return fmt::format("~{} of {}", display::Counted(static_cast<unsigned long long>(rows), "row"), radius.relation());
}

std::string ApprovalText(const v1::Approval& approval, display::WallTime now, bool full) {
  const v1::ApprovalSubject& subject = approval.subject();
  const v1::Principal& principal = subject.principal();
  int approvals = 0;
  for (const v1::ApprovalVote& vote : approval.votes()) {
    approvals += vote.approve() ? 1 : 0;
  }
  std::string out = fmt::format("{} is {}\n\n{}\n", display::Line(approval.id()), ApprovalStateName(approval.state()),
                                StatementText(subject, full));
  display::Fields fields;
  fields.Add("agent", principal.subject());
  fields.Add("for", principal.human());
  fields.Add("task", principal.task());
  fields.Add("groups", Joined(principal.groups()));
  fields.Add("issuer", principal.issuer());
  fields.Add("database", fmt::format("{}/{} as {}", subject.endpoint(), subject.database(), subject.role()));
  fields.Add("search path", Joined(subject.search_path()));
  fields.Add("session", subject.session_id());
  fields.Add("needs", Joined(subject.needs()));
  fields.Add("touches", BlastRadiusText(subject));
  fields.Add("rule", fmt::format("{} of {}", approval.rule(), approval.policy()));
  fields.Add("reason", approval.reason());
  fields.Add("approvers", fmt::format("{} of {} needed, from: {}", approvals, approval.required_count(),
                                      Joined(approval.approvers())));
  fields.Add("asked", display::Relative(FromProto(approval.created_at()), now));
  fields.Add("deadline", DeadlineText(approval, now));
  out += fields.Text() + VotesText(approval);
  if (approval.state() == v1::Approval::PENDING) {
    out += fmt::format(
        "\nDecide:\n  chaperone approvals approve {0}\n  chaperone approvals reject {0} --comment \"why\"\n",
        display::Line(approval.id()));
  }
  return out;
}

}  // namespace chaperone::cli
