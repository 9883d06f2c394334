// bytea, bit, varbit, xml.
#include <algorithm>
#include <optional>
#include <string>

#include "dataplane/masking/family.h"
#include "dataplane/masking/text_method.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

constexpr std::string_view kHexPrefix = "\\x";
// A hashed bytea: 128 bits, as a hashed text.
constexpr size_t kHashedBytes = 16;
constexpr uint8_t kHiddenByte = '*';

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool ParseHex(std::string_view digits, std::string* out) {
  if (digits.size() % 2 != 0) {
    return false;
  }
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int high = HexDigit(digits[i]);
    const int low = HexDigit(digits[i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    out->push_back(static_cast<char>(high << 4 | low));
  }
  return true;
}

// bytea_output = escape: printable bytes as they are, "\\" and "\ooo".
bool ParseEscaped(std::string_view text, std::string* out) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out->push_back(text[i++]);
    } else if (text.substr(i).starts_with("\\\\")) {
      out->push_back('\\');
      i += 2;
    } else if (i + 3 < text.size() && text[i + 1] <= '3' && octal(text[i + 1]) && octal(text[i + 2]) &&
               octal(text[i + 3])) {
      out->push_back(static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0')));
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

// keep_first_n and keep_last_n count bytes. Fakes are as long as the value; text comes out in hex format.
class ByteaMasker : public CellMasker {
 public:
  ByteaMasker(const MaskSpec& spec, const DeploymentKey& key)
      : method_(spec.method),
        kept_(spec.argument > 0 ? static_cast<size_t>(spec.argument) : 0),
        binary_(spec.format == Format::kBinary) {
    if (method_ == MaskMethod::kHash || method_ == MaskMethod::kFake) {
      hash_.emplace(key, method_ == MaskMethod::kHash ? "hash/bytea" : "fake/bytea");
    }
  }

  Outcome Mask(std::string_view cell, std::string* out) override {
    value_.clear();
    if (binary_) {
      value_.append(cell);
    } else if (!(cell.starts_with(kHexPrefix) ? ParseHex(cell.substr(kHexPrefix.size()), &value_)
                                              : ParseEscaped(cell, &value_))) {
      return Outcome::kNull;
    }
    Apply();
    if (binary_) {
      out->append(value_);
    } else {
      out->append(kHexPrefix);
      AppendHex(reinterpret_cast<const uint8_t*>(value_.data()), value_.size(), 2 * value_.size(), out);
    }
    return Outcome::kValue;
  }

 private:
  void Apply() {
    switch (method_) {
      case MaskMethod::kHash: {
        const KeyedHash::Digest digest = hash_->Of(value_);
        value_.assign(reinterpret_cast<const char*>(digest.data()), kHashedBytes);
        return;
      }
      case MaskMethod::kFake: {
        KeyedStream stream(*hash_, value_);
        std::generate(value_.begin(), value_.end(), [&] { return static_cast<char>(stream.Below(256)); });
        return;
      }
      default: {
        const size_t kept = kept_ < value_.size() ? kept_ : 0;
        const size_t hidden = value_.size() - kept;
        const auto start =
            method_ == MaskMethod::kKeepFirst ? value_.begin() + static_cast<std::ptrdiff_t>(kept) : value_.begin();
        std::fill_n(start, hidden, static_cast<char>(kHiddenByte));
      }
    }
  }

  const MaskMethod method_;
  const size_t kept_;
  const bool binary_;
  std::optional<KeyedHash> hash_;
  std::string value_;
};

// As many bits as the value has, since bit(n) takes no other number: all 0, or drawn for hash and fake.
class BitMasker : public CellMasker {
 public:
  BitMasker(const MaskSpec& spec, const DeploymentKey& key) : binary_(spec.format == Format::kBinary) {
    if (spec.method == MaskMethod::kHash || spec.method == MaskMethod::kFake) {
      hash_.emplace(key, spec.method == MaskMethod::kHash ? "hash/bit" : "fake/bit");
    }
  }

  Outcome Mask(std::string_view cell, std::string* out) override {
    if (!(binary_ ? Unpack(cell) : Copy(cell))) {
      return Outcome::kNull;
    }
    masked_.assign(bits_.size(), '0');
    if (hash_) {
      KeyedStream stream(*hash_, bits_);
      std::generate(masked_.begin(), masked_.end(), [&] { return static_cast<char>('0' + stream.Below(2)); });
    }
    if (!binary_) {
      out->append(masked_);
      return Outcome::kValue;
    }
    AppendBigEndian(static_cast<int32_t>(masked_.size()), out);
    for (size_t i = 0; i < masked_.size(); i += 8) {
      uint8_t byte = 0;
      for (size_t bit = 0; bit < 8 && i + bit < masked_.size(); ++bit) {
        byte |= static_cast<uint8_t>((masked_[i + bit] - '0') << (7 - bit));
      }
      out->push_back(static_cast<char>(byte));
    }
    return Outcome::kValue;
  }

 private:
  bool Copy(std::string_view cell) {
    bits_ = cell;
    return cell.find_first_not_of("01") == std::string_view::npos;
  }

  // The number of bits, then the bits, the last byte filled up with 0.
  bool Unpack(std::string_view cell) {
    if (cell.size() < sizeof(int32_t)) {
      return false;
    }
    const auto bits = LoadBigEndian<int32_t>(cell.data());
    cell.remove_prefix(sizeof(bits));
    if (bits < 0 || (static_cast<size_t>(bits) + 7) / 8 != cell.size()) {
      return false;
    }
    bits_.resize(static_cast<size_t>(bits));
    for (size_t i = 0; i < bits_.size(); ++i) {
      bits_[i] = (static_cast<uint8_t>(cell[i / 8]) >> (7 - i % 8) & 1) != 0 ? '1' : '0';
    }
    return true;
  }

  const bool binary_;
  std::optional<KeyedHash> hash_;
  // The value and its mask, a character for each bit.
  std::string bits_;
  std::string masked_;
};

class XmlHashMasker : public CellMasker {
 public:
  explicit XmlHashMasker(const DeploymentKey& key) : hash_(MaskMethod::kHash, 0, key) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    out->append("<hash>");
    hash_.Apply(cell, out);
    out->append("</hash>");
    return Outcome::kValue;
  }

 private:
  const TextMethod hash_;
};

}  // namespace

MaskerPtr MakeByteaMasker(const MaskSpec& spec, const DeploymentKey& key) {
  switch (spec.method) {
    case MaskMethod::kHash:
    case MaskMethod::kFake:
    case MaskMethod::kKeepFirst:
    case MaskMethod::kKeepLast:
      return std::make_unique<ByteaMasker>(spec, key);
    default:
      return MakeConstantMasker(spec.format == Format::kBinary ? kRedactedText : "\\x2a2a2a2a");
  }
}

MaskerPtr MakeBitMasker(const MaskSpec& spec, const DeploymentKey& key) {
  return std::make_unique<BitMasker>(spec, key);
}

// An element is both a document and content, so it stands under either setting of xmloption.
MaskerPtr MakeXmlMasker(const MaskSpec& spec, const DeploymentKey& key) {
  if (spec.method == MaskMethod::kHash) {
    return std::make_unique<XmlHashMasker>(key);
  }
  return MakeConstantMasker("<redacted/>");
}

}  // namespace chaperone::masking
