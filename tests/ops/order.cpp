// Order and selection: sort, topk, masks, indexing by tensors, scatter, cumprod, counting.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {
const double inf = std::numeric_limits<double>::infinity(), NaN = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("sort is stable and NaN is the largest") {
  const Tensor x = tensor({2, 1, NaN, 2, 1, -inf, inf, NaN});
  CHECK(equal(sort(x).indices, tensor({5, 1, 4, 0, 3, 6, 2, 7}, i64)));
  CHECK(equal(sort(x, 0, true).indices, tensor({2, 7, 6, 0, 3, 1, 4, 5}, i64)));
  CHECK(equal(sort(tensor({{3, 1}, {2, 5}}), 0).values, tensor({{2, 1}, {3, 5}})));
  CHECK(equal(sort(tensor({{3, 1}, {2, 5}}).t()).values, tensor({{2, 3}, {1, 5}})));
  CHECK(equal(sort(tensor({3, -1}, i64)).values, tensor({-1, 3}, i64)));
  CHECK(equal(sort(tensor({1, 0, 1}, boolean)).indices, tensor({1, 0, 2}, i64)));
  CHECK(sort(zeros({0, 3}), 0).values.shape() == Shape{0, 3});
  CHECK(sort(zeros({3, 0})).indices.shape() == Shape{3, 0});
  // A column of a large matrix against the whole row by row.
  const Tensor large = randn({7, 50, 3});
  CHECK(equal(sort(large, 1).values, sort(permute(large, {0, 2, 1}), -1).values.transpose(1, 2)));
  CHECK_SAYS(sort(scalar(1)), "sort");
}

TEST_CASE("topk is the start of sort") {
  const Tensor x = randn({4, 9});
  for (const std::int64_t k : {0, 1, 4, 9}) {
    const auto [values, indices] = topk(x, k);
    CHECK(equal(values, slice(sort(x, -1, true).values, 1, {0, k})));
    CHECK(equal(indices, slice(sort(x, -1, true).indices, 1, {0, k})));
    CHECK(equal(topk(x, k, 1, false).values, slice(sort(x).values, 1, {0, k})));
  }
  CHECK_SAYS(topk(x, 10), "topk: k is out of range", "0 to 9");
  CHECK_SAYS(topk(x, -1), "topk: k is out of range");
}

TEST_CASE("masks select in row-major order") {
  const Tensor x = arange(6).reshape({2, 3});
  CHECK(equal(masked_select(x, x > 2), tensor({3, 4, 5}, i64)));
  CHECK(equal(masked_select(x, tensor({1, 0, 1}, boolean)), tensor({0, 2, 3, 5}, i64)));
  CHECK(equal(masked_select(scalar(3), tensor({1, 0, 1}, boolean)), tensor({3, 3})));
  CHECK(masked_select(x, zeros({2, 3}, boolean)).shape() == Shape{0});
  CHECK(equal(x[x > 2], tensor({3, 4, 5}, i64)));
  CHECK(equal(x[tensor({0, 1}, boolean)], tensor({{3, 4, 5}}, i64)));
  CHECK(equal(x.t()[tensor({0, 1, 1}, boolean)], tensor({{1, 4}, {2, 5}}, i64)));
  CHECK_SAYS(masked_select(x, x), "masked_select: wrong dtype of the mask");
  CHECK_SAYS(masked_select(x, zeros({4}, boolean)), "masked_select");
  CHECK_SAYS((void)x[zeros({3}, boolean)], "index: the mask does not have the shape of the leading axes",
             "masked_select");
}

TEST_CASE("a tensor as an index picks entries") {
  const Tensor x = arange(6).reshape({3, 2});
  CHECK(equal(x[tensor({2, 0}, i64)], tensor({{4, 5}, {0, 1}}, i64)));
  CHECK(equal(x[tensor({-1, -3}, i64)], tensor({{4, 5}, {0, 1}}, i64)));
  CHECK(x[zeros({4, 5}, i64)].shape() == Shape{4, 5, 2});
  CHECK(x[zeros({0}, i64)].shape() == Shape{0, 2});
  CHECK(equal(x[scalar(1, i64)], tensor({2, 3}, i64)));
  CHECK(equal(x[1], tensor({2, 3}, i64)));
  CHECK_SAYS((void)x[tensor({3}, i64)], "an index is out of range");
  CHECK_SAYS((void)x[tensor({-4}, i64)], "an index is out of range");
  CHECK_SAYS((void)x[ones({2})], "index: wrong dtype of the index", "i64 (entries) or bool (a mask)");
  CHECK_SAYS((void)scalar(1)[zeros({1}, i64)], "index: a 0-d tensor has no entries");
  // Repeated entries add up in the gradient.
  Tape tape;
  const Tensor w = ones({3, 2}).requires_grad_();
  tape.backward(sum(w[tensor({0, 0, -1}, i64)]));
  CHECK(equal(w.grad(), tensor({{2, 2}, {0, 0}, {1, 1}})));
}

TEST_CASE("scatter sets, and the last of several stays") {
  const Tensor index = tensor({1, 3, 1}, i64);
  CHECK(equal(scatter(zeros({4}), 0, index, tensor({5, 6, 7})), tensor({0, 7, 0, 6})));
  CHECK(equal(scatter(zeros({2, 3}), 1, tensor({{0}, {2}}, i64), 1), tensor({{1, 0, 0}, {0, 0, 1}})));
  CHECK(equal(scatter(zeros({3}, i64), -1, tensor({2}, i64), 4), tensor({0, 0, 4}, i64)));
  CHECK(equal(scatter(zeros({3}, boolean), 0, tensor({2}, i64), 1), tensor({0, 0, 1}, boolean)));
  CHECK(equal(scatter(ones({2, 2}).t(), 0, zeros({1, 2}, i64), tensor({{8, 9}})), tensor({{8, 9}, {1, 1}})));
  const Tensor x = zeros({4}).requires_grad_(), y = tensor({5, 6, 7}).requires_grad_();
  Tape tape;
  tape.backward(sum(scatter(x, 0, index, y) * tensor({1, 10, 100, 1000})));
  CHECK(equal(x.grad(), tensor({1, 0, 100, 0})));
  CHECK(equal(y.grad(), tensor({0, 1000, 10})));
}

TEST_CASE("cumprod multiplies up, and its gradient is right with zeros") {
  CHECK(equal(cumprod(tensor({{1, 2, 3}, {4, 0, 5}}), 1), tensor({{1, 2, 6}, {4, 0, 0}})));
  CHECK(equal(cumprod(tensor({{1, 2}, {4, 5}}, i64), 0), tensor({{1, 2}, {4, 10}}, i64)));
  CHECK(cumprod(zeros({0}), 0).shape() == Shape{0});
  const auto f = [](const Tensor& x) { return cumprod(x, 0); };
  for (const Tensor& x :
       {tensor({2, 0, 3, 4}, f64), tensor({0, 2, 0, 5}, f64), tensor({1, 2, 3, 0}, f64), zeros({3}, f64)})
    CHECK(gradcheck(f, {x}, {.order = 2}).ok);
  // 2, 0, 0: the products are x0, x0 x1, x0 x1 x2.
  const Tensor x = tensor({2, 3, 0}).requires_grad_();
  Tape tape;
  tape.backward(sum(cumprod(x, 0)));
  CHECK(equal(x.grad(), tensor({1 + 3 + 0, 2 + 0, 6})));
}

TEST_CASE("counting: bincount, sums and means of bool, any and all") {
  CHECK(equal(bincount(tensor({1, 1, 4}, i64)), tensor({0, 2, 0, 0, 1}, i64)));
  CHECK(equal(bincount(tensor({1}, i64), 3), tensor({0, 1, 0}, i64)));
  CHECK(bincount(zeros({0}, i64)).shape() == Shape{0});
  CHECK(equal(bincount(tensor({1, 1, 0}, i64), tensor({0.5, 2, 3})), tensor({3, 2.5})));
  CHECK_SAYS(bincount(tensor({-1}, i64)), "bincount: a label is out of range", "-1");
  const Tensor x = tensor({{1, 0, 1}, {0, 0, 0}}, boolean);
  CHECK(sum(x).item<std::int64_t>() == 2);
  CHECK(equal(sum(x, 1), tensor({2, 0}, i64)));
  CHECK(equal(mean(x, 0), tensor({0.5, 0, 0.5})));
  CHECK(equal(any(x, 1), tensor({1, 0}, boolean)));
  CHECK(equal(all(x, 0, true), tensor({{0, 0, 0}}, boolean)));
  CHECK(any(x).item<bool>());
  CHECK(any(tensor({0, NaN})).item<bool>());
  CHECK(all(tensor({1, NaN, -2})).item<bool>());
  CHECK_FALSE(all(tensor({1, 0}, i64)).item<bool>());
  CHECK_FALSE(any(zeros({0})).item<bool>());
  CHECK(all(zeros({0}, boolean)).item<bool>());
  CHECK(equal(any(zeros({2, 0}), 1), zeros({2}, boolean)));
}

TEST_CASE("operators of comparison and logic") {
  const Tensor x = tensor({1, 2, NaN}), y = tensor({1, 3, NaN});
  CHECK(equal(x == y, tensor({1, 0, 0}, boolean)));
  CHECK(equal(x != y, tensor({0, 1, 1}, boolean)));
  CHECK(equal(2 == x, tensor({0, 1, 0}, boolean)));
  CHECK(equal((x == y) | isnan(x), tensor({1, 0, 1}, boolean)));
  CHECK(equal((x > 0) & ~(x == 1), tensor({0, 1, 0}, boolean)));
  CHECK(equal(tensor({{1}, {0}}, boolean) & tensor({1, 0}, boolean), tensor({{1, 0}, {0, 0}}, boolean)));
  CHECK(equal(isfinite(tensor({1, inf, -inf, NaN})), tensor({1, 0, 0, 0}, boolean)));
  CHECK(equal(isfinite(tensor({1, 2}, i64)), ones({2}, boolean)));
  CHECK_SAYS(x & y, "logical_and: wrong dtype of the first operand");
  CHECK_SAYS((x > 0) | y, "logical_or: wrong dtype of the second operand");
  CHECK_SAYS(~x, "logical_not");
  CHECK_SAYS((x > 0) & (zeros({2}) > 0), "logical_and");
}
