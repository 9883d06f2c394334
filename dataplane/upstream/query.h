// Queries of the sidecar's own, on a connection of its own: one simple query at a time, rows in text format.
#ifndef CHAPERONE_DATAPLANE_UPSTREAM_QUERY_H_
#define CHAPERONE_DATAPLANE_UPSTREAM_QUERY_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"
#include "dataplane/runtime/task.h"
#include "dataplane/runtime/transfer.h"
#include "dataplane/upstream/connector.h"

namespace chaperone::upstream {

using QueryCells = std::vector<std::optional<std::string_view>>;

// Told of each row; an error ends the query (and the connection has to be closed).
using RowHandler = std::function<absl::Status(const QueryCells&)>;

// A reply larger than this is not read on: the sidecar's questions have small answers, and the catalog's size is
// bounded.
inline constexpr size_t kReplyBytesMax = size_t{512} << 20;

// Runs `sql` to its ReadyForQuery. Errors: as transfer.h; Unavailable with the server's message; ResourceExhausted;
// what `on_row` returned. After an error the connection is of no further use.
runtime::Task<absl::Status> RunQuery(runtime::Channel channel, ServerConnection& connection, std::string sql,
                                     RowHandler on_row, runtime::SteadyTime deadline);

}  // namespace chaperone::upstream

#endif  // CHAPERONE_DATAPLANE_UPSTREAM_QUERY_H_
