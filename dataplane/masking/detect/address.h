// Addresses: e-mail, IPv4 and IPv6, MAC. The search hands in places where one may be: an @, a chain of digits with
// dots, a colon.
#ifndef CHAPERONE_DATAPLANE_MASKING_DETECT_ADDRESS_H_
#define CHAPERONE_DATAPLANE_MASKING_DETECT_ADDRESS_H_

#include <cstddef>

#include "dataplane/masking/detect/cell_scan.h"

namespace chaperone::masking::detect {

// `at` is the place of an @, or of "%40" (its URL form), `size` bytes long.
void RecognizeEmail(const CellScan& scan, size_t at, size_t size);

// [begin, end) is a chain of digits with single separators that has a dot in it.
void RecognizeIpV4(const CellScan& scan, size_t begin, size_t end);

// `colon` is the place of the first colon of what may be an IPv6 address.
void RecognizeIpV6(const CellScan& scan, size_t colon);

// `first` is the place of the first of five colons or dashes that stand three bytes apart.
void RecognizeMac(const CellScan& scan, size_t first);
// `begin` is the place of a word of four: "08ab.2b01.0203".
void RecognizeDottedMac(const CellScan& scan, size_t begin);

}  // namespace chaperone::masking::detect

#endif  // CHAPERONE_DATAPLANE_MASKING_DETECT_ADDRESS_H_
