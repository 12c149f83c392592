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

}  // namespace

Judgement judge(const AlongLine& given, const std::function<double(const std::vector<double>&)>& analytic,
                bool separable, std::string& why) {
  AlongLine line = given;
  for (std::size_t j = 0; j < line.here.size(); ++j)
    if (!std::isfinite(line.here[j])) line.weights[j] = 0;
  const bool all = std::any_of(line.weights.begin(), line.weights.end(), [](double w) { return w != 0; });
  if (!all && !line.here.empty()) {
    why = "the value is not finite";
    return {};
  }
  const double rtol = line.single ? 2e-2 : 1e-6, floor = line.single ? 1e-4 : 1e-10;
  Slopes s;
  for (double h = line.single ? 1e-2 : 1e-5; h > 1e-12; h /= 100)  // nearer, where a step leaves the function's domain
    if (s = slopes(line, h); s.finite) break;
  if (!s.finite) {
    why = "a step in either direction leaves the function's domain";
    return {};
  }
  Judgement result{.analytic = analytic(line.weights), .numeric = weighed(line.weights, s.central), .h = s.h};
  const auto agree = [&](double a, double n, double r, double atol) {
    result.error = a == n ? 0 : std::abs(a - n) / std::max(std::abs(a), std::abs(n));
    return close(a, n, r, atol);
  };
  if (agree(result.analytic, result.numeric, rtol, floor + noise(line, s))) {
    // The mean of two slopes may agree where there is a kink: f(0) is known, so that costs nothing to see.
    if (any_kink(line, s)) result.verdict = Agreement::kink;
    return result;
  }

  // Look closer before saying so. Two steps together are good to another order (Richardson): the slope may be small
  // beside the function's bends …
  const double first = result.error, size = std::max(std::abs(result.analytic), std::abs(result.numeric));
  if (const Slopes wider = slopes(line, 2 * s.h); wider.finite) {
    const double numeric = (4 * result.numeric - weighed(line.weights, wider.central)) / 3;
    if (agree(result.analytic, numeric, rtol, floor + 2 * noise(line, s))) return result.numeric = numeric, result;
  }
  // … or a kink, or a bend that begins here, within reach of the step.
  Slopes near = s;
  for (const double shrink : {10.0, 100.0, 1000.0}) {
    Slopes closer = slopes(line, s.h / shrink);
    const double blur = noise(line, closer), numeric = weighed(line.weights, closer.central);
    if (!closer.finite || blur > 1e-2 * size) break;
    const double limit = (10 * numeric - weighed(line.weights, near.central)) / 9;  // if it goes on so
    near = std::move(closer);
    for (const double n : {numeric, limit})
      if (agree(result.analytic, n, 10 * rtol, floor + blur)) {
        result.numeric = n, result.h = near.h;
        return result;
      }
  }
  bool kinks = false;
  for (std::size_t j = 0; j < near.left.size(); ++j)
    if (line.weights[j] != 0 && near.h < s.h && is_kink(s, near, j)) kinks = true, line.weights[j] = 0;
  const bool rest =
      !kinks || !separable ||
      agree(analytic(line.weights), weighed(line.weights, near.central), 10 * rtol, floor + noise(line, near));
  result.error = first;
  result.verdict = kinks && rest ? Agreement::kink : Agreement::bad;
  return result;
}

}  // namespace gradus::study
