#include "tools/chaperone/context.h"

#include <google/protobuf/util/json_util.h>

namespace chaperone::cli {

namespace {

std::string ToJson(const google::protobuf::Message& message, bool indent) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = indent;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  return status.ok() ? text : "{}";
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), base::ToAbsl(status.error_message()));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Context::Connect() {
  if (channel_ == nullptr) {
    CHAPERONE_ASSIGN_OR_RETURN(channel_, world_.connect(options_.connection));
  }
  return channel_;
}

void Context::PrintJson(const google::protobuf::Message& message) { out() << ToJson(message, true); }

void Context::PrintJsonLine(const google::protobuf::Message& message) {
  out() << ToJson(message, false) << "\n" << std::flush;
}

}  // namespace chaperone::cli
