#include "dataplane/masking/detect/detector.h"

#include <hs/hs.h>
#include <re2/re2.h>

#include <atomic>
#include <utility>

#include "dataplane/masking/detect/fold.h"
#include "dataplane/masking/detect/mark_scan.h"
#include "dataplane/masking/detect/secret.h"

namespace chaperone::masking::detect {

namespace {

constexpr int64_t kPatternMemoryMax = 8 << 20;
// Vectorscan counts in 32 bits.
constexpr size_t kPieceBytesMax = size_t{1} << 30;

struct FreeDatabase {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
using Database = std::unique_ptr<hs_database_t, FreeDatabase>;

// A thread's working memory for all databases; it grows to the largest need.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { hs_free_scratch(scratch_); }

  // Null when there is no memory for it.
  hs_scratch_t* For(const hs_database_t* database, uint64_t id) {
    if (id != last_ && hs_alloc_scratch(database, &scratch_) != HS_SUCCESS) {
      last_ = 0;
      return nullptr;
    }
    last_ = id;
    return scratch_;
  }

 private:
  hs_scratch_t* scratch_ = nullptr;
  uint64_t last_ = 0;
};

uint64_t NextId() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

absl::StatusOr<Database> Compile(const std::vector<Literal>& literals) {
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  std::vector<size_t> sizes;
  for (const Literal& literal : literals) {
    texts.push_back(literal.text.data());
    sizes.push_back(literal.text.size());
    flags.push_back(literal.any_case ? HS_FLAG_CASELESS : 0);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), sizes.data(), static_cast<unsigned>(texts.size()),
                           HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    const std::string reason = error != nullptr && error->message != nullptr ? error->message : "unknown";
    hs_free_compile_error(error);
    return base::Internal("the detectors' literals do not compile: {}", reason);
  }
  return Database(database);
}

struct LiteralMatch {
  const std::vector<Literal>& literals;
  const CellScan& scan;
};

int OnLiteral(unsigned id, unsigned long long /*from*/, unsigned long long to, unsigned /*flags*/, void* context) {
  const auto* const match = static_cast<const LiteralMatch*>(context);
  const Literal& literal = match->literals[id];
  const auto end = static_cast<size_t>(to);
  literal.recognize(match->scan, end - literal.text.size(), end, literal.argument);
  return 0;
}

int OnLiteralEnd(unsigned /*id*/, unsigned long long /*from*/, unsigned long long to, unsigned /*flags*/,
                 void* context) {
  auto* const ends = static_cast<std::vector<uint32_t>*>(context);
  ends->push_back(static_cast<uint32_t>(to));
  return ends->size() > kLiteralsMax ? 1 : 0;
}

class Search final : public Detector {
 public:
  Search(KindSet kinds, std::vector<Literal> literals, Database database, std::vector<std::unique_ptr<RE2>> patterns)
      : kinds_(kinds),
        kinds_any_(kinds.any()),
        marks_(kinds),
        literals_(std::move(literals)),
        database_(std::move(database)),
        patterns_(std::move(patterns)) {}

  void Find(std::string_view cell, const KindSet& column, std::vector<Finding>* findings) const override {
    FindFolded(cell, column, true, findings);
  }

  void FindBetweenLiterals(std::string_view cell, const KindSet& column,
                           std::vector<Finding>* findings) const override {
    FindFolded(cell, column, false, findings);
  }

  bool FindLiterals(std::string_view stretch, std::vector<uint32_t>* ends) const override {
    if (database_ == nullptr) {
      return true;
    }
    // Vectorscan ends the search when it is told to: there are too many.
    return stretch.size() <= kPieceBytesMax && Scan(stretch, OnLiteralEnd, ends);
  }

 private:
  void FindFolded(std::string_view cell, const KindSet& column, bool search_literals,
                  std::vector<Finding>* findings) const {
    thread_local Folded folded;
    cell = cell.substr(0, kPieceBytesMax);
    if (!Fold(cell, &folded)) {
      FindIn(cell, column, search_literals, findings);
      return;
    }
    const size_t known = findings->size();
    FindIn(folded.text, column, true, findings);
    for (size_t i = known; i < findings->size(); ++i) {
      Finding& finding = (*findings)[i];
      finding.begin = folded.places[finding.begin];
      finding.end = folded.places[finding.end];
    }
  }

  void FindIn(std::string_view text, const KindSet& column, bool search_literals,
              std::vector<Finding>* findings) const {
    const CellScan scan(text, kinds_, column, findings);
    if (kinds_any_) {
      marks_.Run(scan);
      RecognizeByColumn(scan);
    }
    if (search_literals && database_ != nullptr) {
      LiteralMatch match{literals_, scan};
      if (!Scan(text, OnLiteral, &match)) {
        // What cannot be searched is taken for a finding.
        findings->push_back({0, static_cast<uint32_t>(text.size()), Kind::kSecretAssignment});
      }
    }
    for (const auto& pattern : patterns_) {
      FindPattern(*pattern, text, findings);
    }
  }

  bool Scan(std::string_view text, match_event_handler on_match, void* context) const {
    thread_local Scratch scratch;
    hs_scratch_t* const memory = scratch.For(database_.get(), id_);
    return memory != nullptr && hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0, memory,
                                        on_match, context) == HS_SUCCESS;
  }

  static void FindPattern(const RE2& pattern, std::string_view text, std::vector<Finding>* findings) {
    const re2::StringPiece all(text.data(), text.size());
    re2::StringPiece match;
    size_t at = 0;
    while (at < text.size() && pattern.Match(all, at, text.size(), RE2::UNANCHORED, &match, 1)) {
      const auto begin = static_cast<size_t>(match.data() - text.data());
      if (!match.empty()) {
        findings->push_back(
            {static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + match.size()), Kind::kSecretAssignment});
      }
      at = begin + std::max<size_t>(match.size(), 1);
    }
  }

  const KindSet kinds_;
  const bool kinds_any_;
  const MarkScan marks_;
  const std::vector<Literal> literals_;
  const Database database_;
  const std::vector<std::unique_ptr<RE2>> patterns_;
  const uint64_t id_ = NextId();
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Detector>> Detector::Make(const std::vector<std::string>& kinds,
                                                               const std::vector<OperatorPattern>& patterns) {
  KindSet wanted;
  for (const std::string& name : kinds) {
    const KindSet named = KindsNamed(name);
    if (named.none()) {
      return base::InvalidArgument("\"{}\" is no kind of value that detectors know", name);
    }
    wanted |= named;
  }
  std::vector<Literal> literals;
  AddVendorLiterals(wanted, &literals);
  AddCredentialLiterals(wanted, &literals);
  AddTokenLiterals(wanted, &literals);
  AddDocumentLiterals(wanted, &literals);
  Database database;
  if (!literals.empty()) {
    CHAPERONE_ASSIGN_OR_RETURN(database, Compile(literals));
  }
  std::vector<std::unique_ptr<RE2>> compiled;
  for (const OperatorPattern& pattern : patterns) {
    RE2::Options options;
    options.set_max_mem(kPatternMemoryMax);
    options.set_log_errors(false);
    auto made = std::make_unique<RE2>(pattern.regex, options);
    if (!made->ok()) {
      return base::InvalidArgument("the detector pattern \"{}\" does not compile: {}", pattern.name, made->error());
    }
    compiled.push_back(std::move(made));
  }
  return std::make_shared<const Search>(wanted, std::move(literals), std::move(database), std::move(compiled));
}

}  // namespace chaperone::masking::detect
