#include "dataplane/masking/detect/detector.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "api/policy/detector_kinds.h"
#include "dataplane/masking/detect/context.h"

namespace chaperone::masking::detect {
namespace {

std::vector<std::string> AllKinds() {
  std::vector<std::string> names;
  for (const KindInfo& info : Kinds()) {
    names.emplace_back(info.name);
  }
  return names;
}

// What the detector of these kinds finds, as text, in order.
std::vector<std::string> FoundBy(const std::vector<std::string>& kinds, std::string_view text,
                                 std::string_view column = "") {
  const auto detector = Detector::Make(kinds, {});
  REQUIRE(detector.ok());
  std::vector<Finding> findings;
  (*detector)->Find(text, KindsOfColumn(column), &findings);
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) { return a.begin < b.begin; });
  std::vector<std::string> found;
  size_t end = 0;
  for (const Finding& finding : findings) {
    REQUIRE(finding.begin < finding.end);
    REQUIRE(finding.end <= text.size());
    if (finding.begin < end) {
      continue;  // another kind's view of the same place
    }
    end = finding.end;
    found.emplace_back(text.substr(finding.begin, finding.end - finding.begin));
  }
  return found;
}

using Texts = std::vector<std::string>;

TEST_CASE("policies and detectors know the same kinds") {
  Texts here = AllKinds();
  std::sort(here.begin(), here.end());
  const auto& there = policy::DetectorKinds();
  CHECK(here == Texts(there.begin(), there.end()));
  for (const std::string_view group : policy::DetectorGroups()) {
    Texts members;
    for (const KindInfo& info : Kinds()) {
      if (KindsNamed(group)[static_cast<size_t>(info.kind)]) {
        members.emplace_back(info.name);
      }
    }
    std::sort(members.begin(), members.end());
    const auto expanded = policy::ExpandDetector(group);
    CHECK(members == Texts(expanded.begin(), expanded.end()));
  }
}

TEST_CASE("card numbers are found as they are written, and only when the check digit is right") {
  for (const char* card : {"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005"}) {
    CHECK(FoundBy({"credit_card"}, fmt::format("paid with {}, thanks", card)) == Texts{card});
  }
  CHECK(FoundBy({"credit_card"}, "order 4111111111111112").empty());
  CHECK(FoundBy({"credit_card"}, "2024-05-06 07:08:09.123456").empty());
}

TEST_CASE("other numbers need their form, or a word that speaks of them") {
  CHECK(FoundBy({"us_ssn"}, "SSN 123-45-6789.") == Texts{"123-45-6789"});
  CHECK(FoundBy({"us_ssn"}, "ticket 666-45-6789").empty());
  CHECK(FoundBy({"iban"}, "to DE89 3704 0044 0532 0130 00 please") == Texts{"DE89 3704 0044 0532 0130 00"});
  CHECK(FoundBy({"iban"}, "to DE88370400440532013000").empty());
  CHECK(FoundBy({"phone"}, "call +49 30 901820 now").size() == 1);
}

TEST_CASE("addresses are found") {
  CHECK(FoundBy({"email"}, "mail jane.doe@example.com.") == Texts{"jane.doe@example.com"});
  CHECK(FoundBy({"email"}, "logo@2x.png and a@b").empty());
  CHECK(FoundBy({"ip_address"}, "from 203.0.113.7 port 22") == Texts{"203.0.113.7"});
  CHECK(FoundBy({"ip_address"}, "addr 2001:db8::8a2e:370:7334;") == Texts{"2001:db8::8a2e:370:7334"});
  CHECK(FoundBy({"ip_address"}, "version 10.20.30.40 at 12:30:45").empty());
  CHECK(FoundBy({"mac_address"}, "eth0 00:1a:2b:3c:4d:5e up") == Texts{"00:1a:2b:3c:4d:5e"});
  CHECK(FoundBy({"mac_address"}, "eth0 08ab.2b01.0203 up") == Texts{"08ab.2b01.0203"});
}

TEST_CASE("secrets are found by their marks") {
  CHECK(FoundBy({"secret_key"}, "key AKIAIOSFODNN7EXAMPLF here") == Texts{"AKIAIOSFODNN7EXAMPLF"});
  CHECK(FoundBy({"github_token"}, "ghp_16C7e42F292c6912E7710c838347Ae178B4a").size() == 1);
  CHECK(FoundBy({"password_assignment"}, R"({"password": "hunter2!"})") == Texts{"hunter2!"});
  CHECK(FoundBy({"password_assignment"}, "the password: must be long").empty());
  CHECK(FoundBy({"connection_string"}, "postgres://app:s3cret@db.internal/shop") == Texts{"s3cret"});
  CHECK(FoundBy({"jwt"}, "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl").size() == 1);
}

TEST_CASE("look-alikes and invisible characters hide nothing") {
  CHECK(FoundBy({"credit_card"}, "４１１１１１１１１１１１１１１１") == Texts{"４１１１１１１１１１１１１１１１"});
  CHECK(FoundBy({"credit_card"}, "4111\u200b1111\u200b1111\u200b1111").size() == 1);
  CHECK(FoundBy({"credit_card"}, "4111\u00a01111\u20111111\u00a01111").size() == 1);
  CHECK(FoundBy({"email"}, "jane＠example．com").size() == 1);
}

TEST_CASE("the operator's own patterns are found; one that does not compile is refused") {
  const auto detector = Detector::Make({}, {{"ticket", "T-[0-9]{4}"}});
  REQUIRE(detector.ok());
  std::vector<Finding> findings;
  (*detector)->Find("see T-1234 and T-5678", {}, &findings);
  CHECK(findings.size() == 2);
  CHECK(absl::IsInvalidArgument(Detector::Make({}, {{"broken", "("}}).status()));
  CHECK(absl::IsInvalidArgument(Detector::Make({"no_such_kind"}, {}).status()));
}

TEST_CASE("cells between the literals of a stretch lose nothing by a search without them") {
  const auto detector = Detector::Make(AllKinds(), {{"ticket", "T-[0-9]{4}"}});
  REQUIRE(detector.ok());
  const Texts cells = {"plain words",
                       "4111 1111 1111 1111",
                       "password=8hR!kd92Kls",
                       "T-1234",
                       "jane@example.com",
                       "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
                       "４１１１ 1111 1111 1111 and pass\u200bword=8hR!kd92Kls",
                       "",
                       "AKIA",
                       "IOSFODNN7EXAMPLE is no key without what stands before"};
  std::string row;
  std::vector<size_t> ends_of_cells;
  for (const std::string& cell : cells) {
    row += std::string(3, '\0') + static_cast<char>(cell.size()) + cell;
    ends_of_cells.push_back(row.size());
  }
  std::vector<uint32_t> ends;
  REQUIRE((*detector)->FindLiterals(row, &ends));
  CHECK(std::is_sorted(ends.begin(), ends.end()));
  for (size_t i = 0; i < cells.size(); ++i) {
    CAPTURE(cells[i]);
    const size_t end = ends_of_cells[i];
    const bool holds_one = std::any_of(
        ends.begin(), ends.end(), [&](uint32_t literal) { return literal > end - cells[i].size() && literal <= end; });
    std::vector<Finding> all;
    std::vector<Finding> between;
    (*detector)->Find(cells[i], {}, &all);
    (*detector)->FindBetweenLiterals(cells[i], {}, &between);
    CHECK((holds_one || all.size() == between.size()));
    CHECK(holds_one == (i == 2 || i == 5 || i == 8));
  }
  std::string many;
  for (size_t i = 0; i <= kLiteralsMax; ++i) {
    many += "AKIA ";
  }
  CHECK_FALSE((*detector)->FindLiterals(many, &ends));
}

TEST_CASE("any bytes are searched in linear time") {
  const auto detector = Detector::Make(AllKinds(), {});
  REQUIRE(detector.ok());
  for (const std::string_view unit :
       {"1", "1 ", "@", "a@b.", ":", "::1", "eyJ", "sk-", "-----BEGIN PRIVATE KEY-----", "\xff", "\xe2\x80",
        "password=", "A1", "1.2.3.4.", "://", "\xef\xbc\x91", "<<", "00:", "-"}) {
    std::string text;
    while (text.size() < (256 << 10)) {
      text += unit;
    }
    std::vector<Finding> findings;
    const auto start = std::chrono::steady_clock::now();
    (*detector)->Find(text, {}, &findings);
    const auto took = std::chrono::steady_clock::now() - start;
    INFO("'" << unit << "' took " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
    CHECK(took < std::chrono::seconds(20));
    for (const Finding& finding : findings) {
      REQUIRE(finding.end <= text.size());
    }
  }
}

}  // namespace
}  // namespace chaperone::masking::detect
