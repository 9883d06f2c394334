// libpg_query's raw parse, copied into our tree by a loop over generated tables: for each node type the offset and kind
// of each field (layout.inc). libpg_query's tree lives in a memory context that ends before Parse() returns.
#include "api/sql/parse.h"

#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

extern "C" {
// clang-format off
#include <pg_query.h>
#include <postgres.h>
#include <nodes/parsenodes.h>
#include <nodes/primnodes.h>
#include <nodes/value.h>
#include <pg_query/pg_query_internal.h>
// clang-format on
// PostgreSQL's headers redirect these, and we format with our own.
#undef snprintf
#undef vsnprintf
#undef printf
#undef fprintf
#undef sprintf
#undef strerror
}

namespace chaperone::sql {

namespace {

enum class Kind : uint8_t {
  kNode,      // pointer to a node
  kEmbedded,  // a struct within the struct
  kList,
  kText,  // char*
  kChar,
  kBool,
  kInt32,
  kUint32,
  kAbsent,
};

struct FieldLayout {
  uint16_t offset;
  Kind kind;
  // For kEmbedded: what the inner struct is, since its first word is the outer one's tag.
  NodeTag embedded;
};

constexpr int kNoLocation = -1;
constexpr int kFieldsMax = 40;

struct NodeLayout {
  NodeTag tag = NodeTag::kNone;
  int location_offset = kNoLocation;
  int fields = 0;
  std::array<FieldLayout, kFieldsMax> field{};
};

template <typename T>
constexpr Kind KindOf() {
  if constexpr (std::is_same_v<T, char*> || std::is_same_v<T, const char*>) {
    return Kind::kText;
  } else if constexpr (std::is_same_v<T, ::List*>) {
    return Kind::kList;
  } else if constexpr (std::is_pointer_v<T>) {
    return Kind::kNode;
  } else if constexpr (std::is_same_v<T, char>) {
    return Kind::kChar;
  } else if constexpr (std::is_same_v<T, bool>) {
    return Kind::kBool;
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(sizeof(T) == 4);
    return Kind::kInt32;
  } else if constexpr (std::is_integral_v<T> && sizeof(T) == 4) {
    return std::is_signed_v<T> ? Kind::kInt32 : Kind::kUint32;
  } else if constexpr (std::is_integral_v<T> && sizeof(T) == 2) {
    // AttrNumber and the like stand in planned trees only.
    return Kind::kAbsent;
  } else if constexpr (std::is_class_v<T>) {
    return Kind::kEmbedded;
  } else {
    return Kind::kAbsent;
  }
}

// The only struct that stands within another in a raw tree is CreateForeignTableStmt's CreateStmt.
template <typename T>
constexpr NodeTag EmbeddedTag() {
  if constexpr (std::is_same_v<T, ::CreateStmt>) {
    return NodeTag::kCreateStmt;
  } else {
    static_assert(!std::is_class_v<T>, "an embedded struct that the converter does not know");
    return NodeTag::kNone;
  }
}

constexpr int kPostgresTagsMax = 512;

struct LayoutTable {
  std::array<NodeLayout, kNodeTagCount> layouts;
  std::array<NodeTag, kPostgresTagsMax> tags{};

  constexpr void Begin(NodeTag tag, int postgres_tag) {
    layouts[static_cast<int>(tag)].tag = tag;
    tags[static_cast<size_t>(postgres_tag)] = tag;
  }
  constexpr void Add(NodeTag tag, size_t offset, Kind kind, NodeTag embedded) {
    NodeLayout& layout = layouts[static_cast<int>(tag)];
    layout.field[static_cast<size_t>(layout.fields++)] = {static_cast<uint16_t>(offset), kind, embedded};
  }
};

// An extern "C" offsetof on PostgreSQL's plain structs.
#define LAYOUT_BEGIN(type) table.Begin(NodeTag::k##type, T_##type);
#define FIELD(type, name)                                                               \
  table.Add(NodeTag::k##type, offsetof(::type, name), KindOf<decltype(::type::name)>(), \
            EmbeddedTag<decltype(::type::name)>());
#define LOCATION(type) static_cast<int>(offsetof(::type, location))
#define NO_LOCATION kNoLocation
#define LAYOUT_END(type, location) table.layouts[static_cast<int>(NodeTag::k##type)].location_offset = location;
#define ENUM_VALUE(type, value) \
  static_assert(static_cast<int>(pg::type::value) == static_cast<int>(::value), "enumeration " #type "::" #value);

constexpr LayoutTable MakeTable() {
  LayoutTable table;
#include "api/sql/layout.inc"
  table.Begin(NodeTag::kA_Const, T_A_Const);
  table.layouts[static_cast<int>(NodeTag::kA_Const)].location_offset = static_cast<int>(offsetof(::A_Const, location));
  table.Begin(NodeTag::kList, T_List);
  table.Begin(NodeTag::kIntList, T_IntList);
  table.Begin(NodeTag::kOidList, T_OidList);
  return table;
}

constexpr LayoutTable kTable = MakeTable();

#undef LAYOUT_BEGIN
#undef FIELD
#undef LOCATION
#undef NO_LOCATION
#undef LAYOUT_END
#undef ENUM_VALUE

constexpr int SlotsOf(NodeTag tag) {
  switch (tag) {
    case NodeTag::kA_Const:
      return pg::A_Const::kSlots;
    case NodeTag::kList:
    case NodeTag::kIntList:
    case NodeTag::kOidList:
      return 1;
    default:
      return kTable.layouts[static_cast<size_t>(tag)].fields;
  }
}

template <typename T>
T Load(const void* base, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(base) + offset, sizeof(value));
  return value;
}

}  // namespace

// Copies libpg_query's nodes into the arena.
class TreeWriter {
 public:
  TreeWriter(Tree* tree, const ParseLimits& limits) : tree_(tree), limits_(limits) { pending_.reserve(64); }

  // Errors: ResourceExhausted past a limit; Internal for a node type that the tables lack.
  absl::StatusOr<const Node*> Copy(const void* root) {
    internal::Slot out{.node = nullptr};
    pending_.push_back({root, &out, NodeTag::kNone, 1});
    while (!pending_.empty()) {
      const Item item = pending_.back();
      pending_.pop_back();
      CHAPERONE_RETURN_IF_ERROR(CopyOne(item));
    }
    return out.node;
  }

 private:
  struct Item {
    const void* source;
    internal::Slot* target;
    // Set for an embedded struct.
    NodeTag tag;
    uint32_t depth;
  };

  Node* NewNode(NodeTag tag, int slots, int32_t location) {
    auto* node = static_cast<Node*>(tree_->arena.Allocate(sizeof(Node) + sizeof(internal::Slot) * slots));
    node->tag_ = tag;
    node->slots_ = static_cast<uint16_t>(slots);
    node->location_ = location;
    for (int i = 0; i < slots; ++i) {
      SlotAt(node, i)->integer = 0;
    }
    ++tree_->node_count;
    return node;
  }
  static internal::Slot* SlotAt(Node* node, int index) { return reinterpret_cast<internal::Slot*>(node + 1) + index; }

  const internal::StringData* NewString(const char* text, size_t bytes) {
    auto* data = static_cast<internal::StringData*>(tree_->arena.Allocate(sizeof(internal::StringData) + bytes));
    data->size = static_cast<uint32_t>(bytes);
    std::memcpy(data->bytes, text, bytes);
    return data;
  }

  absl::Status CopyOne(const Item& item) {
    if (tree_->node_count >= limits_.nodes_max) {
      return base::ResourceExhausted("the statement has more than {} nodes; split it", limits_.nodes_max);
    }
    if (item.depth > limits_.depth_max) {
      return base::ResourceExhausted("the statement nests deeper than {} levels; simplify it", limits_.depth_max);
    }
    NodeTag tag = item.tag;
    if (tag == NodeTag::kNone) {
      const int postgres_tag = Load<int>(item.source, 0);
      tag = postgres_tag >= 0 && postgres_tag < kPostgresTagsMax ? kTable.tags[static_cast<size_t>(postgres_tag)]
                                                                 : NodeTag::kNone;
      if (tag == NodeTag::kNone) {
        return base::Internal("the parser made a node of the unlisted type {}", postgres_tag);
      }
    }
    const NodeLayout& layout = kTable.layouts[static_cast<size_t>(tag)];
    const int32_t location = layout.location_offset == kNoLocation
                                 ? -1
                                 : Load<int>(item.source, static_cast<size_t>(layout.location_offset));
    Node* node = NewNode(tag, SlotsOf(tag), location);
    item.target->node = node;
    switch (tag) {
      case NodeTag::kA_Const:
        CopyConstant(static_cast<const ::A_Const*>(item.source), node, item.depth);
        break;
      case NodeTag::kList:
      case NodeTag::kIntList:
      case NodeTag::kOidList:
        CopyList(static_cast<const ::List*>(item.source), SlotAt(node, 0), item.depth);
        break;
      default:
        CopyFields(item, layout, node);
        break;
    }
    return absl::OkStatus();
  }

  void CopyConstant(const ::A_Const* source, Node* node, uint32_t depth) {
    SlotAt(node, 1)->integer = source->isnull ? 1 : 0;
    if (!source->isnull) {
      pending_.push_back({&source->val, SlotAt(node, 0), NodeTag::kNone, depth + 1});
    }
  }

  void CopyFields(const Item& item, const NodeLayout& layout, Node* node) {
    for (int i = 0; i < layout.fields; ++i) {
      const FieldLayout& field = layout.field[static_cast<size_t>(i)];
      internal::Slot* slot = SlotAt(node, i);
      switch (field.kind) {
        case Kind::kNode:
          if (const auto* child = Load<const void*>(item.source, field.offset)) {
            pending_.push_back({child, slot, NodeTag::kNone, item.depth + 1});
          }
          break;
        case Kind::kEmbedded:
          pending_.push_back(
              {static_cast<const char*>(item.source) + field.offset, slot, field.embedded, item.depth + 1});
          break;
        case Kind::kList:
          if (const auto* list = Load<const ::List*>(item.source, field.offset)) {
            CopyList(list, slot, item.depth);
          }
          break;
        case Kind::kText:
          if (const auto* text = Load<const char*>(item.source, field.offset)) {
            slot->string = NewString(text, std::strlen(text));
          }
          break;
        case Kind::kChar:
          if (const char c = Load<char>(item.source, field.offset); c != 0) {
            slot->string = NewString(&c, 1);
          }
          break;
        case Kind::kBool:
          slot->integer = Load<bool>(item.source, field.offset) ? 1 : 0;
          break;
        case Kind::kInt32:
          slot->integer = Load<int32_t>(item.source, field.offset);
          break;
        case Kind::kUint32:
          slot->integer = Load<uint32_t>(item.source, field.offset);
          break;
        case Kind::kAbsent:
          break;
      }
    }
  }

  void CopyList(const ::List* list, internal::Slot* slot, uint32_t depth) {
    const auto count = static_cast<uint32_t>(list->length);
    auto* data = static_cast<internal::ListData*>(
        tree_->arena.Allocate(sizeof(internal::ListData) + sizeof(internal::Slot) * count));
    data->size = count;
    auto* targets = reinterpret_cast<internal::Slot*>(data->items);
    for (uint32_t i = 0; i < count; ++i) {
      targets[i].node = nullptr;
      if (list->type != T_List) {
        // A list of numbers: each an Integer node.
        Node* number = NewNode(NodeTag::kInteger, pg::Integer::kSlots, -1);
        SlotAt(number, 0)->integer = list->elements[i].int_value;
        targets[i].node = number;
      } else if (list->elements[i].ptr_value != nullptr) {
        pending_.push_back({list->elements[i].ptr_value, &targets[i], NodeTag::kNone, depth + 1});
      }
    }
    slot->list = data;
  }

  Tree* tree_;
  const ParseLimits& limits_;
  std::vector<Item> pending_;
};

namespace {

// Everything libpg_query allocates for one parse; ended with the scope.
class RawParse {
 public:
  explicit RawParse(const char* text) : context_(pg_query_enter_memory_context()), result_(pg_query_raw_parse(text)) {}
  RawParse(const RawParse&) = delete;
  RawParse& operator=(const RawParse&) = delete;
  ~RawParse() {
    free(result_.stderr_buffer);
    if (result_.error != nullptr) {
      pg_query_free_error(result_.error);
    }
    pg_query_exit_memory_context(context_);
  }

  const PgQueryError* error() const { return result_.error; }
  const ::List* statements() const { return result_.tree; }

 private:
  MemoryContext context_;
  PgQueryInternalParsetreeAndError result_;
};

// PostgreSQL's words up to the first quotation of the text: "syntax error at or near "x"" becomes "syntax error".
std::string MessageClass(const char* message) {
  std::string_view words = message == nullptr ? "" : message;
  words = words.substr(0, words.find('"'));
  constexpr std::string_view kNear = " at or near ";
  if (words.size() >= kNear.size() && words.substr(words.size() - kNear.size()) == kNear) {
    words.remove_suffix(kNear.size());
  }
  while (!words.empty() && words.back() == ' ') {
    words.remove_suffix(1);
  }
  return words.empty() ? "syntax error" : std::string(words);
}

// libpg_query counts characters from 1; byte offset of that character.
int32_t ByteOffset(std::string_view text, int cursor) {
  if (cursor <= 0) {
    return -1;
  }
  int characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && ++characters == cursor) {
      return static_cast<int32_t>(i);
    }
  }
  return static_cast<int32_t>(text.size());
}

// Trims what the grammar leaves round a statement, and takes "0: to the end" apart.
ParsedStatement Place(const Node* node, int location, int length, std::string_view text) {
  size_t begin = location < 0 ? 0 : static_cast<size_t>(location);
  size_t end = length <= 0 ? text.size() : begin + static_cast<size_t>(length);
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  while (begin < end && kSpace.find(text[begin]) != std::string_view::npos) {
    ++begin;
  }
  while (end > begin && kSpace.find(text[end - 1]) != std::string_view::npos) {
    --end;
  }
  return {node, static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)};
}

absl::Status CopyStatements(const RawParse& parse, std::string_view text, const ParseLimits& limits, Tree* tree) {
  const ::List* list = parse.statements();
  const int count = list == nullptr ? 0 : list->length;
  tree->statements.reserve(static_cast<size_t>(count));
  TreeWriter writer(tree, limits);
  for (int i = 0; i < count; ++i) {
    const auto* raw = static_cast<const ::RawStmt*>(list->elements[i].ptr_value);
    CHAPERONE_ASSIGN_OR_RETURN(const Node* node, writer.Copy(raw->stmt));
    tree->statements.push_back(Place(node, raw->stmt_location, raw->stmt_len, text));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Tree> Parse(std::string_view text, const ParseLimits& limits, int32_t* error_location) {
  int32_t ignored = -1;
  int32_t& location = error_location == nullptr ? ignored : *error_location;
  location = -1;
  if (text.size() > limits.text_bytes_max) {
    return base::ResourceExhausted("the statement has {} bytes, more than {}; split it", text.size(),
                                   limits.text_bytes_max);
  }
  if (const size_t bad = FindInvalidUtf8(text); bad != std::string_view::npos) {
    location = static_cast<int32_t>(bad);
    return base::InvalidArgument("the statement is not valid UTF-8 at byte {}", bad);
  }
  const std::string terminated(text);
  const RawParse parse(terminated.c_str());
  if (parse.error() != nullptr) {
    location = ByteOffset(text, parse.error()->cursorpos);
    return base::InvalidArgument("{}", MessageClass(parse.error()->message));
  }
  Tree tree;
  CHAPERONE_RETURN_IF_ERROR(CopyStatements(parse, text, limits, &tree));
  return tree;
}

int KnownPostgresTags() {
  int known = 0;
  for (const NodeTag tag : kTable.tags) {
    known += tag != NodeTag::kNone ? 1 : 0;
  }
  return known;
}

}  // namespace chaperone::sql
