// Random tensors made from tensors.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/random.hpp"
#include "ops/common.hpp"
#include "tensor/make.hpp"

namespace gradus {

using namespace detail;

Tensor rand_like(const Tensor& like, Loc where) {
  check_floating("rand_like", Arg(like, where));
  return rand(like.shape(), like.dtype(), where);
}
Tensor randn_like(const Tensor& like, Loc where) {
  check_floating("randn_like", Arg(like, where));
  return randn(like.shape(), like.dtype(), where);
}

Tensor bernoulli(Arg p) {
  check_floating("bernoulli", p);
  const Tensor chance = p.tensor().detach();
  const Tensor right = (chance >= 0) & (chance <= 1);
  if (!all(right).item<bool>())
    fail("bernoulli",
         {.wrong = "a probability is out of range",
          .got = number_text(masked_select(chance, ~right)[0].item()),
          .expected = "0 to 1"},
         p);
  return (rand_like(chance, user_line(p.where)) < chance).to(chance.dtype());
}

namespace {

// Each weight is a finite number of 0 or more, and `needed` of them are above 0.
void check_weights(const double* w, std::int64_t n, std::int64_t row, std::int64_t needed, const Arg& x) {
  const auto refuse = [&](std::string wrong, std::string got, const char* expected) {
    fail("multinomial", {.wrong = std::move(wrong), .got = std::move(got), .expected = expected}, x);
  };
  const std::string in_row = x.tensor().dim() == 1 ? "" : formatted("{}, ", row);
  double total = 0;
  std::int64_t above = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    if (!(w[j] >= 0) || w[j] == infinity)
      refuse("a weight is negative or not finite", formatted("{} at [{}{}]", number_text(w[j]), in_row, j),
             "finite numbers of 0 or more");
    above += w[j] > 0;
    total += w[j];
  }
  if (above < needed)
    refuse("too few weights are above 0", formatted("{} in row {}", above, row),
           needed > 1 ? "one for each sample, without replacement" : "at least one in each row");
  if (total == infinity)
    refuse("the sum of the weights is too large", formatted("row {}", row), "a sum that is finite");
}

// samples places in proportion to the weights, by the inverse of their running sums.
void draw_again(const double* w, std::int64_t n, const double* u, std::int64_t samples, std::int64_t* to) {
  std::vector<double> sums;
  for (std::int64_t j = 0; j < n; ++j) sums.push_back((sums.empty() ? 0 : sums.back()) + w[j]);
  for (std::int64_t i = 0; i < samples; ++i) {
    const auto found = std::upper_bound(sums.begin(), sums.end(), u[i] * sums.back());
    // Rounding may reach the total: then the last weight above 0 is meant.
    to[i] = (found != sums.end() ? found : std::lower_bound(sums.begin(), sums.end(), sums.back())) - sums.begin();
  }
}

// Without replacement: each waits an exponential time, shorter for a larger weight, and the first to come are drawn
// (Efraimidis and Spirakis, 2006).
void draw_once(const double* w, std::int64_t n, const double* u, std::int64_t samples, std::int64_t* to) {
  std::vector<std::pair<double, std::int64_t>> times;
  for (std::int64_t j = 0; j < n; ++j) times.emplace_back(w[j] > 0 ? -std::log1p(-u[j]) / w[j] : infinity, j);
  std::partial_sort(times.begin(), times.begin() + samples, times.end());
  for (std::int64_t i = 0; i < samples; ++i) to[i] = times[static_cast<std::size_t>(i)].second;
}

}  // namespace

Tensor multinomial(Arg weights, std::int64_t num_samples, bool replacement) {
  check_floating("multinomial", weights);
  Shape shape = weights.tensor().shape();
  if (shape.size() != 1 && shape.size() != 2)
    fail("multinomial",
         {.wrong = "wrong number of axes", .got = "shape " + to_string(shape), .expected = "(C) or (N, C)"}, weights);
  if (num_samples < 1 || num_samples > largest_option)
    fail("multinomial",
         {.wrong = "num_samples is out of range", .got = std::to_string(num_samples), .expected = "1 to 2^31"},
         weights);
  const std::int64_t n = shape.back(), rows = shape.size() == 2 ? shape[0] : 1;
  const std::vector<double> numbers = weights.tensor().detach().to_vector();
  shape[shape.size() - 1] = num_samples;
  const Tensor y = make(shape, i64, "multinomial", user_line(weights.where));
  std::int64_t* to = detail::data<std::int64_t>(y);
  for (std::int64_t row = 0; row < rows; ++row)  // all is checked before a number is drawn
    check_weights(numbers.data() + row * n, n, row, replacement ? 1 : num_samples, weights);
  const std::int64_t each = replacement ? num_samples : n;
  Generator& generator = default_generator();
  std::vector<double> u(static_cast<std::size_t>(rows * each));
  kernels::uniform(generator.seed(), generator.draw(rows * each), rows * each, u.data());
  const auto draw = replacement ? draw_again : draw_once;
  for (std::int64_t row = 0; row < rows; ++row)
    draw(numbers.data() + row * n, n, u.data() + row * each, num_samples, to + row * num_samples);
  return y;
}

Tensor gumbel_softmax(Arg logits, double tau, bool hard, int axis) {
  check_floating("gumbel_softmax", logits);
  if (!(tau > 0 && tau < infinity)) refuse_number("gumbel_softmax", "tau", tau, "a finite number above 0", logits);
  const int along = static_cast<int>(normal_axis(axis, logits.tensor().dim(), "gumbel_softmax", logits.where));
  const At at(logits);
  // A uniform number of exactly 0 would be noise of -infinity.
  const Tensor u = clamp(rand_like(logits, user_line(logits.where)), 0x1p-25, 1);
  const Tensor y = softmax((logits.tensor() - log(-log(u))) * (1 / tau), along);
  if (!hard || y.numel() == 0) return y;
  const Tensor best = argmax(y.detach(), along, true);
  const Tensor chosen = scatter(zeros_like(y), along, best, 1);
  return chosen + (y - y.detach());  // the second term is exactly 0
}

}  // namespace gradus
