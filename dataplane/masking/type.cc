#include "dataplane/masking/type.h"

#include <algorithm>
#include <iterator>

namespace chaperone::masking {

namespace {

struct BuiltinType {
  Oid oid;
  // 0: the type has no array type.
  Oid array;
  Family family;
};

// The types that are not listed (oid, xid, tid, pg_lsn, the reg* types, geometric and text search types) have no mask.
constexpr BuiltinType kBuiltinTypes[] = {
    {16, 1000, Family::kBool},       {17, 1001, Family::kBytea},       {18, 1002, Family::kChar},
    {19, 1003, Family::kName},       {20, 1016, Family::kInt8},        {21, 1005, Family::kInt2},
    {23, 1007, Family::kInt4},       {25, 1009, Family::kText},        {114, 199, Family::kJson},
    {142, 143, Family::kXml},        {650, 651, Family::kCidr},        {700, 1021, Family::kFloat4},
    {701, 1022, Family::kFloat8},    {705, 0, Family::kText},          {774, 775, Family::kMacaddr8},
    {790, 791, Family::kMoney},      {829, 1040, Family::kMacaddr},    {869, 1041, Family::kInet},
    {1042, 1014, Family::kBpchar},   {1043, 1015, Family::kVarchar},   {1082, 1182, Family::kDate},
    {1083, 1183, Family::kTime},     {1114, 1115, Family::kTimestamp}, {1184, 1185, Family::kTimestamptz},
    {1186, 1187, Family::kInterval}, {1266, 1270, Family::kTimetz},    {1560, 1561, Family::kBit},
    {1562, 1563, Family::kVarbit},   {1700, 1231, Family::kNumeric},   {1790, 2201, Family::kText},
    {2950, 2951, Family::kUuid},     {3802, 3807, Family::kJsonb},
};

struct BuiltinRange {
  Oid range;
  Oid subtype;
  Oid multirange;
  Oid range_array;
  Oid multirange_array;
};

constexpr BuiltinRange kBuiltinRanges[] = {
    {3904, 23, 4451, 3905, 6150},    // int4range
    {3906, 1700, 4532, 3907, 6151},  // numrange
    {3908, 1114, 4533, 3909, 6152},  // tsrange
    {3910, 1184, 4534, 3911, 6153},  // tstzrange
    {3912, 1082, 4535, 3913, 6155},  // daterange
    {3926, 20, 4536, 3927, 6157},    // int8range
};

// First oid of objects that are made after initdb (access/transam.h: FirstNormalObjectId); below it the built-in table
// has the only say.
constexpr Oid kFirstNormalOid = 16384;

bool DescribeRange(Oid type, TypeDescription* out) {
  for (const BuiltinRange& range : kBuiltinRanges) {
    if (type == range.range) {
      *out = {.kind = TypeKind::kRange, .related = range.subtype};
    } else if (type == range.multirange) {
      *out = {.kind = TypeKind::kMultirange, .related = range.range};
    } else if (type == range.range_array) {
      *out = {.kind = TypeKind::kArray, .related = range.range};
    } else if (type == range.multirange_array) {
      *out = {.kind = TypeKind::kArray, .related = range.multirange};
    } else {
      continue;
    }
    return true;
  }
  return false;
}

}  // namespace

TypeDescription DescribeType(Oid type, const TypeCatalog* catalog) {
  TypeDescription out;
  for (const BuiltinType& builtin : kBuiltinTypes) {
    if (type == builtin.oid) {
      out.kind = TypeKind::kBase;
      out.family = builtin.family;
      return out;
    }
    if (type == builtin.array && type != 0) {
      out.kind = TypeKind::kArray;
      out.related = builtin.oid;
      return out;
    }
  }
  if (DescribeRange(type, &out)) {
    return out;
  }
  if (type < kFirstNormalOid || catalog == nullptr || !catalog->Describe(type, &out)) {
    return {};
  }
  return out;
}

Family FamilyOfExtensionType(std::string_view name) { return name == "citext" ? Family::kText : Family::kOpaque; }

}  // namespace chaperone::masking
