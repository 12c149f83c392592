// JSON of nlohmann's library, in one form: a second kind of values, or another kind of text, is code of its own.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace gradus::io {

using Json = nlohmann::ordered_json;

[[gnu::visibility("hidden")]] Json parse_json(std::string_view text);  ///< throws Json::parse_error

}  // namespace gradus::io
