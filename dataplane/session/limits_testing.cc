#include "dataplane/session/limits_testing.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "api/sql/fixture.h"
#include "dataplane/recorder/spool_testing.h"
#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::session {

namespace pg = wire::postgres;

namespace {

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "%s\n", base::Describe(value.status()).c_str());
    std::abort();
  }
  return *std::move(value);
}

std::string Message(char type, std::string_view body) {
  std::string out(pg::kHeaderBytes, type);
  pg::StoreU32(out.data() + 1, static_cast<uint32_t>(body.size() + 4));
  return out.append(body);
}

std::string Number(uint32_t value, size_t bytes) {
  std::string out(4, '\0');
  pg::StoreU32(out.data(), value);
  return out.substr(4 - bytes);
}

// One for the program; what is written counts as uploaded at once.
recorder::Spool& TheSpool() {
  static recorder::SpoolForTest spool({"", 256 << 10, 8 << 20, 256 << 10});
  spool.Empty();
  return spool.get();
}

std::string ShownMessage(char type, std::string_view body, bool from_client) {
  std::string what;
  if (from_client && type == 'Q') {
    what = body.substr(0, body.size() - 1);
  } else if (from_client && type == 'P') {
    pg::Parse parse;
    what = pg::DecodeParse(body, &parse).ok() ? parse.text : "?";
  } else if (!from_client && type == 'C') {
    what = body.substr(0, body.size() - 1);
  } else if (!from_client && type == 'Z') {
    what = body;
  } else if (!from_client && type == 'E') {
    const auto fields = pg::ErrorFields::Decode(body);
    what = fields.ok() ? fields->sqlstate() : "?";
  }
  return what.empty() ? std::string(1, type) : fmt::format("{}({})", type, what);
}

}  // namespace

std::string Query(std::string_view text) {
  std::string out;
  pg::AppendQuery(text, &out);
  return out;
}

std::string Parse(std::string_view text, std::string_view name) {
  std::string out;
  pg::AppendParse(name, text, &out);
  return out;
}

std::string Bind(std::string_view statement, std::string_view portal) {
  std::string out;
  pg::AppendBind(portal, statement, &out);
  return out;
}

std::string Execute(uint32_t rows_max, std::string_view portal) {
  std::string out;
  pg::AppendExecute(portal, rows_max, &out);
  return out;
}

std::string Sync() {
  std::string out;
  pg::AppendSync(&out);
  return out;
}

std::string RunText(std::string_view text) { return Parse(text) + Bind() + Execute(); }

std::string Message(std::string_view type) { return Message(type[0], ""); }
std::string Complete(std::string_view tag) { return Message('C', std::string(tag) + '\0'); }
std::string Ready(char status) { return Message('Z', std::string(1, status)); }

std::string Failed(std::string_view sqlstate) {
  pg::ErrorMessage error;
  error.sqlstate = sqlstate;
  error.message = "failed";
  std::string out;
  pg::AppendError(error, &out);
  return out;
}

std::string Columns() {
  return Message('T', Number(1, 2) + std::string("id\0", 3) + Number(0, 4) + Number(0, 2) + Number(23, 4) +
                          Number(4, 2) + Number(UINT32_MAX, 4) + Number(0, 2));
}

std::string Row(std::string_view value) {
  return Message('D', Number(1, 2) + Number(static_cast<uint32_t>(value.size()), 4) + std::string(value));
}

std::string Shown(std::string_view bytes, bool from_client) {
  std::string out;
  while (bytes.size() >= pg::kHeaderBytes) {
    const size_t size = pg::LoadU32(bytes.data() + 1) + 1;
    out += out.empty() ? "" : " ";
    out += ShownMessage(bytes[0], bytes.substr(pg::kHeaderBytes, size - pg::kHeaderBytes), from_client);
    bytes.remove_prefix(size);
  }
  return out;
}

LimitsRig::LimitsRig(std::string_view body, QuotaBook* book, std::string_view task)
    : identity_{"ses_test", "https://idp.example.com", "agent", "", std::string(task), "shop-prod", "shop", "app"},
      record_(std::make_unique<recorder::SessionRecorder>(TheSpool(), base::SessionId::New(clock))),
      recorder_(std::make_unique<StatementRecorder>(*record_, clock)),
      conversation_(std::make_unique<Conversation>(*this, *recorder_, identity_, limits_)) {
  const std::string yaml = fmt::format(
      "apiVersion: chaperone/v1\nkind: Policy\nmetadata: {{name: test}}\nprincipals: [{{subject: \"*\"}}]\n"
      "databases: [\"*/*\"]\n{}",
      body);
  const auto bundle = Must(policy::Bundle::Compile({Must(policy::ParseDocument(yaml, "test.yaml"))}, 1));
  policy::Principal principal;
  principal.issuer = identity_.issuer;
  principal.subject = identity_.subject;
  principal.task = task;
  JudgeBasis basis;
  basis.view = bundle->ViewFor(principal, {"shop-prod", "shop", {}});
  basis.catalog = std::shared_ptr<const sql::Catalog>(&sql::ShopCatalog(), [](const sql::Catalog*) {});
  masking::DetectorCache detectors;
  basis.search = Must(masking::SearchRules::Make(*basis.view, key_, &detectors));
  recorder_->SetOptions(basis.view->recording());
  if (book != nullptr) {
    quota_.SetLimits(basis.view->limits(), *book, "agent", std::string(task), clock.Steady());
  }
  sql::SessionContext names;
  names.role = "app";
  conversation_->SetContext(
      std::make_shared<JudgeContext>(std::move(basis), 1, std::move(names), JudgeContext::Options()));
}

LimitsRig::~LimitsRig() = default;

std::string LimitsRig::Take() {
  const std::string to_server = conversation_->to_server().TakeAll();
  const std::string to_client = conversation_->to_client().TakeAll();
  client_bytes_ += to_client;
  std::string out = to_server.empty() ? "" : "server: " + Shown(to_server, true);
  if (!to_client.empty()) {
    out += (out.empty() ? "client: " : " client: ") + Shown(to_client, false);
  }
  return out;
}

std::string LimitsRig::Client(std::string_view bytes) {
  client_in_ += bytes;
  if (conversation_->pause() == Pause::kNone) {
    const std::string in = client_in_;
    client_in_.erase(0, conversation_->OnClientBytes(in));
    return Take();
  }
  return "";
}

std::string LimitsRig::Server(std::string_view bytes) {
  server_in_ += bytes;
  const std::string in = server_in_;
  server_in_.erase(0, conversation_->OnServerBytes(in));
  std::string out = Take();
  const std::string more = client_in_.empty() ? "" : Client("");
  return more.empty() ? out : out + (out.empty() ? "" : " then ") + more;
}

std::string LimitsRig::ClientBytes() { return std::exchange(client_bytes_, ""); }

}  // namespace chaperone::session
