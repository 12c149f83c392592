#include <cmath>
#include <limits>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/optim/clip.hpp>
#include <gradus/optim/sgd.hpp>

#include "support.hpp"

using namespace gradus;
using namespace gradus::optim;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Tensor with_grad(const std::vector<double>& g, DType dtype = f64) {
  Tensor p = zeros({static_cast<std::int64_t>(g.size())}, dtype).requires_grad_();
  p.set_grad(from_data(g, p.shape()).to(dtype));
  return p;
}

}  // namespace

TEST_CASE("clip_grad_norm: all gradients are one vector") {
  const Tensor a = with_grad({3, 0}), b = with_grad({-4}), none = zeros({2}).requires_grad_();
  CHECK(clip_grad_norm({a, b, none}, 10) == 5);
  CHECK(a.grad().at({0}) == 3);
  CHECK(clip_grad_norm({a, b, none}, 1) == 5);
  CHECK(a.grad().at({0}) == doctest::Approx(3 / 5.000001).epsilon(1e-14));
  CHECK(b.grad().at({0}) == doctest::Approx(-4 / 5.000001).epsilon(1e-14));
  CHECK_FALSE(none.grad().defined());
}

TEST_CASE("clip_grad_norm: other norms") {
  const auto params = [] { return std::vector{with_grad({3, -1}), with_grad({-4}, f32)}; };
  CHECK(clip_grad_norm(params(), 100, 1) == 8);
  CHECK(clip_grad_norm(params(), 100, inf) == 4);
  CHECK(clip_grad_norm(params(), 100, 3) == doctest::Approx(std::cbrt(27.0 + 1 + 64)).epsilon(1e-14));
  const auto p = params();
  clip_grad_norm(p, 2, inf);
  CHECK(p[1].grad().item() == doctest::Approx(-2).epsilon(1e-6));
}

TEST_CASE("clip_grad_norm: sums in f64 over many small and few large ones") {
  Tensor p = zeros({3000}).requires_grad_();
  p.set_grad(full({3000}, 1e-4));
  const double small = static_cast<double>(1e-4f);
  CHECK(clip_grad_norm({p, with_grad({1000}, f32)}, 1e9) ==
        doctest::Approx(std::sqrt(1e6 + 3000 * small * small)).epsilon(1e-15));
}

TEST_CASE("clip_grad_norm: NaN and infinity are told, and spread as the arithmetic says") {
  const Tensor a = with_grad({1, inf}), b = with_grad({2});
  CHECK(clip_grad_norm({a, b}, 1) == inf);
  CHECK(a.grad().at({0}) == 0);
  CHECK(std::isnan(a.grad().at({1})));
  CHECK(b.grad().item() == 0);
  for (const double norm : {1.0, 2.0, 2.5, inf}) {
    const Tensor c = with_grad({1, NAN}), d = with_grad({2});
    CHECK(std::isnan(clip_grad_norm({c, d}, 1, norm)));
    CHECK(std::isnan(d.grad().item()));
  }
}

TEST_CASE("clip_grad_norm: nothing to clip, empty parameters, a module's or an optimizer's") {
  const Tensor p = zeros({2}).requires_grad_(), e = with_grad({});
  CHECK(clip_grad_norm({p, e}, 1) == 0);
  CHECK(clip_grad_norm({p, e}, 1, inf) == 0);
  const Tensor q = with_grad({3, 4});
  const SGD opt({q});
  CHECK(clip_grad_norm(opt, 1) == 5);
  clip_grad_value(opt, 0.1);
  CHECK(q.grad().at({1}) == 0.1);
}

TEST_CASE("clip_grad_value") {
  const Tensor a = with_grad({3, -0.25, -7, NAN, inf});
  clip_grad_value({a}, 0.5);
  CHECK(a.grad().to_vector()[0] == 0.5);
  CHECK(a.grad().to_vector()[1] == -0.25);
  CHECK(a.grad().to_vector()[2] == -0.5);
  CHECK(std::isnan(a.grad().to_vector()[3]));
  CHECK(a.grad().to_vector()[4] == 0.5);
}

TEST_CASE("clip: gradients that are views or on a tape are replaced, not written through") {
  Tensor p = zeros({2, 2}, f64).requires_grad_();
  const Tensor one = scalar(3, f64);
  p.set_grad(expand(one, {2, 2}));
  CHECK(clip_grad_norm({p}, 1) == 6);
  CHECK(p.grad().at({1, 1}) == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(one.item() == 3);

  Tensor x = scalar(2, f64).requires_grad_();
  Tape tape;
  const Tensor g = tape.gradient(x * x * x, {x}, {.record = true})[0];
  x.set_grad(g);
  clip_grad_value({x}, 1);
  CHECK(x.grad().item() == 1);
  CHECK(g.item() == 12);
}

TEST_CASE("clip: errors") {
  const Tensor p = with_grad({1});
  CHECK_SAYS(clip_grad_norm({p}, 0), "clip_grad_norm: max_norm is not positive", "got:      0", "clip.cpp");
  CHECK_SAYS(clip_grad_norm({p}, NAN), "max_norm is not positive");
  CHECK_SAYS(clip_grad_norm({p}, 1, -2), "norm_type is not positive");
  CHECK_SAYS(clip_grad_value({p}, -1), "clip_grad_value: clip_value is not positive");
  CHECK_SAYS(clip_grad_norm({p, Tensor()}, 0.1), "clip_grad_norm: the tensor is undefined");
  CHECK(p.grad().item() == 1);
}
