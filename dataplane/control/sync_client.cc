#include "dataplane/control/sync_client.h"

#include <fcntl.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "chaperone/v1/sidecar.grpc.pb.h"
#include "dataplane/control/approval_client.h"

namespace chaperone::control {

namespace {

constexpr std::chrono::seconds kReportInterval{5};

}  // namespace

struct SyncClient::Stream {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SyncRequest, v1::SyncResponse>> rpc;
  std::mutex write_mutex;

  bool Write(const v1::SyncRequest& request) {
    const std::lock_guard lock(write_mutex);
    return rpc->Write(request);
  }
};

SyncClient::SyncClient(std::shared_ptr<grpc::Channel> channel, const base::Clock& clock, SyncOptions options,
                       SyncHandlers handlers, approval::Board& board, policy::ControlPlaneLink& link)
    : channel_(std::move(channel)),
      clock_(clock),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      board_(board),
      link_(link) {
  link_.Lost(clock_.Steady());
}

SyncClient::~SyncClient() { Stop(); }

absl::Status SyncClient::LoadLast() {
  struct stat file {};
  if (stat(options_.snapshot_file.c_str(), &file) != 0) {
    return absl::OkStatus();
  }
  CHAPERONE_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options_.snapshot_file));
  v1::SignedSnapshot snapshot;
  if (!snapshot.ParseFromString(bytes)) {
    return base::DataLoss("the snapshot in {} does not decode", options_.snapshot_file);
  }
  SnapshotParts parts;
  CHAPERONE_RETURN_IF_ERROR(base::Annotate(Apply(snapshot, &parts), options_.snapshot_file));
  // The file's time is when the control plane was last heard of.
  const auto age = clock_.Wall() - std::chrono::system_clock::from_time_t(file.st_mtime);
  link_.Lost(clock_.Steady() - std::chrono::duration_cast<std::chrono::nanoseconds>(age));
  spdlog::info("enforcing the last snapshot: version {}, policy revision {}, {} s old", parts.version,
               parts.policy_revision, std::chrono::duration_cast<std::chrono::seconds>(age).count());
  return absl::OkStatus();
}

void SyncClient::Start() {
  sync_thread_ = std::thread(&SyncClient::Run, this);
  report_thread_ = std::thread(&SyncClient::RunReports, this);
}

void SyncClient::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (stream_ != nullptr) {
      stream_->context.TryCancel();
    }
  }
  backoff_.Stop();
  wake_reports_.notify_all();
  for (std::thread* thread : {&sync_thread_, &report_thread_}) {
    if (thread->joinable()) {
      thread->join();
    }
  }
}

void SyncClient::Run() {
  for (;;) {
    Serve();
    link_.Lost(clock_.Steady());
    if (!backoff_.Wait()) {
      return;
    }
  }
}

bool SyncClient::IsStopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void SyncClient::Serve() {
  if (!AwaitConnected(*channel_, options_.address, [this] { return IsStopping(); })) {
    return;
  }
  const auto stub = v1::SidecarService::NewStub(channel_);
  const auto stream = std::make_shared<Stream>();
  v1::SyncRequest request;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      return;
    }
    stream->rpc = stub->Sync(&stream->context);
    stream_ = stream;
    request.mutable_hello()->set_snapshot_version(version_);
  }
  request.mutable_hello()->set_endpoint(options_.endpoint);
  request.mutable_hello()->set_version(options_.version);
  request.mutable_hello()->mutable_labels()->insert(options_.labels.begin(), options_.labels.end());
  stream->Write(request);
  catalogs_.RepeatAll();
  WakeReports();
  v1::SyncResponse response;
  while (stream->rpc->Read(&response)) {
    switch (response.message_case()) {
      case v1::SyncResponse::kSnapshot:
        OnSnapshot(*stream, response.snapshot());
        break;
      case v1::SyncResponse::kApproval:
        board_.Report(DecodeApproval(response.approval()));
        break;
      case v1::SyncResponse::kKill:
        OnKill(response.kill().order_id(), response.kill().session_id(), response.kill().reason());
        break;
      case v1::SyncResponse::kCatalogRequest:
        handlers_.read_catalog(response.catalog_request().database());
        break;
      default:
        spdlog::warn("the control plane sent a message that this sidecar does not know");
        break;
    }
  }
  {
    const std::lock_guard lock(mutex_);
    stream_ = nullptr;
  }
  const grpc::Status status = stream->rpc->Finish();
  spdlog::warn("the connection to the control plane ended: {}", base::Describe(FromGrpc(status)));
}

absl::Status SyncClient::Apply(const v1::SignedSnapshot& snapshot, SnapshotParts* parts) {
  CHAPERONE_ASSIGN_OR_RETURN(*parts, OpenSnapshot(snapshot, options_.ca_pem));
  {
    const std::lock_guard lock(mutex_);
    if (parts->version < version_) {
      return base::FailedPrecondition("snapshot {} is older than {}, which is in force", parts->version, version_);
    }
  }
  CHAPERONE_RETURN_IF_ERROR(handlers_.apply(*parts));
  const std::lock_guard lock(mutex_);
  version_ = parts->version;
  return absl::OkStatus();
}

void SyncClient::OnSnapshot(Stream& stream, const v1::SignedSnapshot& snapshot) {
  SnapshotParts parts;
  const absl::Status status = Apply(snapshot, &parts);
  v1::SyncRequest request;
  v1::Acknowledgement* const answer = request.mutable_acknowledgement();
  answer->set_nonce(snapshot.nonce());
  answer->set_version(parts.version);
  answer->set_policy_revision(parts.policy_revision);
  if (status.ok()) {
    link_.Restored();
    backoff_.Reset();
    Keep(snapshot);
    spdlog::info("snapshot {} is in force: policy revision {}", parts.version, parts.policy_revision);
  } else {
    answer->set_rejected_reason(std::string(base::Message(status)));
    spdlog::error("snapshot {} is refused, the one before stays: {}", parts.version, base::Message(status));
  }
  stream.Write(request);
}

// Writes the snapshot beside the file and renames it: a crash leaves the old or the new one.
void SyncClient::Keep(const v1::SignedSnapshot& snapshot) {
  const std::string bytes = snapshot.SerializeAsString();
  const std::string temporary = options_.snapshot_file + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fsync(fd) == 0;
  if (fd >= 0) {
    close(fd);
  }
  if (!written || std::rename(temporary.c_str(), options_.snapshot_file.c_str()) != 0) {
    spdlog::error("cannot keep the snapshot in {}: after a restart the control plane is needed",
                  options_.snapshot_file);
  }
}

void SyncClient::OnKill(const std::string& order_id, const std::string& session_id, const std::string& reason) {
  const auto id = base::SessionId::Parse(session_id);
  if (!id.ok()) {
    return;
  }
  const bool found =
      handlers_.kill(*id, reason, [this, order_id, session = *id] { ReportClosed(order_id, {session}); });
  if (!found) {
    ReportClosed(order_id, {});
  }
}

void SyncClient::ReportClosed(const std::string& cause, const std::vector<base::SessionId>& sessions) {
  v1::SyncRequest request;
  v1::SessionsClosed* const closed = request.mutable_sessions_closed();
  closed->set_cause(cause);
  for (const base::SessionId& session : sessions) {
    closed->add_session_ids(session.ToString());
  }
  const auto now = clock_.Wall().time_since_epoch();
  closed->mutable_closed_at()->set_seconds(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  closed->mutable_closed_at()->set_nanos(static_cast<int32_t>(
      (std::chrono::duration_cast<std::chrono::nanoseconds>(now) % std::chrono::seconds(1)).count()));
  std::shared_ptr<Stream> stream;
  {
    const std::lock_guard lock(mutex_);
    stream = stream_;
  }
  if (stream != nullptr) {
    stream->Write(request);
  }
}

void SyncClient::WakeReports() {
  {
    const std::lock_guard lock(mutex_);
    report_now_ = true;
  }
  wake_reports_.notify_all();
}

void SyncClient::ReportCatalog(const std::string& database, const ReportedCatalog& catalog) {
  catalogs_.Set(database, catalog);
  WakeReports();
}

void SyncClient::RepeatCatalog(const std::string& database) {
  catalogs_.Repeat(database);
  WakeReports();
}

void SyncClient::ReportNoCatalog(const std::string& database, const absl::Status& reason) {
  catalogs_.SetUnavailable(database, std::string(base::Message(reason)));
  WakeReports();
}

void SyncClient::SendReport(Stream& stream) {
  const SidecarReport report = handlers_.report();
  v1::SyncRequest request;
  v1::Report* const message = request.mutable_report();
  message->set_live_sessions(report.live_sessions);
  message->set_spool_bytes(report.spool_bytes);
  message->set_database_version(report.database_version);
  message->set_database_error(report.database_error);
  for (const SetupFinding& finding : report.findings) {
    v1::DoctorFinding* const sent = message->add_findings();
    sent->set_severity(finding.is_error ? "error" : "warning");
    sent->set_code(finding.code);
    sent->set_message(finding.message);
  }
  stream.Write(request);
  while (const std::optional<v1::SyncRequest> catalog = catalogs_.Next()) {
    stream.Write(*catalog);
  }
  // The control plane is there: the snapshot on disk is as good as new.
  if (!link_.LostFor(clock_.Steady())) {
    utimensat(AT_FDCWD, options_.snapshot_file.c_str(), nullptr, 0);
  }
}

void SyncClient::RunReports() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::shared_ptr<Stream> stream = stream_;
    report_now_ = false;
    if (stream != nullptr) {
      lock.unlock();
      SendReport(*stream);
      lock.lock();
    }
    wake_reports_.wait_for(lock, kReportInterval, [this] { return stopping_ || report_now_; });
  }
}

}  // namespace chaperone::control
