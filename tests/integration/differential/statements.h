// Random SQL over the two tables of the differential test:
//   diff_t(id int primary key, a int, b text, c numeric, d bytea) and forbidden(id int primary key, secret text).
#ifndef CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_STATEMENTS_H_
#define CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_STATEMENTS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace chaperone::differential {

// Reproducible choices.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}

  // 0 … sides - 1.
  uint64_t Roll(uint64_t sides) { return engine_() % sides; }
  bool Percent(uint64_t chance) { return Roll(100) < chance; }
  std::string_view Pick(std::initializer_list<std::string_view> choices) {
    return choices.begin()[Roll(choices.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// A statement without parameters, for the simple protocol.
std::string SimpleStatement(Dice* dice);

// Text for Parse with values for its parameters; now and then too few values.
struct Prepared {
  std::string sql;
  std::vector<std::optional<std::string>> values;
};
Prepared PreparedStatement(Dice* dice);

// A COPY diff_t (or forbidden) FROM STDIN, and rows that fit or do not.
std::string CopyInStatement(Dice* dice);
std::string CopyRows(Dice* dice);

}  // namespace chaperone::differential

#endif  // CHAPERONE_TESTS_INTEGRATION_DIFFERENTIAL_STATEMENTS_H_
