#include "dataplane/session/names.h"

#include <utility>

namespace chaperone::session {

StatementPtr Names::FindStatement(std::string_view name) const {
  if (name.empty()) {
    return unnamed_statement_;
  }
  const auto found = statements_.find(name);
  return found == statements_.end() ? nullptr : found->second;
}

PortalPtr Names::FindPortal(std::string_view name) const {
  if (name.empty()) {
    return unnamed_portal_;
  }
  const auto found = portals_.find(name);
  return found == portals_.end() ? nullptr : found->second;
}

Names::UndoStep Names::SetStatement(std::string_view name, StatementPtr statement) {
  UndoStep step;
  step.kind = UndoStep::Kind::kStatement;
  if (name.empty()) {
    step.statement = std::exchange(unnamed_statement_, std::move(statement));
    return step;
  }
  step.name = name;
  step.statement = FindStatement(name);
  if (statement == nullptr) {
    statements_.erase(step.name);
  } else {
    statements_[step.name] = std::move(statement);
  }
  return step;
}

Names::UndoStep Names::SetPortal(std::string_view name, PortalPtr portal) {
  UndoStep step;
  step.kind = UndoStep::Kind::kPortal;
  if (name.empty()) {
    step.portal = std::exchange(unnamed_portal_, std::move(portal));
    return step;
  }
  step.name = name;
  step.portal = FindPortal(name);
  if (portal == nullptr) {
    portals_.erase(step.name);
  } else {
    portals_[step.name] = std::move(portal);
  }
  return step;
}

void Names::TakeBack(UndoStep step) {
  if (step.kind == UndoStep::Kind::kStatement) {
    SetStatement(step.name, std::move(step.statement));
  } else if (step.kind == UndoStep::Kind::kPortal) {
    SetPortal(step.name, std::move(step.portal));
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
