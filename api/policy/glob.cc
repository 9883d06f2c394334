#include "api/policy/glob.h"

namespace chaperone::policy {

namespace {

// Stands for a star in keys; no name and no pattern holds it.
constexpr char kStar = '\0';

}  // namespace

Glob Glob::Parse(std::string_view text) {
  Glob glob;
  bool after_star = false;
  for (const char c : text) {
    if (c != '*') {
      glob.pieces_.back().push_back(c);
    } else if (!after_star) {
      glob.pieces_.emplace_back();
    }
    after_star = c == '*';
  }
  return glob;
}

Glob Glob::Literal(std::string_view name) {
  Glob glob;
  glob.pieces_.front() = std::string(name);
  return glob;
}

Glob Glob::Join(const std::vector<Glob>& parts, char separator) {
  Glob joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) {
      joined.pieces_.back().push_back(separator);
    }
    const std::vector<std::string>& pieces = parts[i].pieces_;
    joined.pieces_.back() += pieces.front();
    joined.pieces_.insert(joined.pieces_.end(), pieces.begin() + 1, pieces.end());
  }
  return joined;
}

Glob Glob::Lowered() const {
  Glob lowered = *this;
  for (std::string& piece : lowered.pieces_) {
    for (char& c : piece) {
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return lowered;
}

bool Glob::IsAny() const { return pieces_.size() == 2 && pieces_[0].empty() && pieces_[1].empty(); }

bool Glob::Matches(std::string_view name) const {
  if (pieces_.size() == 1) {
    return name == pieces_.front();
  }
  const std::string& head = pieces_.front();
  const std::string& tail = pieces_.back();
  if (name.size() < head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail)) {
    return false;
  }
  // Between the ends, the leftmost fit of each piece leaves the most room for those behind it.
  std::string_view middle = name.substr(head.size(), name.size() - head.size() - tail.size());
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const size_t at = middle.find(pieces_[i]);
    if (at == std::string_view::npos) {
      return false;
    }
    middle.remove_prefix(at + pieces_[i].size());
  }
  return true;
}

std::string Glob::Key() const {
  std::string key = pieces_.front();
  for (size_t i = 1; i < pieces_.size(); ++i) {
    key.push_back(kStar);
    key += pieces_[i];
  }
  return key;
}

// The foreign byte in the other's key can only be taken up by a star of ours, which would take up anything else as
// well.
bool Glob::Covers(const Glob& other) const { return Matches(other.Key()); }

bool Glob::Overlaps(const Glob& other) const {
  const std::string a = Key();
  const std::string b = other.Key();
  // reachable[j]: some name is matched by a's first i and b's first j elements.
  std::vector<char> reachable(b.size() + 1, 0);
  reachable[0] = 1;
  for (size_t j = 0; j < b.size() && b[j] == kStar; ++j) {
    reachable[j + 1] = 1;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    const bool a_star = a[i - 1] == kStar;
    char diagonal = reachable[0];
    reachable[0] = static_cast<char>(a_star && reachable[0]);
    for (size_t j = 1; j <= b.size(); ++j) {
      const char above = reachable[j];
      const bool b_star = b[j - 1] == kStar;
      bool now = !a_star && !b_star && diagonal && a[i - 1] == b[j - 1];
      // A star takes nothing, or one more element of the other side.
      now = now || (a_star && (above || reachable[j - 1])) || (b_star && (above || reachable[j - 1]));
      reachable[j] = static_cast<char>(now);
      diagonal = above;
    }
  }
  return reachable[b.size()] != 0;
}

}  // namespace chaperone::policy
