// What probe.cc depends on.
#ifndef CHAPERONE_TOOLS_LINT_LAYERING_PROBE_OUTER_H_
#define CHAPERONE_TOOLS_LINT_LAYERING_PROBE_OUTER_H_

#include "tools/lint/layering_probe/inner.h"

inline int Outer() { return Inner() + 1; }

#endif  // CHAPERONE_TOOLS_LINT_LAYERING_PROBE_OUTER_H_
