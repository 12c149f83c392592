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

// The running sums of one row's weights; at: where the row is, for the error.
std::vector<double> running_sums(const double* w, std::int64_t n, std::int64_t row, std::int64_t needed, const Arg& x) {
  const auto refuse = [&](std::string wrong, std::string got, const char* expected) {
    fail("multinomial", {.wrong = std::move(wrong), .got = std::move(got), .expected = expected}, x);
  };
  std::vector<double> sums;
  double total = 0;
  std::int64_t above = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    if (!(w[j] >= 0) || w[j] == infinity)
      refuse("a weight is negative or not finite", formatted("{} at [{}, {}]", number_text(w[j]), row, j),
             "finite numbers of 0 or more");
    above += w[j] > 0;
    sums.push_back(total += w[j]);
  }
  if (above < needed || total == infinity)
    refuse(total == infinity ? "the sum of the weights is too large" : "too few weights are above 0",
           formatted("{} in row {}", above, row),
           needed > 1 ? "one for each sample, without replacement" : "at least one in each row");
  return sums;
}

// The place of u (0 to 1) among running sums: the first that is above its share of the total.
std::int64_t place(const std::vector<double>& sums, double u) {
  const auto found = std::upper_bound(sums.begin(), sums.end(), u * sums.back());
  // Rounding may reach the total: then the last weight above 0 is meant.
  return (found != sums.end() ? found : std::lower_bound(sums.begin(), sums.end(), sums.back())) - sums.begin();
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
    running_sums(numbers.data() + row * n, n, row, replacement ? 1 : num_samples, weights);
  Generator& generator = default_generator();
  const std::uint64_t first = generator.draw(y.numel());
  std::vector<double> u(static_cast<std::size_t>(y.numel()));
  kernels::uniform(generator.seed(), first, y.numel(), u.data());
  for (std::int64_t row = 0; row < rows; ++row) {
    std::vector<double> w(numbers.begin() + row * n, numbers.begin() + (row + 1) * n);
    std::vector<double> sums = running_sums(w.data(), n, row, 1, weights);
    for (std::int64_t i = 0; i < num_samples; ++i) {
      const std::int64_t at = place(sums, u[static_cast<std::size_t>(row * num_samples + i)]);
      to[row * num_samples + i] = at;
      if (replacement || i + 1 == num_samples) continue;
      w[static_cast<std::size_t>(at)] = 0;
      sums = running_sums(w.data(), n, row, 1, weights);
    }
  }
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
