// Reductions and scans.
#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

using Reduce = Tensor (*)(Arg, Axes, bool);
using Draw = Tensor (*)(Rng&, const Shape&);

Tensor apart(Rng& rng, const Shape& s) { return distinct(rng, s); }

std::vector<Case> axes_errors(Reduce f, bool takes_integers, bool takes_empty, bool takes_flags = false) {
  const auto over = [f](Axes a) { return [f, a](const Tensors& x) { return f(x[0], a, false); }; };
  std::vector<Case> errors{{over({2}), {numbers({2, 3})}},    {over({-3}), {numbers({2, 3})}},
                           {over({0, 0}), {numbers({2, 3})}}, {over({1, -1}), {numbers({2, 3})}},
                           {over({0}), {numbers({})}},        {over({}), {undefined()}}};
  if (!takes_flags) errors.push_back({over({}), {flags({2})}});
  if (!takes_integers) errors.push_back({over({}), {whole({2})}});
  if (!takes_empty) {
    errors.push_back({over({1}), {numbers({2, 0})}});
    errors.push_back({over({}), {numbers({0, 3})}});
  }
  return errors;
}

Row reduction(const char* name, Reduce f, Draw draw, const char* no_curve, bool takes_integers, bool takes_empty = true,
              bool of_nothing_is_finite = true) {
  const auto sample = [=](Rng& rng) -> Case {
    const Shape s = shape(rng, 0, 4, takes_empty && of_nothing_is_finite);
    const Axes over = axes(rng, s.size());
    const bool keepdim = rng.chance(0.4);
    return {[=](const Tensors& x) { return f(x[0], over, keepdim); }, {draw(rng, s)}};
  };
  const bool takes_flags = std::string(name) == "sum" || std::string(name) == "mean";
  return {name, sample, axes_errors(f, takes_integers, takes_empty, takes_flags), nullptr, no_curve};
}

// A product of few numbers, some of them 0: its rule must not divide.
Case prod_case(Rng& rng) {
  Shape s = shape(rng, 0, 3);
  const Axes over = axes(rng, s.size());
  const bool keepdim = rng.chance(0.4);
  Tensor x = uniform(rng, s, 0.5, 1.5) * (to(booleans(rng, s), f64) * 2 - 1);
  if (rng.chance(0.3)) x = masked_fill(x, booleans(rng, s), 0);
  return {[=](const Tensors& t) { return prod(t[0], over, keepdim); }, {strided(rng, x)}};
}

Case cumprod_case(Rng& rng) {
  const Shape s = shape(rng, 1, 3);
  const int along = axis(rng, s.size());
  Tensor x = uniform(rng, s, 0.5, 1.5) * (to(booleans(rng, s), f64) * 2 - 1);
  if (rng.chance(0.4)) x = masked_fill(x, booleans(rng, s), 0);
  return {[=](const Tensors& t) { return cumprod(t[0], along); }, {strided(rng, x)}};
}

Tensor euclidean(Arg x, Axes axes, bool keepdim) { return norm(x, 2, axes, keepdim); }

Case norm_case(Rng& rng) {
  const Shape s = shape(rng, 0, 3);
  const Axes over = axes(rng, s.size());
  const bool keepdim = rng.chance(0.4);
  const double p = rng.of({2.0, 3.0, 1.5, 0.5, 4.0, -1.0, -2.0, rng.uniform(1, 4)});
  return {[=](const Tensors& x) { return norm(x[0], p, over, keepdim); }, {signed_away(rng, s, 0.4, 2)}};
}

Row scan(const char* name, Tensor (*f)(Arg, int), const char* no_curve, bool takes_integers) {
  const auto sample = [=](Rng& rng) -> Case {
    const Shape s = shape(rng, 1, 4);
    const int along = axis(rng, s.size());
    return {[=](const Tensors& x) { return f(x[0], along); }, {uniform(rng, s, -2, 2)}};
  };
  const auto on = [f](int a) { return [f, a](const Tensors& x) { return f(x[0], a); }; };
  std::vector<Case> errors{{on(2), {numbers({2, 3})}},
                           {on(-3), {numbers({2, 3})}},
                           {on(0), {numbers({})}},
                           {on(0), {flags({2})}},
                           {on(0), {undefined()}}};
  if (!takes_integers) errors.push_back({on(0), {whole({2})}});
  return {name, sample, std::move(errors), nullptr, no_curve};
}

}  // namespace

std::vector<Row> reduce_rows() {
  return {
      reduction("sum", sum, normal, is_linear, true),
      reduction("mean", mean, normal, is_linear, false, true, false),
      {"prod", prod_case, axes_errors(prod, true, true)},
      reduction("max", max, apart, in_pieces, true, false),
      reduction("min", min, apart, in_pieces, true, false),
      reduction("logsumexp", logsumexp, normal, nullptr, false, true, false),
      {"norm", norm_case, axes_errors(euclidean, false, true)},
      scan("cumsum", cumsum, is_linear, true),
      {"cumprod", cumprod_case, scan("cumprod", cumprod, nullptr, true).errors},
      scan("softmax", softmax, nullptr, false),
      scan("log_softmax", log_softmax, nullptr, false),
  };
}

}  // namespace gate
