// The catalogs of the endpoint's databases: read over connections of the sidecar's own, kept fresh, handed to every
// loop.
//
// A catalog is read when the first session of its database begins, again when a probe finds that it has changed, and at
// once when asked for (DDL went by, or a name was not known). It is in use while anybody holds the `use` of an answer;
// when nobody has for a while, when the database is gone, or when its place is needed, it is let go with its
// connection.
//
// Threading: everything happens on the service's own loop; Get, Refresh and Known may be called from any thread, and
// answers are posted to the loop that asked.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_CATALOG_SERVICE_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_CATALOG_SERVICE_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/base/status.h"
#include "api/sql/catalog.h"
#include "dataplane/runtime/loop.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/waiter.h"
#include "dataplane/upstream/connector.h"

namespace chaperone::upstream {

using CatalogPtr = std::shared_ptr<const sql::Catalog>;

struct CatalogInUse {
  CatalogPtr catalog;
  // As long as it is held, the database's catalog is kept and new ones are told.
  std::shared_ptr<const void> use;
};

class CatalogService {
 public:
  struct Options {
    // How often the database is asked whether anything has changed.
    std::chrono::milliseconds probe_interval{2000};
    std::chrono::milliseconds query_timeout{30'000};
    // How many databases' catalogs are kept.
    size_t databases_max = 64;
    // How long one that nobody uses is kept.
    std::chrono::milliseconds unused_max{600'000};
  };
  using Answer = std::function<void(absl::StatusOr<CatalogInUse>)>;
  // What a new session begins with, as the database has it for the sidecar's role.
  struct SessionDefaults {
    std::string role;
    // As SHOW writes it.
    std::string search_path;
  };
  // Told of every new catalog, on the service's loop.
  using Listener =
      std::function<void(const std::string& database, const CatalogInUse&, const SessionDefaults& defaults)>;

  CatalogService(runtime::Loop& loop, Connector& connector, const Options& options, Listener listener);
  ~CatalogService();
  CatalogService(const CatalogService&) = delete;
  CatalogService& operator=(const CatalogService&) = delete;

  // The catalog as last read; reads it when there is none. `answer` runs on `where`. Errors: what connecting and
  // querying give; ResourceExhausted when as many databases as there are places are in use. REQUIRES: the database
  // exists (a session has connected to it).
  void Get(const std::string& database, runtime::Loop& where, Answer answer);
  // The catalog as it is now: asks the database whether anything has changed, and reads it again if so.
  void Refresh(const std::string& database, runtime::Loop& where, Answer answer);
  // Ends all connections. On the service's loop; afterwards the loop may stop.
  void Stop();

 private:
  struct Database;

  Database* Find(const std::string& name);
  // Makes a place by letting go of what was asked for longest ago. False when all are in use.
  bool MakePlace();
  void Drop(Database& database);
  void Ask(Database& database, bool fresh, runtime::Loop& where, Answer answer);
  runtime::Task<void> Serve(std::shared_ptr<Database> database);
  // One round: asks the database what is to be asked, and answers. False when the database cannot be asked.
  runtime::Task<bool> Update(Database& database);
  runtime::Task<absl::StatusOr<CatalogPtr>> Read(Database& database);
  runtime::Task<absl::StatusOr<std::string>> Probe(Database& database);
  runtime::Task<absl::Status> ReadDefaults(Database& database);
  runtime::Task<absl::Status> Connect(Database& database);

  runtime::Loop& loop_;
  Connector& connector_;
  const Options options_;
  const Listener listener_;
  // All below: on the service's loop only.
  std::map<std::string, std::shared_ptr<Database>> databases_;
  runtime::TaskGroup tasks_;
  bool stopping_ = false;
};

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_CATALOG_SERVICE_H_
