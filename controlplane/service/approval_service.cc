#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "chaperone/v1/approval.grpc.pb.h"
#include "controlplane/approvals/approvals.h"
#include "controlplane/service/guard.h"
#include "controlplane/service/services.h"

namespace chaperone::service {

namespace {

// Changes on their way to one watcher, who may be slower than they come.
class Backlog {
 public:
  void Add(const v1::Approval& approval) {
    const std::lock_guard lock(mutex_);
    if (items_.size() < kItemsMax) {
      items_.push_back(approval);
    } else {
      overflow_ = true;
    }
    added_.notify_one();
  }

  // What has come, waiting a while for the first. Errors: ResourceExhausted when some did not fit.
  absl::StatusOr<std::deque<v1::Approval>> Take(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    added_.wait_for(lock, wait, [this] { return overflow_ || !items_.empty(); });
    if (overflow_) {
      return base::ResourceExhausted("more than {} changes are waiting to be read; watch again", kItemsMax);
    }
    return std::exchange(items_, {});
  }

 private:
  static constexpr size_t kItemsMax = 1000;
  std::mutex mutex_;
  std::condition_variable added_;
  std::deque<v1::Approval> items_;
  bool overflow_ = false;
};

class ApprovalService final : public v1::ApprovalService::Service {
 public:
  ApprovalService(Guard* guard, StreamSlots* slots, approvals::Approvals* approvals)
      : guard_(guard), slots_(slots), approvals_(approvals) {}

  grpc::Status ListApprovals(grpc::ServerContext* context, const v1::ListApprovalsRequest* request,
                             v1::ListApprovalsResponse* response) override {
    return guard_->Answer(*context, "ApprovalService.ListApprovals", response,
                          [&](const model::Call&) { return approvals_->List(*request); });
  }

  grpc::Status GetApproval(grpc::ServerContext* context, const v1::GetApprovalRequest* request,
                           v1::Approval* response) override {
    return guard_->Answer(*context, "ApprovalService.GetApproval", response,
                          [&](const model::Call&) { return approvals_->Get(request->id()); });
  }

  grpc::Status Approve(grpc::ServerContext* context, const v1::DecideApprovalRequest* request,
                       v1::Approval* response) override {
    return guard_->Answer(*context, "ApprovalService.Approve", response,
                          [&](const model::Call& call) { return approvals_->Vote(call, *request, /*approve=*/true); });
  }

  grpc::Status Reject(grpc::ServerContext* context, const v1::DecideApprovalRequest* request,
                      v1::Approval* response) override {
    return guard_->Answer(*context, "ApprovalService.Reject", response,
                          [&](const model::Call& call) { return approvals_->Vote(call, *request, /*approve=*/false); });
  }

  grpc::Status WatchApprovals(grpc::ServerContext* context, const v1::WatchApprovalsRequest*,
                              grpc::ServerWriter<v1::Approval>* writer) override {
    return guard_->Serve(*context, "ApprovalService.WatchApprovals", [&](const model::Call&) -> absl::Status {
      const StreamSlots::Slot slot(slots_);
      CHAPERONE_RETURN_IF_ERROR(slot.status());
      return Watch(*context, writer);
    });
  }

 private:
  absl::Status Watch(const grpc::ServerContext& context, grpc::ServerWriter<v1::Approval>* writer) {
    Backlog backlog;
    std::vector<v1::Approval> pending;
    const auto subscription = approvals_->Subscribe(
        [&backlog](const v1::Approval& approval, const std::set<std::string>&) { backlog.Add(approval); }, &pending);
    for (const v1::Approval& approval : pending) {
      if (!writer->Write(approval)) {
        return absl::CancelledError("the caller has gone");
      }
    }
    while (!context.IsCancelled()) {
      CHAPERONE_ASSIGN_OR_RETURN(const auto changes, backlog.Take(std::chrono::milliseconds(500)));
      for (const v1::Approval& approval : changes) {
        if (!writer->Write(approval)) {
          return absl::CancelledError("the caller has gone");
        }
      }
    }
    return absl::CancelledError("the caller has gone");
  }

  Guard* const guard_;
  StreamSlots* const slots_;
  approvals::Approvals* const approvals_;
};

}  // namespace

std::shared_ptr<grpc::Service> NewApprovalService(Guard* guard, StreamSlots* slots, approvals::Approvals* approvals) {
  return std::make_shared<ApprovalService>(guard, slots, approvals);
}

}  // namespace chaperone::service
