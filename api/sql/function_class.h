// What calling a function may do beyond computing a value from its arguments: an allow-list. PostgreSQL's own functions
// are judged one by one, by oid and signature (builtin_functions.tsv, written by gen_functions.py); those of a few pure
// extensions by their owner; everything else is kUser and needs `execute`.
#ifndef CHAPERONE_API_SQL_FUNCTION_CLASS_H_
#define CHAPERONE_API_SQL_FUNCTION_CLASS_H_

#include <cstdint>
#include <string_view>

namespace chaperone::sql {

enum class FunctionClass : uint8_t {
  kUser,  // Not PostgreSQL's own, or not as PostgreSQL 15 has it.
  kSafe,
  kReadsPgProc,  // Safe, and shows what that catalog relation holds.
  kReadsPgRewrite,
  kReadsPgDescription,
  kReadsPgShdescription,
  // Judged by their arguments where those are constants.
  kSettings,
  kNotify,
  kSequenceNext,
  kSequenceSet,
  // Refused without `execute`.
  kInternal,
  kSqlText,
  kRelationsAsXml,
  kFiles,
  kLargeObjects,
  kSignals,
  kSleeps,
  kAdvisoryLocks,
  kStatistics,
  kSessions,
  kReplication,
  kTransactionId,
  kAdmin,
  kUnlisted,
};
inline constexpr int kFunctionClassCount = 24;

// As in builtin_functions.tsv: "sql_text".
std::string_view FunctionClassName(FunctionClass function_class);
// What such a function does, to follow its name: "runs SQL text that is not checked".
std::string_view FunctionClassReason(FunctionClass function_class);

struct FunctionIdentity {
  uint32_t oid = 0;
  std::string_view schema;
  std::string_view name;
  // Input argument types by oid, separated by spaces: "25 23".
  std::string_view arguments;
  // 'i', 's' or 'v'.
  char volatility = 'v';
  std::string_view language;
  // The extension it belongs to; empty for none.
  std::string_view extension;
};

FunctionClass ClassifyFunction(const FunctionIdentity& function);

// Number of listed functions. For a test.
int ListedFunctionCount();

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_FUNCTION_CLASS_H_
