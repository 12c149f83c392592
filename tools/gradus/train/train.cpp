// gradus train: a data set, a network and an optimizer, each named on the command line.
#include <fmt/format.h>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/print.hpp"
#include "cli/spec.hpp"
#include "io/file.hpp"
#include "train/emit.hpp"
#include "train/nets.hpp"
#include "train/ranks.hpp"
#include "train/text/nets.hpp"
#include "train/text/train.hpp"
#include "train/training.hpp"

namespace gradus::tool {
namespace {

// Examples in the shape that the net takes.
void fit(Task& task, const NetSpec& net) {
  if (net.for_images && !task.image) {
    throw Stop(usage, fmt::format("--net {}: needs images, and {} has rows of {} numbers; try --net mlp", net.text,
                                  task.name, task.features()));
  }
  const Shape shape = net.for_images ? *task.image : Shape{task.features()};
  task.train.reshape(shape);
  task.test.reshape(shape);
}

nn::Sequential make_net(const NetSpec& spec, const Task& task) {
  // Pixels share their unit; the columns of a table have each its own.
  nn::Sequential net(task.train.standardize(!task.image),
                     train::make_net(spec.text, task.train.shape(), task.regression ? 1 : task.classes));
  if (task.regression) net.push_back(nn::Unstandardize::of(task.train.y, {}));
  return net;
}

// What is for a text only does nothing for other data.
void refuse_text_options(const TrainOptions& o) {
  if (is_text_net(o.net)) throw Stop(usage, fmt::format("--net {}: is for --data text:FILE", o.net));
  if (o.steps) throw Stop(usage, "--steps is for --data text:FILE; for other data --epochs");
  if (!o.tokenizer.empty()) throw Stop(usage, "--tokenizer is for --data text:FILE");
}

void write_program(const TrainOptions& o, const std::string& program) try {
  io::AtomicFile file(o.emit, "train", Loc::current());
  file.write(program.data(), program.size());
  file.commit();
  if (!o.quiet) print("code  {}: this training as a program\n", o.emit);
} catch (const Error& e) { throw Stop(file_trouble, fmt::format("--emit {}", e.complaint().wrong)); }

// The rate that a short run with a rising rate suggests.
Exit find_lr(const TrainOptions& o, const Task& task, nn::Sequential& net, const optim::AnyOptimizer& optimizer) {
  const Objective objective(task);
  const auto batches = task.train.batches({.size = o.batch, .shuffle = true});
  const auto loss = [&](const Tensor& output, const Tensor& y) { return objective.loss(output, y); };
  const auto found = gradus::train::find_lr(net, optimizer, batches, loss);
  print("{}", found.text());
  print("\ntry: --opt {}:lr={:.2g}\n", parse_spec(o.opt).name, found.suggested);
  return success;
}

Exit train(TrainOptions o) {
  if (o.resume && o.checkpoint.empty()) throw Stop(usage, "--resume: from where? try --checkpoint DIR --resume");
  if (o.ranks > 1 && is_text(o.data)) throw Stop(usage, "--ranks is for other data than text:FILE");
  if (o.ranks > 1 && !is_rank()) return launch_this(o.ranks);
  if (is_text(o.data)) {
    if (!o.emit.empty()) throw Stop(usage, "--emit is for other data than text:FILE");
    return train_text(o);
  }
  refuse_text_options(o);
  if (o.net.empty()) o.net = is_file(o.data) ? "mlp:128" : "cnn";
  const NetSpec spec = parse_net(o.net);
  const MakeOptimizer make_optimizer = parse_optimizer(o.opt);
  const MakeSchedule schedule = parse_schedule(o.schedule);
  check_output({"--save", o.save});
  check_output({"--emit", o.emit});
  refuse_same_file(
      {{"--data", is_file(o.data) ? o.data : ""}, {"--save", o.save}, {"--log", o.log}, {"--emit", o.emit}});
  Task task = load_task(o);
  fit(task, spec);
  if (o.batch > task.train.size()) {
    throw Stop(usage, fmt::format("--batch {}: {} has {} training examples; at most that, or 0 for all at once",
                                  o.batch, task.name, task.train.size()));
  }
  manual_seed(static_cast<std::uint64_t>(o.seed));
  nn::Sequential net = make_net(spec, task);
  optim::AnyOptimizer optimizer = make_optimizer.of_net(net);
  if (o.find_lr) return find_lr(o, task, net, optimizer);
  std::optional<Ranks> ranks;
  if (is_rank() && o.ranks > 1) {
    ranks.emplace();
    if (ranks->rank() > 0) make_follower(o);
  }
  if (!o.emit.empty()) write_program(o, emit(o, task, make_optimizer, optimizer.base().type()));
  return Training(o, std::move(task), std::move(net), std::move(optimizer), schedule, ranks ? &*ranks : nullptr).run();
}

constexpr const char* examples = R"(Examples:
  gradus train
  gradus train --data mnist --net lenet --opt adamw:lr=2e-3 --epochs 5
  gradus train --data iris.csv --label species --save iris.safetensors
  zcat iris.csv.gz | gradus train --data - --label species
  gradus train --data text:book.txt --net gpt:layers=2,width=64 --save book.st

Optimizers, with options and defaults (a/b is a pair; a flag alone is true):
)";

}  // namespace

void add_train(CommandLine& program) {
  auto options = std::make_shared<TrainOptions>();
  TrainOptions& o = *options;
  Command& command = program.add("train", "train a network on a data set");
  command.runs([options] { return train(*options); });
  command.footer(examples + optimizer_list());

  command.text("--data", o.data, "SET", "digits, mnist, fashion, *.csv, *.npz, -, text:FILE");
  command.text("--net", o.net, "NET", "mlp:128,64, lenet, cnn, gpt, lstm [cnn; CSV: mlp; text: gpt]");
  command.text("--opt", o.opt, "OPT", "an optimizer, as in sgd:lr=0.1,momentum=0.9");
  command.text("--schedule", o.schedule, "NAME", "constant, cosine, linear, onecycle, warmup");
  command.whole("--epochs", o.epochs, at_least(1), "passes over the training data");
  command.whole("--batch", o.batch, at_least(0), "examples in a batch; 0: all");
  command.whole("--seed", o.seed, at_least(0), "for initial weights and shuffling");
  command.text("--save", o.save, "FILE", "write the model here, as safetensors");
  command.text("--checkpoint", o.checkpoint, "DIR", "keep the state of the training in this folder");
  command.whole("--checkpoint-every", o.checkpoint_every, at_least(1), "steps from one checkpoint to the next");
  command.flag("--resume", o.resume, "go on from the newest checkpoint, if there is one");
  command.text("--log", o.log, "FILE", "FILE.csv: a line for each epoch; FILE.jsonl: for each step");
  command.text("--tensorboard", o.tensorboard, "DIR", "write event files for TensorBoard into this folder");
  command.text("--emit", o.emit, "FILE", "write a C++ program here that does the same");
  command.text("--data-dir", o.directory, "DIR", "where mnist or fashion is [$GRADUS_DATA/… or data/…]");
  command.text("--label", o.label, "COLUMN", "CSV: the label, by name or number [the last column]");
  command.choice("--task", o.task, {"classify", "regress"}, "CSV: [regress if a label is a fraction]");
  command.text("--separator", o.separator, "CHAR", "CSV: between cells, or tab [,]");
  command.choice("--header", o.header, {"yes", "no"}, "CSV: is the first line one? [auto-detected]");
  command.choice("--decimal", o.decimal, {"point", "comma"}, "CSV: before a fraction [point]");
  command.choice("--missing", o.missing, {"drop", "mean"}, "CSV: leave out or fill missing cells");
  command.choice("--categories", o.categories, {"one_hot", "index"}, "CSV: turn words into numbers");
  command.whole("--steps", o.steps, "text: steps of the optimizer, each on a batch [2000]");
  command.text("--tokenizer", o.tokenizer, "WORD", "text: chars, or bpe:MERGES for byte pairs [chars]");
  command.number("--clip", o.clip, {0, 1e9}, "NORM", "text: the largest norm of the gradient; 0: any");
  command.whole("--ranks", o.ranks, {.least = 1, .most = 64}, "processes that train together, each a share of a batch");
  command.flag("--summary", o.summary, "print the layers first");
  command.flag("--find-lr", o.find_lr, "suggest a learning rate, and train nothing");
  command.flag("--quiet", o.quiet, "print the result only");
}

}  // namespace gradus::tool
