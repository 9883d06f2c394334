// Sends random valid message sequences, some with denied statements, through a proxy and straight to the server, and
// looks for any difference in results, errors or transaction state. A sequence that shows one is shrunk and printed.
//
//   differential --proxy-port 15432 --direct-port 5432 --proxy-database diff_a --direct-database diff_b --sequences
//   2000
//
// Passwords come from $PROXY_PASSWORD and $DIRECT_PASSWORD. Exit 0: no difference; 1: one was found; 2: it could not
// run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "tests/integration/differential/connection.h"
#include "tests/integration/differential/runner.h"
#include "tests/integration/differential/sequence.h"

namespace chaperone::differential {
namespace {

// Both sides, opened again after a sequence that broke a conversation off.
class Bench {
 public:
  Bench(Endpoint proxy, Endpoint direct) : proxy_at_(std::move(proxy)), direct_at_(std::move(direct)) {}

  struct Outcome {
    std::string difference;
    // The server itself was not content with the sequence: it shows nothing.
    bool invalid = false;
    size_t messages = 0;
  };

  absl::StatusOr<Outcome> Try(const Sequence& sequence) {
    absl::Status status = Ready(&proxy_, proxy_at_);
    if (!status.ok()) return absl::Status(status.code(), "proxy: " + std::string(status.message()));
    status = Ready(&direct_, direct_at_);
    if (!status.ok()) return absl::Status(status.code(), "direct: " + std::string(status.message()));
    const Transcript proxy = Run(proxy_.get(), sequence, Side::kProxy);
    const Transcript direct = Run(direct_.get(), sequence, Side::kDirect);
    Outcome outcome{Difference(proxy, direct), !direct.end.ok(), direct.messages.size()};
    if (!outcome.difference.empty() || !proxy.end.ok() || !direct.end.ok()) {
      proxy_.reset();
      direct_.reset();
    }
    return outcome;
  }

 private:
  static absl::Status Ready(std::unique_ptr<Connection>* connection, const Endpoint& at) {
    if (*connection == nullptr) {
      auto opened = Connection::Open(at);
      if (!opened.ok()) return opened.status();
      *connection = *std::move(opened);
    }
    return Reset(connection->get());
  }

  const Endpoint proxy_at_;
  const Endpoint direct_at_;
  std::unique_ptr<Connection> proxy_;
  std::unique_ptr<Connection> direct_;
};

bool StillDiffers(Bench* bench, const Sequence& candidate) {
  auto outcome = bench->Try(candidate);
  return outcome.ok() && !outcome->invalid && !outcome->difference.empty();
}

// Leaves out what can be left out while the difference stays.
Sequence Shrink(Bench* bench, Sequence sequence) {
  bool smaller = true;
  while (smaller) {
    smaller = false;
    for (size_t b = sequence.size(); b-- > 0;) {
      Sequence without = sequence;
      without.erase(without.begin() + static_cast<ptrdiff_t>(b));
      if (StillDiffers(bench, without)) {
        sequence = std::move(without);
        smaller = true;
        continue;
      }
      for (size_t s = sequence[b].steps.size(); s-- > 0;) {
        if (sequence[b].steps[s].answer == Answer::kSync) continue;
        Sequence fewer = sequence;
        fewer[b].steps.erase(fewer[b].steps.begin() + static_cast<ptrdiff_t>(s));
        if (!StillDiffers(bench, fewer)) continue;
        sequence = std::move(fewer);
        smaller = true;
      }
    }
  }
  return sequence;
}

struct Options {
  Endpoint proxy{"127.0.0.1", 0, "agent", "", "diff_a"};
  Endpoint direct{"127.0.0.1", 0, "differ", "", "diff_b"};
  uint64_t sequences = 2000;
  uint64_t seed = 1;
  uint64_t findings_max = 5;
  bool denials = true;
};

int Compare(const Options& options) {
  Bench bench(options.proxy, options.direct);
  const auto begin = std::chrono::steady_clock::now();
  uint64_t findings = 0;
  uint64_t messages = 0;
  for (uint64_t seed = options.seed; seed < options.seed + options.sequences; ++seed) {
    const Sequence sequence = Generate(seed, options.denials);
    auto outcome = bench.Try(sequence);
    if (!outcome.ok()) {
      std::cerr << fmt::format("seed {}: cannot run: {}\n", seed, outcome.status().ToString());
      return 2;
    }
    messages += outcome->messages;
    if (outcome->difference.empty() && !outcome->invalid) continue;
    const Sequence smallest = outcome->invalid ? sequence : Shrink(&bench, sequence);
    auto again = bench.Try(smallest);
    std::cout << fmt::format("seed {}: {}\n{}", seed, again.ok() ? again->difference : "", Show(smallest));
    if (outcome->invalid) std::cout << "  (the server itself broke off: the generator is wrong)\n";
    if (++findings >= options.findings_max) break;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << fmt::format("{} sequences from seed {}, {} messages from the server, {} differences, {:.1f} s\n",
                           options.sequences, options.seed, messages, findings, took.count());
  return findings == 0 ? 0 : 1;
}

}  // namespace
}  // namespace chaperone::differential

int main(int argc, char** argv) {
  chaperone::differential::Options options;
  CLI::App app("Compares a proxy with the server behind it, message by message.");
  app.add_option("--proxy-port", options.proxy.port)->required();
  app.add_option("--direct-port", options.direct.port)->required();
  app.add_option("--proxy-user", options.proxy.user);
  app.add_option("--direct-user", options.direct.user);
  app.add_option("--proxy-database", options.proxy.database);
  app.add_option("--direct-database", options.direct.database);
  app.add_option("--sequences", options.sequences);
  app.add_option("--seed", options.seed);
  app.add_option("--findings", options.findings_max, "stop after so many differences");
  app.add_flag("!--without-denials", options.denials, "the proxy has no policy: both sides get the same statements");
  CLI11_PARSE(app, argc, argv);
  const char* proxy_password = std::getenv("PROXY_PASSWORD");
  const char* direct_password = std::getenv("DIRECT_PASSWORD");
  options.proxy.password = proxy_password != nullptr ? proxy_password : "";
  options.direct.password = direct_password != nullptr ? direct_password : "";
  return chaperone::differential::Compare(options);
}
