// The difference of two texts by lines, in the unified format. Pure; thread-safe.
#ifndef CHAPERONE_TOOLS_CHAPERONE_COMMANDS_LINE_DIFF_H_
#define CHAPERONE_TOOLS_CHAPERONE_COMMANDS_LINE_DIFF_H_

#include <string>
#include <string_view>

namespace chaperone::cli {

// Empty when the texts are equal. Three lines of context; names stand behind "---" and "+++". Texts that differ in more
// than a thousand lines are shown as removed and added whole.
std::string UnifiedDiff(std::string_view before_name, std::string_view before, std::string_view after_name,
                        std::string_view after);

}  // namespace chaperone::cli

#endif  // CHAPERONE_TOOLS_CHAPERONE_COMMANDS_LINE_DIFF_H_
