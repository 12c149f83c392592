// gradus train: a data set, a network and an optimizer, each named on the command line.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/spec.hpp"
#include "train/nets.hpp"
#include "train/training.hpp"

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
  optim::AnyOptimizer optimizer = make_optimizer.of_net(net);
  return Training(o, std::move(task), std::move(net), std::move(optimizer), schedule).run();
}

CLI::Validator at_least(std::int64_t least) {
  const auto check = [least](const std::string& text) {
    const auto value = to_integer(text);
    return value && *value >= least ? "" : fmt::format("a whole number from {} on is expected, not '{}'", least, text);
  };
  return {check, "", ""};
}

std::string yes_or_no(const std::string& text) {
  return text == "yes" || text == "no" ? "" : fmt::format("yes or no is expected, not '{}'", text);
}

constexpr const char* examples = R"(Examples:
  gradus train
  gradus train --data mnist --net lenet --opt adamw:lr=2e-3 --epochs 5
  gradus train --data iris.csv --label species --save iris.safetensors

Optimizers, with options and defaults (a/b is a pair; a flag alone is true):
)";

}  // namespace

void add_train(CLI::App& program, Action& action) {
  auto options = std::make_shared<TrainOptions>();
  TrainOptions& o = *options;
  CLI::App& app = *program.add_subcommand("train", "train a network on a data set");
  app.callback([options, &action] { action = [options] { return train(*options); }; });
  app.footer(examples + optimizer_list());

  const auto text = [&app](const char* name, std::string& value, const char* type, const char* what) {
    return app.add_option(name, value, what)->type_name(type)->capture_default_str();
  };
  const auto count = [&app](const char* name, auto& value, std::int64_t least, const char* what) {
    app.add_option(name, value, what)->type_name("N")->capture_default_str()->check(at_least(least));
  };
  text("--data", o.data, "SET", "digits, mnist, fashion, or a CSV file");
  text("--net", o.net, "NET", "mlp, mlp:128,64, lenet, cnn [cnn; mlp for a CSV file]");
  text("--opt", o.opt, "OPT", "an optimizer, as in sgd:lr=0.1,momentum=0.9");
  text("--schedule", o.schedule, "NAME", "of the rate: constant, cosine, linear, onecycle");
  count("--epochs", o.epochs, 1, "passes over the training data");
  count("--batch", o.batch, 0, "examples in a batch; 0: all");
  count("--seed", o.seed, 0, "of the first weights and of shuffling");
  text("--save", o.save, "FILE", "write the model here, as safetensors");
  text("--log", o.log, "FILE", "write a line for each epoch here, as CSV");
  text("--data-dir", o.directory, "DIR", "where mnist or fashion is [$GRADUS_DATA/… or data/…]");
  text("--label", o.label, "COLUMN", "of a CSV file, by name or number [the last]");
  text("--separator", o.separator, "CHAR", "between cells of a CSV file, or tab [,]");
  text("--header", o.header, "yes|no", "is the first line of a CSV file one? [by its looks]")->check(yes_or_no);
  app.add_flag("--summary", o.summary, "print the layers first");
  app.add_flag("--quiet", o.quiet, "print the result only");
}

}  // namespace gradus::tool
