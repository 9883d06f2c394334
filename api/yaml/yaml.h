// Strict reading of YAML: configuration files of both programs and policy documents. Every mistake is an error that
// names file, line, key and, for an unknown key, the nearest known one. The one place that touches yaml-cpp, which
// throws.
//
// Refused besides: anchors and aliases (a few lines can grow to gigabytes), duplicate keys, more than one document,
// tabs as yaml-cpp refuses them, nesting past kDepthMax, texts past kTextBytesMax.
//
//   yaml::Mapping map = document->root();
//   map.String("name", &name, yaml::kRequired);
//   map.Duration("expires", &expires);
//   if (auto tls = map.Child("tls")) ReadTls(*tls, &config.tls);
//   return map.Finish();
#ifndef CHAPERONE_API_YAML_YAML_H_
#define CHAPERONE_API_YAML_YAML_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/base/status.h"

namespace chaperone::yaml {

inline constexpr size_t kTextBytesMax = 1 << 20;
inline constexpr int kDepthMax = 20;

enum Presence { kOptional, kRequired };

namespace internal {
struct Tree;
struct Node;
}  // namespace internal

class Mapping;

// A value of any kind with its place in the file. Cheap to copy; shares ownership of the document.
class Value {
 public:
  int line() const;
  // "policy.yaml:12", for messages.
  std::string Where() const;
  bool IsScalar() const;
  bool IsSequence() const;
  bool IsMapping() const;
  // The scalar's text; empty for other kinds.
  std::string_view text() const;
  // The scalar stood without quotes, so that `true` or `null` may mean more than a string.
  bool IsPlain() const;
  // The items of a sequence; empty for other kinds.
  std::vector<Value> Items() const;
  // REQUIRES: IsMapping(). `name` is what messages call the mapping.
  Mapping AsMapping(std::string_view name) const;
  // InvalidArgument with the place before the message.
  absl::Status Error(std::string_view message) const;

 private:
  friend class Mapping;
  friend class Document;
  Value(std::shared_ptr<const internal::Tree> tree, const internal::Node* node) : tree_(std::move(tree)), node_(node) {}

  std::shared_ptr<const internal::Tree> tree_;
  const internal::Node* node_;
};

// A mapping that is read key by key. The first error sticks and later reads do nothing; Finish() returns it, or an
// error for the first key that no read asked for.
class Mapping {
 public:
  // Readers leave `out` alone when the key is absent.
  void String(std::string_view key, std::string* out, Presence presence = kOptional);
  void Bool(std::string_view key, bool* out);
  // Whole numbers with bounds.
  void Integer(std::string_view key, int64_t* out, int64_t min, int64_t max);
  template <typename T>
  void Number(std::string_view key, T* out, int64_t min, int64_t max) {
    int64_t value = static_cast<int64_t>(*out);
    Integer(key, &value, min, max);
    *out = static_cast<T>(value);
  }
  // "250ms", "30s", "15m", "8h", "7d"; "0" is allowed.
  void Duration(std::string_view key, std::chrono::milliseconds* out, std::chrono::milliseconds min,
                std::chrono::milliseconds max);
  // "4096", "64KiB", "16MiB", "1GiB".
  void Bytes(std::string_view key, uint64_t* out, uint64_t min, uint64_t max);
  // A sequence of strings. A single string is an error: it is mostly a forgotten dash.
  void Strings(std::string_view key, std::vector<std::string>* out, Presence presence = kOptional);
  // The path of a file that can be read now; an error says why it cannot.
  void ReadableFile(std::string_view key, std::string* out, Presence presence = kOptional);
  // Scalars by key, any keys.
  void StringMap(std::string_view key, std::map<std::string, std::string>* out);
  // The value of one of `names`, as its index.
  void Choice(std::string_view key, const std::vector<std::string_view>& names, int* out,
              Presence presence = kOptional);
  // A nested mapping; none when absent (or after an error).
  std::optional<Mapping> Child(std::string_view key, Presence presence = kOptional);
  // Whatever stands there; none when absent (or after an error).
  std::optional<Value> Any(std::string_view key, Presence presence = kOptional);
  // Takes over the error of a nested reader.
  void Check(absl::Status status);
  // The error for a required key that is not there, in words of the caller's own; an unknown key goes before it.
  void Missing(absl::Status status);

  bool Has(std::string_view key) const;
  int line() const;
  std::string Where() const;
  absl::Status Error(std::string_view message) const;
  // REQUIRES: called once, after all reads.
  absl::Status Finish();

 private:
  friend class Value;
  friend class Document;
  Mapping(Value value, std::string name) : value_(std::move(value)), name_(std::move(name)) {}

  const internal::Node* Find(std::string_view key, Presence presence);
  void Fail(const internal::Node* at, std::string message);
  std::string Path(std::string_view key) const;

  Value value_;
  std::string name_;
  absl::Status status_;
  // The first required key that is not there.
  absl::Status missing_;
  std::vector<std::string> asked_;
};

class Document {
 public:
  // Parses a text that holds one mapping. `file_name` is only quoted.
  static absl::StatusOr<Document> Parse(std::string_view text, std::string_view file_name);
  // Reads and parses a file. Errors: NotFound, PermissionDenied or Internal with the path when it cannot be read.
  static absl::StatusOr<Document> Load(const std::string& path);

  Mapping root() const;

 private:
  explicit Document(std::shared_ptr<const internal::Tree> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<const internal::Tree> tree_;
};

// The nearest of `known` to `word` by edit distance, if one is near; for "did you mean" elsewhere.
std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& known);

// "15m" -> 900000 ms. Errors: InvalidArgument that says which forms are known.
absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text);
// "15m", "1h30m" is not written: the largest unit that divides.
std::string FormatDuration(std::chrono::milliseconds duration);

}  // namespace chaperone::yaml

#endif  // CHAPERONE_API_YAML_YAML_H_
