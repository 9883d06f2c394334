#include "api/yaml/yaml.h"

#include <catch2/catch.hpp>

namespace chaperone::yaml {
namespace {

struct Settings {
  std::string name;
  int port = 5432;
  bool tls = false;
  std::chrono::milliseconds timeout{1000};
  uint64_t cap = 1024;
  std::vector<std::string> groups;
  std::string nested;
};

absl::Status Read(std::string_view text, Settings* out) {
  auto document = Document::Parse(text, "test.yaml");
  CHAPERONE_RETURN_IF_ERROR(document.status());
  Mapping map = document->root();
  map.String("name", &out->name, kRequired);
  map.Number("port", &out->port, 1, 65535);
  map.Bool("tls", &out->tls);
  map.Duration("timeout", &out->timeout, std::chrono::milliseconds(1), std::chrono::hours(1));
  map.Bytes("cap", &out->cap, 1, 1 << 30);
  map.Strings("groups", &out->groups);
  if (auto child = map.Child("inner")) {
    child->String("value", &out->nested);
    map.Check(child->Finish());
  }
  return map.Finish();
}

std::string ErrorOf(std::string_view text) {
  Settings settings;
  const absl::Status status = Read(text, &settings);
  CHECK_FALSE(status.ok());
  return std::string(base::Message(status));
}

TEST_CASE("every kind of value is read") {
  Settings s;
  REQUIRE(
      Read("name: shop\nport: 15432\ntls: true\ntimeout: 30s\ncap: 16KiB\ngroups: [a, 'b']\ninner: {value: x}\n", &s)
          .ok());
  CHECK(s.name == "shop");
  CHECK(s.port == 15432);
  CHECK(s.tls);
  CHECK(s.timeout == std::chrono::seconds(30));
  CHECK(s.cap == 16384);
  CHECK(s.groups == std::vector<std::string>{"a", "b"});
  CHECK(s.nested == "x");
}

TEST_CASE("an empty value counts as absent") {
  Settings s;
  REQUIRE(Read("name: shop\nport:\ngroups: ~\n", &s).ok());
  CHECK(s.port == 5432);
}

TEST_CASE("an unknown key names line, key and the nearest known key") {
  CHECK(ErrorOf("name: a\nprot: 3\n") == "test.yaml:2: unknown key \"prot\"; did you mean \"port\"?");
  CHECK(ErrorOf("name: a\ninner:\n  valeu: 3\n") ==
        "test.yaml:3: unknown key \"inner.valeu\"; did you mean \"value\"?");
}

TEST_CASE("a mistyped key is named rather than the key that is missing for it") {
  CHECK(ErrorOf("nmae: a\n") == "test.yaml:1: unknown key \"nmae\"; did you mean \"name\"?");
}

TEST_CASE("a file that cannot be read is named with its key") {
  auto document = Document::Parse("key: /nonexistent/key.pem\n", "test.yaml");
  Mapping map = document->root();
  std::string path;
  map.ReadableFile("key", &path);
  CHECK(base::Message(map.Finish()) ==
        "test.yaml:1: \"key\": cannot read /nonexistent/key.pem: No such file or directory");
}

TEST_CASE("wrong types and values out of range name line and key") {
  CHECK(ErrorOf("name: [a]\n") == "test.yaml:1: \"name\" must be a string, not a list");
  CHECK(ErrorOf("name: a\nport: many\n") == "test.yaml:2: \"port\" must be a whole number");
  CHECK(ErrorOf("name: a\nport: 70000\n") == "test.yaml:2: \"port\" is 70000; it must be from 1 to 65535");
  CHECK(ErrorOf("name: a\ntls: yes\n") == "test.yaml:2: \"tls\" must be true or false");
  CHECK(ErrorOf("name: a\ntls: 'true'\n") == "test.yaml:2: \"tls\" must be true or false");
  CHECK(ErrorOf("name: a\ntimeout: 30 parsecs\n").find("not a duration") != std::string::npos);
  CHECK(ErrorOf("name: a\ntimeout: 2h\n") == "test.yaml:2: \"timeout\" is 2h; it must be from 1ms to 1h");
  CHECK(ErrorOf("name: a\ncap: 99999999999GiB\n").find("not a size") != std::string::npos);
  CHECK(ErrorOf("name: a\ngroups: b\n") == "test.yaml:2: \"groups\" must be a list of strings, not a single value");
  CHECK(ErrorOf("port: 1\n") == "test.yaml:1: \"name\" is missing");
}

TEST_CASE("what could explode or hide is refused") {
  CHECK(ErrorOf("name: &a x\n").find("anchors are not supported") != std::string::npos);
  CHECK(ErrorOf("name: a\nname: b\n") == "test.yaml:2: the key \"name\" stands twice (first on line 1)");
  CHECK(ErrorOf("name: a\n---\nname: b\n").find("second document") != std::string::npos);
  CHECK(ErrorOf("name: !!python/object x\n").find("tag") != std::string::npos);
  CHECK(ErrorOf("- a\n").find("must hold a mapping") != std::string::npos);
  CHECK(ErrorOf("").find("must hold a mapping") != std::string::npos);
  CHECK(ErrorOf("name: [unclosed\n").find("test.yaml:") == 0);
  CHECK(ErrorOf("x: " + std::string(40, '[') + std::string(40, ']')).find("nested deeper") != std::string::npos);
  CHECK(ErrorOf(std::string(kTextBytesMax + 1, ' ')).find("at most") != std::string::npos);
}

TEST_CASE("a file that cannot be read is named") {
  const auto missing = Document::Load("/nonexistent/x.yaml");
  CHECK(base::Message(missing.status()) == "cannot read /nonexistent/x.yaml: no such file");
  CHECK_FALSE(Document::Load("/tmp").ok());
}

TEST_CASE("durations survive formatting") {
  for (const char* text : {"250ms", "30s", "15m", "8h", "7d"}) {
    CHECK(FormatDuration(*ParseDuration(text)) == text);
  }
  CHECK_FALSE(ParseDuration("").ok());
  CHECK_FALSE(ParseDuration("-1s").ok());
  CHECK_FALSE(ParseDuration("99999999999999999999d").ok());
}

}  // namespace
}  // namespace chaperone::yaml
