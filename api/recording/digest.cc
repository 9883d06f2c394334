#include "api/recording/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace chaperone::recording {

namespace {

class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1) {
      std::abort();  // out of memory, or a libcrypto without SHA-256
    }
  }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  ~Hasher() { EVP_MD_CTX_free(context_); }

  void Count(uint64_t value) { Integer(value, 8); }
  void Integer(uint64_t value, int bytes) {
    uint8_t encoded[8];
    for (int i = 0; i < bytes; ++i) {
      encoded[i] = static_cast<uint8_t>(value >> (8 * i));
    }
    EVP_DigestUpdate(context_, encoded, static_cast<size_t>(bytes));
  }
  void Field(std::string_view bytes) {
    Count(bytes.size());
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
  }
  Digest Finish() {
    Digest digest;
    EVP_DigestFinal_ex(context_, digest.data(), nullptr);
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
};

}  // namespace

Digest ApprovalDigest(const DigestInput& input) {
  Hasher hasher;
  hasher.Field("chaperone.approval.v1");
  for (const std::string_view field :
       {input.issuer, input.subject, input.human, input.task, input.endpoint, input.database, input.role}) {
    hasher.Field(field);
  }
  hasher.Count(input.search_path.size());
  for (const std::string_view schema : input.search_path) {
    hasher.Field(schema);
  }
  hasher.Field(input.statement);
  hasher.Count(input.parameters.size());
  for (const DigestParameter& parameter : input.parameters) {
    hasher.Integer(parameter.type_oid, 4);
    hasher.Integer(parameter.binary ? 1 : 0, 1);
    hasher.Integer(parameter.is_null ? 1 : 0, 1);
    hasher.Field(parameter.value);
  }
  return hasher.Finish();
}

}  // namespace chaperone::recording
