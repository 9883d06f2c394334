// protobuf's times as ours. Pure.
#ifndef CHAPERONE_TOOLS_CHAPERONE_PROTO_TIME_H_
#define CHAPERONE_TOOLS_CHAPERONE_PROTO_TIME_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>

#include "tools/chaperone/display/moment.h"

namespace chaperone::cli {

inline display::WallTime FromProto(const google::protobuf::Timestamp& time) {
  const auto since_epoch = std::chrono::seconds(time.seconds()) + std::chrono::nanoseconds(time.nanos());
  return display::WallTime(std::chrono::duration_cast<display::WallTime::duration>(since_epoch));
}

inline google::protobuf::Timestamp ToProto(display::WallTime time) {
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  google::protobuf::Timestamp out;
  out.set_seconds(nanoseconds / 1'000'000'000);
  out.set_nanos(static_cast<int32_t>(nanoseconds % 1'000'000'000));
  return out;
}

inline std::chrono::microseconds FromProto(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + std::chrono::microseconds(duration.nanos() / 1000);
}

inline google::protobuf::Duration ToProto(std::chrono::milliseconds duration) {
  google::protobuf::Duration out;
  out.set_seconds(duration.count() / 1000);
  out.set_nanos(static_cast<int32_t>(duration.count() % 1000 * 1'000'000));
  return out;
}

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_PROTO_TIME_H_
