#include "controlplane/identity/issuers.h"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "controlplane/identity/http_fetch.h"
#include "controlplane/identity/jwks.h"
#include "controlplane/model/keys.h"
#include "controlplane/model/page.h"
#include "controlplane/model/proto_time.h"

namespace chaperone::identity {

namespace {

using store::Family;

constexpr std::chrono::milliseconds kFirstRetry(2000);

std::string DiscoveryUrl(const std::string& issuer) {
  return (issuer.ends_with('/') ? issuer.substr(0, issuer.size() - 1) : issuer) + "/.well-known/openid-configuration";
}

}  // namespace

std::chrono::milliseconds NextAttemptIn(const IssuerConfig& config, int failures, double chance) {
  std::chrono::milliseconds wait = config.refresh;
  if (failures > 0) {
    wait = std::min(wait, kFirstRetry * (1 << std::min(failures - 1, 10)));
  }
  return wait * 4 / 5 + std::chrono::milliseconds(static_cast<int64_t>(static_cast<double>(wait.count()) / 5 * chance));
}

Issuers::Issuers(std::vector<IssuerConfig> configs, store::Store* store, const base::Clock* clock,
                 metrics::Metrics* metrics, Fetcher fetcher)
    : configs_(std::move(configs)), store_(store), clock_(clock), metrics_(metrics), fetcher_(std::move(fetcher)) {}

absl::StatusOr<std::unique_ptr<Issuers>> Issuers::Open(std::vector<IssuerConfig> configs, store::Store* store,
                                                       const base::Clock* clock, metrics::Metrics* metrics,
                                                       Fetcher fetcher) {
  std::set<std::string> names;
  for (const IssuerConfig& config : configs) {
    if (!names.insert(config.issuer).second) {
      return base::InvalidArgument("the issuer \"{}\" is configured twice", config.issuer);
    }
    if (config.fixed_jwks.empty()) {
      CHAPERONE_RETURN_IF_ERROR(CheckUrl(config.jwks_uri.empty() ? config.issuer : config.jwks_uri));
    }
  }
  auto issuers = std::unique_ptr<Issuers>(new Issuers(std::move(configs), store, clock, metrics, std::move(fetcher)));
  CHAPERONE_RETURN_IF_ERROR(issuers->LoadStored());
  return issuers;
}

absl::Status Issuers::LoadStored() {
  for (const IssuerConfig& config : configs_) {
    v1::Issuer issuer;
    CHAPERONE_ASSIGN_OR_RETURN(const auto bytes, store_->Get(Family::kIssuers, config.issuer));
    if (bytes) {
      CHAPERONE_ASSIGN_OR_RETURN(issuer, model::Decode<v1::Issuer>(*bytes, "issuer"));
    }
    if (!config.fixed_jwks.empty()) {
      issuer.set_jwks(config.fixed_jwks);
      *issuer.mutable_fetched_at() = model::ToProto(clock_->Wall());
    }
    issuer.set_issuer(config.issuer);
    issuer.mutable_audiences()->Assign(config.audiences.begin(), config.audiences.end());
    issuers_.push_back(std::move(issuer));
  }
  return absl::OkStatus();
}

Issuers::~Issuers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_requested_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Issuers::Start() {
  thread_ = std::thread([this] { Run(); });
}

std::vector<v1::Issuer> Issuers::All() const {
  const std::lock_guard lock(mutex_);
  return issuers_;
}

std::vector<v1::Issuer> Issuers::Usable() const {
  std::vector<v1::Issuer> usable = All();
  std::erase_if(usable, [](const v1::Issuer& issuer) { return issuer.jwks().empty(); });
  return usable;
}

absl::StatusOr<std::string> Issuers::FetchKeys(const IssuerConfig& config) const {
  std::string uri = config.jwks_uri;
  if (uri.empty()) {
    CHAPERONE_ASSIGN_OR_RETURN(const std::string discovery, fetcher_(DiscoveryUrl(config.issuer), config));
    CHAPERONE_ASSIGN_OR_RETURN(uri, JwksUri(discovery, config.issuer));
  }
  CHAPERONE_ASSIGN_OR_RETURN(const std::string keys, fetcher_(uri, config));
  return PublicKeys(keys);
}

absl::Status Issuers::Refresh(size_t index) {
  const IssuerConfig& config = configs_[index];
  const auto keys = FetchKeys(config);
  metrics_->CountIssuerFetch(config.issuer, keys.ok());
  store::WriteBatch batch;
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    v1::Issuer& issuer = issuers_[index];
    if (!keys.ok()) {
      issuer.set_fetch_error(model::CutText(base::Message(keys.status()), 512));
      return keys.status();
    }
    changed = issuer.jwks() != *keys;
    issuer.set_jwks(*keys);
    issuer.clear_fetch_error();
    *issuer.mutable_fetched_at() = model::ToProto(clock_->Wall());
    batch.Put(Family::kIssuers, config.issuer, model::Encode(issuer));
  }
  if (changed) {
    // Kept for a restart while the issuer is away; not being able to keep it costs nothing now.
    store_->CommitAsync(std::move(batch), [](const absl::Status&) {});
    if (listener_) {
      listener_();
    }
  }
  return absl::OkStatus();
}

void Issuers::Run() {
  using Steady = std::chrono::steady_clock;
  std::mt19937_64 random(std::random_device{}());
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<Steady::time_point> next(configs_.size(), Steady::now());
  std::vector<int> failures(configs_.size(), 0);
  for (;;) {
    for (size_t i = 0; i < configs_.size(); ++i) {
      if (configs_[i].fixed_jwks.empty() && next[i] <= Steady::now()) {
        failures[i] = Refresh(i).ok() ? 0 : failures[i] + 1;
        next[i] = Steady::now() + NextAttemptIn(configs_[i], failures[i], chance(random));
      }
      if (!configs_[i].fixed_jwks.empty()) {
        next[i] = Steady::now() + std::chrono::hours(1);
      }
    }
    const Steady::time_point wake =
        next.empty() ? Steady::now() + std::chrono::hours(1) : *std::min_element(next.begin(), next.end());
    std::unique_lock lock(mutex_);
    if (stop_requested_.wait_until(lock, wake, [this] { return stopping_; })) {
      return;
    }
  }
}

}  // namespace chaperone::identity
