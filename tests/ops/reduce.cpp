// Reductions and scans: against loops written out, over any axes, at ties, zeros, infinities and nothing.
#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

// The elements of each group that a reduction over `axes` makes, in order of the result's elements.
std::vector<Numbers> groups(const Tensor& x, const std::vector<int>& axes) {
  const Shape& shape = x.shape();
  const Numbers v = x.to_vector();
  std::map<std::vector<std::int64_t>, Numbers> found;
  for (std::size_t i = 0; i < v.size(); ++i) {
    std::vector<std::int64_t> place(static_cast<std::size_t>(shape.size()));
    auto rest = static_cast<std::int64_t>(i);
    for (int d = shape.size() - 1; d >= 0; --d) {
      place[static_cast<std::size_t>(d)] = rest % shape[d];
      rest /= shape[d];
    }
    for (const int a : axes) place[static_cast<std::size_t>(a)] = 0;
    found[place].push_back(v[i]);
  }
  std::vector<Numbers> list;
  for (auto& [place, group] : found) list.push_back(group);
  return list;
}

double sum_of(const Numbers& v) { return std::accumulate(v.begin(), v.end(), 0.0); }
double mean_of(const Numbers& v) { return sum_of(v) / static_cast<double>(v.size()); }
double var_of(const Numbers& v) {
  double s = 0;
  for (const double x : v) s += (x - mean_of(v)) * (x - mean_of(v));
  return s / static_cast<double>(v.size() - 1);
}

using Reduce = Tensor (*)(const Tensor&, Axes, bool);
struct Case {
  const char* name;
  Reduce f;
  double (*exact)(const Numbers&);
};
const Case cases[] = {
    {"sum", [](const Tensor& x, Axes a, bool k) { return sum(x, a, k); }, sum_of},
    {"mean", [](const Tensor& x, Axes a, bool k) { return mean(x, a, k); }, mean_of},
    {"prod", [](const Tensor& x, Axes a, bool k) { return prod(x, a, k); },
     [](const Numbers& v) { return std::accumulate(v.begin(), v.end(), 1.0, std::multiplies<>()); }},
    {"max", [](const Tensor& x, Axes a, bool k) { return max(x, a, k); },
     [](const Numbers& v) { return *std::max_element(v.begin(), v.end()); }},
    {"min", [](const Tensor& x, Axes a, bool k) { return min(x, a, k); },
     [](const Numbers& v) { return *std::min_element(v.begin(), v.end()); }},
    {"logsumexp", [](const Tensor& x, Axes a, bool k) { return logsumexp(x, a, k); },
     [](const Numbers& v) {
       double s = 0;
       for (const double x : v) s += std::exp(x);
       return std::log(s);
     }},
    {"var", [](const Tensor& x, Axes a, bool k) { return var(x, a, k); }, var_of},
    {"stddev", [](const Tensor& x, Axes a, bool k) { return stddev(x, a, k); },
     [](const Numbers& v) { return std::sqrt(var_of(v)); }},
};

const std::vector<std::vector<int>> choices{{0},    {1},    {2},    {3},       {0, 1},      {1, 2},
                                            {0, 2}, {1, 3}, {0, 3}, {0, 1, 3}, {0, 1, 2, 3}};

Axes as_axes(const std::vector<int>& list) {
  Axes axes;
  for (const int a : list) axes.push_back(a);
  return axes;
}

Numbers gradient(const Tensor& x, const std::function<Tensor(const Tensor&)>& f) {
  Tensor leaf = x.clone();
  leaf.requires_grad_();
  Tape tape;
  const Tensor y = sum(f(leaf));
  const Numbers g = tape.gradient(y, {leaf})[0].to_vector(),
                recorded = tape.gradient(y, {leaf}, {.record = true})[0].to_vector();
  CHECK(allclose(from_data(g, x.shape()), from_data(recorded, x.shape()), 1e-12, 1e-14));
  return g;
}

}  // namespace

TEST_CASE("reductions: any axes of dense, permuted and strided tensors") {
  const Tensor base = randn({3, 2, 4, 5}, f64);
  const Tensor operands[] = {base, permute(base, {3, 1, 0, 2}), slice(base, {{}, {}, {0, 4, 2}, {1, 5, 2}}),
                             expand(slice(base, 2, {1, 2}), {3, 2, 3, 5})};
  for (const Case& c : cases)
    for (const Tensor& x : operands)
      for (const auto& axes : choices) {
        Shape left, kept = x.shape();
        for (int i = 0; i < 4; ++i)
          if (std::find(axes.begin(), axes.end(), i) == axes.end())
            left.push_back(x.shape()[i]);
          else
            kept[i] = 1;
        Numbers expected;
        for (const Numbers& group : groups(x, axes)) expected.push_back(c.exact(group));
        INFO(std::string(c.name));
        CAPTURE(to_string(as_axes(axes)));
        CHECK(allclose(c.f(x, as_axes(axes), false), from_data(expected, left), 1e-12, 1e-13));
        CHECK(allclose(c.f(x, as_axes(axes), true), from_data(expected, kept), 1e-12, 1e-13));
      }
}

TEST_CASE("reductions: no axes are all axes, negative ones count from the end") {
  const Tensor x = randn({3, 4}, f64);
  CHECK(sum(x).shape() == Shape{});
  CHECK(sum(x, {}, true).shape() == Shape{1, 1});
  CHECK(equal(sum(x, -1), sum(x, 1)));
  CHECK(equal(sum(x, {-1, -2}), sum(x)));
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const double v = c.f(scalar(3, f64), {}, false).item();
    CHECK((v == 3 || std::isnan(v)));  // the variance of one number is not defined
  }
}

TEST_CASE("reductions: many elements") {
  const Tensor x = rand({300, 40, 50}), wide = x.to(f64);
  for (const Axes& axes : {Axes{}, Axes{0}, Axes{1}, Axes{2}, Axes{0, 2}, Axes{1, 2}}) {
    CHECK(allclose(sum(x, axes), sum(wide, axes).to(f32), 1e-6));
    CHECK(allclose(mean(x, axes), mean(wide, axes).to(f32), 1e-6));
    CHECK(equal(max(x, axes), max(wide, axes).to(f32)));
  }
  CHECK(allclose(sum(softmax(x, 2), 2), ones({300, 40}), 1e-5));
  CHECK(allclose(select(cumsum(x, 0), 0, -1), sum(x, 0), 1e-5));
  CHECK(mean(full({49}, 1)).item() == 1);
}

TEST_CASE("reductions: integers") {
  const Tensor x = from_data(std::vector<std::int64_t>{3, -1, 4, 1, 5, -9}, {2, 3});
  CHECK(equal(sum(x, 1), from_data(std::vector<std::int64_t>{6, -3}, {2})));
  CHECK(equal(prod(x, 0), from_data(std::vector<std::int64_t>{3, -5, -36}, {3})));
  CHECK(max(x).item() == 5);
  CHECK(min(x).item() == -9);
  CHECK(equal(cumsum(x, 1), from_data(std::vector<std::int64_t>{3, 2, 6, 1, 6, -3}, {2, 3})));
  CHECK(equal(argmax(x, 1), from_data(std::vector<std::int64_t>{2, 1}, {2})));
  CHECK(sum(x).dtype() == i64);
}

TEST_CASE("reductions of nothing") {
  const Tensor x = zeros({2, 0, 3}, f64);
  CHECK(equal(sum(x, 1), zeros({2, 3}, f64)));
  CHECK(equal(prod(x, 1), ones({2, 3}, f64)));
  CHECK(equal(mean(x, 1), full({2, 3}, kNan, f64)));
  CHECK(equal(var(x, 1), full({2, 3}, kNan, f64)));
  CHECK(equal(stddev(x, 1), full({2, 3}, kNan, f64)));
  CHECK(equal(logsumexp(x, 1), full({2, 3}, -kInfinity, f64)));
  CHECK(equal(logsumexp(x, {0, 1}), full({3}, -kInfinity, f64)));
  CHECK(sum(x, 0).shape() == Shape{0, 3});
  CHECK(max(x, 0).shape() == Shape{0, 3});
  CHECK(cumsum(x, 1).shape() == x.shape());
  CHECK(softmax(x, 1).shape() == x.shape());
  for (const Reduce f : {cases[0].f, cases[1].f, cases[2].f, cases[5].f, cases[6].f, cases[7].f})
    CHECK(gradient(x, [&](const Tensor& t) { return f(t, 1, false); }).empty());
  CHECK_SAYS(max(x, 1), "max: an empty axis has no largest or smallest element", "(2, 0, 3), axis 1", "reduce.cpp:");
  CHECK_SAYS(min(x), "min: an empty axis has no largest or smallest element");
  CHECK_SAYS(argmin(x), "argmin: an empty axis");
  CHECK_SAYS(max_dim(x, 1), "max_dim: an empty axis");
}

TEST_CASE("reductions and scans: derivatives of first and second order") {
  manual_seed(1);  // the product of unlucky numbers is too small to be told from 0
  const Tensor x = randn({2, 3, 4}, f64);
  for (const Case& c : cases)
    for (const Axes& axes : {Axes{}, Axes{1}, Axes{0, 2}, Axes{1, 2}})
      for (const bool keepdim : {false, true}) {
        INFO(std::string(c.name));
        const auto result = gradcheck([&](const Tensor& t) { return c.f(t, axes, keepdim); }, {x}, {.order = 2});
        INFO(to_string(result));
        CHECK(result.ok);
      }
  for (int axis = 0; axis < 3; ++axis) {
    CHECK(gradcheck([&](const Tensor& t) { return cumsum(t, axis); }, {x}, {.order = 2}));
    CHECK(gradcheck([&](const Tensor& t) { return softmax(t, axis); }, {x}, {.order = 2}));
    CHECK(gradcheck([&](const Tensor& t) { return log_softmax(t, axis); }, {x}, {.order = 2}));
    CHECK(gradcheck([&](const Tensor& t) { return max_dim(t, axis).values; }, {x}, {.order = 2}));
  }
}

TEST_CASE("prod: the gradient with zeros is the product of the others") {
  const auto product = [](const Tensor& x) { return prod(x); };
  CHECK(gradient(tensor({2, 0, 5, 3}, f64), product) == Numbers{0, 30, 0, 0});
  CHECK(gradient(tensor({2, 0, 0, 3}, f64), product) == Numbers{0, 0, 0, 0});
  CHECK(gradient(tensor({7}, f64), product) == Numbers{1});
  CHECK(gradient(scalar(7, f64), product) == Numbers{1});
  CHECK(gradient(tensor({{2, 0}, {3, 4}, {0, 5}}, f64), [](const Tensor& x) { return prod(x, 0); }) ==
        Numbers{0, 20, 0, 0, 6, 0});
  for (const Tensor& x : {tensor({2, 0, 5}, f64), tensor({2, 0, 5, 7, 3}, f64)}) {
    const auto result = gradcheck(product, {x}, {.order = 2});
    INFO(to_string(result));
    CHECK(result.ok);
  }
  // d²(xyz)/dxdy is z, also at 0.
  const Tensor x = tensor({0, 0, 3}, f64).requires_grad_();
  Tape tape;
  const Tensor g = tape.gradient(prod(x), {x}, {.record = true})[0];
  CHECK(tape.gradient(select(g, 0, 0), {x})[0].to_vector() == Numbers{0, 3, 0});
}

TEST_CASE("max and min: ties share, NaN wins") {
  const Tensor x = tensor({{1, 3, 3, 0}, {2, 2, 2, 2}}, f64);
  CHECK(gradient(x, [](const Tensor& t) { return max(t, 1); }) == Numbers{0, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 0.25});
  CHECK(gradient(x, [](const Tensor& t) { return min(t, 1); }) == Numbers{0, 0, 0, 1, 0.25, 0.25, 0.25, 0.25});
  CHECK(gradient(x, [](const Tensor& t) { return max(t); }) == Numbers{0, 0.5, 0.5, 0, 0, 0, 0, 0});
  const Tensor bad = tensor({{1, kNan, 3}, {4, 5, 6}}, f64);
  CHECK(equal(max(bad, 1), tensor({kNan, 6}, f64)));
  CHECK(equal(min(bad, 1), tensor({kNan, 4}, f64)));
  CHECK(gradient(bad, [](const Tensor& t) { return max(t, 1); }) == Numbers{0, 1, 0, 0, 0, 1});
  CHECK(equal(argmax(bad, 1), from_data(std::vector<std::int64_t>{1, 2}, {2})));
  CHECK(gradient(tensor({kInfinity, 1, kInfinity}, f64), [](const Tensor& t) { return max(t); }) ==
        Numbers{0.5, 0, 0.5});
}

TEST_CASE("max_dim, min_dim, argmax, argmin: the first at a tie") {
  const Tensor x = tensor({{1, 3, 3}, {2, 2, 0}}, f64);
  const auto [values, indices] = max_dim(x, 1);
  CHECK(equal(values, tensor({3, 2}, f64)));
  CHECK(equal(indices, from_data(std::vector<std::int64_t>{1, 0}, {2})));
  CHECK(min_dim(x, 0, true).values.shape() == Shape{1, 3});
  CHECK(min_dim(x, -1).indices.to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 2});
  CHECK(gradient(x, [](const Tensor& t) { return max_dim(t, 1).values; }) == Numbers{0, 1, 0, 1, 0, 0});
  CHECK(argmax(x).item() == 1);
  CHECK(argmax(x).shape() == Shape{});
  CHECK(argmin(transpose(x, 0, 1)).item() == 5);
  CHECK(argmax(x, 0, true).shape() == Shape{1, 3});
  CHECK(argmax(x).dtype() == i64);
}

TEST_CASE("logsumexp: large, small and minus infinity") {
  CHECK(logsumexp(tensor({1000, 1000}, f64)).item() == doctest::Approx(1000 + std::log(2.0)));
  CHECK(logsumexp(tensor({-1000, -1000}, f64)).item() == doctest::Approx(-1000 + std::log(2.0)));
  const Tensor x = tensor({{-kInfinity, 1, 1}, {-kInfinity, -kInfinity, -kInfinity}}, f64);
  const auto f = [](const Tensor& t) { return logsumexp(t, 1); };
  CHECK(f(x).at({1}) == -kInfinity);
  CHECK(f(x).at({0}) == doctest::Approx(1 + std::log(2.0)));
  const Numbers g = gradient(x, f);
  CHECK(g[0] == 0);
  CHECK(g[1] == doctest::Approx(0.5));
  CHECK(g[3] == 0);
  CHECK(g[5] == 0);
  Tensor leaf = x.clone().requires_grad_();
  Tape tape;
  const Tensor first = tape.gradient(sum(f(leaf)), {leaf}, {.record = true})[0];
  for (const double d : tape.gradient(sum(first * tensor({1, 2, 3}, f64)), {leaf})[0].to_vector())
    CHECK(std::isfinite(d));
}

TEST_CASE("softmax and log_softmax: masked entries, rows of nothing else, far apart") {
  const Tensor x = tensor({{-kInfinity, 0, 0}, {-kInfinity, -kInfinity, -kInfinity}}, f64);
  CHECK(equal(softmax(x, 1), tensor({{0, 0.5, 0.5}, {kNan, kNan, kNan}}, f64)));
  CHECK(log_softmax(x, 1).at({0, 0}) == -kInfinity);
  const Numbers g = gradient(slice(x, 0, {0, 1}), [](const Tensor& t) {
    return softmax(t, 1) * tensor({1, 2, 3}, f64);
  });
  CHECK(g[0] == 0);
  CHECK(g[1] == doctest::Approx(-0.25));
  const Tensor far = tensor({-1e4, 0, 1e4}, f64);
  CHECK(equal(softmax(far, 0), tensor({0, 0, 1}, f64)));
  CHECK(equal(log_softmax(far, 0), tensor({-2e4, -1e4, 0}, f64)));
}

TEST_CASE("var and std: a large mean, no spread, corrections") {
  const Tensor x = tensor({4, 7, 13, 16}, f64) + 1e9;
  CHECK(var(x).item() == 30);
  CHECK(var(x, {}, false, 0).item() == 22.5);
  CHECK(std::isnan(var(tensor({2}, f64)).item()));
  // 0.1 + 0.1 + 0.1 is not 3 times 0.1: no trace of that may reach the root.
  const auto spread = [](const Tensor& t) { return stddev(t, 1); };
  const Tensor same = tensor({{0.1, 0.1, 0.1}, {1, 2, 3}}, f64);
  CHECK(equal(spread(same), tensor({0, 1}, f64)));
  CHECK(gradient(same, spread) == Numbers{0, 0, 0, -0.5, 0, 0.5});
  Tensor leaf = same.clone().requires_grad_();
  Tape tape;
  const Tensor first = tape.gradient(sum(spread(leaf)), {leaf}, {.record = true})[0];
  const Numbers second = tape.gradient(sum(first * first), {leaf})[0].to_vector();
  for (int i = 0; i < 3; ++i) CHECK(second[static_cast<std::size_t>(i)] == 0);
  CHECK(std::isnan(stddev(tensor({2}, f64)).item()));
  CHECK(stddev(tensor({2}, f64), {}, false, 0).item() == 0);
}

TEST_CASE("reductions: what they refuse") {
  const Tensor x = ones({2, 3});
  for (const Case& c : cases) {
    CHECK_SAYS(c.f(x, 2, false), std::string(c.name) + ": axis out of range", "axis 2 of a tensor with 2 axes",
               "-2 to 1", "reduce.cpp:");
    CHECK_SAYS(c.f(x, {0, -2}, false), std::string(c.name) + ": axis 0 is given twice", "(0, -2)");
    CHECK_SAYS(c.f(Tensor(), 0, false), std::string(c.name) + ": the tensor is undefined");
    if (std::string(c.name) == "sum" || std::string(c.name) == "mean") continue;  // these count what is true
    CHECK_SAYS(c.f(x > 0, 0, false), std::string(c.name) + ": the operation is not defined for this dtype", "bool");
  }
  CHECK_SAYS(mean(arange(3)), "mean: the operation is not defined for this dtype", "i64", "x.to(f32)");
  CHECK_SAYS(logsumexp(arange(3)), "logsumexp: the operation is not defined for this dtype");
  CHECK_SAYS(softmax(arange(3), 0), "softmax: the operation is not defined for this dtype");
  CHECK_SAYS(softmax(x, 2), "softmax: axis out of range", "reduce.cpp:");
  CHECK_SAYS(cumsum(scalar(1), 0), "cumsum: axis out of range", "no axis: the tensor has shape ()");
  CHECK_SAYS(argmax(x, -3), "argmax: axis out of range");
  CHECK_SAYS(max_dim(x, 5), "max_dim: axis out of range", "reduce.cpp:");
  CHECK_SAYS(argmax(x > 0), "argmax: the operation is not defined for this dtype");
}

TEST_CASE("composites record the caller's line") {
  const Tensor x = tensor({1, 2, 4}).requires_grad_();
  Tape tape;
  const Tensor y = stddev(x) + var(x) + max_dim(x, 0).values;
  for (int i = 0; i < tape.size(); ++i) CHECK(support::contains(to_string(tape[i].where()), "tests/ops/reduce.cpp"));
}

TEST_CASE("logsumexp: the gradient at large f32 numbers is a softmax to its last digits") {
  manual_seed(4);
  const Tensor small = randn({3, 5}), large = (small + 1000).requires_grad_();
  Tape tape;
  tape.backward(sum(logsumexp(large, 1)));
  CHECK(allclose(large.grad(), softmax((large.detach() - 1000), 1), 1e-6, 1e-7));
}
