// Columns whose names say that they hold what agents should not see, by kind. Pure. A guess for a human to correct: it
// knows names and types, never values.
#ifndef CHAPERONE_CONTROLPLANE_SIMULATION_SENSITIVE_NAMES_H_
#define CHAPERONE_CONTROLPLANE_SIMULATION_SENSITIVE_NAMES_H_

#include <span>
#include <string_view>

namespace chaperone::simulation {

struct SensitiveKind {
  // The masking rule's id, and words for its comment.
  std::string_view id;
  std::string_view comment;
  std::string_view method;
  // As `in_predicates` has it.
  std::string_view in_predicates;
};

// In the order in which they go into a document.
std::span<const SensitiveKind> SensitiveKinds();

// The kind of a column by its name and its type's name; null when it looks harmless. Words of a name may be joined by
// underscores or begin with capitals: card_number, cardNumber, CardNumber, cardnumber.
const SensitiveKind* SensitiveKindOf(std::string_view column, std::string_view type);

}  // namespace chaperone::simulation

#endif  // CHAPERONE_CONTROLPLANE_SIMULATION_SENSITIVE_NAMES_H_
