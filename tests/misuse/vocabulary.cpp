// Wrong calls of special functions, order, selection, draws and linear algebra: undefined and empty tensors, 0-d ones,
// wrong shapes, dtypes and axes. Each is refused by its own name, with the words below, at the line of the call.
#include <limits>

#include "misuse/misuse.hpp"

using namespace gradus;
using misuse::numbers;

namespace {

// The call stands on the line of this one.
void refused(const std::string& name, const char* says, const std::function<void()>& call, Loc here = Loc::current()) {
  INFO(name, ", line ", here.line(), ": ", std::string(says));
  try {
    call();
    INFO("nothing was thrown");
    CHECK(false);
  } catch (const Error& e) {
    const std::string what = e.what();
    INFO(what);
    CHECK(e.operation() == name);
    CHECK(what.find(says) != std::string::npos);
    CHECK(misuse::explains(e.complaint()));
    CHECK(std::string(e.where().file_name()) == here.file_name());
    CHECK(e.where().line() == here.line());
  } catch (const std::exception& e) {
    INFO("another exception: ", std::string(e.what()));
    CHECK(false);
  }
  CHECK(Tape::current() == nullptr);
}

struct One {
  const char* name;
  Tensor (*f)(Arg);
  bool takes_integers = false;
};
constexpr One functions[] = {
    {"floor", floor, true}, {"ceil", ceil, true}, {"round", round, true}, {"log2", log2}, {"asin", asin},
    {"acos", acos},         {"atan", atan},       {"sinh", sinh},         {"cosh", cosh}, {"lgamma", lgamma},
    {"polygamma", digamma}, {"erf", erf},         {"inverse", inverse},   {"det", det},   {"bernoulli", bernoulli},
};

struct Two {
  const char* name;
  Tensor (*f)(Arg, Arg);
};
struct Over {
  const char* name;
  Tensor (*f)(Arg, Axes, bool);
};

const Tensor none;
const Tensor x = numbers({2, 3}), d = numbers({2, 3}, f64), i = numbers({2, 3}, i64), b = numbers({2, 3}, boolean);
const Tensor zero_d = numbers({}), empty = numbers({0, 3}), list = numbers({3}, i64), square_ = numbers({2, 2});
const Tensor few = numbers({1}), unit = eye(2);
constexpr double nan_ = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("misuse: functions of one operand") {
  for (const One& f : functions) {
    refused(f.name, "undefined", [&] { (void)f.f(none); });
    refused(f.name, "bool", [&] { (void)f.f(b); });
    if (!f.takes_integers) refused(f.name, "i64", [&] { (void)f.f(i); });
  }
  refused("polygamma", "the order is out of range", [&] { (void)polygamma(-1, x); });
  refused("polygamma", "n = 101", [&] { (void)polygamma(101, x); });
  refused("polygamma", "undefined", [&] { (void)polygamma(1, none); });
  refused("isfinite", "undefined", [&] { (void)isfinite(none); });
  refused("logical_not", "wrong dtype of the input", [&] { (void)~x; });
  refused("logical_not", "undefined", [&] { (void)~none; });
}

TEST_CASE("misuse: two operands") {
  for (const auto& [name, f] : {Two{"remainder", remainder}, Two{"atan2", atan2}}) {
    refused(name, "undefined", [&] { (void)f(x, none); });
    refused(name, "undefined", [&] { (void)f(none, x); });
    refused(name, "dtypes differ", [&] { (void)f(x, d); });
    refused(name, "both operands are numbers", [&] { (void)f(1, 2); });
    refused(name, "(2, 3) and (2, 2)", [&] { (void)f(x, square_); });
    refused(name, "bool", [&] { (void)f(b, b); });
  }
  refused("remainder", "cannot take this number", [&] { (void)remainder(i, 0.5); });
  refused("remainder", "a divisor is 0", [&] { (void)remainder(i, 0); });
  refused("atan2", "i64", [&] { (void)atan2(i, i); });
  refused("eq", "dtypes differ", [&] { (void)(x == d); });
  refused("ne", "undefined", [&] { (void)(x != none); });
  refused("eq", "(2, 3) and (2, 2)", [&] { (void)(x == square_); });
  refused("logical_and", "wrong dtype of the first operand", [&] { (void)(x & b); });
  refused("logical_and", "wrong dtype of the second operand", [&] { (void)(b & i); });
  refused("logical_or", "undefined", [&] { (void)(b | none); });
  refused("logical_or", "(2, 3) and (2, 2)", [&] { (void)(b | (square_ > 0)); });
  refused("argument", "a number where a tensor is needed", [&] { (void)(b | 1); });
}

TEST_CASE("misuse: counting and scans") {
  for (const auto& [name, f] : {Over{"any", any}, Over{"all", all}}) {
    refused(name, "undefined", [&] { (void)f(none, {}, false); });
    refused(name, "axis 2", [&] { (void)f(x, {2}, false); });
    refused(name, "axis 0", [&] { (void)f(x, {0, 0}, false); });
    refused(name, "axis 0", [&] { (void)f(zero_d, {0}, false); });
  }
  refused("cumprod", "undefined", [&] { (void)cumprod(none, 0); });
  refused("cumprod", "axis 2", [&] { (void)cumprod(x, 2); });
  refused("cumprod", "axis 0", [&] { (void)cumprod(zero_d, 0); });
  refused("cumprod", "bool", [&] { (void)cumprod(b, 0); });
  refused("norm", "p is out of range", [&] { (void)norm(x, nan_); });
  refused("norm", "i64", [&] { (void)norm(i); });
  refused("norm", "axis 3", [&] { (void)norm(x, 2, 3); });
  refused("max", "an empty axis", [&] { (void)norm(empty, inf, 0); });
  refused("bincount", "undefined", [&] { (void)bincount(none); });
  refused("bincount", "wrong dtype of the labels", [&] { (void)bincount(x); });
  refused("bincount", "the labels are not a list", [&] { (void)bincount(i); });
  refused("bincount", "the labels are not a list", [&] { (void)bincount(numbers({}, i64)); });
  refused("bincount", "a label is out of range", [&] { (void)bincount(-list); });
  refused("bincount", "a label is out of range", [&] { (void)bincount(list * (std::int64_t{1} << 40)); });
  refused("bincount", "minlength is out of range", [&] { (void)bincount(list, -1); });
  refused("bincount", "labels and weights have different shapes", [&] { (void)bincount(list, x); });
  refused("bincount", "i64", [&] { (void)bincount(list, list); });
  refused("bincount", "undefined", [&] { (void)bincount(list, none); });
}

TEST_CASE("misuse: order and selection") {
  refused("sort", "undefined", [&] { (void)sort(none); });
  refused("sort", "axis 2", [&] { (void)sort(x, 2); });
  refused("sort", "axis -1", [&] { (void)sort(zero_d); });
  refused("topk", "undefined", [&] { (void)topk(none, 1); });
  refused("topk", "axis -3", [&] { (void)topk(x, 1, -3); });
  refused("topk", "axis -1", [&] { (void)topk(zero_d, 1); });
  refused("topk", "k is out of range", [&] { (void)topk(x, 4); });
  refused("topk", "k is out of range", [&] { (void)topk(empty, 1, 0); });
  refused("masked_select", "undefined", [&] { (void)masked_select(none, b); });
  refused("masked_select", "undefined", [&] { (void)masked_select(x, none); });
  refused("masked_select", "wrong dtype of the mask", [&] { (void)masked_select(x, x); });
  refused("masked_select", "(2, 3) and (2, 2)", [&] { (void)masked_select(x, square_ > 0); });
  refused("index", "undefined", [&] { (void)none[list]; });
  refused("index", "undefined", [&] { (void)x[none]; });
  refused("index", "wrong dtype of the index", [&] { (void)x[x]; });
  refused("index", "the mask does not have the shape", [&] { (void)x[numbers({3}, boolean)]; });
  refused("index", "the mask does not have the shape", [&] { (void)x[numbers({2, 3, 1}, boolean)]; });
  refused("index", "a 0-d tensor has no entries", [&] { (void)zero_d[list]; });
  refused("index", "too many axes", [&] { (void)numbers({1, 1, 1, 1, 1})[numbers({1, 1, 1, 1, 1}, i64)]; });
  refused("index_select", "an index is out of range", [&] { (void)x[list * 2]; });
  refused("index_select", "an index is out of range", [&] { (void)x[list * -3]; });
  refused("index_select", "an axis that is not empty", [&] { (void)empty[list]; });
  refused("scatter", "undefined", [&] { (void)scatter(none, 0, i, x); });
  refused("scatter", "wrong dtype of the index", [&] { (void)scatter(x, 0, x, x); });
  refused("scatter", "axis 2", [&] { (void)scatter(x, 2, i, x); });
  refused("scatter", "the index is larger than the tensor", [&] { (void)scatter(x, 0, list, x); });
  refused("scatter", "y has the wrong shape", [&] { (void)scatter(x, 0, i, square_); });
  refused("scatter", "dtypes differ", [&] { (void)scatter(x, 0, i, d); });
  refused("scatter", "an index is out of range", [&] { (void)scatter(x, 0, i * 2, x); });
  refused("scatter", "a tensor of integers cannot take this number", [&] { (void)scatter(i, 0, i, 0.5); });
  refused("masked_fill", "wrong dtype of the mask", [&] { (void)masked_fill(x, i, 0); });
}

TEST_CASE("misuse: diagonals, triangles, products of vectors") {
  refused("diagonal", "undefined", [&] { (void)diagonal(none); });
  refused("diagonal", "axis 0", [&] { (void)diagonal(zero_d); });
  refused("diagonal", "axis 1", [&] { (void)diagonal(list); });
  refused("diagonal", "both axes are the same", [&] { (void)diagonal(x, 0, 1, -1); });
  refused("diag", "undefined", [&] { (void)diag(none); });
  refused("diag", "neither a vector nor a matrix", [&] { (void)diag(zero_d); });
  refused("diag", "neither a vector nor a matrix", [&] { (void)diag(numbers({1, 1, 1})); });
  refused("diag", "the diagonal is out of range", [&] { (void)diag(list, std::int64_t{1} << 40); });
  refused("pack_tril", "not square matrices", [&] { (void)pack_tril(x); });
  refused("pack_tril", "undefined", [&] { (void)pack_tril(none); });
  refused("unpack_tril", "undefined", [&] { (void)unpack_tril(none, 2); });
  refused("unpack_tril", "does not hold a triangle", [&] { (void)unpack_tril(x, 3); });
  refused("unpack_tril", "does not hold a triangle", [&] { (void)unpack_tril(zero_d, 1); });
  refused("unpack_tril", "the size is out of range", [&] { (void)unpack_tril(x, -1); });
  refused("trace", "not a matrix", [&] { (void)trace(list); });
  refused("trace", "undefined", [&] { (void)trace(none); });
  refused("outer", "a is not a vector", [&] { (void)outer(x, list); });
  refused("outer", "b is not a vector", [&] { (void)outer(list, zero_d); });
  refused("outer", "dtypes differ", [&] { (void)outer(list, numbers({2})); });
  refused("outer", "undefined", [&] { (void)outer(none, list); });
  refused("cross", "undefined", [&] { (void)cross(x, none); });
  refused("cross", "the axis does not hold vectors", [&] { (void)cross(x, x, 0); });
  refused("cross", "dtypes differ", [&] { (void)cross(x, d); });
  refused("cross", "axis 2", [&] { (void)cross(x, x, 2); });
  refused("cross", "axis -1", [&] { (void)cross(zero_d, zero_d); });
}

TEST_CASE("misuse: draws") {
  refused("rand_like", "undefined", [&] { (void)rand_like(none); });
  refused("rand_like", "i64", [&] { (void)rand_like(i); });
  refused("randn_like", "bool", [&] { (void)randn_like(b); });
  refused("bernoulli", "a probability is out of range", [&] { (void)bernoulli(x * -0.1); });
  refused("bernoulli", "a probability is out of range", [&] { (void)bernoulli(x * nan_); });
  refused("multinomial", "undefined", [&] { (void)multinomial(none, 1); });
  refused("multinomial", "i64", [&] { (void)multinomial(i, 1); });
  refused("multinomial", "wrong number of axes", [&] { (void)multinomial(zero_d, 1); });
  refused("multinomial", "wrong number of axes", [&] { (void)multinomial(numbers({1, 1, 1}), 1); });
  refused("multinomial", "num_samples is out of range", [&] { (void)multinomial(x, 0); });
  refused("multinomial", "too few weights are above 0", [&] { (void)multinomial(x, 4); });
  refused("multinomial", "too few weights are above 0", [&] { (void)multinomial(numbers({2, 0}), 1, true); });
  refused("multinomial", "negative or not finite", [&] { (void)multinomial(x * inf, 1); });
  refused("multinomial", "negative or not finite", [&] { (void)multinomial(-x, 1); });
  refused("gumbel_softmax", "undefined", [&] { (void)gumbel_softmax(none); });
  refused("gumbel_softmax", "i64", [&] { (void)gumbel_softmax(i); });
  refused("gumbel_softmax", "tau is out of range", [&] { (void)gumbel_softmax(x, -1); });
  refused("gumbel_softmax", "tau is out of range", [&] { (void)gumbel_softmax(x, nan_); });
  refused("gumbel_softmax", "axis 2", [&] { (void)gumbel_softmax(x, 1, false, 2); });
  refused("gumbel_softmax", "axis -1", [&] { (void)gumbel_softmax(zero_d); });
}

TEST_CASE("misuse: linear algebra") {
  refused("cholesky", "undefined", [&] { (void)cholesky(none); });
  refused("cholesky", "not square matrices", [&] { (void)cholesky(x); });
  refused("cholesky", "not positive definite", [&] { (void)cholesky(-unit); });
  refused("inverse", "not square matrices", [&] { (void)inverse(zero_d); });
  refused("inverse", "a matrix is singular", [&] { (void)inverse(square_); });
  refused("det", "not square matrices", [&] { (void)det(list.to(f32)); });
  refused("slogdet", "not square matrices", [&] { (void)slogdet(x); });
  refused("slogdet", "undefined", [&] { (void)slogdet(none); });
  refused("slogdet", "i64", [&] { (void)slogdet(numbers({2, 2}, i64)); });
  refused("solve", "undefined", [&] { (void)solve(unit, none); });
  refused("solve", "undefined", [&] { (void)solve(none, unit); });
  refused("solve", "not square matrices", [&] { (void)solve(x, x); });
  refused("solve", "the sizes of a and b do not fit", [&] { (void)solve(unit, numbers({3})); });
  refused("solve", "the sizes of a and b do not fit", [&] { (void)solve(unit, zero_d); });
  refused("solve", "dtypes differ", [&] { (void)solve(unit, d); });
  refused("solve", "a matrix is singular", [&] { (void)solve(square_, x); });
  refused("solve", "(3,) and (4,)", [&] { (void)solve(expand(unit, {3, 2, 2}), numbers({4, 2, 1})); });
  refused("solve_triangular", "undefined", [&] { (void)solve_triangular(none, x); });
  refused("solve_triangular", "not square matrices", [&] { (void)solve_triangular(x, x); });
  refused("solve_triangular", "b (…, 2, k)", [&] { (void)solve_triangular(unit, numbers({3, 1})); });
  refused("solve_triangular", "b (…, k, 2)", [&] { (void)solve_triangular(unit, x, {.left = false}); });
  refused("solve_triangular", "the sizes of a and b do not fit", [&] { (void)solve_triangular(unit, few); });
  refused("solve_triangular", "a 0 on its diagonal", [&] { (void)solve_triangular(unit - unit, x); });
  refused("solve_triangular", "dtypes differ", [&] { (void)solve_triangular(unit, d); });
}
