// A sidecar's Record stream: batches to the intake, durable positions back. Reading pauses while too much is under way,
// so that gRPC's flow control holds the sidecar back.
#ifndef CHAPERONE_CONTROLPLANE_SERVICE_RECORD_STREAM_H_
#define CHAPERONE_CONTROLPLANE_SERVICE_RECORD_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include "chaperone/v1/sidecar.pb.h"

namespace chaperone::metrics {
class Metrics;
}
namespace chaperone::sessions {
class RecordIntake;
}

namespace chaperone::service {

class Guard;

using RecordReactor = grpc::ServerBidiReactor<v1::RecordRequest, v1::RecordResponse>;

// Handles one call; the reactor deletes itself.
RecordReactor* NewRecordStream(grpc::CallbackServerContext* context, Guard* guard, metrics::Metrics* metrics,
                               sessions::RecordIntake* intake);

}  // namespace chaperone::service

#endif  // CHAPERONE_CONTROLPLANE_SERVICE_RECORD_STREAM_H_
