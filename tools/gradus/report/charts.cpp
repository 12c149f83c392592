// Which charts a report has, and which curves are in each.
#include "report/charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace gradus::tool {
namespace {

constexpr std::size_t most_metrics = 24;  // charts
constexpr std::size_t most_lines = 160;   // of the parameters of one run

void close(const std::vector<double>& steps, const std::vector<double>& values, std::size_t from, std::size_t to,
           Series& s) {
  double sum = 0;
  double low = values[from];
  double high = low;
  for (std::size_t i = from; i < to; ++i) {
    sum += values[i];
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  s.step.push_back(steps[to - 1]);
  s.mean.push_back(sum / static_cast<double>(to - from));
  s.low.push_back(low);
  s.high.push_back(high);
}

// Adds a curve for each run that has numbers.
class Overlay {
 public:
  Overlay(Chart chart, std::size_t points) : chart_(std::move(chart)), points_(points) {}

  void add(Curve curve, const Gather& numbers) {
    if (numbers.empty()) return;
    curve.series = numbers.thinned(points_);
    chart_.curves.push_back(std::move(curve));
  }
  void into(std::vector<Chart>& to) {
    if (!chart_.curves.empty()) to.push_back(std::move(chart_));
  }
  Chart& chart() { return chart_; }

 private:
  Chart chart_;
  std::size_t points_;
};

template <class Get>
Gather of_steps(const Run& run, Get get) {
  Gather g;
  for (const run_log::Step& s : run.log.steps) {
    if (const double v = get(s); !std::isnan(v)) g.add(static_cast<double>(s.step), v);
  }
  return g;
}

template <class Get>
Gather of_samples(const Run& run, Get get) {
  Gather g;
  for (const run_log::Step& s : run.log.steps) {
    if (!s.sample) continue;
    if (const double v = get(*s.sample); !std::isnan(v)) g.add(static_cast<double>(s.step), v);
  }
  return g;
}

template <class Get>
Gather of_epochs(const Run& run, Get get) {
  Gather g;
  for (const run_log::Epoch& e : run.log.epochs) {
    if (const double v = get(e); !std::isnan(v)) g.add(static_cast<double>(e.step), v);
  }
  return g;
}

Gather of_metric(const Run& run, const std::string& name) {
  return of_epochs(run, [&](const run_log::Epoch& e) { return train::find(e.metrics, name); });
}

bool is_share(const std::string& name) { return name.ends_with("accuracy"); }

// Does a curve go over more than two powers of ten? Then a chart says more on a scale of powers.
bool spans(const Chart& chart) {
  double low = INFINITY;
  double high = 0;
  for (const Curve& c : chart.curves) {
    for (const double v : c.series.mean) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  return low > 0 && high > 200 * low;
}

void losses(const std::vector<Run>& runs, std::size_t points, std::vector<Chart>& to) {
  Overlay o({.title = "Loss"}, points);
  for (std::size_t r = 0; r < runs.size(); ++r) {
    Gather g;  // a NaN is news here
    for (const run_log::Step& s : runs[r].log.steps) g.add(static_cast<double>(s.step), s.loss);
    o.add({.run = r, .label = "training", .smoothed = true}, g);
    o.add({.run = r, .label = "val_loss", .dots = true}, of_metric(runs[r], "val_loss"));
  }
  o.chart().logarithmic = spans(o.chart());
  o.into(to);
}

void accuracies(const std::vector<Run>& runs, std::size_t points, std::vector<Chart>& to) {
  Overlay o({.title = "Accuracy", .share = true}, points);
  for (std::size_t r = 0; r < runs.size(); ++r) {
    o.add({.run = r, .label = "training", .smoothed = true},
          of_steps(runs[r], [](const run_log::Step& s) { return s.accuracy; }));
    o.add({.run = r, .label = "val_accuracy", .dots = true}, of_metric(runs[r], "val_accuracy"));
  }
  o.into(to);
}

void metrics(const std::vector<Run>& runs, std::size_t points, Charts& to) {
  std::size_t shown = 0;
  for (const std::string& name : metric_names(runs)) {
    if (name == "val_loss" || name == "val_accuracy") continue;
    if (++shown > most_metrics) {
      ++to.left_out;
      continue;
    }
    Overlay o({.title = name, .share = is_share(name)}, points);
    for (std::size_t r = 0; r < runs.size(); ++r) {
      o.add({.run = r, .label = name, .dots = true}, of_metric(runs[r], name));
      o.add({.run = r, .label = name, .smoothed = true},
            of_steps(runs[r], [&](const run_log::Step& s) { return s.metrics ? train::find(*s.metrics, name) : NAN; }));
    }
    o.into(to.common);
  }
}

template <class Get>
void samples(const std::vector<Run>& runs, std::size_t points, Chart chart, Get get, std::vector<Chart>& to) {
  Overlay o(std::move(chart), points);
  for (std::size_t r = 0; r < runs.size(); ++r) o.add({.run = r, .label = o.chart().title}, of_samples(runs[r], get));
  o.into(to);
}

void rates(const std::vector<Run>& runs, std::size_t points, std::vector<Chart>& to) {
  Overlay o({.title = "Learning rate"}, points);
  for (std::size_t r = 0; r < runs.size(); ++r)
    o.add({.run = r, .label = "rate"}, of_steps(runs[r], [](const run_log::Step& s) { return s.lr; }));
  o.chart().logarithmic = spans(o.chart());
  o.into(to);
}

// One curve for each name in the samples of a run. `each` gives names and values of one sample.
template <class Each>
void by_name(const std::vector<Run>& runs, std::size_t r, const Chart& chart, std::size_t points, Each each,
             Charts& to) {
  const Run& run = runs[r];
  std::vector<Gather> all(run.log.names.size());
  for (const run_log::Step& s : run.log.steps) {
    if (!s.sample) continue;
    each(*s.sample, [&](std::size_t name, double v) {
      if (!std::isnan(v)) all[name].add(static_cast<double>(s.step), v);
    });
  }
  std::vector<std::size_t> there;
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (!all[n].empty()) there.push_back(n);
  }
  to.left_out += there.size() - std::min(there.size(), most_lines);
  const std::size_t count = std::min(there.size(), most_lines);
  Overlay o(chart, std::clamp<std::size_t>(points / std::max<std::size_t>(count * runs.size(), 1), 24, 240));
  for (std::size_t k = 0; k < count; ++k) {
    const double depth = count > 1 ? static_cast<double>(k) / static_cast<double>(count - 1) : 0;
    o.add({.run = r, .label = run.log.names[there[k]], .depth = depth}, all[there[k]]);
  }
  o.into(to.of_run[r]);
}

void of_run(const std::vector<Run>& runs, std::size_t r, Charts& to) {
  constexpr std::size_t points = 24'000;  // in all
  by_name(
      runs, r, {.title = "Update ratio of each parameter", .logarithmic = true, .guide = 1e-3}, points,
      [](const run_log::Sample& s, auto add) {
        for (const run_log::ParameterSample& p : s.parameters) add(p.name, p.update_ratio);
      },
      to);
  by_name(
      runs, r, {.title = "Gradient norm of each parameter", .logarithmic = true}, points,
      [](const run_log::Sample& s, auto add) {
        for (const run_log::ParameterSample& p : s.parameters) add(p.name, p.grad_norm);
      },
      to);
  by_name(
      runs, r, {.title = "Dead units", .share = true}, points,
      [](const run_log::Sample& s, auto add) {
        for (const run_log::UnitSample& u : s.units) add(u.name, u.dead);
      },
      to);
  by_name(
      runs, r, {.title = "Saturated values", .share = true}, points,
      [](const run_log::Sample& s, auto add) {
        for (const run_log::UnitSample& u : s.units) add(u.name, u.saturated);
      },
      to);
}

// A sentence about values that are not finite.
void note_missing(Chart& chart, const std::vector<Run>& runs) {
  for (const Curve& c : chart.curves) {
    if (c.series.missing == 0) continue;
    if (!chart.note.empty()) chart.note += "; ";
    if (runs.size() > 1) chart.note += runs[c.run].name + ": ";
    chart.note += c.series.missing == 1
                      ? fmt::format("not finite at step {}", c.series.first_missing)
                      : fmt::format("not finite {} times, first at step {}", c.series.missing, c.series.first_missing);
  }
}

}  // namespace

void Gather::add(double step, double value) {
  if (std::isfinite(value)) {
    steps_.push_back(step);
    values_.push_back(value);
    return;
  }
  if (missing_++ == 0) first_missing_ = step;
}

Series Gather::thinned(std::size_t points) const {
  Series s;
  s.missing = missing_;
  s.first_missing = first_missing_;
  const std::size_t n = values_.size();
  if (n == 0) return s;
  const bool sorted = std::ranges::is_sorted(steps_);
  std::vector<double> steps = steps_;
  std::vector<double> values = values_;
  if (!sorted) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return steps_[i]; });
    for (std::size_t i = 0; i < n; ++i) {
      steps[i] = steps_[order[i]];
      values[i] = values_[order[i]];
    }
  }
  const std::size_t count = std::min(n, points);
  for (std::size_t k = 0; k < count; ++k) close(steps, values, k * n / count, (k + 1) * n / count, s);
  return s;
}

Charts charts(const std::vector<Run>& runs) {
  Charts all;
  all.of_run.resize(runs.size());
  const std::size_t points = std::clamp<std::size_t>(8000 / std::max<std::size_t>(runs.size(), 1), 60, 500);
  losses(runs, points, all.common);
  accuracies(runs, points, all.common);
  metrics(runs, points, all);
  samples(
      runs, points, {.title = "Gradient norm", .logarithmic = true},
      [](const run_log::Sample& s) { return s.grad_norm; }, all.common);
  rates(runs, points, all.common);
  samples(
      runs, points, {.title = "Update ratio", .logarithmic = true, .guide = 1e-3},
      [](const run_log::Sample& s) { return s.update_ratio; }, all.common);
  samples(
      runs, points, {.title = "Examples per second"}, [](const run_log::Sample& s) { return s.items_per_second; },
      all.common);
  for (std::size_t r = 0; r < runs.size(); ++r) of_run(runs, r, all);
  for (Chart& chart : all.common) note_missing(chart, runs);
  for (auto& some : all.of_run) {
    for (Chart& chart : some) note_missing(chart, runs);
  }
  return all;
}

}  // namespace gradus::tool
