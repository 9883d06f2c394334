#include "api/sql/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace chaperone::sql {

namespace {

struct SystemColumn {
  int16_t attnum;
  std::string_view name;
};
constexpr std::array<SystemColumn, 6> kSystemColumns = {{
    {-1, "ctid"},
    {-2, "xmin"},
    {-3, "cmin"},
    {-4, "xmax"},
    {-5, "cmax"},
    {-6, "tableoid"},
}};

template <typename T>
const T* FindByOid(const std::vector<T>& rows, Oid oid) {
  const auto it =
      std::lower_bound(rows.begin(), rows.end(), oid, [](const T& row, Oid want) { return row.oid < want; });
  return it != rows.end() && it->oid == oid ? &*it : nullptr;
}

// How far apart two relations of one inheritance tree may be; PostgreSQL itself has no bound.
constexpr size_t kFamilyMax = 100'000;

}  // namespace

std::string_view SystemColumnName(int16_t attnum) {
  for (const SystemColumn& column : kSystemColumns) {
    if (column.attnum == attnum) {
      return column.name;
    }
  }
  return {};
}

int16_t SystemColumnNumber(std::string_view name) {
  for (const SystemColumn& column : kSystemColumns) {
    if (column.name == name) {
      return column.attnum;
    }
  }
  return 0;
}

const Column* Relation::FindColumn(std::string_view column) const {
  for (const Column& candidate : columns) {
    if (candidate.name == column) {
      return &candidate;
    }
  }
  return nullptr;
}

const Column* Relation::ColumnByNumber(int16_t attnum) const {
  // Without dropped columns the number is the place.
  if (attnum >= 1 && static_cast<size_t>(attnum) <= columns.size() && columns[attnum - 1].attnum == attnum) {
    return &columns[attnum - 1];
  }
  for (const Column& candidate : columns) {
    if (candidate.attnum == attnum) {
      return &candidate;
    }
  }
  return nullptr;
}

size_t Catalog::NameHash::operator()(const NameKey& key) const noexcept {
  return std::hash<std::string_view>()(key.name) * 31 + key.schema;
}

Catalog::Catalog() { Index(); }

Catalog::Catalog(CatalogData data) : data_(std::move(data)) { Index(); }

void Catalog::Index() {
  for (const Schema& schema : data_.schemas) {
    schema_by_name_.emplace(schema.name, schema.oid);
  }
  relation_by_name_.reserve(data_.relations.size());
  relation_by_oid_.reserve(data_.relations.size());
  for (const Relation& relation : data_.relations) {
    relation_by_name_.emplace(NameKey{relation.schema, relation.name}, &relation);
    relation_by_oid_.emplace(relation.oid, &relation);
  }
  type_by_name_.reserve(data_.types.size());
  for (const Type& type : data_.types) {
    type_by_name_.emplace(NameKey{type.schema, type.name}, &type);
  }
  for (const Function& function : data_.functions) {
    functions_by_name_[function.name].push_back(&function);
  }
  for (const Operator& op : data_.operators) {
    operators_by_name_[op.name].push_back(&op);
  }
  for (const TypeFunction& entry : data_.type_functions) {
    functions_by_type_[entry.type].push_back(entry.function);
  }
  for (const Cast& cast : data_.casts) {
    const Function* function = FunctionByOid(cast.function);
    if (cast.function != 0 && (function == nullptr || function->function_class != FunctionClass::kSafe)) {
      has_user_casts_ = true;
    }
  }
}

std::span<const Oid> Catalog::FunctionsOfType(Oid type) const {
  const auto it = functions_by_type_.find(type);
  return it == functions_by_type_.end() ? std::span<const Oid>() : std::span<const Oid>(it->second);
}

Oid Catalog::FindSchema(std::string_view name) const {
  const auto it = schema_by_name_.find(name);
  return it == schema_by_name_.end() ? 0 : it->second;
}

std::string_view Catalog::SchemaName(Oid schema) const {
  const Schema* row = FindByOid(data_.schemas, schema);
  return row == nullptr ? std::string_view() : row->name;
}

const Relation* Catalog::FindRelation(Oid schema, std::string_view name) const {
  const auto it = relation_by_name_.find(NameKey{schema, name});
  return it == relation_by_name_.end() ? nullptr : it->second;
}

const Relation* Catalog::RelationByOid(Oid oid) const {
  const auto it = relation_by_oid_.find(oid);
  return it == relation_by_oid_.end() ? nullptr : it->second;
}

Relation* Catalog::MutableRelation(Oid oid) { return const_cast<Relation*>(RelationByOid(oid)); }

const Type* Catalog::FindType(Oid schema, std::string_view name) const {
  const auto it = type_by_name_.find(NameKey{schema, name});
  return it == type_by_name_.end() ? nullptr : it->second;
}

const Type* Catalog::TypeByOid(Oid oid) const { return FindByOid(data_.types, oid); }

const Type* Catalog::UndomainedType(Oid oid) const {
  // Domains over domains; PostgreSQL has no bound, people use one or two.
  constexpr int kDepthMax = 32;
  const Type* type = TypeByOid(oid);
  for (int i = 0; i < kDepthMax && type != nullptr && type->kind == TypeKind::kDomain; ++i) {
    type = TypeByOid(type->base);
  }
  return type;
}

const Function* Catalog::FunctionByOid(Oid oid) const { return FindByOid(data_.functions, oid); }

std::span<const Function* const> Catalog::FindFunctions(std::string_view name) const {
  const auto it = functions_by_name_.find(name);
  return it == functions_by_name_.end() ? std::span<const Function* const>() : it->second;
}

std::span<const Operator* const> Catalog::FindOperators(std::string_view name) const {
  const auto it = operators_by_name_.find(name);
  return it == operators_by_name_.end() ? std::span<const Operator* const>() : it->second;
}

const Cast* Catalog::FindCast(Oid source, Oid target) const {
  const auto key = std::pair(source, target);
  const auto it = std::lower_bound(data_.casts.begin(), data_.casts.end(), key, [](const Cast& cast, const auto& want) {
    return std::pair(cast.source, cast.target) < want;
  });
  return it != data_.casts.end() && std::pair(it->source, it->target) == key ? &*it : nullptr;
}

std::string Catalog::RelationName(Oid oid) const {
  const Relation* relation = RelationByOid(oid);
  return relation == nullptr ? "" : fmt::format("{}.{}", SchemaName(relation->schema), relation->name);
}

std::string Catalog::FunctionName(const Function& function) const {
  return fmt::format("{}.{}", SchemaName(function.schema), function.name);
}

std::string Catalog::ColumnName(ColumnId column) const {
  ColumnParts parts;
  if (!FindColumnParts(column, &parts)) {
    return "";
  }
  return fmt::format("{}.{}.{}", parts.schema, parts.relation, parts.column);
}

bool Catalog::FindColumnParts(ColumnId column, ColumnParts* parts) const {
  const Relation* relation = RelationByOid(column.relation);
  if (relation == nullptr) {
    return false;
  }
  parts->schema = SchemaName(relation->schema);
  parts->relation = relation->name;
  if (column.attnum == 0) {
    parts->column = "*";
    return true;
  }
  if (column.attnum < 0) {
    parts->column = SystemColumnName(column.attnum);
    return !parts->column.empty();
  }
  const Column* found = relation->ColumnByNumber(column.attnum);
  if (found == nullptr) {
    return false;
  }
  parts->column = found->name;
  return true;
}

void Catalog::AppendOrigins(ColumnId column, std::vector<ColumnId>* out, bool* unknown) const {
  const Relation* relation = RelationByOid(column.relation);
  out->push_back(column);
  if (relation == nullptr) {
    *unknown = true;
    return;
  }
  if (relation->is_view()) {
    if (relation->view == nullptr || column.attnum < 0) {
      *unknown = *unknown || column.attnum > 0;
      return;
    }
    for (const DerivedColumn& derived : relation->view->columns) {
      if (derived.attnum == column.attnum) {
        out->insert(out->end(), derived.sources.begin(), derived.sources.end());
        *unknown = *unknown || derived.unknown;
        return;
      }
    }
    *unknown = true;
    return;
  }
  for (const DerivedColumn& generated : relation->generated) {
    if (generated.attnum == column.attnum) {
      out->insert(out->end(), generated.sources.begin(), generated.sources.end());
      *unknown = *unknown || generated.unknown;
    }
  }
  if (column.attnum <= 0 || (relation->parents.empty() && relation->children.empty())) {
    return;
  }
  const Column* self = relation->ColumnByNumber(column.attnum);
  if (self == nullptr) {
    *unknown = true;
    return;
  }
  // Upwards by name, then downwards by name: siblings hold other rows, but a parent's rows are its children's.
  std::vector<const Relation*> pending = {relation};
  const auto follow = [&](bool up) {
    while (!pending.empty()) {
      const Relation* next = pending.back();
      pending.pop_back();
      for (const Oid oid : up ? next->parents : next->children) {
        const Relation* relative = RelationByOid(oid);
        const Column* same = relative == nullptr ? nullptr : relative->FindColumn(self->name);
        if (relative == nullptr || out->size() > kFamilyMax) {
          *unknown = true;
        } else if (same != nullptr) {
          out->push_back({oid, same->attnum});
          pending.push_back(relative);
        }
      }
    }
  };
  follow(true);
  pending = {relation};
  follow(false);
}

}  // namespace chaperone::sql
