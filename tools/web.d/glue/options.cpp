// The part of options that does not depend on their struct.
#include "options.hpp"

#include <fmt/format.h>

namespace gradus::web {
namespace {

template <class T>
T& as(const Field& field) {
  return *static_cast<T*>(field.value);
}

Json value_of(const Field& field) {
  switch (field.type) {
    case Field::Type::number:
      return as<double>(field);
    case Field::Type::flag:
      return as<bool>(field);
    case Field::Type::pair:
      return as<std::array<double, 2>>(field);
    case Field::Type::integer:
    case Field::Type::choice:
      break;
  }
  return as<std::int64_t>(field);
}

// Whether the value has the type of the option.
bool set(const Field& field, const Json& value) {
  switch (field.type) {
    case Field::Type::number:
      if (value.is_number()) as<double>(field) = value;
      return value.is_number();
    case Field::Type::flag:
      if (value.is_boolean()) as<bool>(field) = value;
      return value.is_boolean();
    case Field::Type::pair: {
      const bool fits = value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number();
      if (fits) as<std::array<double, 2>>(field) = {value[0], value[1]};
      return fits;
    }
    case Field::Type::integer:
    case Field::Type::choice:
      break;
  }
  if (value.is_number_integer()) as<std::int64_t>(field) = value;
  return value.is_number_integer();
}

std::string code_of(const Field& field) {
  const Json value = value_of(field);
  if (field.type == Field::Type::choice) return fmt::format("static_cast<optim::{}>({})", field.choice, value.dump());
  if (field.type == Field::Type::pair) return fmt::format("{{{}, {}}}", value[0].dump(), value[1].dump());
  return value.dump();
}

FieldList list(OptionsAt options) {
  FieldList fields;
  options.visit(options.options, fields);
  return fields;
}

}  // namespace

Json to_json(OptionsAt options) {
  Json json = Json::object();
  const FieldList fields = list(options);
  for (const Field& field : fields.all) json[std::string(field.name)] = value_of(field);
  return json;
}

void set_options(OptionsAt options, const Json& json) {
  FieldList fields = list(options);
  std::size_t used = 0;
  for (const Field& field : fields.all) {
    const auto found = json.find(std::string(field.name));
    if (found == json.end()) continue;
    ++used;
    if (set(field, *found)) continue;
    throw Error("playground", {.wrong = fmt::format("option '{}' is not valid", field.name), .got = found->dump()});
  }
  if (used < json.size()) {
    throw Error("playground",
                {.wrong = "an option is unknown", .got = json.dump(), .expected = "options of this kind"});
  }
  fields.put = true;
  options.visit(options.options, fields);
}

std::string to_code(OptionsAt options, OptionsAt standard, const Json& json, std::string_view always) {
  set_options(options, json);
  const FieldList given = list(options), defaults = list(standard);
  std::string text;
  for (std::size_t i = 0; i < given.all.size(); ++i) {
    const Field& field = given.all[i];
    if (value_of(field) == value_of(defaults.all[i]) && field.name != always) continue;
    text += fmt::format("{}.{} = {}", text.empty() ? "" : ", ", field.name, code_of(field));
  }
  return text;
}

}  // namespace gradus::web
