// The errors that an agent sees: SQLSTATE, a message that names the rule, DETAIL as one JSON object, and a HINT with
// what it may do instead. DESIGN.md section 5 fixes the form.
#ifndef CHAPERONE_DATAPLANE_SESSION_DENIAL_H_
#define CHAPERONE_DATAPLANE_SESSION_DENIAL_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/policy/policy.h"
#include "dataplane/wire/postgres/error.h"

namespace chaperone::session {

// What DETAIL carries; empty fields are null there.
struct DenialDetail {
  std::string_view decision;
  std::string_view rule;
  std::string_view action;
  std::string_view resource;
  std::string_view approval_id;
  // Where the attempt stands in the records: "<session id>/<statement number>".
  std::string_view audit_id;
  std::optional<std::chrono::seconds> retry_after;
};

// One JSON object.
std::string FormatDetail(const DenialDetail& detail);

// 42501: policy denies the statement.
[[gnu::cold]] wire::postgres::ErrorMessage Denied(const policy::Verdict& verdict, std::string_view audit_id);
// 42501, FATAL: policy does not let a session begin with this setting.
[[gnu::cold]] wire::postgres::ErrorMessage StartupSettingRefused(std::string_view setting,
                                                                 const policy::Verdict& verdict);
// ZC001: the approval is open; the same statement sent again after it was given runs.
[[gnu::cold]] wire::postgres::ErrorMessage ApprovalPending(const policy::Verdict& verdict, std::string_view approval_id,
                                                           std::string_view audit_id, std::chrono::seconds retry_after);
// ZC002: the approval was refused ("rejected") or nobody decided in time ("expired").
[[gnu::cold]] wire::postgres::ErrorMessage ApprovalRefused(const policy::Verdict& verdict, std::string_view approval_id,
                                                           std::string_view audit_id, std::string_view state,
                                                           std::string_view comment);
// ZC003: a limit was reached. `limit` names it ("rows_per_statement = 10000"), `rule` the rule that sets it, if one
// does; `retry_after` when there is room again.
[[gnu::cold]] wire::postgres::ErrorMessage LimitReached(std::string_view limit, std::string_view hint,
                                                        std::string_view audit_id, std::string_view rule = "",
                                                        std::optional<std::chrono::seconds> retry_after = std::nullopt);

// A FATAL error that ends the session.
[[gnu::cold]] wire::postgres::ErrorMessage Fatal(std::string_view sqlstate, std::string message, std::string hint = "");

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_DENIAL_H_
