// Laws that hold for every method, type and format, on made-up cells: what is masked does not come out, equal cells are
// masked alike, a failed mask leaves the output as it was, and no bytes break anything.
#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dataplane/masking/masking_testing.h"

namespace chaperone::masking {
namespace {

using policy::MaskMethod;

constexpr Oid kRow = 20001;
constexpr Oid kRowArray = 20002;
constexpr Oid kTypes[] = {
    oid::kBool,        oid::kBytea,          oid::kChar,     oid::kName,    oid::kInt8,      oid::kInt2,
    oid::kInt4,        oid::kText,           oid::kJson,     oid::kXml,     oid::kCidr,      oid::kFloat4,
    oid::kFloat8,      oid::kMacaddr8,       oid::kMoney,    oid::kMacaddr, oid::kInet,      oid::kInt4Array,
    oid::kTextArray,   oid::kBpchar,         oid::kVarchar,  oid::kDate,    oid::kTime,      oid::kTimestamp,
    oid::kTimestamptz, oid::kInterval,       oid::kTimetz,   oid::kBit,     oid::kVarbit,    oid::kNumeric,
    oid::kRecord,      oid::kUuid,           oid::kTsvector, oid::kJsonb,   oid::kInt4range, oid::kNumrange,
    oid::kDaterange,   oid::kDatemultirange, kRow,           kRowArray};

struct Method {
  MaskMethod method;
  int64_t argument;
};
constexpr Method kMethods[] = {{MaskMethod::kRedact, 0},
                               {MaskMethod::kNull, 0},
                               {MaskMethod::kHash, 0},
                               {MaskMethod::kKeepFirst, 3},
                               {MaskMethod::kKeepLast, 3},
                               {MaskMethod::kEmail, 0},
                               {MaskMethod::kDateTruncate, 1},
                               {MaskMethod::kRound, 1000},
                               {MaskMethod::kFake, 0},
                               {MaskMethod::kRound, -1},
                               {MaskMethod::kKeepFirst, 1'000'000}};

const FakeTypeCatalog& Types() {
  static const auto& types = *new FakeTypeCatalog([] {
    FakeTypeCatalog catalog;
    catalog.Add(kRow, {.kind = TypeKind::kComposite, .fields = {{"a", 1, oid::kText, -1}, {"b", 2, oid::kInt4, -1}}});
    catalog.Add(kRowArray, {.kind = TypeKind::kArray, .related = kRow});
    return catalog;
  }());
  return types;
}

// Stands in every cell; no method may let more than three characters of it through.
constexpr std::string_view kSecret = "zQ8jX2kW";
constexpr std::string_view kShapes[] = {"$",         "{$}",
                                        "{\"$\",$}", "($,$)",
                                        "(\"$\",1)", "[$,$)",
                                        "\"$\"",     "{\"$\": [\"$\", 1]}",
                                        "[\"$\"]",   "\\x$",
                                        "$@$.com",   "2024-05-06 $",
                                        "-$",        "{[$,$),[$,$)}",
                                        "1.$",       "{\"($,1)\"}",
                                        "\x01\"$\"", "[0:1]={$,$}",
                                        "$,$",       "192.0.2.1/$",
                                        "",          "t",
                                        "12345",     "2024-05-06"};

class Cells {
 public:
  std::string Next() {
    std::string cell(kShapes[Below(std::size(kShapes))]);
    for (size_t at = cell.find('$'); at != std::string::npos; at = cell.find('$', at + kSecret.size())) {
      cell.replace(at, 1, kSecret);
    }
    for (size_t edits = Below(3); edits > 0 && !cell.empty(); --edits) {
      cell.insert(Below(cell.size() + 1), 1, "{}()[]\",\\:\0\xff 7"[Below(15)]);
    }
    return cell;
  }
  size_t Below(size_t bound) { return random_() % bound; }
  std::string Noise() {
    std::string noise(Below(40), '\0');
    for (char& byte : noise) {
      byte = static_cast<char>(Below(3) == 0 ? random_() : Below(4));
    }
    return noise;
  }

 private:
  std::mt19937 random_{20240506};
};

// Four characters in a row of the secret, wherever they stand.
bool ShowsSecret(std::string_view out) {
  for (size_t i = 0; i + 4 <= kSecret.size(); ++i) {
    if (out.find(kSecret.substr(i, 4)) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

template <typename Check>
void ForEachMasker(Check check) {
  for (const Oid type : kTypes) {
    for (const Method& method : kMethods) {
      for (const Format format : {Format::kText, Format::kBinary}) {
        for (const int32_t typmod : {-1, LengthModifier(5), NumericModifier(6, 2)}) {
          check(method, ColumnType{.oid = type, .typmod = typmod, .format = format});
        }
      }
    }
  }
}

TEST_CASE("No method shows more of a cell than it keeps, whatever its bytes", "[masking][fail-closed]") {
  Cells cells;
  ForEachMasker([&](const Method& method, const ColumnType& type) {
    const auto masker = MakeCellMasker(Rule(method.method, method.argument), type, {TestKey(), &Types()});
    for (int i = 0; i < 40; ++i) {
      const std::string cell = cells.Next();
      std::string out = "before";
      const Outcome outcome = masker->Mask(cell, &out);
      INFO("type " << type.oid << " method " << static_cast<int>(method.method) << " cell " << cell << " out " << out);
      REQUIRE(out.starts_with("before"));
      if (outcome == Outcome::kNull) {
        REQUIRE(out == "before");
      }
      // On purpose stay the domain of what looks like an address, and the upper bytes of a rounded binary number.
      const bool keeps_domain = method.method == MaskMethod::kEmail && cell.find('@') != std::string::npos;
      const bool rounds = method.method == MaskMethod::kRound || method.method == MaskMethod::kDateTruncate;
      if (!keeps_domain && !(rounds && type.format == Format::kBinary)) {
        REQUIRE_FALSE(ShowsSecret(out));
      }
    }
  });
}

TEST_CASE("Noise in any format breaks nothing and is masked alike twice", "[masking]") {
  Cells cells;
  ForEachMasker([&](const Method& method, const ColumnType& type) {
    const MaskContext context = {TestKey(), &Types()};
    const auto one = MakeCellMasker(Rule(method.method, method.argument), type, context);
    const auto other = MakeCellMasker(Rule(method.method, method.argument), type, context);
    for (int i = 0; i < 10; ++i) {
      const std::string cell = i % 2 == 0 ? cells.Noise() : cells.Next();
      std::string first;
      std::string second;
      std::string third;
      const Outcome outcome = one->Mask(cell, &first);
      one->Mask(cells.Noise(), &third);
      third.clear();
      REQUIRE(other->Mask(cell, &second) == outcome);
      REQUIRE(one->Mask(cell, &third) == outcome);
      REQUIRE(first == second);
      REQUIRE(first == third);
    }
  });
}

}  // namespace
}  // namespace chaperone::masking
