// The methods as they work on text: on the cells of text types, on strings within JSON, on what detectors found.
#ifndef CHAPERONE_DATAPLANE_MASKING_TEXT_METHOD_H_
#define CHAPERONE_DATAPLANE_MASKING_TEXT_METHOD_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "api/policy/policy.h"
#include "dataplane/masking/keyed_hash.h"

namespace chaperone::masking {

// What stands for a redacted text. The same for every value, so it says nothing of the length.
inline constexpr std::string_view kRedactedText = "****";
// Characters of a hashed text: 128 bits in hexadecimal.
inline constexpr size_t kHashedTextCharacters = 32;
inline constexpr size_t kNoCharacterLimit = std::numeric_limits<size_t>::max();

// Immutable; share it freely.
class TextMethod {
 public:
  // Nothing longer than `characters_max` comes out, unless the input was longer. REQUIRES: method is not kNull.
  TextMethod(policy::MaskMethod method, int64_t argument, const DeploymentKey& key,
             size_t characters_max = kNoCharacterLimit);

  // Appends the masked text. Text that is not valid UTF-8 comes out redacted or hashed. Never fails.
  void Apply(std::string_view text, std::string* out) const;

  // The redacted form, within the limit.
  std::string_view redacted() const { return kRedactedText.substr(0, characters_max_); }

 private:
  void Hash(std::string_view text, std::string* out) const;
  void Keep(std::string_view text, std::string* out) const;
  void Email(std::string_view text, std::string* out) const;

  policy::MaskMethod method_;
  size_t keep_ = 0;
  size_t characters_max_;
  // Only for the methods that need it.
  std::optional<KeyedHash> hash_;
};

// Appends `bytes` as lower-case hexadecimal digits, at most `digits_max` of them.
void AppendHex(const uint8_t* bytes, size_t size, size_t digits_max, std::string* out);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_TEXT_METHOD_H_
