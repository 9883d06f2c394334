#include "dataplane/upstream/query.h"

#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/error.h"
#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::upstream {

namespace pg = wire::postgres;

namespace {

// What a query's reply has come to.
struct Reply {
  const RowHandler& on_row;
  absl::Status failure;
  bool ready = false;
  std::vector<pg::RowCell> cells;
  QueryCells values;

  absl::Status OnMessage(char type, std::string_view body) {
    switch (type) {
      case 'D':
        CHAPERONE_RETURN_IF_ERROR(pg::DecodeDataRow(body, &cells));
        values.clear();
        for (const pg::RowCell& cell : cells) {
          values.push_back(cell.is_null ? std::nullopt : std::optional(cell.bytes));
        }
        return on_row(values);
      case 'E': {
        const auto fields = pg::ErrorFields::Decode(body);
        CHAPERONE_RETURN_IF_ERROR(fields.status());
        failure = base::Unavailable("the database answered {}: {}", fields->sqlstate(), fields->message());
        return absl::OkStatus();
      }
      case 'Z':
        ready = true;
        return absl::OkStatus();
      case 'T':
      case 'C':
      case 'I':
      case 'N':
      case 'S':
        return absl::OkStatus();
      default:
        return base::DataLoss("the database sent message {} in answer to a query", type);
    }
  }
};

}  // namespace

runtime::Task<absl::Status> RunQuery(runtime::Channel channel, ServerConnection& connection, std::string sql,
                                     RowHandler on_row, runtime::SteadyTime deadline) {
  std::string out;
  pg::AppendQuery(sql, &out);
  absl::Status status = co_await runtime::WriteAll(channel, deadline, out);
  if (!status.ok()) {
    co_return status;
  }
  Reply reply{on_row, absl::OkStatus(), false, {}, {}};
  size_t read_bytes = 0;
  std::string& in = connection.input;
  while (!reply.ready) {
    size_t used = 0;
    for (;;) {
      pg::Header header;
      absl::Status error;
      const std::string_view rest = std::string_view(in).substr(used);
      const pg::FrameState state = pg::ReadBackendHeader(rest, &header, &error);
      if (state == pg::FrameState::kError) {
        co_return error;
      }
      if (state == pg::FrameState::kNeedMore || rest.size() < header.frame_bytes()) {
        break;
      }
      status = reply.OnMessage(header.type, rest.substr(pg::kHeaderBytes, header.body_bytes));
      if (!status.ok()) {
        co_return status;
      }
      used += header.frame_bytes();
    }
    in.erase(0, used);
    if (reply.ready) {
      break;
    }
    const size_t before = in.size();
    status = co_await runtime::ReadSome(channel, deadline, &in);
    if (!status.ok()) {
      co_return status;
    }
    read_bytes += in.size() - before;
    if (read_bytes > kReplyBytesMax) {
      co_return base::ResourceExhausted("the database's answer is longer than {} bytes", kReplyBytesMax);
    }
  }
  co_return reply.failure;
}

}  // namespace chaperone::upstream
