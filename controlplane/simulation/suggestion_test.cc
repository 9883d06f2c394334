#include "controlplane/simulation/suggestion.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "api/policy/lint.h"
#include "api/policy/policy.h"
#include "controlplane/simulation/sensitive_names.h"

namespace chaperone::simulation {
namespace {

using Columns = std::vector<std::pair<const char*, const char*>>;

void Add(v1::DatabaseCatalog& catalog, const char* schema, const char* name, const char* kind, const Columns& columns) {
  v1::RelationInfo& relation = *catalog.add_relations();
  relation.set_schema(schema);
  relation.set_name(name);
  relation.set_kind(kind);
  for (const auto& [column, type] : columns) {
    relation.add_columns()->set_name(column);
    relation.mutable_columns()->rbegin()->set_type(type);
  }
}

v1::DatabaseCatalog Shop() {
  v1::DatabaseCatalog catalog;
  catalog.set_database("shop");
  Add(catalog, "pg_catalog", "pg_authid", "r", {{"rolpassword", "text"}});
  Add(catalog, "public", "customers", "r",
      {{"id", "int8"},
       {"email", "text"},
       {"ssn", "text"},
       {"card_number", "text"},
       {"birth_date", "date"},
       {"city", "text"}});
  Add(catalog, "public", "contacts", "v", {{"email", "text"}});
  Add(catalog, "Odd \"one\"", "My.Table", "r", {{"apiKey", "varchar"}, {"salary", "numeric"}});
  return catalog;
}

std::shared_ptr<const policy::Document> Parse(const std::string& text) {
  INFO(text);
  const auto document = policy::ParseDocument(text, "suggestion.yaml");
  INFO(document.status().ToString());
  REQUIRE(document.ok());
  return *document;
}

std::string MaskOf(const policy::View& view, const char* schema, const char* relation, const char* column) {
  const policy::MaskingRule* const rule = view.MaskFor(schema, relation, column);
  return rule == nullptr ? "none" : rule->id + " " + policy::MaskMethodName(rule->method, rule->argument);
}

policy::LintOptions Surroundings(const v1::DatabaseCatalog& catalog) {
  policy::LintOptions options;
  policy::KnownDatabase& known = options.databases.emplace_back();
  known.endpoint = "shop-prod";
  known.database = "shop";
  for (const v1::RelationInfo& info : catalog.relations()) {
    policy::KnownRelation& relation =
        known.relations.emplace_back(policy::KnownRelation{info.schema(), info.name(), {}});
    for (const v1::ColumnInfo& column : info.columns()) {
      relation.columns.push_back(column.name());
    }
  }
  return options;
}

TEST_CASE("a suggestion is a policy that the linter has nothing to say about") {
  const v1::DatabaseCatalog shop = Shop();
  const auto text = SuggestPolicy({.endpoint = "shop-prod", .database = "shop"}, shop);
  REQUIRE(text.ok());
  const auto document = Parse(*text);
  CHECK(policy::DocumentName(*document) == "shop-agents");
  for (const policy::Finding& finding : policy::Lint({document}, Surroundings(shop))) {
    INFO(finding.code << ": " << finding.message);
    CHECK(false);
  }
}

TEST_CASE("a suggestion masks what looks sensitive, lets read, holds writes and denies the rest") {
  const auto text = SuggestPolicy({.endpoint = "shop-prod", .database = "shop", .groups = {"agents"}}, Shop());
  REQUIRE(text.ok());
  const auto bundle = policy::Bundle::Compile({Parse(*text)}, 1);
  REQUIRE(bundle.ok());
  const auto view = (*bundle)->ViewFor({.subject = "a", .groups = {"agents"}}, {"shop-prod", "shop", {}});
  CHECK(view->Applies());
  CHECK(MaskOf(*view, "public", "customers", "email") == "emails email");
  CHECK(MaskOf(*view, "public", "customers", "ssn") == "national-ids redact");
  CHECK(MaskOf(*view, "public", "customers", "card_number") == "cards keep_last_4");
  CHECK(MaskOf(*view, "public", "customers", "birth_date") == "birthdays date_truncate_year");
  CHECK(MaskOf(*view, "public", "customers", "city") == "none");
  CHECK(MaskOf(*view, "Odd \"one\"", "My.Table", "apiKey") == "secrets redact");
  CHECK(MaskOf(*view, "Odd \"one\"", "My.Table", "salary") == "pay round_10000");
  const auto judge = [&](sql::Action action, const char* resource, bool where_absent = false) {
    sql::Facts facts;
    facts.statements.emplace_back().needs = {
        {.action = action, .kind = sql::ResourceKind::kRelation, .resource = resource, .where_absent = where_absent}};
    return view->Judge(facts, {}).decision;
  };
  CHECK(judge(sql::Action::kRead, "public.customers") == policy::Decision::kAllow);
  CHECK(judge(sql::Action::kUpdate, "public.customers") == policy::Decision::kRequireApproval);
  CHECK(judge(sql::Action::kUpdate, "public.customers", true) == policy::Decision::kDeny);
  CHECK(judge(sql::Action::kDdl, "public.customers") == policy::Decision::kDeny);
}

TEST_CASE("an empty database, and names that no policy can hold") {
  const auto empty = SuggestPolicy({.endpoint = "e", .database = "***"}, v1::DatabaseCatalog());
  REQUIRE(empty.ok());
  CHECK(policy::DocumentName(*Parse(*empty)) == "agents");
  CHECK(absl::IsInvalidArgument(SuggestPolicy({.endpoint = "e", .database = "d", .name = "No Name"}, {}).status()));
  CHECK(absl::IsInvalidArgument(SuggestPolicy({.endpoint = "e", .database = "d", .groups = {""}}, {}).status()));
}

TEST_CASE("sensitive names, however they are written, and names that only sound like it") {
  const auto kind = [](const char* column, const char* type) {
    const SensitiveKind* const found = SensitiveKindOf(column, type);
    return found == nullptr ? std::string("none") : std::string(found->id);
  };
  for (const char* name : {"card_number", "cardNumber", "CardNumber", "CARD_NUMBER", "cardnumber", "old_card_number"}) {
    CHECK(kind(name, "text") == "cards");
  }
  CHECK(kind("customer_email", "varchar") == "emails");
  CHECK(kind("password_hash", "text") == "secrets");
  CHECK(kind("reset_token", "text") == "secrets");
  CHECK(kind("tax_id", "int8") == "national-ids");
  CHECK(kind("address_line_2", "text") == "addresses");
  CHECK(kind("phone1", "text") == "phones");
  CHECK(kind("dob", "text") == "birthdays-as-text");
  CHECK(kind("ip_address", "inet") == "addresses");
  for (const char* name : {"email_id", "email_count", "token_type", "shipping", "company", "pinned", "born_in", "spin",
                           "description", "discount", "panel", "id", "x"}) {
    INFO(name);
    CHECK(kind(name, "text") == (std::string(name) == "born_in" ? "birthdays-as-text" : "none"));
  }
  CHECK(kind("email_verified", "bool") == "none");
  CHECK(kind("password_changed_at", "timestamptz") == "none");
  CHECK(kind("address", "int4") == "none");
  CHECK(kind("salary", "text") == "none");
}

}  // namespace
}  // namespace chaperone::simulation
