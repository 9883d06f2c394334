// What a certificate may do. The words are those of the URI "chaperone:role:<word>".
#ifndef CHAPERONE_CONTROLPLANE_MODEL_ROLE_H_
#define CHAPERONE_CONTROLPLANE_MODEL_ROLE_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chaperone::model {

enum class Role : uint8_t { kAdmin, kApprover, kAuditor, kSidecar, kControlPlane };

inline constexpr std::array<std::string_view, 5> kRoleNames = {"admin", "approver", "auditor", "sidecar",
                                                               "controlplane"};

inline std::string_view RoleName(Role role) { return kRoleNames[static_cast<size_t>(role)]; }

inline std::optional<Role> ParseRole(std::string_view name) {
  for (size_t i = 0; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) {
      return static_cast<Role>(i);
    }
  }
  return std::nullopt;
}

// A set of roles.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) {
      Add(role);
    }
  }

  constexpr void Add(Role role) { bits_ = static_cast<uint8_t>(bits_ | (1u << static_cast<unsigned>(role))); }
  constexpr bool Has(Role role) const { return (bits_ >> static_cast<unsigned>(role) & 1u) != 0; }
  constexpr bool HasAnyOf(Roles other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const Roles&) const = default;

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < kRoleNames.size(); ++i) {
      if (Has(static_cast<Role>(i))) {
        names.emplace_back(kRoleNames[i]);
      }
    }
    return names;
  }

 private:
  uint8_t bits_ = 0;
};

}  // namespace chaperone::model

#endif  // CHAPERONE_CONTROLPLANE_MODEL_ROLE_H_
