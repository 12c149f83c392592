// Two run logs: the first step and number where they part.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "diff/result.hpp"
#include "io/xxh64.hpp"
#include "report/runs.hpp"

namespace gradus::tool {
namespace {

// A number of a step, with the name of what it is.
struct Named {
  std::string what, name;
  double value;
  const char* meaning;
};

constexpr const char* by_weights = "the weights were the same by their norms: another batch, or another computation";

void add_samples(const run_log::File& log, const run_log::Sample& s, bool before, std::vector<Named>& to) {
  for (const run_log::ParameterSample& p : s.parameters) {
    const std::string& name = log.names[p.name];
    if (before) {
      to.push_back({"the norm of " + name + " before the step", name, p.norm,
                    "the weights are others: another seed, or a step before that was not measured"});
    } else {
      to.push_back({"the norm of the gradient of " + name, name, p.grad_norm, by_weights});
      to.push_back({"the update ratio of " + name, name, p.update_ratio, "the optimizer made another step"});
    }
  }
}

// In the order in which a step computes them.
std::vector<Named> numbers(const run_log::File& log, const run_log::Step& s) {
  std::vector<Named> all;
  if (s.sample) add_samples(log, *s.sample, true, all);
  all.push_back({"the learning rate", "lr", s.lr, "another rate or schedule"});
  all.push_back({"the loss", "loss", s.loss, s.sample ? by_weights : "another batch, or weights that parted before"});
  all.push_back({"the accuracy", "accuracy", s.accuracy, by_weights});
  if (s.metrics) {
    for (const auto& [name, value] : *s.metrics) all.push_back({"the metric " + name, name, value, ""});
  }
  if (s.sample) {
    all.push_back({"the norm of the gradient", "grad_norm", s.sample->grad_norm, by_weights});
    add_samples(log, *s.sample, false, all);
  }
  return all;
}

std::vector<Named> numbers(const run_log::Epoch& e) {
  std::vector<Named> all{{"the mean loss of an epoch", "loss", e.loss, ""},
                         {"the accuracy of an epoch", "accuracy", e.accuracy, ""}};
  for (const auto& [name, value] : e.metrics)
    all.push_back(
        {name + " at the end of an epoch", name, value, "the steps before are the same: other data to measure it on"});
  return all;
}

// A loss that is a float is compared as one.
DType dtype_of(double a, double b) {
  const auto is_float = [](double v) { return static_cast<double>(static_cast<float>(v)) == v; };
  return is_float(a) && is_float(b) ? f32 : f64;
}

class Differ {
 public:
  Differ(const run_log::File& a, const run_log::File& b) : a_(a), b_(b) {}

  // False: they part here.
  bool compare(std::int64_t step, std::int64_t step_b, const std::vector<Named>& a, const std::vector<Named>& b) {
    for (const Named& x : a) {
      const auto y = std::ranges::find(b, x.what, &Named::what);
      if (y == b.end()) continue;  // not measured, or not logged, in B
      if (same(x.value, y->value)) {
        ++result.numbers;
        continue;
      }
      Parting p{.step = step, .step_b = step_b, .what = x.what, .name = x.name};
      p.a = fmt::format("{}", x.value);
      p.b = fmt::format("{}", y->value);
      p.apart = apart({x.value}, {y->value}, dtype_of(x.value, y->value));
      p.meaning = x.meaning;
      result.parting = p;
      return false;
    }
    return true;
  }

  void batches() {
    if (result.alignment.by != AlignBy::number) return;
    std::vector<std::int64_t> steps;
    std::vector<std::uint64_t> of_a;
    std::vector<std::uint64_t> of_b;
    for (const auto& [one, other] : common_) {
      steps.push_back(one->step);
      of_a.push_back(one->batch);
      of_b.push_back(other->batch);
    }
    result.order = compare_batches(steps, of_a, of_b);
    if (!result.parting || !result.order.different) return;
    for (const auto& [one, other] : common_) {
      if (one->batch == other->batch) continue;
      const bool weights = result.parting->what.ends_with("before the step");  // no batch explains those
      if (one->step == result.parting->step && !weights)
        result.parting->meaning = "the batch is another one, by its targets";
      break;
    }
  }

  // Of equal batches the loss tells whether the weights are the same.
  static std::vector<StepPrint> prints_of(const run_log::File& log) {
    std::vector<StepPrint> prints;
    for (const run_log::Step& s : log.steps) {
      std::vector<double> start{s.loss, s.accuracy};
      std::string bytes(reinterpret_cast<const char*>(start.data()), start.size() * sizeof(double));
      bytes += std::to_string(s.batch);
      const bool known = s.batch != 0 && std::isfinite(s.loss);
      prints.push_back({s.step, known ? io::xxh64(bytes) | 1 : 0, s.batch});
    }
    std::ranges::sort(prints, {}, &StepPrint::step);
    return prints;
  }

  void steps(AlignBy by) {
    std::map<std::int64_t, const run_log::Step*> of_a;
    std::map<std::int64_t, const run_log::Step*> of_b;
    for (const run_log::Step& s : a_.steps) of_a[s.step] = &s;
    for (const run_log::Step& s : b_.steps) of_b[s.step] = &s;
    result.alignment = align(prints_of(a_), prints_of(b_), by);
    // The loss of a step does not tell all of its weights: another order is no proof that they are the same.
    if (by == AlignBy::best && result.alignment.by == AlignBy::content && result.alignment.run == 0)
      result.alignment = align(prints_of(a_), prints_of(b_), AlignBy::number);
    result.alignment.start = "loss and batch";
    for (const auto& [one, other] : result.alignment.pairs) common_.emplace_back(of_a.at(one), of_b.at(other));
    for (const auto& [one, other] : common_) {
      if (!compare(one->step, other->step, numbers(a_, *one), numbers(b_, *other))) break;
      ++result.steps;
    }
  }

  // An epoch's numbers may differ where no step's does.
  void epochs() {
    if (result.alignment.by != AlignBy::number) return;
    for (const run_log::Epoch& x : a_.epochs) {
      if (result.parting && result.parting->step <= x.step) return;
      const auto y = std::ranges::find(b_.epochs, x.epoch, &run_log::Epoch::epoch);
      if (y == b_.epochs.end() || y->step != x.step) continue;
      const auto parting = result.parting;
      result.parting.reset();
      if (!compare(x.step, y->step, numbers(x), numbers(*y))) {
        result.steps = std::ranges::count_if(common_, [&](const auto& s) { return s.first->step <= x.step; });
        return;
      }
      result.parting = parting;
    }
  }

  void lengths() { tell_lengths(result, prints_of(a_), prints_of(b_)); }

  void remarks() {
    const auto tell = [&](const char* name, const run_log::File& log) {
      for (const std::string& remark : log.remarks()) result.notes.push_back(fmt::format("{}: {}", name, remark));
      result.damaged = result.damaged || (!log.broken.empty() && !log.broken.ends_with("is cut off"));
    };
    tell("A", a_);
    tell("B", b_);
  }

  DiffResult result = {};

 private:
  const run_log::File& a_;
  const run_log::File& b_;
  std::vector<std::pair<const run_log::Step*, const run_log::Step*>> common_;
};

}  // namespace

DiffResult diff_runs(const std::string& a, const std::string& b, AlignBy by) {
  const std::vector<Run> runs = open_runs({a, b});
  Differ differ(runs[0].log, runs[1].log);
  differ.result.kind = "run log";
  differ.result.steps_a = std::ssize(runs[0].log.steps);
  differ.result.steps_b = std::ssize(runs[1].log.steps);
  differ.steps(by);
  differ.batches();
  differ.epochs();
  differ.lengths();
  differ.remarks();
  for (const RunDifference& d : differences(runs)) differ.result.settings.emplace_back(d.name, d.values);
  return std::move(differ.result);
}

}  // namespace gradus::tool
