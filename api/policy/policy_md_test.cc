// Reads POLICY.md: every yaml block must be a document without findings that are errors, and every line of a verdicts
// block must come true. The documents of a block's section are its bundle.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "api/policy/detector_kinds.h"
#include "api/policy/lint.h"
#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

struct Section {
  std::string title;
  std::vector<std::string> documents;
  // The verdicts blocks, line by line, with line numbers.
  std::vector<std::pair<int, std::string>> claims;
};

std::vector<Section> ReadSections() {
  std::ifstream in("api/policy/POLICY.md");
  REQUIRE(in.is_open());
  std::vector<Section> sections(1);
  std::string line;
  std::string block;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("```")) {
      block = block.empty() ? line.substr(3) : "";
      if (block == "yaml") {
        sections.back().documents.emplace_back();
      }
    } else if (block == "yaml") {
      sections.back().documents.back() += line + "\n";
    } else if (block == "verdicts") {
      sections.back().claims.emplace_back(number, line);
    } else if (line.starts_with("#")) {
      sections.push_back(Section{line, {}, {}});
    }
  }
  REQUIRE(block.empty());
  return sections;
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  std::string part;
  while (std::getline(in, part, separator)) {
    parts.push_back(part);
  }
  return parts;
}

// Checks the claims of one section.
class Claims {
 public:
  explicit Claims(const std::vector<std::string>& documents) : bundle_(MustCompile(documents)) {}

  void Check(const std::string& claim) {
    if (claim.starts_with("as: ")) {
      SetPrincipal(claim.substr(4));
    } else if (claim.starts_with("on: ")) {
      SetTarget(claim.substr(4));
    } else if (claim.starts_with("at: ")) {
      now_ = ParseTime(claim.substr(4));
    } else if (claim == "session may not start") {
      CHECK_FALSE(View()->Applies());
    } else {
      const size_t arrow = claim.find(" -> ");
      REQUIRE(arrow != std::string::npos);
      CHECK(Outcome(claim.substr(0, arrow)) == claim.substr(arrow + 4));
    }
  }

 private:
  std::shared_ptr<const policy::View> View() const { return bundle_->ViewFor(principal_, target_); }

  void SetPrincipal(const std::string& words) {
    principal_ = Principal();
    for (const std::string& word : Split(words, ' ')) {
      const size_t equals = word.find('=');
      REQUIRE(equals != std::string::npos);
      const std::string key = word.substr(0, equals);
      const std::string value = word.substr(equals + 1);
      if (key == "groups") {
        principal_.groups = Split(value, ',');
        continue;
      }
      std::string* attribute = key == "issuer"    ? &principal_.issuer
                               : key == "subject" ? &principal_.subject
                               : key == "client"  ? &principal_.client
                               : key == "human"   ? &principal_.human
                               : key == "task"    ? &principal_.task
                                                  : nullptr;
      REQUIRE(attribute != nullptr);
      *attribute = value;
    }
  }

  void SetTarget(const std::string& words) {
    const std::vector<std::string> parts = Split(words, ' ');
    const std::vector<std::string> names = Split(parts[0], '/');
    REQUIRE(names.size() == 2);
    target_ = Target{names[0], names[1], {}};
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::vector<std::string> label = Split(parts[i], '=');
      REQUIRE(label.size() == 2);
      target_.labels[label[0]] = label[1];
    }
  }

  std::string Outcome(const std::string& subject) const {
    const auto view = View();
    const size_t space = subject.find(' ');
    const std::string verb = subject.substr(0, space);
    const std::vector<std::string> name = Split(subject.substr(space + 1), '.');
    if (verb == "mask") {
      const MaskingRule* rule = view->MaskFor(name.at(0), name.at(1), name.at(2));
      return rule == nullptr ? "none" : rule->id + " " + MaskMethodName(rule->method, rule->argument);
    }
    if (verb == "path") {
      return Paths(view->JsonPathMasksFor(name.at(0), name.at(1), name.at(2)));
    }
    if (verb == "detect") {
      std::vector<std::string> ids;
      for (const MaskingRule* rule : view->DetectorsFor(name.at(0), name.at(1))) {
        ids.push_back(rule->id);
      }
      return fmt::format("{}", fmt::join(ids, " "));
    }
    return VerdictText(view->Judge(ParseFacts(subject), now_));
  }

  static std::string Paths(const std::vector<JsonPathMask>& masks) {
    std::vector<std::string> texts;
    for (const JsonPathMask& mask : masks) {
      std::vector<std::string> steps;
      for (const JsonStep& step : mask.path) {
        steps.push_back(step.any ? "*" : step.key);
      }
      texts.push_back(fmt::format("{} {} {}", fmt::join(steps, "."), mask.rule->id,
                                  MaskMethodName(mask.rule->method, mask.rule->argument)));
    }
    return fmt::format("{}", fmt::join(texts, "; "));
  }

  static std::string VerdictText(const Verdict& verdict) {
    std::string text = Summary(verdict);
    if (verdict.decision == Decision::kRequireApproval) {
      text += fmt::format(" by {}", fmt::join(verdict.approval.approvers, " or "));
      text += verdict.approval.count > 1 ? fmt::format(", {} votes", verdict.approval.count) : "";
    }
    if (verdict.max_affected_rows) {
      text += fmt::format(", at most {} rows", *verdict.max_affected_rows);
    }
    if (verdict.observed) {
      text += fmt::format(", observed {}{}{}", DecisionName(*verdict.observed),
                          verdict.observed_rule.empty() ? "" : " ", verdict.observed_rule);
    }
    return text;
  }

  std::shared_ptr<const Bundle> bundle_;
  Principal principal_;
  Target target_;
  std::chrono::system_clock::time_point now_;
};

TEST_CASE("every document of the reference is good, and every claim comes true") {
  int examples = 0;
  int claims = 0;
  for (const Section& section : ReadSections()) {
    if (section.documents.empty()) {
      CHECK(section.claims.empty());
      continue;
    }
    INFO(section.title);
    examples += section.title.starts_with("### ");
    REQUIRE_FALSE(section.claims.empty());
    Claims checker(section.documents);
    for (const auto& [line, claim] : section.claims) {
      INFO("POLICY.md:" << line << ": " << claim);
      checker.Check(claim);
      ++claims;
    }
  }
  CHECK(examples == 10);
  CHECK(claims > 80);
}

TEST_CASE("the examples have no findings but those that they are about") {
  for (const Section& section : ReadSections()) {
    std::vector<std::shared_ptr<const Document>> documents;
    for (const std::string& text : section.documents) {
      documents.push_back(MustParse(text, "POLICY.md"));
    }
    for (const Finding& finding : Lint(documents)) {
      INFO(section.title << ": " << finding.rule << ": " << finding.message);
      const bool is_the_point = finding.code == "observe-mode" || finding.code == "unbounded-write";
      CHECK(is_the_point);
    }
  }
}

TEST_CASE("the reference names every detector kind and group") {
  std::ifstream in("api/policy/POLICY.md");
  std::stringstream text;
  text << in.rdbuf();
  for (const auto* names : {&DetectorKinds(), &DetectorGroups()}) {
    for (const std::string_view name : *names) {
      INFO(name);
      CHECK(text.str().find(name) != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace chaperone::policy
