#include <limits>
#include <map>

#include "api/policy/parse.h"

namespace chaperone::policy {

namespace {

constexpr size_t kLabelsMax = 32;

void ReadDays(yaml::Mapping* time, TimeWindow* out) {
  const std::vector<yaml::Value> items = ReadItems(time, "days", yaml::kOptional);
  if (items.empty()) {
    return;
  }
  out->days = 0;
  for (const yaml::Value& item : items) {
    const auto day = ParseDay(item.text());
    if (!day.ok()) {
      return time->Check(item.Error(base::Message(day.status())));
    }
    out->days = static_cast<uint8_t>(out->days | (1U << *day));
  }
}

void ReadTimeOfDay(yaml::Mapping* time, std::string_view key, int* out) {
  const auto value = time->Any(key);
  if (!value) {
    return;
  }
  const auto minutes = ParseTimeOfDay(value->text());
  if (!minutes.ok()) {
    return time->Check(value->Error(base::Message(minutes.status())));
  }
  *out = *minutes;
}

absl::Status ReadTime(yaml::Mapping time, TimeWindow* out) {
  if (const auto zone = time.Any("zone", yaml::kRequired)) {
    auto loaded = LoadZone(zone->text());
    if (loaded.ok()) {
      out->zone = *loaded;
      out->zone_name = std::string(zone->text());
    } else {
      time.Check(zone->Error(base::Message(loaded.status())));
    }
  }
  ReadDays(&time, out);
  ReadTimeOfDay(&time, "from", &out->from);
  ReadTimeOfDay(&time, "to", &out->to);
  CHAPERONE_RETURN_IF_ERROR(time.Finish());
  if (time.Has("from") != time.Has("to")) {
    return time.Error("\"time\" has only one of \"from\" and \"to\"; write both");
  }
  if (out->from == out->to || out->from == kMinutesOfDay) {
    return time.Error("\"time\" is a window without length; for whole days leave out \"from\" and \"to\"");
  }
  return absl::OkStatus();
}

void ReadLabels(yaml::Mapping* when, Conditions* out) {
  std::map<std::string, std::string> labels;
  when->StringMap("labels", &labels);
  if (when->Has("labels") && labels.empty()) {
    return when->Check(when->Error("\"labels\" is empty; write for example labels: {env: prod}"));
  }
  if (labels.size() > kLabelsMax) {
    return when->Check(
        when->Error(fmt::format("\"labels\" holds {} labels; at most {} are read", labels.size(), kLabelsMax)));
  }
  for (auto& [name, value] : labels) {
    const absl::Status status = CheckPatternText(value);
    if (!status.ok()) {
      return when->Check(when->Error(fmt::format("the label \"{}\": {}", name, base::Message(status))));
    }
    out->labels.push_back(LabelMatch{name, Glob::Parse(value), value});
  }
}

}  // namespace

absl::Status ReadConditions(yaml::Mapping when, Conditions* out) {
  int where = -1;
  when.Choice("where", {"absent", "present"}, &where);
  if (where >= 0) {
    out->where = where == 0 ? WhereCondition::kAbsent : WhereCondition::kPresent;
  }
  int64_t rows = -1;
  when.Integer("max_affected_rows", &rows, 0, std::numeric_limits<int64_t>::max());
  if (rows >= 0) {
    out->max_affected_rows = static_cast<uint64_t>(rows);
  }
  if (auto time = when.Child("time")) {
    out->time.emplace();
    when.Check(ReadTime(*time, &*out->time));
  }
  ReadLabels(&when, out);
  ReadAttribute(&when, "client", &out->client);
  ReadAttribute(&when, "human", &out->human);
  ReadAttribute(&when, "task", &out->task);
  return when.Finish();
}

}  // namespace chaperone::policy
