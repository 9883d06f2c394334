// Protobuf's times and the standard library's.
#ifndef CHAPERONE_CONTROLPLANE_MODEL_PROTO_TIME_H_
#define CHAPERONE_CONTROLPLANE_MODEL_PROTO_TIME_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <cstdint>

namespace chaperone::model {

using WallTime = std::chrono::system_clock::time_point;

inline google::protobuf::Timestamp ToProto(WallTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  google::protobuf::Timestamp proto;
  proto.set_seconds(seconds.count());
  proto.set_nanos(static_cast<int32_t>((since - seconds).count()));
  return proto;
}

// Clamped to what system_clock can hold (the years 1678 to 2261).
inline WallTime FromProto(const google::protobuf::Timestamp& proto) {
  constexpr int64_t kSecondsMax = 9'200'000'000;
  const int64_t seconds = proto.seconds() > kSecondsMax    ? kSecondsMax
                          : proto.seconds() < -kSecondsMax ? -kSecondsMax
                                                           : proto.seconds();
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds(seconds) +
                                                                 std::chrono::nanoseconds(proto.nanos())));
}

inline google::protobuf::Duration ToProto(std::chrono::nanoseconds duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(duration.count() / 1'000'000'000);
  proto.set_nanos(static_cast<int32_t>(duration.count() % 1'000'000'000));
  return proto;
}

// Clamped to plus or minus 100 years.
inline std::chrono::nanoseconds FromProto(const google::protobuf::Duration& proto) {
  constexpr int64_t kSecondsMax = 3'155'760'000;
  const int64_t seconds = proto.seconds() > kSecondsMax    ? kSecondsMax
                          : proto.seconds() < -kSecondsMax ? -kSecondsMax
                                                           : proto.seconds();
  return std::chrono::seconds(seconds) + std::chrono::nanoseconds(proto.nanos());
}

}  // namespace chaperone::model

#endif  // CHAPERONE_CONTROLPLANE_MODEL_PROTO_TIME_H_
