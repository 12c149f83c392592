// Rearrangements: where each number goes, and its gradient back.
#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor count(Shape shape) { return reshape(arange(0, static_cast<double>(shape.numel()), 1, f64), shape); }

template <class F>
void check_derivatives(F f, const std::vector<Tensor>& inputs) {
  const auto result = gradcheck(f, inputs, {.order = 2});
  INFO(to_string(result));
  CHECK(result.ok);
}

}  // namespace

TEST_CASE("concat and stack: any axis, dense and strided parts, every dtype") {
  const Tensor a = count({2, 3}), b = count({3, 2}).t() + 10;
  CHECK(concat({a, b}).to_vector() == Numbers{0, 1, 2, 3, 4, 5, 10, 12, 14, 11, 13, 15});
  CHECK(concat({a, b}, 1).to_vector() == Numbers{0, 1, 2, 10, 12, 14, 3, 4, 5, 11, 13, 15});
  CHECK(equal(concat({a, b}, -2), concat({a, b}, 0)));
  CHECK(concat({a, zeros({0, 3}, f64), b}).shape() == Shape{4, 3});
  CHECK(concat({a}).to_vector() == a.to_vector());
  CHECK(concat({zeros({0}), zeros({0})}).shape() == Shape{0});
  CHECK(stack({a, b}).shape() == Shape{2, 2, 3});
  CHECK(equal(stack({a, b})[1], b));
  CHECK(stack({a, b}, -1).to_vector() == Numbers{0, 10, 1, 12, 2, 14, 3, 11, 4, 13, 5, 15});
  CHECK(stack({scalar(1), scalar(2)}).to_vector() == Numbers{1, 2});
  CHECK(equal(concat({arange(2), arange(1)}), from_data(std::vector<std::int64_t>{0, 1, 0}, {3})));
  CHECK(equal(stack({a > 2, a > 4}, 1)[1], stack({a[1] > 2, a[1] > 4})));
}

TEST_CASE("concat: more parts than a shape has axes") {
  std::vector<Tensor> equal_parts, parts;
  Numbers expected;
  for (int i = 0; i < 70; ++i) {
    equal_parts.push_back(full({2}, i, f64));
    parts.push_back(full({i % 4}, i, f64));
    for (int k = 0; k < i % 4; ++k) expected.push_back(i);
  }
  CHECK(concat(equal_parts).shape() == Shape{140});
  CHECK(concat(parts).to_vector() == expected);
  const std::vector<Tensor> few(parts.begin(), parts.begin() + 12);
  check_derivatives([](const std::vector<Tensor>& x) { return square(concat(x)); },
                    {few[1], few[2], few[3], few[1], few[6], few[7], few[5], few[3], few[2], few[1]});
  Tape tape;
  for (Tensor& part : equal_parts) part.requires_grad_();
  const Tensor all = concat(equal_parts);
  CHECK(tape.size() == 71);  // one operation
  CHECK(tape.gradient(all, {equal_parts[3]}, {.cotangent = count({140})})[0].to_vector() == Numbers{6, 7});
}

TEST_CASE("concat and stack: what they refuse") {
  const Tensor a = ones({2, 3}), b = ones({2, 4});
  CHECK_SAYS(concat({}), "concat: the list of tensors is empty", "arrange.cpp:");
  CHECK_SAYS(stack({}), "stack: the list of tensors is empty");
  CHECK_SAYS(concat({a, a, b}), "concat: the tensors have shapes that do not match", "tensor 0 (2, 3), tensor 2 (2, 4)",
             "equal sizes on every axis except axis 0", "arrange.cpp:");
  CHECK_SAYS(concat({a, ones({2})}), "concat: the tensors have shapes that do not match");
  CHECK_SAYS(concat({a, a.to(f64)}), "concat: dtypes differ", "f32 and f64");
  CHECK_SAYS(concat({a, Tensor()}), "concat: the tensor is undefined");
  CHECK_SAYS(concat({a, a}, 2), "concat: axis out of range");
  CHECK_SAYS(concat({scalar(1), scalar(2)}), "concat: axis out of range", "0 axes");
  CHECK_SAYS(stack({a, b}), "stack: the tensors have shapes that do not match", "equal shapes");
  CHECK_SAYS(stack({a, a}, 3), "stack: axis out of range", "-3 to 2");
  CHECK_SAYS(stack({ones({1, 1, 1, 1, 1, 1, 1, 1})}), "stack: the result would have too many axes");
}

TEST_CASE("flip and roll") {
  const Tensor x = count({2, 3});
  CHECK(flip(x, 1).to_vector() == Numbers{2, 1, 0, 5, 4, 3});
  CHECK(flip(x, {0, -1}).to_vector() == Numbers{5, 4, 3, 2, 1, 0});
  CHECK(equal(flip(x, {}), flip(x, {0, 1})));
  CHECK(equal(flip(x.t(), 0), flip(x, 1).t()));
  CHECK(flip(zeros({0, 2}), 0).shape() == Shape{0, 2});
  CHECK(flip(scalar(1), {}).item() == 1);
  CHECK(roll(x, 1, 1).to_vector() == Numbers{2, 0, 1, 5, 3, 4});
  CHECK(roll(x, {-1, 4}, {1, 0}).to_vector() == Numbers{1, 2, 0, 4, 5, 3});
  CHECK(roll(x, {1, 1}, {1, 1}).to_vector() == Numbers{1, 2, 0, 4, 5, 3});
  CHECK(roll(x, std::int64_t{3000000022}, 1).to_vector() == roll(x, 1, 1).to_vector());
  CHECK(roll(zeros({0}), 2, 0).shape() == Shape{0});
  CHECK_SAYS(flip(x, 2), "flip: axis out of range", "arrange.cpp:");
  CHECK_SAYS(flip(x, {0, 0}), "flip: axis 0 is given twice");
  CHECK_SAYS(roll(x, {1, 2}, 0), "roll: shifts and axes have different counts", "shifts (1, 2), axes (0,)",
             "arrange.cpp:");
  CHECK_SAYS(roll(x, 1, 2), "roll: axis out of range");
  check_derivatives(
      [](const Tensor& t) {
        return square(flip(t, {0, 1})) * roll(t, {1, -1}, {0, 1});
      },
      {randn({3, 4})});
}

TEST_CASE("repeat: as numpy.tile") {
  const Tensor x = count({2, 2});
  CHECK(repeat(x, {1, 2}).to_vector() == Numbers{0, 1, 0, 1, 2, 3, 2, 3});
  CHECK(repeat(x, {2, 1, 1}).shape() == Shape{2, 2, 2});
  CHECK(equal(repeat(x, {3, 2, 2})[2], repeat(x, {2, 2})));
  CHECK(equal(repeat(x, {2}), repeat(x, {1, 2})));
  CHECK(repeat(x, {0, 3}).shape() == Shape{0, 6});
  CHECK(repeat(scalar(7), {3}).to_vector() == Numbers{7, 7, 7});
  CHECK_FALSE(repeat(x, {1, 1}).is_same(x));
  CHECK(equal(repeat(x, {1, 1}), x));
  CHECK_SAYS(repeat(x, {-1}), "repeat: a repeat count is negative", "0 or more", "arrange.cpp:");
  CHECK_SAYS(repeat(x, {INT64_MAX, 2}), "repeat: the result would be too large");
  check_derivatives([](const Tensor& t) { return square(repeat(t, {2, 1, 3})); }, {randn({2, 2})});
}

TEST_CASE("tril and triu: NaN on the other side is gone, and its gradient 0") {
  const Tensor x = count({3, 3}) + 1;
  CHECK(tril(x).to_vector() == Numbers{1, 0, 0, 4, 5, 0, 7, 8, 9});
  CHECK(tril(x, -1).to_vector() == Numbers{0, 0, 0, 4, 0, 0, 7, 8, 0});
  CHECK(triu(x, 1).to_vector() == Numbers{0, 2, 3, 0, 0, 6, 0, 0, 0});
  CHECK(equal(tril(x, INT64_MAX), x));
  CHECK(equal(triu(x, INT64_MIN), x));
  CHECK(sum(tril(x, INT64_MIN)).item() == 0);
  CHECK(triu(ones({2, 2, 4}), 2).to_vector() == Numbers{0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1});
  CHECK(tril(ones({2, 3}, boolean)).dtype() == boolean);
  CHECK(tril(zeros({0, 3})).shape() == Shape{0, 3});
  const Tensor bad = tensor({{1, kNan}, {3, 4}}, f64).requires_grad_();
  Tape tape;
  const Tensor y = sum(tril(bad));
  CHECK(y.item() == 8);
  CHECK(tape.gradient(y, {bad})[0].to_vector() == Numbers{1, 0, 1, 1});
  CHECK_SAYS(tril(ones({3})), "tril: the input is not a matrix", "(3,)", "arrange.cpp:");
  CHECK_SAYS(triu(scalar(1)), "triu: the input is not a matrix");
  check_derivatives([](const Tensor& t) { return square(triu(t, 1)) + tril(t); }, {randn({2, 3, 3})});
}

TEST_CASE("pad: constant") {
  const Tensor x = tensor({{1, 2}, {3, 4}}, f64);
  CHECK(pad(x, {{1, 0}, {0, 1}}).to_vector() == Numbers{0, 0, 0, 1, 2, 0, 3, 4, 0});
  CHECK(pad(x, {{0, 0}, {1, 0}}, PadMode::constant, -7).to_vector() == Numbers{-7, 1, 2, -7, 3, 4});
  CHECK(pad(x, {{-1, 1}, {0, -1}}, PadMode::constant, 9).to_vector() == Numbers{3, 9});
  CHECK(pad(x, {{-3, 4}, {0, 0}}, PadMode::constant, 5).to_vector() == Numbers{5, 5, 5, 5, 5, 5});
  CHECK(pad(x, {{-1, -1}, {0, 0}}).shape() == Shape{0, 2});
  CHECK(equal(pad(x, {{5, -3}, {0, 0}}, PadMode::constant, 2), full({4, 2}, 2, f64)));
  CHECK(std::isinf(pad(x * (1 / 0.0), {{0, 1}, {0, 0}}, PadMode::constant, 3).at({0, 0})));
  CHECK(pad(arange(2), {{1, 1}}, PadMode::constant, 8).to_vector() == Numbers{8, 0, 1, 8});
  CHECK(pad(scalar(1), std::vector<Pad>{}).item() == 1);
  check_derivatives(
      [](const Tensor& t) {
        return square(pad(t, {{1, -1}, {-1, 2}}, PadMode::constant, 3));
      },
      {randn({3, 4})});
}

TEST_CASE("pad: reflect and replicate") {
  const Tensor x = tensor({1, 2, 3}, f64);
  CHECK(pad(x, {{2, 1}}, PadMode::reflect).to_vector() == Numbers{3, 2, 1, 2, 3, 2});
  CHECK(pad(x, {{2, 1}}, PadMode::replicate).to_vector() == Numbers{1, 1, 1, 2, 3, 3});
  const Tensor y = count({2, 2});
  CHECK(pad(y, {{0, 1}, {1, 0}}, PadMode::reflect).to_vector() == Numbers{1, 0, 1, 3, 2, 3, 1, 0, 1});
  CHECK(equal(pad(y, {{0, 0}, {0, 0}}, PadMode::replicate), y));
  CHECK_FALSE(pad(y, {{0, 0}, {0, 0}}, PadMode::replicate).is_same(y));
  CHECK(pad(zeros({0, 2}), {{0, 0}, {1, 1}}, PadMode::reflect).shape() == Shape{0, 4});
  for (const PadMode mode : {PadMode::reflect, PadMode::replicate})
    check_derivatives([=](const Tensor& t) { return square(pad(t, {{1, 2}, {2, 0}}, mode)); }, {randn({3, 3})});
}

TEST_CASE("pad: what it refuses") {
  const Tensor x = ones({2, 3});
  CHECK_SAYS(pad(x, {{1, 1}}), "pad: the number of amounts differs from the number of axes", "1 pairs for shape (2, 3)",
             "2 pairs of before and after, axis 0 first", "arrange.cpp:");
  CHECK_SAYS(pad(x, {{-1, -2}, {0, 0}}), "pad: more elements are removed than the axis has",
             "-1 before and -2 after axis 0 of shape (2, 3)");
  CHECK_SAYS(pad(x, {{2, 0}, {0, 0}}, PadMode::reflect), "pad: the axis has too few elements to reflect", "at most 1");
  CHECK_SAYS(pad(x, {{0, 0}, {-1, 0}}, PadMode::replicate), "pad: only constant padding can remove elements",
             "0 or more");
  CHECK_SAYS(pad(zeros({0}), {{1, 0}}, PadMode::replicate), "pad: the axis has no element to repeat");
  CHECK_SAYS(pad(x, {{INT64_MAX, INT64_MIN}, {0, 0}}), "pad: the result would be too large");
  CHECK_SAYS(pad(x, {{0, 0}, {INT64_MAX, 0}}), "pad: the result would be too large");
}

TEST_CASE("clone and contiguous") {
  const Tensor x = count({2, 3});
  Tensor y = clone(x);
  y.set({0, 0}, 50);
  CHECK(x.at({0, 0}) == 0);
  CHECK(contiguous(x).is_same(x));
  CHECK(contiguous(x.t()).is_contiguous());
  CHECK(contiguous(x.t()).to_vector() == x.t().to_vector());
  CHECK(clone(expand(scalar(3), {2, 2})).strides() == Shape{2, 1});
  for (const DType dtype : {f32, f64, i64, boolean}) CHECK(equal(clone(x.t().to(dtype)), x.t().to(dtype)));
  CHECK_SAYS(contiguous(Tensor()), "contiguous: the tensor is undefined", "arrange.cpp:");
  check_derivatives([](const Tensor& t) { return clone(t) * contiguous(t.t()).t(); }, {randn({2, 3})});
}

TEST_CASE("rearrangements: the parts' derivatives") {
  check_derivatives(
      [](const Tensor& a, const Tensor& b) {
        return square(concat({a, b, a}, 1));
      },
      {randn({2, 3}), randn({2, 1})});
  check_derivatives(
      [](const Tensor& a, const Tensor& b) {
        return square(stack({a, b}, 1)) * stack({b, a}, -1).transpose(1, 2);
      },
      {randn({2, 3}), randn({2, 3})});
}

TEST_CASE("pack and unpack") {
  const Tensor a = count({2, 3}), b = scalar(7, f64), none = zeros({0, 2}, f64);
  const Tensor packed = pack({a.t(), none, b});
  CHECK(packed.to_vector() == Numbers{0, 3, 1, 4, 2, 5, 7});
  const auto [first, second, third] = unpack(packed, {Shape{3, 2}, Shape{0, 2}, Shape{}});
  CHECK(equal(first, a.t()));
  CHECK(equal(second, none));
  CHECK(equal(third, b));
  CHECK(unpack(zeros({0}), std::vector<Shape>{}).empty());
  check_derivatives(
      [](const Tensor& x, const Tensor& y) {
        const auto [one, other] = unpack(square(pack({x, y})), {Shape{6}, Shape{2, 1}});
        return concat({one, other.reshape({2})}) * 2;
      },
      {randn({2, 3}), randn({2, 1})});
  CHECK_SAYS(unpack(packed, {Shape{3, 2}}), "unpack: the shapes do not have as many elements",
             "shape (7,), shapes (3, 2)", "arrange.cpp:");
  CHECK_SAYS(unpack(packed, {Shape{-1}, Shape{8}}), "unpack: the shapes do not have as many elements");
  CHECK_SAYS(pack({a, zeros({2})}), "pack: ", "arrange.cpp:");
}

TEST_CASE("composites record the caller's line") {
  const Tensor x = ones({3, 3}).requires_grad_();
  Tape tape;
  const Tensor y = roll(repeat(tril(pad(x, {{1, 1}, {0, 0}}, PadMode::reflect)), {1, 2}), 1, 0);
  const Tensor z = pad(x, {{1, -1}, {0, 0}}, PadMode::constant, 2);
  for (int i = 0; i < tape.size(); ++i) CHECK(support::contains(to_string(tape[i].where()), "tests/ops/arrange.cpp"));
}
