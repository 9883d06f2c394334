#include "api/sql/function_class.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "api/sql/oids.h"

namespace chaperone::sql {

namespace {

struct ListedFunction {
  uint32_t oid;
  std::string_view schema;
  std::string_view name;
  std::string_view arguments;
  FunctionClass function_class;
};

// Sorted by oid; those without a fixed oid first.
constexpr ListedFunction kListed[] = {
#include "api/sql/builtin_functions.inc"
};

struct ClassWords {
  std::string_view name;
  std::string_view reason;
};

constexpr std::array<ClassWords, kFunctionClassCount> kWords = {{
    {"user", "is not a function of PostgreSQL itself; what it does is not known"},
    {"safe", "computes a value"},
    {"reads_pg_proc", "shows functions' definitions"},
    {"reads_pg_rewrite", "shows views' definitions"},
    {"reads_pg_description", "shows comments"},
    {"reads_pg_shdescription", "shows comments"},
    {"settings", "changes a setting"},
    {"notify", "sends a notification"},
    {"sequence_next", "advances a sequence"},
    {"sequence_set", "sets a sequence"},
    {"internal", "is for the server's own use"},
    {"sql_text", "runs SQL text that is not checked"},
    {"relations_as_xml", "reads whole relations by name"},
    {"files", "reads the server's files"},
    {"large_objects", "reads or writes large objects"},
    {"signals", "signals other sessions or the server"},
    {"sleeps", "holds the session without work"},
    {"advisory_locks", "takes or frees advisory locks"},
    {"statistics", "shows values that statistics have sampled"},
    {"sessions", "shows what other sessions do"},
    {"replication", "reads or changes replication"},
    {"transaction_id", "assigns a transaction id, which is a write"},
    {"admin", "administers the server"},
    {"unlisted", "is not on the list of functions known to be safe"},
}};

// Extensions whose functions only compute values from their arguments. With `immutable_c_only`, the others of it may do
// more.
struct PureExtension {
  std::string_view name;
  bool immutable_c_only;
};
constexpr PureExtension kPureExtensions[] = {
    {"btree_gin", false},     {"btree_gist", false}, {"citext", false},   {"cube", false},     {"earthdistance", false},
    {"fuzzystrmatch", false}, {"hstore", false},     {"intarray", false}, {"isn", false},      {"ltree", false},
    {"pg_trgm", false},       {"pgcrypto", false},   {"seg", false},      {"unaccent", false}, {"uuid-ossp", false},
    {"vector", true},         {"postgis", true},
};

bool IsPureExtensionFunction(const FunctionIdentity& function) {
  for (const PureExtension& extension : kPureExtensions) {
    if (extension.name == function.extension) {
      return extension.immutable_c_only ? function.language == "c" && function.volatility == 'i'
                                        // citext's LIKE is the server's own code under another name.
                                        : function.language == "c" || function.language == "sql" ||
                                              (function.language == "internal" && function.volatility == 'i');
    }
  }
  return false;
}

bool Matches(const ListedFunction& listed, const FunctionIdentity& function) {
  return listed.schema == function.schema && listed.name == function.name && listed.arguments == function.arguments;
}

}  // namespace

std::string_view FunctionClassName(FunctionClass function_class) {
  return kWords[static_cast<size_t>(function_class)].name;
}

std::string_view FunctionClassReason(FunctionClass function_class) {
  return kWords[static_cast<size_t>(function_class)].reason;
}

FunctionClass ClassifyFunction(const FunctionIdentity& function) {
  if (function.oid >= oids::kFirstNormal) {
    return IsPureExtensionFunction(function) ? FunctionClass::kSafe : FunctionClass::kUser;
  }
  const auto* fixed = std::lower_bound(std::begin(kListed), std::end(kListed), function.oid,
                                       [](const ListedFunction& f, uint32_t oid) { return f.oid < oid; });
  if (fixed != std::end(kListed) && fixed->oid == function.oid && Matches(*fixed, function)) {
    return fixed->function_class;
  }
  for (const ListedFunction& listed : kListed) {
    if (listed.oid != 0) {
      break;
    }
    if (Matches(listed, function)) {
      return listed.function_class;
    }
  }
  // Of a newer or older server, or changed by hand.
  return FunctionClass::kUnlisted;
}

int ListedFunctionCount() { return static_cast<int>(std::size(kListed)); }

}  // namespace chaperone::sql
