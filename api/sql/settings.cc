#include "api/sql/settings.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace chaperone::sql {

namespace {

// Sorted. Presentation, planning, the session's own time-outs and memory: no effect on what a statement may touch.
constexpr std::string_view kHarmless[] = {
    "application_name",
    "array_nulls",
    "bytea_output",
    "check_function_bodies",
    "client_min_messages",
    "constraint_exclusion",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "cursor_tuple_fraction",
    "datestyle",
    "deadlock_timeout",
    "default_statistics_target",
    "default_text_search_config",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "effective_cache_size",
    "effective_io_concurrency",
    "enable_async_append",
    "enable_bitmapscan",
    "enable_gathermerge",
    "enable_group_by_reordering",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_incremental_sort",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_memoize",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_parallel_append",
    "enable_parallel_hash",
    "enable_partition_pruning",
    "enable_partitionwise_aggregate",
    "enable_partitionwise_join",
    "enable_presorted_aggregate",
    "enable_seqscan",
    "enable_sort",
    "enable_tidscan",
    "extra_float_digits",
    "force_parallel_mode",
    "from_collapse_limit",
    "geqo",
    "geqo_effort",
    "geqo_generations",
    "geqo_pool_size",
    "geqo_seed",
    "geqo_selection_bias",
    "geqo_threshold",
    "gin_fuzzy_search_limit",
    "hash_mem_multiplier",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "intervalstyle",
    "jit",
    "jit_above_cost",
    "jit_inline_above_cost",
    "jit_optimize_above_cost",
    "join_collapse_limit",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "lock_timeout",
    "maintenance_work_mem",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "min_parallel_index_scan_size",
    "min_parallel_table_scan_size",
    "parallel_leader_participation",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "plan_cache_mode",
    "random_page_cost",
    "seed",
    "seq_page_cost",
    "statement_timeout",
    "tcp_keepalives_count",
    "tcp_keepalives_idle",
    "tcp_keepalives_interval",
    "tcp_user_timeout",
    "temp_buffers",
    "timezone",
    "timezone_abbreviations",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "vacuum_cost_delay",
    "vacuum_cost_limit",
    "work_mem",
    "xmlbinary",
    "xmloption",
};

struct Pinned {
  std::string_view name;
  std::string_view values[3];
};

constexpr Pinned kPinned[] = {
    {"backslash_quote", {"safe_encoding", "", ""}},       {"client_encoding", {"utf8", "utf-8", "unicode"}},
    {"escape_string_warning", {"on", "true", "1"}},       {"quote_all_identifiers", {"off", "false", "0"}},
    {"standard_conforming_strings", {"on", "true", "1"}}, {"transform_null_equals", {"off", "false", "0"}},
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

}  // namespace

SettingClass ClassifySetting(std::string_view name) {
  const std::string lower = Lower(name);
  if (lower == "search_path") {
    return SettingClass::kNames;
  }
  for (const Pinned& pinned : kPinned) {
    if (pinned.name == lower) {
      return SettingClass::kPinned;
    }
  }
  return std::binary_search(std::begin(kHarmless), std::end(kHarmless), lower) ? SettingClass::kHarmless
                                                                               : SettingClass::kAdmin;
}

bool IsHarmlessValue(std::string_view name, std::string_view value) {
  if (Lower(name) != "client_min_messages") {
    return true;
  }
  const std::string lower = Lower(value);
  return lower == "notice" || lower == "warning" || lower == "error";
}

bool DecidesReading(std::string_view name) {
  const std::string lower = Lower(name);
  return lower == "client_encoding" || lower == "standard_conforming_strings";
}

bool IsPinnedValue(std::string_view name, std::string_view value) {
  const std::string lower_name = Lower(name);
  const std::string lower = Lower(value);
  for (const Pinned& pinned : kPinned) {
    if (pinned.name == lower_name) {
      return std::find(std::begin(pinned.values), std::end(pinned.values), lower) != std::end(pinned.values) &&
             !lower.empty();
    }
  }
  return false;
}

}  // namespace chaperone::sql
