#include "api/policy/mask_method.h"

#include <charconv>
#include <string>
#include <vector>

#include "api/yaml/yaml.h"

namespace chaperone::policy {

namespace {

constexpr int64_t kKeepMax = 64;
constexpr int64_t kRoundMax = 1'000'000'000;

struct FixedMethod {
  std::string_view name;
  MaskMethod method;
  int64_t argument;
};

// The first name of a (method, argument) is the one that is written back.
constexpr FixedMethod kFixed[] = {
    {"redact", MaskMethod::kRedact, 0},
    {"null", MaskMethod::kNull, 0},
    {"hash", MaskMethod::kHash, 0},
    {"email", MaskMethod::kEmail, 0},
    {"fake", MaskMethod::kFake, 0},
    {"date_truncate_year", MaskMethod::kDateTruncate, 0},
    {"date_truncate_month", MaskMethod::kDateTruncate, 1},
    {"date_truncate_day", MaskMethod::kDateTruncate, 2},
    {"date_truncate", MaskMethod::kDateTruncate, 0},
};

struct CountedMethod {
  std::string_view prefix;
  MaskMethod method;
  int64_t argument_max;
};

constexpr CountedMethod kCounted[] = {
    {"keep_first_", MaskMethod::kKeepFirst, kKeepMax},
    {"keep_last_", MaskMethod::kKeepLast, kKeepMax},
    {"round_", MaskMethod::kRound, kRoundMax},
};

absl::Status Unknown(std::string_view text) {
  std::vector<std::string> known;
  for (const FixedMethod& fixed : kFixed) {
    known.emplace_back(fixed.name);
  }
  for (const CountedMethod& counted : kCounted) {
    known.push_back(fmt::format("{}N", counted.prefix));
  }
  std::string message = fmt::format("\"{}\" is no mask method; known are: {}", text, fmt::join(known, ", "));
  if (const auto nearest = yaml::Nearest(text, known)) {
    message += fmt::format("; did you mean \"{}\"?", *nearest);
  }
  return base::InvalidArgument("{}", message);
}

}  // namespace

absl::StatusOr<MaskMethodSpec> ParseMaskMethod(std::string_view text) {
  for (const FixedMethod& fixed : kFixed) {
    if (text == fixed.name) {
      return MaskMethodSpec{fixed.method, fixed.argument};
    }
  }
  for (const CountedMethod& counted : kCounted) {
    if (!text.starts_with(counted.prefix)) {
      continue;
    }
    const std::string_view digits = text.substr(counted.prefix.size());
    int64_t n = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    if (error == std::errc() && end == digits.data() + digits.size() && n >= 1 && n <= counted.argument_max) {
      return MaskMethodSpec{counted.method, n};
    }
    return base::InvalidArgument("\"{}\": N must be a whole number from 1 to {}", text, counted.argument_max);
  }
  return Unknown(text);
}

std::string MaskMethodName(MaskMethod method, int64_t argument) {
  for (const FixedMethod& fixed : kFixed) {
    if (fixed.method == method && fixed.argument == argument) {
      return std::string(fixed.name);
    }
  }
  for (const CountedMethod& counted : kCounted) {
    if (counted.method == method) {
      return fmt::format("{}{}", counted.prefix, argument);
    }
  }
  return "redact";
}

Strictness StrictnessOf(MaskMethod method, int64_t argument) {
  switch (method) {
    case MaskMethod::kNull:
      return {0, 0};
    case MaskMethod::kRedact:
      return {1, 0};
    case MaskMethod::kHash:
      return {2, 0};
    case MaskMethod::kFake:
      return {3, 0};
    case MaskMethod::kDateTruncate:
      return {4, argument};
    case MaskMethod::kRound:
      return {5, -argument};
    case MaskMethod::kKeepFirst:
      return {6, argument * 2};
    case MaskMethod::kKeepLast:
      return {6, argument * 2 + 1};
    case MaskMethod::kEmail:
      return {7, 0};
  }
  return {0, 0};
}

}  // namespace chaperone::policy
