// PostgreSQL types as masking sees them: the built-in ones by their fixed oids (src/include/catalog/pg_type.dat), all
// others through the catalog that the caller supplies. Pure data.
#ifndef CHAPERONE_DATAPLANE_MASKING_TYPE_H_
#define CHAPERONE_DATAPLANE_MASKING_TYPE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/sql/facts.h"

namespace chaperone::masking {

using sql::Oid;

// How a cell is written: the format codes of the protocol.
enum class Format : uint8_t { kText = 0, kBinary = 1 };

// Built-in types that have a mask of their own, in groups that are masked alike.
enum class Family : uint8_t {
  // No mask is defined: every cell becomes NULL.
  kOpaque,
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kNumeric,
  kFloat4,
  kFloat8,
  kMoney,
  kText,     // text, citext, refcursor, unknown
  kVarchar,  // with a length limit in the type modifier
  kBpchar,   // blank-padded
  kName,
  kChar,  // "char", one byte
  kBytea,
  kDate,
  kTime,
  kTimetz,
  kTimestamp,
  kTimestamptz,
  kInterval,
  kUuid,
  kInet,
  kCidr,
  kMacaddr,
  kMacaddr8,
  kJson,
  kJsonb,
  kXml,
  kBit,
  kVarbit,
};

enum class TypeKind : uint8_t { kUnknown, kBase, kArray, kDomain, kEnum, kComposite, kRange, kMultirange };

// One attribute of a composite type.
struct CompositeField {
  std::string name;
  // pg_attribute.attnum.
  int16_t attnum = 0;
  Oid type = 0;
  int32_t typmod = -1;
};

// What pg_type, pg_attribute and pg_range say of one type.
struct TypeDescription {
  TypeKind kind = TypeKind::kUnknown;
  // For kBase: the mask that fits; kOpaque when there is none.
  Family family = Family::kOpaque;
  // kArray: the element type. kDomain: the base type. kRange: the subtype. kMultirange: the range type.
  Oid related = 0;
  // kDomain: the modifier that the domain gives to its base type; -1 for none.
  int32_t typmod = -1;
  // kArray: typdelim of the element type.
  char delimiter = ',';
  // kComposite: the attributes that are not dropped, in order.
  std::vector<CompositeField> fields;
};

// Types that are not built in: domains, enums, composites (a table's row type too), extensions' types. The caller fills
// it from the database's catalog.
class TypeCatalog {
 public:
  virtual ~TypeCatalog() = default;

  // False when the type is not known; its cells become NULL. Asked once for each result column, never for each cell.
  virtual bool Describe(Oid type, TypeDescription* out) const = 0;
};

// Describes a type: the built-in ones from the table here, others from `catalog` (which may be null).
TypeDescription DescribeType(Oid type, const TypeCatalog* catalog);

// The family for an extension's base type by its name, for whoever fills a TypeCatalog: "citext" is masked as text.
// kOpaque for all others ("hstore", "ltree", "geometry"): they become NULL.
Family FamilyOfExtensionType(std::string_view name);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_TYPE_H_
