// Drives the maskers from outside, for tests with a real server. Reads lines from standard input, answers each `mask`
// and `path` line with one line on standard output: "null", or "value <hex>".
//
//   type <oid> <kind> <related> <typmod> <delimiter> <family name> [<attnum>:<type>:<typmod>:<name> …]
//   mask <method> <argument> <type oid> <typmod> <text|binary> <hex>
//   path <step.step…> <method> <argument> <type oid> <text|binary> <hex>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "dataplane/masking/masking_testing.h"

namespace chaperone::masking {
namespace {

using policy::MaskMethod;

const std::map<std::string, MaskMethod>& Methods() {
  static const auto& methods = *new std::map<std::string, MaskMethod>{{"redact", MaskMethod::kRedact},
                                                                      {"null", MaskMethod::kNull},
                                                                      {"hash", MaskMethod::kHash},
                                                                      {"keep_first", MaskMethod::kKeepFirst},
                                                                      {"keep_last", MaskMethod::kKeepLast},
                                                                      {"email", MaskMethod::kEmail},
                                                                      {"date_truncate", MaskMethod::kDateTruncate},
                                                                      {"round", MaskMethod::kRound},
                                                                      {"fake", MaskMethod::kFake}};
  return methods;
}

const std::map<std::string, TypeKind>& Kinds() {
  static const auto& kinds = *new std::map<std::string, TypeKind>{
      {"base", TypeKind::kBase},          {"array", TypeKind::kArray}, {"domain", TypeKind::kDomain},
      {"enum", TypeKind::kEnum},          {"range", TypeKind::kRange}, {"multirange", TypeKind::kMultirange},
      {"composite", TypeKind::kComposite}};
  return kinds;
}

void ReadType(std::istream& line, FakeTypeCatalog* types) {
  Oid oid = 0;
  std::string kind;
  std::string family;
  TypeDescription description;
  line >> oid >> kind >> description.related >> description.typmod >> description.delimiter >> family;
  description.kind = Kinds().at(kind);
  description.family = FamilyOfExtensionType(family);
  for (std::string field; line >> field;) {
    std::istringstream parts(field);
    CompositeField out;
    char colon = 0;
    parts >> out.attnum >> colon >> out.type >> colon >> out.typmod >> colon >> out.name;
    description.fields.push_back(out);
  }
  types->Add(oid, description);
}

void Answer(CellMasker* masker, const std::string& hex) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  if (masker->Mask(FromHex(hex), &out) == Outcome::kNull) {
    std::cout << "null\n";
    return;
  }
  std::cout << "value ";
  for (const char c : out) {
    const auto byte = static_cast<uint8_t>(c);
    std::cout << kDigits[byte >> 4] << kDigits[byte & 0xf];
  }
  std::cout << '\n';
}

void Mask(std::istream& line, const MaskContext& context) {
  std::string method;
  std::string format;
  std::string hex;
  int64_t argument = 0;
  ColumnType type;
  line >> method >> argument >> type.oid >> type.typmod >> format >> hex;
  type.format = format == "binary" ? Format::kBinary : Format::kText;
  Answer(MakeCellMasker(Rule(Methods().at(method), argument), type, context).get(), hex);
}

void MaskPath(std::istream& line, const MaskContext& context) {
  std::string steps;
  std::string method;
  std::string format;
  std::string hex;
  int64_t argument = 0;
  ColumnType type;
  line >> steps >> method >> argument >> type.oid >> format >> hex;
  type.format = format == "binary" ? Format::kBinary : Format::kText;
  const policy::MaskingRule rule = Rule(Methods().at(method), argument);
  policy::JsonPathMask mask;
  mask.rule = &rule;
  std::istringstream parts(steps);
  for (std::string step; std::getline(parts, step, '.');) {
    mask.path.push_back({.key = step == "*" ? "" : step, .any = step == "*"});
  }
  Answer(MakeJsonPathMasker({mask}, type, context).get(), hex);
}

int Run() {
  FakeTypeCatalog types;
  const MaskContext context = {.key = TestKey(), .types = &types};
  for (std::string text; std::getline(std::cin, text);) {
    std::istringstream line(text);
    std::string verb;
    line >> verb;
    if (verb == "type") {
      ReadType(line, &types);
    } else if (verb == "mask") {
      Mask(line, context);
    } else if (verb == "path") {
      MaskPath(line, context);
    } else {
      std::cerr << "unknown line: " << text << '\n';
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace chaperone::masking

int main() { return chaperone::masking::Run(); }
