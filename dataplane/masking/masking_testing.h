// What the tests of masking share: a fixed key, maskers from a few words, a catalog of made-up types.
#ifndef CHAPERONE_DATAPLANE_MASKING_MASKING_TESTING_H_
#define CHAPERONE_DATAPLANE_MASKING_MASKING_TESTING_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/masking/method.h"

namespace chaperone::masking {

// The bytes 0, 1, 2, … 31.
const DeploymentKey& TestKey();

// Oids of built-in types, as pg_type.dat fixes them.
namespace oid {
inline constexpr Oid kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25,
                     kJson = 114, kXml = 142, kCidr = 650, kFloat4 = 700, kFloat8 = 701, kMacaddr8 = 774, kMoney = 790,
                     kMacaddr = 829, kInet = 869, kInt4Array = 1007, kTextArray = 1009, kBpchar = 1042, kVarchar = 1043,
                     kDate = 1082, kTime = 1083, kTimestamp = 1114, kTimestamptz = 1184, kInterval = 1186,
                     kTimetz = 1266, kBit = 1560, kVarbit = 1562, kNumeric = 1700, kRecord = 2249, kUuid = 2950,
                     kTsvector = 3614, kJsonb = 3802, kInt4range = 3904, kNumrange = 3906, kDaterange = 3912,
                     kDatemultirange = 4535;
}  // namespace oid

// varchar(n), char(n).
constexpr int32_t LengthModifier(int32_t n) { return n + 4; }
constexpr int32_t NumericModifier(int32_t precision, int32_t scale) { return (precision << 16 | (scale & 0x7ff)) + 4; }

policy::MaskingRule Rule(policy::MaskMethod method, int64_t argument = 0);

class FakeTypeCatalog : public TypeCatalog {
 public:
  void Add(Oid type, TypeDescription description) { types_[type] = std::move(description); }
  bool Describe(Oid type, TypeDescription* out) const override;

 private:
  std::map<Oid, TypeDescription> types_;
};

// Masks one cell; nullopt is NULL.
std::optional<std::string> MaskOne(const policy::MaskingRule& rule, const ColumnType& type, std::string_view cell,
                                   const TypeCatalog* types = nullptr);
// In text format, without a modifier.
std::optional<std::string> MaskText(policy::MaskMethod method, int64_t argument, Oid type, std::string_view cell,
                                    int32_t typmod = -1);

// "\x00\x01" from "0001".
std::string FromHex(std::string_view digits);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_MASKING_TESTING_H_
