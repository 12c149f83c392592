// Draws from tensors: what they follow, that they depend on the seed alone, what they refuse.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

// How far counts are from what is expected of n draws, in standard deviations.
double surprise(double count, double n, double p) { return std::abs(count - n * p) / std::sqrt(n * p * (1 - p)); }

}  // namespace

TEST_CASE("draws are a function of seed and counter, for any number of threads") {
  const auto all = [] {
    manual_seed(9);
    const Tensor like = zeros({50, 40}, f64);
    return std::vector<Tensor>{rand_like(like),
                               randn_like(like),
                               bernoulli(full({50, 40}, 0.3)),
                               multinomial(ones({50, 7}), 5),
                               multinomial(ones({50, 7}), 9, true),
                               gumbel_softmax(like, 0.5)};
  };
  const std::vector<Tensor> first = all();
  const int threads = num_threads();
  set_num_threads(threads == 1 ? 2 : 1);
  const std::vector<Tensor> second = all();
  set_num_threads(threads);
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(equal(first[i], second[i]));
  manual_seed(9);
  CHECK(equal(rand_like(zeros({2, 3}, f64)), slice(first[0].flatten(), 0, {0, 6}).reshape({2, 3})));
  const std::uint64_t drawn = default_generator().counter();
  multinomial(ones({3, 4}), 2);
  CHECK(default_generator().counter() == drawn + 12);  // a number for each weight
  multinomial(ones({3, 4}), 2, true);
  CHECK(default_generator().counter() == drawn + 18);  // a number for each sample
}

TEST_CASE("bernoulli is 1 as often as it should be") {
  manual_seed(1);
  const Tensor p = tensor({0, 0.1, 0.5, 1}, f64), y = bernoulli(expand(p, {20000, 4}));
  CHECK(y.dtype() == f64);
  const auto counts = sum(y, 0).to_vector();
  CHECK(counts[0] == 0);
  CHECK(counts[3] == 20000);
  CHECK(surprise(counts[1], 20000, 0.1) < 4);
  CHECK(surprise(counts[2], 20000, 0.5) < 4);
  CHECK_SAYS(bernoulli(tensor({0.5, 1.5})), "bernoulli: a probability is out of range", "1.5");
  CHECK_SAYS(bernoulli(tensor({std::nan("")})), "bernoulli: a probability is out of range");
}

TEST_CASE("multinomial follows its weights") {
  manual_seed(2);
  const Tensor w = tensor({1, 0, 3, 6});
  const auto counts = bincount(multinomial(w, 40000, true), 4).to_vector();
  CHECK(counts[1] == 0);
  CHECK(surprise(counts[0], 40000, 0.1) < 4);
  CHECK(surprise(counts[2], 40000, 0.3) < 4);
  CHECK(surprise(counts[3], 40000, 0.6) < 4);
  // Without replacement no index comes twice; the first follows the weights, the second what is left of them.
  const Tensor pairs = multinomial(expand(w, {40000, 4}), 2);
  CHECK_FALSE(any(select(pairs, 1, 0) == select(pairs, 1, 1)).item<bool>());
  const auto first = bincount(select(pairs, 1, 0), 4).to_vector(),
             second = bincount(select(pairs, 1, 1), 4).to_vector();
  CHECK(surprise(first[3], 40000, 0.6) < 4);
  CHECK(surprise(second[0], 40000, 0.3 * 0.1 / 0.7 + 0.6 * 0.1 / 0.4) < 4);
  CHECK(equal(sort(multinomial(ones({5}), 5)).values, arange(5)));
  CHECK(multinomial(tensor({1e-300, 0, 1e300}, f64), 2).to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 0});
  CHECK_SAYS(multinomial(w, 4), "multinomial: too few weights are above 0", "3 in row 0");
  CHECK_SAYS(multinomial(zeros({3}), 1, true), "multinomial: too few weights are above 0");
  CHECK_SAYS(multinomial(tensor({{1, 1}, {1, -1}}), 1), "a weight is negative or not finite", "-1 at [1, 1]");
  CHECK_SAYS(multinomial(tensor({1, -1}), 1), "a weight is negative or not finite", "-1 at [1]");
  const std::uint64_t drawn = default_generator().counter();
  CHECK_SAYS(multinomial(w, 0), "num_samples is out of range");
  CHECK(default_generator().counter() == drawn);
}

TEST_CASE("gumbel_softmax draws classes with the gradient of a softmax") {
  manual_seed(3);
  const Tensor logits = log(tensor({0.1, 0.2, 0.7}));
  const Tensor y = gumbel_softmax(expand(logits, {20000, 3}), 1, true);
  CHECK(equal(sum(y, 1), ones({20000})));
  CHECK(all((y == 0) | (y == 1)).item<bool>());
  const auto counts = sum(y, 0).to_vector();
  CHECK(surprise(counts[0], 20000, 0.1) < 4);
  CHECK(surprise(counts[2], 20000, 0.7) < 4);
  CHECK(allclose(sum(gumbel_softmax(randn({4, 5, 2}), 0.1, false, 1), 1), ones({4, 2})));
  const Tensor c = randn({4, 3}, f64), x = randn({4, 3}, f64);
  for (const bool hard : {false, true}) {
    Tape tape;
    tape.watch(x);
    manual_seed(4);
    const Tensor got = tape.gradient(sum(gumbel_softmax(x, 0.7, hard) * c), {x})[0];
    manual_seed(4);
    const Tensor soft = gumbel_softmax(x.detach(), 0.7), g = c - sum(c * soft, -1, true);
    CHECK(allclose(got, soft * g / 0.7, 1e-12, 1e-14));
  }
  CHECK_SAYS(gumbel_softmax(x, 0), "gumbel_softmax: tau is out of range");
}
