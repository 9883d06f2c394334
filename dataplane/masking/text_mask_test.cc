#include <catch2/catch.hpp>

#include "dataplane/masking/masking_testing.h"
#include "dataplane/masking/surrogate.h"
#include "dataplane/masking/utf8.h"

namespace chaperone::masking {
namespace {

using policy::MaskMethod;

TEST_CASE("Redacted text says nothing of the length and fits the type", "[masking]") {
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kText, "123-45-6789") == "****");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kText, "") == "****");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kVarchar, "ab", LengthModifier(2)) == "**");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kBpchar, "ab    ", LengthModifier(6)) == "****  ");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kBpchar, "ab", LengthModifier(2)) == "**");
  CHECK(MaskText(MaskMethod::kRedact, 0, oid::kChar, "x") == "*");
}

TEST_CASE("keep_last and keep_first show so many characters and hide one for one", "[masking]") {
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kText, "4111-1111-1111-1234") == "***************1234");
  CHECK(MaskText(MaskMethod::kKeepFirst, 2, oid::kText, "abcdef") == "ab****");
  CHECK(MaskText(MaskMethod::kKeepLast, 2, oid::kText, "žluťoučký") == "*******ký");
  CHECK(MaskText(MaskMethod::kKeepFirst, 3, oid::kText, "日本語テキスト") == "日本語****");
}

TEST_CASE("A value no longer than what is kept is hidden whole", "[masking]") {
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kText, "1234") == "****");
  CHECK(MaskText(MaskMethod::kKeepFirst, 4, oid::kText, "né") == "**");
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kText, "") == "");
  CHECK(MaskText(MaskMethod::kKeepLast, 0, oid::kText, "1234") == "****");
  CHECK(MaskText(MaskMethod::kKeepLast, -3, oid::kText, "1234") == "****");
}

TEST_CASE("The blanks that pad char(n) are not kept", "[masking]") {
  CHECK(MaskText(MaskMethod::kKeepLast, 2, oid::kBpchar, "abcd    ", LengthModifier(8)) == "**cd    ");
  CHECK(MaskText(MaskMethod::kKeepLast, 2, oid::kBpchar, "ščř   ", LengthModifier(6)) == "*čř   ");
}

TEST_CASE("Text that is not UTF-8 is redacted, not cut", "[masking][fail-closed]") {
  CHECK(MaskText(MaskMethod::kKeepLast, 4, oid::kText,
                 "secret\xff"
                 "1234") == "****");
  CHECK(MaskText(MaskMethod::kKeepFirst, 4, oid::kText, "abcd\xc3") == "****");
  CHECK(MaskText(MaskMethod::kFake, 0, oid::kText, "abcd\xed\xa0\x80") == "****");
}

TEST_CASE("Methods without a meaning for text redact it", "[masking][fail-closed]") {
  CHECK(MaskText(MaskMethod::kRound, 10, oid::kText, "123456") == "****");
  CHECK(MaskText(MaskMethod::kDateTruncate, 0, oid::kText, "2024-05-06") == "****");
}

TEST_CASE("email hides the local part and keeps a domain that is one", "[masking]") {
  CHECK(MaskText(MaskMethod::kEmail, 0, oid::kText, "jane.doe@mail.example.com") == "****@mail.example.com");
  CHECK(MaskText(MaskMethod::kEmail, 0, oid::kText, "\"a@b\"@example.com") == "****@example.com");
  CHECK(MaskText(MaskMethod::kEmail, 0, oid::kText, "a@b.com, c@d.com") == "****@d.com");
  CHECK(MaskText(MaskMethod::kEmail, 0, oid::kVarchar, "a@b.co", LengthModifier(6)) == "*@b.co");
  for (const char* const text : {"no address", "a@", "@example.com", "a@localhost", "Jane <a@example.com>",
                                 "ssn@123-45-6789", "a@123.45", "a@-b.com", "a@b..com", "a@exa mple.com"}) {
    INFO(text);
    CHECK(MaskText(MaskMethod::kEmail, 0, oid::kText, text) == "****");
  }
}

TEST_CASE("Equal text has one hash in every text type, cut to what the type holds", "[masking]") {
  const auto hash = MaskText(MaskMethod::kHash, 0, oid::kText, "alice");
  REQUIRE(hash.has_value());
  CHECK(hash->size() == 32);
  CHECK(hash->find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kVarchar, "alice", LengthModifier(100)) == hash);
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kName, "alice") == hash);
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kVarchar, "alice", LengthModifier(10)) == hash->substr(0, 10));
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kBpchar, "alice     ", LengthModifier(40)) == *hash + std::string(8, ' '));
  CHECK(MaskText(MaskMethod::kHash, 0, oid::kText, "alicf") != hash);
}

TEST_CASE("Another key gives another hash", "[masking]") {
  const DeploymentKey other{std::array<uint8_t, kDeploymentKeyBytes>{1}};
  const auto masker = MakeCellMasker(Rule(MaskMethod::kHash), {.oid = oid::kText}, {.key = other});
  std::string out;
  REQUIRE(masker->Mask("alice", &out) == Outcome::kValue);
  CHECK(out != *MaskText(MaskMethod::kHash, 0, oid::kText, "alice"));
}

TEST_CASE("A fake has the shape of the value and none of its letters by place", "[masking]") {
  const auto fake = MaskText(MaskMethod::kFake, 0, oid::kText, "Müller-9, Straße 12 / 東京 Ж");
  REQUIRE(fake.has_value());
  size_t characters = 0;
  REQUIRE(CountUtf8(*fake, &characters));
  CHECK(characters == 26);
  CHECK(fake->find("東") == std::string::npos);
  CHECK((*fake)[0] >= 'A');
  CHECK((*fake)[0] <= 'Z');
  CHECK(fake->find(", ") != std::string::npos);
  CHECK(MaskText(MaskMethod::kFake, 0, oid::kText, "Müller-9, Straße 12 / 東京 Ж") == fake);
}

TEST_CASE("A fake never equals a value with a letter or digit in it", "[masking]") {
  for (char c = '0'; c <= '9'; ++c) {
    const std::string text(1, c);
    CHECK(MaskText(MaskMethod::kFake, 0, oid::kText, text) != text);
    CHECK(MaskText(MaskMethod::kFake, 0, oid::kChar, text) != text);
    CHECK(MaskText(MaskMethod::kFake, 0, oid::kInt4, text) != text);
  }
}

TEST_CASE("Fakes are no longer in bytes than the value, whatever the script", "[masking]") {
  const KeyedHash hash(TestKey(), "test");
  for (char32_t character = 0x80; character < 0x30000; ++character) {
    if (character >= 0xd800 && character <= 0xdfff) {
      continue;
    }
    std::string text;
    std::string fake;
    AppendUtf8(character, &text);
    REQUIRE(AppendFakeText(text, hash, &fake));
    REQUIRE(fake.size() <= text.size());
  }
}

}  // namespace
}  // namespace chaperone::masking
