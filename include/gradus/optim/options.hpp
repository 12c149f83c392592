// What the base of all optimizers does with their options: checks them, compares them, prints them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gradus/error.hpp>
#include <gradus/nn/module.hpp>

namespace gradus::optim::detail {

/// Visits options and refuses a value outside what its name allows: a negative lr, a beta of 1.
struct OptionCheck {
  std::string_view options;
  Loc where;
  void operator()(std::string_view name, double value) const;
  void operator()(std::string_view name, std::int64_t value) const { (*this)(name, static_cast<double>(value)); }
  void operator()(std::string_view name, const std::array<double, 2>& pair) const {
    for (const double value : pair) (*this)(name, value);
  }
  template <class T>
  void operator()(std::string_view, const T&) const {}  ///< flags and choices
  [[noreturn]] void fail(const char* wrong) const;
};

template <class Options>
void check_options(Options options, Loc where) {
  const OptionCheck check{nn::detail::type_name<Options>(), where};
  if constexpr (requires { options.fields(check); }) options.fields(check);
  if constexpr (requires { options.wrong(); })
    if (const char* wrong = options.wrong()) check.fail(wrong);
}

/// Lists the values of options, to compare two lists.
struct OptionValues {
  struct Value {
    std::string_view name;
    std::array<double, 2> numbers;
  };
  std::vector<Value> all = {};
  void operator()(std::string_view name, const std::array<double, 2>& pair) { all.push_back({name, pair}); }
  template <class T>
  void operator()(std::string_view name, const T& value) {
    all.push_back({name, {static_cast<double>(value), 0}});
  }
};

/// The names and values as texts: "0.9", "0.9/0.999".
std::vector<std::pair<std::string, std::string>> texts_of(const OptionValues& options);

/// The options of a new group are `given` beside the constructor's: throws if one is at its default in `given` and not
/// in the constructor's, for it cannot be seen whether the call has set it or left it out.
void check_inherited(std::string_view options, const OptionValues& given, const OptionValues& defaults,
                     const OptionValues& constructors, Loc where);

}  // namespace gradus::optim::detail
