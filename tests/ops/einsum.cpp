// einsum against a loop over all letters.
#include <map>

#include "ops/walks.hpp"

using namespace gradus;

namespace {

// By the definition: the result's element is the sum, over every value of the letters it lacks, of the operands'
// products.
Tensor naive(const std::string& equation, const std::vector<Tensor>& x) {
  const std::size_t arrow = equation.find("->");
  std::vector<std::string> parts(1);
  for (const char c : equation.substr(0, arrow))
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  const std::string result = equation.substr(arrow + 2);
  std::map<char, std::int64_t> size, at;
  for (std::size_t k = 0; k < x.size(); ++k)
    for (std::size_t i = 0; i < parts[k].size(); ++i) size[parts[k][i]] = x[k].shape()[static_cast<int>(i)];
  const auto offset = [&](const std::string& letters) {
    std::int64_t o = 0;
    for (const char c : letters) o = o * size[c] + at[c];
    return static_cast<std::size_t>(o);
  };
  Shape shape;
  for (const char c : result) shape.push_back(size[c]);
  std::vector<std::vector<double>> numbers;
  for (const Tensor& t : x) numbers.push_back(t.to_vector());
  std::vector<double> y(static_cast<std::size_t>(shape.numel()));
  std::int64_t total = 1;
  for (const auto& [c, n] : size) total *= n;
  for (std::int64_t step = 0; step < total; ++step) {
    std::int64_t rest = step;
    for (const auto& [c, n] : size) at[c] = rest % n, rest /= n;
    double product = 1;
    for (std::size_t k = 0; k < x.size(); ++k) product *= numbers[k][offset(parts[k])];
    y[offset(result)] += product;
  }
  return from_data(std::span<const double>(y), shape);
}

}  // namespace

TEST_CASE("einsum: against the definition, with gradients at both orders") {
  manual_seed(1);
  const std::map<char, std::int64_t> size{{'a', 2}, {'b', 3}, {'i', 2}, {'j', 3}, {'k', 4}, {'l', 2}, {'o', 3}};
  for (const char* equation :
       {"i->i",         "ij->ji",        "ijk->ik",         "ij->",      "ijk->kij", "ii->i",       "ii->",
        "iji->ij",      "iiaa->ai",      "iii->i",          "i,j->ij",   "i,i->",    "ij,jk->ik",   "ij,kj->ik",
        "ji,jk->ik",    "bij,bjk->bik",  "abik,abjk->abij", "ij,ij->ij", "ij,ij->i", "bij,j->bi",   "bi,bj->bij",
        "ij,jk,kl->il", "ai,oij,aj->ao", "ij,kl->jl",       "ij,->ij",   ",->",      "ijk,lkj->li", "ij,ji,ii->",
        "kj,i,j->ki",   "bij,bij->jb",   "i,j,k->kji"}) {
    INFO(std::string(equation));
    std::vector<Tensor> x;
    Shape shape;
    for (const char* c = equation;; ++c) {
      if (size.contains(*c)) shape.push_back(size.at(*c));
      if (*c == ',' || *c == '-') x.push_back(randn(shape, f64)), shape = {};
      if (*c == '-') break;
    }
    CHECK(allclose(einsum(equation, x), naive(equation, x), 1e-12, 1e-13));
    support::check_walks([=](const auto& in) { return einsum(equation, in); }, x);
  }
}

TEST_CASE("einsum: spaces, capitals, sizes of 0") {
  const Tensor a = tensor({{1, 2}, {3, 4}});
  CHECK(equal(einsum(" iJ , Jk -> ik ", {a, a}), matmul(a, a)));
  CHECK(equal(einsum("ij,jk->ik", {zeros({2, 0}), zeros({0, 3})}), zeros({2, 3})));
  CHECK(einsum("ij,ij->ij", {zeros({0, 3}), zeros({0, 3})}).shape() == Shape{0, 3});
  CHECK(equal(einsum("ii->", {zeros({0, 0})}), scalar(0)));
}

TEST_CASE("einsum: without '->' the result is numpy's, the letters that occur once in alphabetical order") {
  manual_seed(3);
  const Tensor a = randn({2, 3}, f64), b = randn({3, 4}, f64), v = randn({3}, f64), s = randn({3, 3}, f64);
  CHECK(equal(einsum("ij,jk", {a, b}), matmul(a, b)));
  CHECK(equal(einsum("ba", {a}), a.t()));  // as numpy: the axes in the order of their letters
  CHECK(equal(einsum("i,i", {v, v}), matmul(v, v)));
  CHECK(equal(einsum("ii", {s}), einsum("ii->", {s})));
  CHECK(equal(einsum("iB,ij", {a, a}), einsum("iB,ij->Bj", {a, a})));  // capitals come first
}

TEST_CASE("einsum: attention scores take no copies") {
  const Tensor q = ones({2, 3, 4, 5}).requires_grad_(), k = ones({2, 3, 6, 5}).requires_grad_();
  Tape tape;
  einsum("bhqd,bhkd->bhqk", {q, k});
  CHECK(support::names(tape) == "permute matmul");
}

TEST_CASE("einsum: errors") {
  const Tensor a = zeros({2, 3}), b = zeros({3, 4});
  CHECK_SAYS(einsum("...i->i", {a}), "'.'", "'...'");
  CHECK_SAYS(einsum("i1->i", {a}), "'1'");
  CHECK_SAYS(einsum("ij->ij->i", {a}), "'-'");
  CHECK_SAYS(einsum("ij->ii", {a}), "the result has the letter 'i' twice");
  CHECK_SAYS(einsum("ij->ik", {a}), "the result has the letter 'k', but no operand has it");
  CHECK_SAYS(einsum("ij,jk->ik", {a}), "number of operands", "1 for \"ij,jk->ik\"", "expected: 2", "einsum.cpp:");
  CHECK_SAYS(einsum("ijk->i", {a}), "operand 0 has the wrong number of axes", "(2, 3) for \"ijk\"");
  CHECK_SAYS(einsum("ij,jk->ik", {a, zeros({4, 4})}), "the axes of the letter 'j' have different sizes",
             "3, and 4 in operand 1 (4, 4)");
  CHECK_SAYS(einsum("ii->i", {a}), "the axes of the letter 'i' have different sizes");
  CHECK_SAYS(einsum("ij,jk->ik", {a, b.to(f64)}), "einsum: dtypes differ");
  CHECK_SAYS(einsum("i,i->", {zeros({2}, i64), zeros({2}, i64)}), "einsum", "i64");
}
