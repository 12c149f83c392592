// Indexing and matrix products.
#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

int normal_axis(int a, int dims) { return a < 0 ? a + dims : a; }

// An index list may repeat itself and be empty.
Case index_select_case(Rng& rng) {
  const Shape s = shape(rng, 1, 3, false);
  const int a = axis(rng, s.size());
  const std::int64_t n = s[normal_axis(a, s.size())];
  const Tensor x = normal(rng, s);
  switch (rng.below(12)) {
    case 8: {
      const Tensor mask = rng.chance(0.5) ? booleans(rng, s) : booleans(rng, {s[s.size() - 1]});
      return {[](const Tensors& t) { return masked_select(t[0], t[1]); }, {x, mask}};
    }
    case 9: {
      const Tensor mask = booleans(rng, rng.chance(0.5) ? Shape{s[0]} : s);
      return {[](const Tensors& t) { return t[0][t[1]]; }, {x, mask}};
    }
    case 10: {
      const Tensor list = integers(rng, shape(rng, 0, 2), s[0]) - (rng.chance(0.5) ? s[0] : 0);
      return {[](const Tensors& t) { return t[0][t[1]]; }, {x, list}};
    }
    case 11: {
      const auto offset = rng.between(-2, 1);
      return {[=](const Tensors& t) { return pack_tril(t[0], offset); }, {normal(rng, {2, 4, 4})}};
    }
    case 0: {
      const auto shift = rng.between(-4, 4);
      return {[=](const Tensors& t) { return roll(t[0], {shift}, {a}); }, {x}};
    }
    case 1:
      return {[](const Tensors& t) { return repeat(t[0], {2, 1, 3}); }, {x}};
    case 2: {
      const Tensor where = integers(rng, shape(rng, 0, 2, false), 4);
      return {[](const Tensors& t) { return embedding(t[0], t[1]); }, {normal(rng, {4, rng.between(1, 4)}), where}};
    }
    case 3: {
      std::vector<Pad> amounts;
      for (const auto size : s) amounts.push_back({rng.between(0, size - 1), rng.between(0, size - 1)});
      const PadMode mode = rng.of({PadMode::reflect, PadMode::replicate});
      return {[=](const Tensors& t) { return pad(t[0], amounts, mode); }, {x}};
    }
    default:
      return {[=](const Tensors& t) { return index_select(t[0], a, t[1]); },
              {x, integers(rng, {rng.between(rng.chance(0.05) ? 0 : 1, 7)}, n)}};
  }
}

Case index_add_case(Rng& rng) {
  Shape s = shape(rng, 1, 3, false);
  const int a = axis(rng, s.size()), at = normal_axis(a, s.size());
  const std::int64_t n = s[at];
  const Tensor x = normal(rng, s), index = integers(rng, {rng.between(1, 6)}, n);
  s[at] = index.size(0);
  const Tensor y = normal(rng, s);
  if (rng.chance(0.1))
    return {[](const Tensors& t) { return unpack_tril(t[0], 3); }, {normal(rng, {rng.between(1, 3), 6})}};
  if (rng.chance(0.1))
    return {[](const Tensors& t) { return bincount(t[0], t[1], 7); }, {integers(rng, {5}, 6), normal(rng, {5})}};
  if (s == x.shape() && rng.chance(0.3))
    return {[=](const Tensors& t) { return index_add(t[0], a, t[1], t[0]); }, {x, index}};
  return {[=](const Tensors& t) { return index_add(t[0], a, t[1], t[2]); }, {x, index, y}};
}

// The index may be smaller than x on every axis, and longer along its own.
Tensor element_index(Rng& rng, const Shape& x, int at) {
  Shape s = x;
  for (int i = 0; i < s.size(); ++i) s[i] = i == at ? rng.between(1, 6) : rng.between(rng.chance(0.5) ? 1 : x[i], x[i]);
  return integers(rng, s, x[at]);
}

Case gather_case(Rng& rng) {
  const Shape s = shape(rng, 1, 3, false);
  const int a = axis(rng, s.size());
  if (rng.chance(0.2)) {
    const bool keepdim = rng.chance(0.5), largest = rng.chance(0.5);
    return {[=](const Tensors& x) { return (largest ? max_dim : min_dim)(x[0], a, keepdim).values; },
            {distinct(rng, s)}};
  }
  if (rng.chance(0.2)) {
    const bool down = rng.chance(0.5);
    const std::int64_t k = rng.between(1, s[normal_axis(a, s.size())]);
    if (rng.chance(0.5)) return {[=](const Tensors& x) { return topk(x[0], k, a, down).values; }, {distinct(rng, s)}};
    return {[=](const Tensors& x) { return sort(x[0], a, down).values; }, {distinct(rng, s)}};
  }
  return {[=](const Tensors& x) { return gather(x[0], a, x[1]); },
          {normal(rng, s), element_index(rng, s, normal_axis(a, s.size()))}};
}

Case scatter_add_case(Rng& rng) {
  const Shape s = shape(rng, 1, 3, false);
  const int a = axis(rng, s.size());
  const Tensor index = element_index(rng, s, normal_axis(a, s.size()));
  return {[=](const Tensors& x) { return scatter_add(x[0], a, x[1], x[2]); },
          {normal(rng, s), index, normal(rng, index.shape())}};
}

Case scatter_case(Rng& rng) {
  const Shape s = shape(rng, 1, 3, false);
  const int a = axis(rng, s.size());
  const Tensor index = element_index(rng, s, normal_axis(a, s.size())), x = normal(rng, s);
  if (rng.chance(0.2)) return {[=](const Tensors& t) { return scatter(t[0], a, t[1], 2); }, {x, index}};
  return {[=](const Tensors& t) { return scatter(t[0], a, t[1], t[2]); }, {x, index, normal(rng, index.shape())}};
}

Case matmul_case(Rng& rng) {
  const auto m = rng.between(1, 4), k = rng.between(rng.chance(0.05) ? 0 : 1, 5), n = rng.between(1, 4);
  const auto way = rng.below(8);
  if (way == 0) {
    const Shape lead = shape(rng, 0, 2, false);
    Shape s = lead;
    s.push_back(k);
    return {[](const Tensors& x) { return linear(x[0], x[1]); }, {normal(rng, s), normal(rng, {n, k})}};
  }
  if (way == 1)
    return {[](const Tensors& x) {
              return einsum("bik,kj->jbi", {x[0], x[1]});
            },
            {normal(rng, {2, m, k}), normal(rng, {k, n})}};
  const bool ta = rng.chance(0.5), tb = rng.chance(0.5);
  Shape a = ta ? Shape{k, m} : Shape{m, k}, b = tb ? Shape{n, k} : Shape{k, n};
  if (way == 2) a = {k};
  if (way == 3) b = {k};
  if (way >= 6) {
    const auto batch = broadcasting(rng, shape(rng, 1, 2, false), 2);
    for (int i = batch[0].size(); i-- > 0;) a.insert(0, batch[0][i]);
    for (int i = batch[1].size(); i-- > 0;) b.insert(0, batch[1][i]);
  }
  if (way == 4 && m == n && ta != tb)
    return {[=](const Tensors& x) { return matmul(x[0], x[0], {ta, !ta}); }, {normal(rng, a)}};
  return {[=](const Tensors& x) { return matmul(x[0], x[1], {ta, tb}); }, {normal(rng, a), normal(rng, b)}};
}

Case addmm_case(Rng& rng) {
  const auto m = rng.between(1, 4), k = rng.between(rng.chance(0.05) ? 0 : 1, 5), n = rng.between(1, 4);
  if (rng.chance(0.3)) {
    Shape s = shape(rng, 0, 2, false);
    s.push_back(k);
    return {[](const Tensors& x) { return linear(x[0], x[1], x[2]); },
            {normal(rng, s), normal(rng, {n, k}), normal(rng, {n})}};
  }
  const bool ta = rng.chance(0.5), tb = rng.chance(0.5);
  const Shape c = rng.of<Shape>({{m, n}, {m, n}, {n}, {m, 1}, {}});
  return {[=](const Tensors& x) {
            return addmm(x[0], x[1], x[2], {ta, tb});
          },
          {normal(rng, c), normal(rng, ta ? Shape{k, m} : Shape{m, k}), normal(rng, tb ? Shape{n, k} : Shape{k, n})}};
}

Tensor at(std::initializer_list<Nested> list) { return tensor(list, i64); }

}  // namespace

std::vector<Row> index_rows() {
  const auto selects = [](int a) { return [a](const Tensors& x) { return index_select(x[0], a, x[1]); }; };
  const auto adds = [](int a) { return [a](const Tensors& x) { return index_add(x[0], a, x[1], x[2]); }; };
  const auto gathers = [](int a) { return [a](const Tensors& x) { return gather(x[0], a, x[1]); }; };
  const auto sets = [](int a) { return [a](const Tensors& x) { return scatter(x[0], a, x[1], x[2]); }; };
  const auto scatters = [](int a) { return [a](const Tensors& x) { return scatter_add(x[0], a, x[1], x[2]); }; };
  return {
      {"index_select",
       index_select_case,
       {{selects(0), {numbers({3}), at({0, 3})}},
        {selects(0), {numbers({3}), at({-1})}},
        {selects(0), {numbers({3}), at({{0, 1}})}},
        {selects(1), {numbers({3}), at({0})}},
        {selects(0), {numbers({3}), numbers({1})}},
        {selects(0), {numbers({}), at({0})}},
        {selects(0), {undefined(), at({0})}},
        {[](const Tensors& x) { return embedding(x[0], x[1]); }, {numbers({3}), at({0})}},
        {[](const Tensors& x) { return embedding(x[0], x[1]); }, {numbers({3, 2}), at({3})}},
        {[](const Tensors& x) { return embedding(x[0], x[1], 3); }, {numbers({3, 2}), at({0})}}},
       nullptr,
       is_linear},
      {"index_add",
       index_add_case,
       {{adds(0), {numbers({3}), at({0, 3}), numbers({2})}},
        {adds(0), {numbers({3}), at({0, 1}), numbers({3})}},
        {adds(0), {numbers({3}), at({0}), single({1})}},
        {adds(0), {flags({3}), at({0}), flags({1})}},
        {adds(2), {numbers({3, 1}), at({0}), numbers({1, 1})}},
        {adds(0), {numbers({3}), numbers({1}), numbers({1})}},
        {adds(0), {numbers({3}), at({0}), undefined()}}},
       nullptr,
       is_linear},
      {"gather",
       gather_case,
       {{gathers(0), {numbers({3, 2}), at({{0, 3}})}},
        {gathers(0), {numbers({3, 2}), at({{-1, 0}})}},
        {gathers(0), {numbers({3, 2}), at({0})}},
        {gathers(0), {numbers({3, 2}), at({{0, 0, 0}})}},
        {gathers(2), {numbers({3, 2}), at({{0}})}},
        {gathers(0), {numbers({3}), single({1})}},
        {gathers(0), {undefined(), at({0})}}},
       nullptr,
       is_linear},
      {"scatter_add",
       scatter_add_case,
       {{scatters(0), {numbers({3, 2}), at({{0, 3}}), numbers({1, 2})}},
        {scatters(0), {numbers({3, 2}), at({{0, 1}}), numbers({2, 2})}},
        {scatters(0), {numbers({3, 2}), at({{0, 1}}), single({1, 2})}},
        {scatters(0), {flags({3, 2}), at({{0, 1}}), flags({1, 2})}},
        {scatters(0), {numbers({3, 2}), at({0}), numbers({1})}},
        {scatters(-3), {numbers({3, 2}), at({{0, 1}}), numbers({1, 2})}}},
       nullptr,
       is_linear},
      {"scatter",
       scatter_case,
       {{sets(0), {numbers({3, 2}), at({{0, 3}}), numbers({1, 2})}},
        {sets(0), {numbers({3, 2}), at({{0, 1}}), numbers({2, 2})}},
        {sets(0), {numbers({3, 2}), at({{0, 1}}), single({1, 2})}},
        {sets(0), {numbers({3, 2}), at({0}), numbers({1})}},
        {sets(0), {undefined(), at({0}), numbers({1})}},
        {sets(2), {numbers({3, 2}), at({{0, 1}}), numbers({1, 2})}}},
       nullptr,
       is_linear},
  };
}

std::vector<Row> matmul_rows() {
  const auto product = [](const Tensors& x) { return matmul(x[0], x[1]); };
  const auto layer = [](const Tensors& x) { return linear(x[0], x[1], x[2]); };
  const auto plus = [](const Tensors& x) { return addmm(x[0], x[1], x[2]); };
  const auto summed = [](const char* equation) { return [equation](const Tensors& x) { return einsum(equation, x); }; };
  return {{"matmul",
           matmul_case,
           {{product, {numbers({2, 3}), numbers({2, 3})}},
            {product, {numbers({2, 3}), numbers({2})}},
            {product, {numbers({}), numbers({2})}},
            {product, {numbers({2, 2, 3}), numbers({3, 3, 2})}},
            {product, {numbers({2, 3}), single({3, 2})}},
            {product, {whole({2, 3}), whole({3, 2})}},
            {product, {numbers({2, 3}), undefined()}},
            {[](const Tensors& x) { return matmul(x[0], x[1], {.transpose_b = true}); },
             {numbers({2, 3}), numbers({3, 2})}},
            {summed("ij,jk->ik"), {numbers({2, 3}), numbers({2, 3})}},
            {summed("ij->ij"), {numbers({2, 3}), numbers({2, 3})}},
            {summed("ij->k"), {numbers({2, 3})}}}},
          {"addmm",
           addmm_case,
           {{layer, {numbers({2, 3}), numbers({4, 2}), numbers({4})}},
            {layer, {numbers({2, 3}), numbers({4, 3}), numbers({3})}},
            {layer, {numbers({2, 3}), numbers({4, 3}), single({4})}},
            {plus, {numbers({3}), numbers({2, 3}), numbers({2, 3})}},
            {plus, {numbers({3}), numbers({2, 3}), numbers({3})}},
            {plus, {numbers({2}), numbers({2, 3}), numbers({3, 3})}},
            {plus, {single({3}), numbers({2, 3}), numbers({3, 3})}},
            {plus, {whole({3}), whole({2, 3}), whole({3, 3})}},
            {plus, {undefined(), numbers({2, 3}), numbers({3, 3})}}}}};
}

}  // namespace gate
