// Names of columns and range items: parse_relation.c's rules.
#include "api/sql/scope.h"

#include <fmt/format.h>

#include "api/sql/analyzer.h"
#include "api/sql/oids.h"
#include "api/sql/sensitive_columns.h"

namespace chaperone::sql {

namespace {

// A scope's entry as the query below, or the scope itself, sees it.
bool Visible(const ScopeEntry& entry, const Scope& scope) { return !entry.lateral_only || scope.lateral_active; }

}  // namespace

Value UnknownValue() {
  Value value;
  value.unknown = true;
  value.origin_known = false;
  return value;
}

void Analyzer::NoteColumn(ColumnId column, Value* value) {
  value->flows.Add(columns_.IndexOf(column));
  value->origin = column;
}

Value Analyzer::RelationColumn(const Relation& relation, const Column& column) {
  Value value;
  value.plain = true;
  value.type = column.type;
  value.typmod = column.typmod;
  NoteColumn({relation.oid, column.attnum}, &value);
  value.unknown = FindSensitiveColumn(relation, column.name) != nullptr;
  return value;
}

bool Analyzer::FindColumnIn(const RangeItem& item, std::string_view name, Value* value) {
  if (!item.expanded && item.relation != nullptr) {
    const Column* column = item.relation->FindColumn(name);
    if (column != nullptr) {
      *value = RelationColumn(*item.relation, *column);
      value->table = &item;
      return true;
    }
  } else {
    for (const ScopeColumn& column : item.columns) {
      if (column.name == name) {
        *value = column.value;
        value->row_in_column = value->row != nullptr;
        value->table = item.relation != nullptr ? &item : nullptr;
        return true;
      }
    }
  }
  if (item.relation != nullptr) {
    if (const int16_t attnum = SystemColumnNumber(name)) {
      value->plain = true;
      value->type = attnum == -6 ? oids::kOid : 0;
      NoteColumn({item.relation->oid, attnum}, value);
      return true;
    }
  }
  return false;
}

bool Analyzer::FindColumn(std::string_view name, const Scope& scope, int32_t location, Value* value) {
  for (const Scope* level = &scope; level != nullptr; level = level->parent) {
    int matches = 0;
    const RangeItem* incomplete = nullptr;
    for (const ScopeEntry& entry : level->entries) {
      if (!entry.columns_visible || !Visible(entry, *level)) {
        continue;
      }
      Value found;
      if (FindColumnIn(*entry.item, name, &found)) {
        entry.item->used = true;
        *value = std::move(found);
        ++matches;
      } else if (!entry.item->complete) {
        incomplete = entry.item;
      }
    }
    if (matches > 1) {
      Unknown(fmt::format("column reference \"{}\" is ambiguous", name), location);
      *value = UnknownValue();
      return true;
    }
    if (matches == 1) {
      return true;
    }
    if (incomplete != nullptr) {
      incomplete->used = true;
      *value = UnknownValue();
      return true;
    }
  }
  return false;
}

const RangeItem* Analyzer::FindItem(std::string_view schema, std::string_view name, const Scope& scope) {
  const Relation* relation = nullptr;
  if (!schema.empty()) {
    relation = path_.FindRelation(schema, name);
    if (relation == nullptr) {
      return nullptr;
    }
  }
  for (const Scope* level = &scope; level != nullptr; level = level->parent) {
    for (const ScopeEntry& entry : level->entries) {
      if (!entry.name_visible || !Visible(entry, *level)) {
        continue;
      }
      const bool match = relation == nullptr ? entry.item->alias == name
                                             : entry.item->schema_may_qualify && entry.item->relation == relation;
      if (match) {
        return entry.item;
      }
    }
  }
  return nullptr;
}

Value Analyzer::WholeRow(const RangeItem& item) {
  item.used = true;
  Value value;
  if (item.scalar && item.columns.size() == 1) {
    return item.columns[0].value;
  }
  if (!item.expanded && item.relation != nullptr) {
    for (const Column& column : item.relation->columns) {
      const Value part = RelationColumn(*item.relation, column);
      value.flows.Add(part.flows);
      value.unknown = value.unknown || part.unknown;
    }
  } else {
    for (const ScopeColumn& column : item.columns) {
      value.flows.Add(column.value.flows);
      value.flows.Add(column.value.presence);
      value.unknown = value.unknown || column.value.unknown;
    }
  }
  value.unknown = value.unknown || !item.complete;
  value.origin_known = item.complete;
  value.origin = item.relation != nullptr ? ColumnId{item.relation->oid, 0} : ColumnId{};
  value.type = item.row_type;
  value.row = &item;
  return value;
}

Value Analyzer::ColumnOf(const RangeItem& item, std::string_view name, int32_t location) {
  Value value;
  if (FindColumnIn(item, name, &value)) {
    item.used = true;
    return value;
  }
  if (!item.complete) {
    item.used = true;
    return UnknownValue();
  }
  // x.f is f(x) where x has no column f.
  Value row = WholeRow(item);
  if (!catalog_.FindFunctions(name).empty()) {
    return CallFunction({.name = name}, nullptr, {&row, 1}, location);
  }
  Unknown(fmt::format("column \"{}\" of \"{}\" does not exist", name, item.alias), location);
  return UnknownValue();
}

bool Analyzer::SelectField(const Value& row, std::string_view field, Value* value) {
  if (row.row != nullptr) {
    if (FindColumnIn(*row.row, field, value)) {
      if (row.row_in_column) {
        value->origin = {};
      }
      return true;
    }
    if (!row.row->complete) {
      *value = UnknownValue();
      return true;
    }
    return false;
  }
  const Type* type = catalog_.UndomainedType(row.type);
  if (type != nullptr && type->kind == TypeKind::kComposite) {
    const Relation* relation = catalog_.RelationByOid(type->relation);
    const Column* column = relation == nullptr ? nullptr : relation->FindColumn(field);
    if (column == nullptr) {
      return false;
    }
    *value = row;
    value->plain = false;
    value->origin = {};
    value->type = column->type;
    value->typmod = column->typmod;
    value->row = nullptr;
    return true;
  }
  if (type == nullptr || type->oid == oids::kRecord) {
    // A field of a record that is not described: whatever the record is made of.
    *value = row;
    value->plain = false;
    value->origin = {};
    value->type = 0;
    value->row = nullptr;
    return true;
  }
  return false;
}

Value Analyzer::ResolveColumnRef(const Node& reference, const Scope& scope) {
  Value value = LookUpColumnRef(reference, scope);
  NoteReference(value);
  return value;
}

void Analyzer::NoteReference(const Value& value) {
  referenced_.Add(value.flows);
  referenced_.Add(value.presence);
  RequireTypeFunctions(value.type, false, -1);
}

Value Analyzer::LookUpColumnRef(const Node& reference, const Scope& scope) {
  const NodeList fields = reference.Get(pg::ColumnRef::kFields);
  std::string_view names[4];
  size_t count = 0;
  bool star = false;
  for (const Node* field : fields) {
    if (field != nullptr && field->Is<pg::String>() && count < 4 && !star) {
      names[count++] = field->Get(pg::String::kSval);
    } else if (field != nullptr && field->Is<pg::A_Star>()) {
      star = true;
    } else {
      Unknown("a column reference has too many parts", reference.location());
      return UnknownValue();
    }
  }
  const int32_t location = reference.location();
  if (count == 1 && !star) {
    Value value;
    if (FindColumn(names[0], scope, location, &value)) {
      return value;
    }
    if (const RangeItem* item = FindItem("", names[0], scope)) {
      return WholeRow(*item);
    }
    Unknown(fmt::format("column \"{}\" does not exist", names[0]), location);
    return UnknownValue();
  }
  // [catalog.][schema.]item, and a column unless there is a star.
  const size_t prefix = star ? count : count - 1;
  if (prefix == 0 || prefix > 3 || (prefix == 3 && names[0] != catalog_.database().name)) {
    Unknown("a column reference names no table of this database", location);
    return UnknownValue();
  }
  const std::string_view schema = prefix >= 2 ? names[prefix - 2] : std::string_view();
  const RangeItem* item = FindItem(schema, names[prefix - 1], scope);
  if (item == nullptr) {
    Unknown(fmt::format("missing FROM-clause entry for table \"{}\"", names[prefix - 1]), location);
    return UnknownValue();
  }
  if (!star) {
    return ColumnOf(*item, names[count - 1], location);
  }
  Value row = WholeRow(*item);
  row.row = item;
  return row;
}

}  // namespace chaperone::sql
