// The verdict on a descent, from all of its path: where it came to rest, whether its swings shrink, whether it still
// falls.
#include "study/descent/verdict.hpp"

#include <algorithm>
#include <cmath>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "tensor/format.hpp"

namespace gradus::study {
namespace {

double length(Point p) { return std::hypot(p[0], p[1]); }
Point minus(Point a, Point b) { return {a[0] - b[0], a[1] - b[1]}; }
double distance(const Place& a, const Place& b) { return length(minus(a.at, b.at)); }

const Minimum* nearest(const Surface& s, Point p) {
  const Minimum* best = nullptr;
  for (const Minimum& m : s.minima)
    if (!best || length(minus(m.at, p)) < length(minus(best->at, p))) best = &m;
  return best;
}

bool curves_down(const Surface& s, Point at) {
  const Tensor p = from_data(std::span<const double>(at), {2});
  const Tensor h = hessian([&] { return s(p); }, p);
  const double largest = largest_eigenvalue([&] { return s(p); }, {p}).value;
  return h.at({0, 0}) + h.at({1, 1}) - largest < -1e-9;
}

// The step of the first place from which on all fulfil `holds`, if that is so for the last tenth at least.
template <class Holds>
std::optional<std::int64_t> since(const std::vector<Place>& places, const Holds& holds) {
  std::size_t first = places.size();
  while (first > 0 && holds(places[first - 1])) --first;
  const std::size_t few = std::min(places.size(), std::max<std::size_t>(3, places.size() / 10));
  if (places.size() - first < few) return std::nullopt;
  return places[first].step;
}

double mean_of(const std::vector<double>& v, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += v[i];
  return sum / static_cast<double>(std::max<std::size_t>(1, to - from));
}

enum class Swing { none, shrinks, steady, grows };

// How a list of sizes goes on: its three thirds, each beside the next.
Swing trend(const std::vector<double>& sizes) {
  const std::size_t n = sizes.size();
  const double a = mean_of(sizes, 0, n / 3), b = mean_of(sizes, n / 3, 2 * n / 3), c = mean_of(sizes, 2 * n / 3, n);
  constexpr double same = 1e-3;
  if (b < (1 - same) * a && c < (1 - same) * b) return Swing::shrinks;
  if (b > (1 + same) * a && c > (1 + same) * b) return Swing::grows;
  return Swing::steady;
}

// A path that turns round at most of its steps: do its strides shrink?
Swing turning(const std::vector<Place>& recent) {
  std::vector<double> strides;
  std::size_t turns = 0;
  for (std::size_t i = 0; i + 1 < recent.size(); ++i) {
    strides.push_back(distance(recent[i], recent[i + 1]));
    if (i + 2 >= recent.size()) continue;
    const Point a = minus(recent[i + 1].at, recent[i].at), b = minus(recent[i + 2].at, recent[i + 1].at);
    turns += a[0] * b[0] + a[1] * b[1] < 0;
  }
  // Of late: a path may begin to turn when the steep direction is all that is left.
  if (strides.size() < 6 || 2 * turns <= strides.size()) return Swing::none;
  return trend(strides);
}

// Heights that rise and fall in turn: are the peaks lower each time? Swings that hardly show beside the height do not
// count.
Swing waves(const std::vector<double>& heights, double lowest) {
  std::vector<double> peaks, valleys;
  for (std::size_t i = 1; i + 1 < heights.size(); ++i) {
    if (heights[i] > heights[i - 1] && heights[i] >= heights[i + 1]) peaks.push_back(heights[i] - lowest);
    if (heights[i] < heights[i - 1] && heights[i] <= heights[i + 1]) valleys.push_back(heights[i] - lowest);
  }
  if (peaks.size() < 2 || valleys.empty()) return Swing::none;
  if (mean_of(peaks, 0, peaks.size()) < 1.5 * mean_of(valleys, 0, valleys.size())) return Swing::none;
  if (peaks.size() >= 6) return trend(peaks);
  const double first = peaks.front(), last = peaks.back();
  return last < 0.999 * first ? Swing::shrinks : last > 1.001 * first ? Swing::grows : Swing::steady;
}

std::vector<double> heights_of(const std::vector<Place>& places) {
  std::vector<double> f;
  for (const Place& p : places) f.push_back(p.f);
  return f;
}

Verdict of(Swing swing) {
  return swing == Swing::shrinks ? Verdict::shrinks : swing == Swing::grows ? Verdict::diverges : Verdict::oscillates;
}

}  // namespace

void judge(const Surface& s, const std::vector<Place>& recent, bool noisy, Path& path) {
  const Place &start = path.places.front(), &end = path.end();
  path.verdict = [&] {
    if (path.cut) return end.f < start.f ? Verdict::runs_away : Verdict::diverges;
    if (path.reached) return Verdict::converges;
    const double size = std::hypot(s.window.width(), s.window.height());
    if (const Minimum* m = nearest(s, end.at)) {
      path.arrived = since(path.places, [&](const Place& p) { return length(minus(p.at, m->at)) <= 1e-3 * size; });
      if (path.arrived) return Verdict::converges;
    }
    const double still = 1e-6 * (1 + length(start.gradient));
    if (length(end.gradient) <= still) {
      if (curves_down(s, end.at)) return Verdict::saddle;
      path.arrived = since(path.places, [&](const Place& p) { return length(p.gradient) <= still; });
      return Verdict::converges;
    }
    const std::vector<double> heights = heights_of(path.places), late = heights_of(recent);
    const std::size_t n = heights.size();
    if (noisy) {
      const Verdict v = n < 3 ? Verdict::slow : verdict_on(heights);
      return v == Verdict::converges || v == Verdict::oscillates || v == Verdict::shrinks ? Verdict::hovers : v;
    }
    const Swing turns = turning(recent);
    if (turns != Swing::none) {
      // A bend may make the strides of a falling path longer; one that climbs above its start has left.
      if (turns != Swing::grows || mean_of(late, late.size() / 2, late.size()) > late.front()) return of(turns);
    }
    double lowest = *std::min_element(heights.begin(), heights.end());
    for (const Minimum& m : s.minima) lowest = std::min(lowest, m.f);
    const Swing swing = waves({heights.begin() + static_cast<std::ptrdiff_t>(n / 4), heights.end()}, lowest);
    if (swing != Swing::none) return of(swing);
    if (n >= 8 && mean_of(heights, 3 * n / 4, n) > mean_of(heights, n / 2, 3 * n / 4) && end.f > start.f)
      return Verdict::diverges;
    return s.minima.empty() && !s.window.contains(end.at) ? Verdict::runs_away : Verdict::slow;
  }();
}

Verdict verdict_on(const std::vector<double>& h) {
  const std::size_t n = h.size();
  if (n < 3)
    throw Error("verdict_on",
                {.wrong = "there are too few heights", .got = std::to_string(n), .expected = "3 or more"});
  if (std::any_of(h.begin(), h.end(), [](double x) { return !std::isfinite(x); })) return Verdict::diverges;
  const std::size_t quarter = std::max<std::size_t>(1, n / 4);
  const double last = mean_of(h, n - quarter, n), before = mean_of(h, n - 2 * quarter, n - quarter);
  const double lowest = *std::min_element(h.begin(), h.end()), gain = h.front() - lowest;
  // What chance does to the mean of a quarter: single heights scatter about their line.
  double scatter = 0;
  for (std::size_t i = n - quarter; i < n; ++i) scatter += (h[i] - h[i - 1]) * (h[i] - h[i - 1]) / 2;
  const double jitter = std::sqrt(scatter / static_cast<double>(quarter));
  const double chance = 2 * jitter * std::sqrt(2.0 / static_cast<double>(quarter));
  if (last > h.front() + chance) return Verdict::diverges;
  if (last - before > chance + 0.25 * gain) return Verdict::diverges;
  if (before - last > std::max(chance, 0.01 * gain)) return Verdict::slow;
  return jitter > 0.02 * gain ? Verdict::hovers : Verdict::converges;
}

// A descent diverges where f begins to rise: the curvature there says why, not that of a minimum far away.
void set_limit(const Surface& s, Path& path) {
  const auto limit_at = [&](Point at) {
    const Tensor q = from_data(std::span<const double>(at), {2});
    const double steepest = largest_eigenvalue([&] { return s(q); }, {q}).value;
    return steepest > 0 && std::isfinite(steepest) ? std::optional(2 / steepest) : std::nullopt;
  };
  const Place& start = path.places.front();
  if (path.verdict == Verdict::diverges) {
    const auto least = std::ranges::min_element(path.places, {}, &Place::f);
    int looked = 0;
    for (auto p = least; p != path.places.end() && looked < 50; ++p, ++looked) {
      const std::optional<double> here = limit_at(p->at);
      if (p != least && !(here && *here < path.lr)) continue;
      path.limit = here;
      path.limit_at = p->at;
      if (here && *here < path.lr) return;
    }
    if (path.limit) return;
  }
  if (const Minimum* m = nearest(s, path.cut ? start.at : path.end().at)) {
    path.limit = m->limit();
    path.limit_at = m->at;
  } else {
    path.limit = limit_at(start.at);
    path.limit_at = start.at;
  }
}

// ---- the outcome ----

const char* name(Verdict v) {
  constexpr const char* names[] = {"converges",
                                   "slow",
                                   "settles to a cycle",
                                   "diverges",
                                   "stops on a saddle",
                                   "runs away",
                                   "oscillates, each swing shorter",
                                   "hovers in the noise"};
  return names[static_cast<int>(v)];
}

std::string Path::outcome() const {
  const auto count = [](std::int64_t n) {
    std::string digits = std::to_string(n);
    for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
    return digits + (n == 1 ? " step" : " steps");
  };
  if (!trouble.empty()) return formatted("gave up after {}: {}", count(steps), trouble);
  if (verdict == Verdict::diverges) {
    const std::string place = formatted(" at ({:.4g}, {:.4g})", limit_at[0], limit_at[1]);
    const std::string why = limit ? formatted(" (lr {:.4g}, 2/λmax {:.4g}{})", lr, *limit, place) : "";
    return (cut ? formatted("diverged at step {}", steps) : "diverges after " + count(steps)) + why;
  }
  if (cut) return formatted("runs away: f falls without end, stopped at step {}", steps);
  if (reached) return formatted("{} after {}", until, count(steps));
  if (verdict == Verdict::converges && arrived) return "converges in " + count(*arrived);
  return formatted("{} after {}", verdict == Verdict::slow ? "slow: on its way" : gradus::study::name(verdict),
                   count(steps));
}

}  // namespace gradus::study
