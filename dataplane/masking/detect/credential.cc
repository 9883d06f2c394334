// Credentials that a word gives away: assignments ("password=…", "api_key": "…"), URLs and connection strings with a
// password in them.
#include <algorithm>
#include <iterator>

#include "dataplane/masking/detect/secret.h"

namespace chaperone::masking::detect {

namespace {

constexpr size_t kValueBytesMax = 512;
// How far around an assignment its neighbours are looked at.
constexpr size_t kNeighbourhood = 150;
constexpr size_t kAuthorityBytesMax = 512;

// What an assignment's word is worth: a password may be any word, a token is long and mixed.
enum class Strength : uint32_t { kPassword, kSecret };

char Lower(char c) { return IsUpper(c) ? static_cast<char>(c | 0x20) : c; }

bool ContainsAnyCase(std::string_view text, std::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return Lower(a) == b; }) != text.end();
}

bool EqualsAnyCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && ContainsAnyCase(text, lower);
}

// What stands where a value would: a variable, a word of a form, stars.
bool IsPlaceholder(std::string_view value) {
  constexpr std::string_view kWords[] = {"null",     "none",   "nil",    "true",    "false",    "undefined", "required",
                                         "optional", "string", "text",   "varchar", "password", "secret",    "token",
                                         "redacted", "hidden", "masked", "removed", "empty",    "not",       "str"};
  constexpr std::string_view kStarts[] = {"${",          "{{",         "<",    "%(",     "$(",
                                          "process.env", "os.environ", "env.", "getenv", "[redacted"};
  if (std::any_of(std::begin(kWords), std::end(kWords),
                  [&](std::string_view word) { return EqualsAnyCase(value, word); })) {
    return true;
  }
  return std::any_of(std::begin(kStarts), std::end(kStarts),
                     [&](std::string_view start) {
                       return value.size() >= start.size() && EqualsAnyCase(value.substr(0, start.size()), start);
                     }) ||
         value.find_first_not_of("*xX.-_# ") == std::string_view::npos;
}

struct Value {
  size_t begin = 0;
  size_t end = 0;
  bool quoted = false;
  // Spaces stood before it: prose, as likely as an assignment.
  bool apart = false;
};

// The value behind the sign of an assignment: quoted, or up to a byte that ends it.
bool TakeValue(const CellScan& scan, size_t at, Value* out) {
  const std::string_view text = scan.text();
  const auto skip_spaces = [&] {
    const size_t first = at;
    while (at - first < 4 && (scan.at(at) == ' ' || scan.at(at) == '\t')) {
      ++at;
    }
    return at > first;
  };
  out->apart = skip_spaces();
  // "password'] = ", "password => ", "password := ".
  if (scan.at(at) == '=' || scan.at(at) == ':') {
    ++at;
  }
  if (scan.at(at) == '>') {
    ++at;
  }
  skip_spaces();
  const bool escaped = scan.at(at) == '\\' && scan.at(at + 1) == '"';
  const char quote = escaped ? '"' : scan.at(at);
  out->quoted = quote == '"' || quote == '\'' || quote == '`';
  const size_t limit = std::min(text.size(), at + kValueBytesMax);
  if (out->quoted) {
    out->begin = at + (escaped ? 2 : 1);
    out->end = out->begin;
    while (out->end < limit && text[out->end] != quote && text[out->end] != '\n') {
      out->end += text[out->end] == '\\' && !escaped && out->end + 1 < limit ? 2 : 1;
    }
    out->end = std::min(out->end, limit);
    if (escaped && out->end > out->begin && text[out->end - 1] == '\\') {
      --out->end;
    }
    return out->end > out->begin;
  }
  out->begin = at;
  // Never past the limit: a text of nothing but assignments would be read once for each of them.
  out->end = std::min(text.substr(0, limit).find_first_of(" \t\r\n,;&\"'`<>()[]{}\\|", at), limit);
  while (out->end > out->begin &&
         (text[out->end - 1] == '.' || text[out->end - 1] == ':' || text[out->end - 1] == '!')) {
    --out->end;
  }
  return out->end > out->begin;
}

bool HasDigit(std::string_view value) { return std::any_of(value.begin(), value.end(), IsDigit); }
bool HasLetter(std::string_view value) { return std::any_of(value.begin(), value.end(), IsLetter); }
bool HasBothCases(std::string_view value) {
  return std::any_of(value.begin(), value.end(), IsLower) && std::any_of(value.begin(), value.end(), IsUpper);
}

// An expression of a program rather than a value: "self.password", "get_token(".
bool IsExpression(const CellScan& scan, std::string_view value, size_t end) {
  const bool name = std::all_of(value.begin(), value.end(), [](char c) { return IsLetter(c) || c == '_' || c == '.'; });
  return (name && value.find_first_of("._") != std::string_view::npos) || scan.at(end) == '(' || scan.at(end) == '[' ||
         value.front() == '$' || value.front() == '@' || value.front() == '%';
}

bool IsSecretValue(const CellScan& scan, Strength strength, const Value& value) {
  const std::string_view text = scan.text().substr(value.begin, value.end - value.begin);
  if (IsPlaceholder(text)) {
    return false;
  }
  if (strength == Strength::kSecret) {
    const bool mixed = HasDigit(text) ? HasLetter(text) || text.size() >= 20 : HasBothCases(text) && text.size() >= 16;
    return text.size() >= 8 && mixed && DistinctBytes(text) >= 5 && text.find(' ') == std::string_view::npos &&
           (value.quoted || !IsExpression(scan, text, value.end));
  }
  if (value.quoted) {
    return text.size() >= 3;
  }
  if (IsExpression(scan, text, value.end)) {
    return false;
  }
  if (value.apart) {
    // "Password: hunter2", not "password: must be …".
    return text.size() >= 5 && (HasDigit(text) || text.find_first_of("!@#$^*+=~?") != std::string_view::npos) &&
           HasLetter(text);
  }
  return text.size() >= 4;
}

// Other parts of a connection string stand around: "Server=db1;Database=shop;…".
bool IsInConnectionString(const CellScan& scan, size_t begin, size_t end) {
  constexpr std::string_view kParts[] = {
      "server=",   "data source=",     "host=", "uid=", "user id=", "userid=", "dbname=", "database=",
      "endpoint=", "initial catalog=", "jdbc:", "dsn="};
  const size_t first = begin > kNeighbourhood ? begin - kNeighbourhood : 0;
  const std::string_view before = scan.text().substr(first, begin - first);
  const std::string_view behind = scan.text().substr(end, kNeighbourhood);
  return std::any_of(std::begin(kParts), std::end(kParts), [&](std::string_view part) {
    return ContainsAnyCase(before, part) || ContainsAnyCase(behind, part);
  });
}

// Whatever stands before the word belongs to the name: "db_password=", "dbPassword=".
void RecognizeAssignment(const CellScan& scan, size_t begin, size_t end, uint32_t argument) {
  const auto strength = static_cast<Strength>(argument);
  Value value;
  if (!TakeValue(scan, end, &value) || !IsSecretValue(scan, strength, value)) {
    return;
  }
  if (strength == Strength::kSecret) {
    scan.Report(Kind::kSecretAssignment, value.begin, value.end);
    return;
  }
  scan.Report(Kind::kPasswordAssignment, value.begin, value.end);
  // The same bytes again would change nothing.
  if (!scan.wants(Kind::kPasswordAssignment) && scan.wants(Kind::kConnectionString) &&
      IsInConnectionString(scan, begin, value.end)) {
    scan.Report(Kind::kConnectionString, value.begin, value.end);
  }
}

// "PASSWORD 'hunter2'", "IDENTIFIED BY 'hunter2'": the value's quote is the last byte of the literal.
void RecognizeQuoted(const CellScan& scan, size_t begin, size_t end, uint32_t argument) {
  RecognizeAssignment(scan, begin, end - 1, argument);
}

bool IsDatabaseScheme(std::string_view scheme) {
  constexpr std::string_view kSchemes[] = {
      "postgres",    "postgresql", "mysql",    "mysqlx",     "mariadb",   "mongodb",   "mongodb+srv", "redis",
      "rediss",      "amqp",       "amqps",    "mssql",      "sqlserver", "oracle",    "cockroach",   "kafka",
      "nats",        "ldap",       "ldaps",    "clickhouse", "couchbase", "cassandra", "snowflake",   "db2",
      "neo4j",       "bolt",       "influxdb", "sqlite",     "timescale", "redshift",  "couchdb",     "memcached",
      "cockroachdb", "trino",      "presto",   "hive2",      "valkey",    "mqtt",      "mqtts",       "stomp"};
  // "postgresql+psycopg2", as SQLAlchemy writes drivers.
  const std::string_view dialect = scheme == "mongodb+srv" ? scheme : scheme.substr(0, scheme.find('+'));
  return std::any_of(std::begin(kSchemes), std::end(kSchemes),
                     [&](std::string_view known) { return EqualsAnyCase(dialect, known); });
}

// RFC 3986, section 3.2: the authority behind "://"; its user information ends at the last @ before the path.
void RecognizeUrl(const CellScan& scan, size_t begin, size_t end, uint32_t) {
  const std::string_view text = scan.text();
  size_t scheme = begin;
  while (scheme > 0 && begin - scheme < 24 &&
         (IsAlnum(text[scheme - 1]) || text[scheme - 1] == '+' || text[scheme - 1] == '.' || text[scheme - 1] == '-')) {
    --scheme;
  }
  const size_t limit = std::min(text.size(), end + kAuthorityBytesMax);
  const size_t stop = std::min(text.substr(0, limit).find_first_of("/?# \t\r\n\"'<>\\`", end), limit);
  const std::string_view authority = text.substr(end, stop - end);
  const size_t at = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (scheme == begin || at == std::string_view::npos || colon == std::string_view::npos || colon + 1 >= at ||
      IsPlaceholder(authority.substr(colon + 1, at - colon - 1))) {
    return;
  }
  const bool database = IsDatabaseScheme(text.substr(scheme, begin - scheme));
  scan.Report(database ? Kind::kConnectionString : Kind::kUrlCredentials, end + colon + 1, end + at);
}

// "jdbc:oracle:thin:scott/tiger@…".
void RecognizeOracleThin(const CellScan& scan, size_t, size_t end, uint32_t) {
  const std::string_view rest = scan.text().substr(end, kAuthorityBytesMax);
  const std::string_view login = rest.substr(0, rest.find_first_of("@ \t\r\n\"'"));
  const size_t slash = login.find('/');
  if (login.size() < rest.size() && rest[login.size()] == '@' && slash != std::string_view::npos && slash > 0 &&
      slash + 1 < login.size()) {
    scan.Report(Kind::kConnectionString, end + slash + 1, end + login.size());
  }
}

}  // namespace

void AddCredentialLiterals(const KindSet& kinds, std::vector<Literal>* literals) {
  constexpr std::string_view kPasswordWords[] = {"password",     "passwd", "passphrase", "passcode",   "pwd",
                                                 "passwort",     "senha",  "contraseña", "wachtwoord", "motdepasse",
                                                 "mot de passe", "пароль", "hasło",      "密码",       "パスワード"};
  constexpr std::string_view kSecretWords[] = {
      "secret",    "api_key",    "apikey",     "api-key",     "api key",     "token",          "access_key",
      "accesskey", "secret_key", "secretkey",  "secret key",  "private_key", "encryption_key", "signing_key",
      "auth_key",  "access key", "credential", "credentials", "app_key",     "master_key"};
  constexpr std::string_view kSigns[] = {
      "=", ":", " =", " :", "\":", "\" :", "':", "' :", "\\\":", "\"=", "']", "\"]", "' =>", ">"};
  const auto wants = [&](Kind kind) { return kinds[static_cast<size_t>(kind)]; };
  const auto add = [&](std::string_view word, std::string_view sign, Strength strength) {
    literals->push_back({.text = std::string(word).append(sign),
                         .any_case = true,
                         .recognize = RecognizeAssignment,
                         .argument = static_cast<uint32_t>(strength)});
  };
  if (wants(Kind::kPasswordAssignment) || wants(Kind::kConnectionString)) {
    for (const std::string_view word : kPasswordWords) {
      for (const std::string_view sign : kSigns) {
        add(word, sign, Strength::kPassword);
      }
    }
    for (const std::string_view text : {"--password ", "password is ", "\"pass\":", " pass=", "&pass=", "?pass=",
                                        "_pass=", "_pw=", " pw=", "_pass:", "\"pw\":"}) {
      add(text, "", Strength::kPassword);
    }
    for (const std::string_view text : {"password '", "identified by '", "identified by \"", "password by '"}) {
      add(text, "", Strength::kPassword);
      literals->back().recognize = RecognizeQuoted;
    }
  }
  if (wants(Kind::kSecretAssignment)) {
    for (const std::string_view word : kSecretWords) {
      for (const std::string_view sign : kSigns) {
        add(word, sign, Strength::kSecret);
      }
    }
  }
  if (wants(Kind::kConnectionString) || wants(Kind::kUrlCredentials)) {
    literals->push_back({.text = "://", .recognize = RecognizeUrl});
  }
  if (wants(Kind::kConnectionString)) {
    literals->push_back({.text = "jdbc:oracle:thin:", .any_case = true, .recognize = RecognizeOracleThin});
  }
}

}  // namespace chaperone::masking::detect
