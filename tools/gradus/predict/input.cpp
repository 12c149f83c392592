// Reading examples for a model: sets by name, and files.
#include "predict/input.hpp"

#include <fmt/format.h>

namespace gradus::tool {
namespace {

train::ReadOptions read_options(const InputOptions& o, bool labelled) {
  const data::CsvOptions csv = csv_options(o);
  train::ReadOptions options{.labelled = labelled && o.labels.empty(), .label = o.label, .header = csv.header};
  if (!o.separator.empty()) options.separator = csv.separator;
  if (!o.decimal.empty()) options.decimal = csv.decimal;
  if (!o.missing.empty()) options.missing = csv.missing;
  return options;
}

// A set that is known by name, in the model's shape.
data::Split known_set(const train::Model& model, const InputOptions& o) {
  Task set = load_task(o);
  const Shape& input = model.about.input;
  const bool fits = set.features() == input.numel() && model.about.task == train::Task::classify;
  if (!fits || set.classes > model.about.classes) {
    throw Stop(usage,
               fmt::format("{}: {} numbers an example and {} classes; the model takes {} and answers with {}", o.data,
                           set.features(), set.classes, to_string(input),
                           model.about.task == train::Task::regress ? "a number"
                                                                    : fmt::format("{} classes", model.about.classes)));
  }
  set.train.reshape(input);
  set.test.reshape(input);
  // Only the part that is asked for becomes numbers.
  return {.train = o.part == "train" || o.part == "all" ? set.train.dataset() : data::Dataset(),
          .test = o.part == "train" ? data::Dataset() : set.test.dataset()};
}

data::Dataset file(const train::Model& model, const InputOptions& o, bool labelled) {
  data::Dataset data = train::read_examples(model, o.data, read_options(o, labelled));
  if (!labelled || o.labels.empty()) return data;
  data.y = data::idx(o.labels);
  const bool fit = data.y.dim() == 1 && data.y.numel() == data.size() && !is_floating(data.y.dtype());
  const bool known = fit && min(data.y).item() >= 0 && max(data.y).item() < static_cast<double>(model.about.classes);
  if (known) return data;
  throw Stop(file_trouble, fmt::format("--labels {}: holds {}; {} classes from 0 to {} are expected", o.labels,
                                       to_string(data.y.shape()), data.size(), model.about.classes - 1));
}

// All examples, or one part of those that gradus train divided.
data::Dataset part_of(const data::Dataset& all, const std::string& part) {
  if (part.empty() || part == "all") return all;
  data::Split split = held_out(all);
  return part == "test" ? split.test : split.train;
}

data::Dataset joined(const data::Split& split) {
  return {concat({split.train.x, split.test.x}), concat({split.train.y, split.test.y})};
}

}  // namespace

void add_input_options(Command& command, InputOptions& o) {
  command.text("--separator", o.separator, "CHAR", "CSV: between cells, or tab [as in training]");
  command.choice("--header", o.header, {"yes", "no"}, "CSV: is the first line one? [auto-detected]");
  command.choice("--decimal", o.decimal, {"point", "comma"}, "CSV: before a fraction [as in training]");
  command.text("--data-dir", o.directory, "DIR", "where mnist or fashion is [$GRADUS_DATA/… or data/…]");
}

data::Dataset read_input(const train::Model& model, const InputOptions& o, bool labelled) {
  if (!is_file(o.data)) {
    const data::Split set = known_set(model, o);
    if (o.part == "all") return joined(set);
    return o.part == "train" ? set.train : set.test;
  }
  refuse_unknown(o.data, "");
  if (!o.directory.empty()) throw Stop(usage, "--data-dir is for mnist and fashion");
  try {
    return part_of(file(model, o, labelled), o.part);
  } catch (const Error& e) {
    Complaint complaint = e.complaint();
    complaint.advice = advice_for_users(complaint.advice);
    throw Stop(file_trouble, without_line(Error(e.operation(), complaint, e.where())));
  }
}

}  // namespace gradus::tool
