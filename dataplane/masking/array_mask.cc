// Arrays. Text: src/backend/utils/adt/arrayfuncs.c, array_out; binary: array_send.
#include <algorithm>
#include <string>

#include "dataplane/masking/container.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

// utils/array.h: MAXDIM
constexpr int kDimensionsMax = 6;
constexpr std::string_view kNullText = "NULL";
constexpr std::string_view kSpaces = " \t\n\r\v\f";
constexpr size_t kHeaderBytes = 12;
constexpr size_t kDimensionBytes = 8;

bool IsNullText(std::string_view text) {
  return text.size() == kNullText.size() &&
         std::equal(text.begin(), text.end(), kNullText.begin(), [](char a, char b) { return (a & ~0x20) == b; });
}

class TextArrayMasker : public CellMasker {
 public:
  TextArrayMasker(MaskerPtr element, char delimiter)
      : element_(std::move(element)), delimiter_(delimiter), bare_ends_{delimiter, '}', '{', '"', '\\'} {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    const size_t start = out->size();
    if (Rewrite(cell, out)) {
      return Outcome::kValue;
    }
    out->resize(start);
    return Outcome::kNull;
  }

 private:
  bool Rewrite(std::string_view rest, std::string* out) {
    if (!CopyBounds(&rest, out)) {
      return false;
    }
    int depth = 0;
    // An element, or a nested array, may stand here.
    bool open = true;
    while (!rest.empty()) {
      const char byte = rest.front();
      if (byte == '{' && open && depth < kDimensionsMax) {
        ++depth;
      } else if (byte == '}' && depth > 0 && (!open || out->back() == '{')) {
        --depth;
        open = false;
      } else if (byte == delimiter_ && depth > 0 && !open) {
        open = true;
      } else if (open && depth > 0) {
        if (!MaskElement(&rest, out)) {
          return false;
        }
        open = false;
        continue;
      } else {
        return false;
      }
      out->push_back(byte);
      rest.remove_prefix(1);
      if (depth == 0) {
        return rest.empty();
      }
    }
    return false;
  }

  // "[0:2][1:1]=", where the lower bounds are not 1.
  static bool CopyBounds(std::string_view* rest, std::string* out) {
    if (!rest->starts_with('[')) {
      return true;
    }
    const size_t equals = rest->find('=');
    if (equals == std::string_view::npos ||
        rest->substr(0, equals).find_first_not_of("[]:-0123456789") != std::string_view::npos) {
      return false;
    }
    out->append(rest->substr(0, equals + 1));
    rest->remove_prefix(equals + 1);
    return true;
  }

  bool MaskElement(std::string_view* rest, std::string* out) {
    value_.clear();
    if (rest->front() == '"') {
      if (!TakeQuoted(rest)) {
        return false;
      }
    } else {
      const size_t end = rest->find_first_of(bare_ends_);
      if (end == 0 || end == std::string_view::npos || ((*rest)[end] != delimiter_ && (*rest)[end] != '}')) {
        return false;
      }
      const std::string_view bare = rest->substr(0, end);
      rest->remove_prefix(end);
      if (IsNullText(bare)) {
        out->append(kNullText);
        return true;
      }
      value_.append(bare);
    }
    masked_.clear();
    if (element_->Mask(value_, &masked_) == Outcome::kNull) {
      out->append(kNullText);
    } else {
      AppendElement(out);
    }
    return true;
  }

  bool TakeQuoted(std::string_view* rest) {
    for (size_t i = 1; i < rest->size(); ++i) {
      if ((*rest)[i] == '"') {
        rest->remove_prefix(i + 1);
        return true;
      }
      if ((*rest)[i] == '\\' && ++i == rest->size()) {
        return false;
      }
      value_.push_back((*rest)[i]);
    }
    return false;
  }

  void AppendElement(std::string* out) const {
    const bool bare = !masked_.empty() && !IsNullText(masked_) && masked_.find_first_of(bare_ends_) == masked_.npos &&
                      masked_.find_first_of(kSpaces) == masked_.npos;
    if (bare) {
      out->append(masked_);
      return;
    }
    out->push_back('"');
    for (const char byte : masked_) {
      if (byte == '"' || byte == '\\') {
        out->push_back('\\');
      }
      out->push_back(byte);
    }
    out->push_back('"');
  }

  const MaskerPtr element_;
  const char delimiter_;
  const std::string bare_ends_;
  std::string value_;
  std::string masked_;
};

class BinaryArrayMasker : public CellMasker {
 public:
  BinaryArrayMasker(MaskerPtr element, Oid element_type) : element_(std::move(element)), element_type_(element_type) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    const size_t start = out->size();
    if (Rewrite(cell, out)) {
      return Outcome::kValue;
    }
    out->resize(start);
    return Outcome::kNull;
  }

 private:
  bool Rewrite(std::string_view cell, std::string* out) {
    if (cell.size() < kHeaderBytes) {
      return false;
    }
    const auto dimensions = LoadBigEndian<int32_t>(cell.data());
    if (dimensions < 0 || dimensions > kDimensionsMax || LoadBigEndian<Oid>(cell.data() + 8) != element_type_ ||
        cell.size() < kHeaderBytes + static_cast<size_t>(dimensions) * kDimensionBytes) {
      return false;
    }
    uint64_t count = dimensions == 0 ? 0 : 1;
    for (int32_t i = 0; i < dimensions; ++i) {
      const auto size = LoadBigEndian<int32_t>(cell.data() + kHeaderBytes + static_cast<size_t>(i) * kDimensionBytes);
      // Each element takes four bytes at least, so a count past the cell's size is false, and the product stays small.
      if (size < 0 || (count *= static_cast<uint64_t>(size)) > cell.size()) {
        return false;
      }
    }
    const size_t header = out->size();
    const size_t header_bytes = kHeaderBytes + static_cast<size_t>(dimensions) * kDimensionBytes;
    out->append(cell.substr(0, header_bytes));
    cell.remove_prefix(header_bytes);
    bool has_null = false;
    for (; count > 0; --count) {
      if (!MaskElement(&cell, &has_null, out)) {
        return false;
      }
    }
    // The flag that says whether there are NULLs, a 32-bit number.
    out->replace(header + 4, 4, std::string_view(has_null ? "\0\0\0\1" : "\0\0\0\0", 4));
    return cell.empty();
  }

  bool MaskElement(std::string_view* cell, bool* has_null, std::string* out) {
    if (cell->size() < sizeof(int32_t)) {
      return false;
    }
    const auto size = LoadBigEndian<int32_t>(cell->data());
    cell->remove_prefix(sizeof(size));
    if (size < -1 || (size >= 0 && static_cast<size_t>(size) > cell->size())) {
      return false;
    }
    const std::string_view value = cell->substr(0, size < 0 ? 0 : static_cast<size_t>(size));
    cell->remove_prefix(value.size());
    const size_t length_at = out->size();
    AppendBigEndian(int32_t{-1}, out);
    if (size < 0 || element_->Mask(value, out) == Outcome::kNull) {
      *has_null = true;
      return true;
    }
    StoreLength(length_at, out);
    return true;
  }

  static void StoreLength(size_t length_at, std::string* out) {
    const auto length = static_cast<uint32_t>(out->size() - length_at - sizeof(int32_t));
    for (size_t i = 0; i < sizeof(length); ++i) {
      (*out)[length_at + i] = static_cast<char>(length >> (24 - 8 * i));
    }
  }

  const MaskerPtr element_;
  const Oid element_type_;
};

}  // namespace

MaskerPtr MakeArrayMasker(MaskerPtr element, Oid element_type, char delimiter, Format format) {
  if (format == Format::kBinary) {
    return std::make_unique<BinaryArrayMasker>(std::move(element), element_type);
  }
  return std::make_unique<TextArrayMasker>(std::move(element), delimiter);
}

}  // namespace chaperone::masking
