// The parameters of a StartupMessage: database, application name, and settings, which may also come as "options". What
// changes how statements are read or who the session is, and what the sidecar does not know, is an error that names it;
// the rest is for the policy to judge, as if SET had come.
#ifndef CHAPERONE_DATAPLANE_SESSION_STARTUP_SETTINGS_H_
#define CHAPERONE_DATAPLANE_SESSION_STARTUP_SETTINGS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/base/status.h"
#include "api/sql/facts.h"

namespace chaperone::session {

using StartupParameters = std::vector<std::pair<std::string, std::string>>;

// Errors: InvalidArgument (malformed), Unimplemented (a parameter that is not allowed, an encoding other than UTF-8,
// replication).
absl::Status ReadStartupSettings(const StartupParameters& parameters, std::string* database,
                                 std::string* application_name, StartupParameters* settings);

// What a policy judges before a session begins with this setting: the same as for SET. Null for what drivers send on
// their own and cannot be told to leave out.
std::optional<sql::Facts> FactsOfSetting(std::string_view name);

// "-c a=b --c-d=e" -> (a, b), (c_d, e), with the server's rules for spaces and backslashes. Errors: InvalidArgument.
absl::Status SplitOptions(std::string_view options, StartupParameters* settings);

}  // namespace chaperone::session

#endif  // CHAPERONE_DATAPLANE_SESSION_STARTUP_SETTINGS_H_
