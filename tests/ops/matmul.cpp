// Matrix products: numpy's rules against naive loops, operands of every layout, gradients, errors.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/walks.hpp"

using namespace gradus;
using support::check_walks;
using support::names;

namespace {

// op(a) op(b) by three loops, for matrices.
Tensor naive(const Tensor& a, bool ta, const Tensor& b, bool tb) {
  const auto m = a.size(ta ? 1 : 0), k = a.size(ta ? 0 : 1), n = b.size(tb ? 0 : 1);
  Tensor y = zeros({m, n}, f64);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t p = 0; p < k; ++p)
        sum += (ta ? a.at({p, i}) : a.at({i, p})) * (tb ? b.at({j, p}) : b.at({p, j}));
      y.set({i, j}, sum);
    }
  return y;
}

// A matrix of the given shape in each layout that a view can give it.
std::vector<Tensor> layouts(std::int64_t rows, std::int64_t columns, DType dtype) {
  const Tensor row = randn({1, columns}, dtype);
  return {randn({rows, columns}, dtype),
          randn({columns, rows}, dtype).t(),
          slice(randn({rows, columns + 3}, dtype), 1, {2, columns + 2}),
          slice(randn({columns + 2, rows}, dtype), 0, {1, columns + 1}).t(),
          slice(randn({2 * rows, 3 * columns}, dtype), {{0, Range::end, 2}, {1, Range::end, 3}}),
          expand(row, {rows, columns}),
          expand(randn({rows, 1}, dtype), {rows, columns})};
}

}  // namespace

TEST_CASE("matmul: by hand") {
  const Tensor a = tensor({{1, 2}, {3, 4}, {5, 6}}), b = tensor({{1, 0, -1}, {2, 1, 0}});
  CHECK(equal(matmul(a, b), tensor({{5, 2, -1}, {11, 4, -3}, {17, 6, -5}})));
  CHECK(equal(matmul(tensor({1, 2}), tensor({3, 4})), scalar(11)));
  CHECK(equal(matmul(a, tensor({1, -1})), tensor({-1, -1, -1})));
  CHECK(equal(matmul(tensor({1, 0, 2}), a), tensor({11, 14})));
}

// f32 keeps its digits, also where the error of each addition has the same sign.
TEST_CASE("matmul: a million terms of a vector product, to 1e-6") {
  manual_seed(5);
  const std::int64_t n = 1000000;
  for (const Tensor& x : {rand({n}), full({n}, 0.1), randn({n}) + 3}) {
    const Tensor y = rand({n}) + 0.5, x64 = x.to(f64), y64 = y.to(f64);
    const double right = sum(x64 * y64).item();
    const auto near = [right](const Tensor& product) {
      const auto numbers = product.to_vector();
      return std::all_of(numbers.begin(), numbers.end(), [&](double z) { return std::abs(z / right - 1) <= 1e-6; });
    };
    const Tensor row = unsqueeze(x, 0), column = unsqueeze(y, 1);
    CHECK(near(matmul(x, y)));
    CHECK(near(matmul(row, y)));
    CHECK(near(matmul(x, column)));
    CHECK(near(matmul(column, row, {.transpose_a = true, .transpose_b = true})));
    CHECK(near(einsum("i,i->", {x, y})));
    CHECK(near(linear(x, unsqueeze(y, 0))));
    CHECK(near(matmul(expand(row, {3, n}), y)));
    CHECK(near(matmul(x, expand(column, {n, 20}))));               // by dot products
    CHECK(near(matmul(x, expand(column, {n, 20}).contiguous())));  // by lines
    CHECK(near(matmul(x, stack({y, y}, 1))));
  }
}

TEST_CASE("matmul: long vectors in every layout, and added to what is there") {
  manual_seed(6);
  const std::int64_t k = 3000;
  for (const std::int64_t n : {1, 2, 17, 600})
    for (const bool transposed : {false, true}) {
      CAPTURE(n);
      CAPTURE(transposed);
      const Tensor v = slice(randn({2 * k}, f64), {{0, Range::end, 2}});
      const Tensor m = transposed ? randn({n, k}, f64).t() : randn({k, n}, f64);
      const Tensor right = sum(unsqueeze(v, 1) * m, 0), c = randn({1, n}, f64);
      CHECK(allclose(matmul(v, m), right, 1e-12, 1e-10));
      CHECK(allclose(matmul(m.t(), v), right, 1e-12, 1e-10));
      CHECK(allclose(addmm(c, unsqueeze(v, 0), m), c + right, 1e-12, 1e-10));
    }
}

TEST_CASE("matmul: every layout and transposition of both operands") {
  manual_seed(2);
  for (const auto& [m, k, n] :
       std::vector<std::array<std::int64_t, 3>>{{3, 4, 5}, {1, 4, 3}, {4, 1, 2}, {2, 3, 1}, {1, 1, 1}, {33, 17, 20}})
    for (const DType dtype : {f32, f64})
      for (const bool ta : {false, true})
        for (const bool tb : {false, true})
          for (const Tensor& a : layouts(ta ? k : m, ta ? m : k, dtype))
            for (const Tensor& b : layouts(tb ? n : k, tb ? k : n, dtype)) {
              const Tensor y = matmul(a, b, {.transpose_a = ta, .transpose_b = tb});
              REQUIRE(y.is_contiguous());
              REQUIRE(
                  allclose(y.to(f64), naive(a, ta, b, tb), dtype == f32 ? 1e-5 : 1e-13, dtype == f32 ? 1e-5 : 1e-13));
            }
}

TEST_CASE("matmul: numpy's shapes") {
  manual_seed(3);
  const std::vector<std::array<Shape, 3>> shapes = {
      {Shape{4}, {4}, {}},
      {Shape{4}, {4, 3}, {3}},
      {Shape{2, 4}, {4}, {2}},
      {Shape{4}, {5, 4, 3}, {5, 3}},
      {Shape{5, 2, 4}, {4}, {5, 2}},
      {Shape{5, 2, 4}, {4, 3}, {5, 2, 3}},
      {Shape{2, 4}, {5, 4, 3}, {5, 2, 3}},
      {Shape{5, 2, 4}, {5, 4, 3}, {5, 2, 3}},
      {Shape{1, 2, 4}, {5, 4, 3}, {5, 2, 3}},
      {Shape{6, 1, 2, 4}, {5, 4, 3}, {6, 5, 2, 3}},
      {Shape{2, 3, 2, 4}, {4, 1}, {2, 3, 2, 1}},
      {Shape{0, 2, 4}, {4, 3}, {0, 2, 3}},
      {Shape{0, 4}, {4, 3}, {0, 3}},
      {Shape{2, 4}, {4, 0}, {2, 0}},
      {Shape{0, 2, 4}, {1, 4, 3}, {0, 2, 3}},
  };
  for (const auto& [a, b, y] : shapes) {
    CAPTURE(to_string(a));
    CAPTURE(to_string(b));
    const Tensor x = randn(a, f64), z = randn(b, f64), product = matmul(x, z);
    CHECK(product.shape() == y);
    if (product.numel() == 0 || a.size() < 2 || b.size() < 2) continue;
    // The last product of the batch, found by indexing.
    Tensor last = product, lx = x, lz = z;
    while (last.dim() > 2) last = select(last, 0, -1);
    while (lx.dim() > 2) lx = select(lx, 0, -1);
    while (lz.dim() > 2) lz = select(lz, 0, -1);
    CHECK(allclose(last, naive(lx, false, lz, false), 1e-13));
  }
}

TEST_CASE("matmul: an inner size of 0 gives zeros, also where memory held NaN") {
  for (int i = 0; i < 4; ++i) full({2, 3}, std::numeric_limits<double>::quiet_NaN());
  CHECK(equal(matmul(zeros({2, 0}), zeros({0, 3})), zeros({2, 3})));
  CHECK(equal(matmul(zeros({4, 2, 0}), zeros({0, 3})), zeros({4, 2, 3})));
  CHECK(equal(matmul(zeros({0}), zeros({0})), scalar(0)));
}

TEST_CASE("matmul: batches of any layout, small and large") {
  manual_seed(4);
  for (const auto& [batch, m] : std::vector<std::array<std::int64_t, 2>>{{300, 5}, {2, 160}}) {
    const Tensor a = permute(randn({m, batch, 7}, f64), {1, 0, 2}), b = expand(randn({1, 7, m}, f64), {batch, 7, m});
    const Tensor y = matmul(a, b), z = matmul(b, a, {.transpose_a = true, .transpose_b = true});
    for (const std::int64_t i : {std::int64_t{0}, batch / 2, batch - 1}) {
      CHECK(allclose(select(y, 0, i), naive(select(a, 0, i), false, select(b, 0, i), false), 1e-13, 1e-13));
      CHECK(allclose(select(z, 0, i), naive(select(b, 0, i), true, select(a, 0, i), true), 1e-13, 1e-13));
    }
  }
}

TEST_CASE("matmul: gradients at both orders") {
  manual_seed(5);
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const auto f = [=](const auto& x) { return matmul(x[0], x[1], {.transpose_a = ta, .transpose_b = tb}); };
      check_walks(f, {randn(ta ? Shape{3, 2} : Shape{2, 3}, f64), randn(tb ? Shape{4, 3} : Shape{3, 4}, f64)});
      check_walks(f, {randn(ta ? Shape{2, 3, 2} : Shape{2, 2, 3}, f64), randn(tb ? Shape{4, 3} : Shape{3, 4}, f64)});
      check_walks(f,
                  {randn(ta ? Shape{3, 2} : Shape{2, 3}, f64), randn(tb ? Shape{2, 1, 4, 3} : Shape{2, 1, 3, 4}, f64)});
    }
  const auto f = [](const auto& x) { return matmul(x[0], x[1]); };
  check_walks(f, {randn({3}, f64), randn({3}, f64)});
  check_walks(f, {randn({3}, f64), randn({2, 3, 2}, f64)});
  check_walks(f, {randn({2, 2, 3}, f64), randn({3}, f64)});
}

TEST_CASE("matmul: a weight beside a batch is one product, and its gradient another") {
  Tensor x = ones({2, 3, 4}).requires_grad_(), w = ones({4, 5}).requires_grad_();
  Tape tape;
  const int line = __LINE__ + 1;
  const Tensor y = matmul(x, w);
  CHECK(names(tape) == "reshape matmul reshape");
  for (int i = 0; i < tape.size(); ++i) CHECK(static_cast<int>(tape[i].where().line()) == line);
  CHECK(equal(tape.gradient(y.sum(), {w})[0], full({4, 5}, 6)));
}

TEST_CASE("matmul: errors") {
  const Tensor a = zeros({2, 3}), v = zeros({3});
  const std::string text = support::message([&] { matmul(a, zeros({4, 3})); });
  CHECK_PARTS(text, "matmul: the inner sizes differ", "(2, 3) times (4, 3)", "3 columns of a, 4 rows of b",
              "{.transpose_b = true}", "matmul.cpp:");
  CHECK_SAYS(matmul(a, zeros({4, 2})), "(2, 3) times (4, 2)");
  CHECK(!support::contains(support::message([&] { matmul(a, zeros({4, 2})); }), "try:"));
  CHECK_SAYS(matmul(v, zeros({4})), "the inner sizes differ", "(3,) times (4,)");
  CHECK_SAYS(matmul(a, zeros({3, 2}), {.transpose_a = true}), "(2, 3)ᵀ times (3, 2)", "2 columns of a, 3 rows of b");
  CHECK_SAYS(matmul(a, zeros({3, 2}), {.transpose_b = true}), "(2, 3) times (3, 2)ᵀ", "leave out .transpose_b");
  CHECK_SAYS(matmul(zeros({2, 2, 3}), zeros({4, 3, 2})), "the batch axes do not broadcast", "(2, 2, 3) and (4, 3, 2)",
             "sizes 2 and 4 on axis -3");
  CHECK_SAYS(matmul(scalar(1), a), "an operand has no axes", "() and (2, 3)", "a * b");
  CHECK_SAYS(matmul(a, zeros({3, 2}, f64)), "matmul: dtypes differ", "f32 and f64");
  CHECK_SAYS(matmul(zeros({2, 2}, i64), zeros({2, 2}, i64)), "matmul", "i64", "x.to(f32)");
  CHECK_SAYS(matmul(a, Tensor()), "matmul: the tensor is undefined");
}

TEST_CASE("linear: x of one axis or more, with and without bias") {
  const Tensor w = tensor({{1, 2}, {3, 4}, {5, 6}}), b = tensor({1, 0, -1});
  CHECK(equal(linear(tensor({1, -1}), w, b), tensor({0, -1, -2})));
  CHECK(equal(linear(tensor({{1, -1}, {2, 0}}), w), tensor({{-1, -1, -1}, {2, 6, 10}})));
  CHECK(equal(linear(ones({4, 2, 2}), w, b), expand(tensor({4, 7, 10}), {4, 2, 3})));
  CHECK(linear(zeros({0, 2}), w, b).shape() == Shape{0, 3});
  CHECK(linear(zeros({3, 0, 2}), w, b).shape() == Shape{3, 0, 3});
  CHECK(equal(linear(zeros({2, 0}), zeros({3, 0}), b), expand(b, {2, 3})));
}

TEST_CASE("linear: what it records, and its gradients") {
  manual_seed(6);
  const Tensor w = randn({3, 4}).requires_grad_(), b = randn({3}).requires_grad_();
  {
    Tape tape;
    linear(randn({2, 4}), w, b);
    CHECK(names(tape) == "expand addmm");
    CHECK(tape[3].attributes() == "transpose_a=false, transpose_b=true");
  }
  {
    Tape tape;
    linear(randn({2, 2, 4}).requires_grad_(), w, b);
    CHECK(names(tape) == "reshape expand addmm reshape");
  }
  const auto f = [](const auto& x) { return linear(x[0], x[1], x[2]); };
  check_walks(f, {randn({2, 4}, f64), w.detach().to(f64), b.detach().to(f64)});
  check_walks(f, {randn({2, 3, 4}, f64), w.detach().to(f64), b.detach().to(f64)});
}

TEST_CASE("addmm: a sum and a product in one, for every transposition and broadcast") {
  manual_seed(7);
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const Shape& c : {Shape{}, Shape{3}, Shape{2, 1}, Shape{2, 3}}) {
        const Tensor x = randn(c, f64), a = randn(ta ? Shape{4, 2} : Shape{2, 4}, f64),
                     b = randn(tb ? Shape{3, 4} : Shape{4, 3}, f64);
        CHECK(allclose(addmm(x, a, b, {ta, tb}), x + matmul(a, b, {ta, tb}), 1e-14, 1e-14));
        check_walks([&](const auto& in) { return addmm(in[0], in[1], in[2], {ta, tb}); }, {x, a, b});
      }
  CHECK(equal(addmm(tensor({1, 2}), zeros({2, 0}), zeros({0, 2})), tensor({{1, 2}, {1, 2}})));
}

TEST_CASE("addmm: errors") {
  const Tensor c = zeros({3}), a = zeros({2, 4});
  CHECK_SAYS(addmm(c, a, zeros({3, 4})), "addmm: the inner sizes differ", "(2, 4) times (3, 4)", "matmul.cpp:");
  CHECK_SAYS(addmm(c, a, zeros({4})), "addmm: a and b must be matrices", "(4,)");
  CHECK_SAYS(addmm(zeros({5}), a, zeros({4, 3})), "does not broadcast", "(5,)", "(2, 3)");
  CHECK_SAYS(addmm(zeros({3}, f64), a, zeros({4, 3})), "addmm: dtypes differ");
  CHECK_SAYS(addmm(zeros({3}, i64), zeros({2, 4}, i64), zeros({4, 3}, i64)), "addmm");
}

TEST_CASE("linear: errors") {
  const Tensor x = zeros({2, 5}), w = zeros({3, 4});
  CHECK_SAYS(linear(x, w), "linear: the input has the wrong number of features", "x (2, 5), weight (3, 4)",
             "matmul.cpp:");
  CHECK_SAYS(linear(x, zeros({5})), "linear: the weight is not a matrix", "(5,)");
  CHECK_SAYS(linear(scalar(1), w), "x (), weight (3, 4)");
  CHECK_SAYS(linear(zeros({2, 4}), w, zeros({4})), "linear: the bias has the wrong shape", "(4,)", "(3,)");
  CHECK_SAYS(linear(zeros({2, 4}), w, zeros({3}, f64)), "linear: dtypes differ");
}
