// The two maskers that do not look at the cell.
#include <string>

#include "dataplane/masking/family.h"

namespace chaperone::masking {

namespace {

class NullMasker : public CellMasker {
 public:
  Outcome Mask(std::string_view, std::string*) override { return Outcome::kNull; }
};

class ConstantMasker : public CellMasker {
 public:
  explicit ConstantMasker(std::string_view value) : value_(value) {}

  Outcome Mask(std::string_view, std::string* out) override {
    out->append(value_);
    return Outcome::kValue;
  }

 private:
  const std::string value_;
};

}  // namespace

MaskerPtr MakeNullMasker() { return std::make_unique<NullMasker>(); }

MaskerPtr MakeConstantMasker(std::string_view value) { return std::make_unique<ConstantMasker>(value); }

}  // namespace chaperone::masking
