// Casts, and what comes with types: domains' checks, comparisons, casts that nobody names, what reading a table runs.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/sql/analyzer.h"
#include "api/sql/name_path.h"
#include "api/sql/oids.h"

namespace chaperone::sql {

const Type* Analyzer::ResolveTypeName(const Node& type_name, bool* is_array) {
  *is_array = !type_name.Get(pg::TypeName::kArrayBounds).empty();
  QualifiedName name;
  if (type_name.Get(pg::TypeName::kPctType) || !ReadQualifiedName(type_name.Get(pg::TypeName::kNames), &name)) {
    return nullptr;
  }
  return path_.FindType(name.schema, name.name);
}

Oid Analyzer::TypeOf(const Node& type_name) {
  bool is_array = false;
  const Type* type = ResolveTypeName(type_name, &is_array);
  if (type == nullptr) {
    return 0;
  }
  const Oid oid = is_array ? type->array : type->oid;
  RequireTypeFunctions(type->oid, true, type_name.location());
  return oid;
}

Value Analyzer::CombineCast(const Node& cast, std::span<Value> parts) {
  Value value = std::move(parts[0]);
  const Node& type_name = *cast.Get(pg::TypeCast::kTypeName);
  bool is_array = false;
  const Type* type = ResolveTypeName(type_name, &is_array);
  if (type == nullptr) {
    QualifiedName name;
    ReadQualifiedName(type_name.Get(pg::TypeName::kNames), &name);
    Unknown(fmt::format("type \"{}\" does not exist", name.name), cast.location());
    return UnknownValue();
  }
  const Oid target = is_array ? type->array : type->oid;
  RequireTypeFunctions(type->oid, true, cast.location());
  const NodeList typmods = type_name.Get(pg::TypeName::kTypmods);
  if (target == value.type && target != 0) {
    if (typmods.empty()) {
      // The value stays; a label that drops the modifier hides where it came from, in newer servers.
      value.origin_known = value.origin_known && (value.typmod == -1 || value.origin.relation == 0);
      value.typmod = -1;
      return value;
    }
    // Nothing happens if the modifier is the same one.
    computed_.Add(value.flows);
    value.origin_known = value.origin.relation == 0;
    value.plain = false;
    value.typmod = -1;
    return value;
  }
  if (const Type* row_type = catalog_.TypeByOid(value.type);
      target == oids::kRecord && row_type != nullptr && row_type->kind == TypeKind::kComposite) {
    return value;
  }
  computed_.Add(value.flows);
  RequireCast(value, target, cast.location());
  value.plain = false;
  value.origin = {};
  value.origin_known = value.type != 0 || value.origin.relation == 0;
  value.type = target;
  value.typmod = typmods.empty() ? -1 : 0;
  value.row = nullptr;
  return value;
}

// What a column gets is cast to its type.
void Analyzer::RequireAssignment(ColumnId column, const Value& value, int32_t location) {
  const Relation* relation = catalog_.has_user_casts() ? catalog_.RelationByOid(column.relation) : nullptr;
  const Column* target = relation == nullptr ? nullptr : relation->ColumnByNumber(column.attnum);
  if (target != nullptr && target->type != value.type) {
    RequireCast(value, target->type, location);
  }
}

// What comes with a type runs without being named, and needs `execute` when someone made it; so does what comes with
// the types that it is made of. What a domain's CHECK calls runs when a value is made, the rest may run wherever there
// is one: a statement that only prints it is not told from one that sorts by it three queries further out.
void Analyzer::RequireTypeFunctions(Oid type, bool made, int32_t location) {
  if (catalog_.data().type_functions.empty()) {
    return;
  }
  std::vector<Oid> open = {type};
  for (size_t i = 0; i < open.size(); ++i) {
    const Type* current = catalog_.TypeByOid(open[i]);
    if (current == nullptr || !Spend(1, location)) {
      continue;
    }
    const bool domain = current->kind == TypeKind::kDomain;
    for (const Oid oid : domain && !made ? std::span<const Oid>() : catalog_.FunctionsOfType(current->oid)) {
      if (const Function* function = catalog_.FunctionByOid(oid)) {
        RequireFunction(*function, nullptr, {}, location);
      }
    }
    // What a range is made of is not known here: it may be any type.
    const bool range = current->kind == TypeKind::kRange || current->kind == TypeKind::kMultirange;
    if (made && range && current->oid >= oids::kFirstNormal) {
      for (const TypeFunction& entry : catalog_.data().type_functions) {
        if (const Function* function = catalog_.FunctionByOid(entry.function)) {
          RequireFunction(*function, nullptr, {}, location);
        }
      }
    }
    const auto add = [&open](Oid part) {
      if (part != 0 && std::find(open.begin(), open.end(), part) == open.end()) {
        open.push_back(part);
      }
    };
    add(current->base);
    add(current->element);
    if (const Relation* row = catalog_.RelationByOid(current->relation)) {
      for (const Column& column : row->columns) {
        add(column.type);
      }
    }
  }
}

// What reading the relation runs, or one of its partitions.
void Analyzer::RequireReadFunctions(const Relation& relation, int32_t location) {
  if (catalog_.data().type_functions.empty()) {
    return;
  }
  std::vector<const Relation*> open = {&relation};
  for (size_t i = 0; i < open.size() && Spend(1, location); ++i) {
    for (const Oid oid : catalog_.FunctionsOfType(open[i]->row_type)) {
      if (const Function* function = catalog_.FunctionByOid(oid)) {
        RequireFunction(*function, nullptr, {}, location);
      }
    }
    for (const Oid child : open[i]->children) {
      const Relation* const found = catalog_.RelationByOid(child);
      if (found != nullptr && std::find(open.begin(), open.end(), found) == open.end()) {
        open.push_back(found);
      }
    }
  }
}

// An argument is cast to its parameter's type where an implicit cast leads there, and some built-in functions of any
// type are written in SQL and cast to text. Which argument is whose is not worked out: each may be each parameter's.
void Analyzer::RequireArgumentCasts(const Function& function, std::span<const Value> arguments, int32_t location) {
  if (!catalog_.has_user_casts()) {
    return;
  }
  for (const Value& argument : arguments) {
    for (const Oid declared : function.arguments) {
      RequireOperandCast(&argument, declared, location);
    }
    RequireOperandCast(&argument, function.variadic, location);
  }
}

void Analyzer::RequireOperandCast(const Value* operand, Oid declared, int32_t location) {
  if (operand == nullptr || declared == 0 || operand->type == declared || !catalog_.has_user_casts()) {
    return;
  }
  // quote_literal(anyelement), anynonarray || text and their kin. An extension's casts only compute.
  RequireCast(*operand, oids::IsPolymorphic(declared) ? oids::kText : declared, location, true);
}

// A cast whose function someone made needs `execute` on it.
void Analyzer::RequireCast(const Value& value, Oid target, int32_t location, bool own_only) {
  if (!catalog_.has_user_casts()) {
    return;
  }
  const Type* const from = catalog_.UndomainedType(value.type);
  const Type* const to = catalog_.UndomainedType(target);
  if (to != nullptr && to->kind == TypeKind::kComposite && (from == nullptr || from->oid == oids::kRecord)) {
    // ROW(…)::type casts each field.
    const Relation* const row = catalog_.RelationByOid(to->relation);
    for (const Column& column : row == nullptr ? std::span<const Column>() : row->columns) {
      const Type* const field = catalog_.UndomainedType(column.type);
      if (field != nullptr && field->kind != TypeKind::kComposite) {
        RequireCast(Value(), column.type, location, own_only);
      }
    }
  }
  if (from != nullptr && to != nullptr && from->category == 'A' && to->category == 'A') {
    Value element = value;
    element.type = from->element;
    RequireCast(element, to->element, location, own_only);
    return;
  }
  for (const Cast& cast : catalog_.data().casts) {
    if (cast.function == 0 || to == nullptr || cast.target != to->oid ||
        (from != nullptr && cast.source != from->oid)) {
      continue;
    }
    const Function* function = catalog_.FunctionByOid(cast.function);
    if (function == nullptr) {
      Unknown("a cast has no function", location);
    } else if (function->function_class != FunctionClass::kSafe && !(own_only && !function->extension.empty())) {
      RequireFunction(*function, nullptr, {}, location);
      RecordKept(value);
    }
  }
}

}  // namespace chaperone::sql
