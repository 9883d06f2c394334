#include "controlplane/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

namespace chaperone::metrics {

namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

double Seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

Family<Counter>& CounterFamily(prometheus::Registry* registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*registry);
}

Family<Gauge>& GaugeFamily(prometheus::Registry* registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*registry);
}

Family<Histogram>& HistogramFamily(prometheus::Registry* registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(*registry);
}

const Histogram::BucketBoundaries& LatencyBuckets() {
  static const Histogram::BucketBoundaries buckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                      0.1,    0.25,  0.5,    1,     2.5,  5,     10};
  return buckets;
}

}  // namespace

struct Metrics::Families {
  explicit Families(prometheus::Registry* registry)
      : requests(CounterFamily(registry, "chaperone_controlplane_grpc_requests_total", "gRPC calls ended.")),
        request_seconds(
            HistogramFamily(registry, "chaperone_controlplane_grpc_request_seconds", "Duration of unary gRPC calls.")),
        streams(GaugeFamily(registry, "chaperone_controlplane_streams", "Open gRPC streams.")),
        snapshot_pushes(CounterFamily(registry, "chaperone_controlplane_snapshot_pushes_total",
                                      "Snapshots handed to sidecars' streams.")
                            .Add({})),
        snapshot_answers(CounterFamily(registry, "chaperone_controlplane_snapshot_answers_total",
                                       "Sidecars' answers to snapshots: ack or nack.")),
        snapshot_answer_seconds(HistogramFamily(registry, "chaperone_controlplane_snapshot_answer_seconds",
                                                "From the push of a snapshot to the sidecar's answer.")
                                    .Add({}, LatencyBuckets())),
        snapshot_version(
            GaugeFamily(registry, "chaperone_controlplane_snapshot_version", "Version of the newest snapshot.")
                .Add({})),
        policy_revision(
            GaugeFamily(registry, "chaperone_controlplane_policy_revision", "Revision of the policy bundle.").Add({})),
        approvals(CounterFamily(registry, "chaperone_controlplane_approvals_total", "Approvals that entered a state.")),
        ingest_records(
            CounterFamily(registry, "chaperone_controlplane_ingest_records_total", "Records stored from sidecars.")
                .Add({})),
        ingest_bytes(
            CounterFamily(registry, "chaperone_controlplane_ingest_bytes_total", "Bytes of records stored.").Add({})),
        ingest_seconds(HistogramFamily(registry, "chaperone_controlplane_ingest_seconds",
                                       "From the arrival of a batch of records to its being durable.")
                           .Add({}, LatencyBuckets())),
        ingest_skipped(CounterFamily(registry, "chaperone_controlplane_ingest_skipped_batches_total",
                                     "Batches not stored: duplicates after a reconnect, or refused as damaged.")),
        store_errors(CounterFamily(registry, "chaperone_controlplane_store_errors_total",
                                   "Reads or commits that the store failed.")),
        commit_seconds(HistogramFamily(registry, "chaperone_controlplane_store_commit_seconds",
                                       "From handing a batch to the store to its being durable.")
                           .Add({}, LatencyBuckets())),
        commit_bytes(CounterFamily(registry, "chaperone_controlplane_store_committed_bytes_total",
                                   "Bytes of keys and values committed.")
                         .Add({})),
        audit_entries(CounterFamily(registry, "chaperone_controlplane_audit_entries_total", "Audit entries written.")),
        issuer_fetches(CounterFamily(registry, "chaperone_controlplane_issuer_fetches_total",
                                     "Attempts to fetch an issuer's keys.")) {}

  Family<Counter>& requests;
  Family<Histogram>& request_seconds;
  Family<Gauge>& streams;
  Counter& snapshot_pushes;
  Family<Counter>& snapshot_answers;
  Histogram& snapshot_answer_seconds;
  Gauge& snapshot_version;
  Gauge& policy_revision;
  Family<Counter>& approvals;
  Counter& ingest_records;
  Counter& ingest_bytes;
  Histogram& ingest_seconds;
  Family<Counter>& ingest_skipped;
  Family<Counter>& store_errors;
  Histogram& commit_seconds;
  Counter& commit_bytes;
  Family<Counter>& audit_entries;
  Family<Counter>& issuer_fetches;
};

Metrics::Metrics(prometheus::Registry* registry) : families_(std::make_unique<Families>(registry)) {}
Metrics::~Metrics() = default;

void Metrics::CountRequest(std::string_view method, std::string_view code, std::chrono::nanoseconds took) {
  families_->requests.Add({{"method", std::string(method)}, {"code", std::string(code)}}).Increment();
  families_->request_seconds.Add({{"method", std::string(method)}}, LatencyBuckets()).Observe(Seconds(took));
}

void Metrics::AddStreams(std::string_view kind, int change) {
  families_->streams.Add({{"kind", std::string(kind)}}).Increment(change);
}

void Metrics::CountSnapshotPushes(uint64_t count) { families_->snapshot_pushes.Increment(static_cast<double>(count)); }

void Metrics::CountSnapshotAnswer(bool accepted, std::chrono::nanoseconds took) {
  families_->snapshot_answers.Add({{"answer", accepted ? "ack" : "nack"}}).Increment();
  families_->snapshot_answer_seconds.Observe(Seconds(took));
}

void Metrics::SetSnapshot(uint64_t version, uint64_t policy_revision) {
  families_->snapshot_version.Set(static_cast<double>(version));
  families_->policy_revision.Set(static_cast<double>(policy_revision));
}

void Metrics::CountApproval(std::string_view state) {
  families_->approvals.Add({{"state", std::string(state)}}).Increment();
}

void Metrics::CountIngest(uint64_t records, uint64_t bytes, std::chrono::nanoseconds took) {
  families_->ingest_records.Increment(static_cast<double>(records));
  families_->ingest_bytes.Increment(static_cast<double>(bytes));
  families_->ingest_seconds.Observe(Seconds(took));
}

void Metrics::CountIngestSkipped(std::string_view why) {
  families_->ingest_skipped.Add({{"why", std::string(why)}}).Increment();
}

void Metrics::CountStoreError(std::string_view operation) {
  families_->store_errors.Add({{"operation", std::string(operation)}}).Increment();
}

void Metrics::ObserveCommit(std::chrono::nanoseconds took, uint64_t bytes) {
  families_->commit_seconds.Observe(Seconds(took));
  families_->commit_bytes.Increment(static_cast<double>(bytes));
}

void Metrics::CountAuditEntry(std::string_view outcome) {
  families_->audit_entries.Add({{"outcome", std::string(outcome)}}).Increment();
}

void Metrics::CountIssuerFetch(std::string_view issuer, bool ok) {
  families_->issuer_fetches.Add({{"issuer", std::string(issuer)}, {"result", ok ? "ok" : "error"}}).Increment();
}

}  // namespace chaperone::metrics
