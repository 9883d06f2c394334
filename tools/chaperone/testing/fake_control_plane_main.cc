// FakeControlPlane as a program with mutual TLS, for chaperone_test.py. Arguments: CA, certificate and key as PEM
// files. Prints its port, then serves until its standard input ends.
#include <iostream>
#include <iterator>
#include <string>

#include "tools/chaperone/file.h"
#include "tools/chaperone/testing/fake_control_plane.h"
#include "tools/chaperone/testing/recorded_session.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: fake_control_plane CA CERTIFICATE KEY\n";
    return 2;
  }
  std::string pem[3];
  for (int i = 0; i < 3; ++i) {
    const auto text = chaperone::cli::ReadFile(argv[i + 1], 1 << 20);
    if (!text.ok()) {
      std::cerr << text.status().message() << "\n";
      return 1;
    }
    pem[i] = *text;
  }
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = pem[0];
  options.pem_key_cert_pairs.push_back({.private_key = pem[2], .cert_chain = pem[1]});
  chaperone::testing::FakeControlPlane control_plane(grpc::SslServerCredentials(options), 0);
  const std::string id = "ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C";
  const chaperone::testing::RecordedSession session = chaperone::testing::SampleSession(id);
  control_plane.answers.session = session.Describe();
  control_plane.answers.chunks = session.chunks();
  control_plane.answers.caller.set_name("alice");
  control_plane.answers.caller.add_roles("auditor");
  control_plane.answers.failures["KillSession"] = {grpc::StatusCode::PERMISSION_DENIED, "the role admin is needed"};
  std::cout << control_plane.port() << "\n" << std::flush;
  std::string ignored(std::istreambuf_iterator<char>(std::cin), {});
  return 0;
}
