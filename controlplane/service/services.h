// The handlers: protobuf in, a call of the domain, protobuf and a status out; nothing else. Each function makes one
// gRPC service. REQUIRES for all: what they are given outlives the server.
#ifndef CHAPERONE_CONTROLPLANE_SERVICE_SERVICES_H_
#define CHAPERONE_CONTROLPLANE_SERVICE_SERVICES_H_

#include <memory>

namespace grpc {
class Service;
}
namespace chaperone::approvals {
class Approvals;
}
namespace chaperone::audit {
class AuditLog;
}
namespace chaperone::fleet {
class Fleet;
class Snapshots;
}  // namespace chaperone::fleet
namespace chaperone::identity {
class DevIssuer;
class Issuers;
class Revocations;
}  // namespace chaperone::identity
namespace chaperone::metrics {
class Metrics;
}
namespace chaperone::policies {
class Policies;
}
namespace chaperone::sessions {
class RecordIntake;
class Sessions;
}  // namespace chaperone::sessions
namespace chaperone::simulation {
class Simulator;
}

namespace chaperone::service {

class Guard;
class StreamSlots;

std::shared_ptr<grpc::Service> NewPolicyService(Guard* guard, StreamSlots* slots, policies::Policies* policies,
                                                fleet::Fleet* fleet, simulation::Simulator* simulator);
std::shared_ptr<grpc::Service> NewApprovalService(Guard* guard, StreamSlots* slots, approvals::Approvals* approvals);
std::shared_ptr<grpc::Service> NewSessionService(Guard* guard, StreamSlots* slots, sessions::Sessions* sessions);
std::shared_ptr<grpc::Service> NewRevocationService(Guard* guard, identity::Revocations* revocations,
                                                    fleet::Snapshots* snapshots, fleet::Fleet* fleet);
std::shared_ptr<grpc::Service> NewFleetService(Guard* guard, fleet::Fleet* fleet);
// `dev_issuer` is null unless the control plane runs with --dev.
std::shared_ptr<grpc::Service> NewIdentityService(Guard* guard, const audit::AuditLog* audit,
                                                  identity::Issuers* issuers, identity::DevIssuer* dev_issuer);
std::shared_ptr<grpc::Service> NewAuditService(Guard* guard, const audit::AuditLog* audit);
std::shared_ptr<grpc::Service> NewSidecarService(Guard* guard, metrics::Metrics* metrics, fleet::Fleet* fleet,
                                                 approvals::Approvals* approvals, sessions::RecordIntake* intake);

}  // namespace chaperone::service

#endif  // CHAPERONE_CONTROLPLANE_SERVICE_SERVICES_H_
