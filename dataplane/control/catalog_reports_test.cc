#include "dataplane/control/catalog_reports.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "api/sql/catalog_codec.h"
#include "api/sql/fixture.h"

namespace chaperone::control {
namespace {

std::shared_ptr<const sql::Catalog> Shop() {
  const auto copy = sql::DecodeCatalog(sql::EncodeCatalog(sql::ShopCatalog()));
  REQUIRE(copy.ok());
  return *copy;
}

TEST_CASE("a catalog is reported once, with names, types and what a session begins with") {
  CatalogReports reports;
  const auto shop = Shop();
  reports.Set("shop", {shop, "app", "\"$user\", public"});
  const auto message = reports.Next();
  REQUIRE(message);
  const v1::DatabaseCatalog& catalog = message->catalog();
  CHECK(catalog.database() == "shop");
  CHECK(catalog.role() == "app");
  REQUIRE(catalog.search_path_size() == 2);
  CHECK(catalog.search_path(0) == "$user");
  const auto users = std::ranges::find_if(catalog.relations(), [](const v1::RelationInfo& relation) {
    return relation.schema() == "public" && relation.name() == "users";
  });
  REQUIRE(users != catalog.relations().end());
  CHECK(users->kind() == "r");
  CHECK(users->columns(3).name() == "ssn");
  CHECK(users->columns(3).type() == "text");
  CHECK(std::ranges::none_of(catalog.relations(), [](const auto& relation) { return relation.kind() == "i"; }));
  const auto decoded = sql::DecodeCatalog(catalog.encoded());
  REQUIRE(decoded.ok());
  CHECK((*decoded)->RelationByOid((*decoded)->FindRelation((*decoded)->FindSchema("public"), "users")->oid) != nullptr);
  CHECK_FALSE(reports.Next());
}

TEST_CASE("a newer catalog takes the place of one that was not sent, and has a higher version") {
  CatalogReports reports;
  const auto first = Shop();
  const auto second = Shop();
  reports.Set("shop", {first, "app", "public"});
  const uint64_t before = reports.Next()->catalog().version();
  reports.Set("shop", {first, "app", "public"});
  reports.Set("shop", {second, "app", "public"});
  CHECK(reports.Next()->catalog().version() > before);
  CHECK_FALSE(reports.Next());
}

TEST_CASE("a new connection is told of every catalog that somebody still holds") {
  CatalogReports reports;
  const auto shop = Shop();
  auto crm = Shop();
  reports.Set("shop", {shop, "app", "public"});
  reports.Set("crm", {crm, "app", "public"});
  while (reports.Next()) {
  }
  crm = nullptr;
  reports.RepeatAll();
  CHECK(reports.Next()->catalog().database() == "shop");
  CHECK_FALSE(reports.Next());
  reports.Repeat("shop");
  CHECK(reports.Next()->catalog().database() == "shop");
  reports.Repeat("never seen");
  CHECK_FALSE(reports.Next());
}

TEST_CASE("a catalog that cannot be read is answered with the reason, once") {
  CatalogReports reports;
  reports.SetUnavailable("nope", "it does not exist");
  const auto message = reports.Next();
  REQUIRE(message);
  CHECK(message->catalog_unavailable().database() == "nope");
  CHECK(message->catalog_unavailable().reason() == "it does not exist");
  CHECK_FALSE(reports.Next());
}

}  // namespace
}  // namespace chaperone::control
