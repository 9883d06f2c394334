#include "api/sql/sensitive_columns.h"

#include <algorithm>
#include <iterator>

#include "api/sql/oids.h"

namespace chaperone::sql {

namespace {

constexpr std::string_view kSamples = "holds values that statistics have sampled";
constexpr std::string_view kTexts = "holds the text of statements";

// Sorted by relation, then column.
constexpr SensitiveColumn kColumns[] = {
    {"pg_authid", "rolpassword", true, "holds password hashes"},
    {"pg_cursors", "statement", false, kTexts},
    {"pg_file_settings", "name", true, "holds the server's configuration files"},
    {"pg_file_settings", "setting", true, "holds the server's configuration files"},
    {"pg_file_settings", "sourcefile", true, "holds the server's configuration files"},
    {"pg_foreign_server", "srvoptions", false, "holds connection options"},
    {"pg_hba_file_rules", "address", true, "holds the server's access rules"},
    {"pg_hba_file_rules", "auth_method", true, "holds the server's access rules"},
    {"pg_hba_file_rules", "database", true, "holds the server's access rules"},
    {"pg_hba_file_rules", "options", true, "holds the server's access rules"},
    {"pg_hba_file_rules", "user_name", true, "holds the server's access rules"},
    {"pg_ident_file_mappings", "pg_username", true, "holds the server's access rules"},
    {"pg_ident_file_mappings", "sys_name", true, "holds the server's access rules"},
    {"pg_largeobject", "data", false, "holds large objects"},
    {"pg_prepared_statements", "statement", false, kTexts},
    {"pg_shadow", "passwd", true, "holds password hashes"},
    {"pg_stat_activity", "query", true, kTexts},
    {"pg_stat_statements", "query", true, kTexts},
    {"pg_stat_wal_receiver", "conninfo", true, "holds connection secrets"},
    {"pg_statistic", "stavalues1", false, kSamples},
    {"pg_statistic", "stavalues2", false, kSamples},
    {"pg_statistic", "stavalues3", false, kSamples},
    {"pg_statistic", "stavalues4", false, kSamples},
    {"pg_statistic", "stavalues5", false, kSamples},
    {"pg_statistic_ext_data", "stxddependencies", false, kSamples},
    {"pg_statistic_ext_data", "stxdexpr", false, kSamples},
    {"pg_statistic_ext_data", "stxdmcv", false, kSamples},
    {"pg_stats", "elem_count_histogram", false, kSamples},
    {"pg_stats", "histogram_bounds", false, kSamples},
    {"pg_stats", "most_common_elems", false, kSamples},
    {"pg_stats", "most_common_vals", false, kSamples},
    {"pg_stats_ext", "most_common_vals", false, kSamples},
    {"pg_stats_ext_exprs", "histogram_bounds", false, kSamples},
    {"pg_stats_ext_exprs", "most_common_elems", false, kSamples},
    {"pg_stats_ext_exprs", "most_common_vals", false, kSamples},
    {"pg_subscription", "subconninfo", true, "holds connection secrets"},
    {"pg_user_mapping", "umoptions", true, "holds connection secrets"},
    {"pg_user_mappings", "umoptions", true, "holds connection secrets"},
};

}  // namespace

const SensitiveColumn* FindSensitiveColumn(const Relation& relation, std::string_view column) {
  // pg_stat_statements stands in whatever schema its extension was put.
  if (relation.schema != oids::kPgCatalog && relation.name != "pg_stat_statements") {
    return nullptr;
  }
  const auto* it = std::lower_bound(
      std::begin(kColumns), std::end(kColumns), std::pair(relation.name, column),
      [](const SensitiveColumn& entry, const auto& want) { return std::pair(entry.relation, entry.column) < want; });
  return it != std::end(kColumns) && it->relation == relation.name && it->column == column ? it : nullptr;
}

}  // namespace chaperone::sql
