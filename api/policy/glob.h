// Globs: `*` stands for any run of bytes, the empty one too; every other byte stands for itself. The one pattern
// language of policy documents; names that have several parts use one glob for each part (pattern.h).
//
// Matching takes time in proportion to name times pattern at worst and never backtracks further than the last `*`.
#ifndef CHAPERONE_API_POLICY_GLOB_H_
#define CHAPERONE_API_POLICY_GLOB_H_

#include <string>
#include <string_view>
#include <vector>

namespace chaperone::policy {

class Glob {
 public:
  // Matches the empty name only.
  Glob() : pieces_(1) {}
  // `text` with `*` as the wildcard. A NUL byte must not occur: no name holds one.
  static Glob Parse(std::string_view text);
  // Matches `name` alone, stars included.
  static Glob Literal(std::string_view name);
  // The parts one after another, with `separator` between them.
  static Glob Join(const std::vector<Glob>& parts, char separator);

  // With ASCII letters in lower case.
  Glob Lowered() const;

  bool Matches(std::string_view name) const;
  bool IsLiteral() const { return pieces_.size() == 1; }
  bool IsAny() const;

  // What every match starts and ends with. For a literal, both are the whole name.
  const std::string& prefix() const { return pieces_.front(); }
  const std::string& suffix() const { return pieces_.back(); }
  // A name that this glob matches and no narrower one: the pattern with one and the same foreign byte for every star.
  // Equal globs have equal keys.
  std::string Key() const;
  // Every name that `other` matches, this one matches too. Exact.
  bool Covers(const Glob& other) const;
  // Some name is matched by both. Exact.
  bool Overlaps(const Glob& other) const;

 private:
  // The literal runs between the stars: n + 1 for n stars. Neighbouring stars count as one.
  std::vector<std::string> pieces_;
};

}  // namespace chaperone::policy

#endif  // CHAPERONE_API_POLICY_GLOB_H_
