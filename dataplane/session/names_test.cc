#include "dataplane/session/names.h"

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <utility>

namespace chaperone::session {
namespace {

StatementPtr Make() {
  StatementPtr made(new PreparedStatement);
  made->judged = JudgedPtr(new Judged);
  return made;
}

TEST_CASE("the statements of a transaction are found in turn, and anew after each change") {
  Names names;
  const StatementPtr begin = Make(), update = Make(), end = Make();
  names.SetStatement("begin", begin);
  names.SetStatement("update", update);
  names.SetStatement("end", end);
  for (int i = 0; i < 3; ++i) {
    CHECK(names.FindStatement("begin") == begin);
    CHECK(names.FindStatement("update") == update);
    CHECK(names.FindStatement("update") == update);
    CHECK(names.FindStatement("end") == end);
  }
  CHECK(names.FindStatement("begin") == begin);
  Names::UndoStep step;
  names.SetStatement("update", nullptr, &step);
  CHECK(names.FindStatement("update") == nullptr);
  CHECK(names.FindStatement("begin") == begin);
  names.TakeBack(std::move(step));
  CHECK(names.FindStatement("update") == update);
  names.SetStatement("end", Make());
  CHECK(names.FindStatement("end") != end);
  names.RemoveAllStatements();
  CHECK(names.FindStatement("begin") == nullptr);
  CHECK(names.FindStatement("update") == nullptr);
}

// Whatever comes and goes in between, a name stands for what it was given last.
TEST_CASE("what is found is what was set") {
  const std::array<std::string, 6> texts{"a", "b", "ab", "", "P_0", "P_1"};
  std::mt19937 random(20261127);
  const auto below = [&](size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random); };
  Names names;
  std::map<std::string, StatementPtr> model;
  for (int i = 0; i < 200'000; ++i) {
    const std::string& name = texts[below(texts.size())];
    const size_t what = below(64);
    if (what == 0) {
      names.SetStatement(name, nullptr);
      model.erase(name);
    } else if (what < 3) {
      names.SetStatement(name, model[name] = Make());
    } else if (what == 3) {
      Names::UndoStep step;
      names.SetStatement(name, below(2) == 0 ? Make() : nullptr, &step);
      CHECK((names.FindStatement(name) == nullptr || names.FindStatement(name) != model[name]));
      names.TakeBack(std::move(step));
    } else if (what == 4 && below(8) == 0) {
      names.RemoveAllStatements();
      std::erase_if(model, [](const auto& entry) { return !entry.first.empty(); });
    } else {
      const auto expected = model.find(name);
      REQUIRE(names.FindStatement(name) == (expected == model.end() ? nullptr : expected->second));
      names.Prefetch();
    }
  }
}

}  // namespace
}  // namespace chaperone::session
