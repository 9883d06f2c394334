#include "api/policy/glob.h"

#include <catch2/catch.hpp>
#include <random>

namespace chaperone::policy {
namespace {

TEST_CASE("a star stands for any run of bytes, the empty one too") {
  CHECK(Glob::Parse("*").Matches(""));
  CHECK(Glob::Parse("*").Matches("orders"));
  CHECK(Glob::Parse("ord*").Matches("ord"));
  CHECK(Glob::Parse("ord*").Matches("orders"));
  CHECK_FALSE(Glob::Parse("ord*").Matches("border"));
  CHECK(Glob::Parse("*_log").Matches("audit_log"));
  CHECK_FALSE(Glob::Parse("*_log").Matches("audit_log2"));
  CHECK(Glob::Parse("a*b*c").Matches("abc"));
  CHECK(Glob::Parse("a*b*c").Matches("a1b2b3c"));
  CHECK_FALSE(Glob::Parse("a*b*c").Matches("acb"));
  CHECK_FALSE(Glob::Parse("ab*ba").Matches("aba"));
  CHECK(Glob::Parse("**").IsAny());
}

TEST_CASE("without a star a glob is a name, byte for byte") {
  CHECK(Glob::Parse("Orders").Matches("Orders"));
  CHECK_FALSE(Glob::Parse("Orders").Matches("orders"));
  CHECK_FALSE(Glob::Parse("").Matches("x"));
  CHECK(Glob::Literal("a*b").Matches("a*b"));
  CHECK_FALSE(Glob::Literal("a*b").Matches("axb"));
  CHECK(Glob::Parse("a?b").Matches("a?b"));
}

TEST_CASE("joined globs keep their stars and literals") {
  const Glob joined = Glob::Join({Glob::Parse("app*"), Glob::Literal("a*b"), Glob::Parse("*")}, '.');
  CHECK(joined.Matches("application.a*b."));
  CHECK_FALSE(joined.Matches("app.axb.x"));
}

TEST_CASE("covering and overlapping are exact") {
  struct Case {
    const char* a;
    const char* b;
    bool covers;
    bool overlaps;
  };
  const Case cases[] = {
      {"*", "*", true, true},         {"*", "x", true, true},       {"x", "*", false, true},
      {"a*", "ab*", true, true},      {"ab*", "a*", false, true},   {"a*", "b*", false, false},
      {"*a", "b*", false, true},      {"a*c", "abc", true, true},   {"a*c", "a*b*c", true, true},
      {"a*b*c", "a*c", false, true},  {"*aa*", "*a*", false, true}, {"*a*", "*aa*", true, true},
      {"ab*ba", "aba", false, false}, {"", "*", false, true},       {"", "x*", false, false},
  };
  for (const Case& c : cases) {
    INFO(c.a << " and " << c.b);
    CHECK(Glob::Parse(c.a).Covers(Glob::Parse(c.b)) == c.covers);
    CHECK(Glob::Parse(c.a).Overlaps(Glob::Parse(c.b)) == c.overlaps);
    CHECK(Glob::Parse(c.b).Overlaps(Glob::Parse(c.a)) == c.overlaps);
  }
}

// The textbook definition, to compare with.
bool SlowMatches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) {
    return name.empty();
  }
  if (pattern[0] == '*') {
    return SlowMatches(pattern.substr(1), name) || (!name.empty() && SlowMatches(pattern, name.substr(1)));
  }
  return !name.empty() && pattern[0] == name[0] && SlowMatches(pattern.substr(1), name.substr(1));
}

std::string RandomText(std::mt19937* random, std::string_view alphabet, size_t size_max) {
  std::string text((*random)() % (size_max + 1), ' ');
  for (char& c : text) {
    c = alphabet[(*random)() % alphabet.size()];
  }
  return text;
}

TEST_CASE("matching agrees with the definition on random patterns") {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    const std::string pattern = RandomText(&random, "ab*", 7);
    const std::string name = RandomText(&random, "ab", 7);
    INFO(pattern << " on " << name);
    REQUIRE(Glob::Parse(pattern).Matches(name) == SlowMatches(pattern, name));
  }
}

TEST_CASE("covering and overlapping agree with matching on random patterns") {
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    const Glob a = Glob::Parse(RandomText(&random, "ab*", 5));
    const Glob b = Glob::Parse(RandomText(&random, "ab*", 5));
    const bool covers = a.Covers(b);
    const bool overlaps = a.Overlaps(b);
    for (int j = 0; j < 60; ++j) {
      const std::string name = RandomText(&random, "abc", 7);
      if (b.Matches(name)) {
        REQUIRE((!covers || a.Matches(name)));
        REQUIRE((overlaps || !a.Matches(name)));
      }
    }
  }
}

}  // namespace
}  // namespace chaperone::policy
