// A report as JSON. Numbers that JSON cannot write are null.
#include <cmath>
#include <nlohmann/json.hpp>

#include "show/report.hpp"

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

Json number(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

// Counts are numbers.
Json value(const std::string& text) {
  const bool is_count = !text.empty() && text.size() < 16 && text.find_first_not_of("0123456789") == text.npos;
  return is_count ? Json(std::stoll(text)) : Json(text);
}

Json object(const Listing& listing) {
  Json json = Json::object();
  for (const auto& [name, what] : listing.lines) json[name] = value(what);
  return json;
}

Json tensor(const ShownTensor& t) {
  Json json{{"name", t.name}, {"dtype", t.dtype}, {"shape", t.shape}, {"bytes", t.bytes}};
  if (!t.statistics) return json;
  const Statistics& s = *t.statistics;
  json.update({{"min", number(s.min)},
               {"max", number(s.max)},
               {"mean", number(s.mean)},
               {"std", number(s.std)},
               {"norm", number(s.norm)},
               {"zeros", s.zeros},
               {"nan", s.nan},
               {"inf", s.inf}});
  return json;
}

}  // namespace

std::string json_of(const FileReport& r) {
  Json json{{"file", r.path}, {"kind", r.kind}, {"bytes", r.bytes}};
  for (const auto& [what, text] : r.facts) json[what] = value(text);
  for (const Listing& listing : r.listings) json[listing.title] = object(listing);
  Json tensors = Json::array();
  for (const ShownTensor& t : r.tensors) tensors.push_back(tensor(t));
  json["tensors"] = std::move(tensors);
  json["metadata"] = Json::object();
  for (const auto& [key, text] : r.metadata.lines) json["metadata"][key] = text;
  json["notes"] = r.notes;
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace gradus::tool
