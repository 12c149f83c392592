// Parsing JSON.
#include "io/json.hpp"

namespace gradus::io {

Json parse_json(std::string_view text) { return Json::parse(text); }

}  // namespace gradus::io
