// Options of optimizers and schedules, which are aggregates with fields(): from JSON, to JSON, and as C++.
#pragma once

#include <array>
#include <string_view>
#include <type_traits>

#include "spec.hpp"

namespace gradus::web {

// One option of any type, so that little code depends on the struct that it is in.
struct Field {
  enum class Type { number, integer, flag, pair, choice };
  std::string_view name;
  Type type;
  void* value;                   // of an option of that type; of an integer, for a choice
  std::string_view choice = {};  // the type's name: "LineSearch"
};

// A visitor: lists the fields of a struct. Choices are copied to `choices`, and back by put_choices().
struct FieldList {
  std::vector<Field> all = {};
  std::vector<std::pair<std::string_view, std::int64_t>> choices = {};
  bool put = false;  // visit again: put the choices back

  void operator()(std::string_view name, double& v) { add({name, Field::Type::number, &v}); }
  void operator()(std::string_view name, std::int64_t& v) { add({name, Field::Type::integer, &v}); }
  void operator()(std::string_view name, bool& v) { add({name, Field::Type::flag, &v}); }
  void operator()(std::string_view name, std::array<double, 2>& v) { add({name, Field::Type::pair, &v}); }
  template <class T>
  requires std::is_enum_v<T>
  void operator()(std::string_view name, T& v) {
    if (put) {
      v = static_cast<T>(chosen(name));
      return;
    }
    choices.reserve(8);  // their addresses stay
    choices.emplace_back(name, static_cast<std::int64_t>(v));
    add({name, Field::Type::choice, &choices.back().second, nn::detail::type_name<T>()});
  }

 private:
  void add(Field field) {
    if (!put) all.push_back(field);
  }
  std::int64_t chosen(std::string_view name) const {
    for (const auto& [known, value] : choices) {
      if (known == name) return value;
    }
    return 0;
  }
};

// A struct of options without its type: what is compiled for each of them is small.
struct OptionsAt {
  void* options;
  void (*visit)(void* options, FieldList& fields);
};
template <class Options>
OptionsAt at(Options& options) {
  return {&options, [](void* these, FieldList& fields) { static_cast<Options*>(these)->fields(fields); }};
}
Json to_json(OptionsAt options);
// Throws an Error for a name that is not there and for a value of another type.
void set_options(OptionsAt options, const Json& json);
// Sets `options`. ".lr = 0.1, …": what then differs from `standard`, in the order of the struct; `always`, too, if it
// is a field.
std::string to_code(OptionsAt options, OptionsAt standard, const Json& json, std::string_view always);

template <class Options>
Options options_from(const Json& json) {
  Options options;
  set_options(at(options), json);
  return options;
}

template <class Options>
Json defaults_of() {
  Options options;
  return to_json(at(options));
}

template <class Options>
std::string code_of(const Json& json, std::string_view always = {}) {
  Options given, standard;
  return to_code(at(given), at(standard), json, always);
}

}  // namespace gradus::web
