// Options of optimizers and schedules, which are aggregates with fields(): from JSON, to JSON, and as C++.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <type_traits>

#include "spec.hpp"

namespace gradus::web {

// A visitor: every field with its value.
struct ToJson {
  Json all = Json::object();
  template <class T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (std::is_enum_v<T>)
      all[std::string(name)] = static_cast<int>(value);
    else
      all[std::string(name)] = value;
  }
};

// A visitor: sets the fields that are in the object. Throws for a value of another type.
struct FromJson {
  const Json& from;
  std::size_t used = 0;
  template <class T>
  void operator()(std::string_view name, T& value) {
    const auto found = from.find(std::string(name));
    if (found == from.end()) return;
    ++used;
    try {
      if constexpr (std::is_enum_v<T>)
        value = static_cast<T>(found->template get<int>());
      else
        value = found->template get<T>();
    } catch (const nlohmann::json::exception&) {
      throw Error("playground", {.wrong = fmt::format("option '{}' is not valid", name), .got = found->dump()});
    }
  }
};

// A visitor: ".lr = 0.1", for a designated initializer. Enumerations are written as casts from their numbers.
struct ToCode {
  std::vector<std::string> all = {};
  void operator()(std::string_view name, double value) { all.push_back(fmt::format(".{} = {}", name, value)); }
  void operator()(std::string_view name, std::int64_t value) { all.push_back(fmt::format(".{} = {}", name, value)); }
  void operator()(std::string_view name, bool value) { all.push_back(fmt::format(".{} = {}", name, value)); }
  void operator()(std::string_view name, const std::array<double, 2>& v) {
    all.push_back(fmt::format(".{} = {{{}, {}}}", name, v[0], v[1]));
  }
  template <class T>
  requires std::is_enum_v<T>
  void operator()(std::string_view name, T value) {
    const std::string type(nn::detail::type_name<T>());
    all.push_back(fmt::format(".{} = static_cast<optim::{}>({})", name, type, static_cast<int>(value)));
  }
};

template <class Options>
Options options_from(const Json& json) {
  Options options;
  FromJson from{json};
  options.fields(from);
  if (from.used != json.size())
    throw Error("playground", {.wrong = "an option is unknown", .got = json.dump(), .expected = "options of this kind"});
  return options;
}

template <class Options>
Json defaults_of() {
  ToJson json;
  Options{}.fields(json);
  return json.all;
}

// What differs from the default, in the order of the struct; of `always`, too, if it is a field.
template <class Options>
std::string code_of(const Json& json, std::string_view always = {}) {
  Options given = options_from<Options>(json);
  ToCode mine, standard;
  given.fields(mine);
  Options{}.fields(standard);
  std::string text;
  for (std::size_t i = 0; i < mine.all.size(); ++i) {
    const bool named = !always.empty() && mine.all[i].starts_with(fmt::format(".{} ", always));
    if (mine.all[i] != standard.all[i] || named) text += (text.empty() ? "" : ", ") + mine.all[i];
  }
  return text;
}

}  // namespace gradus::web
