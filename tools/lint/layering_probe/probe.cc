#include "tools/lint/layering_probe/inner.h"
#include "tools/lint/layering_probe/outer.h"

int Probe() { return Inner() + Outer(); }
