#include "dataplane/session/denial.h"

#include <fmt/format.h>

namespace chaperone::session {

using wire::postgres::ErrorMessage;
namespace sqlstate = wire::postgres::sqlstate;

namespace {

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (byte < 0x20) {
      out->append(fmt::format("\\u{:04x}", byte));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void AppendMember(std::string_view name, std::string_view value, std::string* out) {
  out->append(out->size() > 1 ? "," : "").append("\"").append(name).append("\":");
  if (value.empty()) {
    out->append("null");
  } else {
    AppendJsonString(value, out);
  }
}

// `policy "agents", rule "no-ddl"`, as far as there is one.
std::string NameOf(const policy::Verdict& verdict) {
  if (verdict.rule.empty()) {
    return "";
  }
  return verdict.policy.empty() ? fmt::format("rule \"{}\"", verdict.rule)
                                : fmt::format("policy \"{}\", rule \"{}\"", verdict.policy, verdict.rule);
}

DenialDetail DetailOf(const policy::Verdict& verdict, std::string_view decision, std::string_view audit_id) {
  DenialDetail detail;
  detail.decision = decision;
  detail.rule = verdict.rule;
  detail.action = verdict.action;
  detail.resource = verdict.resource;
  detail.audit_id = audit_id;
  return detail;
}

}  // namespace

std::string FormatDetail(const DenialDetail& detail) {
  std::string out = "{";
  AppendMember("decision", detail.decision, &out);
  AppendMember("rule", detail.rule, &out);
  AppendMember("action", detail.action, &out);
  AppendMember("resource", detail.resource, &out);
  AppendMember("approval_id", detail.approval_id, &out);
  AppendMember("audit_id", detail.audit_id, &out);
  out.append(",\"retry_after_s\":");
  out.append(detail.retry_after ? std::to_string(detail.retry_after->count()) : "null");
  out.push_back('}');
  return out;
}

namespace {

// Names that do not exist and text that does not parse are not understood, and so denied. The server would say the same
// of them; what it would say is what clients know how to handle. Empty for every other reason.
std::string_view NaturalState(const policy::Verdict& verdict) {
  if (!verdict.rule.empty() || verdict.action != "unknown") {
    return {};
  }
  const std::string_view reason = verdict.reason;
  if (reason.find(": syntax error") != std::string_view::npos) {
    return sqlstate::kSyntaxError;
  }
  if (!reason.ends_with(" does not exist") && !reason.ends_with(" does not exist for these types")) {
    return {};
  }
  constexpr std::pair<std::string_view, std::string_view> kThings[] = {
      {": relation \"", sqlstate::kUndefinedTable},  {": column \"", sqlstate::kUndefinedColumn},
      {": function ", sqlstate::kUndefinedFunction}, {": operator ", sqlstate::kUndefinedFunction},
      {": type \"", sqlstate::kUndefinedObject},
  };
  for (const auto& [words, state] : kThings) {
    if (reason.find(words) != std::string_view::npos) {
      return state;
    }
  }
  return {};
}

}  // namespace

ErrorMessage Denied(const policy::Verdict& verdict, std::string_view audit_id) {
  ErrorMessage error;
  const std::string_view natural = NaturalState(verdict);
  error.sqlstate = natural.empty() ? sqlstate::kDenied : natural;
  const std::string name = NameOf(verdict);
  error.message =
      name.empty() ? fmt::format("denied: {}", verdict.reason) : fmt::format("denied by {}: {}", name, verdict.reason);
  error.detail = FormatDetail(DetailOf(verdict, "deny", audit_id));
  error.hint = verdict.hint;
  return error;
}

ErrorMessage StartupSettingRefused(std::string_view setting, const policy::Verdict& verdict) {
  ErrorMessage error = Denied(verdict, "");
  error.severity = "FATAL";
  error.message = fmt::format("the startup parameter \"{}\" is refused: {}", setting, error.message);
  // What would be held cannot wait here: nobody is told of a session that has not begun.
  error.hint = verdict.decision == policy::Decision::kDeny
                   ? fmt::format("Connect without it. {}", verdict.hint)
                   : "Connect without it and use SET, which can wait for an approval.";
  return error;
}

ErrorMessage ApprovalPending(const policy::Verdict& verdict, std::string_view approval_id, std::string_view audit_id,
                             std::chrono::seconds retry_after) {
  ErrorMessage error;
  error.sqlstate = sqlstate::kApprovalPending;
  error.message = fmt::format("approval {} is pending: {} asks for a human's approval", approval_id, NameOf(verdict));
  if (!verdict.reason.empty()) {
    error.message += fmt::format(" ({})", verdict.reason);
  }
  DenialDetail detail = DetailOf(verdict, "require_approval", audit_id);
  detail.approval_id = approval_id;
  detail.retry_after = retry_after;
  error.detail = FormatDetail(detail);
  error.hint =
      "Send exactly the same statement with the same parameters again once it is approved: it then runs, once. Outside "
      "a "
      "transaction block the statement is held for a while by itself.";
  return error;
}

ErrorMessage ApprovalRefused(const policy::Verdict& verdict, std::string_view approval_id, std::string_view audit_id,
                             std::string_view state, std::string_view comment) {
  ErrorMessage error;
  error.sqlstate = sqlstate::kApprovalRejected;
  error.message = fmt::format("approval {} was not given: {}", approval_id, state);
  if (!comment.empty()) {
    error.message += fmt::format(" ({})", comment);
  }
  DenialDetail detail = DetailOf(verdict, state, audit_id);
  detail.approval_id = approval_id;
  error.detail = FormatDetail(detail);
  error.hint = state == "rejected" ? "Do not send it again as it is: ask what should be different, or find another way."
                                   : "Sending the statement again asks anew.";
  return error;
}

ErrorMessage LimitReached(std::string_view limit, std::string_view hint, std::string_view audit_id,
                          std::string_view rule, std::optional<std::chrono::seconds> retry_after) {
  ErrorMessage error;
  error.sqlstate = sqlstate::kLimitReached;
  error.message = fmt::format("limit reached: {}", limit);
  DenialDetail detail;
  detail.decision = "limit";
  detail.rule = rule;
  detail.retry_after = retry_after;
  detail.resource = limit;
  detail.audit_id = audit_id;
  error.detail = FormatDetail(detail);
  error.hint = hint;
  return error;
}

ErrorMessage Fatal(std::string_view sqlstate, std::string message, std::string hint) {
  ErrorMessage error;
  error.severity = "FATAL";
  error.sqlstate = sqlstate;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

}  // namespace chaperone::session
