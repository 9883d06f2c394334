// uuid, inet, cidr, macaddr, macaddr8.
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "dataplane/masking/address.h"
#include "dataplane/masking/family.h"
#include "dataplane/masking/text_method.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

constexpr size_t kUuidBytes = 16;
constexpr size_t kUuidTextBytes = 36;
constexpr size_t kMacBytesMax = 8;

bool IsDash(size_t position) { return position == 8 || position == 13 || position == 18 || position == 23; }

bool ParseUuid(std::string_view text, uint8_t* out) {
  if (text.size() != kUuidTextBytes) {
    return false;
  }
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsDash(i)) {
      if (c != '-') {
        return false;
      }
      continue;
    }
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && !(c >= 'a' && c <= 'f')) {
      return false;
    }
    const auto nibble = static_cast<uint8_t>(decimal ? c - '0' : c - 'a' + 10);
    out[digits / 2] = static_cast<uint8_t>(digits % 2 == 0 ? nibble << 4 : out[digits / 2] | nibble);
    ++digits;
  }
  return true;
}

void AppendUuid(const uint8_t* bytes, std::string* out) {
  for (size_t i = 0; i < kUuidBytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      out->push_back('-');
    }
    AppendHex(bytes + i, 1, 2, out);
  }
}

std::optional<KeyedHash> HashFor(const MaskSpec& spec, const DeploymentKey& key, std::string_view type) {
  if (spec.method != MaskMethod::kHash && spec.method != MaskMethod::kFake) {
    return std::nullopt;
  }
  return KeyedHash(key, std::string(spec.method == MaskMethod::kHash ? "hash/" : "fake/").append(type));
}

std::string_view AsText(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

// keep_first_n and keep_last_n count hexadecimal digits; those that are not kept become 0.
class UuidMasker : public CellMasker {
 public:
  UuidMasker(const MaskSpec& spec, const DeploymentKey& key)
      : method_(spec.method),
        kept_digits_(spec.argument > 0 ? static_cast<uint64_t>(spec.argument) : 0),
        binary_(spec.format == Format::kBinary),
        hash_(HashFor(spec, key, "uuid")) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    std::array<uint8_t, kUuidBytes> uuid;
    if (binary_ ? cell.size() != kUuidBytes : !ParseUuid(cell, uuid.data())) {
      return Outcome::kNull;
    }
    if (binary_) {
      std::copy(cell.begin(), cell.end(), uuid.begin());
    }
    hash_ ? Replace(&uuid) : Keep(&uuid);
    if (binary_) {
      out->append(AsText(uuid.data(), uuid.size()));
    } else {
      AppendUuid(uuid.data(), out);
    }
    return Outcome::kValue;
  }

 private:
  using Uuid = std::array<uint8_t, kUuidBytes>;

  // A hash is a version 4 UUID (RFC 4122, section 4.4); a fake keeps version and variant.
  void Replace(Uuid* uuid) const {
    const uint8_t version = (*uuid)[6] & 0xf0;
    const uint8_t variant = (*uuid)[8] & 0xc0;
    const KeyedHash::Digest digest = hash_->Of(AsText(uuid->data(), uuid->size()));
    std::copy_n(digest.begin(), uuid->size(), uuid->begin());
    const bool fake = method_ == MaskMethod::kFake;
    (*uuid)[6] = static_cast<uint8_t>(((*uuid)[6] & 0x0f) | (fake ? version : 0x40));
    (*uuid)[8] = static_cast<uint8_t>(((*uuid)[8] & 0x3f) | (fake ? variant : 0x80));
  }

  void Keep(Uuid* uuid) const {
    const size_t digits = 2 * kUuidBytes;
    const bool first = method_ == MaskMethod::kKeepFirst;
    const size_t kept = (first || method_ == MaskMethod::kKeepLast) && kept_digits_ < digits ? kept_digits_ : 0;
    for (size_t i = 0; i < digits; ++i) {
      if (first ? i >= kept : i < digits - kept) {
        (*uuid)[i / 2] &= i % 2 == 0 ? 0x0f : 0xf0;
      }
    }
  }

  const MaskMethod method_;
  const uint64_t kept_digits_;
  const bool binary_;
  const std::optional<KeyedHash> hash_;
};

// A hash is an address in fd00::/8 (RFC 4193), so that it collides with nothing in use; a fake keeps the family and the
// prefix length.
class InetMasker : public CellMasker {
 public:
  InetMasker(const MaskSpec& spec, const DeploymentKey& key)
      : fake_(spec.method == MaskMethod::kFake),
        cidr_(spec.family == Family::kCidr),
        binary_(spec.format == Format::kBinary),
        hash_(HashFor(spec, key, "inet")) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    InetAddress address;
    if (!(binary_ ? DecodeInet(cell, &address) : ParseInet(cell, &address))) {
      return Outcome::kNull;
    }
    const auto prefix = static_cast<uint8_t>(address.prefix_bits);
    const KeyedHash::Digest digest = hash_->Of(AsText(address.bytes.data(), address.size()), AsText(&prefix, 1));
    if (!fake_) {
      address = {.is_v6 = true, .prefix_bits = 128};
    }
    std::copy_n(digest.begin(), address.size(), address.bytes.begin());
    if (!fake_) {
      address.bytes[0] = 0xfd;
    }
    if (cidr_) {
      address.ClearHost();
    }
    binary_ ? EncodeInet(address, cidr_, out) : AppendInet(address, cidr_, out);
    return Outcome::kValue;
  }

 private:
  const bool fake_;
  const bool cidr_;
  const bool binary_;
  const std::optional<KeyedHash> hash_;
};

// Hash and fake alike: a locally administered unicast address (IEEE 802, section 8.2).
class MacMasker : public CellMasker {
 public:
  MacMasker(const MaskSpec& spec, const DeploymentKey& key, size_t bytes)
      : bytes_(bytes), binary_(spec.format == Format::kBinary), hash_(HashFor(spec, key, "mac")) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    std::array<uint8_t, kMacBytesMax> mac;
    if (binary_ ? cell.size() != bytes_ : !ParseMac(cell, bytes_, mac.data())) {
      return Outcome::kNull;
    }
    const KeyedHash::Digest digest = hash_->Of(binary_ ? cell : AsText(mac.data(), bytes_));
    std::copy_n(digest.begin(), bytes_, mac.begin());
    mac[0] = static_cast<uint8_t>((mac[0] & 0xfc) | 0x02);
    if (binary_) {
      out->append(AsText(mac.data(), bytes_));
    } else {
      AppendMac(mac.data(), bytes_, out);
    }
    return Outcome::kValue;
  }

 private:
  const size_t bytes_;
  const bool binary_;
  const std::optional<KeyedHash> hash_;
};

bool IsKeyed(MaskMethod method) { return method == MaskMethod::kHash || method == MaskMethod::kFake; }

}  // namespace

MaskerPtr MakeUuidMasker(const MaskSpec& spec, const DeploymentKey& key) {
  return std::make_unique<UuidMasker>(spec, key);
}

MaskerPtr MakeNetworkMasker(const MaskSpec& spec, const DeploymentKey& key) {
  if (IsKeyed(spec.method)) {
    return std::make_unique<InetMasker>(spec, key);
  }
  const InetAddress zero;
  const bool is_cidr = spec.family == Family::kCidr;
  std::string redacted;
  spec.format == Format::kBinary ? EncodeInet(zero, is_cidr, &redacted) : AppendInet(zero, is_cidr, &redacted);
  return MakeConstantMasker(redacted);
}

MaskerPtr MakeMacMasker(const MaskSpec& spec, const DeploymentKey& key) {
  const size_t bytes = spec.family == Family::kMacaddr ? 6 : 8;
  if (IsKeyed(spec.method)) {
    return std::make_unique<MacMasker>(spec, key, bytes);
  }
  const std::array<uint8_t, kMacBytesMax> zero{};
  std::string redacted;
  if (spec.format == Format::kBinary) {
    redacted.append(bytes, '\0');
  } else {
    AppendMac(zero.data(), bytes, &redacted);
  }
  return MakeConstantMasker(redacted);
}

}  // namespace chaperone::masking
