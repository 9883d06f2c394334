// What the detectors find, for tests in other languages: a line "KIND COLUMN CELL" is answered with a line of
// "kind:begin:end". KIND may be "all"; COLUMN and CELL are hexadecimal, "-" when empty. With "kinds" it names every
// kind.
#include <iostream>
#include <map>
#include <sstream>

#include "dataplane/masking/detect/context.h"
#include "dataplane/masking/detect/detector.h"

namespace chaperone::masking::detect {
namespace {

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::vector<std::string> NamesOf(const std::string& kind) {
  if (kind != "all") {
    return {kind};
  }
  std::vector<std::string> names;
  for (const KindInfo& info : Kinds()) {
    names.emplace_back(info.name);
  }
  return names;
}

class Answers {
 public:
  // False when there is no such kind.
  bool Print(const std::string& kind, const std::string& column, const std::string& cell) {
    std::shared_ptr<const Detector>& detector = detectors_[kind];
    if (detector == nullptr) {
      auto made = Detector::Make(NamesOf(kind), {});
      if (!made.ok()) {
        return false;
      }
      detector = *std::move(made);
    }
    std::vector<Finding> findings;
    detector->Find(cell, KindsOfColumn(column), &findings);
    for (const Finding& finding : findings) {
      std::cout << KindName(finding.kind) << ':' << finding.begin << ':' << finding.end << ' ';
    }
    std::cout << '\n';
    return true;
  }

 private:
  std::map<std::string, std::shared_ptr<const Detector>> detectors_;
};

int Run() {
  Answers answers;
  for (std::string text; std::getline(std::cin, text);) {
    std::istringstream line(text);
    std::string kind;
    std::string column;
    std::string cell;
    line >> kind >> column >> cell;
    if (kind == "kinds") {
      for (const KindInfo& info : Kinds()) {
        std::cout << info.name << ' ';
      }
      std::cout << '\n';
    } else if (!answers.Print(kind, FromHex(column), FromHex(cell))) {
      std::cerr << "unknown kind: " << kind << '\n';
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace chaperone::masking::detect

int main() { return chaperone::masking::detect::Run(); }
