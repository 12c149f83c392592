// gradus train: a data set, a network and an optimizer, each named on the command line.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "nets.hpp"
#include "spec.hpp"
#include "training.hpp"

namespace gradus::tool {
namespace {

// Examples in the shape that the net takes.
void fit(Task& task, const NetSpec& net) {
  if (net.for_images && !task.image) {
    throw Stop(usage, fmt::format("--net {}: needs images, and an example of {} is a row of {} numbers; try --net mlp",
                                  net.text, task.name, task.features()));
  }
  for (data::Dataset* part : {&task.train, &task.test}) {
    Shape shape = net.for_images ? *task.image : Shape{task.features()};
    shape.insert(0, part->size());
    part->x = part->x.reshape(shape);
  }
}

nn::Sequential make_net(const NetSpec& spec, const Task& task) {
  Shape input = task.train.x.shape();
  input.erase(0);
  // Pixels share their unit; the columns of a table have each its own.
  Standardize first(task.train.x, task.image ? Axes() : Axes(0));
  return nn::Sequential(std::move(first), spec.make(input, task.classes));
}

// That a model cannot be saved should be known before it is trained.
void check_place(const std::string& path) {
  if (path.empty()) return;
  namespace fs = std::filesystem;
  if (fs::is_directory(path)) throw Stop(file_trouble, fmt::format("--save {}: is a directory", path));
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
  if (access(folder.c_str(), W_OK) != 0) {
    throw Stop(file_trouble, fmt::format("--save {}: {}: {}", path, folder.string(), std::strerror(errno)));
  }
}

Exit train(TrainOptions o) {
  if (o.net.empty()) o.net = is_file(o.data) ? "mlp:128" : "cnn";
  const NetSpec spec = parse_net(o.net);
  const MakeOptimizer make_optimizer = parse_optimizer(o.opt);
  const MakeSchedule schedule = parse_schedule(o.schedule);
  check_place(o.save);
  Task task = load_task(o);
  fit(task, spec);
  if (o.batch > task.train.size()) {
    throw Stop(usage, fmt::format("--batch {}: {} has {} training examples; at most that, or 0 for all at once",
                                  o.batch, task.name, task.train.size()));
  }
  manual_seed(o.seed);
  nn::Sequential net = make_net(spec, task);
  AnyOptimizer optimizer = make_optimizer(net);
  return Training(o, std::move(task), std::move(net), std::move(optimizer), schedule).run();
}

CLI::Validator at_least(std::int64_t least) {
  const auto check = [least](const std::string& text) {
    const auto value = to_integer(text);
    return value && *value >= least ? "" : fmt::format("a whole number from {} on is expected, not '{}'", least, text);
  };
  return {check, "", ""};
}

}  // namespace

void add_train(CLI::App& program, Action& action) {
  auto options = std::make_shared<TrainOptions>();
  TrainOptions& o = *options;
  CLI::App& app = *program.add_subcommand("train", "Train a network on a data set");
  app.callback([options, &action] { action = [options] { return train(*options); }; });
  app.footer(fmt::format("Optimizers, with their options and defaults:\n{}", optimizer_list()));

  app.add_option("--data", o.data, "digits (built in), mnist, fashion, or a CSV file")->type_name("SET");
  app.add_option("--net", o.net, "mlp, mlp:128,64 (hidden widths), lenet, cnn")->type_name("NET");
  app.add_option("--opt", o.opt, "an optimizer, as in sgd:lr=0.1,momentum=0.9")->type_name("OPT");
  app.add_option("--schedule", o.schedule, "of the learning rate: constant, cosine, linear, onecycle")->type_name("NAME");
  app.add_option("--epochs", o.epochs, "passes over the training data")->check(at_least(1))->type_name("N");
  app.add_option("--batch", o.batch, "examples in a batch; 0: all")->check(at_least(0))->type_name("N");
  app.add_option("--seed", o.seed, "of weights and of shuffling")->check(at_least(0))->type_name("N");
  app.add_option("--save", o.save, "write the model here, as safetensors")->type_name("FILE");
  app.add_option("--log", o.log, "write a line per epoch here, as CSV")->type_name("FILE");
  app.add_flag("--summary", o.summary, "print the layers first");
  app.add_flag("--quiet", o.quiet, "print the result only");
  app.add_option("--data-dir", o.directory, "where the files of mnist or fashion are")->type_name("DIR");
  app.add_option("--label", o.label, "the label's column, by name or number; else the last")->type_name("COLUMN");
  app.add_option("--separator", o.separator, "of a CSV file's cells; else a comma")->type_name("CHAR");
  app.add_option("--header", o.header, "whether a CSV file has one; else by its looks")
      ->check(CLI::IsMember({"yes", "no"}))
      ->type_name("yes|no");
}

}  // namespace gradus::tool
