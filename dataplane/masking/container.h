// Within masking: values that are made of values. Each takes its cell apart, masks the parts and writes it anew.
#ifndef CHAPERONE_DATAPLANE_MASKING_CONTAINER_H_
#define CHAPERONE_DATAPLANE_MASKING_CONTAINER_H_

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/masking/family.h"

namespace chaperone::masking {

// Elements are masked one by one; bounds, dimensions and NULLs stay. REQUIRES: `element` is not null.
MaskerPtr MakeArrayMasker(MaskerPtr element, Oid element_type, char delimiter, Format format);

// An attribute of a composite value.
struct FieldMasker {
  // Null: the attribute stays as it is.
  MaskerPtr masker;
  Oid type = 0;
};

// A value with another number of attributes than `fields` becomes NULL; in binary, so does an attribute of another
// type.
MaskerPtr MakeCompositeMasker(std::vector<FieldMasker> fields, Format format);
// A row whose type is not known: every attribute becomes NULL.
MaskerPtr MakeRecordMasker(Format format);

// Bounds are masked; `bound` must keep their order (date_truncate, round).
MaskerPtr MakeRangeMasker(MaskerPtr bound, Format format);
MaskerPtr MakeMultirangeMasker(MaskerPtr bound, Format format);
// The redacted forms: the empty range, the multirange of none.
MaskerPtr MakeEmptyRangeMasker(Format format);
MaskerPtr MakeEmptyMultirangeMasker(Format format);

// Takes one attribute of a composite or one bound of a range off the front, up to the first unquoted byte of `ends`,
// and writes it without its quotes. False where quotes do not close or no end comes. `quoted` tells "" from nothing.
bool TakeQuotedPart(std::string_view ends, std::string_view* rest, std::string* part, bool* quoted);
// The reverse, as record_out and range_out write it: quoted where it has to be.
void AppendQuotedPart(std::string_view part, std::string* out);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_CONTAINER_H_
