// Two run logs: the first step and number where they part.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "diff/result.hpp"
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
  bool compare(std::int64_t step, const std::vector<Named>& a, const std::vector<Named>& b) {
    for (const Named& x : a) {
      const auto y = std::ranges::find(b, x.what, &Named::what);
      if (y == b.end()) continue;  // not measured, or not logged, in B
      if (same(x.value, y->value)) {
        ++result.numbers;
        continue;
      }
      Parting p{.step = step, .what = x.what, .name = x.name};
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
    std::vector<std::int64_t> steps;
    std::vector<std::uint64_t> of_a;
    std::vector<std::uint64_t> of_b;
    for (const auto& [step, pair] : common_) {
      steps.push_back(step);
      of_a.push_back(pair.first->batch);
      of_b.push_back(pair.second->batch);
    }
    result.order = compare_batches(steps, of_a, of_b);
    if (!result.parting || !result.order.different) return;
    for (const auto& [step, pair] : common_) {
      if (pair.first->batch == pair.second->batch) continue;
      const bool weights = result.parting->what.ends_with("before the step");  // no batch explains those
      if (step == result.parting->step && !weights)
        result.parting->meaning = "the batch is another one, by its targets";
      break;
    }
  }

  void steps() {
    std::map<std::int64_t, const run_log::Step*> of_b;
    for (const run_log::Step& s : b_.steps) of_b[s.step] = &s;
    for (const run_log::Step& s : a_.steps) {
      const auto found = of_b.find(s.step);
      if (found != of_b.end()) common_[s.step] = {&s, found->second};
    }
    for (const auto& [step, pair] : common_) {
      if (!compare(step, numbers(a_, *pair.first), numbers(b_, *pair.second))) break;
      ++result.steps;
    }
  }

  // An epoch's numbers may differ where no step's does.
  void epochs() {
    for (const run_log::Epoch& x : a_.epochs) {
      if (result.parting && result.parting->step <= x.step) return;
      const auto y = std::ranges::find(b_.epochs, x.epoch, &run_log::Epoch::epoch);
      if (y == b_.epochs.end() || y->step != x.step) continue;
      const auto parting = result.parting;
      result.parting.reset();
      if (!compare(x.step, numbers(x), numbers(*y))) {
        result.steps = std::ranges::count_if(common_, [&](const auto& s) { return s.first <= x.step; });
        return;
      }
      result.parting = parting;
    }
  }

  void lengths() {
    if (common_.empty()) {
      result.notes.emplace_back("no step is in both");
      return;
    }
    const auto tell = [&](const char* name, const run_log::File& log) {
      const std::int64_t before =
          std::ranges::count_if(log.steps, [&](const run_log::Step& s) { return s.step < common_.begin()->first; });
      const std::int64_t after =
          std::ranges::count_if(log.steps, [&](const run_log::Step& s) { return s.step > common_.rbegin()->first; });
      if (before > 0) result.notes.push_back(fmt::format("{} begins {} steps earlier", name, before));
      if (after > 0)
        result.notes.push_back(
            fmt::format("{} goes on for {} more steps, after step {}", name, after, common_.rbegin()->first));
    };
    tell("A", a_);
    tell("B", b_);
  }

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
  std::map<std::int64_t, std::pair<const run_log::Step*, const run_log::Step*>> common_;
};

}  // namespace

DiffResult diff_runs(const std::string& a, const std::string& b) {
  const std::vector<Run> runs = open_runs({a, b});
  Differ differ(runs[0].log, runs[1].log);
  differ.result.kind = "run log";
  differ.result.steps_a = std::ssize(runs[0].log.steps);
  differ.result.steps_b = std::ssize(runs[1].log.steps);
  differ.steps();
  differ.batches();
  differ.epochs();
  differ.lengths();
  differ.remarks();
  for (const RunDifference& d : differences(runs)) differ.result.settings.emplace_back(d.name, d.values);
  return std::move(differ.result);
}

}  // namespace gradus::tool
