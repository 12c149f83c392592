// Dropout, normalisation and attention: values by definition, gradients, errors.
#include <cmath>
#include <limits>

#include "ops/walks.hpp"

using namespace gradus;
using support::check_walks;
using support::names;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The definition, element by element in f64.
Tensor normalized(const Tensor& x, const Axes& axes, double eps) {
  const Tensor c = x - mean(x, axes, true);
  return c / sqrt(mean(c * c, axes, true) + eps);
}

}  // namespace

// ---- dropout ----

TEST_CASE("dropout: a share of p is 0, the rest is scaled, the mask comes from seed and counter") {
  manual_seed(1);
  const Tensor x = ones({100, 100}), y = dropout(x, 0.3), z = dropout(x, 0.3);
  double kept = 0;
  for (const double v : y.to_vector()) {
    CHECK((v == 0 || v == doctest::Approx(1 / 0.7)));
    kept += v != 0;
  }
  CHECK(kept / 10000 == doctest::Approx(0.7).epsilon(0.03));
  CHECK(!equal(y, z));
  manual_seed(1);
  CHECK(equal(dropout(x, 0.3), y));
  CHECK(equal(dropout(x.to(f64), 0.3).to(f32), z));
  manual_seed(1);
  CHECK(equal(dropout(transpose(x, 0, 1), 0.3), y));  // by position, whatever the strides
}

TEST_CASE("dropout: the gradient has the same mask; a replay draws it again") {
  manual_seed(2);
  Tensor x = full({50}, 3).requires_grad_();
  Tape tape({.replay = true});
  const Tensor y = dropout(x, 0.5);
  CHECK(equal(tape.gradient(sum(y), {x})[0] * 3, y));
  manual_seed(77);
  CHECK(equal(tape.replay()[static_cast<std::size_t>(tape.index_of(y))], y));
}

TEST_CASE("dropout: gradients at both orders") {
  check_walks([](const auto& in) { return dropout(in[0], 0.5) * in[0]; }, {randn({20}, f64)});
}

TEST_CASE("dropout: nothing to drop, everything to drop") {
  const Tensor x = tensor({1, 2, infinity});
  const auto before = default_generator().counter();
  CHECK(dropout(x, 0.5, false).is_same(x));
  CHECK(dropout(x, 0).is_same(x));
  CHECK(default_generator().counter() == before);
  CHECK(equal(dropout(x, 1), zeros({3})));
  CHECK(dropout(zeros({0, 3})).shape() == Shape{0, 3});
  CHECK_SAYS(dropout(x, 1.5), "dropout: p is out of range", "1.5", "0 to 1", "nn.cpp:");
  CHECK_SAYS(dropout(x, std::nan("")), "p is out of range");
  CHECK_SAYS(dropout(zeros({3}, i64)), "dropout", "i64");
}

// ---- normalisation ----

TEST_CASE("normalize: over any axes, in rows and otherwise, f64 and f32, strided") {
  manual_seed(3);
  const std::vector<std::pair<Shape, Axes>> forms = {
      {{4, 7}, {1}},
      {{4, 7}, {0}},
      {{4, 7}, {0, 1}},
      {{3, 1100}, {-1}},
      {{3, 2, 4, 5}, {0, 2, 3}},
      {{6, 3}, {0}},
      {{3, 2, 5}, {1}},
      {{2, 3, 4}, {0, 1}},
      {{2, 3, 4, 2}, {1, 3}},
      {{2, 1, 5}, {1, 2}},
      {{3, 2, 6, 600}, {0, 2, 3}},
      {{70, 40, 30}, {1, 2}},
  };
  for (const auto& [shape, axes] : forms) {
    INFO(to_string(shape), " over ", to_string(axes));
    const Tensor x = randn(shape, f64) * 3 + 5;
    Axes reversed;
    for (int i = shape.size() - 1; i >= 0; --i) reversed.push_back(i);
    const Tensor strided = permute(permute(x, reversed).clone(), reversed), y = normalized(x, axes, 1e-3);
    CHECK(allclose(normalize(x, axes, 1e-3), y, 1e-11, 1e-12));
    CHECK(allclose(normalize(strided, axes, 1e-3), y, 1e-11, 1e-12));
    CHECK(allclose(normalize(x.to(f32), axes, 1e-3).to(f64), y, 1e-4, 1e-5));
    const auto f = [&, a = axes](const auto& in) { return normalize(in[0], a, 1e-3); };
    if (x.numel() <= 120) {
      check_walks(f, {x});
    } else {
      CHECK(allclose(support::walk(f, {x}, false)[0], support::walk(f, {x}, true)[0], 1e-11, 1e-13));
    }
  }
}

TEST_CASE("normalize: rows of equal numbers, a large offset, nothing at all") {
  CHECK(equal(normalize(full({2, 3}, 7), -1), zeros({2, 3})));
  CHECK(equal(normalize(full({2, 1}, 7), -1), zeros({2, 1})));
  const Tensor far = tensor({1e6, 1e6 + 1, 1e6 + 2}, f64);
  CHECK(allclose(normalize(far, {}, 0), tensor({-1, 0, 1}, f64) * std::sqrt(1.5), 1e-9));
  CHECK(normalize(zeros({0, 3}), 1).shape() == Shape{0, 3});
  CHECK(normalize(zeros({3, 0}), 1).shape() == Shape{3, 0});
  CHECK_SAYS(normalize(zeros({2, 3}), 2), "normalize: axis out of range");
}

TEST_CASE("layer_norm, group_norm, rms_norm: by definition, with gradients") {
  manual_seed(4);
  const Tensor x = randn({3, 4, 2}, f64), w = randn({4, 2}, f64), b = randn({4, 2}, f64);
  CHECK(allclose(layer_norm(x, {4, 2}, w, b, 0.1), normalized(x, {1, 2}, 0.1) * w + b, 1e-12, 1e-13));
  CHECK(allclose(layer_norm(x, {2}), normalized(x, {2}, 1e-5), 1e-12, 1e-13));
  const Tensor c = randn({4}, f64), d = randn({4}, f64);
  const Tensor groups = reshape(normalized(reshape(x, {3, 2, 4}), {2}, 1e-5), {3, 4, 2});
  CHECK(allclose(group_norm(x, 2, c, d), groups * reshape(c, {4, 1}) + reshape(d, {4, 1}), 1e-12, 1e-13));
  const Tensor r = randn({2}, f64);
  CHECK(allclose(rms_norm(x, r, 0.01), x / sqrt(mean(x * x, -1, true) + 0.01) * r, 1e-12, 1e-13));

  check_walks([](const auto& in) { return layer_norm(in[0], {4, 2}, in[1], in[2], 0.1); }, {x, w, b});
  check_walks([](const auto& in) { return group_norm(in[0], 2, in[1], in[2], 0.1); }, {x, c, d});
  check_walks([](const auto& in) { return rms_norm(in[0], in[1], 0.1); }, {x, r});

  Tensor leaf = randn({2, 4}).requires_grad_();
  const Tensor gain = ones({4}).requires_grad_();
  Tape tape;
  layer_norm(leaf, {4}, gain, zeros({4}).requires_grad_());
  CHECK(names(tape) == "layer_norm");
}

TEST_CASE("norms of an empty batch") {
  CHECK(layer_norm(zeros({0, 4}), {4}, ones({4}), zeros({4})).shape() == Shape{0, 4});
  CHECK(group_norm(zeros({0, 4, 3}), 2, ones({4}), zeros({4})).shape() == Shape{0, 4, 3});
  CHECK(rms_norm(zeros({0, 4}), ones({4})).shape() == Shape{0, 4});
  const auto r = batch_norm(zeros({0, 4}), zeros({4}), ones({4}), ones({4}), zeros({4}));
  CHECK(r.y.shape() == Shape{0, 4});
  CHECK(equal(r.mean, zeros({4})));
  CHECK(equal(r.var, ones({4})));
}

TEST_CASE("norms: errors") {
  const Tensor x = zeros({2, 6});
  CHECK_SAYS(layer_norm(x, {4}), "layer_norm: normalized_shape differs from the last axes of the input",
             "normalized_shape (4,), x (2, 6)", "nn.cpp:");
  CHECK_SAYS(layer_norm(x, {2, 2, 6}), "normalized_shape differs from the last axes");
  CHECK_SAYS(layer_norm(x, {}), "normalized_shape differs from the last axes");
  CHECK_SAYS(layer_norm(x, {6}, zeros({3})), "layer_norm: the weight has the wrong shape", "(3,), x (2, 6)", "(6,)");
  CHECK_SAYS(layer_norm(x, {6}, {}, zeros({6}, f64)), "layer_norm: dtypes differ");
  CHECK_SAYS(group_norm(x, 4), "group_norm: the number of channels is not divisible by num_groups",
             "6 channels, 4 groups");
  CHECK_SAYS(group_norm(x, 0), "0 groups");
  CHECK_SAYS(group_norm(zeros({6}), 2), "group_norm: the input has no axis of channels", "(6,)", "(N, C, …)");
  CHECK_SAYS(rms_norm(scalar(1)), "rms_norm: the input has no axes");
  CHECK_SAYS(rms_norm(x, zeros({2})), "rms_norm: the weight has the wrong shape");
}

TEST_CASE("batch_norm: training uses and tracks the batch, evaluation the running statistics") {
  manual_seed(5);
  for (const Shape& shape : {Shape{6, 3}, Shape{4, 3, 5}, Shape{2, 3, 6, 5}}) {
    const Tensor x = randn(shape, f64) * 2 + 1, w = randn({3}, f64), b = randn({3}, f64), m = randn({3}, f64),
                 v = rand({3}, f64) + 1;
    Axes axes{0};
    Shape wide{3};
    for (int i = 2; i < shape.size(); ++i) axes.push_back(i), wide.push_back(1);
    const auto r = batch_norm(x, m, v, w, b, true, 0.3, 0.01);
    CHECK(allclose(r.y, normalized(x, axes, 0.01) * reshape(w, wide) + reshape(b, wide), 1e-12, 1e-13));
    CHECK(allclose(r.mean, m * 0.7 + mean(x, axes) * 0.3, 1e-12));
    CHECK(allclose(r.var, v * 0.7 + var(x, axes) * 0.3, 1e-12));
    const auto e = batch_norm(x, m, v, w, b, false, 0.3, 0.01);
    CHECK(allclose(e.y, (x - reshape(m, wide)) / sqrt(reshape(v, wide) + 0.01) * reshape(w, wide) + reshape(b, wide),
                   1e-12, 1e-13));
    CHECK(equal(e.mean, m));
    CHECK(equal(e.var, v));
    check_walks([&](const auto& in) { return batch_norm(in[0], m, v, in[1], in[2], true, 0.3, 0.01).y; }, {x, w, b});
    check_walks([&](const auto& in) { return batch_norm(in[0], m, v, in[1], in[2], false).y; }, {x, w, b});
  }
  const Tensor x = randn({5, 2}, f64);
  CHECK(allclose(batch_norm(x, {}, {}).var, var(x, 0), 1e-12));  // nothing to track: the batch's own
}

TEST_CASE("batch_norm: the statistics are off the tape") {
  Tensor x = randn({4, 2}).requires_grad_();
  Tape tape;
  const auto r = batch_norm(x, zeros({2}), ones({2}));
  CHECK(names(tape) == "normalize");
  CHECK(tape.index_of(r.mean) == -1);
  CHECK(tape.index_of(r.var) == -1);
}

TEST_CASE("batch_norm: errors") {
  const Tensor m = zeros({3}), v = ones({3});
  CHECK_SAYS(batch_norm(zeros({1, 3}), m, v), "batch_norm: one value per channel has no variance", "(1, 3)",
             "a larger batch", "nn.cpp:");
  CHECK_SAYS(batch_norm(zeros({3}), m, v), "batch_norm: the input has no axis of channels");
  CHECK_SAYS(batch_norm(zeros({2, 4}), m, v), "batch_norm: running_mean has the wrong shape", "(3,), x (2, 4)", "(4,)");
  CHECK_SAYS(batch_norm(zeros({2, 3}), m, {}), "batch_norm: the running statistics are undefined", "or neither");
  CHECK_SAYS(batch_norm(zeros({2, 3}), {}, {}, {}, {}, false), "the running statistics are undefined", "evaluation");
  CHECK_SAYS(batch_norm(zeros({2, 3}), m, v, zeros({2})), "batch_norm: the weight has the wrong shape");
  CHECK_SAYS(batch_norm(zeros({2, 3}, f64), m, v), "batch_norm: dtypes differ");
}

// ---- attention ----

TEST_CASE("attention: by hand") {
  const Tensor q = zeros({2, 3}), k = randn({4, 3}), v = tensor({{0, 1}, {2, 3}, {4, 5}, {6, 7}});
  CHECK(allclose(scaled_dot_product_attention(q, k, v), tensor({{3, 4}, {3, 4}})));  // equal scores: the mean
  CHECK(allclose(scaled_dot_product_attention(q, k, v, {}, {.is_causal = true}), tensor({{0, 1}, {1, 2}})));
  const Tensor mask = tensor({{1, 0, 0, 1}, {0, 1, 0, 0}}).to(boolean);
  CHECK(allclose(scaled_dot_product_attention(q, k, v, mask), tensor({{3, 4}, {2, 3}})));
  const Tensor added = tensor({{0, -infinity, -infinity, 0}, {-infinity, 0, -infinity, -infinity}});
  CHECK(allclose(scaled_dot_product_attention(q, k, v, added), tensor({{3, 4}, {2, 3}})));
  const Tensor sharp = scaled_dot_product_attention(tensor({{1, 0}}), tensor({{1, 0}, {0, 1}}),
                                                    reshape(tensor({1, 0}), {2, 1}), {}, {.scale = 2});
  CHECK(sharp.item() == doctest::Approx(1 / (1 + std::exp(-2))));
}

TEST_CASE("attention: batches, heads, cross attention, gradients") {
  manual_seed(6);
  const Tensor q = randn({2, 2, 3, 4}, f64), k = randn({2, 2, 5, 4}, f64), v = randn({2, 2, 5, 3}, f64),
               mask = randn({3, 5}, f64);
  const Tensor y = scaled_dot_product_attention(q, k, v, mask);
  const auto part = [](const Tensor& t) { return select(select(t, 0, 1), 0, 0); };
  CHECK(allclose(part(y), matmul(softmax(matmul(part(q), part(k).t()) * 0.5 + mask, -1), part(v)), 1e-12));
  const Tensor keep = tril(ones({3, 5})).to(boolean);
  CHECK(allclose(scaled_dot_product_attention(q, k, v, {}, {.is_causal = true}),
                 scaled_dot_product_attention(q, k, v, keep), 1e-12));
  const auto small = [](const Tensor& t) { return select(select(t, 0, 0), 0, 0); };
  check_walks([](const auto& in) { return scaled_dot_product_attention(in[0], in[1], in[2], in[3]); },
              {small(q), small(k), small(v), mask});
  check_walks(
      [](const auto& in) {
        return scaled_dot_product_attention(in[0], in[1], in[2], {}, {.is_causal = true, .scale = 0.7});
      },
      {small(q), small(k), small(v)});
  CHECK(scaled_dot_product_attention(zeros({0, 3, 4}), zeros({0, 5, 4}), zeros({0, 5, 2})).shape() == Shape{0, 3, 2});
}

TEST_CASE("attention: errors") {
  const Tensor q = zeros({3, 4});
  CHECK_SAYS(scaled_dot_product_attention(q, zeros({5, 3}), zeros({5, 2})),
             "scaled_dot_product_attention: q, k and v have shapes that do not match", "q (3, 4), k (5, 3), v (5, 2)",
             "nn.cpp:");
  CHECK_SAYS(scaled_dot_product_attention(q, zeros({5, 4}), zeros({4, 2})), "do not match");
  CHECK_SAYS(scaled_dot_product_attention(zeros({4}), q, q), "do not match", "q (4,)");
  CHECK_SAYS(scaled_dot_product_attention(q, q, q.to(f64)), "dtypes differ");
  CHECK_SAYS(scaled_dot_product_attention(q, q, q, zeros({3, 3}, i64)), "scaled_dot_product_attention: dtypes differ",
             "f32 and i64");
  CHECK_SAYS(scaled_dot_product_attention(q, q, q, zeros({2, 3})), "do not broadcast");
}
