#include "api/policy/pattern.h"

#include <algorithm>
#include <utility>

namespace chaperone::policy {

namespace {

struct Part {
  Glob glob;
  // The text without quotes, and whether it stood in quotes.
  std::string text;
  bool quoted = false;
};

// Reads a part in double quotes that starts at `*at`; leaves `*at` behind it.
absl::StatusOr<Part> ReadQuoted(std::string_view text, size_t* at) {
  Part part;
  part.quoted = true;
  for (size_t i = *at + 1; i < text.size(); ++i) {
    if (text[i] != '"') {
      part.text.push_back(text[i]);
    } else if (i + 1 < text.size() && text[i + 1] == '"') {
      part.text.push_back('"');
      ++i;
    } else {
      *at = i + 1;
      part.glob = Glob::Literal(part.text);
      return part;
    }
  }
  return base::InvalidArgument("the pattern \"{}\" lacks a closing double quote", text);
}

absl::StatusOr<std::vector<Part>> Split(std::string_view text) {
  CHAPERONE_RETURN_IF_ERROR(CheckPatternText(text));
  std::vector<Part> parts;
  size_t at = 0;
  while (true) {
    Part part;
    if (at < text.size() && text[at] == '"') {
      CHAPERONE_ASSIGN_OR_RETURN(part, ReadQuoted(text, &at));
    } else {
      const size_t end = std::min(text.find_first_of(".\"", at), text.size());
      part.text = std::string(text.substr(at, end - at));
      part.glob = Glob::Parse(part.text);
      at = end;
    }
    if (part.text.empty()) {
      return base::InvalidArgument("the pattern \"{}\" has an empty part; write * for any name", text);
    }
    parts.push_back(std::move(part));
    if (at == text.size()) {
      return parts;
    }
    if (text[at] != '.') {
      return base::InvalidArgument("the pattern \"{}\" has a double quote inside a part; quote the whole part", text);
    }
    ++at;
  }
}

absl::StatusOr<JsonStep> ToJsonStep(const Part& part, std::string_view pattern) {
  if (part.quoted) {
    return JsonStep{part.text, false};
  }
  if (part.text == "*") {
    return JsonStep{"", true};
  }
  if (part.text.find('*') != std::string::npos) {
    return base::InvalidArgument("the pattern \"{}\": a step into JSON is a key or *, not \"{}\"", pattern, part.text);
  }
  return JsonStep{part.text, false};
}

}  // namespace

absl::Status CheckPatternText(std::string_view text) {
  if (text.empty()) {
    return base::InvalidArgument("a pattern is empty; write * for any name");
  }
  if (text.size() > kPatternBytesMax) {
    return base::InvalidArgument("a pattern of {} bytes; at most {} are allowed", text.size(), kPatternBytesMax);
  }
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (control) {
    return base::InvalidArgument("a pattern holds a control character");
  }
  return absl::OkStatus();
}

absl::StatusOr<ResourcePattern> ResourcePattern::Parse(std::string_view text) {
  CHAPERONE_ASSIGN_OR_RETURN(const std::vector<Part> parts, Split(text));
  ResourcePattern pattern;
  pattern.text = std::string(text);
  pattern.any = text == "*";
  for (const Part& part : parts) {
    pattern.parts.push_back(part.glob);
  }
  pattern.flat = Glob::Join(pattern.parts, '.');
  pattern.setting = pattern.flat.Lowered();
  if (pattern.any) {
    pattern.parts.clear();
  }
  return pattern;
}

bool ResourcePattern::MatchesQualified(std::string_view schema, std::string_view name) const {
  return any || (qualified() && parts[0].Matches(schema) && parts[1].Matches(name));
}

bool ResourcePattern::Covers(const ResourcePattern& other) const {
  if (any) {
    return true;
  }
  if (other.any || !flat.Covers(other.flat)) {
    return false;
  }
  if (other.qualified()) {
    return qualified() && parts[0].Covers(other.parts[0]) && parts[1].Covers(other.parts[1]);
  }
  return true;
}

bool ResourcePattern::Overlaps(const ResourcePattern& other) const {
  if (any || other.any) {
    return true;
  }
  if (qualified() && other.qualified()) {
    return parts[0].Overlaps(other.parts[0]) && parts[1].Overlaps(other.parts[1]);
  }
  return flat.Overlaps(other.flat);
}

absl::StatusOr<ColumnPattern> ColumnPattern::Parse(std::string_view text) {
  CHAPERONE_ASSIGN_OR_RETURN(const std::vector<Part> parts, Split(text));
  if (parts.size() < 3) {
    return base::InvalidArgument(
        "the column pattern \"{}\" has {} of 3 parts; write schema.table.column, for example {}", text, parts.size(),
        parts.size() == 2 ? "*." + std::string(text) : "*.*." + std::string(text));
  }
  ColumnPattern pattern{std::string(text), parts[0].glob, parts[1].glob, parts[2].glob, {}};
  for (size_t i = 3; i < parts.size(); ++i) {
    CHAPERONE_ASSIGN_OR_RETURN(JsonStep step, ToJsonStep(parts[i], text));
    pattern.path.push_back(std::move(step));
  }
  return pattern;
}

bool ColumnPattern::Matches(std::string_view schema_name, std::string_view table_name,
                            std::string_view column_name) const {
  return schema.Matches(schema_name) && table.Matches(table_name) && column.Matches(column_name);
}

absl::StatusOr<DatabasePattern> DatabasePattern::Parse(std::string_view text) {
  CHAPERONE_RETURN_IF_ERROR(CheckPatternText(text));
  if (text == "*") {
    return DatabasePattern{"*", Glob::Parse("*"), Glob::Parse("*")};
  }
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
    return base::InvalidArgument(
        "\"{}\" is not <endpoint>/<database>; write for example {}/*", text,
        text.substr(0, std::min(slash, text.size())).empty() ? "shop-prod" : text.substr(0, slash));
  }
  return DatabasePattern{std::string(text), Glob::Parse(text.substr(0, slash)), Glob::Parse(text.substr(slash + 1))};
}

}  // namespace chaperone::policy
