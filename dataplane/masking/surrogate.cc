#include "dataplane/masking/surrogate.h"

#include <algorithm>
#include <iterator>

#include "dataplane/masking/utf8.h"

namespace chaperone::masking {

namespace {

// Another draw is tried when the fake equals the text; single characters need it now and then.
constexpr int kAttemptsMax = 32;

// Characters from `first` to `last` become characters from `to_first` to `to_last`, which take as many bytes in UTF-8.
struct Block {
  char32_t first;
  char32_t last;
  char32_t to_first;
  char32_t to_last;
};

// Sorted. What is not listed and not in kKept becomes 'x'.
constexpr Block kBlocks[] = {
    {0x00c0, 0x00d6, 0x00c0, 0x00d6},    // Latin-1, upper case
    {0x00d8, 0x00de, 0x00c0, 0x00d6},    //
    {0x00df, 0x00f6, 0x00df, 0x00f6},    // Latin-1, lower case
    {0x00f8, 0x00ff, 0x00df, 0x00f6},    //
    {0x0100, 0x024f, 0x00df, 0x00f6},    // Latin Extended
    {0x0386, 0x03ab, 0x0391, 0x03a1},    // Greek, upper case
    {0x03ac, 0x03ce, 0x03b1, 0x03c9},    // Greek, lower case
    {0x0400, 0x042f, 0x0410, 0x042f},    // Cyrillic, upper case
    {0x0430, 0x052f, 0x0430, 0x044f},    // Cyrillic, lower case
    {0x0531, 0x0556, 0x0531, 0x0556},    // Armenian, upper case
    {0x0561, 0x0587, 0x0561, 0x0586},    // Armenian, lower case
    {0x05d0, 0x05ea, 0x05d0, 0x05ea},    // Hebrew
    {0x0620, 0x064a, 0x0628, 0x063a},    // Arabic
    {0x0660, 0x0669, 0x0660, 0x0669},    // Arabic digits
    {0x0671, 0x06d3, 0x0628, 0x063a},    // Arabic
    {0x06f0, 0x06f9, 0x06f0, 0x06f9},    // Persian digits
    {0x0904, 0x0939, 0x0915, 0x0939},    // Devanagari
    {0x0966, 0x096f, 0x0966, 0x096f},    // Devanagari digits
    {0x0985, 0x09b9, 0x0995, 0x09a8},    // Bengali
    {0x0e01, 0x0e2e, 0x0e01, 0x0e2e},    // Thai
    {0x10d0, 0x10f0, 0x10d0, 0x10f0},    // Georgian
    {0x1e00, 0x1eff, 0x1ea1, 0x1ef9},    // Latin Extended Additional
    {0x3041, 0x3096, 0x304b, 0x3062},    // Hiragana
    {0x30a1, 0x30fa, 0x30ab, 0x30c2},    // Katakana
    {0x3400, 0x9fff, 0x4e00, 0x62ff},    // CJK
    {0xac00, 0xd7a3, 0xac00, 0xd7a3},    // Hangul
    {0xff10, 0xff19, 0xff10, 0xff19},    // full-width digits
    {0xff21, 0xff3a, 0xff21, 0xff3a},    // full-width upper case
    {0xff41, 0xff5a, 0xff41, 0xff5a},    // full-width lower case
    {0x20000, 0x2a6df, 0x4e00, 0x62ff},  // CJK Extension B
};

struct Span {
  char32_t first;
  char32_t last;
};

// Punctuation and signs that stay as they are.
constexpr Span kKept[] = {{0x00a0, 0x00a9}, {0x00ab, 0x00b1}, {0x00b4, 0x00b8}, {0x00bb, 0x00bb}, {0x2010, 0x2027},
                          {0x2030, 0x205e}, {0x20a0, 0x20bf}, {0x3001, 0x3003}, {0x3008, 0x3011}, {0xff01, 0xff0f}};

bool IsKept(char32_t character) {
  return std::any_of(std::begin(kKept), std::end(kKept),
                     [&](const Span& span) { return character >= span.first && character <= span.last; });
}

char32_t FakeCharacter(char32_t character, KeyedStream* stream) {
  const auto* const block = std::find_if(std::begin(kBlocks), std::end(kBlocks),
                                         [&](const Block& candidate) { return character <= candidate.last; });
  if (block != std::end(kBlocks) && character >= block->first) {
    return block->to_first + stream->Below(block->to_last - block->to_first + 1);
  }
  return IsKept(character) ? character : U'x';
}

char FakeAscii(char byte, KeyedStream* stream) {
  if (byte >= '0' && byte <= '9') {
    return static_cast<char>('0' + stream->Below(10));
  }
  if (byte >= 'a' && byte <= 'z') {
    return static_cast<char>('a' + stream->Below(26));
  }
  if (byte >= 'A' && byte <= 'Z') {
    return static_cast<char>('A' + stream->Below(26));
  }
  return byte;
}

bool AppendFake(std::string_view text, KeyedStream* stream, std::string* out) {
  for (std::string_view rest = text; !rest.empty();) {
    if (static_cast<uint8_t>(rest.front()) < 0x80) {
      out->push_back(FakeAscii(rest.front(), stream));
      rest.remove_prefix(1);
      continue;
    }
    const char32_t character = TakeUtf8(&rest);
    if (character == kInvalidCharacter) {
      return false;
    }
    AppendUtf8(FakeCharacter(character, stream), out);
  }
  return true;
}

bool HasLetterOrDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char byte) {
    const auto value = static_cast<uint8_t>(byte);
    return value >= 0x80 || (value >= '0' && value <= '9') || ((value | 0x20) >= 'a' && (value | 0x20) <= 'z');
  });
}

}  // namespace

bool AppendFakeText(std::string_view text, const KeyedHash& hash, std::string* out) {
  const size_t start = out->size();
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    KeyedStream stream(hash, text, static_cast<uint8_t>(attempt));
    if (!AppendFake(text, &stream, out)) {
      out->resize(start);
      return false;
    }
    if (std::string_view(*out).substr(start) != text || (attempt == 0 && !HasLetterOrDigit(text))) {
      return true;
    }
    out->resize(start);
  }
  // Nothing in the text could be replaced: punctuation of other scripts.
  out->append(text);
  return true;
}

void FakeDigits(std::string_view number, const KeyedHash& hash, char* out) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    KeyedStream stream(hash, number, static_cast<uint8_t>(attempt));
    bool leading = true;
    bool changed = false;
    for (size_t i = 0; i < number.size(); ++i) {
      const char was = number[i];
      out[i] = was;
      if (was < '0' || was > '9') {
        continue;
      }
      out[i] = static_cast<char>(leading && was != '0' ? '1' + stream.Below(9) : '0' + stream.Below(10));
      leading = false;
      changed |= out[i] != was;
    }
    if (changed) {
      return;
    }
  }
}

}  // namespace chaperone::masking
