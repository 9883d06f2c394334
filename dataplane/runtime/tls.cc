#include "dataplane/runtime/tls.h"

#include <openssl/err.h>

#include <array>
#include <string_view>

namespace chaperone::runtime {

namespace {

constexpr unsigned char kAlpnWire[] = {10, 'p', 'o', 's', 't', 'g', 'r', 'e', 's', 'q', 'l'};

// Chooses "postgresql" when the client offers ALPN and it is among its protocols; refuses the handshake otherwise, as
// PostgreSQL 17 does.
int SelectAlpn(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in, unsigned in_length,
               void*) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_length, kAlpnWire, sizeof(kAlpnWire), in, in_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

void SetCommonOptions(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // Buffers of idle connections are given back; a write may be repeated from other memory.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

}  // namespace

std::string LastTlsError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) {
    return "connection closed by the peer";
  }
  std::array<char, 256> text;
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

absl::StatusOr<SslContext> LoadServerContext(const std::string& certificate_file, const std::string& key_file) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) {
    return base::Internal("cannot create a TLS context: {}", LastTlsError());
  }
  SetCommonOptions(context.get());
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return base::InvalidArgument("cannot use the certificate {}: {}", certificate_file, LastTlsError());
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return base::InvalidArgument("cannot use the private key {}: {}", key_file, LastTlsError());
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return base::InvalidArgument("the private key {} does not belong to the certificate {}", key_file,
                                 certificate_file);
  }
  SSL_CTX_set_alpn_select_cb(context.get(), SelectAlpn, nullptr);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  return context;
}

absl::StatusOr<SslContext> LoadClientContext(const std::string& ca_file) {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) {
    return base::Internal("cannot create a TLS context: {}", LastTlsError());
  }
  SetCommonOptions(context.get());
  ERR_clear_error();
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                     : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) {
    return base::InvalidArgument("cannot use the CA certificates {}: {}",
                                 ca_file.empty() ? std::string("of the system") : ca_file, LastTlsError());
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace chaperone::runtime
