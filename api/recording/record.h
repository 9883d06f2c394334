// The records of a session, and their bytes. FORMAT.md is the specification; this file is its C++ form.
//
// Encoding writes into memory that the caller reserved (the sidecar's spool is a mapped file, so a record costs no copy
// and no system call). Decoding never trusts a length. All integers are little-endian; counts and lengths are varints
// (LEB128).
#ifndef CHAPERONE_API_RECORDING_RECORD_H_
#define CHAPERONE_API_RECORDING_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/base/id.h"
#include "api/base/status.h"

namespace chaperone::recording {

inline constexpr uint8_t kFormatVersion = 3;
// Type, length, time.
inline constexpr size_t kRecordHeaderBytesMax = 1 + 4 + 10;
// No record is larger; a writer splits what could be (rows), or refuses the statement (text).
inline constexpr size_t kRecordBytesMax = (16 << 20) - 1;

enum class RecordType : uint8_t {
  kSessionStarted = 1,
  kStatementText = 2,
  kAttempt = 3,
  kColumns = 4,
  kRow = 5,
  kOutcome = 6,
  kNotice = 7,
  kCopyData = 8,
  kApproval = 9,
  kSessionEnded = 10,
  kVerdict = 11,
};

// How a statement arrived.
enum class Channel : uint8_t { kSimple = 0, kParse = 1, kExecute = 2, kCopy = 3 };

// Values equal policy::Decision.
enum class RecordedDecision : uint8_t { kAllow = 0, kRequireApproval = 1, kDeny = 2 };

struct SessionStarted {
  uint8_t version = kFormatVersion;
  std::string_view issuer, subject, client, human, task, token_id;
  std::vector<std::string_view> groups;
  std::string_view sidecar, endpoint, database, role, client_address, application_name, server_version;
  uint64_t policy_revision = 0;
  // Microseconds since the epoch; 0 when the token has none.
  uint64_t token_expires_us = 0;
};

// A text that later records name by number. Written once for each distinct text of a session that is worth naming.
struct StatementText {
  uint32_t text_id = 0;
  std::string_view text;
};

struct Parameter {
  uint32_t type_oid = 0;
  bool binary = false;
  bool is_null = false;
  // Policy keeps the value out of the record; `value` is empty then.
  bool masked = false;
  // Bytes of the whole value; more than value.size() when the record was cut.
  uint32_t value_bytes = 0;
  std::string_view value;
};

// Why statements were decided as they were; attempts name it by number. Written once for each that a session meets, as
// far as the writer remembers.
struct Verdict {
  uint32_t verdict_id = 0;
  // mode: observe turned `observed_decision` into an allow.
  bool observed = false;
  RecordedDecision observed_decision = RecordedDecision::kAllow;
  uint64_t policy_revision = 0;
  std::string_view policy, rule, reason, action, resource;
};

// Written before the statement goes to the database. What could not be recorded did not run.
struct Attempt {
  // Grows by one for each attempt of the session.
  uint64_t statement = 0;
  uint32_t text_id = 0;
  Channel channel = Channel::kSimple;
  RecordedDecision decision = RecordedDecision::kDeny;
  uint32_t verdict_id = 0;
  // "apr_…" where an approval was asked for or used.
  std::string_view approval_id;
  std::span<const Parameter> parameters;
};

struct Column {
  std::string_view name;
  uint32_t type_oid = 0;
  uint32_t table_oid = 0;
  int16_t attnum = 0;
  bool binary = false;
  // Rule and method that masked it; empty when it passed.
  std::string_view mask_rule, mask_method;
};

// The shape of a result that later rows name by number.
struct Columns {
  uint32_t shape_id = 0;
  std::span<const Column> columns;
};

// A row as the client got it (masked): the body of its DataRow message.
struct Row {
  uint64_t statement = 0;
  uint32_t shape_id = 0;
  std::string_view body;
};

struct Outcome {
  uint64_t statement = 0;
  // CommandComplete's tag; empty after an error or a suspended portal.
  std::string_view tag;
  // The error as the client got it; empty when there was none.
  std::string_view sqlstate, message;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t masked_cells = 0;
  uint64_t recorded_rows = 0;
  uint32_t latency_us = 0;
};

struct Notice {
  uint64_t statement = 0;
  std::string_view severity, sqlstate, message;
};

// COPY data as the client sent it or got it (masked).
struct CopyData {
  uint64_t statement = 0;
  bool from_client = false;
  std::string_view data;
};

struct ApprovalEvent {
  uint64_t statement = 0;
  std::string_view approval_id;
  // "opened", "approved", "rejected", "expired", "consumed".
  std::string_view state;
  std::string_view by;
};

struct SessionEnded {
  std::string_view reason;
  uint64_t statements = 0;
  uint64_t denied = 0;
  uint64_t rows = 0;
  uint64_t masked_cells = 0;
};

using Body = std::variant<SessionStarted, StatementText, Attempt, Columns, Row, Outcome, Notice, CopyData,
                          ApprovalEvent, SessionEnded, Verdict>;

// How many bytes the record with its header takes at most; exact but for varints.
size_t EncodedBytesMax(const SessionStarted& body);
size_t EncodedBytesMax(const StatementText& body);
size_t EncodedBytesMax(const Verdict& body);
size_t EncodedBytesMax(const Attempt& body);
size_t EncodedBytesMax(const Columns& body);
size_t EncodedBytesMax(const Row& body);
size_t EncodedBytesMax(const Outcome& body);
size_t EncodedBytesMax(const Notice& body);
size_t EncodedBytesMax(const CopyData& body);
size_t EncodedBytesMax(const ApprovalEvent& body);
size_t EncodedBytesMax(const SessionEnded& body);

// From when on a session's records count their time, in microseconds since the epoch: when its id was made.
inline uint64_t OriginOf(const base::SessionId& session) { return session.time_ms() * 1000; }

// When a record was written, and when the one before it in the same chunk was; 0: it may stand first in a chunk. All in
// microseconds since the epoch. What was written before the origin, after the clock was set back, counts as written
// then.
struct RecordTime {
  uint64_t origin_us = 0;
  uint64_t us = 0;
  uint64_t before_us = 0;
};

// Writes header and body at `out` and returns the bytes written. REQUIRES: EncodedBytesMax(body) bytes at `out`.
size_t Encode(RecordTime time, const SessionStarted& body, uint8_t* out);
size_t Encode(RecordTime time, const StatementText& body, uint8_t* out);
size_t Encode(RecordTime time, const Verdict& body, uint8_t* out);
size_t Encode(RecordTime time, const Attempt& body, uint8_t* out);
size_t Encode(RecordTime time, const Columns& body, uint8_t* out);
size_t Encode(RecordTime time, const Row& body, uint8_t* out);
size_t Encode(RecordTime time, const Outcome& body, uint8_t* out);
size_t Encode(RecordTime time, const Notice& body, uint8_t* out);
size_t Encode(RecordTime time, const CopyData& body, uint8_t* out);
size_t Encode(RecordTime time, const ApprovalEvent& body, uint8_t* out);
size_t Encode(RecordTime time, const SessionEnded& body, uint8_t* out);

// A decoded record: views into the bytes that were read, which must outlive it.
struct Record {
  RecordType type = RecordType::kSessionStarted;
  uint64_t time_us = 0;
  // monostate for a type that this program does not know; its bytes are skipped, not lost.
  std::variant<std::monostate, SessionStarted, StatementText, Attempt, Columns, Row, Outcome, Notice, CopyData,
               ApprovalEvent, SessionEnded, Verdict>
      body;
  // What the spans of Attempt and Columns point at.
  std::vector<Parameter> parameters;
  std::vector<Column> columns;
  // What Outcome's tag points at, if its number was not written twice.
  std::string tag;
};

struct RecordHead;

// Reads a chunk's records, first to last.
class RecordReader {
 public:
  RecordReader(const base::SessionId& session, std::string_view bytes) : rest_(bytes), origin_us_(OriginOf(session)) {}

  // The next record into `record`; false at the end. Errors: DataLoss when the bytes do not decode; the reader is then
  // at its end.
  absl::StatusOr<bool> Next(Record* record);

 private:
  std::optional<std::string_view> ReadTime(const RecordHead& head, std::string_view bytes);

  std::string_view rest_;
  const uint64_t origin_us_;
  // Of the record before; none: there is none.
  std::optional<uint64_t> time_us_;
};

// The first record in a run of them, without its body.
struct RecordHead {
  RecordType type;
  // Its time is told as the microseconds since the record before.
  bool follows;
  // Of type and length, and of all of it; `total_bytes` is 0 when it is not there whole.
  uint32_t before_time_bytes;
  uint32_t total_bytes;
};
inline RecordHead FirstRecord(std::string_view bytes) {
  constexpr size_t kLengthBytesMax = 4;
  const auto byte = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  RecordHead head{};
  if (bytes.empty()) {
    return head;
  }
  head.type = static_cast<RecordType>(byte(0) & 0x7f);
  head.follows = byte(0) >= 0x80;
  uint32_t length = 0;
  for (uint32_t i = 0; i < kLengthBytesMax && i + 1 < bytes.size(); ++i) {
    length |= static_cast<uint32_t>(byte(i + 1) & 0x7f) << (7 * i);
    if (byte(i + 1) < 0x80) {
      head.before_time_bytes = i + 2;
      const uint32_t total = head.before_time_bytes + length;
      head.total_bytes = total <= bytes.size() && total <= kRecordBytesMax ? total : 0;
      return head;
    }
  }
  return head;
}

// The cells of one DataRow body, for display. Errors: DataLoss.
struct Cell {
  bool is_null = false;
  std::string_view value;
};
absl::Status SplitRow(std::string_view body, std::vector<Cell>* cells);

}  // namespace chaperone::recording

#endif  // CHAPERONE_API_RECORDING_RECORD_H_
