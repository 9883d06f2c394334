#include "tools/chaperone/playback/session_state.h"

namespace chaperone::playback {

absl::Status SessionState::Add(const recording::Record& record) {
  if (const auto* text = std::get_if<recording::StatementText>(&record.body)) {
    bytes_ += text->text.size();
    texts_[text->text_id] = std::string(text->text);
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

const Shape* SessionState::FindShape(uint32_t shape_id) const {
  const auto found = shapes_.find(shape_id);
  return found == shapes_.end() ? nullptr : &found->second;
}

}  // namespace chaperone::playback
