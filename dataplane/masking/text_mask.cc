// Text types. Their binary format is their text format.
#include <string>

#include "dataplane/masking/family.h"
#include "dataplane/masking/text_method.h"
#include "dataplane/masking/utf8.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

// NAMEDATALEN - 1
constexpr size_t kNameBytesMax = 63;
// Redacted char(n) up to this length is made once, longer ones for each cell.
constexpr size_t kPaddedOnceMax = 1024;

class TextMasker : public CellMasker {
 public:
  TextMasker(const MaskSpec& spec, const DeploymentKey& key, size_t characters_max)
      : method_(spec.method, spec.argument, key, characters_max) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    method_.Apply(cell, out);
    return Outcome::kValue;
  }

 private:
  const TextMethod method_;
};

// char(n): trailing blanks mean nothing, and a value is padded with them.
class BpcharMasker : public CellMasker {
 public:
  BpcharMasker(const MaskSpec& spec, const DeploymentKey& key, size_t characters_max)
      : method_(spec.method, spec.argument, key, characters_max),
        padded_characters_(characters_max == kNoCharacterLimit ? 0 : characters_max) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    const size_t start = out->size();
    method_.Apply(cell.substr(0, cell.find_last_not_of(' ') + 1), out);
    size_t characters = 0;
    if (CountUtf8(std::string_view(*out).substr(start), &characters) && characters < padded_characters_) {
      out->append(padded_characters_ - characters, ' ');
    }
    return Outcome::kValue;
  }

 private:
  const TextMethod method_;
  const size_t padded_characters_;
};

// "char": one byte, in text format also as a backslash with three octal digits.
class CharMasker : public CellMasker {
 public:
  explicit CharMasker(const DeploymentKey& key) : fake_(MaskMethod::kFake, 0, key, 1) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    if (cell.size() == 1 && cell[0] > '\0') {
      fake_.Apply(cell, out);
    } else {
      out->push_back('*');
    }
    return Outcome::kValue;
  }

 private:
  const TextMethod fake_;
};

}  // namespace

MaskerPtr MakeTextMasker(const MaskSpec& spec, const DeploymentKey& key) {
  size_t characters_max = kNoCharacterLimit;
  if (spec.family == Family::kName) {
    characters_max = kNameBytesMax;
  } else if ((spec.family == Family::kVarchar || spec.family == Family::kBpchar) && spec.typmod > kTypmodHeader) {
    characters_max = static_cast<size_t>(spec.typmod - kTypmodHeader);
  }
  const bool pads = spec.family == Family::kBpchar && characters_max != kNoCharacterLimit;
  if (pads && spec.method == MaskMethod::kRedact && characters_max <= kPaddedOnceMax) {
    std::string padded(kRedactedText.substr(0, characters_max));
    padded.resize(characters_max, ' ');
    return MakeConstantMasker(padded);
  }
  if (spec.family == Family::kBpchar) {
    return std::make_unique<BpcharMasker>(spec, key, characters_max);
  }
  if (spec.method == MaskMethod::kRedact) {
    return MakeConstantMasker(kRedactedText.substr(0, characters_max));
  }
  return std::make_unique<TextMasker>(spec, key, characters_max);
}

MaskerPtr MakeCharMasker(const MaskSpec& spec, const DeploymentKey& key) {
  if (spec.method == MaskMethod::kFake) {
    return std::make_unique<CharMasker>(key);
  }
  return MakeConstantMasker("*");
}

}  // namespace chaperone::masking
