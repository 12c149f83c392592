// Mistakes in the rules of products, convolutions, pooling, normalisation and losses.
#include "gate/mutants.hpp"

namespace gate {

using namespace gradus;

namespace {

using A = const Fields&;

Pair pair(const Shape& s) { return {s[0], s[1]}; }
Pair size_of(Vjp& v, int input) { return {v.shape(input)[2], v.shape(input)[3]}; }

Conv2dOptions options(A a) {
  return {.stride = pair(a.shape("stride")),
          .padding = pair(a.shape("padding")),
          .dilation = pair(a.shape("dilation")),
          .groups = a.whole("groups")};
}

Pool2dOptions pooling(A a) {
  return {.stride = pair(a.shape("stride")),
          .padding = pair(a.shape("padding")),
          .ceil_mode = a.is("ceil_mode"),
          .count_include_pad = a.is("count_include_pad")};
}

const Axes kernel{2, 3};

// matmul's rule for untransposed operands; what has a flag is left to the true one.
bool plain(A a, const Vjp& v, int first = 0) {
  return !a.is("transpose_a") && !a.is("transpose_b") && v.wants(first) && v.wants(first + 1);
}

// max_pool2d's extra as indices into flattened planes.
Tensor flat(const Tensor& x) { return reshape(x, {x.size(0) * x.size(1), x.size(2) * x.size(3)}); }
Tensor spread(Vjp& v, const Tensor& at, const Tensor& g) {
  const Shape x = v.shape(0);
  return reshape(scatter_add(zeros({x[0] * x[1], x[2] * x[3]}, g.dtype()), 1, flat(at), flat(g)), x);
}

}  // namespace

std::vector<Mutant> linalg_mutants() {
  return {
      {"matmul", "b not transposed",
       [](A a, Vjp& v) {
         if (!plain(a, v) || v.in(1).size(-1) != v.in(1).size(-2)) return a.right(v);
         v.give(0, matmul(v.g, v.in(1)));
         v.give(1, matmul(v.in(0), v.g, {.transpose_a = true}));
       }},
      {"matmul", "a not transposed",
       [](A a, Vjp& v) {
         if (!plain(a, v) || v.in(0).size(-1) != v.in(0).size(-2)) return a.right(v);
         v.give(0, matmul(v.g, v.in(1), {.transpose_b = true}));
         v.give(1, matmul(v.in(0), v.g));
       }},
      {"matmul", "only the first operand is a variable",
       [](A a, Vjp& v) {
         if (!plain(a, v)) return a.right(v);
         v.give(0, matmul(v.g, v.in(1), {.transpose_b = true}));
       }},
      {"matmul", "b detached",
       [](A a, Vjp& v) {
         if (!plain(a, v)) return a.right(v);
         v.give(0, matmul(v.g, v.in(1).detach(), {.transpose_b = true}));
         v.give(1, matmul(v.in(0), v.g, {.transpose_a = true}));
       },
       true},
      {"addmm", "c forgotten",
       [](A a, Vjp& v) {
         if (!plain(a, v, 1)) return a.right(v);
         v.give(1, matmul(v.g, v.in(2), {.transpose_b = true}));
         v.give(2, matmul(v.in(1), v.g, {.transpose_a = true}));
       }},
      {"addmm", "b detached",
       [](A a, Vjp& v) {
         if (!plain(a, v, 1)) return a.right(v);
         v.give(0, v.g);
         v.give(1, matmul(v.g, v.in(2).detach(), {.transpose_b = true}));
         v.give(2, matmul(v.in(1), v.g, {.transpose_a = true}));
       },
       true},
      {"conv2d", "the kernel turned round",
       [](A a, Vjp& v) {
         if (v.wants(0)) v.give(0, conv2d_input(flip(v.in(1), kernel), v.g, size_of(v, 0), options(a)));
         if (v.wants(1)) v.give(1, conv2d_weight(v.in(0), v.g, size_of(v, 1), options(a)));
       }},
      {"conv2d", "the weight's gradient turned round",
       [](A a, Vjp& v) {
         if (v.wants(0)) v.give(0, conv2d_input(v.in(1), v.g, size_of(v, 0), options(a)));
         if (v.wants(1)) v.give(1, flip(conv2d_weight(v.in(0), v.g, size_of(v, 1), options(a)), kernel));
       }},
      {"conv2d", "x detached",
       [](A a, Vjp& v) {
         if (v.wants(0)) v.give(0, conv2d_input(v.in(1), v.g, size_of(v, 0), options(a)));
         if (v.wants(1)) v.give(1, conv2d_weight(v.in(0).detach(), v.g, size_of(v, 1), options(a)));
         if (v.wants(2)) v.give(2, v.g);
       },
       true},
      {"conv2d", "stride and padding swapped",
       [](A a, Vjp& v) {
         Conv2dOptions o = options(a);
         std::swap(o.stride[0], o.stride[1]);
         if (v.wants(0)) v.give(0, conv2d_input(v.in(1), v.g, size_of(v, 0), o));
         if (v.wants(1)) v.give(1, conv2d_weight(v.in(0), v.g, size_of(v, 1), o));
       }},
      {"conv2d", "the bias gets nothing",
       [](A a, Vjp& v) {
         if (!v.wants(2)) return a.right(v);
         if (v.wants(0)) v.give(0, conv2d_input(v.in(1), v.g, size_of(v, 0), options(a)));
         if (v.wants(1)) v.give(1, conv2d_weight(v.in(0), v.g, size_of(v, 1), options(a)));
       }},
      {"conv2d_input", "the weight gets nothing",
       [](A a, Vjp& v) {
         if (v.wants(1)) v.give(1, conv2d(v.g, v.in(0), {}, options(a)));
       }},
      {"conv2d_input", "the kernel turned round",
       [](A a, Vjp& v) {
         if (v.wants(0)) v.give(0, conv2d_weight(v.g, v.in(1), size_of(v, 0), options(a)));
         if (v.wants(1)) v.give(1, conv2d(v.g, flip(v.in(0), kernel), {}, options(a)));
       }},
      {"conv2d_weight", "x detached",
       [](A a, Vjp& v) {
         if (v.wants(0)) v.give(0, conv2d_input(v.g, v.in(1), size_of(v, 0), options(a)));
         if (v.wants(1)) v.give(1, conv2d(v.in(0).detach(), v.g, {}, options(a)));
       },
       true},
      {"conv2d_weight", "the incoming gradient turned round", [](A a, Vjp& v) { right_with(a, v, flip(v.g, kernel)); }},
      {"max_pool2d", "overlapping windows overwrite",
       [](A, Vjp& v) {
         const Tensor n = spread(v, v.extra(0), ones_like(v.g));
         v.give(0, spread(v, v.extra(0), v.g) / maximum(n, ones_like(n)));
       }},
      {"max_pool2d", "off by one",
       [](A, Vjp& v) { v.give(0, reshape(roll(reshape(spread(v, v.extra(0), v.g), {-1}), {1}, {0}), v.shape(0))); }},
      {"avg_pool2d", "the padding counted the other way",
       [](A a, Vjp& v) {
         Pool2dOptions o = pooling(a);
         o.count_include_pad = !o.count_include_pad;
         v.give(0, avg_pool2d_input(v.g, size_of(v, 0), pair(a.shape("window")), o));
       }},
      {"avg_pool2d", "not divided",
       [](A a, Vjp& v) {
         const Shape& window = a.shape("window");
         right_with(a, v, v.g * static_cast<double>(window[0] * window[1]));
       }},
      {"avg_pool2d_input", "the padding counted the other way",
       [](A a, Vjp& v) {
         Pool2dOptions o = pooling(a);
         o.count_include_pad = !o.count_include_pad;
         v.give(0, avg_pool2d(v.g, pair(a.shape("window")), o));
       }},
      {"avg_pool2d_input", "a whole stride late", [](A a, Vjp& v) { right_with(a, v, roll(v.g, {1}, {2})); }},
      {"adaptive_avg_pool2d", "resized for its transpose",
       [](A, Vjp& v) {
         const double share = static_cast<double>(v.g.numel()) / static_cast<double>(v.shape(0).numel());
         const Tensor g = adaptive_avg_pool2d(v.g, size_of(v, 0));
         v.give(0, g * share);
       }},
      {"adaptive_avg_pool2d_input", "the sum for the mean",
       [](A, Vjp& v) {
         const Tensor once = adaptive_avg_pool2d(v.g, size_of(v, 0));
         const double n = static_cast<double>(v.g.numel()) / static_cast<double>(once.numel());
         v.give(0, once * n);
       }},
  };
}

std::vector<Mutant> nn_mutants() {
  const auto normalized = [](A a, Vjp& v, bool less_mean, bool less_along, double correction, bool detached) {
    const Axes over = a.axes();
    const Tensor &x = v.in(0), &y = v.out(), g = v.g;
    const Tensor r = rsqrt(var(detached ? x.detach() : x, over, true, correction) + a.real("eps"));
    Tensor inner = g;
    if (less_mean) inner = inner - mean(g, over, true);
    if (less_along) inner = inner - y * mean(g * y, over, true);
    v.give(0, r * inner);
  };
  return {
      {"dropout", "not scaled", [](A a, Vjp& v) { right_with(a, v, v.g * (1 - a.real("p"))); }},
      {"dropout", "another mask", [](A a, Vjp& v) { v.give(0, dropout(v.g, a.real("p"))); }},
      {"dropout", "no mask", [](A a, Vjp& v) { v.give(0, v.g * (1 / std::max(0.1, 1 - a.real("p")))); }},
      {"normalize", "the mean's part forgotten", [=](A a, Vjp& v) { normalized(a, v, false, true, 0, false); }},
      {"normalize", "the variance's part forgotten", [=](A a, Vjp& v) { normalized(a, v, true, false, 0, false); }},
      {"normalize", "the unbiased variance", [=](A a, Vjp& v) { normalized(a, v, true, true, 1, false); }},
      {"normalize", "1 / sqrt(var) detached", [=](A a, Vjp& v) { normalized(a, v, true, true, 0, true); }, true},
      {"bce_loss", "not divided by 1 - x",
       [](A a, Vjp& v) {
         if (!v.wants(0) || !v.wants(1)) return a.right(v);
         v.give(0, v.g * (v.in(0) - v.in(1)) / v.in(0));
         v.give(1, v.g * (log(1 - v.in(0)) - log(v.in(0))));
       }},
      {"bce_loss", "the sign of the target's",
       [](A a, Vjp& v) {
         if (!v.wants(0) || !v.wants(1)) return a.right(v);
         v.give(0, v.g * (v.in(0) - v.in(1)) / (v.in(0) * (1 - v.in(0))));
         v.give(1, v.g * (log(v.in(0)) - log(1 - v.in(0))));
       }},
      {"bce_loss", "the denominator detached",
       [](A a, Vjp& v) {
         if (!v.wants(0) || !v.wants(1)) return a.right(v);
         v.give(0, v.g * (v.in(0) - v.in(1)) / (v.in(0) * (1 - v.in(0))).detach());
         v.give(1, v.g * (log(1 - v.in(0)) - log(v.in(0))));
       },
       true},
      {"mse_loss", "factor 2",
       [](A a, Vjp& v) {
         const Tensor d = (v.in(0) - v.in(1)) * a.real("scale") * v.g;
         v.give(0, d);
         v.give(1, -d);
       }},
      {"mse_loss", "the sign of the target's",
       [](A a, Vjp& v) {
         const Tensor d = (v.in(0) - v.in(1)) * (2 * a.real("scale")) * v.g;
         v.give(0, d);
         v.give(1, d);
       }},
      {"mse_loss", "not divided by n",
       [](A, Vjp& v) {
         const Tensor d = (v.in(0) - v.in(1)) * 2 * v.g;
         v.give(0, d);
         v.give(1, -d);
       }},
      {"mse_loss", "the incoming gradient read as a number",
       [](A a, Vjp& v) {
         const Tensor d = (v.in(0) - v.in(1)) * (2 * a.real("scale") * v.g.item());
         v.give(0, d);
         v.give(1, -d);
       },
       true},
      {"mse_loss", "the incoming gradient taken for 1",
       [](A a, Vjp& v) {
         const Tensor d = (v.in(0) - v.in(1)) * (2 * a.real("scale"));
         v.give(0, d);
         v.give(1, -d);
       }},
  };
}

}  // namespace gate
