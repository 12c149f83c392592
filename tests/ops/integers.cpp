// Integers at the ends of their range: sums and products wrap around, and nothing overflows (the address sanitizer's
// build also looks for undefined behaviour).
#include <gradus/gradus.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                       most = std::numeric_limits<std::int64_t>::max();

std::vector<std::int64_t> numbers(const Tensor& x) { return x.contiguous().to_vector<std::int64_t>(); }

}  // namespace

TEST_CASE("sums and products of integers wrap around") {
  const Tensor x = tensor({most, most}, i64), two = tensor({2, 2}, i64), zero = tensor({0, 0}, i64);
  const std::vector<std::int64_t> twice{-2, -2}, one{-2};
  CHECK(numbers(x + x) == twice);
  CHECK(numbers(x * two) == twice);
  CHECK(numbers(zero - x - x) == std::vector<std::int64_t>{2, 2});
  CHECK(numbers(sum(x)) == one);
  CHECK(numbers(sum(x.reshape({1, 2}), 1)) == one);
  CHECK(numbers(sum(x.reshape({2, 1}), 0)) == one);
  CHECK(numbers(prod(concat({x, two}))) == std::vector<std::int64_t>{4});
  CHECK(numbers(cumsum(x, 0)) == std::vector<std::int64_t>{most, -2});
  CHECK(numbers(cumprod(tensor({most, 2}, i64), 0)) == std::vector<std::int64_t>{most, -2});
  CHECK(numbers(scatter_add(zero, 0, tensor({1, 1}, i64), x)) == std::vector<std::int64_t>{0, -2});
  CHECK(numbers(index_add(zero, 0, tensor({0, 0}, i64), x)) == std::vector<std::int64_t>{-2, 0});
  CHECK(numbers(trace(diag(x))) == one);
  Tensor y = x.clone();
  y.add_(x);
  CHECK(numbers(y) == twice);
  y.copy_(y * x);
  CHECK(numbers(y) == std::vector<std::int64_t>{2, 2});
  y.add_(x, 2);
  CHECK(numbers(y) == std::vector<std::int64_t>{0, 0});
}

TEST_CASE("whatever takes integers takes the ends of their range") {
  const Tensor x = tensor({{least, most}, {most, least}}, i64), row = tensor({least, most, least}, i64);
  const Tensor minus = tensor({{-1, -1}, {-1, -1}}, i64);
  // A result or an Error: what counts is that nothing overflows on the way.
  const std::vector<std::pair<std::string, std::function<Tensor()>>> calls{
      {"neg", [&] { return -x; }},
      {"abs", [&] { return abs(x); }},
      {"sign", [&] { return sign(x); }},
      {"square", [&] { return square(x); }},
      {"remainder", [&] { return remainder(x, minus); }},
      {"remainder by the least", [&] { return remainder(minus, x); }},
      {"remainder by -1", [&] { return remainder(x, -1); }},
      {"div", [&] { return x / minus; }},
      {"pow", [&] { return pow(x, 2); }},
      {"floor", [&] { return floor(x); }},
      {"clamp", [&] { return clamp(x, -1, 1); }},
      {"maximum", [&] { return maximum(x, minus); }},
      {"where", [&] { return where(x > 0, x, minus); }},
      {"comparison with a fraction", [&] { return x > 0.5; }},
      {"comparison with infinity", [&] { return x < std::numeric_limits<double>::infinity(); }},
      {"to f32", [&] { return x.to(f32); }},
      {"max", [&] { return max(x); }},
      {"argmin", [&] { return argmin(x, 1); }},
      {"mean", [&] { return mean(x); }},
      {"sort", [&] { return sort(x).indices; }},
      {"topk", [&] { return topk(x, 1).values; }},
      {"matmul", [&] { return matmul(x, x); }},
      {"dot", [&] { return matmul(row, row); }},
      {"einsum",
       [&] {
         return einsum("ij,jk->ik", {x, x});
       }},
      {"outer", [&] { return outer(row, row); }},
      {"cross", [&] { return cross(row, row); }},
      {"bincount", [&] { return bincount(row); }},
      {"index_select", [&] { return index_select(x, 0, row); }},
      {"gather", [&] { return gather(x, 0, x); }},
      {"one_hot", [&] { return one_hot(row, 3); }},
      {"embedding",
       [&] {
         return embedding(ones({2, 2}), row);
       }},
      {"roll", [&] { return roll(x, most, 0); }},
      {"roll back", [&] { return roll(x, least, 1); }},
      {"slice",
       [&] {
         return slice(x, 0, {least, most});
       }},
      {"narrow index", [&] { return x[least]; }},
      {"diag", [&] { return diag(x, most); }},
      {"diagonal", [&] { return diagonal(x, least); }},
      {"tril", [&] { return tril(x, least); }},
      {"triu", [&] { return triu(x, most); }},
      {"pad",
       [&] {
         return pad(x, {{most, 0}, {0, most}});
       }},
      {"repeat",
       [&] {
         return repeat(x, {most, 2});
       }},
      {"reshape",
       [&] {
         return x.reshape({least, most});
       }},
      {"arange", [&] { return arange(least, most); }},
      {"arange down", [&] { return arange(most, least, -most); }},
      {"randint", [&] { return randint(least, most, {4}); }},
      {"full", [&] { return full({2}, 1e300, i64); }},
      {"norm", [&] { return norm(x); }},
  };
  for (const auto& [name, call] : calls) {
    CAPTURE(name);
    bool defined = false;
    const std::string said = support::message([&] { defined = call().defined(); });
    CHECK((defined || support::contains(said, "got:")));
  }
}
