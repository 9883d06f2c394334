#include "dataplane/masking/search.h"

#include <algorithm>
#include <utility>

#include "dataplane/masking/json_text.h"

namespace chaperone::masking {

absl::StatusOr<std::shared_ptr<const SearchRules>> SearchRules::Make(const policy::View& view, const DeploymentKey& key,
                                                                     DetectorCache* detectors) {
  std::vector<SearchRule> rules;
  for (const policy::MaskingRule& rule : view.detectors()) {
    CHAPERONE_ASSIGN_OR_RETURN(std::shared_ptr<const detect::Detector> detector, detectors->For(rule));
    const bool nulls = rule.method == policy::MaskMethod::kNull;
    rules.push_back({&rule, std::move(detector), nulls,
                     TextMethod(nulls ? policy::MaskMethod::kRedact : rule.method, rule.argument, key)});
  }
  if (rules.empty()) {
    return std::shared_ptr<const SearchRules>();
  }
  return std::make_shared<const SearchRules>(std::move(rules));
}

std::vector<const SearchRule*> SearchRules::Select(const std::vector<const policy::MaskingRule*>& wanted) const {
  std::vector<const SearchRule*> selected;
  for (const SearchRule& rule : rules_) {
    if (std::find(wanted.begin(), wanted.end(), rule.rule) != wanted.end()) {
      selected.push_back(&rule);
    }
  }
  return selected;
}

std::vector<const SearchRule*> SearchRules::All() const {
  std::vector<const SearchRule*> all;
  for (const SearchRule& rule : rules_) {
    all.push_back(&rule);
  }
  return all;
}

RowLook::RowLook(const std::vector<const SearchRule*>& rules) {
  for (const SearchRule* const rule : rules) {
    if (std::find(detectors_.begin(), detectors_.end(), rule->detector.get()) == detectors_.end()) {
      detectors_.push_back(rule->detector.get());
    }
  }
}

void RowLook::Over(std::string_view row) {
  // Beyond that, looking at each cell costs no more.
  constexpr size_t kRowBytesMax = 16 * 1024;
  ends_.clear();
  next_ = 0;
  is_known_ = row.size() <= kRowBytesMax;
  for (size_t i = 0; is_known_ && i < detectors_.size(); ++i) {
    is_known_ = detectors_[i]->FindLiterals(row, &ends_);
  }
  if (detectors_.size() > 1) {
    std::sort(ends_.begin(), ends_.end());
  }
}

Literals RowLook::In(size_t begin, size_t end) {
  while (next_ < ends_.size() && ends_[next_] <= begin) {
    ++next_;
  }
  const bool holds_one = next_ < ends_.size() && ends_[next_] <= end;
  return is_known_ && !holds_one ? Literals::kNone : Literals::kPossible;
}

bool TextSearch::Find(std::string_view text, Literals literals) {
  spans_.clear();
  for (const SearchRule* const rule : rules_) {
    findings_.clear();
    if (literals == Literals::kNone) {
      rule->detector->FindBetweenLiterals(text, column_, &findings_);
    } else {
      rule->detector->Find(text, column_, &findings_);
    }
    if (rule->nulls && !findings_.empty()) {
      return false;
    }
    for (const detect::Finding& finding : findings_) {
      spans_.push_back({finding.begin, finding.end, rule});
    }
  }
  if (spans_.empty()) {
    return true;
  }
  std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  // Where findings overlap, the whole stretch is masked by the rule that began it.
  size_t kept = 0;
  for (const Span& span : spans_) {
    if (kept > 0 && span.begin < spans_[kept - 1].end) {
      spans_[kept - 1].end = std::max(spans_[kept - 1].end, span.end);
    } else {
      spans_[kept++] = span;
    }
  }
  spans_.resize(kept);
  return true;
}

void TextSearch::Append(std::string_view text, const std::vector<Span>& spans, std::string* out) const {
  size_t copied = 0;
  for (const Span& span : spans) {
    out->append(text.substr(copied, span.begin - copied));
    span.rule->method.Apply(text.substr(span.begin, span.end - span.begin), out);
    copied = span.end;
  }
  out->append(text.substr(copied));
}

Searched TextSearch::Apply(std::string_view text, Literals literals, std::string* out) {
  if (!Find(text, literals)) {
    return Searched::kNull;
  }
  if (spans_.empty()) {
    return Searched::kUnchanged;
  }
  Append(text, spans_, out);
  return Searched::kChanged;
}

std::vector<TextSearch::Span> TextSearch::Within(const std::vector<Span>& found, size_t begin, size_t end) {
  std::vector<Span> within;
  for (const Span& span : found) {
    const Span part{std::max(span.begin, begin), std::min(span.end, end), span.rule};
    if (part.begin < part.end) {
      within.push_back({part.begin - begin, part.end - begin, part.rule});
    }
  }
  return within;
}

// One string literal. Without escapes the search of the whole value has seen it as it is; with them it is searched
// again as what it means.
Searched TextSearch::ApplyToString(std::string_view json, size_t begin, size_t bytes, const std::vector<Span>& found,
                                   std::string* out) {
  const std::string_view literal = json.substr(begin, bytes);
  std::vector<Span> hits = Within(found, begin + 1, begin + bytes - 1);
  std::string masked;
  if (literal.find('\\') == std::string_view::npos) {
    if (hits.empty()) {
      out->append(literal);
      return Searched::kUnchanged;
    }
    Append(literal.substr(1, bytes - 2), hits, &masked);
  } else {
    std::string value;
    if (!AppendJsonStringValue(literal, &value) || !Find(value, Literals::kPossible)) {
      return Searched::kNull;
    }
    if (!spans_.empty()) {
      Append(value, spans_, &masked);
    } else if (!hits.empty()) {
      hits.front().rule->method.Apply(value, &masked);
    } else {
      out->append(literal);
      return Searched::kUnchanged;
    }
  }
  AppendJsonString(masked, out);
  return Searched::kChanged;
}

Searched TextSearch::ApplyToJson(std::string_view json, Literals literals, std::string* out) {
  if (!Find(json, literals)) {
    return Searched::kNull;
  }
  const std::vector<Span> found = spans_;
  if (found.empty() && json.find('\\') == std::string_view::npos) {
    return Searched::kUnchanged;
  }
  const size_t start = out->size();
  bool changed = false;
  for (size_t at = 0; at < json.size();) {
    const std::string_view rest = json.substr(at);
    size_t bytes = 1;
    if (rest[0] == '"') {
      bytes = JsonStringBytes(rest);
      const Searched searched = bytes < 2 ? Searched::kNull : ApplyToString(json, at, bytes, found, out);
      if (searched == Searched::kNull) {
        out->resize(start);
        return Searched::kNull;
      }
      changed = changed || searched == Searched::kChanged;
    } else {
      bytes = std::min(rest.find_first_of("\"{}[],: \t\n\r", 1), rest.size());
      const bool is_scalar = std::string_view("{}[],: \t\n\r").find(rest[0]) == std::string_view::npos;
      bytes = is_scalar ? bytes : 1;
      const std::vector<Span> hits = Within(found, at, at + bytes);
      if (is_scalar && !hits.empty()) {
        std::string masked;
        Append(rest.substr(0, bytes), hits, &masked);
        AppendJsonString(masked, out);
        changed = true;
      } else {
        out->append(rest.substr(0, bytes));
      }
    }
    at += bytes;
  }
  if (!changed) {
    out->resize(start);
  }
  return changed ? Searched::kChanged : Searched::kUnchanged;
}

}  // namespace chaperone::masking
