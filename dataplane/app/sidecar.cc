#include "dataplane/app/sidecar.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <latch>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "api/telemetry/telemetry.h"
#include "dataplane/app/certificate_watch.h"
#include "dataplane/app/lane.h"
#include "dataplane/app/snapshot_compiler.h"
#include "dataplane/app/state_folder.h"
#include "dataplane/control/approval_client.h"
#include "dataplane/control/sync_client.h"
#include "dataplane/listener/listener.h"
#include "dataplane/runtime/cores.h"
#include "dataplane/upstream/setup_inspector.h"

namespace chaperone::app {

namespace {

constexpr std::string_view kVersion = "0.1.0";
constexpr int kWorkerThreads = 2;
constexpr size_t kWorkQueueMax = 256;
constexpr std::chrono::milliseconds kFinishRecordsTimeout{5'000};

void WritePort(const std::string& path, uint16_t port) { std::ofstream(path) << port << "\n"; }

}  // namespace

struct Sidecar::Parts {
  explicit Parts(const Config& c)
      : config(c), counter(c.session.sessions_max), workers(kWorkerThreads, kWorkQueueMax) {}

  absl::Status BuildUpstream();
  absl::Status BuildControl();
  absl::Status BuildLanes();
  absl::Status BuildListeners();
  absl::Status BuildTelemetry();
  void Start();
  void Stop();

  absl::Status ApplySnapshot(const control::SnapshotParts& parts);
  bool Kill(const base::SessionId& session, const std::string& reason, const std::function<void()>& done);
  void ReadCatalog(const std::string& database);
  control::SidecarReport Report();
  void Dispatch(listener::Accepted accepted);
  uint64_t SpoolBytes() const;
  absl::Status PolicyReady() const;

  const Config config;
  // Locked until everything that writes to it is gone.
  StateFolder state;
  const base::SystemClock clock;
  session::SessionCounter counter;
  session::QuotaBook quotas;
  session::CancelRegistry cancels{clock};
  session::ProbeBudget probes;
  session::SharedDetectors detectors;
  session::ClientTls client_tls;
  approval::Board approval_board;
  policy::ControlPlaneLink link;
  runtime::Workers workers;
  runtime::SslContext upstream_tls;
  std::unique_ptr<upstream::Credential> credential;
  std::unique_ptr<upstream::Connector> connector;
  std::unique_ptr<runtime::Loop> service_loop;
  std::unique_ptr<upstream::CatalogService> catalogs;
  std::unique_ptr<upstream::SetupInspector> inspector;
  std::thread service_thread;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<control::ApprovalClient> approvals;
  std::unique_ptr<control::SyncClient> sync;
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<std::unique_ptr<listener::Listener>> listeners;
  std::unique_ptr<CertificateWatch> certificates;
  std::shared_ptr<events::Exporter> exporter;
  std::unique_ptr<telemetry::TelemetryServer> telemetry_server;
  std::atomic<bool> has_policy{false};
  std::atomic<uint64_t> policy_revision{0};
  std::atomic<bool> listening{false};
};

Sidecar::Sidecar(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Sidecar::~Sidecar() = default;

absl::StatusOr<std::unique_ptr<Sidecar>> Sidecar::Build(const Config& config) {
  auto parts = std::make_unique<Parts>(config);
  CHAPERONE_ASSIGN_OR_RETURN(parts->state, StateFolder::Open(config.state_folder));
  CHAPERONE_RETURN_IF_ERROR(parts->BuildUpstream());
  CHAPERONE_RETURN_IF_ERROR(parts->BuildControl());
  CHAPERONE_RETURN_IF_ERROR(parts->BuildLanes());
  CHAPERONE_RETURN_IF_ERROR(parts->BuildListeners());
  CHAPERONE_RETURN_IF_ERROR(parts->BuildTelemetry());
  return std::unique_ptr<Sidecar>(new Sidecar(std::move(parts)));
}

absl::Status Sidecar::Parts::BuildUpstream() {
  credential = std::make_unique<upstream::Credential>(config.upstream.password_file);
  if (!config.upstream.password_file.empty()) {
    CHAPERONE_RETURN_IF_ERROR(credential->Password().status());
  }
  if (config.upstream.address.tls == upstream::TlsMode::kVerifyFull) {
    CHAPERONE_ASSIGN_OR_RETURN(upstream_tls, runtime::LoadClientContext(config.upstream.ca_file));
  }
  connector = std::make_unique<upstream::Connector>(config.upstream.address, upstream_tls.get(), *credential, workers);
  CHAPERONE_ASSIGN_OR_RETURN(service_loop, runtime::Loop::Create(clock));
  catalogs = std::make_unique<upstream::CatalogService>(
      *service_loop, *connector, upstream::CatalogService::Options(),
      [this](const std::string& database, const upstream::CatalogInUse& catalog,
             const upstream::CatalogService::SessionDefaults& defaults) {
        sync->ReportCatalog(database, {catalog.catalog, defaults.role, defaults.search_path});
        inspector->Include(database);
        for (const auto& lane : lanes) {
          session::SessionTable* const table = lane->table.get();
          lane->loop->Post([table, database, catalog] { table->SetCatalog(database, catalog); });
        }
      });
  inspector =
      std::make_unique<upstream::SetupInspector>(*service_loop, *connector, upstream::SetupInspector::Options());
  if (!config.listen.certificate.empty()) {
    CHAPERONE_ASSIGN_OR_RETURN(
        certificates, CertificateWatch::Start(*service_loop, config.listen.certificate, config.listen.key, client_tls));
  }
  return absl::OkStatus();
}

absl::Status Sidecar::Parts::BuildControl() {
  CHAPERONE_ASSIGN_OR_RETURN(channel, control::MakeChannel(config.control_plane));
  approvals = std::make_unique<control::ApprovalClient>(channel);
  control::SyncOptions options;
  options.address = config.control_plane.address;
  options.endpoint = config.session.endpoint;
  options.version = kVersion;
  options.labels = config.session.labels;
  options.snapshot_file = config.state_folder + "/snapshot";
  CHAPERONE_ASSIGN_OR_RETURN(options.ca_pem, control::ReadFile(config.control_plane.ca_file));
  control::SyncHandlers handlers;
  handlers.apply = [this](const control::SnapshotParts& parts) { return ApplySnapshot(parts); };
  handlers.kill = [this](const base::SessionId& session, const std::string& reason, std::function<void()> done) {
    return Kill(session, reason, done);
  };
  handlers.report = [this] { return Report(); };
  handlers.read_catalog = [this](const std::string& database) { ReadCatalog(database); };
  sync = std::make_unique<control::SyncClient>(channel, clock, std::move(options), std::move(handlers), approval_board,
                                               link);
  return absl::OkStatus();
}

absl::Status Sidecar::Parts::BuildLanes() {
  const size_t count = config.threads > 0 ? static_cast<size_t>(config.threads) : runtime::UsableCores();
  recorder::SpoolOptions spool_options;
  spool_options.folder = config.state_folder + "/spool";
  spool_options.bytes_max = config.spool.bytes_max / count;
  spool_options.reserve_bytes = std::min<uint64_t>(spool_options.reserve_bytes, spool_options.bytes_max / 4);
  std::vector<std::string> damaged;
  CHAPERONE_ASSIGN_OR_RETURN(auto older, recorder::Spool::LoadOld(spool_options, &damaged));
  for (const std::string& file : damaged) {
    spdlog::error("the spool file {} is damaged; it is kept as {}.damaged", file, file);
  }
  const session::Services services{clock,   config.session, *connector, *catalogs, *approvals, approval_board, link,
                                   cancels, counter,        quotas,     probes,    detectors,  client_tls};
  const auto run = std::make_shared<control::RecordClient::Run>();
  for (size_t i = 0; i < count; ++i) {
    auto lane = std::make_unique<Lane>();
    CHAPERONE_ASSIGN_OR_RETURN(lane->loop, runtime::Loop::Create(clock));
    CHAPERONE_ASSIGN_OR_RETURN(lane->spool, recorder::Spool::Create(spool_options, base::SpoolId::New(clock)));
    control::RecordClient::Options record_options;
    record_options.address = config.control_plane.address;
    record_options.sync_interval = config.spool.sync_interval;
    if (i == 0) {
      run->first_spool = lane->spool->id();
    }
    lane->records =
        std::make_unique<control::RecordClient>(channel, run, std::exchange(older, {}), lane->spool, record_options);
    lane->table = std::make_unique<session::SessionTable>(services, *lane->loop, lane->spool, lane->metrics);
    lanes.push_back(std::move(lane));
  }
  return absl::OkStatus();
}

absl::Status Sidecar::Parts::BuildListeners() {
  runtime::Loop& loop = *lanes[0]->loop;
  const auto handler = [this](listener::Accepted accepted) { Dispatch(std::move(accepted)); };
  CHAPERONE_ASSIGN_OR_RETURN(auto tcp,
                             listener::Listener::Tcp(loop, config.listen.address, config.listen.port, handler));
  const uint16_t port = tcp->port();
  WritePort(config.state_folder + "/listen_port", port);
  spdlog::info("listening on {}:{}", config.listen.address, port);
  listeners.push_back(std::move(tcp));
  if (!config.listen.unix_socket.empty()) {
    CHAPERONE_ASSIGN_OR_RETURN(auto local, listener::Listener::Unix(loop, config.listen.unix_socket, port, handler));
    listeners.push_back(std::move(local));
  }
  return absl::OkStatus();
}

absl::Status Sidecar::Parts::BuildTelemetry() {
  std::vector<const events::LoopMetrics*> loops;
  for (const auto& lane : lanes) {
    loops.push_back(&lane->metrics);
  }
  std::vector<events::Gauge> gauges;
  gauges.push_back({"chaperone_sessions", "Connections of clients, sessions and those about to be.",
                    [this] { return static_cast<double>(counter.total()); }});
  gauges.push_back({"chaperone_spool_unacknowledged_bytes",
                    "Recorded bytes that the control plane has not acknowledged.",
                    [this] { return static_cast<double>(SpoolBytes()); }});
  gauges.push_back({"chaperone_policy_revision", "The policy revision in force.",
                    [this] { return static_cast<double>(policy_revision.load()); }});
  gauges.push_back({"chaperone_control_plane_lost_seconds",
                    "How long the control plane has been out of reach; 0 when it is not.", [this] {
                      const auto lost = link.LostFor(clock.Steady());
                      return lost ? std::chrono::duration<double>(*lost).count() : 0.0;
                    }});
  exporter = std::make_shared<events::Exporter>(std::move(loops), std::move(gauges));
  telemetry::HttpServerOptions options;
  options.address = config.telemetry.address;
  options.port = config.telemetry.port;
  std::vector<telemetry::ReadinessCheck> checks;
  checks.push_back({"policy", [this] { return PolicyReady(); }});
  checks.push_back({"listener", [this] { return listening ? absl::OkStatus() : base::Unavailable("not listening"); }});
  CHAPERONE_ASSIGN_OR_RETURN(telemetry_server,
                             telemetry::TelemetryServer::Start(options, {exporter}, std::move(checks)));
  WritePort(config.state_folder + "/telemetry_port", telemetry_server->port());
  return absl::OkStatus();
}

absl::Status Sidecar::Parts::PolicyReady() const {
  return has_policy ? absl::OkStatus()
                    : base::Unavailable("no policy snapshot is in force; the control plane has not been reached yet");
}

absl::Status Sidecar::Parts::ApplySnapshot(const control::SnapshotParts& parts) {
  CHAPERONE_ASSIGN_OR_RETURN(const session::SnapshotPtr snapshot, CompileSnapshot(parts));
  // In force means on every loop: the acknowledgement waits for the last of them.
  std::latch applied(static_cast<std::ptrdiff_t>(lanes.size()));
  std::mutex mutex;
  std::vector<session::SessionTable::Ended> ended;
  for (const auto& lane : lanes) {
    lane->loop->Post([&, table = lane->table.get()] {
      auto here = table->SetSnapshot(snapshot);
      {
        const std::lock_guard lock(mutex);
        ended.insert(ended.end(), here.begin(), here.end());
      }
      applied.count_down();
    });
  }
  applied.wait();
  has_policy = true;
  policy_revision = parts.policy_revision;
  for (const auto& revocation : parts.revocations) {
    std::vector<base::SessionId> sessions;
    for (const auto& each : ended) {
      if (each.revocation_id == revocation.id) {
        sessions.push_back(each.session);
      }
    }
    if (!sessions.empty()) {
      sync->ReportClosed(fmt::format("revocation:{}", revocation.id), sessions);
    }
  }
  return absl::OkStatus();
}

bool Sidecar::Parts::Kill(const base::SessionId& session, const std::string& reason,
                          const std::function<void()>& done) {
  for (const auto& lane : lanes) {
    std::promise<bool> found;
    lane->loop->Post([&] { found.set_value(lane->table->Kill(session, reason, done)); });
    if (found.get_future().get()) {
      return true;
    }
  }
  return false;
}

// For the control plane, which has not heard of it or has let it go. A new one is reported by its listener.
void Sidecar::Parts::ReadCatalog(const std::string& database) {
  catalogs->Get(database, *service_loop, [this, database](const absl::StatusOr<upstream::CatalogInUse>& catalog) {
    if (catalog.ok()) {
      sync->RepeatCatalog(database);
    } else {
      sync->ReportNoCatalog(database, catalog.status());
    }
  });
}

control::SidecarReport Sidecar::Parts::Report() {
  control::SidecarReport report;
  report.live_sessions = static_cast<int>(counter.total());
  report.spool_bytes = SpoolBytes();
  upstream::Inspection inspection = inspector->Latest();
  report.database_version = std::move(inspection.database_version);
  report.database_error = std::move(inspection.database_error);
  for (upstream::SetupFinding& finding : inspection.findings) {
    report.findings.push_back({finding.is_error, std::move(finding.code), std::move(finding.message)});
  }
  return report;
}

uint64_t Sidecar::Parts::SpoolBytes() const {
  uint64_t bytes = 0;
  for (const auto& lane : lanes) {
    bytes += lane->records->UnacknowledgedBytes();
  }
  return bytes;
}

// On the first lane's loop.
void Sidecar::Parts::Dispatch(listener::Accepted accepted) {
  std::vector<LoopLoad> loads;
  for (const auto& lane : lanes) {
    loads.push_back(lane->Load(clock.Steady()));
  }
  lanes[PickLoop(loads)]->Take(std::move(accepted));
}

void Sidecar::Parts::Start() {
  service_loop->Post([this] { inspector->Start(); });
  service_thread = std::thread([this] { service_loop->Run(); });
  for (const auto& lane : lanes) {
    lane->Start();
  }
  if (const absl::Status status = sync->LoadLast(); !status.ok()) {
    spdlog::error("the last snapshot is not used: {}", base::Message(status));
  }
  sync->Start();
  for (const auto& lane : lanes) {
    lane->records->Start();
  }
  listening = true;
}

void Sidecar::Parts::Stop() {
  spdlog::info("shutting down: no new sessions, {} to end within {} ms", counter.total(), config.drain_timeout.count());
  listening = false;
  std::promise<void> closed;
  lanes[0]->loop->Post([&] {
    listeners.clear();
    closed.set_value();
  });
  closed.get_future().wait();
  const runtime::SteadyTime deadline = clock.Steady() + config.drain_timeout;
  std::latch drained(static_cast<std::ptrdiff_t>(lanes.size()));
  for (const auto& lane : lanes) {
    lane->loop->Post([&drained, deadline, table = lane->table.get()] {
      table->Drain(deadline, [&drained] { drained.count_down(); });
    });
  }
  drained.wait();
  for (const auto& lane : lanes) {
    lane->spool->Seal();
  }
  for (const auto& lane : lanes) {
    lane->records->Finish(kFinishRecordsTimeout);
  }
  sync->Stop();
  std::promise<void> catalogs_stopped;
  service_loop->Post([&] {
    certificates = nullptr;
    catalogs->Stop();
    inspector->Stop();
    catalogs_stopped.set_value();
  });
  catalogs_stopped.get_future().wait();
  for (const auto& lane : lanes) {
    lane->loop->Stop();
    lane->thread.join();
  }
  service_loop->Stop();
  service_thread.join();
  spdlog::info("stopped");
}

void Sidecar::Run() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  parts_->Start();
  int signal = 0;
  sigwait(&signals, &signal);
  parts_->Stop();
}

}  // namespace chaperone::app
