#include "dataplane/masking/catalog_types.h"

namespace chaperone::masking {

namespace {

void DescribeComposite(const sql::Catalog& catalog, const sql::Type& type, TypeDescription* out) {
  out->kind = TypeKind::kComposite;
  if (const sql::Relation* relation = catalog.RelationByOid(type.relation)) {
    for (const sql::Column& column : relation->columns) {
      out->fields.push_back({std::string(column.name), column.attnum, column.type, column.typmod});
    }
  }
}

}  // namespace

bool CatalogTypes::Describe(Oid oid, TypeDescription* out) const {
  const sql::Type* const type = catalog_.TypeByOid(oid);
  if (type == nullptr) {
    return false;
  }
  switch (type->kind) {
    case sql::TypeKind::kBase: {
      const sql::Type* const element = type->element != 0 ? catalog_.TypeByOid(type->element) : nullptr;
      if (element != nullptr && element->array == oid) {
        out->kind = TypeKind::kArray;
        out->related = type->element;
        return true;
      }
      out->kind = TypeKind::kBase;
      out->family = FamilyOfExtensionType(type->name);
      return true;
    }
    case sql::TypeKind::kDomain:
      out->kind = TypeKind::kDomain;
      out->related = type->base;
      out->typmod = type->base_typmod;
      return true;
    case sql::TypeKind::kEnum:
      out->kind = TypeKind::kEnum;
      return true;
    case sql::TypeKind::kComposite:
      DescribeComposite(catalog_, *type, out);
      return true;
    default:
      // Ranges of the database's own, pseudo-types: no mask is defined.
      return false;
  }
}

}  // namespace chaperone::masking
