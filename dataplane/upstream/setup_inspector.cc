#include "dataplane/upstream/setup_inspector.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "dataplane/runtime/transfer.h"
#include "dataplane/upstream/query.h"

namespace chaperone::upstream {

using runtime::Task;

namespace {

constexpr uint32_t kConnectionBit = runtime::Waiter::kFirstFree;
constexpr uint32_t kIncludedBit = runtime::Waiter::kFirstFree << 1;
// There in every installation that nobody has bent; others follow as sessions use them.
constexpr const char* kFirstDatabase = "postgres";
constexpr std::string_view kUnasked = "let in unasked";
constexpr size_t kFactsMax = 2000;

}  // namespace

SetupInspector::SetupInspector(runtime::Loop& loop, Connector& connector, const Options& options)
    : loop_(loop),
      connector_(connector),
      options_(options),
      waiter_(loop),
      watched_(waiter_, kConnectionBit),
      tasks_([](std::exception_ptr) { std::abort(); }) {
  databases_[kFirstDatabase];
}

void SetupInspector::Start() { tasks_.Spawn(Serve()); }

void SetupInspector::Include(const std::string& database) {
  if (stopping_ || databases_.contains(database) || databases_.size() > options_.databases_max) {
    return;
  }
  databases_[database];
  waiter_.Raise(kIncludedBit);
}

void SetupInspector::Stop() {
  stopping_ = true;
  waiter_.Raise(runtime::Waiter::kInterrupt);
}

Inspection SetupInspector::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

Task<void> SetupInspector::Serve() {
  bool all = true;
  while (!stopping_) {
    // Databases are only ever added: the iterator stays good while others are included.
    for (auto entry = databases_.begin(); entry != databases_.end() && !stopping_; ++entry) {
      if (!all && !entry->second.is_new) {
        continue;
      }
      entry->second.is_new = false;
      const absl::Status status = co_await Examine(entry->first, &entry->second);
      entry->second.reached = status.ok();
      entry->second.error = status.ok() ? "" : std::string(base::Message(status));
    }
    if (stopping_) {
      break;
    }
    Publish();
    const auto next = loop_.clock().Steady() + options_.interval;
    uint32_t bits = 0;
    const auto has_new = [this] {
      return std::any_of(databases_.begin(), databases_.end(), [](const auto& entry) { return entry.second.is_new; });
    };
    while (!stopping_ && !has_new() && (bits & runtime::Waiter::kTimeout) == 0) {
      bits = co_await waiter_.Wait(next);
    }
    all = (bits & runtime::Waiter::kTimeout) != 0;
  }
  watched_.Release();
}

// One connection for one round: it is a minute until the next.
Task<absl::Status> SetupInspector::Examine(std::string database, Known* known) {
  Connector::Parameters parameters;
  parameters.emplace_back("database", database);
  parameters.emplace_back("client_encoding", "UTF8");
  parameters.emplace_back("application_name", "chaperone doctor");
  parameters.emplace_back("search_path", "pg_catalog");
  parameters.emplace_back("default_transaction_read_only", "on");
  const auto deadline = loop_.clock().Steady() + options_.query_timeout;
  ConnectResult result = co_await connector_.Connect(waiter_, std::move(parameters), deadline);
  if (result.failure) {
    co_return base::Unavailable("{}", result.failure->message);
  }
  const std::unique_ptr<ServerConnection> connection = std::move(result.connection);
  absl::Status status = watched_.Attach(connection->stream.fd());
  const runtime::Channel channel(connection->stream, watched_, waiter_);
  std::vector<SetupFact> facts;
  const RowHandler keep = [&facts](const QueryCells& cells) -> absl::Status {
    if (cells.size() == 2 && cells[0] && cells[1] && facts.size() < kFactsMax) {
      facts.push_back({std::string(*cells[0]), std::string(*cells[1])});
    }
    return absl::OkStatus();
  };
  if (status.ok()) {
    status = co_await RunQuery(channel, *connection, std::string(SetupQuery()), keep, deadline);
  }
  if (status.ok() && !FactNamed(facts, "access rules can be read").empty()) {
    status = co_await RunQuery(channel, *connection, std::string(AccessRulesQuery()), keep, deadline);
  }
  if (connection->let_in_unasked) {
    facts.push_back({std::string(kUnasked), "yes"});
  }
  watched_.Release();
  if (status.ok()) {
    known->facts = std::move(facts);
  }
  co_return status;
}

void SetupInspector::Publish() {
  Inspection inspection;
  bool reached_any = false;
  for (const auto& [database, known] : databases_) {
    reached_any = reached_any || known.reached;
  }
  for (const auto& [database, known] : databases_) {
    if (!reached_any && inspection.database_error.empty()) {
      inspection.database_error = known.error;
    }
    if (!known.reached) {
      continue;
    }
    // "15.4 (Debian 15.4-1)": the packager's words are left out.
    const std::string_view version = FactNamed(known.facts, "version");
    inspection.database_version = fmt::format("PostgreSQL {}", version.substr(0, version.find(' ')));
    SetupInput input{.address = connector_.address(),
                     .database = database,
                     .let_in_unasked = !FactNamed(known.facts, kUnasked).empty(),
                     .facts = known.facts};
    for (SetupFinding& finding : FindingsFor(input)) {
      // What holds for the whole server is the same from every database.
      if (std::find(inspection.findings.begin(), inspection.findings.end(), finding) == inspection.findings.end()) {
        inspection.findings.push_back(std::move(finding));
      }
    }
  }
  const std::lock_guard lock(mutex_);
  latest_ = std::move(inspection);
}

}  // namespace chaperone::upstream
