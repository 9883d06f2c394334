#include "dataplane/masking/json_rewriter.h"

#include <algorithm>
#include <numeric>

#include "dataplane/masking/json_text.h"
#include "dataplane/masking/strictness.h"
#include "dataplane/masking/utf8.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

// Numbers up to here are exact in every JSON reader.
constexpr int kHashedNumberDigits = 15;
constexpr std::string_view kNull = "null";
constexpr std::string_view kFalse = "false";
constexpr std::string_view kTrue = "true";
constexpr std::string_view kNumberBytes = "0123456789+-.eE";

bool IsIndex(std::string_view key) {
  return !key.empty() && key.find_first_not_of("0123456789") == std::string_view::npos;
}

DecimalShape NumberShape(MaskMethod method) {
  return method == MaskMethod::kHash ? DecimalShape{.bounded = true, .precision = kHashedNumberDigits} : DecimalShape{};
}

}  // namespace

JsonRewriter::JsonRewriter(const std::vector<policy::JsonPathMask>& masks, const DeploymentKey& key, bool fake_keys)
    : fake_keys_(fake_keys), key_fake_(MaskMethod::kFake, 0, key) {
  std::vector<const policy::JsonPathMask*> sorted;
  std::transform(masks.begin(), masks.end(), std::back_inserter(sorted), [](const auto& mask) { return &mask; });
  std::stable_sort(sorted.begin(), sorted.end(), [](const policy::JsonPathMask* a, const policy::JsonPathMask* b) {
    return IsStricter(*a->rule, *b->rule);
  });
  for (const policy::JsonPathMask* mask : sorted) {
    const policy::MaskingRule& rule = *mask->rule;
    if (mask->path.empty()) {
      root_mask_ = std::min(root_mask_, masks_.size());
    }
    paths_.push_back(mask->path);
    masks_.push_back({.is_null = rule.method == MaskMethod::kNull,
                      .text = TextMethod(rule.method, rule.argument, key),
                      .number = DecimalMethod(rule.method, rule.argument, key, NumberShape(rule.method))});
  }
}

bool JsonRewriter::Rewrite(std::string_view json, std::string* out) {
  json_ = json;
  at_ = 0;
  copied_ = 0;
  out_ = out;
  mask_ = root_mask_;
  frames_.clear();
  // No step is taken at the root.
  positions_.assign(paths_.size(), 1);
  do {
    if (!TakeValue()) {
      return false;
    }
  } while (!frames_.empty());
  SkipSpaces();
  if (at_ != json_.size()) {
    return false;
  }
  FlushAndSkip(0);
  return true;
}

void JsonRewriter::SkipSpaces() { at_ = std::min(json_.find_first_not_of(kJsonSpaces, at_), json_.size()); }

void JsonRewriter::FlushAndSkip(size_t skip) {
  out_->append(json_.substr(copied_, at_ - copied_));
  at_ += skip;
  copied_ = at_;
}

// One value from its first byte on. A container is opened and its first member's state entered; a scalar is taken, and
// with it what closes after it.
bool JsonRewriter::TakeValue() {
  if (!frames_.empty() && frames_.back().is_object && !TakeMember()) {
    return false;
  }
  SkipSpaces();
  if (at_ == json_.size()) {
    return false;
  }
  const char first = json_[at_];
  if (first == '{' || first == '[') {
    if (!Open(first == '{')) {
      return false;
    }
    SkipSpaces();
    const bool empty = at_ < json_.size() && json_[at_] == (first == '{' ? '}' : ']');
    return !empty || CloseOrContinue();
  }
  return TakeScalar() && CloseOrContinue();
}

// A key and its colon; the state becomes that of the value behind it.
bool JsonRewriter::TakeMember() {
  SkipSpaces();
  if (at_ == json_.size() || json_[at_] != '"') {
    return false;
  }
  const std::string_view literal = json_.substr(at_, JsonStringBytes(json_.substr(at_)));
  value_.clear();
  if (literal.empty() || !AppendJsonStringValue(literal, &value_)) {
    return false;
  }
  Enter(value_);
  if (fake_keys_ && mask_ != kNone) {
    if (!MaskKey(literal)) {
      return false;
    }
  } else {
    at_ += literal.size();
  }
  SkipSpaces();
  if (at_ == json_.size() || json_[at_] != ':') {
    return false;
  }
  ++at_;
  return true;
}

bool JsonRewriter::MaskKey(std::string_view literal) {
  FlushAndSkip(literal.size());
  masked_.clear();
  key_fake_.Apply(value_, &masked_);
  AppendJsonString(masked_, out_);
  return true;
}

bool JsonRewriter::Open(bool is_object) {
  if (frames_.size() == kJsonDepthMax) {
    return false;
  }
  frames_.push_back({.is_object = is_object, .mask = mask_});
  positions_.resize((frames_.size() + 1) * paths_.size());
  ++at_;
  if (!is_object) {
    EnterArray();
  }
  return true;
}

bool JsonRewriter::CloseOrContinue() {
  while (!frames_.empty()) {
    SkipSpaces();
    if (at_ == json_.size()) {
      return false;
    }
    const char byte = json_[at_++];
    if (byte == ',') {
      // Elements of an array all stand as its first one; a member gets its state from its key.
      if (!frames_.back().is_object) {
        EnterArray();
      }
      return true;
    }
    if (byte != (frames_.back().is_object ? '}' : ']')) {
      return false;
    }
    frames_.pop_back();
  }
  return true;
}

void JsonRewriter::Enter(std::string_view key) { Match(key, false); }

// An array stands for each of its elements, and a step that is a number for any of them.
void JsonRewriter::EnterArray() { Match({}, true); }

void JsonRewriter::Match(std::string_view key, bool is_array) {
  const uint64_t* const outer = PositionsAt(frames_.size() - 1);
  uint64_t* const inner = PositionsAt(frames_.size());
  mask_ = frames_.back().mask;
  for (size_t p = 0; p < paths_.size(); ++p) {
    uint64_t reached = is_array ? outer[p] : 0;
    for (size_t step = 0; step < paths_[p].size(); ++step) {
      const policy::JsonStep& wanted = paths_[p][step];
      const bool taken = is_array ? IsIndex(wanted.key) : wanted.any || wanted.key == key;
      if (taken && (outer[p] >> step & 1) != 0) {
        reached |= uint64_t{2} << step;
      }
    }
    inner[p] = reached;
    if ((reached >> paths_[p].size() & 1) != 0) {
      // Masks are sorted, and a stricter one from further out stays.
      mask_ = std::min(mask_, p);
    }
  }
}

bool JsonRewriter::TakeScalar() { return json_[at_] == '"' ? TakeString() : TakeBare(); }

bool JsonRewriter::TakeString() {
  const std::string_view literal = json_.substr(at_, JsonStringBytes(json_.substr(at_)));
  if (literal.empty()) {
    return false;
  }
  if (mask_ == kNone) {
    at_ += literal.size();
    return true;
  }
  FlushAndSkip(literal.size());
  if (masks_[mask_].is_null) {
    out_->append(kNull);
    return true;
  }
  value_.clear();
  masked_.clear();
  if (AppendJsonStringValue(literal, &value_)) {
    masks_[mask_].text.Apply(value_, &masked_);
  }
  size_t characters = 0;
  AppendJsonString(!masked_.empty() && CountUtf8(masked_, &characters) ? masked_ : masks_[mask_].text.redacted(), out_);
  return true;
}

// A number, true, false or null.
bool JsonRewriter::TakeBare() {
  const std::string_view rest = json_.substr(at_);
  for (const std::string_view word : {kNull, kFalse, kTrue}) {
    if (!rest.starts_with(word)) {
      continue;
    }
    if (mask_ == kNone || word == kNull) {
      at_ += word.size();
    } else {
      FlushAndSkip(word.size());
      out_->append(masks_[mask_].is_null ? kNull : kFalse);
    }
    return true;
  }
  const size_t size = std::min(rest.find_first_not_of(kNumberBytes), rest.size());
  if (size == 0) {
    return false;
  }
  if (mask_ == kNone) {
    at_ += size;
    return true;
  }
  FlushAndSkip(size);
  if (masks_[mask_].is_null) {
    out_->append(kNull);
  } else if (ParseDecimal(rest.substr(0, size), &number_)) {
    masks_[mask_].number.Apply(&number_);
    AppendDecimal(number_, out_);
  } else {
    // With an exponent.
    out_->push_back('0');
  }
  return true;
}

}  // namespace chaperone::masking
