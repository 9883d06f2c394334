// A store in memory: for tests, and the reference for what the port means.
#ifndef CHAPERONE_CONTROLPLANE_STORE_MEMORY_MEMORY_STORE_H_
#define CHAPERONE_CONTROLPLANE_STORE_MEMORY_MEMORY_STORE_H_

#include <memory>

#include "controlplane/store/store.h"

namespace chaperone::store {

// "Durable" lasts as long as the returned object.
std::unique_ptr<Store> NewMemoryStore();

}  // namespace chaperone::store

#endif  // CHAPERONE_CONTROLPLANE_STORE_MEMORY_MEMORY_STORE_H_
