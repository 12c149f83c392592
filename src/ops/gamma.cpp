// The logarithm of the gamma function and its derivatives.
#include <cmath>
#include <numbers>

#include "ops/each.hpp"

namespace gradus {

using namespace detail;

namespace {

// B(2j) / (2j)! for j = 1, 2, …, with the Bernoulli numbers B.
constexpr double bernoulli_terms[] = {1.0 / 12,          -1.0 / 720,
                                      1.0 / 30240,       -1.0 / 1209600,
                                      1.0 / 47900160,    -691.0 / 1307674368000,
                                      1.0 / 74724249600, -3617.0 / 10670622842880000};

// The sum of 1 / (q + k)^s over k = 0, 1, 2, …, for s > 1 and q > 0: some terms, and Euler and Maclaurin's formula for
// the rest (Abramowitz and Stegun, 23.1.30).
double hurwitz_zeta(double s, double q) {
  double sum = 0, a = q;
  for (; a < 10 + s; a += 1) sum += std::pow(a, -s);
  const double last = std::pow(a, -s);
  sum += last * a / (s - 1) + last / 2;
  double factor = s * last / a;  // s (s + 1) … (s + 2j - 2) / a^(s + 2j - 1)
  for (int j = 0; j < 8; ++j) {
    sum += bernoulli_terms[j] * factor;
    factor *= (s + 2 * j + 1) * (s + 2 * j + 2) / (a * a);
  }
  return sum;
}

// Recurrence upwards, and the series for large x (Abramowitz and Stegun, 6.3.18); left of 0 by reflection.
double digamma_of(double x) {
  if (x == 0) return std::signbit(x) ? infinity : -infinity;
  if (x < 0) {
    const double part = x - std::floor(x);
    if (!(part > 0)) return std::nan("");
    return digamma_of(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * part);
  }
  double sum = 0;
  for (; x < 10; x += 1) sum += 1 / x;
  if (x == infinity) return x;
  double power = 1 / (x * x), series = 0, factorial = 1;  // (2j - 1)!
  for (int j = 0; j < 8; ++j) {
    series += bernoulli_terms[j] * factorial * power;
    power /= x * x;
    factorial *= (2 * j + 2) * (2 * j + 3);
  }
  return std::log(x) - 1 / (2 * x) - series - sum;
}

double polygamma_of(std::int64_t n, double x) {
  if (std::isnan(x)) return x;
  if (n == 0) return digamma_of(x);
  const double s = static_cast<double>(n) + 1, even = n % 2 ? 1 : -1;  // (-1)^(n + 1), which is (-1)^s
  if (x == infinity) return 0;
  if (x == -infinity) return std::nan("");
  const double part = x - std::floor(x);
  if (x <= 0 && part == 0) return even * infinity;
  double sum = 0;
  if (x > 0)
    sum = hurwitz_zeta(s, x);
  else  // over all whole steps, without those to the left
    sum = hurwitz_zeta(s, part) + even * hurwitz_zeta(s, 1 - part) - even * hurwitz_zeta(s, 1 - x);
  return sum == 0 ? 0 : even * std::tgamma(s) * sum;
}

// std::lgamma writes a sign for all threads to see.
double lgamma_of(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

struct LogGamma : Plain {
  static constexpr auto name = "lgamma", formula = "y = lgamma(x)", rule = "dx = g polygamma(0, x)";
  static constexpr Saves saves{in0};
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], []<class T>(T x) { return static_cast<T>(lgamma_of(x)); });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, digamma(v.in(0)))); }
};

struct Polygamma {
  std::int64_t n = 0;
  static constexpr auto name = "polygamma", formula = "y = polygamma(n, x)", rule = "dx = g polygamma(n + 1, x)";
  static constexpr Saves saves{in0};
  void fields(auto& v) const { v("n", n); }
  Tensor forward(Fwd& f, Ins in) const {
    return each(f, in[0], [this]<class T>(T x) { return static_cast<T>(polygamma_of(n, x)); });
  }
  void vjp(Vjp& v) const { v.give(0, chain_mul(v.g, apply(Polygamma{n + 1}, v.in(0)))); }
};

constexpr const OpTable* rows[] = {&op_table<LogGamma>, &op_table<Polygamma>};

}  // namespace

Rows detail::gamma_rows() { return rows; }

Tensor lgamma(Arg x) { return apply(LogGamma{}, x); }
Tensor digamma(Arg x) { return apply(Polygamma{0}, x); }
Tensor polygamma(std::int64_t n, Arg x) {
  check_floating("polygamma", x);
  if (n < 0 || n > 100)
    fail("polygamma", {.wrong = "the order is out of range", .got = formatted("n = {}", n), .expected = "0 to 100"}, x);
  return apply(Polygamma{n}, x);
}

}  // namespace gradus
