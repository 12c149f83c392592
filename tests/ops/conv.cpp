// Convolutions against naive loops; the three of them as each other's transposes; gradients; errors.
#include "ops/walks.hpp"

using namespace gradus;
using support::check_walks;

namespace {

struct Case {
  Shape x, weight;
  Conv2dOptions options;
};

const std::vector<Case> cases = {
    {{2, 3, 5, 6}, {4, 3, 2, 3}, {}},
    {{1, 2, 5, 5}, {3, 2, 3, 3}, {.padding = {1, 1}}},
    {{2, 2, 7, 6}, {3, 2, 3, 2}, {.stride = {2, 3}}},
    {{2, 2, 6, 7}, {2, 2, 2, 3}, {.stride = {2, 1}, .padding = {0, 2}, .dilation = {2, 2}}},
    {{2, 4, 5, 5}, {6, 2, 3, 2}, {.padding = {1, 0}, .groups = 2}},
    {{1, 3, 4, 5}, {6, 1, 2, 2}, {.groups = 3}},
    {{2, 3, 4, 4}, {2, 3, 1, 1}, {}},
    {{2, 2, 3, 4}, {2, 2, 3, 4}, {}},
    {{1, 1, 1, 1}, {1, 1, 3, 3}, {.padding = {1, 1}}},
    {{3, 2, 8, 7}, {4, 1, 3, 3}, {.stride = {3, 2}, .padding = {1, 2}, .dilation = {2, 1}, .groups = 2}},
};

// y[n][o][i][j] is the sum over channels and kernel of x times weight, x being 0 outside.
Tensor naive(const Tensor& x, const Tensor& w, const Conv2dOptions& o) {
  const Shape &sx = x.shape(), &sw = w.shape();
  const auto steps = [&](int axis) {
    const auto a = static_cast<std::size_t>(axis);
    return (sx[axis + 2] + 2 * o.padding[a] - o.dilation[a] * (sw[axis + 2] - 1) - 1) / o.stride[a] + 1;
  };
  const std::int64_t each = sw[0] / o.groups;
  Tensor y = zeros({sx[0], sw[0], steps(0), steps(1)}, f64);
  for (std::int64_t n = 0; n < sx[0]; ++n)
    for (std::int64_t out = 0; out < sw[0]; ++out)
      for (std::int64_t i = 0; i < y.size(2); ++i)
        for (std::int64_t j = 0; j < y.size(3); ++j) {
          double sum = 0;
          for (std::int64_t c = 0; c < sw[1]; ++c)
            for (std::int64_t ki = 0; ki < sw[2]; ++ki)
              for (std::int64_t kj = 0; kj < sw[3]; ++kj) {
                const auto h = i * o.stride[0] - o.padding[0] + ki * o.dilation[0];
                const auto v = j * o.stride[1] - o.padding[1] + kj * o.dilation[1];
                if (h >= 0 && h < sx[2] && v >= 0 && v < sx[3])
                  sum += x.at({n, out / each * sw[1] + c, h, v}) * w.at({out, c, ki, kj});
              }
          y.set({n, out, i, j}, sum);
        }
  return y;
}

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

}  // namespace

TEST_CASE("conv2d: by hand") {
  const Tensor x = reshape(arange(0, 9), {1, 1, 3, 3}), w = reshape(tensor({1, 0, 0, -1}), {1, 1, 2, 2});
  CHECK(equal(conv2d(x, w, tensor({10})), full({1, 1, 2, 2}, 6)));
}

TEST_CASE("conv2d: against loops, f64 and f32, dense and strided, with bias") {
  manual_seed(1);
  for (const Case& c : cases) {
    CAPTURE(to_string(c.x));
    CAPTURE(to_string(c.weight));
    const Tensor x = randn(c.x, f64), w = randn(c.weight, f64), b = randn({c.weight[0]}, f64),
                 y = naive(x, w, c.options);
    CHECK(allclose(conv2d(x, w, {}, c.options), y, 1e-12, 1e-12));
    CHECK(allclose(conv2d(x, w, b, c.options), y + reshape(b, {1, -1, 1, 1}), 1e-12, 1e-12));
    CHECK(allclose(conv2d(x.to(f32), w.to(f32), b.to(f32), c.options).to(f64), y + reshape(b, {1, -1, 1, 1}), 1e-4,
                   1e-5));
    const Tensor strided = permute(permute(x, {3, 1, 0, 2}).clone(), {2, 1, 3, 0});
    CHECK(strided.is_contiguous() == (x.numel() == 1));
    CHECK(equal(conv2d(strided, w, {}, c.options), conv2d(x, w, {}, c.options)));
  }
}

TEST_CASE("conv2d_input and conv2d_weight are its transposes") {
  manual_seed(2);
  for (const Case& c : cases) {
    const Tensor x = randn(c.x, f64), w = randn(c.weight, f64), y = conv2d(x, w, {}, c.options),
                 g = randn(y.shape(), f64);
    const Tensor gx = conv2d_input(w, g, {c.x[2], c.x[3]}, c.options);
    const Tensor gw = conv2d_weight(x, g, {c.weight[2], c.weight[3]}, c.options);
    CHECK(gx.shape() == x.shape());
    CHECK(gw.shape() == w.shape());
    CHECK(dot(g, y) == doctest::Approx(dot(x, gx)).epsilon(1e-12));
    CHECK(dot(g, y) == doctest::Approx(dot(w, gw)).epsilon(1e-12));
  }
}

TEST_CASE("conv2d: gradients at both orders, of its transposes too") {
  manual_seed(3);
  for (const Case& c : cases) {
    if (c.x.numel() > 200) continue;
    CAPTURE(to_string(c.x));
    CAPTURE(to_string(c.weight));
    const Tensor x = randn(c.x, f64), w = randn(c.weight, f64), g = randn(conv2d(x, w, {}, c.options).shape(), f64);
    const Conv2dOptions o = c.options;
    const Pair size{c.x[2], c.x[3]}, kernel{c.weight[2], c.weight[3]};
    check_walks([&](const auto& in) { return conv2d(in[0], in[1], in[2], o); }, {x, w, randn({c.weight[0]}, f64)});
    check_walks([&](const auto& in) { return conv2d_input(in[0], in[1], size, o); }, {w, g});
    check_walks([&](const auto& in) { return conv2d_weight(in[0], in[1], kernel, o); }, {x, g});
  }
}

TEST_CASE("conv1d is a conv2d of height 1") {
  manual_seed(4);
  const Tensor x = randn({2, 4, 9}, f64), w = randn({6, 2, 3}, f64), b = randn({6}, f64);
  const Tensor y = conv1d(x, w, b, {.stride = 2, .padding = 3, .dilation = 2, .groups = 2});
  const Conv2dOptions wide{.stride = {1, 2}, .padding = {0, 3}, .dilation = {1, 2}, .groups = 2};
  CHECK(y.shape() == Shape{2, 6, 6});
  CHECK(allclose(y, squeeze(naive(unsqueeze(x, 2), unsqueeze(w, 2), wide), 2) + reshape(b, {1, 6, 1}), 1e-12, 1e-12));
  check_walks([](const auto& in) { return conv1d(in[0], in[1], in[2], {.stride = 2, .padding = 1}); },
              {randn({2, 2, 5}, f64), randn({3, 2, 2}, f64), randn({3}, f64)});
}

TEST_CASE("conv_transpose2d puts the kernel down once for each pixel") {
  const Tensor x = reshape(tensor({1, 2, 3, 4}), {1, 1, 2, 2}), w = ones({1, 1, 2, 2});
  CHECK(equal(squeeze(conv_transpose2d(x, w)), tensor({{1, 3, 2}, {4, 10, 6}, {3, 7, 4}})));
  CHECK(equal(squeeze(conv_transpose2d(x, w, tensor({1}), {.stride = {2, 2}, .output_padding = {1, 0}})),
              tensor({{2, 2, 3, 3}, {2, 2, 3, 3}, {4, 4, 5, 5}, {4, 4, 5, 5}, {1, 1, 1, 1}})));
  CHECK(equal(squeeze(conv_transpose2d(x, w, {}, {.padding = {1, 1}})), scalar(10)));
}

TEST_CASE("conv_transpose2d is the adjoint of conv2d") {
  manual_seed(5);
  const Tensor x = randn({2, 4, 3, 4}, f64), w = randn({4, 3, 2, 3}, f64);  // groups 2: from 4 channels to 6
  const Tensor y = conv_transpose2d(
      x, w, {}, {.stride = {2, 3}, .padding = {1, 2}, .output_padding = {1, 2}, .dilation = {2, 1}, .groups = 2});
  CHECK(y.shape() == Shape{2, 6, 6, 10});
  const Tensor z = randn(y.shape(), f64);
  const Tensor back = conv2d(z, w, {}, {.stride = {2, 3}, .padding = {1, 2}, .dilation = {2, 1}, .groups = 2});
  CHECK(dot(y, z) == doctest::Approx(dot(x, back)).epsilon(1e-12));
  check_walks(
      [](const auto& in) {
        return conv_transpose2d(in[0], in[1], in[2], {.stride = {2, 1}, .padding = {0, 1}, .output_padding = {1, 0}});
      },
      {randn({1, 2, 2, 3}, f64), randn({2, 2, 2, 3}, f64), randn({2}, f64)});
}

TEST_CASE("convolutions of an empty batch") {
  Tensor x = zeros({0, 2, 5, 5}).requires_grad_(), w = ones({3, 2, 3, 3}).requires_grad_(),
         b = ones({3}).requires_grad_();
  Tape tape;
  const Tensor y = conv2d(x, w, b);
  CHECK(y.shape() == Shape{0, 3, 3, 3});
  const auto g = tape.gradient(sum(y), {x, w, b});
  CHECK(g[0].shape() == x.shape());
  CHECK(equal(g[1], zeros({3, 2, 3, 3})));
  CHECK(equal(g[2], zeros({3})));
  CHECK(conv_transpose2d(zeros({0, 3, 2, 2}), w).shape() == Shape{0, 2, 4, 4});
  CHECK(conv1d(zeros({0, 2, 5}), ones({3, 2, 3})).shape() == Shape{0, 3, 3});
}

TEST_CASE("conv2d: what it records") {
  const Tensor w = ones({3, 2, 3, 3}).requires_grad_(), b = ones({3}).requires_grad_();
  Tape tape;
  const int line = __LINE__ + 1;
  conv2d(ones({1, 2, 5, 5}), w, b, {.stride = {2, 1}});
  CHECK(support::names(tape) == "reshape expand conv2d");
  CHECK(tape[tape.size() - 1].attributes() == "stride=(2, 1), padding=(0, 0), dilation=(1, 1), groups=1");
  for (int i = 0; i < tape.size(); ++i) CHECK(static_cast<int>(tape[i].where().line()) == line);
}

TEST_CASE("convolutions: errors") {
  const Tensor x = zeros({2, 4, 5, 5}), w = zeros({6, 4, 3, 3});
  CHECK_SAYS(conv2d(zeros({4, 5, 5}), w), "conv2d: x has the wrong number of axes", "(4, 5, 5)", "(N, C, H, W)",
             "unsqueeze(x, 0)", "conv.cpp:");
  CHECK_SAYS(conv2d(x, zeros({6, 4, 3})), "the weight has the wrong number of axes", "(O, C/groups, KH, KW)");
  CHECK_SAYS(conv2d(x, zeros({6, 3, 3, 3})), "conv2d: the channels of x, weight and groups do not match",
             "x (2, 4, 5, 5), weight (6, 3, 3, 3), groups 1");
  CHECK_SAYS(conv2d(x, w, {}, {.groups = 2}), "the channels of x, weight and groups do not match", "groups 2");
  CHECK_SAYS(conv2d(x, zeros({5, 2, 3, 3}), {}, {.groups = 2}), "the channels of x, weight and groups do not match");
  CHECK_SAYS(conv2d(x, w, {}, {.groups = 0}), "an option is out of range", "groups 0");
  CHECK_SAYS(conv2d(x, w, {}, {.stride = {0, 1}}), "an option is out of range", "stride (0, 1)");
  CHECK_SAYS(conv2d(x, w, {}, {.padding = {-1, 0}}), "an option is out of range", "padding (-1, 0)");
  CHECK_SAYS(conv2d(x, w, {}, {.dilation = {1, 3}}), "larger than the padded input", "dilation (1, 3)", "add padding");
  CHECK_SAYS(conv2d(x, zeros({6, 4, 0, 3})), "the kernel is empty");
  CHECK_SAYS(conv2d(x, w, zeros({4})), "conv2d: the bias has the wrong shape", "(4,)", "(6,)");
  CHECK_SAYS(conv2d(x, w.to(f64)), "conv2d: dtypes differ");
  CHECK_SAYS(conv2d(x.to(i64), w.to(i64)), "conv2d", "i64");
  CHECK_SAYS(conv2d(x, Tensor()), "conv2d: the tensor is undefined");
  CHECK_SAYS(conv2d_input(w, zeros({2, 6, 3, 3}), {6, 5}), "conv2d_input: g has another shape", "(2, 6, 3, 3)",
             "(2, 6, 4, 3)");
  CHECK_SAYS(conv2d_weight(x, zeros({2, 6, 3, 3}), {2, 3}), "conv2d_weight: g has another shape", "(2, 6, 4, 3)");
  CHECK_SAYS(conv1d(zeros({2, 4, 2}), zeros({6, 4, 3})), "conv1d: the kernel is larger", "x (2, 4, 2)", "padding 0");
  CHECK_SAYS(conv1d(zeros({2, 4}), zeros({6, 4, 3})), "conv1d: x has the wrong number of axes", "(N, C, L)");
  CHECK_SAYS(conv_transpose2d(x, w), "conv_transpose2d: the channels of x, weight and groups do not match",
             "(C, O/groups, KH, KW)");
  CHECK_SAYS(conv_transpose2d(x, zeros({4, 2, 3, 3}), {}, {.output_padding = {1, 0}}), "output_padding is out of range",
             "(1, 0)", "the stride, which is (1, 1)");
  CHECK_SAYS(conv_transpose2d(zeros({1, 4, 1, 1}), zeros({4, 2, 1, 1}), {}, {.padding = {1, 1}}),
             "the result would be empty");
  CHECK_SAYS(conv_transpose2d(x, zeros({4, 2, 3, 3}), zeros({4})), "conv_transpose2d: the bias", "(2,)");
}

TEST_CASE("windows beyond all reason are refused before sizes wrap round") {
  const Tensor x = ones({1, 1, 4}), w = ones({1, 1, 2});
  for (const std::int64_t huge : {std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::max()}) {
    CHECK_SAYS(conv1d(x, w, {}, {.padding = huge}), "conv1d: an option is out of range", "to 2^31");
    CHECK_SAYS(conv1d(x, w, {}, {.dilation = huge}), "to 2^31");
    CHECK_SAYS(conv_transpose2d(ones({1, 1, 2, 2}), ones({1, 1, 2, 2}), {}, {.stride = huge}), "to 2^31");
    CHECK_SAYS(max_pool2d(ones({1, 1, 2, 2}), huge), "to 2^31");
  }
}
