#include <catch2/catch.hpp>

#include "api/policy/detector_kinds.h"
#include "api/policy/mask_method.h"
#include "api/policy/policy_testing.h"

namespace chaperone::policy {
namespace {

std::shared_ptr<const View> ViewOf(const std::vector<std::string>& documents) {
  return MustCompile(documents)->ViewFor(Agent(), Shop());
}

std::string Masking(std::string_view name, const std::vector<std::string>& rules) {
  std::string body = "masking:\n";
  for (const std::string& rule : rules) {
    body += "  - {" + rule + "}\n";
  }
  return DocumentFor(name, body);
}

std::string MethodFor(const View& view, std::string_view schema, std::string_view relation, std::string_view column) {
  const MaskingRule* rule = view.MaskFor(schema, relation, column);
  return rule == nullptr ? "" : rule->id + " " + MaskMethodName(rule->method, rule->argument);
}

TEST_CASE("the strictest of all matching masks holds") {
  const auto view = ViewOf({Masking("a", {"id: card, columns: [public.customers.card], method: keep_last_4",
                                          "id: pii, columns: ['*.*.ssn', '*.*.email'], method: redact",
                                          "id: mail, columns: [public.customers.email], method: email"}),
                            Masking("b", {"id: gone, columns: ['pay.*.*'], method: 'null'"})});
  CHECK(MethodFor(*view, "public", "customers", "card") == "card keep_last_4");
  CHECK(MethodFor(*view, "public", "customers", "email") == "pii redact");
  CHECK(MethodFor(*view, "pay", "rolls", "ssn") == "gone null");
  CHECK(MethodFor(*view, "public", "customers", "name").empty());
  CHECK(MethodFor(*view, "public", "customers", "SSN").empty());
}

TEST_CASE("strictness runs from null to email") {
  const std::vector<const char*> from_strict_to_lax = {"null",
                                                       "redact",
                                                       "hash",
                                                       "fake",
                                                       "date_truncate_year",
                                                       "date_truncate_month",
                                                       "date_truncate_day",
                                                       "round_1000",
                                                       "round_10",
                                                       "keep_first_1",
                                                       "keep_last_1",
                                                       "keep_first_4",
                                                       "keep_last_4",
                                                       "email"};
  for (size_t i = 1; i < from_strict_to_lax.size(); ++i) {
    INFO(from_strict_to_lax[i]);
    const auto a = ParseMaskMethod(from_strict_to_lax[i - 1]);
    const auto b = ParseMaskMethod(from_strict_to_lax[i]);
    REQUIRE(a.ok());
    REQUIRE(b.ok());
    CHECK(StrictnessOf(a->method, a->argument) < StrictnessOf(b->method, b->argument));
    CHECK(MaskMethodName(b->method, b->argument) == from_strict_to_lax[i]);
  }
}

TEST_CASE("the strictest in_predicates holds whichever rule gives the method", "[fail-closed]") {
  const auto view = ViewOf(
      {Masking("a", {"id: x, columns: ['*.*.ssn'], method: redact, in_predicates: allow",
                     "id: y, columns: ['public.*.ssn'], method: email, in_predicates: equality, equality_budget: 5",
                     "id: z, columns: ['public.t.ssn'], method: email"})});
  const MaskingRule* both = view->MaskFor("public", "u", "ssn");
  REQUIRE(both != nullptr);
  CHECK(both->id == "x");
  CHECK(both->method == MaskMethod::kRedact);
  CHECK(both->in_predicates == InPredicates::kEquality);
  CHECK(both->equality_budget == 5);
  CHECK(view->MaskFor("public", "u", "ssn") == both);
  CHECK(view->MaskFor("public", "t", "ssn")->in_predicates == InPredicates::kDeny);
  CHECK(view->MaskFor("other", "t", "ssn")->in_predicates == InPredicates::kAllow);
}

TEST_CASE("except spares columns") {
  const auto view =
      ViewOf({Masking("a", {"id: pii, columns: ['*.*.email'], except: [public.newsletter.email], method: redact"}),
              Masking("b", {"id: other, columns: ['crm.*.email'], method: redact"})});
  CHECK(MethodFor(*view, "public", "newsletter", "email").empty());
  CHECK(MethodFor(*view, "public", "customers", "email") == "pii redact");
}

TEST_CASE("paths into JSON are masks of their own") {
  const auto view = ViewOf({Masking(
      "a", {"id: card, columns: [public.events.payload.card.number, 'public.*.payload.user.*.ssn'], method: redact",
            "id: last, columns: [public.events.payload.card.number], method: keep_last_4"})});
  CHECK(view->MaskFor("public", "events", "payload") == nullptr);
  const std::vector<JsonPathMask> masks = view->JsonPathMasksFor("public", "events", "payload");
  REQUIRE(masks.size() == 2);
  CHECK(masks[0].path == std::vector<JsonStep>{{"user", false}, {"", true}, {"ssn", false}});
  CHECK(masks[1].path == std::vector<JsonStep>{{"card", false}, {"number", false}});
  CHECK(masks[1].rule->id == "card");
  CHECK(view->JsonPathMasksFor("public", "events", "other").empty());
  CHECK(view->JsonPathMasksFor("public", "logs", "payload").size() == 1);
}

TEST_CASE("a relation without masks is known for certain") {
  const auto view =
      ViewOf({Masking("a", {"id: card, columns: [public.customers.card, public.events.payload.x], method: redact"})});
  CHECK(view->MasksRelation("public", "customers"));
  CHECK(view->MasksRelation("public", "events"));
  CHECK_FALSE(view->MasksRelation("public", "orders"));
  CHECK_FALSE(view->MasksRelation("shop", "customers"));
}

TEST_CASE("detectors look at the tables they name") {
  const auto view = ViewOf({Masking("b", {"id: notes, detect: [email], tables: ['public.notes*'], method: redact"}),
                            Masking("a", {"id: keys, detect: [secret_key, jwt], method: 'null'",
                                          "id: own, patterns: [{name: order, regex: 'ORD-[0-9]+'}], method: hash"})});
  REQUIRE(view->detectors().size() == 3);
  CHECK(view->detectors()[0].id == "keys");
  CHECK(view->detectors()[1].patterns[0].regex == "ORD-[0-9]+");
  const auto ids = [&](std::string_view schema, std::string_view relation) {
    std::string text;
    for (const MaskingRule* rule : view->DetectorsFor(schema, relation)) {
      text += rule->id + " ";
    }
    return text;
  };
  CHECK(ids("public", "notes_2024") == "keys own notes ");
  CHECK(ids("public", "orders") == "keys own ");
  // A group stands for its kinds, each once.
  const std::vector<std::string>& kinds = view->detectors()[0].detect;
  CHECK(std::count(kinds.begin(), kinds.end(), "jwt") == 1);
  CHECK(std::count(kinds.begin(), kinds.end(), "private_key") == 1);
  CHECK(std::count(kinds.begin(), kinds.end(), "secret_key") == 0);
}

TEST_CASE("masks of observed policies hold") {
  const auto view = ViewOf({Masking("a", {"id: pii, columns: ['*.*.ssn'], method: redact"}) + "mode: observe\n"});
  CHECK(view->MaskFor("public", "t", "ssn") != nullptr);
}

TEST_CASE("detector kinds are sorted, many, and each group stands for some") {
  const auto& kinds = DetectorKinds();
  CHECK(kinds.size() >= 40);
  CHECK(std::is_sorted(kinds.begin(), kinds.end()));
  CHECK(std::adjacent_find(kinds.begin(), kinds.end()) == kinds.end());
  for (const std::string_view group : DetectorGroups()) {
    CHECK(ExpandDetector(group).size() >= 2);
    CHECK(std::find(kinds.begin(), kinds.end(), group) == kinds.end());
  }
  CHECK(ExpandDetector("national_id").size() >= 10);
  CHECK(ExpandDetector("").empty());
}

}  // namespace
}  // namespace chaperone::policy
