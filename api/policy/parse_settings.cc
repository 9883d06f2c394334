#include <limits>

#include "api/policy/parse.h"

namespace chaperone::policy {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kCountMax = std::numeric_limits<int64_t>::max();
constexpr uint64_t kBytesMax = uint64_t{1} << 50;

void ReadQuota(yaml::Mapping* map, Quota* out) {
  map->Number("rows", &out->rows, 1, kCountMax);
  map->Bytes("bytes", &out->bytes, 1, kBytesMax);
  map->Number("statements", &out->statements, 1, kCountMax);
  map->Number("masked_values", &out->masked_values, 1, kCountMax);
}

absl::Status CheckNotEmpty(const yaml::Mapping& map, const Quota& quota) {
  return quota == Quota{} ? map.Error("a quota without a bound; write rows, bytes, statements or masked_values")
                          : absl::OkStatus();
}

void ReadWindowedQuota(yaml::Mapping* limits, std::string_view key, seconds window_default,
                       std::vector<WindowedQuota>* out) {
  auto map = limits->Child(key);
  if (!map) {
    return;
  }
  WindowedQuota quota;
  milliseconds window = window_default;
  map->Duration("window", &window, seconds(1), hours(24 * 31));
  quota.window = std::chrono::duration_cast<seconds>(window);
  ReadQuota(&*map, &quota.quota);
  absl::Status status = map->Finish();
  limits->Check(status.ok() ? CheckNotEmpty(*map, quota.quota) : status);
  out->push_back(quota);
}

absl::Status ReadLimits(yaml::Mapping map, Limits* out) {
  map.Number("rows_per_statement", &out->rows_per_statement, 1, kCountMax);
  map.Bytes("bytes_per_statement", &out->bytes_per_statement, 1, kBytesMax);
  map.Number("masked_values_per_statement", &out->masked_values_per_statement, 1, kCountMax);
  map.Duration("statement_timeout", &out->statement_timeout, milliseconds(1), hours(24));
  map.Number("sessions", &out->sessions, 1, 1'000'000);
  if (auto session = map.Child("per_session")) {
    ReadQuota(&*session, &out->per_session);
    absl::Status status = session->Finish();
    map.Check(status.ok() ? CheckNotEmpty(*session, out->per_session) : status);
  }
  ReadWindowedQuota(&map, "per_principal", hours(1), &out->per_principal);
  ReadWindowedQuota(&map, "per_task", hours(24), &out->per_task);
  return map.Finish();
}

absl::Status ReadRecording(yaml::Mapping map, SessionSettings* out) {
  int results = -1;
  map.Choice("results", {"none", "masked"}, &results);
  if (results >= 0) {
    out->recording_results = static_cast<RecordingOptions::Results>(results);
  }
  int64_t rows = -1;
  map.Integer("rows_per_statement", &rows, 0, 1'000'000'000);
  if (rows >= 0) {
    out->recording_rows = static_cast<uint64_t>(rows);
  }
  return map.Finish();
}

void ReadGrace(yaml::Mapping* map, std::string_view key, std::optional<seconds>* out) {
  milliseconds grace{-1};
  map->Duration(key, &grace, milliseconds(0), hours(24 * 30));
  if (grace >= milliseconds(0)) {
    *out = std::chrono::duration_cast<seconds>(grace);
  }
}

absl::Status ReadDegraded(yaml::Mapping map, SessionSettings* out) {
  ReadGrace(&map, "read", &out->degraded_read);
  ReadGrace(&map, "write", &out->degraded_write);
  return map.Finish();
}

}  // namespace

void ReadSettings(yaml::Mapping* root, SessionSettings* out) {
  if (auto limits = root->Child("limits")) {
    out->limits_line = limits->line();
    root->Check(ReadLimits(*limits, &out->limits));
  }
  if (auto recording = root->Child("recording")) {
    out->recording_line = recording->line();
    root->Check(ReadRecording(*recording, out));
  }
  if (auto degraded = root->Child("degraded")) {
    out->degraded_line = degraded->line();
    root->Check(ReadDegraded(*degraded, out));
  }
}

}  // namespace chaperone::policy
