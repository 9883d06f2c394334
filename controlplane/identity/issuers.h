// The token issuers that agents' tokens may come from, each with its keys kept fresh: OpenID Connect discovery, then
// the key set, again and again with jitter; what was fetched last stays when a fetch fails, also over a restart.
//
// Threading: every function may be called from any thread; fetching has a thread of its own.
#ifndef CHAPERONE_CONTROLPLANE_IDENTITY_ISSUERS_H_
#define CHAPERONE_CONTROLPLANE_IDENTITY_ISSUERS_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/base/clock.h"
#include "chaperone/v1/identity.pb.h"
#include "controlplane/metrics/metrics.h"
#include "controlplane/store/store.h"

namespace chaperone::identity {

struct IssuerConfig {
  // As tokens say it.
  std::string issuer;
  std::vector<std::string> audiences;
  // Where the key set is; empty: discovery says.
  std::string jwks_uri;
  // PEM file of the CAs that the issuer's certificate may come from; empty: the system's.
  std::string ca_file;
  std::chrono::milliseconds refresh{std::chrono::minutes(5)};
  // The key set itself, for an issuer that runs in this process; it is not fetched then.
  std::string fixed_jwks;
};

class Issuers {
 public:
  using Fetcher = std::function<absl::StatusOr<std::string>(const std::string& url, const IssuerConfig& config)>;

  // Reads what was fetched before. Call Start to begin fetching. REQUIRES: the pointers outlive the result. Errors: of
  // the store; InvalidArgument for a URL that may not be fetched or an issuer named twice.
  static absl::StatusOr<std::unique_ptr<Issuers>> Open(std::vector<IssuerConfig> configs, store::Store* store,
                                                       const base::Clock* clock, metrics::Metrics* metrics,
                                                       Fetcher fetcher);
  ~Issuers();
  Issuers(const Issuers&) = delete;
  Issuers& operator=(const Issuers&) = delete;

  // Called when an issuer's keys have changed, on the fetching thread. REQUIRES: set before Start.
  void OnChange(std::function<void()> listener) { listener_ = std::move(listener); }
  // Begins to fetch: at once, and then as configured.
  void Start();

  // All configured issuers, in the order of the configuration, with the state of their keys.
  std::vector<v1::Issuer> All() const;
  // Those that have keys.
  std::vector<v1::Issuer> Usable() const;

  // One attempt for one issuer, now. For tests, and what the thread does.
  absl::Status Refresh(size_t index);

 private:
  Issuers(std::vector<IssuerConfig> configs, store::Store* store, const base::Clock* clock, metrics::Metrics* metrics,
          Fetcher fetcher);

  absl::Status LoadStored();
  absl::StatusOr<std::string> FetchKeys(const IssuerConfig& config) const;
  void Run();

  const std::vector<IssuerConfig> configs_;
  store::Store* const store_;
  const base::Clock* const clock_;
  metrics::Metrics* const metrics_;
  const Fetcher fetcher_;
  std::function<void()> listener_;

  mutable std::mutex mutex_;
  std::condition_variable stop_requested_;
  bool stopping_ = false;
  std::vector<v1::Issuer> issuers_;
  std::thread thread_;
};

// How long to wait before the next attempt: the configured time, or after `failures` in a row a growing part of it; the
// last fifth is chance, so that many control planes do not ask at once. `chance` is in [0, 1).
std::chrono::milliseconds NextAttemptIn(const IssuerConfig& config, int failures, double chance);

}  // namespace chaperone::identity

#endif  // CHAPERONE_CONTROLPLANE_IDENTITY_ISSUERS_H_
