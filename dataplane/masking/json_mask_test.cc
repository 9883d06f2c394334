#include <catch2/catch.hpp>

#include "dataplane/masking/masking_testing.h"

namespace chaperone::masking {
namespace {

using policy::JsonPathMask;
using policy::JsonStep;
using policy::MaskMethod;

std::vector<JsonStep> Path(std::vector<std::string> keys) {
  std::vector<JsonStep> path;
  for (std::string& key : keys) {
    path.push_back({.key = key == "*" ? "" : key, .any = key == "*"});
  }
  return path;
}

std::optional<std::string> MaskPaths(const std::vector<JsonPathMask>& masks, std::string_view cell,
                                     Oid type = oid::kJsonb, Format format = Format::kText) {
  const auto masker = MakeJsonPathMasker(masks, {type, -1, format}, {.key = TestKey()});
  std::string out = "before";
  if (masker->Mask(cell, &out) == Outcome::kNull) {
    CHECK(out == "before");
    return std::nullopt;
  }
  CHECK(out.substr(0, 6) == "before");
  return out.substr(6);
}

const policy::MaskingRule kRedact = Rule(MaskMethod::kRedact);
const policy::MaskingRule kLast4 = Rule(MaskMethod::kKeepLast, 4);
const policy::MaskingRule kNull = Rule(MaskMethod::kNull);

TEST_CASE("A JSON path masks scalars at and below it and nothing else", "[masking]") {
  const std::vector<JsonPathMask> masks = {{Path({"payload", "card"}), &kRedact}};
  CHECK(MaskPaths(masks, R"({"id": 7, "payload": {"card": {"number": "4111", "ok": true, "n": null}, "x": 1}})") ==
        R"({"id": 7, "payload": {"card": {"number": "****", "ok": false, "n": null}, "x": 1}})");
  CHECK(MaskPaths(masks, R"({"payload" : {"card":4111} })") == R"({"payload" : {"card":0} })");
  CHECK(MaskPaths(masks, R"({"card": "a", "payload": "b"})") == R"({"card": "a", "payload": "b"})");
}

TEST_CASE("Arrays on the way stand for their elements", "[masking]") {
  const std::vector<JsonPathMask> masks = {{Path({"items", "ssn"}), &kLast4}};
  CHECK(MaskPaths(masks, R"({"items": [{"ssn": "123-45-6789", "q": 1}, [{"ssn": ["987-65-4321"]}]]})") ==
        R"({"items": [{"ssn": "*******6789", "q": 1}, [{"ssn": ["*******4321"]}]]})");
  CHECK(MaskPaths(masks, R"([{"items": {"ssn": "123-45-6789"}}])") == R"([{"items": {"ssn": "*******6789"}}])");
  CHECK(MaskPaths({{Path({"items", "0", "ssn"}), &kRedact}}, R"({"items": [{"ssn": "a"}, {"ssn": "b"}]})") ==
        R"({"items": [{"ssn": "****"}, {"ssn": "****"}]})");
}

TEST_CASE("A star stands for every key", "[masking]") {
  CHECK(MaskPaths({{Path({"*", "ssn"}), &kRedact}}, R"({"a": {"ssn": "x", "t": "y"}, "ssn": "z"})") ==
        R"({"a": {"ssn": "****", "t": "y"}, "ssn": "z"})");
}

TEST_CASE("Where masks overlap the strictest holds, in any order of rules", "[masking]") {
  const JsonPathMask outer = {Path({"a"}), &kLast4};
  const JsonPathMask inner = {Path({"a", "b"}), &kRedact};
  for (const auto& masks : {std::vector{outer, inner}, std::vector{inner, outer}}) {
    CHECK(MaskPaths(masks, R"({"a": {"b": "123456", "c": "123456"}})") == R"({"a": {"b": "****", "c": "**3456"}})");
  }
  CHECK(MaskPaths({{Path({"a"}), &kRedact}, {Path({"a", "b"}), &kLast4}}, R"({"a": {"b": "123456"}})") ==
        R"({"a": {"b": "****"}})");
  CHECK(MaskPaths({{Path({"a"}), &kNull}}, R"({"a": [1, "x", true]})") == R"({"a": [null, null, null]})");
}

TEST_CASE("Keys and strings are compared and masked by what they mean, not how they are written", "[masking]") {
  const std::vector<JsonPathMask> masks = {{Path({"ssn"}), &kLast4}};
  CHECK(MaskPaths(masks, R"({"s\u0073n": "\u0031\u00322345"})") == R"({"s\u0073n": "**2345"})");
  CHECK(MaskPaths(masks, R"({"ssn": "ab\"c\\d"})") == R"({"ssn": "**\"c\\d"})");
  CHECK(MaskPaths(masks, R"({"ssn": "x\ud83d\ude00abc"})") ==
        "{\"ssn\": \"*\xf0\x9f\x98\x80"
        "abc\"}");
  CHECK(MaskPaths({{Path({"a.b"}), &kRedact}}, R"({"a.b": "x"})") == R"({"a.b": "****"})");
}

TEST_CASE("A string with an escape that means nothing is redacted, as a key it fails the value",
          "[masking][fail-closed]") {
  const std::vector<JsonPathMask> masks = {{Path({"ssn"}), &kLast4}};
  CHECK(MaskPaths(masks, R"({"ssn": "\ud83d123456"})", oid::kJson) == R"({"ssn": "****"})");
  CHECK(MaskPaths(masks, R"({"\ud83d": 1})", oid::kJson) == std::nullopt);
}

TEST_CASE("What is no JSON value becomes NULL", "[masking][fail-closed]") {
  const std::vector<JsonPathMask> masks = {{Path({"a"}), &kRedact}};
  for (const char* const cell : {"", "{", "}", "[", "[1,]", "{\"a\":1,}", "{\"a\"}", "{\"a\":}", "[1 2]", "{\"a\":1} x",
                                 "\"abc", "nul", "{1:2}", "{a:1}", "[}", "{]", "truefalse", ",", "\"\\"}) {
    INFO(cell);
    CHECK(MaskPaths(masks, cell) == std::nullopt);
  }
  CHECK(MaskPaths(masks, std::string(300, '[') + std::string(300, ']')) == std::nullopt);
  CHECK(MaskPaths(masks, std::string(200, '[') + std::string(200, ']')).has_value());
  CHECK(MaskPaths(masks, R"({"a":1})", oid::kText) == std::nullopt);
}

TEST_CASE("Binary jsonb keeps its version byte, another version is not understood", "[masking]") {
  const std::vector<JsonPathMask> masks = {{Path({"a"}), &kRedact}};
  CHECK(MaskPaths(masks, "\x01{\"a\": \"x\"}", oid::kJsonb, Format::kBinary) == "\x01{\"a\": \"****\"}");
  CHECK(MaskPaths(masks, "\x02{\"a\": \"x\"}", oid::kJsonb, Format::kBinary) == std::nullopt);
  CHECK(MaskPaths(masks, "{\"a\": \"x\"}", oid::kJson, Format::kBinary) == "{\"a\": \"****\"}");
}

TEST_CASE("A JSON column that is masked whole shows no key", "[masking]") {
  constexpr const char* kDocument = R"({"jane@example.com": [1, "secret"], "b": false})";
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kJsonb, kDocument) == "\"****\"");
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kJson, kDocument) == "\"****\"");
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kJsonb, kDocument)->size() == 34);
  const auto fake = MaskText(MaskMethod::kFake, 0, oid::kJsonb, kDocument);
  REQUIRE(fake.has_value());
  CHECK(fake->find("jane") == std::string::npos);
  CHECK(fake->find("secret") == std::string::npos);
  CHECK(fake->find("example") == std::string::npos);
  CHECK(MaskOne(Rule(MaskMethod::kRedact), {oid::kJsonb, -1, Format::kBinary}, "\x01{}") == "\x01\"****\"");
}

TEST_CASE("Numbers in JSON follow the method", "[masking]") {
  CHECK(MaskPaths({{Path({"n"}), &kLast4}}, R"({"n": 4111111111111234})") == R"({"n": 1234})");
  CHECK(MaskPaths({{Path({"n"}), &kLast4}}, R"({"n": 1.5e10})") == R"({"n": 0})");
  const policy::MaskingRule round = Rule(MaskMethod::kRound, 100);
  CHECK(MaskPaths({{Path({"n"}), &round}}, R"({"n": -1250.75})") == R"({"n": -1300})");
}

}  // namespace
}  // namespace chaperone::masking
