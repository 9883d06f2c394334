#include "api/sql/name_path.h"

#include <algorithm>

#include "api/sql/oids.h"

namespace chaperone::sql {

namespace {

void AddOnce(Oid schema, std::vector<Oid>* schemas) {
  if (schema != 0 && std::find(schemas->begin(), schemas->end(), schema) == schemas->end()) {
    schemas->push_back(schema);
  }
}

}  // namespace

NamePath::NamePath(const Catalog& catalog, const SessionContext& session)
    : catalog_(&catalog), temp_schema_(session.temp_schema) {
  const Oid temp = catalog.FindSchema(temp_schema_);
  bool names_catalog = false;
  bool names_temp = false;
  for (const std::string& entry : session.search_path) {
    names_catalog = names_catalog || entry == "pg_catalog";
    names_temp = names_temp || entry == "pg_temp" || (temp != 0 && entry == temp_schema_);
  }
  if (!names_temp) {
    AddOnce(temp, &relation_schemas_);
  }
  if (!names_catalog) {
    AddOnce(oids::kPgCatalog, &relation_schemas_);
    AddOnce(oids::kPgCatalog, &function_schemas_);
  }
  for (const std::string& entry : session.search_path) {
    const std::string& name = entry == "$user" ? session.role : entry;
    const Oid schema = FindSchema(name);
    AddOnce(schema, &relation_schemas_);
    if (schema != temp) {
      AddOnce(schema, &function_schemas_);
    }
    // The first that exists takes new objects; pg_temp counts even before it exists.
    if (creation_schema_.empty() && (schema != 0 || name == "pg_temp")) {
      creation_schema_ = schema != 0 && schema != temp ? catalog.SchemaName(schema) : "pg_temp";
    }
  }
}

Oid NamePath::FindSchema(std::string_view name) const {
  if (name == "pg_temp") {
    return temp_schema_.empty() ? 0 : catalog_->FindSchema(temp_schema_);
  }
  return catalog_->FindSchema(name);
}

const Relation* NamePath::FindRelation(std::string_view schema, std::string_view name) const {
  if (!schema.empty()) {
    const Oid oid = FindSchema(schema);
    return oid == 0 ? nullptr : catalog_->FindRelation(oid, name);
  }
  for (const Oid oid : relation_schemas_) {
    if (const Relation* relation = catalog_->FindRelation(oid, name)) {
      return relation;
    }
  }
  return nullptr;
}

const Type* NamePath::FindType(std::string_view schema, std::string_view name) const {
  if (!schema.empty()) {
    const Oid oid = FindSchema(schema);
    return oid == 0 ? nullptr : catalog_->FindType(oid, name);
  }
  for (const Oid oid : relation_schemas_) {
    if (const Type* type = catalog_->FindType(oid, name)) {
      return type;
    }
  }
  return nullptr;
}

size_t NamePath::FunctionRank(Oid schema) const {
  const auto it = std::find(function_schemas_.begin(), function_schemas_.end(), schema);
  return it == function_schemas_.end() ? std::string_view::npos : static_cast<size_t>(it - function_schemas_.begin());
}

bool ReadQualifiedName(NodeList parts, QualifiedName* name) {
  if (parts.empty() || parts.size() > 3) {
    return false;
  }
  std::string_view texts[3];
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == nullptr || !parts[i]->Is<pg::String>()) {
      return false;
    }
    texts[3 - parts.size() + i] = parts[i]->Get(pg::String::kSval);
  }
  *name = {texts[0], texts[1], texts[2]};
  return true;
}

namespace {

constexpr std::string_view kSpace = " \t\n\r\f\v";

// As SplitIdentifierString: names between separators, folded to lower case unless quoted; a doubled quote stands for
// one.
bool SplitNames(std::string_view value, char separator, std::vector<std::string>* names) {
  const auto skip = [&] {
    while (!value.empty() && kSpace.find(value[0]) != std::string_view::npos) {
      value.remove_prefix(1);
    }
  };
  skip();
  if (value.empty()) {
    return true;
  }
  while (true) {
    std::string name;
    if (!value.empty() && value[0] == '"') {
      size_t i = 1;
      for (; i < value.size(); ++i) {
        if (value[i] == '"') {
          if (i + 1 >= value.size() || value[i + 1] != '"') {
            break;
          }
          ++i;
        }
        name += value[i];
      }
      if (i >= value.size()) {
        return false;
      }
      value.remove_prefix(i + 1);
    } else {
      while (!value.empty() && value[0] != separator && kSpace.find(value[0]) == std::string_view::npos) {
        const char c = value[0];
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        value.remove_prefix(1);
      }
      if (name.empty()) {
        return false;
      }
    }
    names->push_back(std::move(name));
    skip();
    if (value.empty()) {
      return true;
    }
    if (value[0] != separator) {
      return false;
    }
    value.remove_prefix(1);
    skip();
  }
}

}  // namespace

bool ParseSearchPath(std::string_view value, std::vector<std::string>* path) { return SplitNames(value, ',', path); }

bool ParseDottedName(std::string_view text, std::vector<std::string>* parts) {
  return SplitNames(text, '.', parts) && !parts->empty();
}

}  // namespace chaperone::sql
