#include "dataplane/session/conversation_testing.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "api/policy/policy.h"
#include "api/sql/fixture.h"
#include "dataplane/recorder/spool_testing.h"
#include "dataplane/wire/postgres/bytes.h"

namespace chaperone::session {

namespace pg = wire::postgres;

namespace {

constexpr std::string_view kRules = R"(apiVersion: chaperone/v1
kind: Policy
metadata: {name: test}
principals:
  - subject: agent
databases: ["*/*"]
statements:
  - {id: read, effect: allow, actions: [read], resources: ["public.*", "pg_catalog.*"]}
  - {id: write, effect: allow, actions: [insert, update, delete], resources: ["public.open_t"]}
  - {id: ask, effect: require_approval, actions: [delete], resources: ["public.orders"], approval: {approvers: [owners]}}
  - {id: never, effect: deny, actions: [read, insert, update, delete], resources: ["crm.*"]}
  - {id: free, effect: allow, actions: [session, notify, ddl], resources: ["*"]}
)";
constexpr std::string_view kNoUsers = R"(  - {id: no-users, effect: deny, actions: [read], resources: ["public.users"]}
)";
constexpr std::string_view kMasking = R"(masking:
  - {id: ssn, columns: ["public.users.ssn"], method: redact, in_predicates: deny}
)";
constexpr std::string_view kDetectors = R"(masking:
  - {id: found, detect: [credit_card], method: redact}
limits: {rows_per_statement: 3}
)";

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "%s\n", base::Describe(value.status()).c_str());
    std::abort();
  }
  return *std::move(value);
}

std::shared_ptr<const policy::View> MakeView(TestPolicy policy) {
  std::string yaml(kRules);
  yaml += policy == TestPolicy::kMasked        ? kMasking
          : policy == TestPolicy::kDetecting   ? kDetectors
          : policy == TestPolicy::kUsersDenied ? kNoUsers
                                               : std::string_view();
  const auto document = Must(policy::ParseDocument(yaml, "test.yaml"));
  const auto bundle = Must(policy::Bundle::Compile({document}, 1));
  policy::Principal principal;
  principal.issuer = "https://idp.example.com";
  principal.subject = "agent";
  return bundle->ViewFor(principal, {"shop-prod", "shop", {}});
}

// One for the program; what is written counts as uploaded at once.
recorder::Spool& TheSpool() {
  static recorder::SpoolForTest spool({"", 256 << 10, 8 << 20, 256 << 10});
  spool.Empty();
  return spool.get();
}

}  // namespace

std::shared_ptr<JudgeContext> MakeContext(TestPolicy policy) {
  JudgeBasis basis;
  basis.view = MakeView(policy);
  basis.catalog = std::shared_ptr<const sql::Catalog>(&sql::ShopCatalog(), [](const sql::Catalog*) {});
  masking::DetectorCache detectors;
  basis.search = Must(masking::SearchRules::Make(*basis.view, masking::DeploymentKey(), &detectors));
  sql::SessionContext names;
  names.role = "app";
  return std::make_shared<JudgeContext>(std::move(basis), 1, std::move(names), JudgeContext::Options());
}

void FakeHost::OnNames(std::string_view search_path, std::string_view role, std::string_view temp_schema) {
  names = {std::string(search_path), std::string(role), std::string(temp_schema)};
}

std::optional<std::string> FakeHost::CheckFreshness(bool is_write) {
  return is_write && !stale.empty() ? std::optional(stale) : std::nullopt;
}

Rig::Rig(TestPolicy policy, ConversationLimits limits, recorder::Spool* spool)
    : Rig(MakeContext(policy), limits, spool) {}

Rig::Rig(std::shared_ptr<JudgeContext> context, ConversationLimits limits, recorder::Spool* spool)
    : limits_(limits),
      identity_{"ses_test", "https://idp.example.com", "agent", "", "", "shop-prod", "shop", "app"},
      record_(std::make_unique<recorder::SessionRecorder>(spool != nullptr ? *spool : TheSpool(),
                                                          base::SessionId::New(host_.clock))),
      recorder_(std::make_unique<StatementRecorder>(*record_, host_.clock)),
      conversation_(std::make_unique<Conversation>(host_, *recorder_, identity_, limits_)) {
  recorder_->SetOptions(context->view().recording());
  conversation_->SetContext(std::move(context));
}

void Rig::FromClient(std::string_view bytes) {
  client_in_ += bytes;
  if (conversation_->pause() == Pause::kNone && !conversation_->ending()) {
    // An exact-size copy lets the address sanitizer see a read past the end.
    const std::vector<char> in(client_in_.begin(), client_in_.end());
    const size_t used = conversation_->OnClientBytes({in.data(), in.size()});
    to_server_ += conversation_->to_server().TakeAll();
    to_client_ += conversation_->to_client().TakeAll();
    client_in_.erase(0, used);
  }
}

void Rig::FromServer(std::string_view bytes) {
  server_in_ += bytes;
  if (!conversation_->ending()) {
    const std::vector<char> in(server_in_.begin(), server_in_.end());
    const size_t used = conversation_->OnServerBytes({in.data(), in.size()});
    to_server_ += conversation_->to_server().TakeAll();
    to_client_ += conversation_->to_client().TakeAll();
    server_in_.erase(0, used);
  }
  Continue();
}

namespace {

std::string BodyInWords(char type, std::string_view body, bool from_server) {
  pg::Query query;
  pg::Parse parse;
  std::string_view tag;
  if (type == 'Z') {
    return std::string(body);
  }
  if (type == 'Q' && pg::DecodeQuery(body, &query).ok()) {
    return fmt::format(":{}", query.text);
  }
  if (type == 'P' && pg::DecodeParse(body, &parse).ok()) {
    return fmt::format(":{}:{}", parse.name, parse.text);
  }
  if (type == 'C' && from_server && pg::DecodeCommandComplete(body, &tag).ok()) {
    return fmt::format(":{}", tag);
  }
  if ((type == 'E' || type == 'N') && from_server) {
    const auto fields = pg::ErrorFields::Decode(body);
    return fields.ok() ? fmt::format(":{}", fields->sqlstate()) : ":?";
  }
  return "";
}

}  // namespace

std::string InWords(std::string_view messages, bool from_server) {
  std::string words;
  while (messages.size() >= pg::kHeaderBytes) {
    const size_t size = 1 + size_t{pg::LoadU32(messages.data() + 1)};
    if (size < pg::kHeaderBytes || size > messages.size()) {
      break;
    }
    words += words.empty() ? "" : " ";
    words +=
        messages[0] + BodyInWords(messages[0], messages.substr(pg::kHeaderBytes, size - pg::kHeaderBytes), from_server);
    messages.remove_prefix(size);
  }
  return messages.empty() ? words : words + " ...";
}

std::string Rig::ToClient() {
  to_client_ += conversation_->to_client().TakeAll();
  return std::exchange(to_client_, "");
}

std::string Rig::ToServer() {
  to_server_ += conversation_->to_server().TakeAll();
  return std::exchange(to_server_, "");
}

}  // namespace chaperone::session
