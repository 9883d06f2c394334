#include "dataplane/masking/text_method.h"

#include <algorithm>

#include "dataplane/masking/surrogate.h"
#include "dataplane/masking/utf8.h"

namespace chaperone::masking {

namespace {

using policy::MaskMethod;

constexpr char kHidden = '*';
// RFC 1035: a domain name's and a label's length.
constexpr size_t kDomainBytesMax = 253;
constexpr size_t kLabelBytesMax = 63;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// At least two labels of letters, digits and inner dashes; the last one starts with a letter.
bool IsDomainName(std::string_view text) {
  if (text.size() > kDomainBytesMax) {
    return false;
  }
  size_t labels = 0;
  for (std::string_view rest = text;; ++labels) {
    const size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    const bool plain =
        std::all_of(label.begin(), label.end(), [](char c) { return IsLetter(c) || IsDigit(c) || c == '-'; });
    if (label.empty() || label.size() > kLabelBytesMax || !plain || label.front() == '-' || label.back() == '-') {
      return false;
    }
    if (dot == std::string_view::npos) {
      return labels > 0 && IsLetter(label.front());
    }
    rest.remove_prefix(dot + 1);
  }
}

// The methods that have no meaning for text are redactions.
MaskMethod MethodForText(MaskMethod method) {
  return method == MaskMethod::kDateTruncate || method == MaskMethod::kRound || method == MaskMethod::kNull
             ? MaskMethod::kRedact
             : method;
}

}  // namespace

void AppendHex(const uint8_t* bytes, size_t size, size_t digits_max, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < size * 2 && i < digits_max; ++i) {
    out->push_back(kDigits[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 0xf]);
  }
}

TextMethod::TextMethod(MaskMethod method, int64_t argument, const DeploymentKey& key, size_t characters_max)
    : method_(MethodForText(method)),
      keep_(argument > 0 ? static_cast<size_t>(argument) : 0),
      characters_max_(characters_max) {
  if (method_ == MaskMethod::kFake || method_ == MaskMethod::kHash) {
    hash_.emplace(key, method_ == MaskMethod::kFake ? "fake/text" : "hash/text");
  }
}

void TextMethod::Apply(std::string_view text, std::string* out) const {
  switch (method_) {
    case MaskMethod::kHash:
      return Hash(text, out);
    case MaskMethod::kKeepFirst:
    case MaskMethod::kKeepLast:
      return Keep(text, out);
    case MaskMethod::kEmail:
      return Email(text, out);
    case MaskMethod::kFake:
      if (AppendFakeText(text, *hash_, out)) {
        return;
      }
      break;
    default:
      break;
  }
  out->append(redacted());
}

void TextMethod::Hash(std::string_view text, std::string* out) const {
  const KeyedHash::Digest digest = hash_->Of(text);
  AppendHex(digest.data(), kHashedTextCharacters / 2, characters_max_, out);
}

void TextMethod::Keep(std::string_view text, std::string* out) const {
  size_t characters = 0;
  if (!CountUtf8(text, &characters)) {
    out->append(redacted());
    return;
  }
  if (characters <= keep_) {
    out->append(characters, kHidden);
    return;
  }
  const size_t hidden = characters - keep_;
  if (method_ == MaskMethod::kKeepFirst) {
    const size_t kept_bytes = characters == text.size() ? keep_ : Utf8PrefixBytes(text, keep_);
    out->append(text.substr(0, kept_bytes));
    out->append(hidden, kHidden);
    return;
  }
  const size_t hidden_bytes = characters == text.size() ? hidden : Utf8PrefixBytes(text, hidden);
  out->append(hidden, kHidden);
  out->append(text.substr(hidden_bytes));
}

void TextMethod::Email(std::string_view text, std::string* out) const {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || !IsDomainName(text.substr(at + 1))) {
    out->append(redacted());
    return;
  }
  const size_t rest = text.size() - at;
  if (rest >= characters_max_) {
    out->append(redacted());
    return;
  }
  out->append(std::min(kRedactedText.size(), characters_max_ - rest), kHidden);
  out->append(text.substr(at));
}

}  // namespace chaperone::masking
