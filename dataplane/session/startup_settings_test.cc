#include "dataplane/session/startup_settings.h"

#include <catch2/catch.hpp>

namespace chaperone::session {
namespace {

struct Result {
  absl::Status status;
  std::string database, application_name;
  StartupParameters settings;
};

Result Read(StartupParameters parameters) {
  Result result;
  result.status = ReadStartupSettings(parameters, &result.database, &result.application_name, &result.settings);
  return result;
}

TEST_CASE("what drivers send when they connect is let through") {
  const Result r = Read({{"user", "agent"},
                         {"database", "shop"},
                         {"client_encoding", "'utf-8'"},
                         {"DateStyle", "ISO"},
                         {"TimeZone", "Europe/Berlin"},
                         {"extra_float_digits", "2"},
                         {"application_name", "psql"}});
  REQUIRE(r.status.ok());
  CHECK(r.database == "shop");
  CHECK(r.application_name == "psql");
  CHECK(r.settings.size() == 4);
}

TEST_CASE("every setting that SET calls harmless may come with the startup, where the policy lets SET change it") {
  const Result r = Read({{"user", "agent"},
                         {"Client_Min_Messages", "warning"},
                         {"TimeZone", "UTC"},
                         {"options", "-c work_mem=8MB --default-transaction-read-only=on"}});
  REQUIRE(r.status.ok());
  REQUIRE(r.settings.size() == 4);
  CHECK(r.settings[0] == std::pair<std::string, std::string>("client_min_messages", "warning"));
  const auto facts = FactsOfSetting("work_mem");
  REQUIRE(facts.has_value());
  REQUIRE(facts->statements.size() == 1);
  const sql::Need& need = facts->statements[0].needs.at(0);
  CHECK(need.action == sql::Action::kSession);
  CHECK(need.resource == "work_mem");
  CHECK_FALSE(FactsOfSetting("timezone").has_value());
  CHECK(FactsOfSetting("default_transaction_read_only").has_value());
}

TEST_CASE("the search path and settings of the application's own may come with the startup, for the policy to judge") {
  const Result r = Read({{"user", "agent"}, {"options", "-c Search_Path=crm -c app.tenant=7"}});
  REQUIRE(r.status.ok());
  CHECK(r.settings == StartupParameters{{"search_path", "crm"}, {"app.tenant", "7"}});
  const auto names = FactsOfSetting("search_path");
  REQUIRE(names.has_value());
  CHECK(names->statements.at(0).needs.at(0).action == sql::Action::kSession);
  const auto custom = FactsOfSetting("app.tenant");
  REQUIRE(custom.has_value());
  CHECK(custom->statements.at(0).needs.at(0).action == sql::Action::kAdmin);
}

TEST_CASE("the database defaults to the user, and a user is needed") {
  CHECK(Read({{"user", "agent"}}).database == "agent");
  CHECK(Read({{"user", "agent"}, {"database", ""}}).database == "agent");
  CHECK_FALSE(Read({{"database", "shop"}}).status.ok());
  CHECK_FALSE(Read({{"user", ""}, {"database", "shop"}}).status.ok());
}

TEST_CASE("settings that change who one is or how statements are read are refused [fail-closed]") {
  for (const auto& [name, value] : StartupParameters{{"role", "postgres"},
                                                     {"session_authorization", "postgres"},
                                                     {"lo_compat_privileges", "on"},
                                                     {"standard_conforming_strings", "off"},
                                                     {"STANDARD_CONFORMING_STRINGS", "Off"},
                                                     {"client_encoding", "SJIS"},
                                                     {"backslash_quote", "on"},
                                                     {"replication", "database"},
                                                     {"replication", "true"},
                                                     {"session_preload_libraries", "evil"},
                                                     {"client_min_messages", "debug1"},
                                                     {"no_such_setting", "1"},
                                                     {"options", "-c role=postgres"},
                                                     {"options", "-crole=postgres"},
                                                     {"options", "--standard-conforming-strings=off"},
                                                     {"options", "-c geqo=off -c role=evil"},
                                                     {"options", "-c session\\_authorization=evil"},
                                                     {"options", "-d 5"},
                                                     {"options", "-c"},
                                                     {"options", "-c =x"},
                                                     {"options", "whatever"}}) {
    CAPTURE(name, value);
    CHECK_FALSE(Read({{"user", "a"}, {name, value}}).status.ok());
  }
  CHECK(Read({{"user", "a"}, {"replication", "false"}}).status.ok());
}

TEST_CASE("options are split as the server splits them") {
  StartupParameters settings;
  REQUIRE(SplitOptions("-c a=b\\ c  --d-e=f", &settings).ok());
  CHECK(settings == StartupParameters{{"a", "b c"}, {"d_e", "f"}});
}

}  // namespace
}  // namespace chaperone::session
