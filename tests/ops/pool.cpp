// Pooling against naive loops: borders, ties, NaN; gradients; errors.
#include <cmath>
#include <limits>

#include "ops/walks.hpp"

using namespace gradus;
using support::check_walks;

namespace {

struct Case {
  Shape x;
  Pair window;
  Pool2dOptions options;
};

const std::vector<Case> cases = {
    {{2, 2, 5, 7}, {2, 2}, {}},
    {{1, 2, 5, 5}, {3, 3}, {.stride = {1, 2}}},
    {{2, 1, 6, 7}, {3, 2}, {.stride = {2, 1}, .padding = {1, 1}}},
    {{1, 2, 5, 6}, {2, 4}, {.stride = {2, 3}, .ceil_mode = true}},
    {{1, 1, 6, 6}, {3, 3}, {.stride = {2, 2}, .padding = {1, 1}, .ceil_mode = true}},
    {{1, 1, 2, 2}, {3, 3}, {.stride = {2, 2}, .ceil_mode = true}},  // the window sticks out
    {{2, 3, 4, 3}, {4, 3}, {}},
    {{1, 1, 1, 1}, {1, 1}, {}},
};

// Calls f for each element of each window: its output position and its place in the plane, or -1 in the padding.
template <class F>
Shape for_taps(const Case& c, const F& f) {
  const auto& [x, window, o] = c;
  Shape y{x[0], x[1]};
  Pair stride = o.stride;
  for (int a = 0; a < 2; ++a) {
    const auto i = static_cast<std::size_t>(a);
    if (stride[i] == 0) stride[i] = window[i];
    const double room = static_cast<double>(x[a + 2] + 2 * o.padding[i] - o.dilation[i] * (window[i] - 1) - 1) /
                        static_cast<double>(stride[i]);
    auto n = static_cast<std::int64_t>(o.ceil_mode ? std::ceil(room) : std::floor(room)) + 1;
    if (o.ceil_mode && (n - 1) * stride[i] >= x[a + 2] + o.padding[i]) --n;
    y.push_back(n);
  }
  for (std::int64_t p = 0; p < x[0] * x[1]; ++p)
    for (std::int64_t i = 0; i < y[2]; ++i)
      for (std::int64_t j = 0; j < y[3]; ++j)
        for (std::int64_t ki = 0; ki < window[0]; ++ki)
          for (std::int64_t kj = 0; kj < window[1]; ++kj) {
            const auto h = i * stride[0] - o.padding[0] + ki * o.dilation[0],
                       w = j * stride[1] - o.padding[1] + kj * o.dilation[1];
            if (h >= x[2] + o.padding[0] || w >= x[3] + o.padding[1]) continue;
            const bool inside = h >= 0 && h < x[2] && w >= 0 && w < x[3];
            f((p * y[2] + i) * y[3] + j, inside ? (p * x[2] + h) * x[3] + w : -1);
          }
  return y;
}

Tensor naive(const Case& c, const Tensor& x, bool average) {
  const std::vector<double> from_x = x.to_vector();
  std::vector<double> best(10000, -std::numeric_limits<double>::infinity()), sum(10000), count(10000);
  const Shape y = for_taps(c, [&](std::int64_t to, std::int64_t at) {
    const auto t = static_cast<std::size_t>(to);
    if (at < 0) {
      count[t] += c.options.count_include_pad;
      return;
    }
    const double v = from_x[static_cast<std::size_t>(at)];
    best[t] = std::max(best[t], v), sum[t] += v, count[t] += 1;
  });
  std::vector<double> result(static_cast<std::size_t>(y.numel()));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = average ? sum[i] / count[i] : best[i];
  return from_data(std::span<const double>(result), y);
}

}  // namespace

TEST_CASE("pooling: against loops, f64 and f32, strided") {
  manual_seed(1);
  for (Case c : cases) {
    CAPTURE(to_string(c.x));
    const Tensor x = randn(c.x, f64), strided = permute(permute(x, {3, 1, 0, 2}).clone(), {2, 1, 3, 0});
    CHECK(equal(max_pool2d(x, c.window, c.options), naive(c, x, false)));
    CHECK(equal(max_pool2d(strided, c.window, c.options), naive(c, x, false)));
    for (const bool counted : {true, false}) {
      c.options.count_include_pad = counted;
      CHECK(allclose(avg_pool2d(x, c.window, c.options), naive(c, x, true), 1e-14, 1e-15));
      CHECK(allclose(avg_pool2d(strided.to(f32), c.window, c.options).to(f64), naive(c, x, true), 1e-5, 1e-6));
    }
    c.options.dilation = {2, 1}, c.options.stride = {1, 1};
    if (c.x[2] > 4) CHECK(equal(max_pool2d(x, c.window, c.options), naive(c, x, false)));
  }
}

TEST_CASE("max_pool2d: padding never wins, NaN does, the first of equals gets the gradient") {
  CHECK(equal(max_pool2d(full({1, 1, 2, 2}, -5), {2, 2}, {.padding = {1, 1}}), full({1, 1, 2, 2}, -5)));
  Tensor x = zeros({1, 1, 2, 4}).requires_grad_();
  Tape tape;
  CHECK(equal(tape.gradient(sum(max_pool2d(x, {2, 2})), {x})[0],
              reshape(tensor({1, 0, 1, 0, 0, 0, 0, 0}), {1, 1, 2, 4})));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor y = max_pool2d(reshape(tensor({1, nan, 3, 4}), {1, 1, 1, 4}), {1, 2});
  CHECK(std::isnan(y.at({0, 0, 0, 0})));
  CHECK(y.at({0, 0, 0, 1}) == 4);
}

TEST_CASE("pooling: gradients at both orders") {
  manual_seed(2);
  for (const Case& c : cases) {
    if (c.x.numel() > 80) continue;
    CAPTURE(to_string(c.x));
    const Tensor x = randn(c.x, f64);
    check_walks([&](const auto& in) { return max_pool2d(in[0], c.window, c.options); }, {x});
    check_walks([&](const auto& in) { return avg_pool2d(in[0], c.window, c.options); }, {x});
    const Tensor g = randn(avg_pool2d(x, c.window, c.options).shape(), f64);
    check_walks([&](const auto& in) { return avg_pool2d_input(in[0], {c.x[2], c.x[3]}, c.window, c.options); }, {g});
  }
}

TEST_CASE("adaptive_avg_pool2d: windows that divide, overlap and repeat") {
  const Tensor x = reshape(arange(0, 7, 1, f64), {1, 1, 1, 7});
  CHECK(equal(squeeze(adaptive_avg_pool2d(x, {1, 1})), scalar(3, f64)));
  CHECK(equal(squeeze(adaptive_avg_pool2d(x, {1, 3})), tensor({1, 3, 5}, f64)));  // 0…2, 2…4, 4…6
  CHECK(equal(squeeze(adaptive_avg_pool2d(x, {2, 7})), expand(reshape(x, {7}), {2, 7})));
  CHECK(equal(squeeze(adaptive_avg_pool2d(reshape(tensor({1, 2}), {1, 1, 1, 2}), {1, 3})), tensor({1, 1.5, 2})));
  const Tensor far = reshape(tensor({1, 2, std::numeric_limits<double>::infinity()}), {1, 1, 3, 1});
  CHECK(adaptive_avg_pool2d(far, {2, 1}).at({0, 0, 0, 0}) == 1.5);  // infinity stays in its window
  manual_seed(3);
  for (const Pair size : {Pair{1, 1}, Pair{2, 3}, Pair{5, 4}, Pair{7, 2}}) {
    check_walks([=](const auto& in) { return adaptive_avg_pool2d(in[0], size); }, {randn({1, 2, 5, 4}, f64)});
    check_walks(
        [=](const auto& in) {
          return adaptive_avg_pool2d_input(in[0], {5, 4});
        },
        {randn({1, 2, size[0], size[1]}, f64)});
  }
}

TEST_CASE("pooling: an empty batch") {
  Tensor x = zeros({0, 2, 4, 4}).requires_grad_();
  Tape tape;
  const Tensor y = max_pool2d(x, {2, 2}), z = avg_pool2d(x, {2, 2}), a = adaptive_avg_pool2d(x, {3, 3});
  CHECK(y.shape() == Shape{0, 2, 2, 2});
  CHECK(z.shape() == Shape{0, 2, 2, 2});
  CHECK(a.shape() == Shape{0, 2, 3, 3});
  CHECK(tape.gradient(sum(y) + sum(z) + sum(a), {x})[0].shape() == x.shape());
}

TEST_CASE("pooling: errors") {
  const Tensor x = zeros({1, 2, 4, 4});
  CHECK_SAYS(max_pool2d(zeros({2, 4, 4}), {2, 2}), "max_pool2d: x has the wrong number of axes", "(2, 4, 4)",
             "unsqueeze(x, 0)", "pool.cpp:");
  CHECK_SAYS(max_pool2d(x, {5, 5}), "max_pool2d: the window is larger than the padded input",
             "x (1, 2, 4, 4), window (5, 5)");
  CHECK_SAYS(max_pool2d(x, {2, 2}, {.padding = {2, 0}}), "the padding is too large", "padding (2, 0)",
             "half the window");
  CHECK_SAYS(max_pool2d(zeros({1, 1, 1, 1}), {2, 2}, {.padding = {1, 1}, .dilation = {2, 2}}),
             "the padding is too large", "dilation (2, 2)");
  CHECK_SAYS(max_pool2d(x, {0, 2}), "an option is out of range", "window (0, 2)");
  CHECK_SAYS(max_pool2d(x, {2, 2}, {.stride = {-1, 0}}), "an option is out of range", "stride (-1, 2)");
  CHECK_SAYS(max_pool2d(x.to(i64), {2, 2}), "max_pool2d", "i64");
  CHECK_SAYS(max_pool2d(zeros({1, 2, 0, 4}), {1, 1}), "max_pool2d", "(1, 2, 0, 4)");
  CHECK_SAYS(avg_pool2d(x, {2, 2}, {.padding = {0, 2}}), "avg_pool2d: the padding is too large");
  CHECK_SAYS(avg_pool2d(x, {2, 2}, {.dilation = {2, 2}}), "avg_pool2d: average pooling takes no dilation");
  CHECK_SAYS(avg_pool2d_input(x, {4, 4}, {2, 2}), "avg_pool2d_input: g has another shape", "(1, 2, 4, 4)",
             "(1, 2, 2, 2)");
  CHECK_SAYS(adaptive_avg_pool2d(x, {0, 1}), "adaptive_avg_pool2d: a size is out of range");
  CHECK_SAYS(adaptive_avg_pool2d(zeros({1, 1, 0, 2}), {1, 1}), "a size is out of range", "x (1, 1, 0, 2), size (1, 1)");
}

TEST_CASE("sizes beyond all memory are refused before they wrap round") {
  const Tensor x = ones({1, 1, 2, 2});
  const std::int64_t huge = std::int64_t{1} << 62;
  CHECK_SAYS(adaptive_avg_pool2d(x, {huge, 4}), "out of range", "4611686018427387904", "pool.cpp:");
  CHECK_SAYS(avg_pool2d_input(x, {huge, huge}, 1), "avg_pool2d_input");
  CHECK_SAYS(one_hot(zeros({2}, i64), huge), "the number of classes is out of range");
}
