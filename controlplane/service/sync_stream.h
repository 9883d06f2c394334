// A sidecar's Sync stream: gRPC's reactor on one side, the fleet's link on the other. No thread of its own; a stream
// that reads slowly holds one snapshot (shared by all streams) and a bounded queue of orders.
#ifndef CHAPERONE_CONTROLPLANE_SERVICE_SYNC_STREAM_H_
#define CHAPERONE_CONTROLPLANE_SERVICE_SYNC_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

namespace chaperone::fleet {
class Fleet;
}
namespace chaperone::metrics {
class Metrics;
}

namespace chaperone::service {

class Guard;

using SyncReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// Handles one call; the reactor deletes itself.
SyncReactor* NewSyncStream(grpc::CallbackServerContext* context, Guard* guard, metrics::Metrics* metrics,
                           fleet::Fleet* fleet);

}  // namespace chaperone::service

#endif  // CHAPERONE_CONTROLPLANE_SERVICE_SYNC_STREAM_H_
