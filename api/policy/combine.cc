// How the settings of several documents become one.
#include <algorithm>
#include <optional>

#include "api/policy/view.h"

namespace chaperone::policy {

namespace {

// The tighter of two bounds of which 0 is none.
template <typename T>
void Tighten(T* bound, T other) {
  if (other != T{} && (*bound == T{} || other < *bound)) {
    *bound = other;
  }
}

void TightenQuota(Quota* quota, const Quota& other) {
  Tighten(&quota->rows, other.rows);
  Tighten(&quota->bytes, other.bytes);
  Tighten(&quota->statements, other.statements);
  Tighten(&quota->masked_values, other.masked_values);
}

// Bounds over different windows cannot be compared: both hold.
void AddWindows(std::vector<WindowedQuota>* quotas, const std::vector<WindowedQuota>& others) {
  for (const WindowedQuota& other : others) {
    const auto at =
        std::lower_bound(quotas->begin(), quotas->end(), other.window,
                         [](const WindowedQuota& quota, std::chrono::seconds w) { return quota.window < w; });
    if (at != quotas->end() && at->window == other.window) {
      TightenQuota(&at->quota, other.quota);
    } else {
      quotas->insert(at, other);
    }
  }
}

template <typename T>
void Least(std::optional<T>* value, const std::optional<T>& other) {
  if (other && (!*value || *other < **value)) {
    *value = other;
  }
}

template <typename T>
void Most(std::optional<T>* value, const std::optional<T>& other) {
  if (other && (!*value || *other > **value)) {
    *value = other;
  }
}

}  // namespace

Limits CombineLimits(const std::vector<std::shared_ptr<const Document>>& documents) {
  Limits limits;
  for (const auto& document : documents) {
    const Limits& other = document->settings.limits;
    Tighten(&limits.rows_per_statement, other.rows_per_statement);
    Tighten(&limits.bytes_per_statement, other.bytes_per_statement);
    Tighten(&limits.masked_values_per_statement, other.masked_values_per_statement);
    Tighten(&limits.statement_timeout, other.statement_timeout);
    Tighten(&limits.sessions, other.sessions);
    TightenQuota(&limits.per_session, other.per_session);
    AddWindows(&limits.per_principal, other.per_principal);
    AddWindows(&limits.per_task, other.per_task);
  }
  return limits;
}

RecordingOptions CombineRecording(const std::vector<std::shared_ptr<const Document>>& documents) {
  std::optional<RecordingOptions::Results> results;
  std::optional<uint64_t> rows;
  for (const auto& document : documents) {
    Most(&results, document->settings.recording_results);
    Most(&rows, document->settings.recording_rows);
  }
  RecordingOptions options;
  options.results = results.value_or(options.results);
  options.rows_per_statement = rows.value_or(options.rows_per_statement);
  return options;
}

Degraded CombineDegraded(const std::vector<std::shared_ptr<const Document>>& documents) {
  std::optional<std::chrono::seconds> read;
  std::optional<std::chrono::seconds> write;
  for (const auto& document : documents) {
    Least(&read, document->settings.degraded_read);
    Least(&write, document->settings.degraded_write);
  }
  Degraded degraded;
  degraded.read = read.value_or(degraded.read);
  degraded.write = write.value_or(degraded.write);
  return degraded;
}

}  // namespace chaperone::policy
