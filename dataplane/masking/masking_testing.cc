#include "dataplane/masking/masking_testing.h"

#include <array>
#include <numeric>

namespace chaperone::masking {

const DeploymentKey& TestKey() {
  static const auto& key = *new DeploymentKey([] {
    std::array<uint8_t, kDeploymentKeyBytes> bytes;
    std::iota(bytes.begin(), bytes.end(), uint8_t{0});
    return bytes;
  }());
  return key;
}

policy::MaskingRule Rule(policy::MaskMethod method, int64_t argument) {
  policy::MaskingRule rule;
  rule.method = method;
  rule.argument = argument;
  return rule;
}

bool FakeTypeCatalog::Describe(Oid type, TypeDescription* out) const {
  const auto found = types_.find(type);
  if (found == types_.end()) {
    return false;
  }
  *out = found->second;
  return true;
}

std::optional<std::string> MaskOne(const policy::MaskingRule& rule, const ColumnType& type, std::string_view cell,
                                   const TypeCatalog* types) {
  const auto masker = MakeCellMasker(rule, type, {.key = TestKey(), .types = types});
  std::string out;
  if (masker->Mask(cell, &out) == Outcome::kNull) {
    return std::nullopt;
  }
  return out;
}

std::optional<std::string> MaskText(policy::MaskMethod method, int64_t argument, Oid type, std::string_view cell,
                                    int32_t typmod) {
  return MaskOne(Rule(method, argument), {.oid = type, .typmod = typmod}, cell);
}

std::string FromHex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1])));
  }
  return bytes;
}

}  // namespace chaperone::masking
