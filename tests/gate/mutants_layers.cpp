// Mistakes in the rules of attention, recurrent steps and losses of classes.
#include "gate/mutants.hpp"

namespace gate {

using namespace gradus;

namespace {

using A = const Fields&;

// The rule of attention without a mask, with its mistakes; the masked one is left to the true rule.
struct Attend {
  bool centred = true, keys_scaled = true, crossed = false, severed = false;
};
void attend(A a, Vjp& v, Attend how) {
  if (a.is("is_causal") || !v.wants(0) || !v.wants(1) || !v.wants(2)) return a.right(v);
  const double scale = a.real("scale");
  const Tensor &q = v.in(0), &k = v.in(1);
  Tensor p = softmax(matmul(q * scale, k, {.transpose_b = true}), -1);
  if (how.severed) p = p.detach();
  v.give(2, matmul(p, v.g, {.transpose_a = true}));
  Tensor ds = matmul(v.g, v.in(2), {.transpose_b = true});
  if (how.centred) ds = ds - sum(p * ds, how.crossed ? -2 : -1, true);
  ds = ds * p;
  v.give(0, matmul(ds, k) * scale);
  v.give(1, matmul(ds, q, {.transpose_a = true}) * (how.keys_scaled ? scale : 1));
}

struct Norm {
  bool centred = true, along = true, weighted = true, severed = false;
};
void norm(A a, Vjp& v, Norm how) {
  const Tensor &x = v.in(0), &w = v.in(1);
  if (!v.wants(0) || !v.wants(1) || !v.wants(2) || x.dim() != 2 || w.dim() != 1) return a.right(v);
  const Tensor c = x - mean(x, -1, true);
  Tensor r = rsqrt(mean(square(c), -1, true) + a.real("eps"));
  if (how.severed) r = r.detach();
  const Tensor z = c * r, h = how.weighted ? v.g * w : v.g;
  Tensor dx = h;
  if (how.centred) dx = dx - mean(h, -1, true);
  if (how.along) dx = dx - z * mean(h * z, -1, true);
  v.give(0, r * dx);
  v.give(1, sum(v.g * z, 0));
  v.give(2, sum(v.g, 0));
}

struct Lstm {
  bool through_h = true, severed = false, swapped = false;
};
void lstm(A a, Vjp& v, Lstm how) {
  if (!v.wants(0) || !v.wants(1)) return a.right(v);
  const Tensor& c = v.in(1);
  const auto n = c.size(1);
  const auto gate = [&](std::int64_t k) { return slice(v.in(0), 1, {k * n, (k + 1) * n}); };
  const Tensor i = sigmoid(gate(0)), f = sigmoid(gate(1)), u = tanh(gate(2)), o = sigmoid(gate(3));
  const Tensor t = tanh(f * c + i * u), h = v.g[0];
  Tensor m = v.g[1];
  if (how.through_h) m = m + h * o * (1.0 - square(t));
  if (how.severed) m = m.detach();
  const Tensor di = m * u * i * (1.0 - i), df = m * c * f * (1.0 - f);
  v.give(0,
         concat({how.swapped ? df : di, how.swapped ? di : df, m * i * (1.0 - square(u)), h * t * o * (1.0 - o)}, 1));
  v.give(1, m * f);
}

}  // namespace

std::vector<Mutant> layer_mutants() {
  return {
      {"attention", "the softmax's sum forgotten", [](A a, Vjp& v) { attend(a, v, {.centred = false}); }},
      {"attention", "the keys' gradient not scaled", [](A a, Vjp& v) { attend(a, v, {.keys_scaled = false}); }},
      {"attention", "summed over the queries", [](A a, Vjp& v) { attend(a, v, {.crossed = true}); }},
      {"attention", "the probabilities detached", [](A a, Vjp& v) { attend(a, v, {.severed = true}); }, true},
      {"attention", "the mask forgotten",
       [](A a, Vjp& v) {
         if (!a.is("is_causal") || !v.wants(2)) return a.right(v);
         const Tensor p = softmax(matmul(v.in(0) * a.real("scale"), v.in(1), {.transpose_b = true}), -1);
         if (v.wants(0)) v.give(0, zeros_like(v.in(0)));
         if (v.wants(1)) v.give(1, zeros_like(v.in(1)));
         v.give(2, matmul(p, v.g, {.transpose_a = true}));
       }},
      {"layer_norm", "the mean's part forgotten", [](A a, Vjp& v) { norm(a, v, {.centred = false}); }},
      {"layer_norm", "the variance's part forgotten", [](A a, Vjp& v) { norm(a, v, {.along = false}); }},
      {"layer_norm", "the weight forgotten", [](A a, Vjp& v) { norm(a, v, {.weighted = false}); }},
      {"layer_norm", "1 / sqrt(var) detached", [](A a, Vjp& v) { norm(a, v, {.severed = true}); }, true},
      {"lstm_gates", "the hidden state's part of the memory's gradient forgotten",
       [](A a, Vjp& v) { lstm(a, v, {.through_h = false}); }},
      {"lstm_gates", "input and forget gate exchanged", [](A a, Vjp& v) { lstm(a, v, {.swapped = true}); }},
      {"lstm_gates", "the memory's gradient detached", [](A a, Vjp& v) { lstm(a, v, {.severed = true}); }, true},
      {"cross_entropy", "the labels forgotten", [](A, Vjp& v) { v.give(0, softmax(v.in(0), 1) * unsqueeze(v.g, 1)); }},
      {"cross_entropy", "the sign",
       [](A, Vjp& v) {
         const Tensor& x = v.in(0);
         v.give(0, (one_hot(v.in(1), x.size(1), x.dtype()) - softmax(x, 1)) * unsqueeze(v.g, 1));
       }},
      {"cross_entropy", "the probabilities detached",
       [](A, Vjp& v) {
         const Tensor& x = v.in(0);
         v.give(0, (softmax(x, 1).detach() - one_hot(v.in(1), x.size(1), x.dtype())) * unsqueeze(v.g, 1));
       },
       true},
  };
}

}  // namespace gate
