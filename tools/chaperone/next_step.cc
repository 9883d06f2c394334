#include "tools/chaperone/next_step.h"

#include <fmt/format.h>

#include "tools/chaperone/display/printable.h"

namespace chaperone::cli {

namespace {

bool Has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// gRPC's words for a connection that did not come about.
std::string ConnectionStep(std::string_view message, const FailedCommand& command) {
  if (Has(message, "CERTIFICATE_VERIFY_FAILED") || Has(message, "certificate verify failed")) {
    return "The server's certificate is not signed by the CA of --ca (CHAPERONE_CA); give the CA of this control "
           "plane.";
  }
  if (Has(message, "Peer name") || Has(message, "Hostname Verification")) {
    return "The server's certificate names another host; connect to that name, or give it with --server-name.";
  }
  if (Has(message, "andshake failed") || Has(message, "Socket closed") || Has(message, "Connection reset") ||
      Has(message, "Endpoint read failed")) {
    return "The server ended the TLS handshake: check that --cert and --key (CHAPERONE_CERT, CHAPERONE_KEY) belong "
           "together "
           "and are signed by a CA that the control plane trusts.";
  }
  if (Has(message, "DNS") || Has(message, "resolution")) {
    return fmt::format("The host of {} cannot be resolved; check --address (CHAPERONE_ADDRESS).", command.address);
  }
  return fmt::format(
      "Is the control plane running and reachable at {}? Another address: --address or CHAPERONE_ADDRESS.",
      command.address);
}

}  // namespace

std::string WhatHappened(const absl::Status& status, const FailedCommand& command) {
  const std::string message = display::Line(base::Message(status));
  switch (status.code()) {
    case absl::StatusCode::kUnimplemented:
      return fmt::format("{}: not available yet", command.name);
    case absl::StatusCode::kUnavailable:
      return fmt::format("cannot reach the control plane at {}: {}", command.address, message);
    case absl::StatusCode::kDeadlineExceeded:
      return fmt::format("no answer from {} in time: {}", command.address, message);
    case absl::StatusCode::kPermissionDenied:
      return command.caller.empty() ? message : fmt::format("{} (you are {})", message, display::Line(command.caller));
    default:
      return message.empty() ? std::string(absl::StatusCodeToString(status.code())) : message;
  }
}

std::string NextStep(const absl::Status& status, const FailedCommand& command) {
  const std::string_view message = base::Message(status);
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return ConnectionStep(message, command);
    case absl::StatusCode::kDeadlineExceeded:
      return "Try again, or allow more time with --timeout.";
    case absl::StatusCode::kUnauthenticated:
      return "Give a certificate that the control plane trusts: --cert and --key, or CHAPERONE_CERT and CHAPERONE_KEY.";
    case absl::StatusCode::kPermissionDenied:
      return command.roles.empty()
                 ? ""
                 : fmt::format("`{}` needs the role {}; use a certificate that has it (--cert, --key).", command.name,
                               command.roles);
    case absl::StatusCode::kNotFound:
      return command.listing.empty() ? "" : fmt::format("See what there is: {}", command.listing);
    case absl::StatusCode::kAborted:
      return "Somebody else changed it first: read it again, then repeat with the new --expected-revision.";
    case absl::StatusCode::kFailedPrecondition:
      return Has(message, "no certificate") ? "Set the three variables or flags; `chaperone --help` describes them."
                                            : "";
    case absl::StatusCode::kUnimplemented:
      return "This control plane does not offer it; a newer version may.";
    default:
      return "";
  }
}

}  // namespace chaperone::cli
