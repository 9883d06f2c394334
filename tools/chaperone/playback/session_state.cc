#include "tools/chaperone/playback/session_state.h"

namespace chaperone::playback {

absl::Status SessionState::Add(const recording::Record& record) {
  if (const auto* text = std::get_if<recording::StatementText>(&record.body)) {
    bytes_ += text->text.size();
    texts_[text->text_id] = std::string(text->text);
  } else if (const auto* verdict = std::get_if<recording::Verdict>(&record.body)) {
    Reasons reasons{.observed = verdict->observed,
                    .observed_decision = verdict->observed_decision,
                    .policy_revision = verdict->policy_revision,
                    .policy = std::string(verdict->policy),
                    .rule = std::string(verdict->rule),
                    .reason = std::string(verdict->reason),
                    .action = std::string(verdict->action),
                    .resource = std::string(verdict->resource)};
    bytes_ += sizeof(Reasons) + reasons.policy.size() + reasons.rule.size() + reasons.reason.size() +
              reasons.action.size() + reasons.resource.size();
    reasons_[verdict->verdict_id] = std::move(reasons);
  } else if (const auto* columns = std::get_if<recording::Columns>(&record.body)) {
    Shape shape;
    for (const recording::Column& column : columns->columns) {
      bytes_ += sizeof(ShapeColumn) + column.name.size();
      shape.push_back({.name = std::string(column.name),
                       .type_oid = column.type_oid,
                       .binary = column.binary,
                       .mask_rule = std::string(column.mask_rule),
                       .mask_method = std::string(column.mask_method)});
    }
    shapes_[columns->shape_id] = std::move(shape);
  }
  if (bytes_ > kStateBytesMax) {
    return base::ResourceExhausted("the recording names more than {} MiB of statement texts", kStateBytesMax >> 20);
  }
  return absl::OkStatus();
}

std::string_view SessionState::Text(uint32_t text_id) const {
  const auto found = texts_.find(text_id);
  return found == texts_.end() ? "(text not recorded)" : std::string_view(found->second);
}

const Reasons& SessionState::ReasonsOf(const recording::Attempt& attempt) const {
  static const Reasons none;
  const auto found = reasons_.find(attempt.verdict_id);
  return found == reasons_.end() ? none : found->second;
}

const Shape* SessionState::FindShape(uint32_t shape_id) const {
  const auto found = shapes_.find(shape_id);
  return found == shapes_.end() ? nullptr : &found->second;
}

}  // namespace chaperone::playback
