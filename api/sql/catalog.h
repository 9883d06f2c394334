// A snapshot of one database's system catalogs: what SQL names mean. Built from rows (catalog_builder.h) or bytes
// (catalog_codec.h, CATALOG.md), then immutable: share it between threads freely.
//
// It holds names, types and what views' definitions come to; no row, no default expression, no definition's text.
#ifndef CHAPERONE_API_SQL_CATALOG_H_
#define CHAPERONE_API_SQL_CATALOG_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/sql/arena.h"
#include "api/sql/facts.h"
#include "api/sql/function_class.h"

namespace chaperone::sql {

struct Schema {
  Oid oid = 0;
  std::string_view name;
};

struct Column {
  std::string_view name;
  Oid type = 0;
  int32_t typmod = -1;
  int16_t attnum = 0;
  bool not_null = false;
  bool generated = false;
  // Of a primary key that holds at all times (not a deferrable one).
  bool in_primary_key = false;
};

// pg_class.relkind.
enum class RelationKind : char {
  kTable = 'r',
  kView = 'v',
  kMaterializedView = 'm',
  kPartitionedTable = 'p',
  kForeignTable = 'f',
  kSequence = 'S',
  kComposite = 'c',
  kIndex = 'i',
  kPartitionedIndex = 'I',
  kToast = 't',
};

// One column of a view, or a generated column, in terms of other relations' columns.
struct DerivedColumn {
  int16_t attnum = 0;
  bool unknown = false;
  bool plain = false;
  std::vector<ColumnId> sources;
  std::vector<ColumnId> presence;
};

// The definition of a view, or the expression of a generated column, as the server prints it.
struct DefinitionText {
  Oid relation = 0;
  // 0 for a view.
  int16_t attnum = 0;
  std::string text;
};

// What a view's definition comes to.
struct ViewFacts {
  // In column order. Empty when the definition could not be resolved: every column is then unknown.
  std::vector<DerivedColumn> columns;
  std::vector<ColumnId> predicates;
  std::vector<ColumnId> computed;
  std::vector<Oid> reads;
  // Read and execute needs of the definition, with `via` set. Empty for views of the system schemas.
  std::vector<Need> needs;
};

// Events of rules and triggers, as bits.
inline constexpr uint8_t kOnInsert = 1;
inline constexpr uint8_t kOnUpdate = 2;
inline constexpr uint8_t kOnDelete = 4;
inline constexpr uint8_t kOnTruncate = 8;
// Of triggers: INSTEAD OF the event.
inline constexpr uint8_t kInstead = 16;

struct Trigger {
  std::string_view name;
  Oid function = 0;
  uint8_t events = 0;
};

struct Relation {
  Oid oid = 0;
  Oid schema = 0;
  // The composite type of its rows; 0 when it has none.
  Oid row_type = 0;
  std::string_view name;
  RelationKind kind = RelationKind::kTable;
  bool is_partition = false;
  bool is_temporary = false;
  bool row_security = false;
  // Events with rewrite rules other than a view's own SELECT rule.
  uint8_t rule_events = 0;
  // Live columns, by attnum.
  std::span<const Column> columns;
  std::vector<Trigger> triggers;
  // Direct parents and children in an inheritance or partition tree.
  std::vector<Oid> parents;
  std::vector<Oid> children;
  // Generated columns in terms of the relation's other columns.
  std::vector<DerivedColumn> generated;
  // Views and materialized views.
  std::unique_ptr<const ViewFacts> view;

  bool is_view() const { return kind == RelationKind::kView || kind == RelationKind::kMaterializedView; }
  // Null when there is none.
  const Column* FindColumn(std::string_view column) const;
  const Column* ColumnByNumber(int16_t attnum) const;
};

// pg_type.typtype.
enum class TypeKind : char {
  kBase = 'b',
  kComposite = 'c',
  kDomain = 'd',
  kEnum = 'e',
  kMultirange = 'm',
  kPseudo = 'p',
  kRange = 'r',
};

struct Type {
  Oid oid = 0;
  Oid schema = 0;
  std::string_view name;
  TypeKind kind = TypeKind::kBase;
  char category = 'U';
  bool preferred = false;
  // Subscripting gives this type; for true arrays the element.
  Oid element = 0;
  // The array type over this type.
  Oid array = 0;
  // The relation of a composite type.
  Oid relation = 0;
  // The type under a domain, and the modifier that the domain gives it.
  Oid base = 0;
  int32_t base_typmod = -1;
};

// pg_proc.prokind.
enum class FunctionKind : char { kFunction = 'f', kAggregate = 'a', kWindow = 'w', kProcedure = 'p' };

struct Function {
  Oid oid = 0;
  Oid schema = 0;
  std::string_view name;
  FunctionKind kind = FunctionKind::kFunction;
  Oid result = 0;
  bool returns_set = false;
  bool security_definer = false;
  // 'i', 's' or 'v'.
  char volatility = 'v';
  // Element type of a VARIADIC last argument; 0 when there is none.
  Oid variadic = 0;
  // How many of the last input arguments have defaults.
  uint16_t defaults = 0;
  // Input arguments.
  std::span<const Oid> arguments;
  // Names of the input arguments; empty, or as many as `arguments`, unnamed ones empty.
  std::span<const std::string_view> argument_names;
  // OUT, INOUT and TABLE columns: types and names; empty when there are none.
  std::span<const Oid> out_types;
  std::span<const std::string_view> out_names;
  // The extension that owns it; empty when none does.
  std::string_view extension;
  FunctionClass function_class = FunctionClass::kUser;
};

struct Operator {
  Oid oid = 0;
  Oid schema = 0;
  std::string_view name;
  // 0 for a prefix operator.
  Oid left = 0;
  Oid right = 0;
  Oid result = 0;
  Oid function = 0;
};

struct Cast {
  Oid source = 0;
  Oid target = 0;
  // 0: through the types' text forms, or none needed.
  Oid function = 0;
  // 'i' implicit, 'a' assignment, 'e' explicit.
  char context = 'e';
  // 'f' function, 'i' text forms, 'b' binary compatible.
  char method = 'f';
};

struct Extension {
  std::string_view name;
  std::string_view version;
};

struct DatabaseInfo {
  std::string_view name;
  // As server_version_num: 150004.
  int32_t server_version = 0;
  // As server_encoding: "UTF8".
  std::string_view encoding;
};

// A function that runs for values of a type without being named. Of a domain, what its CHECK calls: making a value runs
// it. Of other types, what compares values (default operator classes; a range's subtype's) and what casts them to JSON:
// ORDER BY, DISTINCT, built-in functions and so on look these up. Of a table's row type, also what reading the table
// runs: volatile functions of its row security policies, the foreign-data wrapper's handler, a view's operators.
struct TypeFunction {
  Oid type = 0;
  Oid function = 0;
};

// The plain rows of a snapshot; what Catalog is made from. Strings live in `strings`.
struct CatalogData {
  Arena strings;
  DatabaseInfo database;
  std::vector<Schema> schemas;
  std::vector<Relation> relations;
  std::vector<Column> columns;
  std::vector<Type> types;
  std::vector<Function> functions;
  std::vector<Oid> oids;
  std::vector<std::string_view> names;
  std::vector<Operator> operators;
  std::vector<Cast> casts;
  std::vector<Extension> extensions;
  std::vector<TypeFunction> type_functions;
};

class Catalog {
 public:
  // An empty database: every name is unknown.
  Catalog();
  // REQUIRES: schemas, relations, types, functions and casts sorted by oid (casts by source, target) without repeats.
  explicit Catalog(CatalogData data);
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  const CatalogData& data() const { return data_; }
  const DatabaseInfo& database() const { return data_.database; }

  // All look-ups: null or 0 or empty when there is none.
  Oid FindSchema(std::string_view name) const;
  std::string_view SchemaName(Oid schema) const;
  const Relation* FindRelation(Oid schema, std::string_view name) const;
  const Relation* RelationByOid(Oid oid) const;
  const Type* FindType(Oid schema, std::string_view name) const;
  const Type* TypeByOid(Oid oid) const;
  // The type under a domain, and under that; other types are themselves.
  const Type* UndomainedType(Oid oid) const;
  const Function* FunctionByOid(Oid oid) const;
  // All functions, aggregates and procedures of that name, in whatever schema.
  std::span<const Function* const> FindFunctions(std::string_view name) const;
  std::span<const Operator* const> FindOperators(std::string_view name) const;
  const Cast* FindCast(Oid source, Oid target) const;
  // The functions of that type's TypeFunctions, not those of the types that it is made of.
  std::span<const Oid> FunctionsOfType(Oid type) const;
  // True when some cast outside pg_catalog's own runs a function that is not known to be safe.
  bool has_user_casts() const { return has_user_casts_; }

  // "schema.name", as policies name it; "" for an unknown oid.
  std::string RelationName(Oid oid) const;
  std::string FunctionName(const Function& function) const;
  // "schema.table.column".
  std::string ColumnName(ColumnId column) const;
  // The parts of ColumnName(); false when the relation or the column is unknown. System columns have a name, the whole
  // row is "*".
  struct ColumnParts {
    std::string_view schema;
    std::string_view relation;
    std::string_view column;
  };
  bool FindColumnParts(ColumnId column, ColumnParts* parts) const;

  // The sorted set of columns that hold, or may hold, the same values as `column`: itself, the columns of that name
  // above and below it in its inheritance tree, and, for columns of views and generated columns, what they derive from.
  // Sets *unknown when that is not known. Appends to `out`, unsorted, possibly with repeats.
  void AppendOrigins(ColumnId column, std::vector<ColumnId>* out, bool* unknown) const;

 private:
  friend void DeriveDefinitions(const std::vector<DefinitionText>& definitions, Catalog* catalog);
  Relation* MutableRelation(Oid oid);

  struct NameKey {
    Oid schema;
    std::string_view name;
    bool operator==(const NameKey&) const = default;
  };
  struct NameHash {
    size_t operator()(const NameKey& key) const noexcept;
  };

  void Index();

  CatalogData data_;
  std::unordered_map<std::string_view, Oid> schema_by_name_;
  std::unordered_map<NameKey, const Relation*, NameHash> relation_by_name_;
  std::unordered_map<Oid, const Relation*> relation_by_oid_;
  std::unordered_map<NameKey, const Type*, NameHash> type_by_name_;
  std::unordered_map<std::string_view, std::vector<const Function*>> functions_by_name_;
  std::unordered_map<std::string_view, std::vector<const Operator*>> operators_by_name_;
  std::unordered_map<Oid, std::vector<Oid>> functions_by_type_;
  bool has_user_casts_ = false;
};

// Names of PostgreSQL's system columns, e.g. -1 "ctid"; empty for other numbers.
std::string_view SystemColumnName(int16_t attnum);
// 0 when `name` is none.
int16_t SystemColumnNumber(std::string_view name);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_CATALOG_H_
