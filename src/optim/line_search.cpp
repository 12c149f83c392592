// The line search of L-BFGS: go further until a good point is enclosed, then close in on it.
#include "optim/line_search.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::optim {
namespace {

constexpr double decrease = 1e-4, curvature = 0.9, shortest = 1e-9;
constexpr int max_tries = 25;

// Where the cubic through two probes, with their slopes, has its minimum, cut to [low, high]; the middle if it has none
// (equation 3.59).
double cubic_minimum(const Probe& a, const Probe& b, double low, double high) {
  const Probe &l = a.t <= b.t ? a : b, &r = a.t <= b.t ? b : a;
  const double d1 = l.slope + r.slope - 3 * (l.loss - r.loss) / (l.t - r.t);
  const double root = std::sqrt(d1 * d1 - l.slope * r.slope);
  const double t = r.t - (r.t - l.t) * (r.slope + root - d1) / (r.slope - l.slope + 2 * root);
  return std::isnan(t) ? (low + high) / 2 : std::clamp(t, low, high);
}

}  // namespace

Probe strong_wolfe(const std::function<Probe(double)>& evaluate, const Probe& start, double t, double reach) {
  const auto falls = [&](const Probe& p) { return p.loss <= start.loss + decrease * p.t * start.slope; };
  const auto flat = [&](const Probe& p) { return std::abs(p.slope) <= -curvature * start.slope; };

  // Go further until a good point lies between the last two probes (algorithm 3.5). A NaN is too far.
  Probe ends[2] = {start, evaluate(t)};
  Probe &before = ends[0], &now = ends[1];
  int tries = 0;
  while (falls(now) && !(tries > 1 && now.loss >= before.loss)) {
    if (flat(now)) return now;
    if (now.slope >= 0) break;
    if (tries == max_tries) return now.loss < start.loss ? now : start;
    t = cubic_minimum(before, now, now.t + 0.01 * (now.t - before.t), 10 * now.t);
    before = now;
    now = evaluate(t);
    ++tries;
  }

  // Close in on it (algorithm 3.6). ends[low] is the better one.
  const auto better = [&] { return ends[1].loss < ends[0].loss ? 1 : 0; };
  int low = better();
  bool stalled = false;
  for (; tries < max_tries && std::abs(ends[1].t - ends[0].t) * reach >= shortest; ++tries) {
    const auto [left, right] = std::minmax(ends[0].t, ends[1].t);
    t = cubic_minimum(ends[0], ends[1], left, right);
    // A tenth of the interval away from its ends, if the last try was closer than that, too.
    const double margin = 0.1 * (right - left);
    const bool close = std::min(right - t, t - left) < margin;
    if (close && (stalled || t >= right || t <= left)) {
      t = right - t < t - left ? right - margin : left + margin;
      stalled = false;
    } else {
      stalled = close;
    }
    Probe probe = evaluate(t);
    if (!falls(probe) || probe.loss >= ends[low].loss) {
      ends[1 - low] = std::move(probe);
      low = better();
    } else {
      if (flat(probe)) return probe;
      if (probe.slope * (ends[1 - low].t - ends[low].t) >= 0) ends[1 - low] = ends[low];
      ends[low] = std::move(probe);
    }
  }
  return ends[low];
}

}  // namespace gradus::optim
