#include <catch2/catch.hpp>

#include "dataplane/masking/masking_testing.h"
#include "dataplane/masking/wire_number.h"

namespace chaperone::masking {
namespace {

using policy::MaskMethod;

constexpr Oid kDomain = 20001;
constexpr Oid kEnum = 20002;
constexpr Oid kPerson = 20003;
constexpr Oid kPersonArray = 20004;
constexpr Oid kDomainArray = 20005;

const FakeTypeCatalog& Types() {
  static const auto& types = *new FakeTypeCatalog([] {
    FakeTypeCatalog catalog;
    catalog.Add(kDomain, {.kind = TypeKind::kDomain, .related = oid::kVarchar, .typmod = LengthModifier(3)});
    catalog.Add(kEnum, {.kind = TypeKind::kEnum});
    catalog.Add(
        kPerson,
        {.kind = TypeKind::kComposite,
         .fields = {
             {"id", 1, oid::kInt4, -1}, {"name", 2, oid::kText, -1}, {"mood", 3, kEnum, -1}, {"shape", 4, 99999, -1}}});
    catalog.Add(kPersonArray, {.kind = TypeKind::kArray, .related = kPerson});
    catalog.Add(kDomainArray, {.kind = TypeKind::kArray, .related = kDomain});
    return catalog;
  }());
  return types;
}

std::optional<std::string> Mask(MaskMethod method, int64_t argument, Oid type, std::string_view cell,
                                Format format = Format::kText) {
  return MaskOne(Rule(method, argument), {type, -1, format}, cell, &Types());
}

TEST_CASE("Elements of a text array are masked, its shape stays", "[masking]") {
  CHECK(Mask(MaskMethod::kKeepLast, 1, oid::kTextArray, R"({abc,"d e",NULL,"","q\"r"})") == R"({**c,**e,NULL,"",**r})");
  CHECK(Mask(MaskMethod::kRedact, 0, oid::kTextArray, "{}") == "{}");
  CHECK(Mask(MaskMethod::kRound, 10, oid::kInt4Array, "[0:1][1:2]={{11,22},{33,NULL}}") ==
        "[0:1][1:2]={{10,20},{30,NULL}}");
  CHECK(Mask(MaskMethod::kKeepFirst, 1, oid::kTextArray, R"({", bc","\\x"})") == R"({",***","\\*"})");
}

TEST_CASE("A masked element that reads like NULL is quoted", "[masking]") {
  // keep_first_4 of five characters could spell the word.
  CHECK(Mask(MaskMethod::kKeepFirst, 4, oid::kTextArray, R"({"NULLx"})") == "{NULL*}");
  CHECK(Mask(MaskMethod::kRedact, 0, oid::kTextArray, R"({"NULL"})") == "{****}");
}

TEST_CASE("Array text that array_out does not write becomes NULL", "[masking][fail-closed]") {
  for (const char* const cell : {"", "abc", "{abc", "{abc}}", "{a,}", "{,a}", "{a}b", R"({"a)", R"({"a\)", "{a\"b}",
                                 "{{{{{{{a}}}}}}}", "[0:1]{a}", "{a,{b}", "{a b\\}", "{}{}"}) {
    INFO(cell);
    CHECK(Mask(MaskMethod::kRedact, 0, oid::kTextArray, cell) == std::nullopt);
  }
}

TEST_CASE("Binary arrays are rewritten element by element", "[masking]") {
  // One dimension of two, from 1: 'ab', NULL.
  const auto hex = [](std::string_view digits) {
    std::string plain;
    for (const char c : digits) {
      plain.append(c == ' ' ? 0 : 1, c);
    }
    return FromHex(plain);
  };
  const std::string cell = hex("00000001 00000001 00000019 00000002 00000001 00000002 6162 ffffffff");
  CHECK(Mask(MaskMethod::kRedact, 0, oid::kTextArray, cell, Format::kBinary) ==
        hex("00000001 00000001 00000019 00000002 00000001 00000004 2a2a2a2a ffffffff"));
  // Another element type, a missing element, one too many, a negative size, too many dimensions.
  for (const char* const bad :
       {"00000001 00000001 00000017 00000002 00000001 00000002 6162 ffffffff",
        "00000001 00000001 00000019 00000002 00000001 00000002 6162",
        "00000001 00000001 00000019 00000001 00000001 00000002 6162 ffffffff",
        "00000001 00000001 00000019 80000000 00000001 00000002 6162 ffffffff", "00000007 00000000 00000019", "0000",
        "00000002 00000000 00000019 7fffffff 00000001 7fffffff 00000001"}) {
    CHECK(Mask(MaskMethod::kRedact, 0, oid::kTextArray, hex(bad), Format::kBinary) == std::nullopt);
  }
}

TEST_CASE("A domain is masked as its base, an enum becomes NULL", "[masking]") {
  CHECK(Mask(MaskMethod::kRedact, 0, kDomain, "abc") == "***");
  CHECK(Mask(MaskMethod::kRedact, 0, kDomainArray, "{abc,NULL}") == "{***,NULL}");
  CHECK(Mask(MaskMethod::kRedact, 0, kEnum, "happy") == std::nullopt);
  CHECK(Mask(MaskMethod::kKeepLast, 2, 12345678, "unknown type") == std::nullopt);
  CHECK(Mask(MaskMethod::kKeepLast, 2, oid::kTsvector, "'secret'") == std::nullopt);
}

TEST_CASE("Attributes of a composite are masked by type, unknown ones become NULL", "[masking]") {
  CHECK(Mask(MaskMethod::kKeepLast, 1, kPerson, R"~((12,"Jane ""J"" Doe",happy,xyz))~") == "(2,***********e,,)");
  CHECK(Mask(MaskMethod::kKeepLast, 1, kPersonArray, R"~({"(12,ab,,)",NULL})~") == R"~({"(2,*b,,)",NULL})~");
  CHECK(Mask(MaskMethod::kRedact, 0, oid::kRecord, R"~((12,"a,b",))~") == "(,,)");
  for (const char* const cell : {"(1,2,3)", "(1,2,3,4,5)", "(1,2,3,4", "1,2,3,4)", "", "(1,\"2,3,4)", "(1,2,3,4)x"}) {
    INFO(cell);
    CHECK(Mask(MaskMethod::kRedact, 0, kPerson, cell) == std::nullopt);
  }
}

class NameIsSecret : public AttributeRules {
 public:
  const policy::MaskingRule* RuleFor(Oid row_type, const CompositeField& field) const override {
    return row_type == kPerson && field.name == "name" ? &rule_ : nullptr;
  }

 private:
  const policy::MaskingRule rule_ = Rule(MaskMethod::kRedact);
};

TEST_CASE("Of a whole row only the attributes with a rule are masked", "[masking]") {
  const NameIsSecret rules;
  const auto mask = [&](Oid type, std::string_view cell, Format format) -> std::optional<std::string> {
    std::string out;
    const auto masker = MakeRowMasker(rules, {type, -1, format}, {.key = TestKey(), .types = &Types()});
    return masker->Mask(cell, &out) == Outcome::kNull ? std::nullopt : std::optional(out);
  };
  CHECK(mask(kPerson, R"~((12,"Jane Doe","ha ppy",))~", Format::kText) == R"~((12,****,"ha ppy",))~");
  CHECK(mask(kPersonArray, R"~({"(12,\"Jane Doe\",,)"})~", Format::kText) == R"~({"(12,****,,)"})~");
  CHECK(mask(oid::kText, "secret", Format::kText) == std::nullopt);
  CHECK(mask(oid::kRecord, "(secret)", Format::kText) == std::nullopt);
  std::string row;
  AppendBigEndian(int32_t{4}, &row);
  for (const Oid type : {oid::kInt4, oid::kText, kEnum, Oid{5}}) {
    AppendBigEndian(type, &row);
    AppendBigEndian(int32_t{4}, &row);
    row.append("abcd");
  }
  const auto masked = mask(kPerson, row, Format::kBinary);
  REQUIRE(masked.has_value());
  CHECK(masked->substr(0, 16) == row.substr(0, 16));
  CHECK(masked->substr(24, 4) == "****");
  // The last attribute is not of the type that the catalog says.
  CHECK(masked->substr(masked->size() - 4) == "\xff\xff\xff\xff");
}

TEST_CASE("Range bounds follow methods that keep order; other methods leave an empty range", "[masking]") {
  CHECK(Mask(MaskMethod::kDateTruncate, 0, oid::kDaterange, "[2024-05-06,2025-07-08)") == "[2024-01-01,2025-01-01)");
  CHECK(Mask(MaskMethod::kDateTruncate, 0, oid::kDaterange, "(,2025-07-08)") == "(,2025-01-01)");
  CHECK(Mask(MaskMethod::kRound, 10, oid::kInt4range, "[11,29)") == "[10,30)");
  CHECK(Mask(MaskMethod::kRound, 10, oid::kNumrange, "empty") == "empty");
  CHECK(Mask(MaskMethod::kRedact, 0, oid::kDaterange, "[2024-05-06,2025-07-08)") == "empty");
  CHECK(Mask(MaskMethod::kHash, 0, oid::kDatemultirange, "{[2024-05-06,2025-07-08)}") == "{}");
  CHECK(Mask(MaskMethod::kDateTruncate, 0, oid::kDatemultirange, "{[2024-05-06,2025-07-08),[2026-01-02,)}") ==
        "{[2024-01-01,2025-01-01),[2026-01-01,)}");
  for (const char* const cell : {"", "[", "[2024-05-06", "[2024-05-06,2025-07-08", "2024-05-06", "[a,b]", "[,]x"}) {
    INFO(cell);
    CHECK(Mask(MaskMethod::kDateTruncate, 0, oid::kDaterange, cell) == std::nullopt);
  }
}

}  // namespace
}  // namespace chaperone::masking
