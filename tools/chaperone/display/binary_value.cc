#include "tools/chaperone/display/binary_value.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "tools/chaperone/display/cell.h"

namespace chaperone::display {

namespace {

using Text = std::optional<std::string>;

constexpr int64_t kMicrosecondsPerDay = 86'400'000'000;
constexpr int64_t kDaysFrom1970To2000 = 10'957;

// Big-endian, sign-extended by the cast of the caller. REQUIRES: value.size() <= 8.
uint64_t Unsigned(std::string_view value) {
  uint64_t number = 0;
  for (const char byte : value) {
    number = (number << 8) | static_cast<uint8_t>(byte);
  }
  return number;
}

int64_t Signed(std::string_view value) {
  const int shift = 64 - 8 * static_cast<int>(value.size());
  return static_cast<int64_t>(Unsigned(value) << shift) >> shift;
}

// The parts of a value, first to last; ok() turns false where one is missing.
class Parts {
 public:
  explicit Parts(std::string_view rest) : rest_(rest) {}

  std::string_view Take(size_t bytes) {
    if (bytes > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view part = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return part;
  }
  int64_t Int16() { return Signed16(Take(2)); }
  int64_t Int32() {
    const std::string_view part = Take(4);
    return part.empty() ? 0 : Signed(part);
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  static int64_t Signed16(std::string_view part) { return part.empty() ? 0 : Signed(part); }

  std::string_view rest_;
  bool ok_ = true;
};

std::string DateText(int64_t days_since_2000) {
  const std::chrono::sys_days day{std::chrono::days(days_since_2000 + kDaysFrom1970To2000)};
  const std::chrono::year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string TimeText(int64_t microseconds) {
  const int64_t seconds = microseconds / 1'000'000;
  std::string text = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (const int64_t fraction = microseconds % 1'000'000; fraction != 0) {
    text += fmt::format(".{:06}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

// Years that std::chrono can name.
bool DateInRange(int64_t days) { return days > -10'000'000 && days < 10'000'000; }

Text TimestampText(std::string_view value, std::string_view zone) {
  if (value.size() != 8) {
    return std::nullopt;
  }
  const int64_t microseconds = Signed(value);
  if (microseconds == std::numeric_limits<int64_t>::max()) {
    return "infinity";
  }
  if (microseconds == std::numeric_limits<int64_t>::min()) {
    return "-infinity";
  }
  int64_t days = microseconds / kMicrosecondsPerDay;
  int64_t rest = microseconds % kMicrosecondsPerDay;
  if (rest < 0) {
    rest += kMicrosecondsPerDay;
    --days;
  }
  if (!DateInRange(days)) {
    return std::nullopt;
  }
  return fmt::format("{} {}{}", DateText(days), TimeText(rest), zone);
}

// The shortest digits that read back as the same number, with an exponent where the server writes one.
template <typename Float>
std::string FloatText(Float number, int exponent_max) {
  if (std::isnan(number)) {
    return "NaN";
  }
  if (std::isinf(number)) {
    return number > 0 ? "Infinity" : "-Infinity";
  }
  char text[64];
  char* end = std::to_chars(text, text + sizeof(text), number, std::chars_format::scientific).ptr;
  const std::string scientific(static_cast<char*>(text), end);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  if (exponent < -4 || exponent >= exponent_max) {
    return scientific;
  }
  end = std::to_chars(text, text + sizeof(text), number, std::chars_format::fixed).ptr;
  return std::string(static_cast<char*>(text), end);
}

void AppendArrayItem(std::string_view item, std::string* out) {
  const bool plain = !item.empty() && item.find_first_of("{}\",\\ \t\n") == std::string_view::npos && item != "NULL";
  if (plain) {
    *out += item;
    return;
  }
  *out += '"';
  for (const char c : item) {
    if (c == '"' || c == '\\') {
      *out += '\\';
    }
    *out += c;
  }
  *out += '"';
}

}  // namespace

Text DecodeBool(std::string_view value) {
  if (value.size() != 1) {
    return std::nullopt;
  }
  return value[0] != 0 ? "t" : "f";
}

Text DecodeInteger(std::string_view value) {
  if (value.size() != 2 && value.size() != 4 && value.size() != 8) {
    return std::nullopt;
  }
  return std::to_string(Signed(value));
}

Text DecodeUnsigned(std::string_view value) {
  if (value.size() != 4) {
    return std::nullopt;
  }
  return std::to_string(Unsigned(value));
}

Text DecodeFloat(std::string_view value) {
  if (value.size() == 4) {
    return FloatText(std::bit_cast<float>(static_cast<uint32_t>(Unsigned(value))), 6);
  }
  if (value.size() == 8) {
    return FloatText(std::bit_cast<double>(Unsigned(value)), 15);
  }
  return std::nullopt;
}

// numeric_send: count of base-10000 digits, weight of the first, sign, digits after the point, the digits.
Text DecodeNumeric(std::string_view value) {
  Parts parts(value);
  const int64_t digits = parts.Int16();
  const int64_t weight = parts.Int16();
  const auto sign = static_cast<uint16_t>(parts.Int16());
  const int64_t scale = parts.Int16();
  if (!parts.ok()) {
    return std::nullopt;
  }
  if (sign == 0xc000) {
    return "NaN";
  }
  if (sign == 0xd000 || sign == 0xf000) {
    return sign == 0xd000 ? "Infinity" : "-Infinity";
  }
  // Far more digits than anybody reads; the server allows 131,072 before the point.
  if ((sign != 0 && sign != 0x4000) || digits < 0 || weight < -5000 || weight > 1000 || scale < 0 || scale > 16'383) {
    return std::nullopt;
  }
  std::string whole;
  std::string fraction;
  for (int64_t i = 0; i < digits; ++i) {
    const int64_t digit = parts.Int16();
    if (!parts.ok() || digit < 0 || digit > 9999) {
      return std::nullopt;
    }
    if (i <= weight) {
      whole += fmt::format("{:04}", digit);
    } else {
      if (i == 0) {
        fraction.append(static_cast<size_t>(4 * (-weight - 1)), '0');
      }
      fraction += fmt::format("{:04}", digit);
    }
  }
  if (!parts.done()) {
    return std::nullopt;
  }
  if (digits <= weight) {
    whole.append(static_cast<size_t>(4 * (weight + 1 - digits)), '0');
  }
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  fraction.resize(static_cast<size_t>(scale), '0');
  return fmt::format("{}{}{}{}", sign == 0x4000 ? "-" : "", whole.empty() ? "0" : whole, scale > 0 ? "." : "",
                     fraction);
}

Text DecodeText(std::string_view value) { return std::string(value); }

Text DecodeBytes(std::string_view value) { return Hex(value); }

Text DecodeJsonb(std::string_view value) {
  if (value.empty() || value[0] != 1) {
    return std::nullopt;
  }
  return std::string(value.substr(1));
}

Text DecodeUuid(std::string_view value) {
  if (value.size() != 16) {
    return std::nullopt;
  }
  std::string hex = Hex(value).substr(2);
  for (const int position : {20, 16, 12, 8}) {
    hex.insert(static_cast<size_t>(position), 1, '-');
  }
  return hex;
}

Text DecodeMac(std::string_view value) {
  if (value.size() != 6) {
    return std::nullopt;
  }
  std::string out;
  for (const char byte : value) {
    out += fmt::format("{}{:02x}", out.empty() ? "" : ":", static_cast<uint8_t>(byte));
  }
  return out;
}

// inet_send: family (2: IPv4, 3: IPv6), bits of the netmask, is_cidr, length, address.
Text DecodeInet(std::string_view value) {
  Parts parts(value);
  const std::string_view head = parts.Take(4);
  if (!parts.ok()) {
    return std::nullopt;
  }
  const bool v6 = head[0] == 3;
  const size_t bytes = v6 ? 16 : 4;
  const std::string_view address = parts.Take(bytes);
  char text[INET6_ADDRSTRLEN];
  if (!parts.done() || (head[0] != 2 && !v6) || static_cast<uint8_t>(head[3]) != bytes ||
      inet_ntop(v6 ? AF_INET6 : AF_INET, address.data(), text, sizeof(text)) == nullptr) {
    return std::nullopt;
  }
  const auto bits = static_cast<uint8_t>(head[1]);
  const bool is_cidr = head[2] != 0;
  return bits == bytes * 8 && !is_cidr ? std::string(text) : fmt::format("{}/{}", text, bits);
}

Text DecodeDate(std::string_view value) {
  if (value.size() != 4) {
    return std::nullopt;
  }
  const int64_t days = Signed(value);
  if (days == std::numeric_limits<int32_t>::max() || days == std::numeric_limits<int32_t>::min()) {
    return days > 0 ? "infinity" : "-infinity";
  }
  return DateInRange(days) ? Text(DateText(days)) : std::nullopt;
}

Text DecodeTime(std::string_view value) {
  if (value.size() != 8) {
    return std::nullopt;
  }
  const int64_t microseconds = Signed(value);
  return microseconds >= 0 && microseconds <= kMicrosecondsPerDay ? Text(TimeText(microseconds)) : std::nullopt;
}

Text DecodeTimestamp(std::string_view value) { return TimestampText(value, ""); }

Text DecodeTimestampTz(std::string_view value) { return TimestampText(value, "+00"); }

// interval_send: microseconds, days, months.
Text DecodeInterval(std::string_view value) {
  if (value.size() != 16) {
    return std::nullopt;
  }
  const int64_t microseconds = Signed(value.substr(0, 8));
  const int64_t days = Signed(value.substr(8, 4));
  const int64_t months = Signed(value.substr(12, 4));
  if (microseconds == std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  std::string out;
  const auto append = [&](int64_t number, std::string_view unit) {
    if (number != 0) {
      out += fmt::format("{}{} {}{}", out.empty() ? "" : " ", number, unit, number == 1 ? "" : "s");
    }
  };
  append(months / 12, "year");
  append(months % 12, "mon");
  append(days, "day");
  if (microseconds != 0 || out.empty()) {
    out += fmt::format("{}{}{}", out.empty() ? "" : " ", microseconds < 0 ? "-" : "", TimeText(std::abs(microseconds)));
  }
  return out;
}

// array_send: dimensions, has nulls, element type, then for each dimension its length and lower bound, then the
// elements.
Text DecodeArray(std::string_view value, uint32_t element_oid, ElementDecoder decode) {
  Parts parts(value);
  const int64_t dimensions = parts.Int32();
  parts.Int32();
  const auto oid = static_cast<uint32_t>(parts.Int32());
  if (!parts.ok() || oid != element_oid || dimensions < 0 || dimensions > 1) {
    return std::nullopt;
  }
  int64_t count = 0;
  if (dimensions == 1) {
    count = parts.Int32();
    parts.Int32();
  }
  std::string out = "{";
  for (int64_t i = 0; i < count; ++i) {
    out += i == 0 ? "" : ",";
    const int64_t length = parts.Int32();
    if (!parts.ok() || length < -1) {
      return std::nullopt;
    }
    if (length == -1) {
      out += "NULL";
      continue;
    }
    const Text item = decode(element_oid, parts.Take(static_cast<size_t>(length)));
    if (!parts.ok() || !item) {
      return std::nullopt;
    }
    AppendArrayItem(*item, &out);
  }
  return parts.done() ? Text(out + "}") : std::nullopt;
}

}  // namespace chaperone::display
