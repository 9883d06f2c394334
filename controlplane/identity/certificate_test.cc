#include "controlplane/identity/certificate.h"

#include <google/protobuf/descriptor.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "api/base/fake_clock.h"
#include "chaperone/v1/approval.pb.h"
#include "chaperone/v1/audit.pb.h"
#include "chaperone/v1/fleet.pb.h"
#include "chaperone/v1/identity.pb.h"
#include "chaperone/v1/policy.pb.h"
#include "chaperone/v1/revocation.pb.h"
#include "chaperone/v1/session.pb.h"
#include "chaperone/v1/sidecar.pb.h"
#include "controlplane/identity/authorization.h"
#include "controlplane/identity/dev_certificates.h"
#include "controlplane/identity/openssl_handles.h"
#include "controlplane/identity/signer.h"
#include "controlplane/identity/small_file.h"

namespace chaperone::identity {
namespace {

using model::Caller;
using model::Role;

// A certificate of its own with these subject alternative names, signed by itself: nobody here verifies it.
std::string CertificateWith(const std::string& names) {
  const KeyHandle key(EVP_EC_gen("P-256"));
  const CertificateHandle certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  if (!names.empty()) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate.get(), certificate.get(), nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, names.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  return BioText(bio.get());
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "chaperone-id-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

std::string Slurp(const std::string& path) {
  const auto content = ReadSmallFile(path);
  REQUIRE(content.ok());
  return *content;
}

TEST_CASE("name, roles and groups come from the URI names") {
  const auto caller = CallerFromCertificate(
      CertificateWith("URI:chaperone:user:ann@example.com,URI:chaperone:role:admin,URI:chaperone:role:auditor,"
                      "URI:chaperone:group:db-owners,URI:chaperone:group:ops,URI:spiffe://example/ns,DNS:localhost"));
  REQUIRE(caller.ok());
  CHECK(caller->name == "ann@example.com");
  CHECK(caller->roles == model::Roles{Role::kAdmin, Role::kAuditor});
  CHECK(caller->groups == std::vector<std::string>{"db-owners", "ops"});
}

TEST_CASE("[fail-closed] a certificate that does not say clearly who it is for is nobody's") {
  const auto refused = [](const std::string& names) {
    return absl::IsUnauthenticated(CallerFromCertificate(CertificateWith(names)).status());
  };
  CHECK(refused(""));
  CHECK(refused("URI:chaperone:role:admin"));
  CHECK(refused("URI:chaperone:user:a,URI:chaperone:user:b"));
  CHECK(refused("URI:chaperone:user:a,URI:chaperone:role:root"));
  CHECK(refused("URI:chaperone:user:a,URI:chaperone:roles:admin"));
  CHECK(refused("URI:chaperone:user:"));
  CHECK(refused("URI:chaperone:user"));
  CHECK(refused("URI:chaperone:user:a b"));
  CHECK(refused("URI:chaperone:user:" + std::string(129, 'a')));
  CHECK(refused("DNS:chaperone.user.a"));
  CHECK(refused("email:ann@example.com"));
  CHECK(absl::IsUnauthenticated(CallerFromCertificate("").status()));
  CHECK(absl::IsUnauthenticated(CallerFromCertificate("-----BEGIN CERTIFICATE-----\nAAAA\n").status()));
  // The words of a role in another kind of name mean nothing.
  CHECK(CallerFromCertificate(CertificateWith("URI:chaperone:user:a,DNS:chaperone.role.admin"))->roles.empty());
}

TEST_CASE("a remembered caller is the same") {
  CallerCache cache;
  const std::string pem = CertificateWith("URI:chaperone:user:ann,URI:chaperone:role:approver");
  CHECK(cache.Find(pem)->name == "ann");
  CHECK(cache.Find(pem)->roles.Has(Role::kApprover));
  CHECK_FALSE(cache.Find("").ok());
}

TEST_CASE("every method of every service stands in the table, and nothing else does") {
  std::set<std::string> in_table;
  std::string_view last;
  for (const Permission& permission : Permissions()) {
    CHECK(last < permission.method);
    last = permission.method;
    in_table.emplace(permission.method);
    CHECK((permission.anyone || !permission.roles.empty()));
    CHECK_FALSE(permission.roles.Has(Role::kControlPlane));
  }
  // One message of each file, so that its descriptor is linked.
  const google::protobuf::FileDescriptor* files[] = {
      v1::Approval::descriptor()->file(), v1::AuditEntry::descriptor()->file(), v1::Sidecar::descriptor()->file(),
      v1::Issuer::descriptor()->file(),   v1::Policy::descriptor()->file(),     v1::Revocation::descriptor()->file(),
      v1::Session::descriptor()->file(),  v1::Hello::descriptor()->file()};
  std::set<std::string> in_services;
  for (const google::protobuf::FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        in_services.insert(file->service(s)->name() + "." + file->service(s)->method(m)->name());
      }
    }
  }
  CHECK(in_services.size() > 25);
  CHECK(in_table == in_services);
}

TEST_CASE("a call needs one of its roles") {
  const Caller admin{"ann", {Role::kAdmin}, {}};
  const Caller sidecar{"side", {Role::kSidecar}, {}};
  const Caller nobody{"eve", {}, {}};
  CHECK(Authorize(admin, "PolicyService.ApplyPolicies").ok());
  CHECK(absl::IsPermissionDenied(Authorize(admin, "ApprovalService.Approve")));
  CHECK(absl::IsPermissionDenied(Authorize(admin, "SidecarService.Sync")));
  CHECK(Authorize(sidecar, "SidecarService.Sync").ok());
  CHECK(absl::IsPermissionDenied(Authorize(sidecar, "SessionService.ReadRecording")));
  CHECK(Authorize(nobody, "IdentityService.WhoAmI").ok());
  CHECK(absl::IsPermissionDenied(Authorize(nobody, "FleetService.ListSidecars")));
  CHECK(absl::IsPermissionDenied(Authorize(admin, "PolicyService.NotThere")));
  CHECK(absl::IsPermissionDenied(Authorize(admin, "")));
}

TEST_CASE("development certificates are made once, and again only when they no longer serve") {
  Folder folder;
  base::FakeClock clock;
  DevCertificatesRequest request;
  request.folder = folder / "certs";
  request.clients = {{"ann", {Role::kAdmin}, {}}, {"bob", {Role::kApprover}, {"db-owners"}}};
  REQUIRE(EnsureDevCertificates(request, clock).ok());
  const auto caller = CallerFromCertificate(Slurp(folder / "certs/bob.pem"));
  REQUIRE(caller.ok());
  CHECK(caller->groups == std::vector<std::string>{"db-owners"});
  struct stat status {};
  for (const char* key : {"ca.key", "ann.key", "bob.key", "controlplane.key"}) {
    REQUIRE(stat((folder / ("certs/" + std::string(key))).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  const std::string ann = Slurp(folder / "certs/ann.pem");
  const std::string bob = Slurp(folder / "certs/bob.pem");
  const std::string ca = Slurp(folder / "certs/ca.pem");
  REQUIRE(EnsureDevCertificates(request, clock).ok());
  CHECK(Slurp(folder / "certs/ann.pem") == ann);

  // Another role: only that certificate is made again.
  request.clients[1].groups = {"ops"};
  REQUIRE(EnsureDevCertificates(request, clock).ok());
  CHECK(Slurp(folder / "certs/ann.pem") == ann);
  CHECK(Slurp(folder / "certs/bob.pem") != bob);
  // Damaged, or about to expire.
  std::ofstream(folder / "certs/ann.key") << "garbage";
  REQUIRE(EnsureDevCertificates(request, clock).ok());
  const std::string mended = Slurp(folder / "certs/ann.pem");
  CHECK(mended != ann);
  clock.Advance(std::chrono::hours(24 * 340));
  REQUIRE(EnsureDevCertificates(request, clock).ok());
  CHECK(Slurp(folder / "certs/ann.pem") != mended);
  CHECK(Slurp(folder / "certs/ca.pem") == ca);
}

TEST_CASE("odd names of development identities are refused") {
  Folder folder;
  base::FakeClock clock;
  DevCertificatesRequest request;
  request.folder = folder / "certs";
  for (const char* name : {"", "ca", "controlplane", "a/b", "a,URI:chaperone:role:admin"}) {
    request.clients = {{name, {}, {}}};
    CHECK(absl::IsInvalidArgument(EnsureDevCertificates(request, clock)));
  }
  request.clients = {{"ann", {}, {"g,URI:chaperone:role:admin"}}};
  CHECK(absl::IsInvalidArgument(EnsureDevCertificates(request, clock)));
  request.clients = {};
  request.server_names = {"localhost,URI:chaperone:role:admin"};
  CHECK(absl::IsInvalidArgument(EnsureDevCertificates(request, clock)));
}

TEST_CASE("the signer takes a key that belongs to a control plane's certificate, and no other") {
  Folder folder;
  base::FakeClock clock;
  DevCertificatesRequest request;
  request.folder = folder.path;
  request.clients = {{"ann", {Role::kAdmin}, {}}};
  REQUIRE(EnsureDevCertificates(request, clock).ok());
  const auto signer = Signer::Load(folder / "controlplane.pem", folder / "controlplane.key");
  REQUIRE(signer.ok());
  const auto signature = (*signer)->Sign("a snapshot");
  REQUIRE(signature.ok());
  const BioHandle bio = ReadBio((*signer)->certificate_pem());
  const CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  const auto verifies = [&](std::string_view bytes) {
    const DigestHandle context(EVP_MD_CTX_new());
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, X509_get0_pubkey(certificate.get()));
    return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature->data()), signature->size(),
                            reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
  };
  CHECK(verifies("a snapshot"));
  CHECK_FALSE(verifies("another snapshot"));

  CHECK(absl::IsNotFound(Signer::Load(folder / "none.pem", folder / "controlplane.key").status()));
  CHECK(absl::IsInvalidArgument(Signer::Load(folder / "controlplane.pem", folder / "ann.key").status()));
  CHECK(absl::IsInvalidArgument(Signer::Load(folder / "controlplane.key", folder / "controlplane.key").status()));
  const auto operators = Signer::Load(folder / "ann.pem", folder / "ann.key");
  CHECK(base::Message(operators.status()).find("chaperone:role:controlplane") != std::string_view::npos);
}

}  // namespace
}  // namespace chaperone::identity
