#include "dataplane/upstream/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "dataplane/runtime/transfer.h"
#include "dataplane/wire/postgres/backend.h"
#include "dataplane/wire/postgres/bytes.h"
#include "dataplane/wire/postgres/error.h"
#include "dataplane/wire/postgres/frame.h"
#include "dataplane/wire/postgres/frontend.h"

namespace chaperone::upstream {

namespace pg = wire::postgres;
using runtime::Task;

namespace {

constexpr size_t kPlanLinesMax = 20'000;
constexpr size_t kPlanBytesMax = 4 << 20;
constexpr uint32_t kDescriptorBit = runtime::Waiter::kFirstFree;
constexpr std::string_view kStatementTimeout = "2000";
constexpr std::string_view kLockTimeout = "500";

void AppendU16(size_t value, std::string* out) {
  out->resize(out->size() + 2);
  pg::StoreU16(out->data() + out->size() - 2, static_cast<uint16_t>(value));
}

void AppendU32(uint32_t value, std::string* out) {
  out->resize(out->size() + 4);
  pg::StoreU32(out->data() + out->size() - 4, value);
}

// Sets the length of the message that began at `start`.
void FinishMessage(size_t start, std::string* out) {
  pg::StoreU32(out->data() + start + 1, static_cast<uint32_t>(out->size() - start - 1));
}

// PostgreSQL 15 manual, section 55.7: Parse with declared types, Bind with the values in their own formats.
std::string Messages(const EstimateInput& input) {
  std::string out = "P";
  AppendU32(0, &out);
  out.push_back('\0');
  out.append(input.text).push_back('\0');
  AppendU16(input.parameters.size(), &out);
  for (const EstimateParameter& parameter : input.parameters) {
    AppendU32(parameter.type_oid, &out);
  }
  FinishMessage(0, &out);
  const size_t bind = out.size();
  out.push_back('B');
  AppendU32(0, &out);
  out.append(2, '\0');
  AppendU16(input.parameters.size(), &out);
  for (const EstimateParameter& parameter : input.parameters) {
    AppendU16(parameter.binary ? 1 : 0, &out);
  }
  AppendU16(input.parameters.size(), &out);
  for (const EstimateParameter& parameter : input.parameters) {
    AppendU32(parameter.value ? static_cast<uint32_t>(parameter.value->size()) : UINT32_MAX, &out);
    out.append(parameter.value.value_or(""));
  }
  AppendU16(0, &out);
  FinishMessage(bind, &out);
  pg::AppendExecute("", 0, &out);
  pg::AppendSync(&out);
  return out;
}

std::string Quoted(const std::vector<std::string>& names) {
  std::string path;
  for (const std::string& name : names) {
    path += path.empty() ? "\"" : ", \"";
    for (const char c : name) {
      path.append(c == '"' ? 2 : 1, c);
    }
    path += '"';
  }
  return path.empty() ? "\"\"" : path;
}

// What comes back.
struct Answer {
  std::vector<std::string> lines;
  absl::Status failure;
  bool ready = false;
  std::vector<pg::RowCell> cells;

  absl::Status OnMessage(char type, std::string_view body) {
    if (type == 'D') {
      CHAPERONE_RETURN_IF_ERROR(pg::DecodeDataRow(body, &cells));
      if (cells.size() != 1 || lines.size() >= kPlanLinesMax) {
        return base::DataLoss("the plan has another form than expected");
      }
      lines.emplace_back(cells[0].bytes);
    } else if (type == 'E') {
      const auto fields = pg::ErrorFields::Decode(body);
      CHAPERONE_RETURN_IF_ERROR(fields.status());
      failure = base::Unavailable("the database answered {}", fields->sqlstate());
    } else if (type == 'Z') {
      ready = true;
    }
    return absl::OkStatus();
  }

  // Takes whole messages off the front of `in`.
  absl::Status Consume(std::string* in) {
    size_t used = 0;
    while (!ready) {
      pg::Header header;
      absl::Status error;
      const std::string_view rest = std::string_view(*in).substr(used);
      const pg::FrameState state = pg::ReadBackendHeader(rest, &header, &error);
      if (state == pg::FrameState::kError) {
        return error;
      }
      if (state == pg::FrameState::kNeedMore || rest.size() < header.frame_bytes()) {
        break;
      }
      CHAPERONE_RETURN_IF_ERROR(OnMessage(header.type, rest.substr(pg::kHeaderBytes, header.body_bytes)));
      used += header.frame_bytes();
    }
    in->erase(0, used);
    return absl::OkStatus();
  }
};

Connector::Parameters ParametersOf(const EstimateInput& input) {
  Connector::Parameters parameters;
  parameters.emplace_back("database", input.database);
  parameters.emplace_back("client_encoding", "UTF8");
  parameters.emplace_back("standard_conforming_strings", "on");
  parameters.emplace_back("application_name", "chaperone estimate");
  parameters.emplace_back("default_transaction_read_only", "on");
  parameters.emplace_back("statement_timeout", kStatementTimeout);
  parameters.emplace_back("lock_timeout", kLockTimeout);
  parameters.emplace_back("search_path", Quoted(input.search_path));
  return parameters;
}

// A line of a plan: `    ->  Update on t  (cost=… rows=5 width=6)`.
struct PlanLine {
  // Columns before the arrow and before the node; kNone for a line that is no node.
  size_t arrow = kNone;
  size_t node = kNone;
  double rows = 0;
  bool changes_rows = false;

  static constexpr size_t kNone = std::string::npos;
};

PlanLine ReadLine(std::string_view line) {
  constexpr std::string_view kArrow = "->  ";
  PlanLine read;
  const size_t start = line.find_first_not_of(' ');
  const size_t cost = line.rfind("(cost=");
  if (start == std::string_view::npos || cost == std::string_view::npos) {
    return read;
  }
  const size_t rows = line.find(" rows=", cost);
  if (rows == std::string_view::npos) {
    return read;
  }
  const std::string_view digits = line.substr(rows + 6);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), read.rows).ec != std::errc()) {
    return read;
  }
  const bool has_arrow = line.substr(start).starts_with(kArrow);
  read.arrow = start;
  read.node = has_arrow ? start + kArrow.size() : start;
  for (const std::string_view verb : {"Insert on ", "Update on ", "Delete on ", "Merge on "}) {
    read.changes_rows = read.changes_rows || line.substr(read.node).starts_with(verb);
  }
  return read;
}

}  // namespace

absl::StatusOr<double> RowsOfPlan(const std::vector<std::string>& lines) {
  std::vector<PlanLine> nodes;
  for (const std::string& line : lines) {
    const PlanLine node = ReadLine(line);
    if (node.node != PlanLine::kNone) {
      nodes.push_back(node);
    }
  }
  if (nodes.empty()) {
    return base::DataLoss("the database answered with something else than a plan");
  }
  double changed = 0;
  bool changes = false;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].changes_rows) {
      continue;
    }
    changes = true;
    // Its inputs: the nodes two columns further in, up to the next node that is not below it. Initial plans stand
    // deeper.
    for (size_t j = i + 1; j < nodes.size() && nodes[j].arrow > nodes[i].node; ++j) {
      changed += nodes[j].arrow == nodes[i].node + 2 ? nodes[j].rows : 0;
    }
  }
  return changes ? changed : nodes.front().rows;
}

Task<absl::StatusOr<double>> EstimateRows(Connector& connector, runtime::Waiter& waiter, EstimateInput input,
                                          runtime::SteadyTime deadline) {
  if (input.parameters.size() > UINT16_MAX) {
    co_return base::InvalidArgument("it has {} parameters", input.parameters.size());
  }
  Connector::Parameters parameters = ParametersOf(input);
  ConnectResult result = co_await connector.Connect(waiter, std::move(parameters), deadline);
  if (result.failure) {
    co_return base::Unavailable("{}", result.failure->message);
  }
  ServerConnection& connection = *result.connection;
  runtime::WatchedFd watched(waiter, kDescriptorBit);
  absl::Status status = watched.Attach(connection.stream.fd());
  if (!status.ok()) {
    co_return status;
  }
  const runtime::Channel channel(connection.stream, watched, waiter);
  std::string out = Messages(input);
  status = co_await runtime::WriteAll(channel, deadline, std::move(out));
  Answer answer;
  std::string in = std::move(connection.input);
  size_t read_bytes = 0;
  while (status.ok() && !answer.ready) {
    status = answer.Consume(&in);
    if (!status.ok() || answer.ready) {
      break;
    }
    const size_t before = in.size();
    status = co_await runtime::ReadSome(channel, deadline, &in);
    read_bytes += in.size() - before;
    if (read_bytes > kPlanBytesMax) {
      status = base::ResourceExhausted("the plan is longer than {} bytes", kPlanBytesMax);
    }
  }
  if (status.ok()) {
    status = answer.failure;
  }
  if (status.ok()) {
    std::string terminate;
    pg::AppendTerminate(&terminate);
    // The connection is closed in any case.
    (void)co_await runtime::WriteAll(channel, deadline, std::move(terminate));
  }
  watched.Release();
  if (!status.ok()) {
    co_return status;
  }
  co_return RowsOfPlan(answer.lines);
}

}  // namespace chaperone::upstream
