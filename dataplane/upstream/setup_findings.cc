#include "dataplane/upstream/setup_findings.h"

#include <fmt/format.h>

#include <algorithm>

namespace chaperone::upstream {

namespace {

constexpr size_t kNamesShown = 5;

// A superuser is a member of everything and owns everything: about such a role only that is said.
constexpr std::string_view kSetupQuery = R"sql(
WITH me AS (SELECT * FROM pg_roles WHERE rolname = current_user),
     weak AS (SELECT * FROM me WHERE NOT rolsuper)
SELECT 'version', current_setting('server_version')
UNION ALL SELECT 'role', rolname FROM me
UNION ALL SELECT 'superuser', rolname FROM me WHERE rolsuper
UNION ALL SELECT 'bypassrls', rolname FROM weak WHERE rolbypassrls
UNION ALL SELECT 'createrole', rolname FROM weak WHERE rolcreaterole
UNION ALL SELECT 'createdb', rolname FROM weak WHERE rolcreatedb
UNION ALL SELECT 'replication', rolname FROM weak WHERE rolreplication
UNION ALL SELECT 'member', g.rolname FROM pg_roles g, weak
  WHERE g.rolname <> weak.rolname AND pg_has_role(weak.oid, g.oid, 'MEMBER')
    AND (g.rolsuper OR g.rolcreaterole OR g.rolreplication OR g.rolbypassrls OR g.rolname IN
         ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_signal_backend',
          'pg_create_subscription', 'pg_maintain', 'pg_checkpoint', 'pg_monitor', 'pg_read_all_settings',
          'pg_read_all_stats'))
UNION ALL (SELECT 'owns', format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, weak
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND pg_has_role(weak.oid, c.relowner, 'MEMBER')
  ORDER BY 2 LIMIT 200)
UNION ALL (SELECT DISTINCT 'owns', format('function %I.%I', n.nspname, p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, weak
  WHERE n.nspname !~ '^pg_' AND pg_has_role(weak.oid, p.proowner, 'MEMBER') ORDER BY 2 LIMIT 200)
UNION ALL SELECT 'owns', format('schema %I', n.nspname) FROM pg_namespace n, weak
  WHERE n.nspname !~ '^pg_' AND pg_has_role(weak.oid, n.nspowner, 'MEMBER')
UNION ALL (SELECT DISTINCT 'may run', format('%I.%I', n.nspname, p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
    AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = d.refobjid, weak
  WHERE n.nspname <> 'pg_catalog' AND has_function_privilege(weak.oid, p.oid, 'EXECUTE')
    AND (e.extname IN ('dblink', 'adminpack', 'pg_background', 'pageinspect', 'lo')
         OR NOT l.lanpltrusted AND l.lanname NOT IN ('internal', 'c') OR p.prosecdef AND e.extname IS NULL)
  ORDER BY 2 LIMIT 200)
UNION ALL SELECT 'owns database', d.datname FROM pg_database d, weak
  WHERE d.datname = current_database() AND pg_has_role(weak.oid, d.datdba, 'MEMBER')
UNION ALL (SELECT 'may create in', n.nspname FROM pg_namespace n, weak
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND has_schema_privilege(weak.oid, n.oid, 'CREATE')
  ORDER BY 2 LIMIT 200)
UNION ALL SELECT 'may create in', format('database %I', current_database()) FROM weak
  WHERE has_database_privilege(weak.oid, current_database(), 'CREATE')
UNION ALL SELECT 'password encryption', current_setting('password_encryption')
UNION ALL SELECT 'access rules can be read', current_user
  WHERE has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')
    AND has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')
UNION ALL (SELECT 'other login', r.rolname FROM pg_roles r, me
  WHERE r.rolcanlogin AND r.rolname <> me.rolname AND (r.rolvaliduntil IS NULL OR r.rolvaliduntil > now())
  ORDER BY r.rolsuper DESC, 2 LIMIT 200)
)sql";

// A rule that names the sidecar's role alone, by a method that proves something, is what there should be.
constexpr std::string_view kAccessRulesQuery = R"sql(
SELECT CASE WHEN auth_method = 'trust' THEN 'trusting rule'
            WHEN auth_method = 'password' AND type <> 'hostssl' THEN 'cleartext rule' ELSE 'open rule' END,
       format('line %s (%s %s %s %s%s)', line_number, type, array_to_string(database, ','),
              array_to_string(user_name, ','), coalesce(address || ' ', ''), auth_method)
FROM pg_hba_file_rules
WHERE error IS NULL AND auth_method <> 'reject' AND (database <> '{replication}' OR auth_method = 'trust')
  AND (user_name <> ARRAY[current_user::text] OR auth_method IN ('trust', 'password'))
  AND (type <> 'local' OR auth_method = 'trust')
ORDER BY line_number LIMIT 200
)sql";

std::vector<std::string> Named(const std::vector<SetupFact>& facts, std::string_view kind) {
  std::vector<std::string> names;
  for (const SetupFact& fact : facts) {
    if (fact.kind == kind) {
      names.push_back(fact.name);
    }
  }
  return names;
}

// "a, b and 12 more".
std::string Shown(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kNamesShown);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return names.size() > shown ? fmt::format("{} and {} more", text, names.size() - shown) : text;
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

// The findings of one database as they are made.
class Findings {
 public:
  explicit Findings(const SetupInput& input) : input_(input), role_(FactNamed(input.facts, "role")) {}

  void Error(std::string_view code, std::string message) {
    list_.push_back({true, std::string(code), std::move(message)});
  }
  void Warning(std::string_view code, std::string message) {
    list_.push_back({false, std::string(code), std::move(message)});
  }

  void CheckAttributes() {
    if (Has("superuser")) {
      Error("upstream-role-superuser",
            fmt::format("role {0} is a superuser: the server sets no limit to what passes the sidecar. ALTER ROLE {0} "
                        "NOSUPERUSER, and grant what agents need, for example pg_read_all_data and pg_write_all_data",
                        role_));
    }
    if (Has("bypassrls")) {
      Error("upstream-role-bypassrls",
            fmt::format("row-level security does not hold for role {0}: ALTER ROLE {0} NOBYPASSRLS", role_));
    }
    if (Has("createrole")) {
      Error("upstream-role-createrole",
            fmt::format("role {0} can make and change roles, and so help itself to any right: ALTER ROLE {0} "
                        "NOCREATEROLE",
                        role_));
    }
    if (Has("replication")) {
      Error("upstream-role-replication",
            fmt::format("role {0} can read every change of the server by replication: ALTER ROLE {0} NOREPLICATION",
                        role_));
    }
    if (Has("createdb")) {
      Warning("upstream-role-createdb", fmt::format("role {0} can make databases: ALTER ROLE {0} NOCREATEDB", role_));
    }
    const auto groups = Named(input_.facts, "member");
    if (!groups.empty()) {
      Error("upstream-role-dangerous-membership",
            fmt::format("role {0} is a member of {1}, which reaches beyond the database's data: REVOKE {2} FROM {0}",
                        role_, Shown(groups), groups.front()));
    }
  }

  void CheckOwnership() {
    const auto owned = Named(input_.facts, "owns");
    if (!owned.empty()) {
      Error(
          "upstream-role-owns-relations",
          fmt::format("role {} owns, or is a member of the owner of, {} in {}: an owner may drop and change them, and "
                      "row-level security does not hold for it. ALTER … OWNER TO a role that the sidecar is no member "
                      "of",
                      role_, Shown(owned), input_.database));
    }
    if (Has("owns database")) {
      Error("upstream-role-owns-database",
            fmt::format("role {} owns, or is a member of the owner of, database {}, and may drop it: ALTER DATABASE {} "
                        "OWNER TO another role",
                        role_, input_.database, input_.database));
    }
    const auto schemas = Named(input_.facts, "may create in");
    if (!schemas.empty()) {
      Warning("upstream-role-creates",
              fmt::format("role {0} may make objects in {1} of {2}: REVOKE CREATE ON them FROM {0}, PUBLIC", role_,
                          Shown(schemas), input_.database));
    }
    const auto functions = Named(input_.facts, "may run");
    if (!functions.empty()) {
      Warning(
          "upstream-role-runs-functions",
          fmt::format("role {0} may call {1} in {2}, which reach other servers, run as their owner or are written in "
                      "a language without bounds: REVOKE EXECUTE ON them FROM {0}, PUBLIC, unless you have read "
                      "them",
                      role_, Shown(functions), input_.database));
    }
  }

  void CheckConnection() {
    const ServerAddress& address = input_.address;
    const bool is_socket = !address.host.empty() && address.host[0] == '/';
    if (address.tls == TlsMode::kDisable && !is_socket && !IsLoopback(address.host)) {
      Error(
          "upstream-without-tls",
          fmt::format("the connection to {} is not encrypted: the password's proof and all data pass in the open. Set "
                      "upstream.tls.mode to verify-full",
                      address.host));
    }
    if (input_.let_in_unasked && !is_socket) {
      Error(
          "upstream-without-password",
          fmt::format("the database lets role {} in from here without a password (trust): whoever reaches it from this "
                      "host goes round the sidecar. Use scram-sha-256 in pg_hba.conf",
                      role_));
    }
    if (FactNamed(input_.facts, "password encryption") == "md5") {
      Warning("password-md5",
              "new passwords are stored as MD5 (password_encryption): ALTER SYSTEM SET password_encryption = "
              "'scram-sha-256', then set the passwords anew");
    }
  }

  void CheckAccess() {
    if (!Has("access rules can be read")) {
      const auto others = Named(input_.facts, "other login");
      if (!others.empty()) {
        Warning(
            "access-rules-unread",
            fmt::format("whether pg_hba.conf lets others past the sidecar was not checked, since role {0} cannot read "
                        "it; besides it {1} can log in. GRANT SELECT ON pg_hba_file_rules TO {0}; GRANT EXECUTE ON "
                        "FUNCTION pg_hba_file_rules() TO {0} (agents still cannot read it)",
                        role_, Shown(others)));
      }
      return;
    }
    if (const auto rules = Named(input_.facts, "trusting rule"); !rules.empty()) {
      Error("access-without-password",
            fmt::format("pg_hba.conf lets in without a password, {}: use scram-sha-256, or remove the line",
                        Shown(rules)));
    }
    if (const auto rules = Named(input_.facts, "cleartext rule"); !rules.empty()) {
      Error(
          "access-cleartext-password",
          fmt::format("pg_hba.conf asks for passwords in the open, {}: use scram-sha-256, and hostssl", Shown(rules)));
    }
    if (const auto rules = Named(input_.facts, "open rule"); !rules.empty()) {
      Warning("access-past-sidecar",
              fmt::format("pg_hba.conf lets others than role {} in, {}: whoever has such a password goes round the "
                          "sidecar. Name roles and addresses as narrowly as people and jobs need them",
                          role_, Shown(rules)));
    }
  }

  std::vector<SetupFinding> Take() { return std::move(list_); }

 private:
  bool Has(std::string_view kind) const { return !FactNamed(input_.facts, kind).empty(); }

  const SetupInput& input_;
  const std::string_view role_;
  std::vector<SetupFinding> list_;
};

}  // namespace

std::string_view SetupQuery() { return kSetupQuery; }
std::string_view AccessRulesQuery() { return kAccessRulesQuery; }

std::string_view FactNamed(const std::vector<SetupFact>& facts, std::string_view kind) {
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const SetupFact& fact) { return fact.kind == kind; });
  return found == facts.end() ? std::string_view() : std::string_view(found->name);
}

std::vector<SetupFinding> FindingsFor(const SetupInput& input) {
  Findings findings(input);
  findings.CheckAttributes();
  findings.CheckOwnership();
  findings.CheckConnection();
  findings.CheckAccess();
  return findings.Take();
}

}  // namespace chaperone::upstream
