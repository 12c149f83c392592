// By index: what is picked, what adds up, and what is out of range.
#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>
#include <gradus/tape.hpp>

#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

using Numbers = std::vector<double>;
using Indices = std::vector<std::int64_t>;

Tensor count(Shape shape) { return reshape(arange(0, static_cast<double>(shape.numel()), 1, f64), shape); }
Tensor at(const Indices& i) { return from_data(i, {static_cast<std::int64_t>(i.size())}); }

template <class F>
void check_derivatives(F f, const std::vector<Tensor>& inputs) {
  const auto result = gradcheck(f, inputs, {.order = 2});
  INFO(to_string(result));
  CHECK(result.ok);
}

template <class F>
Numbers gradient(const Tensor& x, F f) {
  Tensor leaf = x.clone();
  leaf.requires_grad_();
  Tape tape;
  const Tensor y = f(leaf), k = count(y.shape()) + 1;
  const Tensor fast = tape.gradient(y, {leaf}, {.cotangent = k})[0];
  CHECK(equal(fast, tape.gradient(y, {leaf}, {.record = true, .cotangent = k})[0]));
  return fast.to_vector();
}

}  // namespace

TEST_CASE("index_select: along any axis, of any dtype, repeats add up in the gradient") {
  const Tensor x = count({3, 2, 2});
  CHECK(equal(index_select(x, 0, at({2, 0, 2})), stack({x[2], x[0], x[2]})));
  CHECK(index_select(x, -1, at({1})).shape() == Shape{3, 2, 1});
  CHECK(equal(index_select(permute(x, {2, 0, 1}), 1, at({1, 1})), permute(index_select(x, 0, at({1, 1})), {2, 0, 1})));
  CHECK(index_select(x, 0, at({})).shape() == Shape{0, 2, 2});
  for (const DType dtype : {f32, f64, i64, boolean})
    CHECK(equal(index_select(x.to(dtype), 1, at({1, 0})), flip(x, 1).to(dtype)));
  CHECK(gradient(count({3}), [](const Tensor& t) { return index_select(t, 0, at({2, 0, 2})); }) == Numbers{2, 0, 4});
  check_derivatives([](const Tensor& t) { return square(index_select(t, 1, at({0, 2, 0}))); }, {randn({2, 3, 2})});
}

TEST_CASE("index_select and its gradient: many elements") {
  const Tensor table = randn({1000, 64}), index = randint(0, 1000, {3000});
  const Tensor rows = index_select(table, 0, index);
  CHECK(equal(rows[2999], table[static_cast<std::int64_t>(index.at({2999}))]));
  const Tensor cols = index_select(table.t(), 1, index);
  CHECK(equal(cols.t(), rows));
  CHECK(allclose(index_add(zeros({64, 1000}), 1, index, cols).t(), index_add(zeros({1000, 64}), 0, index, rows), 1e-5,
                 1e-5));
}

TEST_CASE("index_add: the transpose of index_select") {
  const Tensor x = ones({3, 2}, f64), y = tensor({{1, 2}, {3, 4}, {5, 6}}, f64);
  CHECK(index_add(x, 0, at({2, 0, 2}), y).to_vector() == Numbers{4, 5, 1, 1, 7, 9});
  CHECK(x.to_vector() == Numbers(6, 1));
  CHECK(equal(index_add(x.t(), 1, at({2, 0, 2}), y.t()), index_add(x, 0, at({2, 0, 2}), y).t()));
  CHECK(index_add(arange(3), 0, at({0, 0}), at({5, 6})).to_vector() == Numbers{11, 1, 2});
  check_derivatives(
      [](const Tensor& a, const Tensor& b) {
        return square(index_add(a, 1, at({1, 1, 0}), b));
      },
      {randn({2, 2}), randn({2, 3})});
}

TEST_CASE("gather: one element per index, which may be smaller than the tensor") {
  const Tensor x = count({3, 4});
  const Tensor i = from_data(Indices{0, 2, 1, 2, 0, 0}, {2, 3});
  CHECK(gather(x, 0, i).to_vector() == Numbers{0, 9, 6, 8, 1, 2});
  CHECK(gather(x, 1, i).to_vector() == Numbers{0, 2, 1, 6, 4, 4});
  CHECK(gather(x.t(), 1, i).to_vector() == Numbers{0, 8, 4, 9, 1, 1});
  CHECK(equal(gather(x, 0, i.t().t()), gather(x, 0, i)));
  CHECK(gather(x, 1, zeros({3, 0}, i64)).shape() == Shape{3, 0});
  CHECK(gather(x, 1, zeros({3, 9}, i64)).shape() == Shape{3, 9});
  CHECK(gather(x > 5, 0, i).dtype() == boolean);
  CHECK(gradient(count({3}), [](const Tensor& t) { return gather(t, 0, at({2, 0, 2, 2})); }) == Numbers{2, 0, 8});
  check_derivatives([&](const Tensor& t) { return square(gather(t, 0, i)) + gather(t.t(), 1, i); }, {randn({3, 4})});
  const Tensor large = randn({300, 400}), pick = randint(0, 300, {250, 400});
  const Tensor y = gather(large, 0, pick);
  CHECK(y.at({249, 399}) == large.at({static_cast<std::int64_t>(pick.at({249, 399})), 399}));
}

TEST_CASE("scatter_add: the transpose of gather") {
  const Tensor x = ones({3, 3}, f64), i = from_data(Indices{0, 2, 1, 0, 0, 1}, {2, 3}), y = count({2, 3}) + 1;
  CHECK(scatter_add(x, 0, i, y).to_vector() == Numbers{6, 6, 1, 1, 1, 10, 1, 3, 1});
  CHECK(scatter_add(x, 1, i, y).to_vector() == Numbers{2, 4, 3, 10, 7, 1, 1, 1, 1});
  CHECK(x.to_vector() == Numbers(9, 1));
  CHECK(equal(scatter_add(x, 1, i, count({3, 2}).t()), scatter_add(x, 1, i, count({3, 2}).t().contiguous())));
  CHECK(scatter_add(arange(2), 0, at({0, 0, 0}), at({1, 2, 3})).to_vector() == Numbers{6, 1});
  CHECK(scatter_add(scalar(0).reshape({1}), 0, at({0}), ones({1})).item() == 1);
  check_derivatives([&](const Tensor& a, const Tensor& b) { return square(scatter_add(a, 0, i, b)); },
                    {randn({3, 3}), randn({2, 3})});
}

TEST_CASE("embedding: rows for indices of any shape; the padding row gets no gradient") {
  const Tensor w = count({4, 2}) + 1;
  CHECK(embedding(w, at({3, 0})).to_vector() == Numbers{7, 8, 1, 2});
  CHECK(embedding(w, zeros({2, 3}, i64)).shape() == Shape{2, 3, 2});
  CHECK(embedding(w, scalar(2, i64)).to_vector() == Numbers{5, 6});
  CHECK(embedding(w, zeros({0}, i64)).shape() == Shape{0, 2});
  CHECK(gradient(w, [](const Tensor& t) { return embedding(t, at({1, 3, 1})); }) == Numbers{0, 0, 6, 8, 0, 0, 3, 4});
  CHECK(gradient(w, [](const Tensor& t) { return embedding(t, at({1, 3, 1}), 1); }) == Numbers{0, 0, 0, 0, 0, 0, 3, 4});
  CHECK(equal(embedding(w, at({1, 3}), 1), embedding(w, at({1, 3}))));
  check_derivatives(
      [](const Tensor& t) {
        return square(embedding(t, from_data(Indices{1, 3, 1, 0}, {2, 2})));
      },
      {randn({4, 2})});
}

TEST_CASE("one_hot") {
  CHECK(one_hot(at({2, 0}), 3).to_vector() == Numbers{0, 0, 1, 1, 0, 0});
  CHECK(one_hot(scalar(1, i64), 2, boolean).to_vector() == Numbers{0, 1});
  CHECK(one_hot(zeros({2, 0}, i64), 5).shape() == Shape{2, 0, 5});
  CHECK(one_hot(at({0}), 1, i64).dtype() == i64);
  CHECK_SAYS(one_hot(at({0, 3}), 3), "one_hot: an index is out of range", "3, at position 1", "0 to 2", "index.cpp:");
  CHECK_SAYS(one_hot(at({0}), 0), "one_hot: the number of classes is out of range");
  CHECK_SAYS(one_hot(ones({2}), 3), "one_hot: wrong dtype of the labels", "f32", "x.to(i64)");
}

TEST_CASE("by index: what is refused") {
  const Tensor x = ones({3, 2}), i = at({0, 1}), square_index = zeros({2, 2}, i64);
  CHECK_SAYS(index_select(x, 0, at({0, 3})), "index_select: an index is out of range",
             "3, at position 1 of the indices", "0 to 2", "index.cpp:");
  CHECK_SAYS(index_select(x, 0, at({-1})), "index_select: an index is out of range", "-1, at position 0",
             "do not count from the end");
  CHECK_SAYS(index_select(zeros({0}), 0, at({0})), "an axis that is not empty");
  CHECK_SAYS(index_select(x, 2, i), "index_select: axis out of range");
  CHECK_SAYS(index_select(x, 0, square_index), "index_select: the index has the wrong number of axes", "(2, 2)",
             "gather");
  CHECK_SAYS(index_select(x, 0, x), "index_select: wrong dtype of the index", "f32", "i64");
  CHECK_SAYS(index_select(Tensor(), 0, i), "index_select: the tensor is undefined");
  CHECK_SAYS(index_select(x, 0, Tensor()), "index_select: the tensor is undefined");
  CHECK_SAYS(index_add(x, 0, i, ones({2, 3})), "index_add: y has the wrong shape", "(2, 3)", "(2, 2)", "index.cpp:");
  CHECK_SAYS(index_add(x, 0, i, ones({2, 2}, f64)), "index_add: dtypes differ");
  CHECK_SAYS(index_add(x > 0, 0, i, ones({2, 2}) > 0), "index_add: the operation is not defined for this dtype",
             "bool");
  CHECK_SAYS(index_add(x, 0, at({5}), ones({1, 2})), "index_add: an index is out of range");
  CHECK_SAYS(gather(x, 0, i), "gather: the index is larger than the tensor", "index (2,), x (3, 2)", "index.cpp:");
  CHECK_SAYS(gather(x, 0, zeros({2, 3}, i64)), "gather: the index is larger than the tensor", "except axis 0");
  CHECK_SAYS(gather(x, 1, full({3, 1}, 2, i64)), "gather: an index is out of range", "0 to 1", "index.cpp:");
  CHECK_SAYS(scatter_add(x, 0, square_index, ones({2})), "scatter_add: y has the wrong shape");
  CHECK_SAYS(scatter_add(x, 0, full({2, 2}, -4, i64), ones({2, 2})), "scatter_add: an index is out of range", "-4");
  CHECK_SAYS(embedding(x, at({3})), "embedding: an index is out of range", "3, at position 0", "0 to 2", "index.cpp:");
  CHECK_SAYS(embedding(x, i, 3), "embedding: padding_idx is out of range", "0 to 2");
  CHECK_SAYS(embedding(ones({3}), i), "embedding: the weight is not a matrix", "(count, width)");
  CHECK_SAYS(embedding(x, x), "embedding: wrong dtype of the indices");
}

TEST_CASE("a changed index is noticed, and composites record the caller's line") {
  const Tensor w = ones({3, 2}).requires_grad_();
  Tensor i = at({0, 2});
  Tape tape;
  const Tensor y = sum(index_select(w, 0, i)) + sum(embedding(w, from_data(Indices{0, 1}, {2, 1}), 1));
  for (int n = 0; n < tape.size(); ++n) CHECK(support::contains(to_string(tape[n].where()), "tests/ops/index.cpp"));
  i.fill_(1);
  CHECK_SAYS(tape.backward(y), "index_select", "in1", "changed", "fill_");
}
