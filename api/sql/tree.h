// The raw parse tree of PostgreSQL's grammar, in a form of our own: nodes in one arena, a tag, a location, and slots
// that are read through typed field ids (`select->Get(pg::SelectStmt::kWhereClause)`). Tags, enumerations and field ids
// are generated from libpg_query's own description of the grammar (gen_nodes.py), so none can be forgotten. Names are
// PostgreSQL's (nodes/parsenodes.h, nodes/primnodes.h).
//
// Readers never recurse over a tree without a bound: a hostile text nests as deep as ParseLimits allow.
// Threading: a Tree is immutable once parsed.
#ifndef CHAPERONE_API_SQL_TREE_H_
#define CHAPERONE_API_SQL_TREE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/sql/arena.h"

namespace chaperone::sql {

enum class NodeTag : uint16_t;
class Node;

// Field ids: the node type that has the field, and the slot it stands in.
struct NodeField {
  NodeTag tag;
  uint16_t slot;
};
struct ListField {
  NodeTag tag;
  uint16_t slot;
};
// Also PostgreSQL's `char` fields: a string of one character, empty for NUL.
struct StringField {
  NodeTag tag;
  uint16_t slot;
};
struct IntField {
  NodeTag tag;
  uint16_t slot;
};
struct BoolField {
  NodeTag tag;
  uint16_t slot;
};
template <typename E>
struct EnumField {
  NodeTag tag;
  uint16_t slot;
};

enum class SlotKind : uint8_t { kNode, kList, kString, kInt };

#include "api/sql/nodes.inc"

// A list of nodes; items may be null (plain DISTINCT is a list with one null).
using NodeList = std::span<const Node* const>;

namespace internal {

struct ListData {
  uint32_t size;
  const Node* items[];
};
struct StringData {
  uint32_t size;
  char bytes[];
};
union Slot {
  const Node* node;
  const ListData* list;
  const StringData* string;
  int64_t integer;
};

// Ends the process: reading a field of another node type is a defect, and any value returned would be a wrong verdict.
[[noreturn]] void WrongField(NodeTag have, NodeTag want);

}  // namespace internal

class Node {
 public:
  NodeTag tag() const { return tag_; }
  // Byte offset in the text; -1 when the grammar keeps none.
  int32_t location() const { return location_; }

  template <typename T>
  bool Is() const {
    return tag_ == T::kTag;
  }

  // Null when absent.
  const Node* Get(NodeField field) const { return At(field.tag, field.slot).node; }
  // Empty when absent.
  NodeList Get(ListField field) const {
    const internal::ListData* list = At(field.tag, field.slot).list;
    return list == nullptr ? NodeList() : NodeList(list->items, list->size);
  }
  // Empty when absent; see Has() for the difference.
  std::string_view Get(StringField field) const {
    const internal::StringData* string = At(field.tag, field.slot).string;
    return string == nullptr ? std::string_view() : std::string_view(string->bytes, string->size);
  }
  bool Has(StringField field) const { return At(field.tag, field.slot).string != nullptr; }
  int64_t Get(IntField field) const { return At(field.tag, field.slot).integer; }
  bool Get(BoolField field) const { return At(field.tag, field.slot).integer != 0; }
  template <typename E>
  E Get(EnumField<E> field) const {
    return static_cast<E>(At(field.tag, field.slot).integer);
  }

  int slot_count() const { return slots_; }
  const internal::Slot& slot(int index) const { return reinterpret_cast<const internal::Slot*>(this + 1)[index]; }

 private:
  friend class TreeWriter;

  const internal::Slot& At(NodeTag tag, uint16_t slot_index) const {
    if (tag != tag_) [[unlikely]] {
      internal::WrongField(tag_, tag);
    }
    return slot(slot_index);
  }

  NodeTag tag_;
  uint16_t slots_;
  int32_t location_;
  // `slots_` slots follow.
};
static_assert(sizeof(Node) == 8);

// The name of a node type as PostgreSQL writes it: "SelectStmt".
std::string_view NodeName(NodeTag tag);
// The kind of each slot of a node type, in slot order.
SlotKind SlotKindOf(NodeTag tag, int slot);
// The field's name as PostgreSQL writes it: "whereClause".
std::string_view SlotName(NodeTag tag, int slot);

// Calls `visit(const Node&)` for each child: node fields and the items of list fields, nulls left out.
template <typename Visit>
void ForEachChild(const Node& node, Visit visit) {
  for (int i = 0; i < node.slot_count(); ++i) {
    switch (SlotKindOf(node.tag(), i)) {
      case SlotKind::kNode:
        if (const Node* child = node.slot(i).node) {
          visit(*child);
        }
        break;
      case SlotKind::kList:
        if (const internal::ListData* list = node.slot(i).list) {
          for (uint32_t k = 0; k < list->size; ++k) {
            if (list->items[k] != nullptr) {
              visit(*list->items[k]);
            }
          }
        }
        break;
      default:
        break;
    }
  }
}

// Calls `visit(const Node&)` for `root` and everything below it, in no particular order, without recursion. A visit
// that returns false keeps its children out.
template <typename Visit>
void Walk(const Node& root, Visit visit) {
  std::vector<const Node*> pending = {&root};
  while (!pending.empty()) {
    const Node* node = pending.back();
    pending.pop_back();
    if (visit(*node)) {
      ForEachChild(*node, [&pending](const Node& child) { pending.push_back(&child); });
    }
  }
}

// True when both trees are the same but for locations. Bounded: gives up with false past `nodes_max` nodes.
bool SameTree(const Node* a, const Node* b, size_t nodes_max);

// One statement of a text.
struct ParsedStatement {
  const Node* node = nullptr;
  // Byte range in the text, without the semicolon.
  uint32_t offset = 0;
  uint32_t length = 0;
};

// All statements of one text. Movable; views and nodes stay valid as long as it lives.
struct Tree {
  Arena arena;
  std::vector<ParsedStatement> statements;
  size_t node_count = 0;
};

// One line: "SelectStmt(targetList=[ResTarget(val=…)])". For tests and debugging; cut at `bytes_max`.
std::string DumpTree(const Node& root, size_t bytes_max);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_TREE_H_
