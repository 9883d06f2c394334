// Ranges and multiranges. Text: src/backend/utils/adt/rangetypes.c, range_deparse; multirangetypes.c, multirange_out;
// binary: range_send, multirange_send.
#include <string>

#include "dataplane/masking/container.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {

namespace {

// utils/rangetypes.h
constexpr uint8_t kEmpty = 0x01;
constexpr uint8_t kLowerInfinite = 0x08;
constexpr uint8_t kUpperInfinite = 0x10;
constexpr uint8_t kFlagsKnown = 0x1f;
constexpr std::string_view kEmptyText = "empty";

// Takes one range off the front and writes it with masked bounds. A bound that becomes NULL fails the whole.
class RangeText {
 public:
  explicit RangeText(CellMasker* bound) : bound_(bound) {}

  bool Take(std::string_view* rest, std::string* out) {
    if (rest->starts_with(kEmptyText)) {
      rest->remove_prefix(kEmptyText.size());
      out->append(kEmptyText);
      return true;
    }
    if (!rest->starts_with('[') && !rest->starts_with('(')) {
      return false;
    }
    return TakeByte(rest, out) && TakeBound(",", rest, out) && TakeByte(rest, out) && TakeBound("])", rest, out) &&
           TakeByte(rest, out);
  }

 private:
  static bool TakeByte(std::string_view* rest, std::string* out) {
    if (rest->empty()) {
      return false;
    }
    out->push_back(rest->front());
    rest->remove_prefix(1);
    return true;
  }

  bool TakeBound(std::string_view ends, std::string_view* rest, std::string* out) {
    bool quoted = false;
    value_.clear();
    if (!TakeQuotedPart(ends, rest, &value_, &quoted)) {
      return false;
    }
    if (value_.empty() && !quoted) {
      return true;
    }
    masked_.clear();
    if (bound_->Mask(value_, &masked_) == Outcome::kNull) {
      return false;
    }
    AppendQuotedPart(masked_, out);
    return true;
  }

  CellMasker* bound_;
  std::string value_;
  std::string masked_;
};

// The same for the binary format.
class RangeBinary {
 public:
  explicit RangeBinary(CellMasker* bound) : bound_(bound) {}

  bool Take(std::string_view* rest, std::string* out) {
    if (rest->empty()) {
      return false;
    }
    const auto flags = static_cast<uint8_t>(rest->front());
    rest->remove_prefix(1);
    out->push_back(static_cast<char>(flags));
    if ((flags & ~kFlagsKnown) != 0) {
      return false;
    }
    if ((flags & kEmpty) != 0) {
      return true;
    }
    return ((flags & kLowerInfinite) != 0 || TakeBound(rest, out)) &&
           ((flags & kUpperInfinite) != 0 || TakeBound(rest, out));
  }

 private:
  bool TakeBound(std::string_view* rest, std::string* out) {
    if (rest->size() < sizeof(uint32_t)) {
      return false;
    }
    const auto size = LoadBigEndian<uint32_t>(rest->data());
    rest->remove_prefix(sizeof(size));
    if (size > rest->size()) {
      return false;
    }
    masked_.clear();
    if (bound_->Mask(rest->substr(0, size), &masked_) == Outcome::kNull) {
      return false;
    }
    rest->remove_prefix(size);
    AppendBigEndian(static_cast<uint32_t>(masked_.size()), out);
    out->append(masked_);
    return true;
  }

  CellMasker* bound_;
  std::string masked_;
};

template <typename Range>
class RangeMasker : public CellMasker {
 public:
  explicit RangeMasker(MaskerPtr bound) : bound_(std::move(bound)), range_(bound_.get()) {}

  Outcome Mask(std::string_view cell, std::string* out) override {
    const size_t start = out->size();
    if (range_.Take(&cell, out) && cell.empty()) {
      return Outcome::kValue;
    }
    out->resize(start);
    return Outcome::kNull;
  }

 private:
  const MaskerPtr bound_;
  Range range_;
};

class TextMultirangeMasker : public CellMasker {
 public:
  explicit TextMultirangeMasker(MaskerPtr bound) : bound_(std::move(bound)), range_(bound_.get()) {}

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
    if (rest == "{}") {
      out->append(rest);
      return true;
    }
    if (!rest.starts_with('{')) {
      return false;
    }
    do {
      out->push_back(rest.front());
      rest.remove_prefix(1);
      if (!range_.Take(&rest, out)) {
        return false;
      }
    } while (rest.starts_with(','));
    out->push_back('}');
    return rest == "}";
  }

  const MaskerPtr bound_;
  RangeText range_;
};

class BinaryMultirangeMasker : public CellMasker {
 public:
  explicit BinaryMultirangeMasker(MaskerPtr bound) : bound_(std::move(bound)), range_(bound_.get()) {}

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
    uint32_t count = 0;
    if (!TakeNumber(&rest, &count)) {
      return false;
    }
    AppendBigEndian(count, out);
    for (; count > 0; --count) {
      uint32_t size = 0;
      if (!TakeNumber(&rest, &size) || size > rest.size()) {
        return false;
      }
      std::string_view range = rest.substr(0, size);
      rest.remove_prefix(size);
      masked_.clear();
      if (!range_.Take(&range, &masked_) || !range.empty()) {
        return false;
      }
      AppendBigEndian(static_cast<uint32_t>(masked_.size()), out);
      out->append(masked_);
    }
    return rest.empty();
  }

  static bool TakeNumber(std::string_view* rest, uint32_t* value) {
    if (rest->size() < sizeof(*value)) {
      return false;
    }
    *value = LoadBigEndian<uint32_t>(rest->data());
    rest->remove_prefix(sizeof(*value));
    return true;
  }

  const MaskerPtr bound_;
  RangeBinary range_;
  std::string masked_;
};

}  // namespace

MaskerPtr MakeRangeMasker(MaskerPtr bound, Format format) {
  if (format == Format::kBinary) {
    return std::make_unique<RangeMasker<RangeBinary>>(std::move(bound));
  }
  return std::make_unique<RangeMasker<RangeText>>(std::move(bound));
}

MaskerPtr MakeMultirangeMasker(MaskerPtr bound, Format format) {
  if (format == Format::kBinary) {
    return std::make_unique<BinaryMultirangeMasker>(std::move(bound));
  }
  return std::make_unique<TextMultirangeMasker>(std::move(bound));
}

MaskerPtr MakeEmptyRangeMasker(Format format) {
  return MakeConstantMasker(format == Format::kBinary ? "\x01" : kEmptyText);
}

MaskerPtr MakeEmptyMultirangeMasker(Format format) {
  return MakeConstantMasker(format == Format::kBinary ? std::string_view("\0\0\0\0", 4) : "{}");
}

}  // namespace chaperone::masking
