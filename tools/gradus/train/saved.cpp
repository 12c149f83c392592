// The description of a trained network in the words of the command line.
#include "train/saved.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace gradus::tool {
namespace {

// A file's name may hold any bytes; those that are not UTF-8 are replaced.
std::string printable(const std::string& name) {
  using Json = nlohmann::json;
  const std::string quoted = Json(name).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

}  // namespace

train::Description description(const TrainOptions& o, const Task& task, std::int64_t steps) {
  const data::CsvOptions csv = csv_options(o);
  return {.net = o.net,
          .input = task.train.shape(),
          .task = task.regression ? train::Task::regress : train::Task::classify,
          .classes = task.classes,
          .encoding = task.encoding,
          .separator = csv.separator,
          .decimal = csv.decimal,
          .more = {{"data", printable(task.name)},
                   {"opt", o.opt},
                   {"schedule", o.schedule},
                   {"batch", std::to_string(o.batch)},
                   {"seed", std::to_string(o.seed)},
                   {"steps", std::to_string(steps)}}};
}

io::Metadata describe(const TrainOptions& o, const Task& task, std::int64_t steps) try {
  return train::metadata(description(o, task, steps));
} catch (const Error&) {
  throw Stop(usage, fmt::format("--save: a name of a class or a column of {0} is not UTF-8, and could not be saved\n"
                                "  try: iconv -f latin1 -t utf-8 {0} > utf8.csv",
                                o.data));
}

train::Model load_saved(const std::string& path) try { return train::load_model(path); } catch (const Error& e) {
  throw Stop(file_trouble, without_line(e));
}

}  // namespace gradus::tool
