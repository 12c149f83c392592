// Convolutions and pooling.
#include <algorithm>

#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

Pair pair(Rng& rng, std::int64_t low, std::int64_t high) { return {rng.between(low, high), rng.between(low, high)}; }

// A convolution whose kernel fits the padded input.
struct Geometry {
  Shape x, w, y;
  Conv2dOptions o;
};

Geometry geometry(Rng& rng) {
  Geometry g;
  g.o = {.stride = pair(rng, 1, 3),
         .padding = pair(rng, 0, 2),
         .dilation = pair(rng, 1, 2),
         .groups = rng.of({1, 1, 2, 3})};
  const auto groups = g.o.groups;
  g.x = {rng.between(rng.chance(0.03) ? 0 : 1, 2), groups * rng.between(1, groups > 1 ? 1 : 3), 0, 0};
  g.w = {groups * rng.between(1, 2), g.x[1] / groups, 0, 0};
  for (int i = 0; i < 2; ++i) {
    const auto k = static_cast<std::size_t>(i);
    g.w[i + 2] = rng.between(1, 3);
    const auto reach = g.o.dilation[k] * (g.w[i + 2] - 1) + 1 - 2 * g.o.padding[k];
    g.x[i + 2] = rng.between(std::max<std::int64_t>(1, reach), std::max<std::int64_t>(5, reach));
  }
  g.y = conv2d(zeros(g.x, f64), zeros(g.w, f64), {}, g.o).shape();
  return g;
}

Case conv2d_case(Rng& rng) {
  const Geometry g = geometry(rng);
  const Tensor x = normal(rng, g.x), w = normal(rng, g.w);
  if (rng.chance(0.15)) {
    const Conv1dOptions o{g.o.stride[1], g.o.padding[1], g.o.dilation[1], g.o.groups};
    return {[=](const Tensors& t) { return conv1d(t[0], t[1], {}, o); }, {select(x, 2, 0), select(w, 2, 0)}};
  }
  if (rng.chance(0.2))
    return {[o = g.o](const Tensors& t) { return conv2d(t[0], t[1], t[2], o); }, {x, w, normal(rng, {g.w[0]})}};
  return {[o = g.o](const Tensors& t) { return conv2d(t[0], t[1], {}, o); }, {x, w}};
}

Case conv2d_input_case(Rng& rng) {
  const Geometry g = geometry(rng);
  const Pair size{g.x[2], g.x[3]};
  if (rng.chance(0.25)) {
    const ConvTranspose2dOptions o{.stride = g.o.stride, .groups = g.o.groups};
    return {[=](const Tensors& t) { return conv_transpose2d(t[0], t[1], {}, o); },
            {normal(rng, g.y), normal(rng, g.w)}};
  }
  return {[=, o = g.o](const Tensors& t) { return conv2d_input(t[0], t[1], size, o); },
          {normal(rng, g.w), normal(rng, g.y)}};
}

Case conv2d_weight_case(Rng& rng) {
  const Geometry g = geometry(rng);
  const Pair size{g.w[2], g.w[3]};
  return {[=, o = g.o](const Tensors& t) { return conv2d_weight(t[0], t[1], size, o); },
          {normal(rng, g.x), normal(rng, g.y)}};
}

// A pooling whose windows fit, and none of which lies in the padding alone.
struct Pooling {
  Shape x;
  Pair window = 1;
  Pool2dOptions o;
};

Pooling pooling(Rng& rng, bool dilates) {
  Pooling p;
  p.window = pair(rng, 1, 3);
  p.x = {rng.between(rng.chance(0.03) ? 0 : 1, 2), rng.between(1, 2), 0, 0};
  p.o.stride = pair(rng, 0, 3);
  if (dilates) p.o.dilation = pair(rng, 1, 2);
  p.o.ceil_mode = rng.chance(0.4);
  p.o.count_include_pad = rng.chance(0.6);
  for (std::size_t i = 0; i < 2; ++i) {
    p.o.padding[i] = rng.between(0, p.window[i] / 2);
    const auto reach = std::max(p.o.dilation[i] * (p.window[i] - 1) + 1 - 2 * p.o.padding[i], p.o.dilation[i]);
    p.x[static_cast<int>(i) + 2] = rng.between(std::max<std::int64_t>(1, reach), 6);
  }
  return p;
}

Case max_pool2d_case(Rng& rng) {
  const Pooling p = pooling(rng, true);
  return {[=](const Tensors& t) { return max_pool2d(t[0], p.window, p.o); }, {distinct(rng, p.x)}};
}

Case avg_pool2d_case(Rng& rng) {
  const Pooling p = pooling(rng, false);
  return {[=](const Tensors& t) { return avg_pool2d(t[0], p.window, p.o); }, {normal(rng, p.x)}};
}

Case avg_pool2d_input_case(Rng& rng) {
  const Pooling p = pooling(rng, false);
  const Shape y = avg_pool2d(zeros(p.x, f64), p.window, p.o).shape();
  return {[=](const Tensors& t) { return avg_pool2d_input(t[0], {p.x[2], p.x[3]}, p.window, p.o); }, {normal(rng, y)}};
}

Shape images(Rng& rng) { return {rng.between(1, 2), rng.between(1, 3), rng.between(1, 6), rng.between(1, 6)}; }

Case adaptive_case(Rng& rng) {
  const Pair size = pair(rng, 1, 7);
  return {[=](const Tensors& t) { return adaptive_avg_pool2d(t[0], size); }, {normal(rng, images(rng))}};
}
Case adaptive_input_case(Rng& rng) {
  const Pair size = pair(rng, 1, 7);
  return {[=](const Tensors& t) { return adaptive_avg_pool2d_input(t[0], size); }, {normal(rng, images(rng))}};
}

// What any of the three convolutions refuses, as f(a, b, options) of operands of shape (1, 2, 4, 4) and (2, 2, 3, 3).
template <class F>
std::vector<Case> conv_errors(F f, const Shape& a, const Shape& b) {
  const auto with = [f](Conv2dOptions o) { return [f, o](const Tensors& t) { return f(t[0], t[1], o); }; };
  Shape three = a;
  three.erase(0);
  Shape odd = b;
  odd[1] = 5, odd[3] = 9;
  return {{with({.stride = 0}), {numbers(a), numbers(b)}},
          {with({.padding = -1}), {numbers(a), numbers(b)}},
          {with({.dilation = 0}), {numbers(a), numbers(b)}},
          {with({.dilation = 9}), {numbers(a), numbers(b)}},
          {with({.groups = 0}), {numbers(a), numbers(b)}},
          {with({.groups = 3}), {numbers(a), numbers(b)}},
          {with({}), {numbers(three), numbers(b)}},
          {with({}), {numbers(a), numbers(odd)}},
          {with({}), {numbers(a), single(b)}},
          {with({}), {whole(a), whole(b)}},
          {with({}), {numbers(a), undefined()}}};
}

template <class F>
std::vector<Case> pool_errors(F f, bool average) {
  const auto with = [f](Pair window, Pool2dOptions o) { return [=](const Tensors& t) { return f(t[0], window, o); }; };
  const Tensor x = numbers({1, 1, 4, 4});
  std::vector<Case> errors{{with(0, {}), {x}},
                           {with(5, {}), {x}},
                           {with(2, {.stride = -1}), {x}},
                           {with(2, {.padding = 2}), {x}},
                           {with(2, {.padding = -1}), {x}},
                           {with(2, {}), {numbers({1, 4, 4})}},
                           {with(2, {}), {whole({1, 1, 4, 4})}},
                           {with(2, {}), {undefined()}}};
  if (average)
    errors.push_back({with(2, {.dilation = 2}), {x}});
  else
    errors.push_back({with(2, {.dilation = 0}), {x}});
  errors.push_back({with(3, {.dilation = 2}), {x}});
  return errors;
}

template <class F>
std::vector<Case> size_errors(F f) {
  const auto to = [f](Pair size) { return [=](const Tensors& t) { return f(t[0], size); }; };
  return {{to(0), {numbers({1, 1, 4, 4})}}, {to({2, -1}), {numbers({1, 1, 4, 4})}}, {to(2), {numbers({1, 1, 0, 4})}},
          {to(2), {numbers({1, 4, 4})}},    {to(2), {whole({1, 1, 4, 4})}},         {to(2), {undefined()}}};
}

}  // namespace

std::vector<Row> conv_rows() {
  const Shape x{1, 2, 4, 4}, w{2, 2, 3, 3}, y{1, 2, 2, 2};
  using O = Conv2dOptions;
  return {
      {"conv2d", conv2d_case,
       conv_errors([](const Tensor& a, const Tensor& b, const O& o) { return conv2d(a, b, {}, o); }, x, w)},
      {"conv2d_input", conv2d_input_case,
       conv_errors([](const Tensor& a, const Tensor& b, const O& o) { return conv2d_input(a, b, 4, o); }, w, y)},
      {"conv2d_weight", conv2d_weight_case,
       conv_errors([](const Tensor& a, const Tensor& b, const O& o) { return conv2d_weight(a, b, 3, o); }, x, y)},
  };
}

std::vector<Row> pool_rows() {
  const auto input = [](const Tensor& g, Pair window, const Pool2dOptions& o) {
    return avg_pool2d_input(g, {4, 4}, window, o);
  };
  std::vector<Row> rows{
      {"max_pool2d", max_pool2d_case,
       pool_errors([](const Tensor& x, Pair k, const Pool2dOptions& o) { return max_pool2d(x, k, o); }, false)},
      {"avg_pool2d", avg_pool2d_case,
       pool_errors([](const Tensor& x, Pair k, const Pool2dOptions& o) { return avg_pool2d(x, k, o); }, true)},
      {"avg_pool2d_input", avg_pool2d_input_case, pool_errors(input, true)},
      {"adaptive_avg_pool2d", adaptive_case,
       size_errors([](const Tensor& x, Pair size) { return adaptive_avg_pool2d(x, size); })},
      {"adaptive_avg_pool2d_input", adaptive_input_case,
       size_errors([](const Tensor& x, Pair size) { return adaptive_avg_pool2d_input(x, size); })},
  };
  for (Row& row : rows) row.no_curve = is_linear;
  rows[0].no_curve = in_pieces;
  return rows;
}

}  // namespace gate
