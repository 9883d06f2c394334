// Reading and writing the integers and strings of the PostgreSQL protocol (network byte order, NUL-terminated strings).
// PostgreSQL 15 manual, section 55.6 "Message Data Types".
#ifndef CHAPERONE_DATAPLANE_WIRE_POSTGRES_BYTES_H_
#define CHAPERONE_DATAPLANE_WIRE_POSTGRES_BYTES_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace chaperone::wire::postgres {

inline uint16_t LoadU16(const char* at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof(value));
  return __builtin_bswap16(value);
}

inline uint32_t LoadU32(const char* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof(value));
  return __builtin_bswap32(value);
}

inline void StoreU16(char* at, uint16_t value) {
  value = __builtin_bswap16(value);
  std::memcpy(at, &value, sizeof(value));
}

inline void StoreU32(char* at, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof(value));
}

// Takes fields off the front of a message body. After the first failure everything fails.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  uint8_t U8() {
    if (!Need(1)) {
      return 0;
    }
    const auto value = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  uint16_t U16() {
    if (!Need(2)) {
      return 0;
    }
    const uint16_t value = LoadU16(rest_.data());
    rest_.remove_prefix(2);
    return value;
  }
  uint32_t U32() {
    if (!Need(4)) {
      return 0;
    }
    const uint32_t value = LoadU32(rest_.data());
    rest_.remove_prefix(4);
    return value;
  }
  std::string_view Bytes(size_t size) {
    if (!Need(size)) {
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  // Up to the next NUL, which is taken too.
  std::string_view CString() {
    if (!failed_ && !rest_.empty() && rest_[0] == '\0') {  // most names are empty
      const std::string_view text = rest_.substr(0, 0);
      rest_.remove_prefix(1);
      return text;
    }
    const void* const nul = failed_ || rest_.empty() ? nullptr : std::memchr(rest_.data(), 0, rest_.size());
    if (nul == nullptr) {
      failed_ = true;
      return {};
    }
    const auto size = static_cast<size_t>(static_cast<const char*>(nul) - rest_.data());
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return text;
  }
  bool failed() const { return failed_; }
  // All is read and nothing failed.
  bool Done() const { return !failed_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  bool Need(size_t size) {
    if (failed_ || rest_.size() < size) {
      failed_ = true;
      return false;
    }
    return true;
  }

  std::string_view rest_;
  bool failed_ = false;
};

// Appends messages to a string.
class MessageWriter {
 public:
  explicit MessageWriter(std::string* out) : out_(out) {}

  // Starts a message; type 0 for the untyped startup packets.
  MessageWriter& Begin(char type) {
    if (type != 0) {
      out_->push_back(type);
    }
    length_at_ = out_->size();
    out_->append(4, '\0');
    return *this;
  }
  MessageWriter& U8(uint8_t value) {
    out_->push_back(static_cast<char>(value));
    return *this;
  }
  MessageWriter& U16(uint16_t value) {
    char bytes[2];
    StoreU16(bytes, value);
    out_->append(bytes, sizeof(bytes));
    return *this;
  }
  MessageWriter& U32(uint32_t value) {
    char bytes[4];
    StoreU32(bytes, value);
    out_->append(bytes, sizeof(bytes));
    return *this;
  }
  MessageWriter& Bytes(std::string_view bytes) {
    out_->append(bytes);
    return *this;
  }
  // REQUIRES: no NUL within `text`.
  MessageWriter& CString(std::string_view text) {
    out_->append(text);
    out_->push_back('\0');
    return *this;
  }
  // Fills in the length.
  void End() { StoreU32(out_->data() + length_at_, static_cast<uint32_t>(out_->size() - length_at_)); }

 private:
  std::string* out_;
  size_t length_at_ = 0;
};

}  // namespace chaperone::wire::postgres

#endif  // CHAPERONE_DATAPLANE_WIRE_POSTGRES_BYTES_H_
