#include "study/judge.hpp"

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

// A kink keeps its two slopes however small the step; where a function is merely bent they come together.
bool is_kink(const Slopes& wide, const Slopes& near, std::size_t j) {
  const double gap = std::abs(near.right[j] - near.left[j]), before = std::abs(wide.right[j] - wide.left[j]);
  return gap > 0.3 * before &&
         gap > 1e-3 * std::max(std::abs(near.right[j]), std::abs(near.left[j])) + 8 * near.noise[j];
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
  if (agree(result.analytic, result.numeric, rtol, floor + noise(line, s))) return result;

  // Look closer before saying so.
  const Slopes near = slopes(line, s.h / 10);
  if (!near.finite) return result.verdict = Agreement::bad, result;
  bool kinks = false;
  for (std::size_t j = 0; j < near.left.size(); ++j)
    if (line.weights[j] != 0 && is_kink(s, near, j)) kinks = true, line.weights[j] = 0;
  if (kinks && !separable) return result.verdict = Agreement::kink, result;
  const double again = kinks ? analytic(line.weights) : result.analytic;
  const double numeric = weighed(line.weights, near.central);
  const double error = result.error;
  if (agree(again, numeric, 10 * rtol, floor + noise(line, near))) {
    if (kinks)
      result.verdict = Agreement::kink, result.error = error;
    else
      result.numeric = numeric, result.h = near.h;
    return result;
  }
  result.error = error;
  result.verdict = Agreement::bad;
  return result;
}

}  // namespace gradus::study
