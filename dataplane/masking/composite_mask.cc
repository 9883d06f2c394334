// Composite values. Text: src/backend/utils/adt/rowtypes.c, record_out; binary: record_send.
#include <algorithm>
#include <string>

#include "dataplane/masking/container.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

constexpr std::string_view kFieldEnds = ",)";
constexpr size_t kFieldHeaderBytes = 8;

// Rolls `out` back where Derived::Rewrite fails.
template <typename Derived>
class Rewriting : public CellMasker {
 public:
  Outcome Mask(std::string_view cell, std::string* out) override {
    const size_t start = out->size();
    if (static_cast<Derived*>(this)->Rewrite(cell, out)) {
      return Outcome::kValue;
    }
    out->resize(start);
    return Outcome::kNull;
  }
};

class TextCompositeMasker : public Rewriting<TextCompositeMasker> {
 public:
  // Without `known` the attributes are not described, and each becomes NULL.
  TextCompositeMasker(std::vector<FieldMasker> fields, bool known) : fields_(std::move(fields)), known_(known) {}

  bool Rewrite(std::string_view rest, std::string* out) {
    if (!rest.starts_with('(')) {
      return false;
    }
    rest.remove_prefix(1);
    out->push_back('(');
    // A row without attributes is "()", and one of a single NULL too.
    if (known_ && fields_.empty()) {
      out->push_back(')');
      return rest == ")";
    }
    for (size_t i = 0;; ++i) {
      if ((known_ && i >= fields_.size()) || !MaskField(i, &rest, out) || rest.empty()) {
        return false;
      }
      const char end = rest.front();
      rest.remove_prefix(1);
      out->push_back(end);
      if (end == ')') {
        return rest.empty() && (!known_ || i + 1 == fields_.size());
      }
    }
  }

 private:
  bool MaskField(size_t index, std::string_view* rest, std::string* out) {
    const std::string_view before = *rest;
    bool quoted = false;
    value_.clear();
    if (!TakeQuotedPart(kFieldEnds, rest, &value_, &quoted)) {
      return false;
    }
    const std::string_view raw = before.substr(0, before.size() - rest->size());
    if (raw.empty() || !known_) {
      return true;
    }
    if (fields_[index].masker == nullptr) {
      out->append(raw);
      return true;
    }
    masked_.clear();
    if (fields_[index].masker->Mask(value_, &masked_) == Outcome::kValue) {
      AppendQuotedPart(masked_, out);
    }
    return true;
  }

  const std::vector<FieldMasker> fields_;
  const bool known_;
  std::string value_;
  std::string masked_;
};

class BinaryCompositeMasker : public Rewriting<BinaryCompositeMasker> {
 public:
  BinaryCompositeMasker(std::vector<FieldMasker> fields, bool known) : fields_(std::move(fields)), known_(known) {}

  bool Rewrite(std::string_view rest, std::string* out) {
    if (rest.size() < sizeof(int32_t)) {
      return false;
    }
    const auto count = LoadBigEndian<int32_t>(rest.data());
    rest.remove_prefix(sizeof(count));
    if (count < 0 || static_cast<size_t>(count) > rest.size() / kFieldHeaderBytes ||
        (known_ && static_cast<size_t>(count) != fields_.size())) {
      return false;
    }
    AppendBigEndian(count, out);
    for (int32_t i = 0; i < count; ++i) {
      if (!MaskField(static_cast<size_t>(i), &rest, out)) {
        return false;
      }
    }
    return rest.empty();
  }

 private:
  bool MaskField(size_t index, std::string_view* rest, std::string* out) {
    if (rest->size() < kFieldHeaderBytes) {
      return false;
    }
    const auto type = LoadBigEndian<Oid>(rest->data());
    const auto size = LoadBigEndian<int32_t>(rest->data() + sizeof(type));
    rest->remove_prefix(kFieldHeaderBytes);
    if (size < -1 || (size >= 0 && static_cast<size_t>(size) > rest->size())) {
      return false;
    }
    const std::string_view value = rest->substr(0, size < 0 ? 0 : static_cast<size_t>(size));
    rest->remove_prefix(value.size());
    AppendBigEndian(type, out);
    const bool described = known_ && fields_[index].type == type;
    masked_.clear();
    if (size < 0 || !described) {
      AppendBigEndian(int32_t{-1}, out);
    } else if (fields_[index].masker == nullptr) {
      AppendBigEndian(size, out);
      out->append(value);
    } else if (fields_[index].masker->Mask(value, &masked_) == Outcome::kNull) {
      AppendBigEndian(int32_t{-1}, out);
    } else {
      AppendBigEndian(static_cast<int32_t>(masked_.size()), out);
      out->append(masked_);
    }
    return true;
  }

  const std::vector<FieldMasker> fields_;
  const bool known_;
  std::string masked_;
};

MaskerPtr Make(std::vector<FieldMasker> fields, bool known, Format format) {
  if (format == Format::kBinary) {
    return std::make_unique<BinaryCompositeMasker>(std::move(fields), known);
  }
  return std::make_unique<TextCompositeMasker>(std::move(fields), known);
}

}  // namespace

MaskerPtr MakeCompositeMasker(std::vector<FieldMasker> fields, Format format) {
  return Make(std::move(fields), true, format);
}

MaskerPtr MakeRecordMasker(Format format) { return Make({}, false, format); }

bool TakeQuotedPart(std::string_view ends, std::string_view* rest, std::string* part, bool* quoted) {
  bool inside = false;
  *quoted = false;
  for (size_t i = 0; i < rest->size(); ++i) {
    const char byte = (*rest)[i];
    if (byte == '\\') {
      if (++i == rest->size()) {
        return false;
      }
      part->push_back((*rest)[i]);
    } else if (byte == '"') {
      if (inside && i + 1 < rest->size() && (*rest)[i + 1] == '"') {
        part->push_back('"');
        ++i;
        continue;
      }
      inside = !inside;
      *quoted = true;
    } else if (!inside && ends.find(byte) != std::string_view::npos) {
      rest->remove_prefix(i);
      return true;
    } else {
      part->push_back(byte);
    }
  }
  return false;
}

void AppendQuotedPart(std::string_view part, std::string* out) {
  if (!part.empty() && part.find_first_of("\"\\()[], \t\n\r\v\f") == std::string_view::npos) {
    out->append(part);
    return;
  }
  out->push_back('"');
  for (const char byte : part) {
    if (byte == '"' || byte == '\\') {
      out->push_back(byte);
    }
    out->push_back(byte);
  }
  out->push_back('"');
}

}  // namespace chaperone::masking
