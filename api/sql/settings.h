// Configuration parameters by what changing them could do: an allow-list. Used alike for SET, RESET, set_config(),
// startup parameters and `options`.
#ifndef CHAPERONE_API_SQL_SETTINGS_H_
#define CHAPERONE_API_SQL_SETTINGS_H_

#include <cstdint>
#include <string_view>

namespace chaperone::sql {

enum class SettingClass : uint8_t {
  // Changes how results look or how long things may take: `session` on the setting's name is enough.
  kHarmless,
  // Changes what names mean: `session`, and nothing behind it is judged before it has run.
  kNames,
  // Changes how text is read; allowed only to the value it has anyway.
  kPinned,
  // Changes who one is, what is enforced or recorded, or is not known: `admin` on the setting's name.
  kAdmin,
};

// `name` in any case.
SettingClass ClassifySetting(std::string_view name);

// For a harmless setting: whether it stays so with this value. client_min_messages must not let through what the server
// would only log.
bool IsHarmlessValue(std::string_view name, std::string_view value);

// One of the two settings that clients are told of when they change, and with which the sidecar cannot go on. `name` in
// any case.
bool DecidesReading(std::string_view name);

// For a pinned setting: whether `value` is the one it is pinned to.
bool IsPinnedValue(std::string_view name, std::string_view value);

}  // namespace chaperone::sql

#endif  // CHAPERONE_API_SQL_SETTINGS_H_
