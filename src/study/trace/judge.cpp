// A derivative beside finite differences along a line. Before it is called wrong, smaller steps are tried, and the
// differences must settle on another value.
#include "study/trace/judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradus::study {

const char* name(Agreement a) {
  constexpr const char* names[] = {"ok", "kink", "bad"};
  return names[static_cast<int>(a)];
}

namespace {

// Differences with one step.
struct Slopes {
  double h = 0;
  std::vector<double> left, right, central, noise;  // noise: what rounding may have added
  bool finite = true;
};

Slopes slopes(const AlongLine& line, double h) {
  const double eps = line.single ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  Slopes s{.h = h, .left = {}, .right = {}, .central = {}, .noise = {}};
  const std::vector<double> up = line.f(h), down = line.f(-h);
  for (std::size_t j = 0; j < up.size(); ++j) {
    s.right.push_back((up[j] - line.here[j]) / h);
    s.left.push_back((line.here[j] - down[j]) / h);
    s.central.push_back((up[j] - down[j]) / (2 * h));
    s.noise.push_back(16 * eps * (std::abs(up[j]) + std::abs(down[j])) / (2 * h));
    if (line.weights[j] != 0) s.finite = s.finite && std::isfinite(up[j]) && std::isfinite(down[j]);
  }
  return s;
}

double weighed(const std::vector<double>& weights, const std::vector<double>& v) {
  double sum = 0;
  for (std::size_t j = 0; j < v.size(); ++j)
    if (weights[j] != 0) sum += weights[j] * v[j];
  return sum;
}

double noise(const AlongLine& line, const Slopes& s) {
  double sum = 0;
  for (std::size_t j = 0; j < s.noise.size(); ++j)
    if (line.weights[j] != 0) sum += std::abs(line.weights[j]) * s.noise[j];
  return sum;
}

bool close(double a, double b, double rtol, double atol) {
  return std::abs(a - b) <= rtol * std::max(std::abs(a), std::abs(b)) + atol;
}

double relative_error(double a, double b) { return a == b ? 0 : std::abs(a - b) / std::max(std::abs(a), std::abs(b)); }

// A kink keeps its two slopes however small the step; where a function is merely bent they come together with it.
bool is_kink(const Slopes& wide, const Slopes& near, std::size_t j) {
  const double gap = std::abs(near.right[j] - near.left[j]), before = std::abs(wide.right[j] - wide.left[j]);
  const double bent = before * near.h / wide.h;
  return gap > 2 * bent && gap > 1e-4 * std::max(std::abs(near.right[j]), std::abs(near.left[j])) + 8 * near.noise[j];
}

// Two more calls of f, and only where the slopes differ more than a gentle bend would make them.
bool any_kink(const AlongLine& line, const Slopes& s) {
  const auto differ = [&](std::size_t j) {
    return line.weights[j] != 0 && std::abs(s.right[j] - s.left[j]) >
                                       1e-3 * std::max(std::abs(s.right[j]), std::abs(s.left[j])) + 8 * s.noise[j];
  };
  Slopes near;
  for (std::size_t j = 0; j < s.left.size(); ++j) {
    if (!differ(j)) continue;
    if (near.left.empty()) near = slopes(line, s.h / 1000);
    if (near.finite && is_kink(s, near, j)) return true;
  }
  return false;
}

// How far central differences with about the same step lie apart. Where f is smooth, only rounding can do that; it may
// be more than `noise` says, for f may round numbers that are larger than its result.
double scatter(const AlongLine& line, const Slopes& s) {
  double low = weighed(line.weights, s.central), high = low;
  for (const double factor : {0.83, 0.91, 1.13, 1.29}) {
    const Slopes other = slopes(line, factor * s.h);
    if (!other.finite) continue;
    low = std::min(low, weighed(line.weights, other.central));
    high = std::max(high, weighed(line.weights, other.central));
  }
  return high - low;
}

// Central differences with smaller and smaller steps, and what they tell.
class Closer {
 public:
  Closer(const AlongLine& line, const Slopes& first, double analytic)
      : line_(line), first_(first), analytic_(analytic), near_(first), last_(weighed(line.weights, first.central)) {
    size_ = std::max(std::abs(analytic), std::abs(last_));
  }

  // Two steps together are good to another order (Richardson): the slope may be small beside the function's bends.
  bool agrees_by_extrapolation(double rtol, double floor, Judgement& j) {
    const Slopes wider = slopes(line_, 2 * first_.h);
    if (!wider.finite) return false;
    const double wide = weighed(line_.weights, wider.central);
    settle(wide, last_);
    return accept((4 * last_ - wide) / 3, first_.h, rtol, floor + 2 * noise(line_, first_), j);
  }

  // A kink, or a bend, may begin within reach of the step. Steps become smaller as long as rounding allows.
  bool agrees_nearer(double rtol, double floor, Judgement& j) {
    for (double shrink = 10; shrink <= 1e4; shrink *= 10) {
      const Slopes closer = slopes(line_, first_.h / shrink);
      const double blur = noise(line_, closer), numeric = weighed(line_.weights, closer.central);
      if (!closer.finite || blur > 1e-2 * size_) return false;
      const double limit = (10 * numeric - last_) / 9;  // if it goes on like this
      settle(last_, numeric);
      last_ = numeric;
      near_ = closer;
      if (accept(numeric, closer.h, rtol, floor + blur, j) || accept(limit, closer.h, rtol, floor + blur, j))
        return true;
    }
    return false;
  }

  // Do the last two differences agree on a value that is not the analytic one?
  bool settled() const { return settled_ || !std::isfinite(analytic_); }
  const Slopes& nearest() const { return near_; }

 private:
  void settle(double before, double now) { settled_ = std::abs(now - before) <= 0.1 * std::abs(now - analytic_); }
  bool accept(double numeric, double h, double rtol, double atol, Judgement& j) const {
    if (!close(analytic_, numeric, rtol, atol)) return false;
    j.numeric = numeric;
    j.error = relative_error(analytic_, numeric);
    j.h = h;
    return true;
  }

  const AlongLine& line_;
  const Slopes& first_;
  double analytic_;
  Slopes near_;
  double last_, size_ = 0;
  bool settled_ = true;
};

}  // namespace

Judgement judge(const AlongLine& given, const std::function<double(const std::vector<double>&)>& analytic,
                bool separable, std::string& why) {
  AlongLine line = given;
  for (std::size_t j = 0; j < line.here.size(); ++j)
    if (!std::isfinite(line.here[j])) line.weights[j] = 0;
  const bool any = std::any_of(line.weights.begin(), line.weights.end(), [](double w) { return w != 0; });
  if (!any && !line.here.empty()) {
    why = "the value is not finite";
    return {};
  }
  const double rtol = line.single ? 2e-2 : 1e-6, floor = line.single ? 1e-4 : 1e-10;
  Slopes s;
  for (double h = line.single ? 1e-2 : 1e-5; h > 1e-12; h /= 100) {  // nearer, if a step leaves the function's domain
    s = slopes(line, h);
    if (s.finite) break;
  }
  if (!s.finite) {
    why = "a step in either direction leaves the function's domain";
    return {};
  }
  Judgement result{.analytic = analytic(line.weights), .numeric = weighed(line.weights, s.central), .h = s.h};
  result.error = relative_error(result.analytic, result.numeric);
  if (close(result.analytic, result.numeric, rtol, floor + noise(line, s))) {
    // The mean of two slopes may agree at a kink. f(0) is known, so that this costs nothing to see.
    if (any_kink(line, s)) result.verdict = Agreement::kink;
    return result;
  }

  Closer closer(line, s, result.analytic);
  if (closer.agrees_by_extrapolation(rtol, floor, result)) return result;
  if (closer.agrees_nearer(10 * rtol, floor, result)) return result;
  const Slopes& near = closer.nearest();
  // Where rounding allows no smaller step, a wider one tells the same: the slopes at a kink do not come together.
  const Slopes wide = near.h < s.h ? s : slopes(line, 10 * s.h);
  bool kinks = false;
  for (std::size_t j = 0; j < near.left.size(); ++j) {
    if (line.weights[j] == 0 || !wide.finite || !is_kink(wide, near, j)) continue;
    kinks = true;
    line.weights[j] = 0;
  }
  if (!kinks && !closer.settled()) {
    why = "the differences do not settle on a value: the function bends too much here";
    return {};
  }
  if (!kinks && std::isfinite(result.analytic) &&
      std::abs(result.analytic - result.numeric) <= 10 * (scatter(line, s) + noise(line, s))) {
    why = "below the noise: rounding hides a slope as small as this one";
    return result;  // with the difference that was measured
  }
  const bool rest_agrees = !separable || close(analytic(line.weights), weighed(line.weights, near.central), 10 * rtol,
                                               floor + noise(line, near));
  result.verdict = kinks && rest_agrees ? Agreement::kink : Agreement::bad;
  return result;
}

}  // namespace gradus::study
