// A header that probe.cc includes without depending on its target.
#ifndef CHAPERONE_TOOLS_LINT_LAYERING_PROBE_INNER_H_
#define CHAPERONE_TOOLS_LINT_LAYERING_PROBE_INNER_H_

inline int Inner() { return 1; }

#endif  // CHAPERONE_TOOLS_LINT_LAYERING_PROBE_INNER_H_
