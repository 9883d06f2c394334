// A value that must not be printed: a password, a key, a token. Formatting it prints "***"; the bytes come out only
// through Reveal(), which is easy to search for.
#ifndef CHAPERONE_API_BASE_SECRET_H_
#define CHAPERONE_API_BASE_SECRET_H_

#include <fmt/format.h>

#include <cstring>
#include <ostream>
#include <string>
#include <utility>

namespace chaperone::base {

template <typename T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret() { Wipe(); }

  const T& Reveal() const { return value_; }

 private:
  void Wipe() {
    if constexpr (requires {
                    value_.data();
                    value_.size();
                  }) {
      explicit_bzero(const_cast<char*>(reinterpret_cast<const char*>(value_.data())),
                     value_.size() * sizeof(*value_.data()));
    }
  }

  T value_{};
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const Secret<T>&) {
  return out << "***";
}

}  // namespace chaperone::base

template <typename T>
struct fmt::formatter<chaperone::base::Secret<T>> : fmt::formatter<fmt::string_view> {
  template <typename Context>
  auto format(const chaperone::base::Secret<T>&, Context& context) const {
    return fmt::formatter<fmt::string_view>::format("***", context);
  }
};

#endif  // CHAPERONE_API_BASE_SECRET_H_
