// Lesson 22: many machines. See 22_parallel.md.
#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

#include <stdlib.h>

#include <array>
#include <filesystem>

#include "lesson.hpp"

using namespace gradus;

namespace {

constexpr int ranks = 4, each = 16;  // so many samples has a rank in a step
constexpr double rate = 0.5;

// The handwritten digits, by a network of 1,210 weights that lie in one row.
struct Net : nn::Module<Net> {
  Parameter w = randn({1210}) * 0.2;
  Tensor part(std::int64_t begin, std::int64_t end) const { return slice(w, 0, {begin, end}); }
  Tensor forward(const Tensor& x) const {
    const Tensor h = tanh(linear(x, part(0, 1024).reshape({16, 64}), part(1024, 1040)));
    return linear(h, part(1040, 1200).reshape({10, 16}), part(1200, 1210));
  }
  void fields(auto& v) { v("w", w); }
};

Tensor loss_of(const Net& net, const data::Dataset& d) { return cross_entropy(net(d.x), d.y); }

Tensor gradient(const Net& net, const data::Dataset& d) {
  Tape tape;
  return tape.gradient(loss_of(net, d), {net.w})[0];
}

// Of the numbers of g the largest, the part `keep`; 0 in the place of the others.
Tensor largest(const Tensor& g, double keep) {
  const auto count = static_cast<std::int64_t>(std::ceil(keep * static_cast<double>(g.numel())));
  const Tensor border = topk(abs(g), count).values[count - 1];
  return where(ge(abs(g), border), g, zeros_like(g));
}

// How the ranks work together.
struct Way {
  int every = 1;         // 1: gradients are averaged; else the weights, once in so many steps
  double keep = 1;       // the part of a gradient that is sent
  bool feedback = true;  // what is not sent waits for the next step
  bool sorted = false;   // a rank has only some of the ten digits
};

// What rank r has of the examples: a quarter.
data::Dataset part_of(const data::Dataset& all, int r, bool sorted) {
  const std::int64_t quarter = all.size() / ranks;
  manual_seed(220);
  const Tensor order = sorted ? sort(all.y).indices : randperm(all.size());
  return all.rows(index_select(order, 0, randperm(quarter) + r * quarter));
}
data::Dataset batch_of(const data::Dataset& part, int step) {
  return part.rows(remainder(arange(0, each, 1, i64) + each * step, part.size()));
}

// The four ranks, one after another in this process. The loss on all examples in the end.
double by_hand(const data::Dataset& all, const Way& way, int steps) {
  std::vector<data::Dataset> parts;
  for (int r = 0; r < ranks; ++r) parts.push_back(part_of(all, r, way.sorted));
  manual_seed(22);
  std::vector<Net> nets(ranks, Net());
  std::vector<Tensor> left(ranks, zeros({1210}));
  for (int step = 0; step < steps; ++step) {
    Tensor gradients = zeros({1210}), weights = zeros({1210});
    for (std::size_t r = 0; r < ranks; ++r) {
      Tensor g = gradient(nets[r], batch_of(parts[r], step));
      if (way.every > 1) nets[r].w.add_(g, -rate);  // a step of its own
      const Tensor whole = g + left[r], sent = largest(whole, way.keep);
      if (way.feedback) left[r] = whole - sent;
      gradients.add_(sent, 1.0 / ranks);
      weights.add_(nets[r].w.detach(), 1.0 / ranks);
    }
    for (Net& net : nets) {
      if (way.every == 1) net.w.add_(gradients, -rate);
      if (way.every > 1 && (step + 1) % way.every == 0) net.w.copy_(weights);
    }
  }
  return loss_of(nets[0], all).item();
}

// The same by processes: this one is one of them.
double by_dist(dist::Group& group, const data::Dataset& all, const Way& way, int steps) {
  const data::Dataset part = part_of(all, group.rank(), way.sorted);
  manual_seed(22);
  Net net;
  optim::SGD opt(net, {.lr = rate});
  const auto compress = way.keep < 1 ? dist::Compress::top_k : dist::Compress::none;
  dist::DataParallel sync(net, group, {.compress = compress, .keep = way.keep});
  for (int step = 0; step < steps; ++step) {
    const data::Dataset mine = batch_of(part, step);
    Tape tape;
    const Tensor loss = loss_of(net, mine);
    if (way.every == 1) {
      sync.backward(loss, each);  // the mean over the samples of all ranks
    } else {
      tape.backward(loss);
    }
    opt.step();
    opt.zero_grad();
    if (way.every > 1 && (step + 1) % way.every == 0) sync.average_parameters();
  }
  return loss_of(net, all).item();
}

// Each batch is cut into 8 shards, whatever the number of ranks, and these are added in one tree.
double in_one_order(dist::Group& group, const data::Dataset& all) {
  set_deterministic(true);
  manual_seed(22);
  Net net;
  optim::SGD opt(net, {.lr = rate});
  dist::DataParallel sync(net, group);
  for (int step = 0; step < 10; ++step) {
    sync.backward(all.slice(64 * step, 64 * (step + 1)),
                  [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); });
    opt.step();
    opt.zero_grad();
  }
  set_deterministic(false);
  return loss_of(net, all).item();
}

constexpr int few = 32;  // steps by processes
const std::array real{Way{}, Way{.every = 16}, Way{.keep = 0.01}};

// This program was started again, as one rank of several.
int as_rank(const char* folder) {
  dist::Group group({.folder = folder, .address = "127.0.0.1", .timeout = 60});
  const data::Dataset all = data::digits().train;
  std::vector<double> losses{in_one_order(group, all)};
  for (const Way& way : real)
    if (group.size() == ranks) losses.push_back(by_dist(group, all, way, few));
  if (group.rank() == 0)
    for (const double x : losses) std::printf("%.17g\n", x);
  return 0;
}

// Starts it, as `gradus launch` does, and reads what rank 0 prints.
std::vector<double> by_processes(int count) {
  std::string folder = (std::filesystem::temp_directory_path() / "gradus-lesson-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return {};
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  setenv("LESSON_PROGRAM", self.c_str(), 1);
  setenv("LESSON_FOLDER", folder.c_str(), 1);
  const std::string command =
      "S=" + std::to_string(count) +
      "; r=0; while [ $r -lt $S ]; do "
      "RANK=$r WORLD_SIZE=$S GRADUS_NUM_THREADS=1 \"$LESSON_PROGRAM\" --rank \"$LESSON_FOLDER\" </dev/null & "
      "r=$((r + 1)); done; wait; rm -r \"$LESSON_FOLDER\"";
  std::fflush(stdout);
  std::vector<double> losses;
  FILE* output = popen(command.c_str(), "r");
  for (double x = 0; output != nullptr && std::fscanf(output, "%lf", &x) == 1;) losses.push_back(x);
  if (output != nullptr) pclose(output);
  return losses;
}

// Kilobytes that a rank sends in so many steps.
double kilobytes(const Way& way, int steps) {
  const double n = ranks, numbers = 1210;
  if (way.keep < 1) return steps * (n - 1) * std::ceil(way.keep * numbers) * 8 / 1e3;  // a number and its place
  return steps / way.every * 2 * (n - 1) / n * numbers * 4 / 1e3;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--rank") == 0) return as_rank(argv[2]);
  Lesson lesson("22: many machines", argc, argv);
  const data::Dataset all = data::digits().train;
  manual_seed(22);
  const Net net;

  // The gradient of the mean over a batch, from shares of 24, 24 and 16 samples.
  const std::int64_t border[] = {0, 24, 48, 64};
  Tensor weighted = zeros({1210}), plain = zeros({1210});
  for (int r = 0; r < 3; ++r) {
    const std::int64_t mine = border[r + 1] - border[r];
    const Tensor g = gradient(net, all.slice(border[r], border[r + 1]));
    weighted.add_(g, static_cast<double>(mine) / 64);
    plain.add_(g, 1.0 / 3);
  }
  const Tensor whole = gradient(net, all.slice(0, 64));
  const double size = max(abs(whole)).item();
  lesson.ask("Rank 0 has 3 samples and the mean gradient 2, rank 1 has 1 sample and 6. The mean over all four samples?",
             (3.0 * 2 + 1 * 6) / 4, "add 3 · 2 and 1 · 6, and divide by the number of samples.");
  lesson.check("shares by their samples: off by, beside the largest number", 0,
               max(abs(weighted - whole)).item() / size, 1e-5);
  lesson.check_true("the plain mean of the shares is off by over 1 %", max(abs(plain - whole)).item() > 0.01 * size);

  // In f32 a + (b + c) is not (a + b) + c.
  std::vector<Tensor> shards;
  for (int s = 0; s < 8; ++s) shards.push_back(gradient(net, all.slice(8 * s, 8 * (s + 1))));
  const auto tree = [&](std::size_t from) {
    return (shards[from] + shards[from + 1]) + (shards[from + 2] + shards[from + 3]);
  };
  Tensor in_turn = shards[0];
  for (std::size_t s = 1; s < 8; ++s) in_turn = in_turn + shards[s];
  const double differ = sum(to(ne(in_turn, tree(0) + tree(4)), f64)).item();
  lesson.check_true("8 shards in turn, and in a tree: over 100 numbers differ", differ > 100);
  lesson.check_true("but by less than 14 units in the last place",
                    max(abs(in_turn - (tree(0) + tree(4)))).item() < 14 * 0x1p-23 * 8 * size);
  lesson.ask("A ring moves 2 (n - 1)/n of the bytes. 100 MB, 4 ranks, 125 MB a second: how many seconds?",
             dist::sum_seconds({.beta = 1 / 125e6}, dist::SumBy::ring, ranks, 100e6), "2 · 3/4 · 100 / 125.");

  // What it costs to send less.
  constexpr int steps = 192;
  const auto row = [&](const char* name, const Way& way) {
    Way sorted = way;
    sorted.sorted = true;
    const double a = by_hand(all, way, steps), b = by_hand(all, sorted, steps);
    std::printf("%-36s %10.0f %12.3f %12.3f\n", name, kilobytes(way, steps), a, b);
    return std::array{a, b};
  };
  lesson.choose("Ranks average their weights each 16th step. For which data does that cost more?",
                {"each rank has a random quarter of the examples", "each rank has other classes"}, 1,
                "how far do four networks run apart that learn different things?");
  std::printf("%-36s %10s %12s %12s\n", "4 ranks, 192 steps: what travels", "kB sent", "loss: random", "by class");
  const auto exact = row("the gradient", {}), fourth = row("the weights, each 4th step", {.every = 4}),
             seldom = row("the weights, each 16th step", {.every = 16}),
             once = row("the weights, once, at the end", {.every = steps}),
             tenth = row("a tenth of the gradient", {.keep = 0.1}), few_numbers = row("a hundredth", {.keep = 0.01}),
             lost = row("a hundredth, the rest is lost", {.keep = 0.01, .feedback = false});
  std::printf("\n");
  lesson.check_true("weights each 16th step: random parts cost less than a fifth", seldom[0] < 1.2 * exact[0]);
  lesson.check_true("parts by class cost more than twice the loss", seldom[1] > 2 * exact[1]);
  lesson.check_true("the more seldom, the more: 4, 16, once", fourth[1] < seldom[1] && seldom[1] < once[1]);
  lesson.check_true("a tenth or a hundredth of the gradient: less than a fifth",
                    std::max(tenth[0], few_numbers[0]) < 1.2 * exact[0]);
  lesson.check_true("what was not sent must wait, not be lost: else over 4 times", lost[0] > 4 * exact[0]);

  if (dist::available()) {
    const std::vector<double> four = by_processes(4), two = by_processes(2), one = by_processes(1);
    const bool complete = four.size() == 4 && two.size() == 1 && one.size() == 1;
    lesson.check_true("4, 2 and 1 processes have come to their end", complete);
    if (!complete) return lesson.end();
    const char* names[] = {"the gradient", "the weights, each 16th step", "a hundredth"};
    for (std::size_t i = 0; i < real.size(); ++i)
      lesson.check(std::string("4 processes, 32 steps, ") + names[i] + ": loss", by_hand(all, real[i], few),
                   four[i + 1], i == 0 ? 1e-4 : 0.02);
    lesson.check("deterministic: 1 and 2 processes, to the bit", one[0], two[0], 0);
    lesson.check("deterministic: 1 and 4 processes, to the bit", one[0], four[0], 0);
  } else {
    lesson.gap();
    std::printf(
        "This Gradus was built without Gloo, which connects processes (Debian: libgloo-dev). What four of them\n"
        "do was computed above, one after another in this one.\n\n");
  }
  {  // for the stepper: two shares, 3 samples and 1, weighted as they are added
    const study::Trace trace("lesson_22.jsonl", study::TraceOptions{});
    const Tensor w = scalar(0, f64).requires_grad_().set_name("w");
    for (const Tensor& share : {tensor({1, 2, 3}, f64), tensor({6}, f64)}) {
      Tape tape;
      const double weight = static_cast<double>(share.numel()) / 4;
      tape.backward((mean(w * share) * weight).set_name("loss"));
    }
  }
  return lesson.end();
}
