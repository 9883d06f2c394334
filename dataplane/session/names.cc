#include "dataplane/session/names.h"

#include <utility>

namespace chaperone::session {

namespace {

// Null removes.
template <typename Map, typename T>
T Exchange(Map& map, std::string_view name, T value) {
  const auto found = map.find(name);
  if (found == map.end()) {
    if (value != nullptr) {
      map.emplace(name, std::move(value));
    }
    return nullptr;
  }
  if (value != nullptr) {
    return std::exchange(found->second, std::move(value));
  }
  T before = std::move(found->second);
  map.erase(found);
  return before;
}

}  // namespace

StatementPtr Names::FindStatement(std::string_view name) const {
  if (name.empty()) {
    return unnamed_statement_;
  }
  if (last_found_ != nullptr && last_found_->name == name) {
    return StatementPtr(last_found_);
  }
  PreparedStatement* found = expected_.as_of == changes_ ? expected_.statement : nullptr;
  if (found == nullptr || found->name != name) {
    const auto entry = statements_.find(name);
    if (entry == statements_.end()) {
      return nullptr;
    }
    found = entry->second.get();
    if (last_found_ != nullptr) {
      last_found_->follower = {found, changes_, JudgedHint::Of(*found->judged)};
    }
  }
  last_found_ = found;
  expected_ = found->follower;
  return StatementPtr(found);
}

PortalPtr Names::FindPortal(std::string_view name) const {
  if (name.empty()) {
    return unnamed_portal_;
  }
  const auto found = portals_.find(name);
  return found == portals_.end() ? nullptr : found->second;
}

void Names::SetStatement(std::string_view name, StatementPtr statement, UndoStep* undo) {
  StatementPtr before;
  if (name.empty()) {
    before = std::exchange(unnamed_statement_, std::move(statement));
  } else {
    Changed();
    if (statement != nullptr) {
      statement->name = name;
    }
    before = Exchange(statements_, name, std::move(statement));
  }
  if (undo != nullptr) {
    undo->Set(UndoStep::Kind::kStatement, name);
    undo->statement = std::move(before);
  }
}

void Names::SetPortal(std::string_view name, PortalPtr portal, UndoStep* undo) {
  PortalPtr before =
      name.empty() ? std::exchange(unnamed_portal_, std::move(portal)) : Exchange(portals_, name, std::move(portal));
  if (undo != nullptr) {
    undo->Set(UndoStep::Kind::kPortal, name);
    undo->portal = std::move(before);
  }
}

void Names::TakeBack(UndoStep step) {
  if (step.kind == UndoStep::Kind::kStatement) {
    SetStatement(step.name(), std::move(step.statement));
  } else if (step.kind == UndoStep::Kind::kPortal) {
    SetPortal(step.name(), std::move(step.portal));
  }
}

void Names::RemoveAllPortals(const Run& running) {
  if (unnamed_portal_ != nullptr && unnamed_portal_->run.get() != &running) {
    unnamed_portal_ = nullptr;
  }
  std::erase_if(portals_, [&](const auto& entry) { return entry.second->run.get() != &running; });
}

void Names::EndTransaction(uint64_t round) {
  const auto is_over = [round](const Portal& portal) { return !portal.holdable && portal.round <= round; };
  if (unnamed_portal_ != nullptr && is_over(*unnamed_portal_)) {
    unnamed_portal_ = nullptr;
  }
  if (portals_.empty()) {
    return;
  }
  std::erase_if(portals_, [&](const auto& entry) { return is_over(*entry.second); });
}

}  // namespace chaperone::session
