#include "dataplane/wire/postgres/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <charconv>
#include <cstdlib>

namespace chaperone::wire::postgres {

namespace {

using Key = std::array<uint8_t, kScramKeyBytes>;
constexpr size_t kMessageBytesMax = 4096;

Key Hmac(const Key& key, std::string_view text) {
  Key out;
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const uint8_t*>(text.data()),
           text.size(), out.data(), &length) == nullptr) {
    std::abort();  // out of memory, or a libcrypto without SHA-256
  }
  return out;
}

Key Sha256(const Key& input) {
  Key out;
  SHA256(input.data(), input.size(), out.data());
  return out;
}

std::string_view AsText(const Key& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

// Takes "<name>=value" off the front of `rest`, up to a comma or the end.
bool TakeAttribute(char name, std::string_view* rest, std::string_view* value) {
  if (rest->size() < 2 || (*rest)[0] != name || (*rest)[1] != '=') {
    return false;
  }
  const size_t comma = rest->find(',');
  *value = rest->substr(2, comma == std::string_view::npos ? std::string_view::npos : comma - 2);
  rest->remove_prefix(comma == std::string_view::npos ? rest->size() : comma + 1);
  return true;
}

}  // namespace

std::string Base64Encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<uint8_t*>(text.data()),
                                   reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

absl::StatusOr<std::string> Base64Decode(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int size = text.size() % 4 != 0 || text.size() > kMessageBytesMax
                       ? -1
                       : EVP_DecodeBlock(reinterpret_cast<uint8_t*>(bytes.data()),
                                         reinterpret_cast<const uint8_t*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) {
    return base::DataLoss("not base64");
  }
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') {
    ++padding;
  }
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

ScramClient::ScramClient(std::string_view end_point, bool tls, std::string_view nonce)
    : gs2_header_(!end_point.empty() ? "p=tls-server-end-point,,"
                  : tls              ? "y,,"
                                     : "n,,"),
      end_point_(end_point),
      nonce_(nonce) {}

std::string ScramClient::ClientFirst() {
  client_first_bare_ = fmt::format("n=,r={}", nonce_);
  return gs2_header_ + client_first_bare_;
}

absl::StatusOr<std::string> ScramClient::ServerFirst(std::string_view message,
                                                     const base::Secret<std::string>& password, ScramKeys* keys) {
  std::string_view rest = message;
  std::string_view nonce, salt_text, iterations_text;
  if (message.size() > kMessageBytesMax || !TakeAttribute('r', &rest, &nonce) ||
      !TakeAttribute('s', &rest, &salt_text) || !TakeAttribute('i', &rest, &iterations_text)) {
    return base::DataLoss("the database's SCRAM challenge does not decode");
  }
  CHAPERONE_ASSIGN_OR_RETURN(const std::string salt, Base64Decode(salt_text));
  uint32_t iterations = 0;
  const char* const end = iterations_text.data() + iterations_text.size();
  const auto [stop, error] = std::from_chars(iterations_text.data(), end, iterations);
  if (error != std::errc() || stop != end || iterations == 0 || iterations > kScramIterationsMax || salt.empty()) {
    return base::Unauthenticated("the database asks for a SCRAM iteration count that is not from 1 to {}",
                                 kScramIterationsMax);
  }
  if (nonce.size() <= nonce_.size() || nonce.substr(0, nonce_.size()) != nonce_) {
    return base::Unauthenticated("the database's SCRAM nonce does not continue ours");
  }
  if (keys->salt != salt || keys->iterations != iterations) {
    Key salted;
    const std::string& secret = password.Reveal();
    if (PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const uint8_t*>(salt.data()),
                          static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                          static_cast<int>(salted.size()), salted.data()) != 1) {
      return base::Internal("PBKDF2 failed");
    }
    keys->salt = salt;
    keys->iterations = iterations;
    keys->salted_password = base::Secret<Key>(salted);
    OPENSSL_cleanse(salted.data(), salted.size());
  }
  const Key client_key = Hmac(keys->salted_password.Reveal(), "Client Key");
  const std::string without_proof = fmt::format("c={},r={}", Base64Encode(gs2_header_ + end_point_), nonce);
  const std::string auth_message = fmt::format("{},{},{}", client_first_bare_, message, without_proof);
  const Key client_signature = Hmac(Sha256(client_key), auth_message);
  Key proof;
  for (size_t i = 0; i < proof.size(); ++i) {
    proof[i] = client_key[i] ^ client_signature[i];
  }
  server_signature_ = AsText(Hmac(Hmac(keys->salted_password.Reveal(), "Server Key"), auth_message));
  return fmt::format("{},p={}", without_proof, Base64Encode(AsText(proof)));
}

absl::Status ScramClient::ServerFinal(std::string_view message) const {
  std::string_view rest = message;
  std::string_view verifier_text;
  if (server_signature_.empty() || !TakeAttribute('v', &rest, &verifier_text)) {
    return base::Unauthenticated("the database refused the SCRAM exchange");
  }
  const auto verifier = Base64Decode(verifier_text);
  if (!verifier.ok() || verifier->size() != server_signature_.size() ||
      CRYPTO_memcmp(verifier->data(), server_signature_.data(), server_signature_.size()) != 0) {
    return base::Unauthenticated("the database did not prove that it knows the password");
  }
  return absl::OkStatus();
}

}  // namespace chaperone::wire::postgres
