// How the cells of each type and format are searched.
#include <utility>

#include "dataplane/masking/search.h"
#include "dataplane/masking/type.h"

namespace chaperone::masking {

namespace {

// Anything whose written form may be changed in places: text, and the text format of arrays, rows and types that are
// not built in. What stands for a finding has no character that those forms give a meaning.
class PlainSearch final : public CellSearch {
 public:
  explicit PlainSearch(TextSearch search) : search_(std::move(search)) {}
  Searched Apply(std::string_view cell, Literals literals, std::string* out) override {
    return search_.Apply(cell, literals, out);
  }

 private:
  TextSearch search_;
};

// json in both formats, jsonb in text; jsonb in binary after its version byte.
class JsonSearch final : public CellSearch {
 public:
  JsonSearch(TextSearch search, bool has_version) : search_(std::move(search)), has_version_(has_version) {}

  Searched Apply(std::string_view cell, Literals literals, std::string* out) override {
    if (!has_version_) {
      return search_.ApplyToJson(cell, literals, out);
    }
    if (cell.empty() || cell[0] != 1) {
      return Searched::kNull;
    }
    const size_t start = out->size();
    out->push_back(cell[0]);
    const Searched searched = search_.ApplyToJson(cell.substr(1), literals, out);
    if (searched != Searched::kChanged) {
      out->resize(start);
    }
    return searched;
  }

 private:
  TextSearch search_;
  bool has_version_;
};

// Bytes that cannot be changed in places: NULL when anything is found.
class OpaqueSearch final : public CellSearch {
 public:
  OpaqueSearch(TextSearch search, bool is_hex) : search_(std::move(search)), is_hex_(is_hex) {}

  Searched Apply(std::string_view cell, Literals literals, std::string* /*out*/) override {
    scratch_.clear();
    if (is_hex_ && cell.starts_with("\\x")) {
      Decode(cell.substr(2));
      cell = bytes_;
      literals = Literals::kPossible;
    }
    return search_.Apply(cell, literals, &scratch_) == Searched::kUnchanged ? Searched::kUnchanged : Searched::kNull;
  }

 private:
  static int Digit(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }
  void Decode(std::string_view hex) {
    bytes_.clear();
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes_.push_back(static_cast<char>(Digit(hex[i]) << 4 | Digit(hex[i + 1])));
    }
  }

  TextSearch search_;
  bool is_hex_;
  std::string bytes_;
  std::string scratch_;
};

uint32_t LoadU32(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  }
  return value;
}

void StoreU32(uint32_t value, size_t at, std::string* out) {
  for (size_t i = 0; i < 4; ++i) {
    (*out)[at + i] = static_cast<char>(value >> (24 - 8 * i));
  }
}

// Arrays in binary (array_send, arrayfuncs.c): dimensions, flags, element type, two words for each dimension, then each
// element behind its length.
class ArraySearch final : public CellSearch {
 public:
  explicit ArraySearch(std::unique_ptr<CellSearch> element) : element_(std::move(element)) {}

  Searched Apply(std::string_view cell, Literals literals, std::string* out) override {
    constexpr size_t kHeaderBytes = 12;
    constexpr uint32_t kDimensionsMax = 6;  // MAXDIM
    if (cell.size() < kHeaderBytes || LoadU32(cell, 0) > kDimensionsMax) {
      return Searched::kNull;
    }
    size_t at = kHeaderBytes + 8 * static_cast<size_t>(LoadU32(cell, 0));
    if (at > cell.size()) {
      return Searched::kNull;
    }
    const size_t start = out->size();
    out->append(cell.substr(0, at));
    bool changed = false;
    while (at < cell.size()) {
      if (cell.size() - at < 4 || !AppendElement(cell, literals, &at, out, &changed)) {
        out->resize(start);
        return Searched::kNull;
      }
    }
    if (!changed) {
      out->resize(start);
    } else {
      StoreU32(1, start + 4, out);  // some element may be NULL now
    }
    return changed ? Searched::kChanged : Searched::kUnchanged;
  }

 private:
  bool AppendElement(std::string_view cell, Literals literals, size_t* at, std::string* out, bool* changed) {
    const auto bytes = static_cast<int32_t>(LoadU32(cell, *at));
    const size_t length_at = out->size();
    out->append(cell.substr(*at, 4));
    *at += 4;
    if (bytes < -1 || (bytes > 0 && cell.size() - *at < static_cast<size_t>(bytes))) {
      return false;
    }
    if (bytes <= 0) {
      return true;
    }
    const std::string_view element = cell.substr(*at, static_cast<size_t>(bytes));
    *at += element.size();
    switch (element_->Apply(element, literals, out)) {
      case Searched::kUnchanged:
        out->append(element);
        return true;
      case Searched::kChanged:
        StoreU32(static_cast<uint32_t>(out->size() - length_at - 4), length_at, out);
        break;
      case Searched::kNull:
        StoreU32(0xffffffff, length_at, out);
        break;
    }
    *changed = true;
    return true;
  }

  std::unique_ptr<CellSearch> element_;
};

std::unique_ptr<CellSearch> MakeForFamily(Family family, TextSearch search, Format format) {
  switch (family) {
    case Family::kText:
    case Family::kVarchar:
    case Family::kBpchar:
    case Family::kName:
    case Family::kXml:
      return std::make_unique<PlainSearch>(std::move(search));
    case Family::kJson:
      return std::make_unique<JsonSearch>(std::move(search), false);
    case Family::kJsonb:
      return std::make_unique<JsonSearch>(std::move(search), format == Format::kBinary);
    case Family::kBytea:
      return std::make_unique<OpaqueSearch>(std::move(search), format == Format::kText);
    case Family::kOpaque:
      if (format == Format::kText) {
        return std::make_unique<PlainSearch>(std::move(search));
      }
      return std::make_unique<OpaqueSearch>(std::move(search), false);
    default:
      return nullptr;
  }
}

// A domain over a domain, an array of arrays: types cannot nest without end, descriptions from a catalog might.
constexpr int kTypeDepthMax = 16;

std::unique_ptr<CellSearch> MakeForType(Oid type, Format format, const TypeCatalog* types, const TextSearch& search,
                                        int depth) {
  const TypeDescription description = DescribeType(type, types);
  const bool too_deep = depth > kTypeDepthMax;
  switch (description.kind) {
    case TypeKind::kBase:
      return MakeForFamily(description.family, search, format);
    case TypeKind::kDomain:
      return MakeForType(too_deep ? 0 : description.related, format, types, search, depth + 1);
    case TypeKind::kArray: {
      auto element = MakeForType(too_deep ? 0 : description.related, format, types, search, depth + 1);
      if (element == nullptr || format == Format::kText) {
        return element == nullptr ? nullptr : MakeForFamily(Family::kText, search, format);
      }
      return std::make_unique<ArraySearch>(std::move(element));
    }
    case TypeKind::kEnum:
      return nullptr;
    case TypeKind::kRange:
    case TypeKind::kMultirange:
      // Of numbers and dates: nothing to search.
      if (!too_deep && MakeForType(description.related, format, types, search, depth + 1) == nullptr) {
        return nullptr;
      }
      return MakeForFamily(Family::kOpaque, search, format);
    case TypeKind::kUnknown:
    case TypeKind::kComposite:
      return MakeForFamily(Family::kOpaque, search, format);
  }
  return MakeForFamily(Family::kOpaque, search, format);
}

}  // namespace

std::unique_ptr<CellSearch> MakeCellSearch(std::vector<const SearchRule*> rules, std::string_view column,
                                           const ColumnType& type, const TypeCatalog* types) {
  if (rules.empty()) {
    return nullptr;
  }
  return MakeForType(type.oid, type.format, types, TextSearch(std::move(rules), column), 0);
}

}  // namespace chaperone::masking
