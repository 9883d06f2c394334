#include "api/recording/chain.h"

#include <openssl/sha.h>

#include <cstring>

namespace chaperone::recording {

namespace {
constexpr std::string_view kDomain = "chaperone.chunk.v1";
}  // namespace

// SHA256_* of libcrypto 3 are marked deprecated in favour of EVP, which allocates a context for each digest.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

ChainValue ChainAfter(const ChainValue& before, const ChunkHeader& header, std::string_view payload) {
  uint8_t numbers[12];
  for (int i = 0; i < 8; ++i) {
    numbers[i] = static_cast<uint8_t>(header.first_record >> (8 * i));
  }
  for (int i = 0; i < 4; ++i) {
    numbers[8 + i] = static_cast<uint8_t>(header.records >> (8 * i));
  }
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, kDomain.data(), kDomain.size());
  SHA256_Update(&context, before.data(), before.size());
  SHA256_Update(&context, header.session.bytes().data(), header.session.bytes().size());
  SHA256_Update(&context, numbers, sizeof(numbers));
  SHA256_Update(&context, payload.data(), payload.size());
  ChainValue after;
  SHA256_Final(after.data(), &context);
  return after;
}

#pragma GCC diagnostic pop

}  // namespace chaperone::recording
