#include "dataplane/upstream/catalog_service.h"

#include <utility>

#include "api/sql/catalog_builder.h"
#include "api/sql/catalog_queries.h"
#include "dataplane/runtime/transfer.h"
#include "dataplane/upstream/query.h"

namespace chaperone::upstream {

using runtime::Task;

namespace {

constexpr uint32_t kConnectionBit = runtime::Waiter::kFirstFree;
constexpr uint32_t kAskedBit = runtime::Waiter::kFirstFree << 1;

constexpr std::string_view kDefaultsQuery =
    "SELECT current_user::pg_catalog.text, pg_catalog.current_setting('search_path')";

absl::Status NoRows(const QueryCells&) { return absl::OkStatus(); }

}  // namespace

struct CatalogService::Database {
  Database(runtime::Loop& loop, std::string database_name)
      : name(std::move(database_name)), waiter(loop), watched(waiter, kConnectionBit) {}

  struct Question {
    runtime::Loop* where;
    Answer answer;
  };

  const std::string name;
  runtime::Waiter waiter;
  runtime::WatchedFd watched;
  std::unique_ptr<ServerConnection> connection;
  CatalogPtr catalog;
  const std::shared_ptr<const void> use = std::make_shared<char>();
  SessionDefaults defaults;
  std::string probe;
  std::vector<Question> questions;
  runtime::SteadyTime last_used{};
  bool updating = false;
  bool dropped = false;

  // Whoever asks and whoever holds an answer's `use`; the one here is a holder too.
  bool IsInUse() const { return updating || !questions.empty() || use.use_count() > 1; }
  CatalogInUse InUse() const { return {catalog, use}; }
};

CatalogService::CatalogService(runtime::Loop& loop, Connector& connector, const Options& options, Listener listener)
    : loop_(loop),
      connector_(connector),
      options_(options),
      listener_(std::move(listener)),
      tasks_([](std::exception_ptr) { std::abort(); }) {}

CatalogService::~CatalogService() = default;

void CatalogService::Get(const std::string& database, runtime::Loop& where, Answer answer) {
  loop_.Post([this, database, &where, answer = std::move(answer)]() mutable {
    Database* const found = Find(database);
    if (found == nullptr) {
      where.Post([answer = std::move(answer), max = options_.databases_max] {
        answer(base::ResourceExhausted("sessions use {} databases already", max));
      });
      return;
    }
    Ask(*found, false, where, std::move(answer));
  });
}

void CatalogService::Refresh(const std::string& database, runtime::Loop& where, Answer answer) {
  loop_.Post([this, database, &where, answer = std::move(answer)]() mutable {
    if (Database* const found = Find(database)) {
      Ask(*found, true, where, std::move(answer));
    }
  });
}

CatalogService::Database* CatalogService::Find(const std::string& name) {
  const auto found = databases_.find(name);
  if (found != databases_.end()) {
    return found->second.get();
  }
  if (stopping_ || (databases_.size() >= options_.databases_max && !MakePlace())) {
    return nullptr;
  }
  const auto database = std::make_shared<Database>(loop_, name);
  database->last_used = loop_.clock().Steady();
  databases_.emplace(name, database);
  tasks_.Spawn(Serve(database));
  return database.get();
}

bool CatalogService::MakePlace() {
  Database* oldest = nullptr;
  for (const auto& [name, database] : databases_) {
    if (!database->IsInUse() && (oldest == nullptr || database->last_used < oldest->last_used)) {
      oldest = database.get();
    }
  }
  if (oldest != nullptr) {
    Drop(*oldest);
  }
  return oldest != nullptr;
}

void CatalogService::Drop(Database& database) {
  database.dropped = true;
  const auto found = databases_.find(database.name);
  const std::shared_ptr<Database> kept = std::move(found->second);
  databases_.erase(found);
  kept->waiter.Raise(runtime::Waiter::kInterrupt);
}

void CatalogService::Ask(Database& database, bool fresh, runtime::Loop& where, Answer answer) {
  if (database.catalog != nullptr && !fresh) {
    where.Post([answer = std::move(answer), found = database.InUse()] { answer(found); });
    return;
  }
  database.questions.push_back({&where, std::move(answer)});
  database.waiter.Raise(kAskedBit);
}

// One coroutine for each database: waits for questions and for the next probe.
Task<void> CatalogService::Serve(std::shared_ptr<Database> database) {
  while (!stopping_ && !database->dropped) {
    database->updating = true;
    const bool reached = co_await Update(*database);
    database->updating = false;
    const auto now = loop_.clock().Steady();
    if (database->IsInUse()) {
      database->last_used = now;
    } else if (!database->dropped && (!reached || now - database->last_used >= options_.unused_max)) {
      Drop(*database);
    }
    const auto next = now + options_.probe_interval;
    uint32_t bits = 0;
    while (!stopping_ && !database->dropped && database->questions.empty() && (bits & runtime::Waiter::kTimeout) == 0) {
      bits = co_await database->waiter.Wait(next);
    }
  }
  database->watched.Release();
  database->connection = nullptr;
}

Task<bool> CatalogService::Update(Database& database) {
  // Questions that arrive while the database is being asked may be about something newer: they are left for the next
  // round.
  std::vector<Database::Question> questions;
  questions.swap(database.questions);
  absl::Status status;
  bool reached = true;
  bool must_read = database.catalog == nullptr && !questions.empty();
  if (database.catalog != nullptr) {
    const auto probe = co_await Probe(database);
    // An unreachable database changes nothing here: the catalog stays, and sessions notice by themselves.
    reached = probe.ok();
    must_read = probe.ok() && *probe != database.probe;
  }
  if (must_read) {
    auto read = co_await Read(database);
    status = read.status();
    reached = status.ok();
    if (status.ok()) {
      database.catalog = *std::move(read);
      listener_(database.name, database.InUse(), database.defaults);
    }
  }
  const absl::StatusOr<CatalogInUse> result =
      status.ok() ? absl::StatusOr<CatalogInUse>(database.InUse()) : absl::StatusOr<CatalogInUse>(status);
  for (Database::Question& question : questions) {
    question.where->Post([answer = std::move(question.answer), result] { answer(result); });
  }
  co_return reached;
}

Task<absl::Status> CatalogService::Connect(Database& database) {
  if (database.connection != nullptr) {
    co_return absl::OkStatus();
  }
  Connector::Parameters parameters;
  parameters.emplace_back("database", database.name);
  parameters.emplace_back("client_encoding", "UTF8");
  parameters.emplace_back("application_name", "chaperone catalog");
  parameters.emplace_back("standard_conforming_strings", "on");
  const auto deadline = loop_.clock().Steady() + options_.query_timeout;
  ConnectResult result = co_await connector_.Connect(database.waiter, std::move(parameters), deadline);
  if (result.failure) {
    co_return base::Unavailable("{}", result.failure->message);
  }
  database.connection = std::move(result.connection);
  const absl::Status status = database.watched.Attach(database.connection->stream.fd());
  co_return status;
}

Task<absl::StatusOr<std::string>> CatalogService::Probe(Database& database) {
  absl::Status status = co_await Connect(database);
  std::string value;
  if (status.ok()) {
    const runtime::Channel channel(database.connection->stream, database.watched, database.waiter);
    const RowHandler keep = [&value](const QueryCells& cells) {
      value = cells.empty() || !cells[0] ? std::string_view() : *cells[0];
      return absl::OkStatus();
    };
    const auto deadline = loop_.clock().Steady() + options_.query_timeout;
    status = co_await RunQuery(channel, *database.connection, std::string(sql::CatalogProbeQuery()), keep, deadline);
  }
  if (!status.ok()) {
    database.watched.Release();
    database.connection = nullptr;
    co_return status;
  }
  co_return value;
}

Task<absl::Status> CatalogService::ReadDefaults(Database& database) {
  const runtime::Channel channel(database.connection->stream, database.watched, database.waiter);
  const auto deadline = loop_.clock().Steady() + options_.query_timeout;
  const RowHandler keep = [&database](const QueryCells& cells) {
    if (cells.size() == 2 && cells[0] && cells[1]) {
      database.defaults = {std::string(*cells[0]), std::string(*cells[1])};
    }
    return absl::OkStatus();
  };
  const absl::Status status =
      co_await RunQuery(channel, *database.connection, std::string(kDefaultsQuery), keep, deadline);
  co_return status;
}

Task<absl::StatusOr<CatalogPtr>> CatalogService::Read(Database& database) {
  // The probe comes first: what changes while the catalog is read is found by the next one.
  const auto probe = co_await Probe(database);
  if (!probe.ok()) {
    co_return probe.status();
  }
  const runtime::Channel channel(database.connection->stream, database.watched, database.waiter);
  const auto deadline = loop_.clock().Steady() + options_.query_timeout;
  const RowHandler ignore = NoRows;
  sql::CatalogBuilder builder;
  absl::Status status = co_await ReadDefaults(database);
  if (status.ok()) {
    status = co_await RunQuery(channel, *database.connection, std::string(sql::CatalogSetupSql()), ignore, deadline);
  }
  const auto queries = sql::CatalogQueries();
  for (size_t i = 0; status.ok() && i < queries.size(); ++i) {
    const RowHandler add = [&builder, i](const QueryCells& cells) { return builder.AddRow(i, cells); };
    status = co_await RunQuery(channel, *database.connection, std::string(queries[i]), add, deadline);
  }
  if (status.ok()) {
    status = co_await RunQuery(channel, *database.connection, std::string(sql::CatalogTeardownSql()), ignore, deadline);
  }
  if (!status.ok()) {
    database.watched.Release();
    database.connection = nullptr;
    co_return status;
  }
  auto catalog = builder.Build();
  if (catalog.ok()) {
    database.probe = *probe;
  }
  co_return catalog;
}

void CatalogService::Stop() {
  stopping_ = true;
  for (const auto& [name, database] : databases_) {
    database->waiter.Raise(runtime::Waiter::kInterrupt);
  }
}

}  // namespace chaperone::upstream
