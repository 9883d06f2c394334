// The whole control plane in this process, over mTLS on a free port.
#include "controlplane/app/control_plane.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <future>

#include "api/base/clock.h"
#include "chaperone/v1/approval.grpc.pb.h"
#include "chaperone/v1/audit.grpc.pb.h"
#include "chaperone/v1/fleet.grpc.pb.h"
#include "chaperone/v1/identity.grpc.pb.h"
#include "chaperone/v1/policy.grpc.pb.h"
#include "chaperone/v1/revocation.grpc.pb.h"
#include "chaperone/v1/session.grpc.pb.h"
#include "controlplane/app/clients_for_tests.h"
#include "controlplane/identity/authorization.h"
#include "controlplane/model/keys.h"
#include "controlplane/sessions/sidecar_fake.h"

namespace chaperone::app {
namespace {

constexpr const char* kPolicy = R"(apiVersion: chaperone/v1
kind: Policy
metadata: {name: coding-agents}
principals: [{groups: [coding-agents]}]
databases: ["shop-prod/*"]
statements:
  - {id: read-shop, effect: allow, actions: [read], resources: ["public.*"]}
)";

class Fixture {
 public:
  Fixture() {
    std::string name = (std::filesystem::temp_directory_path() / "chaperone-cp-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    config.listen = {"127.0.0.1", 0};
    config.telemetry = {"127.0.0.1", 0};
    config.state = folder + "/state";
    config.store.path = folder + "/state/store";
    config.dev.enabled = true;
    config.dev.certificates = folder + "/certificates";
    config.dev.issuer_listen.port = 0;
    using model::Role;
    config.dev.identities = {{"ann", {Role::kAdmin}, {}},      {"bob", {Role::kApprover}, {"db-owners"}},
                             {"carol", {Role::kAuditor}, {}},  {"nobody", {}, {}},
                             {"side-1", {Role::kSidecar}, {}}, {"side-2", {Role::kSidecar}, {}}};
    config.tls = {config.dev.certificates + "/controlplane.pem", config.dev.certificates + "/controlplane.key",
                  config.dev.certificates + "/ca.pem", ""};
    config.limits.kill_timeout = std::chrono::milliseconds(500);
    config.limits.stop_timeout = std::chrono::milliseconds(0);
    Start();
  }
  ~Fixture() {
    control_plane = nullptr;
    std::filesystem::remove_all(folder);
  }

  void Start() {
    auto built = ControlPlane::Build(config);
    INFO(built.status().ToString());
    REQUIRE(built.ok());
    control_plane = *std::move(built);
  }

  std::shared_ptr<grpc::Channel> As(const std::string& name) {
    return ChannelAs(config.dev.certificates, name, control_plane->port());
  }

  grpc::Status Apply(const std::string& document, v1::ApplyPoliciesResponse* response, uint64_t expected = 0) {
    v1::ApplyPoliciesRequest request;
    request.add_documents(document);
    request.set_expected_revision(expected);
    return v1::PolicyService::NewStub(As("ann"))->ApplyPolicies(Context().get(), request, response);
  }

  static v1::OpenApprovalRequest Request(char digest) {
    v1::OpenApprovalRequest request;
    request.mutable_subject()->set_digest(std::string(32, digest));
    request.mutable_subject()->mutable_principal()->set_issuer("https://idp");
    request.mutable_subject()->mutable_principal()->set_subject("agent-7");
    request.mutable_subject()->set_statement("UPDATE t SET a = 1");
    request.add_approvers("db-owners");
    return request;
  }

  Config config;
  std::string folder;
  std::unique_ptr<ControlPlane> control_plane;
};

bool VerifySignature(const v1::SignedSnapshot& snapshot) {
  BIO* bio = BIO_new_mem_buf(snapshot.certificate().data(), static_cast<int>(snapshot.certificate().size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool good =
      certificate != nullptr &&
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, X509_get0_pubkey(certificate)) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const uint8_t*>(snapshot.signature().data()),
                       snapshot.signature().size(), reinterpret_cast<const uint8_t*>(snapshot.snapshot().data()),
                       snapshot.snapshot().size()) == 1;
  EVP_MD_CTX_free(context);
  X509_free(certificate);
  BIO_free(bio);
  return good;
}

TEST_CASE("every method refuses whoever lacks its role, and the refusal is audited") {
  Fixture f;
  const auto nobody = f.As("nobody");
  const auto sidecar = f.As("side-1");
  for (const identity::Permission& permission : identity::Permissions()) {
    const std::string method(permission.method);
    const size_t dot = method.find('.');
    const std::string path = "/chaperone.v1." + method.substr(0, dot) + "/" + method.substr(dot + 1);
    INFO(path);
    if (permission.anyone) {
      CHECK(CallRaw(nobody.get(), path).ok());
      continue;
    }
    CHECK(CallRaw(nobody.get(), path).error_code() == grpc::StatusCode::PERMISSION_DENIED);
    if (!permission.roles.Has(model::Role::kSidecar)) {
      CHECK(CallRaw(sidecar.get(), path).error_code() == grpc::StatusCode::PERMISSION_DENIED);
    }
  }
  v1::ListAuditEntriesRequest request;
  request.set_limit(1000);
  request.set_actor("nobody");
  v1::ListAuditEntriesResponse response;
  const auto auditor = v1::AuditService::NewStub(f.As("carol"));
  const int refused = static_cast<int>(identity::Permissions().size()) - 1;
  // A refusal does not wait for its entry.
  for (int i = 0; i < 200 && response.entries_size() < refused; ++i) {
    REQUIRE(auditor->ListAuditEntries(Context().get(), request, &response).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(response.entries_size() == refused);
  CHECK(response.entries(0).outcome() == "PERMISSION_DENIED");
  CHECK(response.entries(0).peer_address().find("127.0.0.1") != std::string::npos);
}

TEST_CASE("without a certificate of the CA there is no call at all") {
  Fixture f;
  CHECK(CallRaw(f.As("").get(), "/chaperone.v1.IdentityService/WhoAmI").error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("a sidecar gets a signed snapshot at hello, and a new one with each change") {
  Fixture f;
  SyncClient sidecar(f.As("side-1"), "shop-prod");
  REQUIRE(sidecar.WaitFor([&] { return sidecar.snapshots.size() == 1; }));
  CHECK(sidecar.snapshots[0].policy_revision() == 0);
  CHECK(sidecar.snapshots[0].issuers_size() == 1);
  CHECK(sidecar.snapshots[0].issuers(0).issuer() == f.control_plane->dev_issuer());
  CHECK(sidecar.snapshots[0].masking_key().size() == 32);
  v1::ApplyPoliciesResponse applied;
  REQUIRE(f.Apply(kPolicy, &applied).ok());
  CHECK(applied.revision() == 1);
  REQUIRE(sidecar.WaitFor([&] { return sidecar.snapshots.size() == 2; }));
  CHECK(sidecar.snapshots[1].policy_revision() == 1);
  CHECK(sidecar.snapshots[1].policies(0).document() == kPolicy);
  CHECK(sidecar.snapshots[1].version() > sidecar.snapshots[0].version());
  for (const v1::SignedSnapshot& signed_snapshot : sidecar.signed_snapshots) {
    CHECK(VerifySignature(signed_snapshot));
  }
  v1::SignedSnapshot forged = sidecar.signed_snapshots[1];
  forged.mutable_snapshot()->append("x");
  CHECK_FALSE(VerifySignature(forged));
}

TEST_CASE("the snapshot's version survives a restart and goes on growing") {
  Fixture f;
  v1::ApplyPoliciesResponse applied;
  REQUIRE(f.Apply(kPolicy, &applied).ok());
  std::string masking_key;
  uint64_t version = 0;
  for (int run = 0; run < 2; ++run) {
    SyncClient sidecar(f.As("side-1"), "shop-prod");
    REQUIRE(sidecar.WaitFor([&] { return !sidecar.snapshots.empty(); }));
    const v1::Snapshot snapshot = sidecar.snapshots[0];
    if (run == 0) {
      version = snapshot.version();
      masking_key = snapshot.masking_key();
      sidecar.Finish();
      f.control_plane = nullptr;
      // The development issuer is on another port now, so the content differs.
      f.Start();
    } else {
      CHECK(snapshot.version() == version + 1);
      CHECK(snapshot.masking_key() == masking_key);
      CHECK(snapshot.policy_revision() == 1);
    }
  }
}

TEST_CASE("a rollout reports who enforces a revision and who refused it") {
  Fixture f;
  SyncClient willing(f.As("side-1"), "shop-prod");
  SyncClient unwilling(f.As("side-2"), "other", {.reject = "cannot compile", .silent = false, .live_sessions = {}});
  REQUIRE(willing.WaitFor([&] { return willing.snapshots.size() == 1; }));
  REQUIRE(unwilling.WaitFor([&] { return unwilling.snapshots.size() == 1; }));
  v1::ApplyPoliciesResponse applied;
  REQUIRE(f.Apply(kPolicy, &applied).ok());
  v1::WatchRolloutRequest request;
  request.set_revision(applied.revision());
  const auto context = Context();
  const auto stub = v1::PolicyService::NewStub(f.As("ann"));
  const auto reader = stub->WatchRollout(context.get(), request);
  std::map<std::string, v1::RolloutStatus> last;
  for (v1::RolloutStatus status; reader->Read(&status);) {
    last[status.sidecar()] = status;
  }
  REQUIRE(reader->Finish().ok());
  REQUIRE(last.size() == 2);
  CHECK(last["side-1"].state() == v1::RolloutStatus::ACKNOWLEDGED);
  CHECK(last["side-1"].elapsed().seconds() < 10);
  CHECK(last["side-2"].state() == v1::RolloutStatus::REJECTED);
  CHECK(last["side-2"].reason() == "cannot compile");

  v1::ListSidecarsResponse sidecars;
  REQUIRE(v1::FleetService::NewStub(f.As("carol"))->ListSidecars(Context().get(), {}, &sidecars).ok());
  REQUIRE(sidecars.sidecars_size() == 2);
  CHECK(sidecars.sidecars(0).policy_revision() == 1);
  CHECK(sidecars.sidecars(1).rejected_reason() == "cannot compile");
}

TEST_CASE("a newer stream of the same sidecar takes over") {
  Fixture f;
  SyncClient first(f.As("side-1"), "shop-prod");
  REQUIRE(first.WaitFor([&] { return first.snapshots.size() == 1; }));
  SyncClient second(f.As("side-1"), "shop-prod");
  REQUIRE(second.WaitFor([&] { return second.snapshots.size() == 1; }));
  REQUIRE(first.WaitFor([&] { return first.ended; }));
  CHECK(first.Finish().error_code() == grpc::StatusCode::ABORTED);
}

TEST_CASE("a stream that does not start with hello ends with an error") {
  Fixture f;
  const auto stub = v1::SidecarService::NewStub(f.As("side-1"));
  const auto context = Context();
  const auto stream = stub->Sync(context.get());
  v1::SyncRequest report;
  report.mutable_report()->set_live_sessions(1);
  stream->Write(report);
  v1::SyncResponse response;
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("a stale or broken policy is refused with the code and the place") {
  Fixture f;
  v1::ApplyPoliciesResponse applied;
  REQUIRE(f.Apply(kPolicy, &applied).ok());
  CHECK(f.Apply(std::string(kPolicy) + "# changed\n", &applied, 7).error_code() == grpc::StatusCode::ABORTED);
  const grpc::Status broken = f.Apply(std::string(kPolicy) + "statments: []\n", &applied);
  CHECK(broken.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(broken.error_message().find("unknown key \"statments\"; did you mean \"statements\"?") != std::string::npos);
}

TEST_CASE("simulation needs a statement and a database that a sidecar knows, and says what is missing") {
  Fixture f;
  const auto policies = v1::PolicyService::NewStub(f.As("carol"));
  v1::SimulatePolicyRequest request;
  v1::SimulatePolicyResponse response;
  CHECK(policies->SimulatePolicy(Context().get(), request, &response).error_code() ==
        grpc::StatusCode::INVALID_ARGUMENT);
  request.set_sql("SELECT 1");
  request.mutable_scope()->set_database("shop-prod/shop");
  const grpc::Status unknown = policies->SimulatePolicy(Context().get(), request, &response);
  CHECK(unknown.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(unknown.error_message().find("no sidecar has ever connected for endpoint") != std::string::npos);
}

TEST_CASE("an approval goes from the sidecar to a human and back") {
  Fixture f;
  SyncClient sidecar(f.As("side-1"), "shop-prod");
  REQUIRE(sidecar.WaitFor([&] { return sidecar.snapshots.size() == 1; }));
  const auto side = v1::SidecarService::NewStub(f.As("side-1"));
  const auto human = v1::ApprovalService::NewStub(f.As("bob"));
  const auto watch_context = Context();
  const auto watch = human->WatchApprovals(watch_context.get(), {});

  v1::Approval opened;
  REQUIRE(side->OpenApproval(Context().get(), Fixture::Request('d'), &opened).ok());
  v1::Approval seen;
  REQUIRE(watch->Read(&seen));
  CHECK(seen.id() == opened.id());
  v1::ConsumeApprovalRequest consume;
  consume.set_id(opened.id());
  consume.set_digest(std::string(32, 'd'));
  v1::Approval consumed;
  CHECK(side->ConsumeApproval(Context().get(), consume, &consumed).error_code() ==
        grpc::StatusCode::FAILED_PRECONDITION);

  v1::DecideApprovalRequest decide;
  decide.set_id(opened.id());
  v1::Approval approved;
  REQUIRE(human->Approve(Context().get(), decide, &approved).ok());
  REQUIRE(sidecar.WaitFor([&] { return sidecar.approvals.size() == 1; }));
  CHECK(sidecar.approvals[0].state() == v1::Approval::APPROVED);
  REQUIRE(watch->Read(&seen));
  CHECK(seen.state() == v1::Approval::APPROVED);
  CHECK(side->ConsumeApproval(Context().get(), consume, &consumed).ok());
  CHECK(side->ConsumeApproval(Context().get(), consume, &consumed).error_code() ==
        grpc::StatusCode::FAILED_PRECONDITION);
  watch_context->TryCancel();
}

TEST_CASE("a decision made while the sidecar was away reaches it at hello") {
  Fixture f;
  v1::Approval opened;
  REQUIRE(
      v1::SidecarService::NewStub(f.As("side-1"))->OpenApproval(Context().get(), Fixture::Request('d'), &opened).ok());
  v1::DecideApprovalRequest decide;
  decide.set_id(opened.id());
  REQUIRE(v1::ApprovalService::NewStub(f.As("bob"))->Reject(Context().get(), decide, &opened).ok());
  SyncClient sidecar(f.As("side-1"), "shop-prod");
  REQUIRE(sidecar.WaitFor([&] { return sidecar.approvals.size() == 1; }));
  CHECK(sidecar.approvals[0].state() == v1::Approval::REJECTED);
}

TEST_CASE("a revocation is confirmed by every connected sidecar, and lifted again") {
  Fixture f;
  SyncClient first(f.As("side-1"), "shop-prod", {.reject = "", .silent = false, .live_sessions = {"ses_a", "ses_b"}});
  SyncClient second(f.As("side-2"), "other");
  REQUIRE(first.WaitFor([&] { return first.snapshots.size() == 1; }));
  REQUIRE(second.WaitFor([&] { return second.snapshots.size() == 1; }));
  const auto stub = v1::RevocationService::NewStub(f.As("ann"));
  v1::RevokeRequest request;
  v1::RevokeResponse response;
  CHECK(stub->Revoke(Context().get(), request, &response).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  request.mutable_selector()->set_subject("agent-7");
  REQUIRE(stub->Revoke(Context().get(), request, &response).ok());
  CHECK(response.sidecars() == 2);
  CHECK(response.confirmed() == 2);
  CHECK(response.sessions_ended() == 2);
  REQUIRE(first.WaitFor([&] { return first.snapshots.back().revocations_size() == 1; }));
  v1::ListRevocationsResponse list;
  REQUIRE(stub->ListRevocations(Context().get(), {}, &list).ok());
  CHECK(list.revocations(0).selector().subject() == "agent-7");
  v1::LiftRevocationRequest lift;
  lift.set_id(response.revocation().id());
  v1::LiftRevocationResponse lifted;
  REQUIRE(stub->LiftRevocation(Context().get(), lift, &lifted).ok());
  REQUIRE(first.WaitFor([&] { return first.snapshots.back().revocations().empty(); }));
  CHECK(stub->LiftRevocation(Context().get(), lift, &lifted).error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("a revocation that runs out by itself leaves the snapshot") {
  Fixture f;
  SyncClient sidecar(f.As("side-1"), "shop-prod");
  v1::RevokeRequest request;
  request.mutable_selector()->set_task("t-1");
  request.mutable_expires_at()->set_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count() +
      2);
  v1::RevokeResponse response;
  REQUIRE(v1::RevocationService::NewStub(f.As("ann"))->Revoke(Context().get(), request, &response).ok());
  CHECK(response.confirmed() == 1);
  CHECK(sidecar.WaitFor([&] { return sidecar.snapshots.back().revocations().empty(); }));
}

TEST_CASE("records go in once, whatever is sent again, and come out whole") {
  Fixture f;
  const base::SystemClock clock;
  const std::string spool = model::IdKey(base::SpoolId::New(clock));
  sessions::FakeRecording recording(clock, "agent-7");
  const auto first = sessions::BatchOf(10, {recording.Statement().Seal()});
  const auto second = sessions::BatchOf(20, {recording.Statement().Seal()});
  const auto third = sessions::BatchOf(30, {recording.End("client_closed").Seal()});
  {
    RecordClient stream(f.As("side-1"), spool);
    v1::RecordResponse welcome;
    REQUIRE(stream.Hello(&welcome));
    CHECK(welcome.position() == 0);
    REQUIRE(stream.Send(first));
    REQUIRE(stream.Send(second));
    REQUIRE(stream.AwaitDurable(20));
    // The connection breaks here.
  }
  {
    RecordClient stream(f.As("side-1"), spool);
    v1::RecordResponse welcome;
    REQUIRE(stream.Hello(&welcome));
    CHECK(welcome.position() == 20);
    REQUIRE(welcome.open_size() == 1);
    CHECK(welcome.open(0).next_record() == 5);
    REQUIRE(stream.Send(first));
    REQUIRE(stream.Send(second));
    REQUIRE(stream.Send(third));
    REQUIRE(stream.AwaitDurable(30));
    CHECK(stream.Finish().ok());
  }
  const auto stub = v1::SessionService::NewStub(f.As("carol"));
  v1::ListSessionsResponse list;
  REQUIRE(stub->ListSessions(Context().get(), {}, &list).ok());
  REQUIRE(list.sessions_size() == 1);
  CHECK(list.sessions(0).state() == v1::Session::ENDED);
  CHECK(list.sessions(0).recorded_records() == 6);
  v1::ReadRecordingRequest request;
  request.set_id(recording.id().ToString());
  request.set_follow(true);
  const auto context = Context();
  const auto reader = stub->ReadRecording(context.get(), request);
  std::vector<std::string> payloads;
  for (v1::ReadRecordingResponse response; reader->Read(&response);) {
    payloads.push_back(response.chunk().payload());
  }
  CHECK(reader->Finish().ok());
  CHECK(payloads ==
        std::vector<std::string>{first.chunks(0).payload(), second.chunks(0).payload(), third.chunks(0).payload()});
}

TEST_CASE("a damaged batch ends the stream and is not acknowledged") {
  Fixture f;
  const base::SystemClock clock;
  RecordClient stream(f.As("side-1"), model::IdKey(base::SpoolId::New(clock)));
  v1::RecordResponse welcome;
  REQUIRE(stream.Hello(&welcome));
  sessions::FakeRecording recording(clock, "agent-7");
  v1::RecordBatch batch = sessions::BatchOf(10, {recording.Statement().Seal()});
  batch.mutable_chunks(0)->mutable_payload()->back() ^= 1;
  REQUIRE(stream.Send(batch));
  CHECK_FALSE(stream.AwaitDurable(10));
  CHECK(stream.Finish().error_code() == grpc::StatusCode::DATA_LOSS);
}

TEST_CASE("one stream may send an old spool and then the new one") {
  Fixture f;
  const base::SystemClock clock;
  const std::string old_spool = model::IdKey(base::SpoolId::New(clock));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const std::string new_spool = model::IdKey(base::SpoolId::New(clock));
  const auto stub = v1::SidecarService::NewStub(f.As("side-1"));
  const auto context = Context();
  const auto stream = stub->Record(context.get());
  sessions::FakeRecording recording(clock, "agent-7");
  v1::RecordRequest request;
  v1::RecordResponse response;
  request.mutable_hello()->set_spool_id(old_spool);
  stream->Write(request);
  REQUIRE(stream->Read(&response));
  *request.mutable_batch() = sessions::BatchOf(500, {recording.Statement().Seal()});
  stream->Write(request);
  REQUIRE(stream->Read(&response));
  CHECK(response.position() == 500);
  request.mutable_hello()->set_spool_id(new_spool);
  stream->Write(request);
  REQUIRE(stream->Read(&response));
  CHECK(response.position() == 0);
  v1::GetSessionRequest get;
  get.set_id(recording.id().ToString());
  v1::Session session;
  REQUIRE(v1::SessionService::NewStub(f.As("ann"))->GetSession(Context().get(), get, &session).ok());
  CHECK(session.end_reason() == "sidecar_restarted");
  stream->WritesDone();
  CHECK(stream->Finish().ok());
}

TEST_CASE("a session is killed through its sidecar, and only confirmation counts") {
  Fixture f;
  const base::SystemClock clock;
  RecordClient records(f.As("side-1"), model::IdKey(base::SpoolId::New(clock)));
  v1::RecordResponse welcome;
  REQUIRE(records.Hello(&welcome));
  sessions::FakeRecording recording(clock, "agent-7");
  REQUIRE(records.Send(sessions::BatchOf(10, {recording.Statement().Seal()})));
  REQUIRE(records.AwaitDurable(10));
  const auto stub = v1::SessionService::NewStub(f.As("ann"));
  v1::KillSessionRequest request;
  request.set_id(recording.id().ToString());
  v1::KillSessionResponse response;
  CHECK(stub->KillSession(Context().get(), request, &response).error_code() == grpc::StatusCode::NOT_FOUND);
  {
    SyncClient deaf(f.As("side-1"), "shop-prod", {.reject = "", .silent = true, .live_sessions = {}});
    REQUIRE(deaf.WaitFor([&] { return deaf.snapshots.size() == 1; }));
    CHECK(stub->KillSession(Context().get(), request, &response).error_code() == grpc::StatusCode::UNAVAILABLE);
    CHECK(deaf.WaitFor([&] { return deaf.kills.size() == 1; }));
  }
  SyncClient sidecar(f.As("side-1"), "shop-prod",
                     {.reject = "", .silent = false, .live_sessions = {recording.id().ToString()}});
  REQUIRE(sidecar.WaitFor([&] { return sidecar.snapshots.size() == 1; }));
  REQUIRE(stub->KillSession(Context().get(), request, &response).ok());
  CHECK(response.closed_at().seconds() == 77);
}

TEST_CASE("who a caller is comes from its certificate") {
  Fixture f;
  v1::WhoAmIResponse who;
  REQUIRE(v1::IdentityService::NewStub(f.As("bob"))->WhoAmI(Context().get(), {}, &who).ok());
  CHECK(who.name() == "bob");
  CHECK(who.roles(0) == "approver");
  CHECK(who.groups(0) == "db-owners");
}

TEST_CASE("an admin mints a token, and the minting is audited") {
  Fixture f;
  v1::MintTokenRequest request;
  request.set_subject("agent-7");
  v1::MintTokenResponse response;
  REQUIRE(v1::IdentityService::NewStub(f.As("ann"))->MintToken(Context().get(), request, &response).ok());
  CHECK(std::count(response.token().begin(), response.token().end(), '.') == 2);
  v1::ListAuditEntriesResponse audit;
  REQUIRE(v1::AuditService::NewStub(f.As("ann"))->ListAuditEntries(Context().get(), {}, &audit).ok());
  CHECK(audit.entries(0).resource() == "token for agent-7");
  CHECK(audit.entries(0).detail().find(response.token()) == std::string::npos);
}

TEST_CASE("health and reflection answer") {
  Fixture f;
  const auto channel = f.As("nobody");
  CHECK(CallRaw(channel.get(), "/grpc.health.v1.Health/Check").ok());
  CHECK(CallRaw(channel.get(), "/chaperone.v1.NoSuchService/Method").error_code() == grpc::StatusCode::UNIMPLEMENTED);
  CHECK(CallRaw(channel.get(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo").error_code() !=
        grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace chaperone::app
