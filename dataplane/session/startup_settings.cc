#include "dataplane/session/startup_settings.h"

#include <algorithm>

#include "api/sql/settings.h"

namespace chaperone::session {

namespace {

constexpr size_t kDatabaseBytesMax = 63;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// Settings of how values are written and how long things may take, which drivers send on their own.
bool IsSentByDrivers(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "application_name",   "bytea_output", "datestyle",
      "extra_float_digits", "geqo",         "idle_in_transaction_session_timeout",
      "intervalstyle",      "lock_timeout", "statement_timeout",
      "timezone",           "xmloption",
  };
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool IsUtf8(std::string_view encoding) {
  std::string name = Lower(encoding);
  std::erase_if(name, [](char c) { return c == '-' || c == '_' || c == '\'' || c == '"'; });
  // SQL_ASCII is what clients of the C locale ask for: they take any bytes.
  return name == "utf8" || name == "unicode" || name == "sqlascii";
}

bool IsOff(std::string_view value) {
  const std::string lower = Lower(value);
  return lower == "false" || lower == "off" || lower == "no" || lower == "0";
}

absl::Status AddSetting(std::string_view name, std::string_view value, StartupParameters* settings) {
  const std::string lower = Lower(name);
  if (lower == "client_encoding") {
    return IsUtf8(value) ? absl::OkStatus()
                         : base::Unimplemented("client_encoding must be UTF8: the sidecar reads statements as UTF-8");
  }
  if (lower == "standard_conforming_strings" && !IsOff(value)) {
    return absl::OkStatus();  // pinned to on anyway
  }
  const sql::SettingClass kind = sql::ClassifySetting(lower);
  // What the session begins with is what RESET goes back to: who one is, and how text is read, stays the sidecar's.
  const bool is_custom = kind == sql::SettingClass::kAdmin && lower.find('.') != std::string::npos;
  if (kind != sql::SettingClass::kHarmless && kind != sql::SettingClass::kNames && !is_custom) {
    return base::Unimplemented(
        "the startup parameter \"{}\" is not supported by the sidecar; connect without it and use SET", lower);
  }
  if (kind == sql::SettingClass::kHarmless && !sql::IsHarmlessValue(lower, value)) {
    return base::Unimplemented("the startup parameter \"{}\" may not have this value", lower);
  }
  settings->emplace_back(lower, value);
  return absl::OkStatus();
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The server's pg_split_opts: words apart by white space, a backslash takes the next character as it is.
std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsSpace(text[i])) {
      in_word = false;
      continue;
    }
    if (!in_word) {
      words.emplace_back();
      in_word = true;
    }
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    }
    words.back().push_back(text[i]);
  }
  return words;
}

}  // namespace

std::optional<sql::Facts> FactsOfSetting(std::string_view name) {
  if (IsSentByDrivers(name)) {
    return std::nullopt;
  }
  sql::Facts facts;
  sql::Statement& set = facts.statements.emplace_back();
  set.tag = "SET";
  sql::Need& need = set.needs.emplace_back();
  need.action = sql::ClassifySetting(name) == sql::SettingClass::kAdmin ? sql::Action::kAdmin : sql::Action::kSession;
  need.kind = sql::ResourceKind::kSetting;
  need.resource = name;
  return facts;
}

absl::Status SplitOptions(std::string_view options, StartupParameters* settings) {
  const std::vector<std::string> words = SplitWords(options);
  for (size_t i = 0; i < words.size(); ++i) {
    std::string assignment;
    if (words[i] == "-c" && i + 1 < words.size()) {
      assignment = words[++i];
    } else if (words[i].size() > 2 && (words[i].substr(0, 2) == "-c" || words[i].substr(0, 2) == "--")) {
      assignment = words[i].substr(2);
    }
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      return base::InvalidArgument("invalid command-line argument in the startup parameter \"options\"");
    }
    std::string name = assignment.substr(0, equals);
    std::replace(name.begin(), name.end(), '-', '_');
    settings->emplace_back(std::move(name), assignment.substr(equals + 1));
  }
  return absl::OkStatus();
}

absl::Status ReadStartupSettings(const StartupParameters& parameters, std::string* database,
                                 std::string* application_name, StartupParameters* settings) {
  std::string user;
  for (const auto& [name, value] : parameters) {
    if (name == "user") {
      user = value;
    } else if (name == "database") {
      *database = value;
    } else if (name == "replication") {
      if (!IsOff(value)) {
        return base::Unimplemented("replication connections are not supported by the sidecar");
      }
    } else if (name == "options") {
      StartupParameters options;
      CHAPERONE_RETURN_IF_ERROR(SplitOptions(value, &options));
      for (const auto& [option, setting] : options) {
        CHAPERONE_RETURN_IF_ERROR(AddSetting(option, setting, settings));
      }
    } else if (name.substr(0, 5) != "_pq_.") {
      CHAPERONE_RETURN_IF_ERROR(AddSetting(name, value, settings));
    }
  }
  if (user.empty()) {
    return base::InvalidArgument("no PostgreSQL user name specified in startup packet");
  }
  if (database->empty()) {
    *database = user;
  }
  if (database->size() > kDatabaseBytesMax) {
    return base::InvalidArgument("the database name is longer than {} bytes", kDatabaseBytesMax);
  }
  for (const auto& [name, value] : *settings) {
    if (name == "application_name") {
      *application_name = value;
    }
  }
  return absl::OkStatus();
}

}  // namespace chaperone::session
