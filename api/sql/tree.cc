#include "api/sql/tree.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace chaperone::sql {

namespace {

#include "api/sql/node_names.inc"

}  // namespace

namespace internal {

void WrongField(NodeTag have, NodeTag want) {
  std::fprintf(stderr, "a field of %s was read from a %s\n", kNodeNames[static_cast<int>(want)],
               kNodeNames[static_cast<int>(have)]);
  std::abort();
}

}  // namespace internal

std::string_view NodeName(NodeTag tag) { return kNodeNames[static_cast<int>(tag)]; }

SlotKind SlotKindOf(NodeTag tag, int slot) { return kFieldNames[kFieldStart[static_cast<int>(tag)] + slot].kind; }

std::string_view SlotName(NodeTag tag, int slot) { return kFieldNames[kFieldStart[static_cast<int>(tag)] + slot].name; }

namespace {

// The same in everything but children; pairs of children go to `pending`.
bool SameNode(const Node& a, const Node& b, std::vector<std::pair<const Node*, const Node*>>* pending) {
  if (a.tag() != b.tag()) {
    return false;
  }
  for (int i = 0; i < a.slot_count(); ++i) {
    const internal::Slot& x = a.slot(i);
    const internal::Slot& y = b.slot(i);
    switch (SlotKindOf(a.tag(), i)) {
      case SlotKind::kInt:
        if (x.integer != y.integer) {
          return false;
        }
        break;
      case SlotKind::kString:
        if ((x.string == nullptr) != (y.string == nullptr) ||
            (x.string != nullptr &&
             std::string_view(x.string->bytes, x.string->size) != std::string_view(y.string->bytes, y.string->size))) {
          return false;
        }
        break;
      case SlotKind::kNode:
        pending->emplace_back(x.node, y.node);
        break;
      case SlotKind::kList: {
        const uint32_t count = x.list == nullptr ? 0 : x.list->size;
        if (count != (y.list == nullptr ? 0 : y.list->size)) {
          return false;
        }
        for (uint32_t k = 0; k < count; ++k) {
          pending->emplace_back(x.list->items[k], y.list->items[k]);
        }
        break;
      }
    }
  }
  return true;
}

// What DumpTree still has to print: a node, or text between nodes.
struct DumpItem {
  const Node* node;
  std::string text;
};

}  // namespace

bool SameTree(const Node* a, const Node* b, size_t nodes_max) {
  std::vector<std::pair<const Node*, const Node*>> pending = {{a, b}};
  size_t seen = 0;
  while (!pending.empty()) {
    const auto [x, y] = pending.back();
    pending.pop_back();
    if (x == nullptr || y == nullptr) {
      if (x != y) {
        return false;
      }
      continue;
    }
    if (++seen > nodes_max || !SameNode(*x, *y, &pending)) {
      return false;
    }
  }
  return true;
}

std::string DumpTree(const Node& root, size_t bytes_max) {
  std::string out;
  std::vector<DumpItem> pending = {{&root, ""}};
  while (!pending.empty() && out.size() < bytes_max) {
    DumpItem item = std::move(pending.back());
    pending.pop_back();
    if (item.node == nullptr) {
      out += item.text;
      continue;
    }
    // In reading order, then turned round for the stack.
    std::vector<DumpItem> parts = {{nullptr, fmt::format("{}(", NodeName(item.node->tag()))}};
    for (int i = 0; i < item.node->slot_count(); ++i) {
      const internal::Slot& slot = item.node->slot(i);
      const std::string_view name = SlotName(item.node->tag(), i);
      switch (SlotKindOf(item.node->tag(), i)) {
        case SlotKind::kInt:
          if (slot.integer != 0) {
            parts.push_back({nullptr, fmt::format("{}={} ", name, slot.integer)});
          }
          break;
        case SlotKind::kString:
          if (slot.string != nullptr) {
            parts.push_back(
                {nullptr, fmt::format("{}='{}' ", name, std::string_view(slot.string->bytes, slot.string->size))});
          }
          break;
        case SlotKind::kNode:
          if (slot.node != nullptr) {
            parts.push_back({nullptr, fmt::format("{}=", name)});
            parts.push_back({slot.node, ""});
          }
          break;
        case SlotKind::kList:
          if (slot.list != nullptr) {
            parts.push_back({nullptr, fmt::format("{}=[", name)});
            for (uint32_t k = 0; k < slot.list->size; ++k) {
              parts.push_back({slot.list->items[k], slot.list->items[k] == nullptr ? "null " : ""});
            }
            parts.push_back({nullptr, "]"});
          }
          break;
      }
    }
    parts.push_back({nullptr, ")"});
    for (auto it = parts.rbegin(); it != parts.rend(); ++it) {
      pending.push_back(std::move(*it));
    }
  }
  if (out.size() > bytes_max) {
    out.resize(bytes_max);
  }
  return out;
}

}  // namespace chaperone::sql
