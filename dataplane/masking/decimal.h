// Arbitrary-precision decimal numbers as PostgreSQL's numeric writes them, text and binary
// (src/backend/utils/adt/numeric.c: numeric_out, numeric_send). Keeps its memory from number to number.
#ifndef CHAPERONE_DATAPLANE_MASKING_DECIMAL_H_
#define CHAPERONE_DATAPLANE_MASKING_DECIMAL_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace chaperone::masking {

struct Decimal {
  enum class Kind : uint8_t { kFinite, kNan, kInfinity };

  Kind kind = Kind::kFinite;
  bool negative = false;
  // The digits before and after the point, at least one before it; no leading zeros but a single one.
  std::string digits = "0";
  // Digits before the point.
  size_t point = 1;

  size_t scale() const { return digits.size() - point; }
  // All digits are 0.
  bool IsZero() const;
  // Becomes 0 with `scale` digits after the point.
  void SetZero(size_t scale);
  // Takes leading zeros away, and the sign of zero.
  void Normalize();
};

// "-12.50", "NaN", "Infinity". False for anything else, exponents too.
bool ParseDecimal(std::string_view text, Decimal* out);
void AppendDecimal(const Decimal& value, std::string* out);

// The binary format. False for bytes that numeric_send does not write.
bool DecodeDecimal(std::string_view bytes, Decimal* out);
void EncodeDecimal(const Decimal& value, std::string* out);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_DECIMAL_H_
