// How long the search of cells takes: bazel run -c opt //dataplane/masking/detect:detector_bench. Prints nanoseconds
// for each cell and for each byte, with the literals looked for in each cell, and in rows of nine cells.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "dataplane/masking/detect/detector.h"

namespace {

using chaperone::masking::detect::Detector;
using chaperone::masking::detect::Finding;

constexpr size_t kCells = 9 * 1000;
constexpr size_t kCellsPerRow = 9;

std::string Hexadecimal(std::mt19937* random) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    text.push_back("0123456789abcdef"[(*random)() % 16]);
  }
  return text;
}

std::string Prose(std::mt19937* random) {
  constexpr const char* kWords[] = {"the",    "order", "from",   "Tuesday",    "was",      "late",   "again", "please",
                                    "refund", "25.00", "before", "2024-05-06", "reported", "number", "4711",  "thanks"};
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += fmt::format("{} ", kWords[(*random)() % std::size(kWords)]);
  }
  return text;
}

std::string Number(std::mt19937* random) { return fmt::format("{}", (*random)() % 100'000'000); }

double NanosecondsForEach(size_t count, const auto& body) {
  double best = 1e18;
  for (int round = 0; round < 10; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count() / static_cast<double>(count));
  }
  return best;
}

void Measure(const char* kinds_name, const std::vector<std::string>& kinds, const char* name,
             std::string (*make)(std::mt19937*)) {
  const auto detector = *Detector::Make(kinds, {});
  std::mt19937 random(1);
  std::vector<std::string> cells;
  std::vector<std::string> rows;
  size_t bytes = 0;
  for (size_t i = 0; i < kCells; ++i) {
    cells.push_back(make(&random));
    bytes += cells.back().size();
    if (i % kCellsPerRow == 0) {
      rows.emplace_back();
    }
    rows.back() += std::string(3, '\0') + static_cast<char>(cells.back().size()) + cells.back();
  }
  std::vector<Finding> findings;
  const double alone = NanosecondsForEach(kCells, [&] {
    for (const std::string& cell : cells) {
      detector->Find(cell, {}, &findings);
    }
    findings.clear();
  });
  std::vector<uint32_t> ends;
  const double in_rows = NanosecondsForEach(kCells, [&] {
    for (size_t i = 0; i < kCells; ++i) {
      if (i % kCellsPerRow == 0) {
        ends.clear();
        detector->FindLiterals(rows[i / kCellsPerRow], &ends);
      }
      detector->FindBetweenLiterals(cells[i], {}, &findings);
    }
    findings.clear();
  });
  const double size = static_cast<double>(bytes) / static_cast<double>(kCells);
  fmt::print("{:<10} {:<12} {:5.0f} bytes   each {:6.1f} ns ({:5.2f} a byte)   in rows {:6.1f} ns ({:5.2f} a byte)\n",
             kinds_name, name, size, alone, alone / size, in_rows, in_rows / size);
}

}  // namespace

int main() {
  const std::vector<std::string> some = {"credit_card", "us_ssn", "secret_key"};
  const std::vector<std::string> all = {"contact", "network", "payment", "secret_key", "national_id"};
  for (const auto& [name, kinds] : {std::pair{"three", some}, std::pair{"all", all}}) {
    Measure(name, kinds, "hexadecimal", Hexadecimal);
    Measure(name, kinds, "prose", Prose);
    Measure(name, kinds, "number", Number);
  }
  return 0;
}
