#include "dataplane/masking/address.h"

#include <algorithm>

#include "dataplane/masking/text_method.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

// utils/inet.h: PGSQL_AF_INET, PGSQL_AF_INET6
constexpr uint8_t kFamilyV4 = 2;
constexpr uint8_t kFamilyV6 = 3;
constexpr size_t kInetHeaderBytes = 4;
constexpr int kGroups = 8;
constexpr size_t kV6TextMax = 45;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Up to four hexadecimal digits off the front; false when there are none or more.
bool TakeGroup(std::string_view* rest, uint16_t* group) {
  size_t digits = 0;
  uint32_t value = 0;
  for (; digits < rest->size() && HexDigit((*rest)[digits]) >= 0; ++digits) {
    if (digits == 4) {
      return false;
    }
    value = value << 4 | static_cast<uint32_t>(HexDigit((*rest)[digits]));
  }
  rest->remove_prefix(digits);
  *group = static_cast<uint16_t>(value);
  return digits > 0;
}

// The longest run of zero groups, at least two, that is written "::".
void LongestZeros(const std::array<uint16_t, kGroups>& groups, int* best, int* best_length) {
  *best = -1;
  *best_length = 1;
  for (int i = 0; i < kGroups;) {
    int length = 0;
    while (i + length < kGroups && groups[static_cast<size_t>(i + length)] == 0) {
      ++length;
    }
    if (length > *best_length) {
      *best = i;
      *best_length = length;
    }
    i += length + 1;
  }
}

void AppendV4(const uint8_t* bytes, std::string* out) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      out->push_back('.');
    }
    AppendNumber(static_cast<int>(bytes[i]), out);
  }
}

void AppendV6(const std::array<uint8_t, 16>& bytes, std::string* out) {
  std::array<uint16_t, kGroups> groups;
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  int zeros = -1;
  int zeros_length = 0;
  LongestZeros(groups, &zeros, &zeros_length);
  for (int i = 0; i < kGroups; ++i) {
    if (i == zeros) {
      out->append("::");
      i += zeros_length - 1;
      continue;
    }
    if (i > 0 && i != zeros + zeros_length) {
      out->push_back(':');
    }
    std::array<char, 4> text;
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), groups[static_cast<size_t>(i)], 16);
    out->append(text.data(), end);
  }
}

}  // namespace

void InetAddress::ClearHost() {
  for (int bit = prefix_bits; bit < bits_max(); ++bit) {
    bytes[static_cast<size_t>(bit / 8)] &= static_cast<uint8_t>(~(0x80 >> bit % 8));
  }
}

bool ParseV4(std::string_view text, uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) {
    const size_t dot = i < 3 ? text.find('.') : text.size();
    int value = 0;
    if (dot == std::string_view::npos || dot == 0 || dot > 3 || (dot > 1 && text[0] == '0') ||
        !ParseNumber(text.substr(0, dot), &value) || value < 0 || value > 255) {
      return false;
    }
    bytes[i] = static_cast<uint8_t>(value);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return true;
}

bool ParseV6(std::string_view text, std::array<uint8_t, 16>* bytes) {
  std::array<uint16_t, kGroups> groups{};
  int count = 0;
  int gap = -1;
  if (text.size() > kV6TextMax || text.size() < 2) {
    return false;
  }
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      std::array<uint8_t, 4> v4;
      if (count > kGroups - 2 || !ParseV4(text, v4.data())) {
        return false;
      }
      groups[static_cast<size_t>(count++)] = static_cast<uint16_t>(v4[0] << 8 | v4[1]);
      groups[static_cast<size_t>(count++)] = static_cast<uint16_t>(v4[2] << 8 | v4[3]);
      break;
    }
    if (count == kGroups || !TakeGroup(&text, &groups[static_cast<size_t>(count++)])) {
      return false;
    }
    if (text.starts_with("::") && gap < 0) {
      gap = count;
      text.remove_prefix(2);
    } else if (text.starts_with(':') && text.size() > 1) {
      text.remove_prefix(1);
    } else if (!text.empty()) {
      return false;
    }
  }
  if (gap < 0 ? count != kGroups : count >= kGroups) {
    return false;
  }
  if (gap >= 0) {
    std::move_backward(groups.begin() + gap, groups.begin() + count, groups.end());
    std::fill(groups.begin() + gap, groups.end() - (count - gap), uint16_t{0});
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    (*bytes)[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
    (*bytes)[2 * i + 1] = static_cast<uint8_t>(groups[i] & 0xff);
  }
  return true;
}

bool ParseInet(std::string_view text, InetAddress* out) {
  const size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  out->bytes.fill(0);
  out->is_v6 = address.find(':') != std::string_view::npos;
  if (!(out->is_v6 ? ParseV6(address, &out->bytes) : ParseV4(address, out->bytes.data()))) {
    return false;
  }
  out->prefix_bits = out->bits_max();
  return slash == std::string_view::npos || (ParseNumber(text.substr(slash + 1), &out->prefix_bits) &&
                                             out->prefix_bits >= 0 && out->prefix_bits <= out->bits_max());
}

void AppendInet(const InetAddress& address, bool with_prefix, std::string* out) {
  address.is_v6 ? AppendV6(address.bytes, out) : AppendV4(address.bytes.data(), out);
  if (with_prefix || address.prefix_bits != address.bits_max()) {
    out->push_back('/');
    AppendNumber(address.prefix_bits, out);
  }
}

bool DecodeInet(std::string_view bytes, InetAddress* out) {
  if (bytes.size() < kInetHeaderBytes) {
    return false;
  }
  const auto family = static_cast<uint8_t>(bytes[0]);
  out->is_v6 = family == kFamilyV6;
  out->prefix_bits = static_cast<uint8_t>(bytes[1]);
  out->bytes.fill(0);
  if ((family != kFamilyV4 && family != kFamilyV6) || out->prefix_bits > out->bits_max() ||
      static_cast<uint8_t>(bytes[3]) != out->size() || bytes.size() != kInetHeaderBytes + out->size()) {
    return false;
  }
  std::copy(bytes.begin() + kInetHeaderBytes, bytes.end(), out->bytes.begin());
  return true;
}

void EncodeInet(const InetAddress& address, bool is_cidr, std::string* out) {
  const uint8_t header[kInetHeaderBytes] = {
      address.is_v6 ? kFamilyV6 : kFamilyV4, static_cast<uint8_t>(address.prefix_bits),
      static_cast<uint8_t>(is_cidr ? 1 : 0), static_cast<uint8_t>(address.size())};
  out->append(reinterpret_cast<const char*>(header), sizeof(header));
  out->append(reinterpret_cast<const char*>(address.bytes.data()), address.size());
}

bool ParseMac(std::string_view text, size_t bytes, uint8_t* out) {
  if (text.size() != bytes * 3 - 1) {
    return false;
  }
  for (size_t i = 0; i < bytes; ++i) {
    const int high = HexDigit(text[3 * i]);
    const int low = HexDigit(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i + 1 < bytes && text[3 * i + 2] != ':')) {
      return false;
    }
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

void AppendMac(const uint8_t* bytes, size_t size, std::string* out) {
  for (size_t i = 0; i < size; ++i) {
    if (i > 0) {
      out->push_back(':');
    }
    AppendHex(bytes + i, 1, 2, out);
  }
}

}  // namespace chaperone::masking
