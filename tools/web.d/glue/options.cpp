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

}  // namespace

Json to_json(const FieldList& fields) {
  Json json = Json::object();
  for (const Field& field : fields.all) json[std::string(field.name)] = value_of(field);
  return json;
}

void set_fields(FieldList& fields, const Json& json) {
  std::size_t used = 0;
  for (const Field& field : fields.all) {
    const auto found = json.find(std::string(field.name));
    if (found == json.end()) continue;
    ++used;
    if (set(field, *found)) continue;
    throw Error("playground", {.wrong = fmt::format("option '{}' is not valid", field.name), .got = found->dump()});
  }
  if (used == json.size()) return;
  throw Error("playground", {.wrong = "an option is unknown", .got = json.dump(), .expected = "options of this kind"});
}

std::string to_code(const FieldList& fields, const FieldList& standard, std::string_view always) {
  std::string text;
  for (std::size_t i = 0; i < fields.all.size(); ++i) {
    const Field& field = fields.all[i];
    if (value_of(field) == value_of(standard.all[i]) && field.name != always) continue;
    text += fmt::format("{}.{} = {}", text.empty() ? "" : ", ", field.name, code_of(field));
  }
  return text;
}

}  // namespace gradus::web
