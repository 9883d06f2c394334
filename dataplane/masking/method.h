// Masks cells: what a masking rule's method makes of one value of a column, in the cell's own type and format. In the
// flow: plan.h decides which column gets which rule and makes the maskers, row.h takes rows apart and calls them.
//
// What comes out for each method and type: METHODS.md. Three things hold for all of them: the result is valid for the
// type, its modifier and the format; NULL stays NULL (maskers never see it); bytes that are not what the type writes
// become NULL, never themselves. Pure; a masker keeps scratch memory, so one belongs to one session.
#ifndef CHAPERONE_DATAPLANE_MASKING_METHOD_H_
#define CHAPERONE_DATAPLANE_MASKING_METHOD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/policy/policy.h"
#include "dataplane/masking/keyed_hash.h"
#include "dataplane/masking/type.h"

namespace chaperone::masking {

enum class Outcome : uint8_t { kValue, kNull };

// What RowDescription says of a result column.
struct ColumnType {
  Oid oid = 0;
  int32_t typmod = -1;
  Format format = Format::kText;
};

// Made once for a result column, then applied to each of its cells.
class CellMasker {
 public:
  virtual ~CellMasker() = default;

  // kValue: the masked value was appended to `out`. kNull: the cell is NULL now, `out` is as it was.
  // REQUIRES: `cell` does not point into `out`.
  virtual Outcome Mask(std::string_view cell, std::string* out) = 0;
};

// What maskers are made with. Both must outlive the calls below, not the maskers.
struct MaskContext {
  const DeploymentKey& key;
  // May be null: then every type that is not built in becomes NULL.
  const TypeCatalog* types = nullptr;
};

// The masker of a column that the rule covers whole. Never null.
std::unique_ptr<CellMasker> MakeCellMasker(const policy::MaskingRule& rule, const ColumnType& type,
                                           const MaskContext& context);

// The masker of a json or jsonb column of which only parts are masked; the rest stays byte for byte. Of a column that
// is neither, every cell becomes NULL, since a path means nothing there. Never null.
std::unique_ptr<CellMasker> MakeJsonPathMasker(const std::vector<policy::JsonPathMask>& masks, const ColumnType& type,
                                               const MaskContext& context);

// Says which rule holds for an attribute of a row that is handed out as one value (`SELECT u FROM users u`).
class AttributeRules {
 public:
  virtual ~AttributeRules() = default;

  // Null: the attribute is not masked. `rules` are read only while the masker is made.
  virtual const policy::MaskingRule* RuleFor(Oid row_type, const CompositeField& field) const = 0;
};

// The masker of a column of whole rows (or arrays of them) of which only some attributes are masked. A type that is no
// known composite, and everything in a row that its type does not describe, becomes NULL. Never null.
std::unique_ptr<CellMasker> MakeRowMasker(const AttributeRules& rules, const ColumnType& type,
                                          const MaskContext& context);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_METHOD_H_
