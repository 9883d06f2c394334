#include "dataplane/masking/detect/checksum.h"

namespace chaperone::masking::detect {

namespace {

// Multiplication in D5, and the permutation of Verhoeff's scheme.
constexpr uint8_t kD5[10][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                 {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                 {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                 {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                 {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
constexpr uint8_t kPermutation[8][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                                         {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                                         {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                                         {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};

}  // namespace

bool Luhn(const uint8_t* digits, size_t size) {
  int sum = 0;
  for (size_t i = 0; i < size; ++i) {
    const int digit = digits[size - 1 - i];
    const int doubled = digit * 2;
    sum += i % 2 == 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 == 0;
}

bool Verhoeff(const uint8_t* digits, size_t size) {
  uint8_t check = 0;
  for (size_t i = 0; i < size; ++i) {
    check = kD5[check][kPermutation[i % 8][digits[size - 1 - i]]];
  }
  return check == 0;
}

bool Mod11And10(const uint8_t* digits, size_t size) {
  int product = 10;
  for (size_t i = 0; i + 1 < size; ++i) {
    int sum = (digits[i] + product) % 10;
    sum = sum == 0 ? 10 : sum;
    product = sum * 2 % 11;
  }
  return (product + digits[size - 1]) % 10 == 1;
}

int WeightedSum(const uint8_t* digits, std::initializer_list<int> weights) {
  int sum = 0;
  for (const int weight : weights) {
    sum += weight * *digits++;
  }
  return sum;
}

// Weights 2 to 7 from the right, over and over.
int RutCheck(const uint8_t* digits, size_t size) {
  int sum = 0;
  for (size_t i = 0; i < size; ++i) {
    sum += digits[size - 1 - i] * static_cast<int>(2 + i % 6);
  }
  return (11 - sum % 11) % 11;
}

uint64_t NumberMod(const uint8_t* digits, size_t size, uint64_t modulus) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value = (value * 10 + digits[i]) % modulus;
  }
  return value;
}

bool IbanMod97(std::string_view iban) {
  uint32_t rest = 0;
  const auto take = [&rest](std::string_view part) {
    for (const char c : part) {
      rest = c <= '9' ? (rest * 10 + static_cast<uint32_t>(c - '0')) % 97
                      : (rest * 100 + static_cast<uint32_t>(c - 'A' + 10)) % 97;
    }
  };
  take(iban.substr(4));
  take(iban.substr(0, 4));
  return rest == 1;
}

bool IsDate(int year, int month, int day) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) {
    return false;
  }
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

int Number(const uint8_t* digits, size_t count) {
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    value = value * 10 + digits[i];
  }
  return value;
}

}  // namespace chaperone::masking::detect
