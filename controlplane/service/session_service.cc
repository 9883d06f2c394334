#include "chaperone/v1/session.grpc.pb.h"
#include "controlplane/service/guard.h"
#include "controlplane/service/services.h"
#include "controlplane/sessions/sessions.h"

namespace chaperone::service {

namespace {

class SessionService final : public v1::SessionService::Service {
 public:
  SessionService(Guard* guard, StreamSlots* slots, sessions::Sessions* sessions)
      : guard_(guard), slots_(slots), sessions_(sessions) {}

  grpc::Status ListSessions(grpc::ServerContext* context, const v1::ListSessionsRequest* request,
                            v1::ListSessionsResponse* response) override {
    return guard_->Answer(*context, "SessionService.ListSessions", response, [&](const model::Call&) {
      return sessions_->List(*request, [context] { return context->IsCancelled(); });
    });
  }

  grpc::Status GetSession(grpc::ServerContext* context, const v1::GetSessionRequest* request,
                          v1::Session* response) override {
    return guard_->Answer(*context, "SessionService.GetSession", response,
                          [&](const model::Call&) { return sessions_->Get(request->id()); });
  }

  grpc::Status ReadRecording(grpc::ServerContext* context, const v1::ReadRecordingRequest* request,
                             grpc::ServerWriter<v1::ReadRecordingResponse>* writer) override {
    return guard_->Serve(*context, "SessionService.ReadRecording", [&](const model::Call& call) -> absl::Status {
      const StreamSlots::Slot slot(slots_);
      CHAPERONE_RETURN_IF_ERROR(slot.status());
      return sessions_->ReadRecording(
          call, *request, [context] { return context->IsCancelled(); },
          [writer](const v1::ReadRecordingResponse& response) { return writer->Write(response); });
    });
  }

  grpc::Status KillSession(grpc::ServerContext* context, const v1::KillSessionRequest* request,
                           v1::KillSessionResponse* response) override {
    return guard_->Answer(*context, "SessionService.KillSession", response,
                          [&](const model::Call& call) { return sessions_->Kill(call, *request); });
  }

 private:
  Guard* const guard_;
  StreamSlots* const slots_;
  sessions::Sessions* const sessions_;
};

}  // namespace

std::shared_ptr<grpc::Service> NewSessionService(Guard* guard, StreamSlots* slots, sessions::Sessions* sessions) {
  return std::make_shared<SessionService>(guard, slots, sessions);
}

}  // namespace chaperone::service
