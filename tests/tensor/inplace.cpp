// Changes in place: overlapping views, values that a dtype cannot hold, and what is refused before anything changes.
#include <gradus/ops.hpp>
#include <gradus/parameter.hpp>

#include <cmath>
#include <limits>

#include "support.hpp"
#include "tensor/impl.hpp"

using namespace gradus;

using Numbers = std::vector<double>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor rising(std::int64_t n) { return arange(n).to(f32); }

}  // namespace

TEST_CASE("in place: the source is read before the first change") {
  SUBCASE("a view moved up or down by one") {
    Tensor up = rising(6);
    slice(up, 0, {1, 6}).copy_(slice(up, 0, {0, 5}));
    CHECK(up.to_vector() == Numbers{0, 0, 1, 2, 3, 4});
    Tensor down = rising(6);
    slice(down, 0, {0, 5}).copy_(slice(down, 0, {1, 6}));
    CHECK(down.to_vector() == Numbers{1, 2, 3, 4, 5, 5});
    Tensor sum = rising(6);
    slice(sum, 0, {1, 6}).add_(slice(sum, 0, {0, 5}), 2);
    CHECK(sum.to_vector() == Numbers{0, 1, 4, 7, 10, 13});
  }
  SUBCASE("the transpose of itself") {
    for (const std::int64_t n : {2, 3, 40}) {
      CAPTURE(n);
      const Tensor before = arange(n * n).to(f64).reshape({n, n});
      Tensor m = before.clone();
      m.copy_(m.t());
      CHECK(equal(m, before.t().contiguous()));
      Tensor s = before.clone();
      s.add_(s.t());
      CHECK(equal(s, before + before.t()));
      Tensor t = before.clone();
      t.t().copy_(t);
      CHECK(equal(t, before.t().contiguous()));
    }
  }
  SUBCASE("one row or column for all") {
    Tensor m = rising(6).reshape({2, 3});
    m.copy_(m[1]);
    CHECK(m.to_vector() == Numbers{3, 4, 5, 3, 4, 5});
    Tensor a = rising(6).reshape({2, 3});
    a.add_(a[0]);
    CHECK(a.to_vector() == Numbers{0, 2, 4, 3, 5, 7});
    Tensor c = rising(6).reshape({2, 3});
    c.add_(slice(c, 1, {2, 3}), -1);
    CHECK(c.to_vector() == Numbers{-2, -1, 0, -2, -1, 0});
  }
  SUBCASE("every second element over the others, and over a part of itself") {
    Tensor x = rising(8);
    slice(x, 0, {0, 8, 2}).copy_(slice(x, 0, {1, 8, 2}));
    CHECK(x.to_vector() == Numbers{1, 1, 3, 3, 5, 5, 7, 7});
    Tensor y = rising(8);
    slice(y, 0, {0, 4}).copy_(slice(y, 0, {0, 8, 2}));
    CHECK(y.to_vector() == Numbers{0, 2, 4, 6, 4, 5, 6, 7});
  }
  SUBCASE("the same view") {
    Tensor x = rising(4);
    x.add_(x);
    x.copy_(x);
    x.add_(x.detach(), -0.5);
    CHECK(x.to_vector() == Numbers{0, 1, 2, 3});
  }
  SUBCASE("parts that do not overlap") {
    Tensor x = rising(6);
    slice(x, 0, {0, 3}).copy_(slice(x, 0, {3, 6}));
    CHECK(x.to_vector() == Numbers{3, 4, 5, 3, 4, 5});
    slice(x, 0, {3, 3}).copy_(slice(x, 0, {2, 2}));
    CHECK(x.to_vector() == Numbers{3, 4, 5, 3, 4, 5});
  }
  SUBCASE("assignments to parameters") {
    Parameter p = rising(4).reshape({2, 2});
    const Tensor handle = p;
    p = p.t();
    CHECK(p.to_vector() == Numbers{0, 2, 1, 3});
    CHECK(handle.to_vector() == Numbers{0, 2, 1, 3});
    p = static_cast<Tensor&>(p);
    p = p[0];
    p = rising(3);
    CHECK(handle.to_vector() == Numbers{0, 1, 2});
  }
}

TEST_CASE("in place: an expanded view is no destination") {
  Tensor one = zeros({1, 3});
  Tensor wide = expand(one, {4, 3});
  CHECK_SAYS(wide.copy_(ones({4, 3})), "copy_: the tensor is an expanded view", "strides (0, 1)", "inplace.cpp:");
  CHECK_SAYS(wide.add_(ones({3})), "add_: the tensor is an expanded view");
  CHECK_SAYS(wide.mul_(2), "mul_: the tensor is an expanded view");
  CHECK_SAYS(wide.fill_(1), "fill_: the tensor is an expanded view");
  CHECK_SAYS(wide.zero_(), "fill_: the tensor is an expanded view");
  CHECK_SAYS(wide.set({0, 0}, 1), "set: the tensor is an expanded view");
  CHECK(one.to_vector() == Numbers{0, 0, 0});
  CHECK(one.version() == 0);
}

TEST_CASE("in place: i64 takes whole numbers in its range") {
  Tensor x = arange(3);
  for (const double wrong : {0.5, -1e-300, std::nan(""), infinity, -infinity, 1e300, 0x1p63, -0x1.8p63}) {
    CAPTURE(wrong);
    CHECK_SAYS(x.fill_(wrong), "fill_: the value does not fit into i64", "inplace.cpp:");
    CHECK_SAYS(x.set({0}, wrong), "set: the value does not fit into i64", "inplace.cpp:");
    CHECK_SAYS(x.mul_(wrong), "mul_: the value does not fit into i64", "inplace.cpp:");
    CHECK_SAYS(x.add_(x, wrong), "add_: the value does not fit into i64", "inplace.cpp:");
    CHECK_SAYS(x.copy_(tensor({0, wrong, 0}, f64)), "copy_: the value does not fit into i64", "at (1,)",
               "inplace.cpp:");
  }
  CHECK_SAYS(x.mul_(0.5), "got:      0.5", "a whole number from -2^63 to 2^63 - 1");
  CHECK_SAYS(x.fill_(-std::nan("")), "got:      nan\n");
  CHECK_SAYS(x.copy_(tensor({0.25f, 0.25f, 0.25f})), "got:      0.25 at (0,)");
  CHECK_SAYS(x.reshape({1, 3}).copy_(expand(tensor({1.5}), {1, 3})), "1.5 at (0, 0)");
  CHECK(x.to_vector() == Numbers{0, 1, 2});  // nothing is half changed
  CHECK(x.version() == 0);

  constexpr std::int64_t odd = (std::int64_t{1} << 53) + 1;
  x.fill_(-0x1p63);
  CHECK(x.at<std::int64_t>({2}) == std::numeric_limits<std::int64_t>::min());
  x.fill_(odd);
  x.set({1}, odd + 2);
  CHECK(x.to_vector<std::int64_t>() == std::vector<std::int64_t>{odd, odd + 2, odd});
  x.fill_(3).mul_(-2).add_(tensor({1, 2, 3}, i64), 3);
  CHECK(x.to_vector() == Numbers{-3, 0, 3});
  CHECK_SAYS(x.mul_(odd), "mul_: the value does not fit into double", "9007199254740993");
  x.copy_(tensor({1e18, -7, -0.0}, f64));
  CHECK(x.to_vector() == Numbers{1e18, -7, 0});
}

TEST_CASE("in place: bool takes 0 and 1") {
  Tensor b = zeros({2}, boolean);
  for (const double wrong : {0.5, 2.0, -1.0, std::nan(""), infinity}) {
    CAPTURE(wrong);
    CHECK_SAYS(b.fill_(wrong), "fill_: the value does not fit into bool", "0 or 1");
    CHECK_SAYS(b.set({1}, wrong), "set: the value does not fit into bool");
    CHECK_SAYS(b.copy_(tensor({0, wrong})), "copy_: the value does not fit into bool", "at (1,)");
  }
  CHECK_SAYS(b.copy_(tensor({0, 3}, i64)), "copy_: the value does not fit into bool", "3 at (1,)");
  CHECK_SAYS(b.mul_(1), "mul_: the operation is not defined for this dtype", "bool", "inplace.cpp:");
  CHECK_SAYS(b.add_(b), "add_: the operation is not defined for this dtype", "bool", "inplace.cpp:");
  CHECK(b.to_vector() == Numbers{0, 0});
  b.copy_(tensor({0, 1}));
  CHECK(b.to_vector() == Numbers{0, 1});
  b.fill_(true);
  CHECK(b.to_vector() == Numbers{1, 1});
}

TEST_CASE("in place: dtypes that differ") {
  Tensor x = zeros({2});
  CHECK_SAYS(x.add_(arange(2)), "add_: dtypes differ", "f32 and i64", "other.to(f32)", "inplace.cpp:");
  x.copy_(arange(2));
  CHECK(x.to_vector() == Numbers{0, 1});
  CHECK_SAYS(x.copy_(zeros({3})), "copy_: ", "(3,)", "(2,)");
}

TEST_CASE("conversions to i64 and bool: fractions are cut, what has no value is an error") {
  const Tensor x = tensor({1.9, -1.9, -0.0, 0.5}, f64);
  CHECK(x.to(i64).to_vector() == Numbers{1, -1, 0, 0});
  CHECK(x.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, -1, 0, 0});
  CHECK(x.to(boolean).to_vector() == Numbers{1, 1, 0, 1});
  CHECK(tensor({NAN, INFINITY}).to(boolean).to_vector() == Numbers{1, 1});
  for (const double wrong : {std::nan(""), infinity, -infinity, 1e300, 0x1p63}) {
    CAPTURE(wrong);
    const Tensor m = tensor({{0, 0, 0}, {0, 0, wrong}}, f64);
    CHECK_SAYS(m.to(i64), "to: the value does not fit into i64", "at (1, 2)", "inplace.cpp:");
    CHECK_SAYS(m.t().to(i64), "at (2, 1)");
    CHECK_SAYS(m.to_vector<std::int64_t>(), "to_vector: the value does not fit into i64", "at (1, 2)", "inplace.cpp:");
    CHECK_SAYS(m.at<std::int64_t>({1, 2}), "at: the value does not fit into i64", "inplace.cpp:");
    CHECK_SAYS(m[1][2].item<std::int64_t>(), "item: the value does not fit into i64", "inplace.cpp:");
    CHECK(m.to(f32).to(f64).at({0, 0}) == 0);
  }
  CHECK(tensor({-0x1p63}, f64).to(i64).item<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("item and at give the type that is wanted, or an error") {
  constexpr std::int64_t odd = (std::int64_t{1} << 53) + 1;
  const Tensor n = tensor({odd, 5, 1}, i64);
  CHECK(n.at<std::int64_t>({0}) == odd);
  CHECK(n[0].item<std::int64_t>() == odd);
  CHECK(n.at<int>({1}) == 5);
  CHECK(n.at<bool>({2}));
  CHECK(n.at<float>({1}) == 5.0f);
  CHECK(n.at({-2}) == 5.0);
  CHECK(scalar(2.5).item<float>() == 2.5f);
  CHECK(scalar(1, boolean).item<bool>());
  CHECK(scalar(3).item<int>() == 3);
  CHECK_SAYS(n.at<int>({0}), "at: the value does not fit into int", "9007199254740993", "inplace.cpp:");
  CHECK_SAYS(n.at<bool>({1}), "at: the value does not fit into bool");
  CHECK_SAYS(scalar(2.5).item<std::int64_t>(), "item: the value does not fit into i64", "2.5");
  CHECK_SAYS(scalar(NAN).item<int>(), "item: the value does not fit into i64", "nan");
  CHECK_SAYS(n.item(), "item: the tensor has not exactly one element", "shape (3,)", "inplace.cpp:");
  CHECK_SAYS(n.at({3}), "at: index out of range", "3 on axis 0 of shape (3,)", "-3 to 2", "inplace.cpp:");
  CHECK_SAYS(n.at({0, 0}), "the number of indices differs from the number of axes", "2 indices", "1, for shape (3,)");
}

TEST_CASE("an undefined or moved-from tensor is an error with the line of the call") {
  const Tensor never;
  Tensor gone = ones({2});
  const Tensor taken = std::move(gone);
  for (const Tensor& u : {never, gone}) {
    Tensor x = u;
    const char* here = "tests/tensor/inplace.cpp:";
    CHECK_SAYS(u.shape(), "shape: the tensor is undefined", "moved-from", here);
    CHECK_SAYS(u.strides(), "strides: the tensor is undefined", here);
    CHECK_SAYS(u.dim(), "dim: the tensor is undefined", here);
    CHECK_SAYS(u.size(0), "size: the tensor is undefined", here);
    CHECK_SAYS(u.numel(), "numel: the tensor is undefined", here);
    CHECK_SAYS(u.dtype(), "dtype: the tensor is undefined", here);
    CHECK_SAYS(u.is_contiguous(), "is_contiguous: the tensor is undefined", here);
    CHECK_SAYS(u.name(), "name: the tensor is undefined", here);
    CHECK_SAYS(x.set_name("x"), "set_name: the tensor is undefined", here);
    CHECK_SAYS(u.item(), "item: the tensor is undefined", here);
    CHECK_SAYS(u.at({0}), "at: the tensor is undefined", here);
    CHECK_SAYS(x.set({0}, 1), "set: the tensor is undefined", here);
    CHECK_SAYS(u.data<float>(), "data: the tensor is undefined", here);
    CHECK_SAYS(x.mutable_data<float>(), "data: the tensor is undefined", here);
    CHECK_SAYS(u.to_vector(), "the tensor is undefined", here);
    CHECK_SAYS(u.copy_to(std::span<float>{}), "the tensor is undefined", here);
    CHECK_SAYS(x.fill_(0), "fill_: the tensor is undefined", here);
    CHECK_SAYS(x.zero_(), "fill_: the tensor is undefined", here);
    CHECK_SAYS(x.copy_(ones({2})), "copy_: the tensor is undefined", here);
    CHECK_SAYS(ones({2}).copy_(u), "copy_: the tensor is undefined", here);
    CHECK_SAYS(x.add_(ones({2})), "add_: the tensor is undefined", here);
    CHECK_SAYS(ones({2}).add_(u), "add_: the tensor is undefined", here);
    CHECK_SAYS(x.mul_(2), "mul_: the tensor is undefined", here);
    CHECK_SAYS(u.version(), "version: the tensor is undefined", here);
    CHECK_SAYS(x.requires_grad_(), "requires_grad_: the tensor is undefined", here);
    CHECK_SAYS(u.requires_grad(), "requires_grad: the tensor is undefined", here);
    CHECK_SAYS(u.grad(), "grad: the tensor is undefined", here);
    CHECK_SAYS(x.set_grad(ones({2})), "set_grad: the tensor is undefined", here);
    CHECK_SAYS(x.zero_grad(), "zero_grad: the tensor is undefined", here);
    CHECK_SAYS(u.detach(), "detach: the tensor is undefined", here);
    CHECK_SAYS(u.to(f64), "the tensor is undefined", here);
    CHECK_SAYS(u + 1, "the tensor is undefined", here);
    CHECK_SAYS(1 - u, "the tensor is undefined", here);
    CHECK_SAYS(u > 0, "the tensor is undefined", here);
    CHECK_SAYS(u + ones({2}), "the tensor is undefined", here);
    CHECK(to_string(u) == "undefined");
  }
  CHECK(taken.to_vector() == Numbers{1, 1});
}

TEST_CASE("a parameter of integers is an error with the line of the call") {
  const auto make = [] { const Parameter p = arange(3); };
  CHECK_SAYS(make(), "requires_grad_: only floating-point tensors have gradients", "i64", "tests/tensor/inplace.cpp:");
}

TEST_CASE("set_grad: a tensor is not its own gradient, at any distance") {
  Tensor x = ones({2}), y = ones({2}), z = ones({2});
  CHECK_SAYS(x.set_grad(x), "set_grad: the tensor would be its own gradient", "grad.clone()", "inplace.cpp:");
  x.set_grad(y);
  y.set_grad(z);
  CHECK_SAYS(z.set_grad(x), "set_grad: the tensor would be its own gradient");
  CHECK_FALSE(z.grad().defined());
  z.set_grad(x.clone());
  x.set_grad(x.detach());  // shares the numbers, not the gradient
  CHECK(x.grad().to_vector() == Numbers{1, 1});
  CHECK_SAYS(x.set_grad(ones({3})), "set_grad: the gradient has another shape or dtype", "(3,) f32", "(2,) f32");
}
