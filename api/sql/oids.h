// Oids of PostgreSQL's own types and schemas, which are the same in every database (pg_type.dat, pg_namespace.dat).
#ifndef CHAPERONE_API_SQL_OIDS_H_
#define CHAPERONE_API_SQL_OIDS_H_

#include "api/sql/facts.h"

namespace chaperone::sql::oids {

inline constexpr Oid kPgCatalog = 11;
// The first oid that initdb does not hand out (FirstNormalObjectId).
inline constexpr Oid kFirstNormal = 16384;

inline constexpr Oid kBool = 16;
inline constexpr Oid kBytea = 17;
inline constexpr Oid kName = 19;
inline constexpr Oid kInt8 = 20;
inline constexpr Oid kInt2 = 21;
inline constexpr Oid kInt4 = 23;
inline constexpr Oid kRegProc = 24;
inline constexpr Oid kText = 25;
inline constexpr Oid kOid = 26;
inline constexpr Oid kXml = 142;
inline constexpr Oid kFloat8 = 701;
inline constexpr Oid kUnknown = 705;
inline constexpr Oid kBpchar = 1042;
inline constexpr Oid kVarchar = 1043;
inline constexpr Oid kDate = 1082;
inline constexpr Oid kTime = 1083;
inline constexpr Oid kTimestamp = 1114;
inline constexpr Oid kTimestamptz = 1184;
inline constexpr Oid kInterval = 1186;
inline constexpr Oid kTimetz = 1266;
inline constexpr Oid kBit = 1560;
inline constexpr Oid kNumeric = 1700;
inline constexpr Oid kRefcursor = 1790;
inline constexpr Oid kRegClass = 2205;
inline constexpr Oid kRecord = 2249;
inline constexpr Oid kCstring = 2275;
inline constexpr Oid kAny = 2276;
inline constexpr Oid kAnyArray = 2277;
inline constexpr Oid kVoid = 2278;
inline constexpr Oid kAnyElement = 2283;
inline constexpr Oid kRecordArray = 2287;
inline constexpr Oid kAnyNonArray = 2776;
inline constexpr Oid kAnyEnum = 3500;
inline constexpr Oid kAnyRange = 3831;
inline constexpr Oid kJsonb = 3802;
inline constexpr Oid kJson = 114;
inline constexpr Oid kAnyMultirange = 4537;
inline constexpr Oid kAnyCompatible = 5077;
inline constexpr Oid kAnyCompatibleArray = 5078;
inline constexpr Oid kAnyCompatibleNonArray = 5079;
inline constexpr Oid kAnyCompatibleRange = 5080;
inline constexpr Oid kAnyCompatibleMultirange = 4538;

inline bool IsPolymorphic(Oid type) {
  switch (type) {
    case kAnyArray:
    case kAnyElement:
    case kAnyNonArray:
    case kAnyEnum:
    case kAnyRange:
    case kAnyMultirange:
    case kAnyCompatible:
    case kAnyCompatibleArray:
    case kAnyCompatibleNonArray:
    case kAnyCompatibleRange:
    case kAnyCompatibleMultirange:
      return true;
    default:
      return false;
  }
}

}  // namespace chaperone::sql::oids

#endif  // CHAPERONE_API_SQL_OIDS_H_
