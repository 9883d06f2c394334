#include "controlplane/app/control_plane.h"

#include <prometheus/registry.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "api/base/clock.h"
#include "api/telemetry/telemetry.h"
#include "controlplane/app/signing.h"
#include "controlplane/app/upkeep.h"
#include "controlplane/approvals/approvals.h"
#include "controlplane/audit/audit_log.h"
#include "controlplane/fleet/fleet.h"
#include "controlplane/fleet/snapshots.h"
#include "controlplane/identity/dev_certificates.h"
#include "controlplane/identity/dev_issuer.h"
#include "controlplane/identity/http_fetch.h"
#include "controlplane/identity/issuers.h"
#include "controlplane/identity/revocations.h"
#include "controlplane/identity/small_file.h"
#include "controlplane/metrics/metered_store.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/policies/evaluator_checker.h"
#include "controlplane/policies/policies.h"
#include "controlplane/service/guard.h"
#include "controlplane/service/server.h"
#include "controlplane/service/services.h"
#include "controlplane/sessions/intake.h"
#include "controlplane/sessions/sessions.h"
#include "controlplane/simulation/simulator.h"
#include "controlplane/store/rocksdb/rocksdb_store.h"

namespace chaperone::app {

namespace {

constexpr std::chrono::milliseconds kProbeTimeout(2000);
// How long a sidecar may take to read a catalog that an operator asks about.
constexpr std::chrono::milliseconds kCatalogTimeout(8000);

absl::Status MakeStateFolder(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::OkStatus();
  }
  if (!std::filesystem::create_directories(path, error)) {
    return base::FailedPrecondition("cannot make the state folder {}: {}", path, error.message());
  }
  chmod(path.c_str(), 0700);
  return absl::OkStatus();
}

absl::StatusOr<std::string> FetchFor(const std::string& url, const identity::IssuerConfig& config) {
  identity::FetchOptions options;
  options.ca_file = config.ca_file;
  return identity::Fetch(url, options);
}

// Whether the store takes a commit now; waits a moment, not for a disk that hangs.
absl::Status ProbeStore(store::Store* store) {
  struct Outcome {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<absl::Status> status;
  };
  auto outcome = std::make_shared<Outcome>();
  store->CommitAsync({}, [outcome](const absl::Status& status) {
    const std::lock_guard lock(outcome->mutex);
    outcome->status = status;
    outcome->done.notify_all();
  });
  std::unique_lock lock(outcome->mutex);
  if (!outcome->done.wait_for(lock, kProbeTimeout, [&] { return outcome->status.has_value(); })) {
    return base::Unavailable("no commit within {} ms", kProbeTimeout.count());
  }
  return *outcome->status;
}

}  // namespace

class ControlPlane::Impl {
 public:
  explicit Impl(const Config& config) : config_(config) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  absl::Status Build();

  uint16_t port() const { return server_->port(); }
  uint16_t telemetry_port() const { return telemetry_->port(); }
  std::string dev_issuer() const { return dev_issuer_ != nullptr ? dev_issuer_->issuer() : ""; }

 private:
  absl::Status BuildIdentity();
  absl::Status BuildDomain();
  absl::Status BuildFleet();
  absl::Status Connect();
  absl::Status Serve();
  absl::Status WritePorts() const;
  fleet::SnapshotInputs SnapshotSources();
  std::vector<Upkeep::Chore> Chores();

  const Config config_;
  const base::SystemClock clock_;
  const std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  metrics::Metrics metrics_{registry_.get()};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Signing> signing_;
  std::unique_ptr<audit::AuditLog> audit_;
  std::unique_ptr<policies::BundleChecker> checker_;
  std::unique_ptr<policies::Policies> policies_;
  std::unique_ptr<approvals::Approvals> approvals_;
  std::unique_ptr<identity::Revocations> revocations_;
  std::unique_ptr<identity::DevIssuer> dev_issuer_;
  std::unique_ptr<identity::Issuers> issuers_;
  sessions::RecordingFeed feed_;
  std::unique_ptr<sessions::RecordIntake> intake_;
  std::unique_ptr<fleet::Fleet> fleet_;
  std::unique_ptr<sessions::Sessions> sessions_;
  std::unique_ptr<simulation::Simulator> simulator_;
  std::unique_ptr<fleet::Snapshots> snapshots_;
  std::unique_ptr<approvals::Approvals::Subscription> decisions_;
  std::unique_ptr<service::Guard> guard_;
  std::unique_ptr<service::StreamSlots> slots_;
  std::unique_ptr<service::Server> server_;
  std::unique_ptr<telemetry::TelemetryServer> telemetry_;
  std::unique_ptr<Upkeep> upkeep_;
};

absl::Status ControlPlane::Impl::BuildIdentity() {
  std::vector<identity::IssuerConfig> issuers = config_.issuers;
  if (config_.dev.enabled) {
    identity::DevCertificatesRequest certificates;
    certificates.folder = config_.dev.certificates;
    certificates.clients = config_.dev.identities;
    certificates.server_names = config_.dev.server_names;
    CHAPERONE_RETURN_IF_ERROR(identity::EnsureDevCertificates(certificates, clock_));
    identity::DevIssuerOptions options;
    options.key_path = config_.state + "/dev_issuer.key";
    options.address = config_.dev.issuer_listen.address;
    options.port = config_.dev.issuer_listen.port;
    options.issuer = config_.dev.issuer;
    options.audience = config_.dev.audience;
    CHAPERONE_ASSIGN_OR_RETURN(dev_issuer_, identity::DevIssuer::Start(options, &clock_));
    identity::IssuerConfig self;
    self.issuer = dev_issuer_->issuer();
    self.audiences = {dev_issuer_->audience()};
    self.fixed_jwks = dev_issuer_->jwks();
    issuers.push_back(std::move(self));
  }
  CHAPERONE_ASSIGN_OR_RETURN(signing_, Signing::Open(config_.tls.certificate, config_.tls.key));
  CHAPERONE_ASSIGN_OR_RETURN(issuers_,
                             identity::Issuers::Open(std::move(issuers), store_.get(), &clock_, &metrics_, &FetchFor));
  CHAPERONE_ASSIGN_OR_RETURN(revocations_, identity::Revocations::Load(store_.get(), &clock_, audit_.get()));
  return absl::OkStatus();
}

absl::Status ControlPlane::Impl::BuildDomain() {
  checker_ = policies::NewEvaluatorChecker([this] {
    std::vector<policies::ConnectedDatabase> databases;
    for (const fleet::Fleet::Catalogued& known : fleet_->Catalogs()) {
      databases.push_back({known.endpoint, known.catalog});
    }
    return databases;
  });
  CHAPERONE_ASSIGN_OR_RETURN(policies_, policies::Policies::Open(store_.get(), &clock_, audit_.get(), checker_.get()));
  approvals::Limits limits;
  limits.open_max = config_.limits.open_approvals;
  limits.open_of_agent_max = config_.limits.open_approvals_of_agent;
  CHAPERONE_ASSIGN_OR_RETURN(approvals_,
                             approvals::Approvals::Load(store_.get(), &clock_, audit_.get(), &metrics_, limits));
  sessions::IntakeLimits intake_limits;
  intake_limits.in_flight_bytes_max = config_.limits.ingest_bytes;
  intake_ = std::make_unique<sessions::RecordIntake>(store_.get(), &clock_, &metrics_, &feed_, intake_limits);
  return absl::OkStatus();
}

fleet::SnapshotInputs ControlPlane::Impl::SnapshotSources() {
  fleet::SnapshotInputs inputs;
  inputs.policies = [this] {
    const auto bundle = policies_->Current();
    fleet::SnapshotInputs::PolicySet set;
    set.revision = bundle->revision;
    for (const auto& [name, policy] : bundle->policies) {
      v1::SnapshotPolicy& entry = set.policies.emplace_back();
      entry.set_name(name);
      entry.set_document(policy.document());
    }
    return set;
  };
  inputs.issuers = [this] { return issuers_->Usable(); };
  inputs.revocations = [this] { return revocations_->InForce(); };
  inputs.next_expiry = [this] { return revocations_->NextExpiry(); };
  inputs.sign = [this](std::string_view bytes) { return signing_->Sign(bytes); };
  return inputs;
}

absl::Status ControlPlane::Impl::BuildFleet() {
  fleet::Limits limits;
  limits.sidecars_max = config_.limits.sidecars;
  CHAPERONE_ASSIGN_OR_RETURN(fleet_, fleet::Fleet::Load(store_.get(), &clock_, &metrics_, limits));
  sessions::Limits session_limits;
  session_limits.followers_max = config_.limits.streams;
  session_limits.kill_timeout = config_.limits.kill_timeout;
  sessions_ =
      std::make_unique<sessions::Sessions>(store_.get(), &clock_, audit_.get(), &feed_, fleet_.get(), session_limits);
  simulator_ = std::make_unique<simulation::Simulator>(
      [this](const std::string& endpoint, const std::string& database) -> absl::StatusOr<simulation::ReportedCatalog> {
        CHAPERONE_ASSIGN_OR_RETURN(auto known, fleet_->AwaitCatalog(endpoint, database, kCatalogTimeout));
        return simulation::ReportedCatalog{std::move(known.catalog), std::move(known.sidecar), std::move(known.labels)};
      },
      [this](uint64_t revision) { return policies_->At(revision); }, &clock_);
  CHAPERONE_ASSIGN_OR_RETURN(snapshots_, fleet::Snapshots::Open(store_.get(), &clock_, &metrics_, SnapshotSources()));
  return absl::OkStatus();
}

// Who tells whom.
absl::Status ControlPlane::Impl::Connect() {
  policies_->OnChange([this] { snapshots_->Changed(); });
  revocations_->OnChange([this] { snapshots_->Changed(); });
  issuers_->OnChange([this] { snapshots_->Changed(); });
  snapshots_->OnPublish([this](auto snapshot) { fleet_->Push(std::move(snapshot)); });
  fleet_->SetDecisionsSource([this](const std::string& sidecar) { return approvals_->DecidedFor(sidecar); });
  decisions_ = approvals_->Subscribe(
      [this](const v1::Approval& approval, const std::set<std::string>& sidecars) {
        if (approval.state() != v1::Approval::PENDING && approval.state() != v1::Approval::CONSUMED) {
          for (const std::string& sidecar : sidecars) {
            fleet_->PushApproval(sidecar, approval);
          }
        }
      },
      nullptr);
  issuers_->Start();
  snapshots_->Start();
  return snapshots_->Flush(std::chrono::seconds(10)).status();
}

std::vector<Upkeep::Chore> ControlPlane::Impl::Chores() {
  using std::chrono::milliseconds;
  return {{"expiring approvals", milliseconds(1000), [this] { return approvals_->ExpireDue(); }},
          {"forgetting revocations", milliseconds(60000), [this] { return revocations_->ForgetExpired(); }},
          {"following the certificate", milliseconds(5000), [this]() -> absl::Status {
             CHAPERONE_ASSIGN_OR_RETURN(const bool changed, signing_->Reload());
             if (changed) {
               spdlog::info("the certificate has changed; snapshots are signed again");
               snapshots_->SignAgain();
             }
             return absl::OkStatus();
           }}};
}

absl::Status ControlPlane::Impl::Serve() {
  guard_ = std::make_unique<service::Guard>(audit_.get(), &metrics_);
  slots_ = std::make_unique<service::StreamSlots>(config_.limits.streams, &metrics_);
  service::ServerOptions options;
  options.address = config_.listen.address;
  options.port = config_.listen.port;
  options.certificate = config_.tls.certificate;
  options.key = config_.tls.key;
  options.client_ca = config_.tls.client_ca;
  options.crl_directory = config_.tls.crl_directory;
  options.message_bytes_max = config_.limits.message_bytes;
  options.threads_max = config_.limits.threads;
  service::Guard* guard = guard_.get();
  CHAPERONE_ASSIGN_OR_RETURN(
      server_,
      service::Server::Start(
          options, {service::NewPolicyService(guard, slots_.get(), policies_.get(), fleet_.get(), simulator_.get()),
                    service::NewApprovalService(guard, slots_.get(), approvals_.get()),
                    service::NewSessionService(guard, slots_.get(), sessions_.get()),
                    service::NewRevocationService(guard, revocations_.get(), snapshots_.get(), fleet_.get()),
                    service::NewFleetService(guard, fleet_.get()),
                    service::NewIdentityService(guard, audit_.get(), issuers_.get(), dev_issuer_.get()),
                    service::NewAuditService(guard, audit_.get()),
                    service::NewSidecarService(guard, &metrics_, fleet_.get(), approvals_.get(), intake_.get())}));
  telemetry::HttpServerOptions http;
  http.address = config_.telemetry.address;
  http.port = config_.telemetry.port;
  CHAPERONE_ASSIGN_OR_RETURN(
      telemetry_, telemetry::TelemetryServer::Start(http, {registry_},
                                                    {{"store", [this] { return ProbeStore(store_.get()); }},
                                                     {"snapshot", [this] { return snapshots_->Health(); }}}));
  upkeep_ = std::make_unique<Upkeep>(Chores());
  return WritePorts();
}

// For whoever started the program with port 0.
absl::Status ControlPlane::Impl::WritePorts() const {
  CHAPERONE_RETURN_IF_ERROR(
      identity::WriteSmallFile(config_.state + "/listen_port", fmt::format("{}\n", server_->port()), 0644));
  CHAPERONE_RETURN_IF_ERROR(
      identity::WriteSmallFile(config_.state + "/telemetry_port", fmt::format("{}\n", telemetry_->port()), 0644));
  if (dev_issuer_ == nullptr) {
    return absl::OkStatus();
  }
  return identity::WriteSmallFile(config_.state + "/dev_issuer", dev_issuer_->issuer() + "\n", 0644);
}

absl::Status ControlPlane::Impl::Build() {
  CHAPERONE_RETURN_IF_ERROR(MakeStateFolder(config_.state));
  store::RocksDbOptions options;
  options.path = config_.store.path;
  options.cache_bytes = config_.store.cache_bytes;
  options.write_buffer_bytes = config_.store.write_buffer_bytes;
  CHAPERONE_ASSIGN_OR_RETURN(auto store, store::OpenRocksDbStore(options));
  store_ = metrics::Meter(std::move(store), &metrics_);
  audit_ = std::make_unique<audit::AuditLog>(store_.get(), &clock_, &metrics_);
  CHAPERONE_RETURN_IF_ERROR(BuildIdentity());
  CHAPERONE_RETURN_IF_ERROR(BuildDomain());
  CHAPERONE_RETURN_IF_ERROR(BuildFleet());
  CHAPERONE_RETURN_IF_ERROR(Connect());
  return Serve();
}

ControlPlane::Impl::~Impl() {
  upkeep_ = nullptr;
  telemetry_ = nullptr;
  if (server_ != nullptr) {
    server_->Stop(config_.limits.stop_timeout);
    server_ = nullptr;
  }
  dev_issuer_ = nullptr;
  issuers_ = nullptr;
  snapshots_ = nullptr;
  if (store_ != nullptr) {
    // What is queued still calls back into the objects below.
    store_->Commit({}).IgnoreError();
  }
}

ControlPlane::ControlPlane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlPlane::~ControlPlane() = default;

absl::StatusOr<std::unique_ptr<ControlPlane>> ControlPlane::Build(const Config& config) {
  auto impl = std::make_unique<Impl>(config);
  CHAPERONE_RETURN_IF_ERROR(impl->Build());
  return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(impl)));
}

uint16_t ControlPlane::port() const { return impl_->port(); }
uint16_t ControlPlane::telemetry_port() const { return impl_->telemetry_port(); }
std::string ControlPlane::dev_issuer() const { return impl_->dev_issuer(); }

}  // namespace chaperone::app
