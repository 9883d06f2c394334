// How many cores this process may keep busy.
#ifndef CHAPERONE_DATAPLANE_RUNTIME_CORES_H_
#define CHAPERONE_DATAPLANE_RUNTIME_CORES_H_

#include <string>

namespace chaperone::runtime {

// The cores that the scheduler gives this process, but no more than its control group's CPU limit, rounded up: in a
// container limited to half a core on a machine of 64, one. At least 1. `cgroup_folder` is where the process sees its
// own group: cpu.max of version 2 (kernel: Documentation/admin-guide/cgroup-v2.rst), or cpu/cpu.cfs_quota_us and
// cpu/cpu.cfs_period_us of version 1. A limit that is absent or cannot be read is none.
unsigned UsableCores(const std::string& cgroup_folder = "/sys/fs/cgroup");

}  // namespace chaperone::runtime

#endif  // CHAPERONE_DATAPLANE_RUNTIME_CORES_H_
