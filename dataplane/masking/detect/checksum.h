// The check digits of card and identity numbers. All take digits as numbers 0 to 9, the check digit among them.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_CHECKSUM_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace chaperone::masking::detect {

// ISO/IEC 7812-1, annex B.
bool Luhn(const uint8_t* digits, size_t size);
// D5, the dihedral group (Verhoeff 1969).
bool Verhoeff(const uint8_t* digits, size_t size);
// ISO/IEC 7064, MOD 11,10.
bool Mod11And10(const uint8_t* digits, size_t size);
// Sum of digit x weight; as many digits as there are weights.
int WeightedSum(const uint8_t* digits, std::initializer_list<int> weights);
// Chile's RUT: the check of the digits before it; 10 stands for K.
int RutCheck(const uint8_t* digits, size_t size);
// The number that `size` digits spell, modulo `modulus`.
uint64_t NumberMod(const uint8_t* digits, size_t size, uint64_t modulus);
// ISO 13616: the IBAN without separators, upper case.
bool IbanMod97(std::string_view iban);
// The day exists; February has 29 days when the year is a leap year.
bool IsDate(int year, int month, int day);
// The number that `count` digits spell. REQUIRES: count <= 9.
int Number(const uint8_t* digits, size_t count);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_CHECKSUM_H_
