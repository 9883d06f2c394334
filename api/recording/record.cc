#include "api/recording/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace chaperone::recording {

namespace {

constexpr size_t kVarintBytesMax = 10;
// A length takes one byte, or else this many.
constexpr size_t kLongLengthBytes = 4;
constexpr uint8_t kFollows = 0x80;
constexpr std::string_view kSelect = "SELECT ";

// One list of fields for each record, visited three ways: to bound its size, to write it, to read it.

class Sizer {
 public:
  // Whether a field is there that `flags` may leave out.
  static bool Has(uint64_t) { return true; }
  void Number(uint64_t) { bytes_ += kVarintBytesMax; }
  void Bytes(std::string_view text) { bytes_ += kVarintBytesMax + text.size(); }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

class Writer {
 public:
  explicit Writer(uint8_t* out) : at_(out) {}
  static bool Has(uint64_t flags) { return flags != 0; }
  void Number(uint64_t value) {
    while (value >= 0x80) {
      *at_++ = static_cast<uint8_t>(value) | 0x80;
      value >>= 7;
    }
    *at_++ = static_cast<uint8_t>(value);
  }
  void Bytes(std::string_view text) {
    Number(text.size());
    if (!text.empty()) {
      std::memcpy(at_, text.data(), text.size());
      at_ += text.size();
    }
  }
  uint8_t* at() const { return at_; }

 private:
  uint8_t* at_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  static bool Has(uint64_t flags) { return flags != 0; }
  void Number(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) {
        return Fail();
      }
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) {
        return Fail();
      }
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return;
      }
    }
    Fail();
  }
  void Bytes(std::string_view& text) {
    uint64_t size = 0;
    Number(size);
    if (size > rest_.size()) {
      return Fail();
    }
    text = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  // A count of items that take at least one byte each.
  size_t Count() {
    uint64_t count = 0;
    Number(count);
    if (count > rest_.size()) {
      Fail();
      return 0;
    }
    return count;
  }
  void Fail() {
    failed_ = true;
    rest_ = {};
  }
  bool failed() const { return failed_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

template <typename Visitor>
constexpr bool kReads = std::is_same_v<Visitor, Reader>;
template <typename Visitor>
constexpr bool kWrites = std::is_same_v<Visitor, Writer>;

template <typename Visitor, typename Integer>
void Int(Visitor& visitor, Integer& field) {
  if constexpr (kReads<Visitor>) {
    uint64_t value = 0;
    visitor.Number(value);
    field = static_cast<Integer>(value);
  } else {
    visitor.Number(static_cast<uint64_t>(field));
  }
}

// Field lists. `B` is the body, const except when reading.

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, SessionStarted> {
  Int(v, b.version);
  v.Bytes(b.issuer);
  v.Bytes(b.subject);
  v.Bytes(b.client);
  v.Bytes(b.human);
  v.Bytes(b.task);
  v.Bytes(b.token_id);
  v.Bytes(b.sidecar);
  v.Bytes(b.endpoint);
  v.Bytes(b.database);
  v.Bytes(b.role);
  v.Bytes(b.client_address);
  v.Bytes(b.application_name);
  v.Bytes(b.server_version);
  Int(v, b.policy_revision);
  Int(v, b.token_expires_us);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, StatementText> {
  Int(v, b.text_id);
  v.Bytes(b.text);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, Verdict> {
  Int(v, b.verdict_id);
  Int(v, b.observed);
  Int(v, b.observed_decision);
  Int(v, b.policy_revision);
  v.Bytes(b.policy);
  v.Bytes(b.rule);
  v.Bytes(b.reason);
  v.Bytes(b.action);
  v.Bytes(b.resource);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, Attempt> {
  Int(v, b.statement);
  Int(v, b.text_id);
  uint64_t how = static_cast<uint64_t>(b.channel) | static_cast<uint64_t>(b.decision) << 2;
  Int(v, how);
  if constexpr (kReads<V>) {
    b.channel = static_cast<Channel>(how & 3);
    b.decision = static_cast<RecordedDecision>(how >> 2 & 3);
  }
  Int(v, b.verdict_id);
  v.Bytes(b.approval_id);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, Columns> {
  Int(v, b.shape_id);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, Row> {
  Int(v, b.statement);
  Int(v, b.shape_id);
  v.Bytes(b.body);
}

// The tag says nothing but how many rows there are.
bool IsSelected(std::string_view tag, uint64_t rows) {
  if (!tag.starts_with(kSelect)) {
    return false;
  }
  tag.remove_prefix(kSelect.size());
  if (rows < 10) {  // mostly
    return tag.size() == 1 && tag[0] == static_cast<char>('0' + rows);
  }
  return tag == fmt::format_int(rows).c_str();
}
// Until the number of rows is known.
void SetSelected(Outcome& b) { b.tag = kSelect; }
void SetSelected(const Outcome&) {}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, Outcome> {
  constexpr uint64_t kFailed = 1, kMasked = 2, kInPart = 4, kSelected = 8;
  Int(v, b.statement);
  uint64_t how = 0;
  if constexpr (kWrites<V>) {
    how |= b.sqlstate.empty() && b.message.empty() ? 0 : kFailed;
    how |= b.masked_cells == 0 ? 0 : kMasked;
    how |= b.recorded_rows == b.rows ? 0 : kInPart;
    how |= IsSelected(b.tag, b.rows) ? kSelected : 0;
  }
  Int(v, how);
  if (!v.Has(~how & kSelected)) {
    SetSelected(b);
  } else {
    v.Bytes(b.tag);
  }
  if (v.Has(how & kFailed)) {
    v.Bytes(b.sqlstate);
    v.Bytes(b.message);
  }
  Int(v, b.rows);
  Int(v, b.bytes);
  if (v.Has(how & kMasked)) {
    Int(v, b.masked_cells);
  }
  if (v.Has(how & kInPart)) {
    Int(v, b.recorded_rows);
  } else if constexpr (kReads<V>) {
    b.recorded_rows = b.rows;
  }
  Int(v, b.latency_us);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, Notice> {
  Int(v, b.statement);
  v.Bytes(b.severity);
  v.Bytes(b.sqlstate);
  v.Bytes(b.message);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, CopyData> {
  Int(v, b.statement);
  Int(v, b.from_client);
  v.Bytes(b.data);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, ApprovalEvent> {
  Int(v, b.statement);
  v.Bytes(b.approval_id);
  v.Bytes(b.state);
  v.Bytes(b.by);
}

template <typename V, typename B>
void Scalars(V& v, B& b) requires std::is_same_v<std::remove_const_t<B>, SessionEnded> {
  v.Bytes(b.reason);
  Int(v, b.statements);
  Int(v, b.denied);
  Int(v, b.rows);
  Int(v, b.masked_cells);
}

template <typename V, typename B>
void Item(V& v, B& p) requires std::is_same_v<std::remove_const_t<B>, Parameter> {
  constexpr uint64_t kBinary = 1, kNull = 2, kMasked = 4, kInPart = 8;
  Int(v, p.type_oid);
  uint64_t how = 0;
  if constexpr (kWrites<V>) {
    how |= p.binary ? kBinary : 0;
    how |= p.is_null ? kNull : 0;
    how |= p.masked ? kMasked : 0;
    how |= p.value_bytes != p.value.size() ? kInPart : 0;
  }
  Int(v, how);
  if (v.Has(how & kInPart)) {
    Int(v, p.value_bytes);
  }
  v.Bytes(p.value);
  if constexpr (kReads<V>) {
    p.binary = (how & kBinary) != 0;
    p.is_null = (how & kNull) != 0;
    p.masked = (how & kMasked) != 0;
    p.value_bytes = (how & kInPart) != 0 ? p.value_bytes : static_cast<uint32_t>(p.value.size());
  }
}

template <typename V, typename B>
void Item(V& v, B& c) requires std::is_same_v<std::remove_const_t<B>, Column> {
  v.Bytes(c.name);
  Int(v, c.type_oid);
  Int(v, c.table_oid);
  Int(v, c.attnum);
  Int(v, c.binary);
  v.Bytes(c.mask_rule);
  v.Bytes(c.mask_method);
}

// Repeated fields stand last, behind their count.
template <typename V, typename B>
void Repeated(V&, const B&) {}

template <typename V>
void Repeated(V& v, const SessionStarted& b) {
  v.Number(b.groups.size());
  for (const std::string_view group : b.groups) {
    v.Bytes(group);
  }
}

template <typename V>
void Repeated(V& v, const Attempt& b) {
  v.Number(b.parameters.size());
  for (const Parameter& parameter : b.parameters) {
    Item(v, parameter);
  }
}

template <typename V>
void Repeated(V& v, const Columns& b) {
  v.Number(b.columns.size());
  for (const Column& column : b.columns) {
    Item(v, column);
  }
}

template <typename B>
void ReadRepeated(Reader&, B&, Record*) {}

void ReadRepeated(Reader& v, SessionStarted& b, Record*) {
  b.groups.resize(v.Count());
  for (std::string_view& group : b.groups) {
    v.Bytes(group);
  }
}

void ReadRepeated(Reader& v, Attempt& b, Record* record) {
  record->parameters.resize(v.Count());
  for (Parameter& parameter : record->parameters) {
    Item(v, parameter);
  }
  b.parameters = record->parameters;
}

void ReadRepeated(Reader&, Outcome& b, Record* record) {
  if (b.tag.data() == kSelect.data()) {
    record->tag = fmt::format("{}{}", kSelect, b.rows);
    b.tag = record->tag;
  }
}

void ReadRepeated(Reader& v, Columns& b, Record* record) {
  record->columns.resize(v.Count());
  for (Column& column : record->columns) {
    Item(v, column);
  }
  b.columns = record->columns;
}

template <typename B>
constexpr RecordType TypeOf() {
  if constexpr (std::is_same_v<B, SessionStarted>) return RecordType::kSessionStarted;
  if constexpr (std::is_same_v<B, StatementText>) return RecordType::kStatementText;
  if constexpr (std::is_same_v<B, Verdict>) return RecordType::kVerdict;
  if constexpr (std::is_same_v<B, Attempt>) return RecordType::kAttempt;
  if constexpr (std::is_same_v<B, Columns>) return RecordType::kColumns;
  if constexpr (std::is_same_v<B, Row>) return RecordType::kRow;
  if constexpr (std::is_same_v<B, Outcome>) return RecordType::kOutcome;
  if constexpr (std::is_same_v<B, Notice>) return RecordType::kNotice;
  if constexpr (std::is_same_v<B, CopyData>) return RecordType::kCopyData;
  if constexpr (std::is_same_v<B, ApprovalEvent>) return RecordType::kApproval;
  if constexpr (std::is_same_v<B, SessionEnded>) return RecordType::kSessionEnded;
}

template <typename B>
size_t BytesMax(const B& body) {
  Sizer sizer;
  Scalars(sizer, body);
  Repeated(sizer, body);
  return kRecordHeaderBytesMax + sizer.bytes();
}

// A length that takes more than the byte that was left for it, between the type and what is `length` long: a varint of
// kLongLengthBytes, whatever the length is.
[[gnu::noinline]] size_t PutLongLength(size_t length, uint8_t* out) {
  std::memmove(out + 1 + kLongLengthBytes, out + 2, length);
  for (size_t i = 0; i < kLongLengthBytes; ++i) {
    out[1 + i] = static_cast<uint8_t>((length >> (7 * i) & 0x7f) | (i + 1 < kLongLengthBytes ? 0x80 : 0));
  }
  return 1 + kLongLengthBytes + length;
}

template <typename B>
size_t Put(RecordTime time, const B& body, uint8_t* out) {
  const bool follows = time.before_us != 0 && time.us >= time.before_us;
  const uint64_t since_us = follows ? time.before_us : time.origin_us;
  Writer writer(out + 2);
  writer.Number(time.us - std::min(time.us, since_us));
  Scalars(writer, body);
  Repeated(writer, body);
  const auto length = static_cast<size_t>(writer.at() - (out + 2));
  out[0] = static_cast<uint8_t>(TypeOf<B>()) | (follows ? kFollows : 0);
  if (length >= 0x80) {
    return PutLongLength(length, out);
  }
  out[1] = static_cast<uint8_t>(length);
  return 2 + length;
}

template <typename B>
bool Get(std::string_view bytes, Record* record) {
  B& body = record->body.emplace<B>();
  Reader reader(bytes);
  Scalars(reader, body);
  ReadRepeated(reader, body, record);
  // Bytes behind the known fields belong to a newer version of the format.
  return !reader.failed();
}

bool GetBody(RecordType type, std::string_view bytes, Record* record) {
  switch (type) {
    case RecordType::kSessionStarted:
      return Get<SessionStarted>(bytes, record);
    case RecordType::kStatementText:
      return Get<StatementText>(bytes, record);
    case RecordType::kVerdict:
      return Get<Verdict>(bytes, record);
    case RecordType::kAttempt:
      return Get<Attempt>(bytes, record);
    case RecordType::kColumns:
      return Get<Columns>(bytes, record);
    case RecordType::kRow:
      return Get<Row>(bytes, record);
    case RecordType::kOutcome:
      return Get<Outcome>(bytes, record);
    case RecordType::kNotice:
      return Get<Notice>(bytes, record);
    case RecordType::kCopyData:
      return Get<CopyData>(bytes, record);
    case RecordType::kApproval:
      return Get<ApprovalEvent>(bytes, record);
    case RecordType::kSessionEnded:
      return Get<SessionEnded>(bytes, record);
  }
  record->body.emplace<std::monostate>();
  return true;
}

}  // namespace

#define CHAPERONE_DEFINE_CODEC(Type)                                  \
  size_t EncodedBytesMax(const Type& body) { return BytesMax(body); } \
  size_t Encode(RecordTime time, const Type& body, uint8_t* out) { return Put(time, body, out); }

CHAPERONE_DEFINE_CODEC(SessionStarted)
CHAPERONE_DEFINE_CODEC(StatementText)
CHAPERONE_DEFINE_CODEC(Verdict)
CHAPERONE_DEFINE_CODEC(Attempt)
CHAPERONE_DEFINE_CODEC(Columns)
CHAPERONE_DEFINE_CODEC(Row)
CHAPERONE_DEFINE_CODEC(Outcome)
CHAPERONE_DEFINE_CODEC(Notice)
CHAPERONE_DEFINE_CODEC(CopyData)
CHAPERONE_DEFINE_CODEC(ApprovalEvent)
CHAPERONE_DEFINE_CODEC(SessionEnded)
#undef CHAPERONE_DEFINE_CODEC

absl::StatusOr<bool> RecordReader::Next(Record* record) {
  if (rest_.empty()) {
    return false;
  }
  const RecordHead head = FirstRecord(rest_);
  if (head.total_bytes == 0) {
    const size_t left = std::exchange(rest_, {}).size();
    return base::DataLoss("a record is cut short: {} bytes are left", left);
  }
  const std::string_view bytes = rest_.substr(head.before_time_bytes, head.total_bytes - head.before_time_bytes);
  rest_.remove_prefix(head.total_bytes);
  record->type = head.type;
  const std::optional<std::string_view> body = ReadTime(head, bytes);
  if (!body || !GetBody(head.type, *body, record)) {
    rest_ = {};
    return base::DataLoss("a record of type {} does not decode", static_cast<int>(head.type));
  }
  record->time_us = *time_us_;
  return true;
}

// Takes the time that `bytes` begin with, and returns what is behind it; nothing when it cannot be.
std::optional<std::string_view> RecordReader::ReadTime(const RecordHead& head, std::string_view bytes) {
  Reader reader(bytes);
  uint64_t since_us = 0;
  reader.Number(since_us);
  const std::optional<uint64_t> start_us = head.follows ? time_us_ : origin_us_;
  if (reader.failed() || !start_us || since_us > UINT64_MAX - *start_us) {
    return std::nullopt;
  }
  time_us_ = *start_us + since_us;
  return reader.rest();
}

absl::Status SplitRow(std::string_view body, std::vector<Cell>* cells) {
  cells->clear();
  const auto byte = [&body](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(body[i])); };
  if (body.size() < 2) {
    return base::DataLoss("a row is cut short");
  }
  const uint32_t count = byte(0) << 8 | byte(1);
  body.remove_prefix(2);
  for (uint32_t i = 0; i < count; ++i) {
    if (body.size() < 4) {
      return base::DataLoss("a row is cut short");
    }
    const auto size = static_cast<int32_t>(byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3));
    body.remove_prefix(4);
    if (size == -1) {
      cells->push_back(Cell{true, {}});
      continue;
    }
    if (size < 0 || static_cast<size_t>(size) > body.size()) {
      return base::DataLoss("a cell says it has {} bytes; {} are there", size, body.size());
    }
    cells->push_back(Cell{false, body.substr(0, static_cast<size_t>(size))});
    body.remove_prefix(static_cast<size_t>(size));
  }
  return absl::OkStatus();
}

}  // namespace chaperone::recording
