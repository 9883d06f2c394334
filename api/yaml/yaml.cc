#include "api/yaml/yaml.h"

#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <utility>

namespace chaperone::yaml {

namespace internal {

enum class Kind { kScalar, kSequence, kMapping };

struct Node {
  Kind kind = Kind::kScalar;
  int line = 0;
  bool plain = false;
  std::string text;
  std::vector<const Node*> items;
  std::vector<std::pair<const Node*, const Node*>> entries;
};

struct Tree {
  std::string file_name;
  // Stable addresses: nodes point at each other.
  std::deque<Node> nodes;
  const Node* root = nullptr;
};

namespace {

// Thrown through yaml-cpp's parser, which knows no other way to stop; caught in Parse below and nowhere else.
struct Refusal {
  int line;
  std::string message;
};

// Builds our tree from the parser's events: no tree of yaml-cpp's is ever made, so aliases cannot expand.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Tree* tree) : tree_(tree) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (tree_->root != nullptr) {
      throw Refusal{mark.line + 1, "a second document starts here; give one document a file"};
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node* node = Add(mark, "", anchor, Kind::kScalar);
    node->plain = true;
    Attach(node);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{mark.line + 1, "aliases are not supported; write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node* node = Add(mark, tag, anchor, Kind::kScalar);
    node->text = value;
    node->plain = tag == "?";
    Attach(node);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Add(mark, tag, anchor, Kind::kSequence));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Add(mark, tag, anchor, Kind::kMapping));
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Frame {
    Node* node;
    Node* pending_key = nullptr;
  };

  Node* Add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Kind kind) {
    const int line = mark.line + 1;
    if (anchor != 0) {
      throw Refusal{line, "anchors are not supported; write the value out"};
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refusal{line, fmt::format("the tag {} is not supported; remove it", tag)};
    }
    Node& node = tree_->nodes.emplace_back();
    node.kind = kind;
    node.line = line;
    return &node;
  }

  void Open(Node* node) {
    Attach(node);
    if (open_.size() >= static_cast<size_t>(kDepthMax)) {
      throw Refusal{node->line, fmt::format("nested deeper than {} levels", kDepthMax)};
    }
    open_.push_back(Frame{node});
  }

  void Attach(Node* node) {
    if (open_.empty()) {
      tree_->root = node;
      return;
    }
    Frame& frame = open_.back();
    if (frame.node->kind == Kind::kSequence) {
      frame.node->items.push_back(node);
      return;
    }
    if (frame.pending_key == nullptr) {
      AddKey(&frame, node);
      return;
    }
    frame.node->entries.emplace_back(frame.pending_key, node);
    frame.pending_key = nullptr;
  }

  static void AddKey(Frame* frame, Node* key) {
    if (key->kind != Kind::kScalar) {
      throw Refusal{key->line, "a key must be a word"};
    }
    for (const auto& [other, value] : frame->node->entries) {
      if (other->text == key->text) {
        throw Refusal{key->line, fmt::format("the key \"{}\" stands twice (first on line {})", key->text, other->line)};
      }
    }
    frame->pending_key = key;
  }

  Tree* tree_;
  std::vector<Frame> open_;
};

}  // namespace
}  // namespace internal

using internal::Kind;
using internal::Node;

namespace {

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kScalar:
      return "a single value";
    case Kind::kSequence:
      return "a list";
    case Kind::kMapping:
      return "a mapping";
  }
  return "";
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr size_t kWordMax = 64;
  if (word.size() > kWordMax) {
    return std::nullopt;
  }
  std::optional<std::string> best;
  size_t best_distance = std::max<size_t>(2, word.size() / 2);
  for (const std::string& candidate : known) {
    const size_t distance = EditDistance(word, candidate);
    if (distance <= best_distance && (!best || distance < best_distance)) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  int64_t unit_ms = 0;
  if (unit == "ms" || (unit.empty() && count == 0)) {
    unit_ms = 1;
  } else if (unit == "s") {
    unit_ms = 1000;
  } else if (unit == "m") {
    unit_ms = 60 * 1000;
  } else if (unit == "h") {
    unit_ms = 3600 * 1000;
  } else if (unit == "d") {
    unit_ms = 24 * 3600 * 1000;
  }
  constexpr int64_t kMsMax = int64_t{1000} * 365 * 24 * 3600 * 1000;
  if (error != std::errc() || unit_ms == 0 || count < 0 || count > kMsMax / unit_ms) {
    return base::InvalidArgument("not a duration; write for example 250ms, 30s, 15m, 8h or 7d");
  }
  return std::chrono::milliseconds(count * unit_ms);
}

std::string FormatDuration(std::chrono::milliseconds duration) {
  const int64_t ms = duration.count();
  constexpr std::pair<int64_t, std::string_view> kUnits[] = {
      {24 * 3600 * 1000, "d"}, {3600 * 1000, "h"}, {60 * 1000, "m"}, {1000, "s"}};
  for (const auto& [unit_ms, name] : kUnits) {
    if (ms != 0 && ms % unit_ms == 0) {
      return fmt::format("{}{}", ms / unit_ms, name);
    }
  }
  return ms == 0 ? "0s" : fmt::format("{}ms", ms);
}

int Value::line() const { return node_->line; }
std::string Value::Where() const { return fmt::format("{}:{}", tree_->file_name, node_->line); }
bool Value::IsScalar() const { return node_->kind == Kind::kScalar; }
bool Value::IsSequence() const { return node_->kind == Kind::kSequence; }
bool Value::IsMapping() const { return node_->kind == Kind::kMapping; }
std::string_view Value::text() const { return node_->text; }
bool Value::IsPlain() const { return node_->plain; }

std::vector<Value> Value::Items() const {
  std::vector<Value> items;
  items.reserve(node_->items.size());
  for (const Node* item : node_->items) {
    items.push_back(Value(tree_, item));
  }
  return items;
}

Mapping Value::AsMapping(std::string_view name) const { return Mapping(*this, std::string(name)); }

absl::Status Value::Error(std::string_view message) const { return base::InvalidArgument("{}: {}", Where(), message); }

std::string Mapping::Path(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

void Mapping::Fail(const Node* at, std::string message) {
  if (status_.ok()) {
    status_ = base::InvalidArgument("{}:{}: {}", value_.tree_->file_name, at->line, message);
  }
}

const Node* Mapping::Find(std::string_view key, Presence presence) {
  asked_.emplace_back(key);
  if (!status_.ok()) {
    return nullptr;
  }
  for (const auto& [name, value] : value_.node_->entries) {
    if (name->text == key) {
      // `key:` with nothing behind it is the same as no key.
      if (value->kind == Kind::kScalar && value->plain && (value->text.empty() || value->text == "null")) {
        break;
      }
      return value;
    }
  }
  if (presence == kRequired && missing_.ok()) {
    missing_ = value_.Error(fmt::format("\"{}\" is missing", Path(key)));
  }
  return nullptr;
}

void Mapping::String(std::string_view key, std::string* out, Presence presence) {
  const Node* node = Find(key, presence);
  if (node == nullptr) {
    return;
  }
  if (node->kind != Kind::kScalar) {
    return Fail(node, fmt::format("\"{}\" must be a string, not {}", Path(key), KindName(node->kind)));
  }
  *out = node->text;
}

void Mapping::Bool(std::string_view key, bool* out) {
  const Node* node = Find(key, kOptional);
  if (node == nullptr) {
    return;
  }
  if (node->kind == Kind::kScalar && node->plain && (node->text == "true" || node->text == "false")) {
    *out = node->text == "true";
    return;
  }
  Fail(node, fmt::format("\"{}\" must be true or false", Path(key)));
}

void Mapping::Integer(std::string_view key, int64_t* out, int64_t min, int64_t max) {
  const Node* node = Find(key, kOptional);
  if (node == nullptr) {
    return;
  }
  int64_t value = 0;
  const char* begin = node->text.data();
  const auto [end, error] = std::from_chars(begin, begin + node->text.size(), value);
  if (node->kind != Kind::kScalar || node->text.empty() || error != std::errc() || end != begin + node->text.size()) {
    return Fail(node, fmt::format("\"{}\" must be a whole number", Path(key)));
  }
  if (value < min || value > max) {
    return Fail(node, fmt::format("\"{}\" is {}; it must be from {} to {}", Path(key), value, min, max));
  }
  *out = value;
}

void Mapping::Duration(std::string_view key, std::chrono::milliseconds* out, std::chrono::milliseconds min,
                       std::chrono::milliseconds max) {
  const Node* node = Find(key, kOptional);
  if (node == nullptr) {
    return;
  }
  const auto value = ParseDuration(node->text);
  if (node->kind != Kind::kScalar || !value.ok()) {
    return Fail(node, fmt::format("\"{}\" is not a duration; write for example 250ms, 30s, 15m, 8h or 7d", Path(key)));
  }
  if (*value < min || *value > max) {
    return Fail(node, fmt::format("\"{}\" is {}; it must be from {} to {}", Path(key), FormatDuration(*value),
                                  FormatDuration(min), FormatDuration(max)));
  }
  *out = *value;
}

void Mapping::Bytes(std::string_view key, uint64_t* out, uint64_t min, uint64_t max) {
  const Node* node = Find(key, kOptional);
  if (node == nullptr) {
    return;
  }
  uint64_t count = 0;
  const char* begin = node->text.data();
  const char* text_end = begin + node->text.size();
  const auto [end, error] = std::from_chars(begin, text_end, count);
  const std::string_view unit(end, static_cast<size_t>(text_end - end));
  int shift = -1;
  if (unit.empty()) {
    shift = 0;
  } else if (unit == "KiB") {
    shift = 10;
  } else if (unit == "MiB") {
    shift = 20;
  } else if (unit == "GiB") {
    shift = 30;
  }
  if (node->kind != Kind::kScalar || error != std::errc() || shift < 0 ||
      count > (std::numeric_limits<uint64_t>::max() >> shift)) {
    return Fail(node, fmt::format("\"{}\" is not a size; write for example 4096, 64KiB, 16MiB or 1GiB", Path(key)));
  }
  const uint64_t value = count << shift;
  if (value < min || value > max) {
    return Fail(node, fmt::format("\"{}\" is {} bytes; it must be from {} to {}", Path(key), value, min, max));
  }
  *out = value;
}

void Mapping::Strings(std::string_view key, std::vector<std::string>* out, Presence presence) {
  const Node* node = Find(key, presence);
  if (node == nullptr) {
    return;
  }
  if (node->kind != Kind::kSequence) {
    return Fail(node, fmt::format("\"{}\" must be a list of strings, not {}", Path(key), KindName(node->kind)));
  }
  std::vector<std::string> values;
  for (const Node* item : node->items) {
    if (item->kind != Kind::kScalar) {
      return Fail(item, fmt::format("\"{}\" must hold strings, not {}", Path(key), KindName(item->kind)));
    }
    values.push_back(item->text);
  }
  *out = std::move(values);
}

void Mapping::ReadableFile(std::string_view key, std::string* out, Presence presence) {
  String(key, out, presence);
  const Node* const node = status_.ok() ? Find(key, kOptional) : nullptr;
  if (node != nullptr && access(out->c_str(), R_OK) != 0) {
    Fail(node, fmt::format("\"{}\": cannot read {}: {}", Path(key), *out, std::strerror(errno)));
  }
}

void Mapping::StringMap(std::string_view key, std::map<std::string, std::string>* out) {
  const Node* node = Find(key, kOptional);
  if (node == nullptr) {
    return;
  }
  if (node->kind != Kind::kMapping) {
    return Fail(node, fmt::format("\"{}\" must be a mapping, not {}", Path(key), KindName(node->kind)));
  }
  for (const auto& [name, value] : node->entries) {
    if (value->kind != Kind::kScalar) {
      return Fail(value, fmt::format("\"{}.{}\" must be a string", Path(key), name->text));
    }
    (*out)[name->text] = value->text;
  }
}

void Mapping::Choice(std::string_view key, const std::vector<std::string_view>& names, int* out, Presence presence) {
  const Node* node = Find(key, presence);
  if (node == nullptr) {
    return;
  }
  std::vector<std::string> known;
  for (size_t i = 0; i < names.size(); ++i) {
    if (node->kind == Kind::kScalar && node->text == names[i]) {
      *out = static_cast<int>(i);
      return;
    }
    known.emplace_back(names[i]);
  }
  std::string message =
      fmt::format("\"{}\" is \"{}\"; it must be one of: {}", Path(key), node->text, fmt::join(known, ", "));
  if (const auto nearest = Nearest(node->text, known)) {
    message += fmt::format("; did you mean \"{}\"?", *nearest);
  }
  Fail(node, std::move(message));
}

std::optional<Mapping> Mapping::Child(std::string_view key, Presence presence) {
  const Node* node = Find(key, presence);
  if (node == nullptr) {
    return std::nullopt;
  }
  if (node->kind != Kind::kMapping) {
    Fail(node, fmt::format("\"{}\" must be a mapping, not {}", Path(key), KindName(node->kind)));
    return std::nullopt;
  }
  return Mapping(Value(value_.tree_, node), Path(key));
}

std::optional<Value> Mapping::Any(std::string_view key, Presence presence) {
  const Node* node = Find(key, presence);
  if (node == nullptr) {
    return std::nullopt;
  }
  return Value(value_.tree_, node);
}

void Mapping::Check(absl::Status status) {
  if (status_.ok()) {
    status_ = std::move(status);
  }
}

void Mapping::Missing(absl::Status status) {
  if (missing_.ok()) {
    missing_ = std::move(status);
  }
}

bool Mapping::Has(std::string_view key) const {
  return std::any_of(value_.node_->entries.begin(), value_.node_->entries.end(),
                     [key](const auto& entry) { return entry.first->text == key; });
}

int Mapping::line() const { return value_.line(); }
std::string Mapping::Where() const { return value_.Where(); }
absl::Status Mapping::Error(std::string_view message) const { return value_.Error(message); }

absl::Status Mapping::Finish() {
  if (!status_.ok()) {
    return status_;
  }
  for (const auto& [name, value] : value_.node_->entries) {
    if (std::find(asked_.begin(), asked_.end(), name->text) != asked_.end()) {
      continue;
    }
    std::string message = fmt::format("unknown key \"{}\"", Path(name->text));
    if (const auto nearest = Nearest(name->text, asked_)) {
      message += fmt::format("; did you mean \"{}\"?", *nearest);
    } else {
      message += fmt::format("; known here: {}", fmt::join(asked_, ", "));
    }
    Fail(name, std::move(message));
    return status_;
  }
  return missing_;
}

absl::StatusOr<Document> Document::Parse(std::string_view text, std::string_view file_name) {
  if (text.size() > kTextBytesMax) {
    return base::InvalidArgument("{}: {} bytes; at most {} are read", file_name, text.size(), kTextBytesMax);
  }
  auto tree = std::make_shared<internal::Tree>();
  tree->file_name = std::string(file_name);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    internal::Builder builder(tree.get());
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const internal::Refusal& refusal) {
    return base::InvalidArgument("{}:{}: {}", file_name, refusal.line, refusal.message);
  } catch (const YAML::Exception& error) {
    return base::InvalidArgument("{}:{}: not YAML: {}", file_name, error.mark.line + 1, error.msg);
  }
  if (tree->root == nullptr || tree->root->kind != Kind::kMapping) {
    return base::InvalidArgument("{}: must hold a mapping (key: value)", file_name);
  }
  return Document(std::move(tree));
}

absl::StatusOr<Document> Document::Load(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) {
    text.resize(kTextBytesMax + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    const int error_number = errno != 0 ? errno : EIO;
    const std::string message = fmt::format("cannot read {}", path);
    if (error_number == ENOENT) {
      return base::NotFound("{}: no such file", message);
    }
    if (error_number == EACCES) {
      return base::PermissionDenied("{}: permission denied", message);
    }
    return base::ErrnoStatus(error_number, message);
  }
  return Parse(text, path);
}

Mapping Document::root() const { return Mapping(Value(tree_, tree_->root), ""); }

}  // namespace chaperone::yaml
