// The metadata of a saved model. Lists are JSON, for names may hold any character.
#include "train/saved.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace gradus::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json, const DataOptions& o) try {
  return json.dump();
} catch (const Json::type_error&) {
  throw Stop(usage, fmt::format("--save: a name of a class or a column of {} is not UTF-8, and could not be saved\n"
                                "  try: iconv -f latin1 -t utf-8 {} > utf8.csv",
                                o.data, o.data));
}

Json features(const data::Encoding& encoding) {
  Json list = Json::array();
  for (const data::Feature& f : encoding.features) {
    Json feature{{"name", f.name}};
    if (f.words.empty()) feature["mean"] = f.mean;
    if (!f.words.empty()) feature["words"] = f.words;
    list.push_back(feature);
  }
  return list;
}

const char* name_of(data::Categories categories) {
  if (categories == data::Categories::index) return "index";
  return categories == data::Categories::one_hot ? "one_hot" : "refuse";
}

// A file's name may hold any bytes; those that are not UTF-8 are replaced.
std::string printable(const std::string& name) {
  const std::string quoted = Json(name).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

}  // namespace

io::Metadata describe(const TrainOptions& o, const Task& task, std::int64_t steps) {
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  Shape input = task.train.x.shape();
  input.erase(0);
  io::Metadata metadata{{"gradus", GRADUS_VERSION},
                        {"task", task.regression ? "regress" : "classify"},
                        {"net", o.net},
                        {"data", printable(task.name)},
                        {"input", to_string(input)},
                        {"classes", text(task.classes)},
                        {"class_names", text_of(task.encoding.classes, o)},
                        {"opt", o.opt},
                        {"schedule", o.schedule},
                        {"batch", text(o.batch)},
                        {"seed", text(o.seed)},
                        {"steps", text(steps)}};
  if (!task.encoding.features.empty()) {
    metadata["features"] = text_of(features(task.encoding), o);
    metadata["categories"] = name_of(task.encoding.categories);
    metadata["label"] = text_of(o.label, o);
  }
  return metadata;
}

}  // namespace gradus::tool
