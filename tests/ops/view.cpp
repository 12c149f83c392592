// Views: which numbers they show, whose numbers they are, and where the gradient goes.
#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;

Tensor count(Shape shape) { return reshape(arange(0, static_cast<double>(shape.numel()), 1, f64), shape); }

// A view shows later changes of what it views.
bool shares(const Tensor& x, const Tensor& y) {
  Tensor base = x;
  const double before = base.at({0, 0}), shown = y.to_vector()[0];
  base.set({0, 0}, before + 100);
  const bool changed = y.to_vector()[0] == shown + 100;
  base.set({0, 0}, before);
  return changed;
}

Numbers gradient(const Tensor& x, Tensor (*f)(const Tensor&)) {
  Tensor leaf = x.clone();
  leaf.requires_grad_();
  Tape tape;
  const Tensor y = f(leaf), k = count(y.shape()) + 1;
  const Tensor fast = tape.gradient(y, {leaf}, {.cotangent = k})[0];
  CHECK(equal(fast, tape.gradient(y, {leaf}, {.record = true, .cotangent = k})[0]));
  return fast.to_vector();
}

}  // namespace

TEST_CASE("reshape: a view where strides allow it, else a copy") {
  const Tensor x = count({2, 6});
  CHECK(reshape(x, {3, 4}).to_vector() == x.to_vector());
  CHECK(reshape(x, {-1}).shape() == Shape{12});
  CHECK(reshape(x, {2, -1, 3}).shape() == Shape{2, 2, 3});
  CHECK(x.reshape({1, 12, 1}).shape() == Shape{1, 12, 1});
  CHECK(shares(x, reshape(x, {3, 4})));
  CHECK(shares(x, reshape(transpose(x, 0, 1), {2, 3, 2})));  // the long axis split: no number moves
  CHECK_FALSE(shares(x, reshape(transpose(x, 0, 1), {12})));
  CHECK(reshape(transpose(x, 0, 1), {12}).to_vector() == Numbers{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11});
  CHECK(shares(x, reshape(slice(x, 1, {0, 6, 2}), {6})));  // rows of every second: one stride of 2
  CHECK(reshape(expand(scalar(5), {2, 3}), {3, 2}).strides() == Shape{0, 0});
  CHECK(reshape(scalar(5), {1, 1}).shape() == Shape{1, 1});
  CHECK(reshape(ones({1, 1}), {}).shape() == Shape{});
  CHECK(reshape(zeros({0, 3}), {3, 0, 7}).shape() == Shape{3, 0, 7});
  CHECK(reshape(zeros({0, 3}), {3, -1}).shape() == Shape{3, 0});
}

TEST_CASE("reshape: any view has the numbers of its dense copy") {
  const Tensor x = count({4, 6, 5});
  const Tensor views[] = {permute(x, {2, 0, 1}),
                          permute(x, {1, 2, 0}),
                          slice(x, {{1, 3}, {0, 6, 2}}),
                          expand(slice(x, 0, {0, 1}), {4, 6, 5}),
                          transpose(slice(x, 2, {1, 4}), 0, 1),
                          flip(x, {1})};
  const std::vector<Shape> shapes{{-1},       {2, -1}, {-1, 2}, {1, -1, 1, 3}, {3, -1, 2},
                                  {2, 2, -1}, {5, -1}, {-1, 5}, {6, -1}};
  for (const Tensor& v : views)
    for (const Shape& shape : shapes) {
      std::int64_t known = 1;
      for (const auto n : shape) known *= n < 0 ? 1 : n;
      if (v.numel() % known) continue;
      CHECK(reshape(v, shape).to_vector() == v.to_vector());
    }
}

TEST_CASE("reshape, flatten: what they refuse") {
  const Tensor x = ones({2, 3});
  CHECK_SAYS(reshape(x, {4, 2}), "reshape: the shapes have different numbers of elements", "(2, 3) to (4, 2)",
             "6 elements", "view.cpp:");
  CHECK_SAYS(reshape(x, {-1, -1}), "reshape: more than one size is -1", "at most one -1");
  CHECK_SAYS(reshape(x, {4, -1}), "reshape: the number of elements is not divisible by the other sizes", "6 elements");
  CHECK_SAYS(reshape(x, {-2, 3}), "reshape: a size is negative");
  CHECK_SAYS(reshape(zeros({0}), {0, -1}), "reshape: the number of elements is not divisible by the other sizes",
             "0 elements");
  CHECK_SAYS(reshape(x, {INT64_MAX, INT64_MAX, 6}), "reshape: the shapes have different numbers");
  CHECK_SAYS(reshape(x, {INT64_MAX, INT64_MAX, -1}),
             "reshape: the number of elements is not divisible by the other sizes");
  CHECK_SAYS(reshape(zeros({0}), {INT64_MAX, INT64_MAX, 0}), "reshape: the shape is too large");
  CHECK_SAYS(reshape(Tensor(), {1}), "reshape: the tensor is undefined");
  CHECK_SAYS(flatten(x, 1, 0), "flatten: the first axis comes after the last");
  CHECK_SAYS(flatten(x, 2), "flatten: axis out of range");
}

TEST_CASE("flatten, squeeze, unsqueeze") {
  const Tensor x = count({2, 1, 3, 1});
  CHECK(flatten(x).shape() == Shape{6});
  CHECK(flatten(x, 1).shape() == Shape{2, 3});
  CHECK(flatten(x, 1, -2).shape() == Shape{2, 3, 1});
  CHECK(flatten(scalar(1)).shape() == Shape{1});
  CHECK(squeeze(x).shape() == Shape{2, 3});
  CHECK(squeeze(x, 1).shape() == Shape{2, 3, 1});
  CHECK(squeeze(x, -1).shape() == Shape{2, 1, 3});
  CHECK(squeeze(x, 0).shape() == x.shape());
  CHECK(unsqueeze(x, 0).shape() == Shape{1, 2, 1, 3, 1});
  CHECK(unsqueeze(scalar(1), -1).shape() == Shape{1});
  CHECK(unsqueeze(ones({2, 3}), -1).shape() == Shape{2, 3, 1});
  CHECK_SAYS(unsqueeze(ones({2, 3}), 3), "unsqueeze: axis out of range", "-3 to 2");
  CHECK_SAYS(unsqueeze(ones({1, 1, 1, 1, 1, 1, 1, 1}), 0), "unsqueeze: the result would have too many axes",
             "at most 8", "view.cpp:");
  CHECK_SAYS(squeeze(x, 4), "squeeze: axis out of range");
}

TEST_CASE("expand: broadcasts without a copy; the gradient is summed") {
  const Tensor x = unsqueeze(tensor({1, 2}, f64), 1);
  CHECK(expand(x, {2, 3}).to_vector() == Numbers{1, 1, 1, 2, 2, 2});
  CHECK(expand(x, {2, 3}).strides()[1] == 0);
  CHECK(expand(x, {4, -1, 3}).shape() == Shape{4, 2, 3});
  CHECK(expand(x, {2, 0}).numel() == 0);
  CHECK(expand(scalar(1), {2, 2}).shape() == Shape{2, 2});
  CHECK(gradient(x, [](const Tensor& t) { return expand(t, {2, 3}); }) == Numbers{6, 15});
  CHECK(gradient(x, [](const Tensor& t) { return expand(t, {2, 2, 1}); }) == Numbers{4, 6});
  CHECK(gradient(x, [](const Tensor& t) { return expand(t, {2, 2, 2}); }) == Numbers{14, 22});
  CHECK(gradient(x, [](const Tensor& t) { return expand(t, {2, 0}); }) == Numbers{0, 0});
  CHECK(gradient(x, [](const Tensor& t) { return expand(t, {-1, -1}); }) == Numbers{1, 2});
  CHECK_SAYS(expand(x, {3, 3}), "expand: the tensor does not broadcast to this shape", "(2, 1)", "(3, 3)", "view.cpp:");
  CHECK_SAYS(expand(x, {2}), "expand: the tensor does not broadcast");
  CHECK_SAYS(expand(x, {-1, 2, 3}), "expand: a size is negative", "(2, 1) to (-1, 2, 3)");
  CHECK_SAYS(expand(x, {2, -2}), "expand: a size is negative");
  CHECK_SAYS(expand(scalar(1), {INT64_MAX, INT64_MAX}), "expand: the shape is too large");
}

TEST_CASE("permute, transpose, t") {
  const Tensor x = count({2, 3, 4});
  CHECK(permute(x, {2, 0, 1}).shape() == Shape{4, 2, 3});
  CHECK(permute(x, {2, 0, 1}).at({3, 1, 2}) == x.at({1, 2, 3}));
  CHECK(equal(permute(x, {-1, 0, -2}), permute(x, {2, 0, 1})));
  CHECK(permute(scalar(1), {}).shape() == Shape{});
  CHECK(equal(transpose(x, 0, -1), permute(x, {2, 1, 0})));
  CHECK(x.t().shape() == Shape{2, 4, 3});
  const Tensor m = count({2, 3});
  CHECK(shares(m, m.t()));
  CHECK(gradient(m, [](const Tensor& t) { return t.t(); }) == Numbers{1, 3, 5, 2, 4, 6});
  CHECK_SAYS(permute(x, {0, 1}), "permute: the number of axes differs from the tensor's",
             "axes (0, 1) for shape (2, 3, 4)", "3 axes", "view.cpp:");
  CHECK_SAYS(permute(x, {0, 1, 1}), "permute: axis 1 is given twice");
  CHECK_SAYS(permute(x, {0, 1, 3}), "permute: axis out of range");
  CHECK_SAYS(transpose(x, 0, 3), "transpose: axis out of range", "view.cpp:");
  CHECK_SAYS(ones({2}).t(), "t: the tensor has fewer than two axes", "(2,)", "unsqueeze", "view.cpp:");
}

TEST_CASE("slice: as Python cuts") {
  const Tensor x = count({10});
  const auto cut = [&](Range r) { return slice(x, {r}).to_vector(); };
  CHECK(cut({}) == x.to_vector());
  CHECK(cut({2, 5}) == Numbers{2, 3, 4});
  CHECK(cut({1, 10, 3}) == Numbers{1, 4, 7});
  CHECK(cut({-3}) == Numbers{7, 8, 9});
  CHECK(cut({-4, -1, 2}) == Numbers{6, 8});
  CHECK(cut({0, 100}) == x.to_vector());
  CHECK(cut({-100, 2}) == Numbers{0, 1});
  CHECK(cut({8, 100, 5}) == Numbers{8});
  CHECK(cut({5, 5}).empty());
  CHECK(cut({7, 2}).empty());
  CHECK(cut({INT64_MIN, INT64_MAX, INT64_MAX}) == Numbers{0});
  const Tensor y = count({3, 4, 5});
  CHECK(slice(y, {{1}, {0, 4, 3}}).shape() == Shape{2, 2, 5});
  CHECK(slice(y, {{1}, {0, 4, 3}}).at({1, 1, 2}) == y.at({2, 3, 2}));
  CHECK(equal(slice(y, -1, {1, 3}), slice(y, {{}, {}, {1, 3}})));
  CHECK(equal(slice(transpose(y, 0, 2), 0, {1, 3}), transpose(slice(y, 2, {1, 3}), 0, 2)));
  CHECK_SAYS(slice(x, {{0, 5, 0}}), "slice: a step is out of range", "step 0 on axis 0", "flip(x, axis)", "view.cpp:");
  CHECK_SAYS(slice(x, {{0, 5, -1}}), "slice: a step is out of range");
  CHECK_SAYS(slice(x, {{}, {}}), "slice: there are more ranges than axes", "2 ranges for shape (10,)", "at most 1");
  CHECK_SAYS(slice(x, 1, {0, 1}), "slice: axis out of range");
}

TEST_CASE("slice: the gradient lands in its window, many windows in one gradient") {
  CHECK(gradient(count({5}), [](const Tensor& t) { return slice(t, 0, {1, 5, 2}); }) == Numbers{0, 1, 0, 2, 0});
  CHECK(gradient(count({2, 3}), [](const Tensor& t) { return slice(t, {{1}, {0, 2}}); }) == Numbers{0, 0, 0, 1, 2, 0});
  CHECK(gradient(count({4}), [](const Tensor& t) {
          return slice(t, 0, {0, 3}) * slice(t, 0, {1, 4});
        }) == Numbers{1, 0 + 4, 2 + 9, 6});
  Tensor x = randn({64, 3}, f64).requires_grad_();
  Tape tape;
  Tensor y = zeros({3}, f64);
  for (int i = 0; i < 64; ++i) y = tanh(y + x[i]);
  const Tensor fast = tape.gradient(sum(y), {x})[0], readable = tape.gradient(sum(y), {x}, {.record = true})[0];
  CHECK(allclose(fast, readable, 1e-13, 1e-15));
}

TEST_CASE("unslice: the transpose of slice") {
  const Range ranges[] = {{1, 4, 2}, {0, 2}};
  const Tensor g = tensor({{1, 2}, {3, 4}}, f64);
  CHECK(unslice(g, {4, 3}, ranges).to_vector() == Numbers{0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0});
  CHECK(equal(slice(unslice(g, {4, 3}, ranges), ranges), g));
  CHECK(unslice(arange(2), {3}, std::vector<Range>{{1, 3}}).dtype() == i64);
  CHECK_SAYS(unslice(g, {3, 3}, ranges), "unslice: g has another shape than the window", "(2, 2)",
             "the window of these ranges in (3, 3)", "view.cpp:");
  CHECK_SAYS(unslice(g, {-1, 3}, ranges), "unslice: a size is negative");
  CHECK_SAYS(unslice(g, {4}, ranges), "unslice: there are more ranges than axes");
}

TEST_CASE("select and []") {
  const Tensor x = count({2, 3});
  CHECK(select(x, 1, 0).to_vector() == Numbers{0, 3});
  CHECK(select(x, -1, -1).to_vector() == Numbers{2, 5});
  CHECK(x[1].to_vector() == Numbers{3, 4, 5});
  CHECK(x[-1][-1].item() == 5);
  CHECK(shares(x, x[0]));
  CHECK(gradient(x, [](const Tensor& t) { return t[-1]; }) == Numbers{0, 0, 0, 1, 2, 3});
  CHECK_SAYS(x[2], "select: the index is out of range", "index 2 on axis 0 of shape (2, 3)", "-2 to 1", "view.cpp:");
  CHECK_SAYS(select(zeros({0}), 0, 0), "select: the index is out of range", "an axis that is not empty");
  CHECK_SAYS(scalar(1)[0], "select: axis out of range");
}

TEST_CASE("split") {
  const Tensor x = count({5, 2});
  const auto pieces = split(x, 2);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[2].shape() == Shape{1, 2});
  CHECK(equal(concat(pieces), x));
  const std::vector<std::int64_t> sizes{1, 0, 4};
  CHECK(split(x, sizes, 0)[1].shape() == Shape{0, 2});
  CHECK(equal(concat(split(x, sizes, 0)), x));
  CHECK(split(x, 1, -1).size() == 2);
  CHECK(split(zeros({0, 2}), 3).size() == 1);
  CHECK(gradient(x, [](const Tensor& t) { return split(t, 2)[1]; }) == Numbers{0, 0, 0, 0, 1, 2, 3, 4, 0, 0});
  CHECK_SAYS(split(x, 0), "split: the size of a piece is out of range", "1 or more", "view.cpp:");
  const std::vector<std::int64_t> wrong{2, 2}, negative{6, -1};
  CHECK_SAYS(split(x, wrong), "split: the sizes do not add up to the size of the axis",
             "sizes 2, 2 on axis 0 of shape (5, 2)", "add up to 5");
  CHECK_SAYS(split(x, negative), "split: the sizes do not add up to the size of the axis", "6, -1");
  CHECK_SAYS(split(x, 1, 2), "split: axis out of range");
}

TEST_CASE("views: derivatives of first and second order") {
  const Tensor x = randn({3, 4}, f64), w = randn({2, 3}, f64);
  const auto check = [](auto f, const Tensor& t) {
    const auto result = gradcheck([&](const Tensor& a) { return square(f(a)); }, {t}, {.order = 2});
    INFO(to_string(result));
    CHECK(result.ok);
  };
  check([](const Tensor& t) { return reshape(t.t(), {2, 6}); }, x);
  check([](const Tensor& t) { return expand(unsqueeze(t, 1), {2, 3, 2, 4}); }, x);
  check([](const Tensor& t) { return permute(t, {1, 0}); }, x);
  check([](const Tensor& t) { return slice(t, {{1}, {0, 4, 2}}); }, x);
  check([](const Tensor& t) { return unslice(t, {5, 4}, std::vector<Range>{{0, 3, 2}, {1, 4}}); }, w);
  check([](const Tensor& t) { return select(t, 1, 2) * t[0][1]; }, x);
}

TEST_CASE("views of every dtype; a view of a constant records nothing") {
  for (const DType dtype : {f32, f64, i64, boolean}) {
    const Tensor x = tensor({{1, 0, 1}, {0, 1, 1}}).to(dtype);
    CHECK(reshape(x.t(), {6}).to_vector() == Numbers{1, 0, 0, 1, 1, 1});
    CHECK(slice(expand(x, {2, 2, 3}), 2, {0, 3, 2}).to_vector() == Numbers{1, 1, 0, 1, 1, 1, 0, 1});
    CHECK(reshape(x, {3, 2}).dtype() == dtype);
  }
  Tape tape;
  CHECK(reshape(ones({4}), {2, 2}).dim() == 2);
  CHECK(tape.size() == 0);
}

TEST_CASE("members report the caller's line") {
  const Tensor x = ones({2, 3}).requires_grad_();
  Tape tape;
  const Tensor y = x.t().reshape({3, 2}).permute({1, 0}).transpose(0, 1).contiguous().clone().to(f64)[0].sum() + 1;
  const Tensor z = x.mean();
  for (int i = 0; i < tape.size(); ++i) CHECK(support::contains(to_string(tape[i].where()), "tests/ops/view.cpp"));
  CHECK_SAYS(x.sum(5), "sum: axis out of range", "view.cpp:");
  CHECK_SAYS(x.mean(5), "mean: axis out of range", "view.cpp:");
  CHECK_SAYS(x.reshape({4}), "reshape:", "view.cpp:");
  CHECK_SAYS(x.permute({0}), "permute:", "view.cpp:");
  CHECK_SAYS(x.transpose(0, 9), "transpose:", "view.cpp:");
  CHECK_SAYS(Tensor().to(f32), "to: the tensor is undefined", "view.cpp:");
  CHECK_SAYS(Tensor().clone(), "clone: the tensor is undefined", "view.cpp:");
  CHECK_SAYS(Tensor().t(), "t: the tensor is undefined", "view.cpp:");
}
