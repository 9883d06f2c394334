// Network addresses as PostgreSQL writes them: inet, cidr (src/backend/utils/adt/network.c, src/port/inet_net_ntop.c),
// macaddr, macaddr8, in text and binary.
#ifndef CHAPERONE_DATAPLANE_MASKING_ADDRESS_H_
#define CHAPERONE_DATAPLANE_MASKING_ADDRESS_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace chaperone::masking {

struct InetAddress {
  bool is_v6 = false;
  // Length of the network part, to 32 or 128.
  int prefix_bits = 32;
  // In network order; the first 4 of a v4 address.
  std::array<uint8_t, 16> bytes{};

  size_t size() const { return is_v6 ? 16 : 4; }
  int bits_max() const { return is_v6 ? 128 : 32; }
  // The bits past the prefix become 0, as cidr has them.
  void ClearHost();
};

// "192.0.2.1", "2001:db8::1/64", "::ffff:192.0.2.1".
bool ParseInet(std::string_view text, InetAddress* out);
// `with_prefix`: write the prefix also when it covers the whole address, as cidr does.
void AppendInet(const InetAddress& address, bool with_prefix, std::string* out);
bool DecodeInet(std::string_view bytes, InetAddress* out);
void EncodeInet(const InetAddress& address, bool is_cidr, std::string* out);

// An IPv6 address alone, without prefix. False for anything else.
bool ParseV6(std::string_view text, std::array<uint8_t, 16>* bytes);
// Four decimal numbers to 255, without leading zeros.
bool ParseV4(std::string_view text, uint8_t* bytes);

// "08:00:2b:01:02:03": `bytes` says how many, 6 or 8.
bool ParseMac(std::string_view text, size_t bytes, uint8_t* out);
void AppendMac(const uint8_t* bytes, size_t size, std::string* out);

}  // namespace chaperone::masking

#endif  // CHAPERONE_DATAPLANE_MASKING_ADDRESS_H_
