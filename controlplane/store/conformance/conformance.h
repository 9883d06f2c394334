// What every store must do, as one suite: each implementation's test calls these from a TEST_CASE of its own.
#ifndef CHAPERONE_CONTROLPLANE_STORE_CONFORMANCE_CONFORMANCE_H_
#define CHAPERONE_CONTROLPLANE_STORE_CONFORMANCE_CONFORMANCE_H_

#include <functional>
#include <memory>

#include "controlplane/store/store.h"

namespace chaperone::store {

// Makes an empty store.
using StoreMaker = std::function<std::unique_ptr<Store>()>;

// Reading back, overwriting, deleting, scanning in both directions, bounds, families apart from each other.
void CheckReadsAndScans(const StoreMaker& make);
// Preconditions: alone, among several, within a group; nothing of a refused batch is applied.
void CheckPreconditions(const StoreMaker& make);
// Many threads: no increment is lost, callbacks come in commit order, readers never see half a batch.
void CheckConcurrency(const StoreMaker& make);
// A commit from a callback, commits while the store closes.
void CheckLifecycle(const StoreMaker& make);

}  // namespace chaperone::store

#endif  // CHAPERONE_CONTROLPLANE_STORE_CONFORMANCE_CONFORMANCE_H_
