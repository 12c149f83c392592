// What layers are built on: attention, recurrent steps, losses of classes.
#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

// Blocks have 32 queries: now and then there are more than that.
Case attention_case(Rng& rng) {
  const auto batch = rng.between(1, 2), heads = rng.between(1, 2), width = rng.between(1, 3),
             values = rng.between(1, 3);
  const bool large = rng.chance(0.03), causal = rng.chance(0.5);
  const auto queries = large ? rng.between(31, 35) : rng.between(1, 4);
  const auto keys = large ? rng.between(1, 3) : rng.between(1, 4);
  const double scale = rng.of({0.0, 0.3, -1.5});
  const auto attend = [=](const Tensor& q, const Tensor& k, const Tensor& v) {
    return scaled_dot_product_attention(q, k, v, {}, {.is_causal = causal, .scale = scale});
  };
  if (rng.chance(0.1)) {  // one tensor for all three
    const Tensor x = normal(rng, {batch, heads, queries, width});
    return {[=](const Tensors& t) { return attend(t[0], t[0], t[0]); }, {large ? x * 0.2 : x}};
  }
  return {[=](const Tensors& x) { return attend(x[0], x[1], x[2]); },
          {normal(rng, {batch, heads, queries, width}), normal(rng, {batch, heads, keys, width}),
           normal(rng, {batch, heads, keys, values})}};
}

Case lstm_case(Rng& rng) {
  const auto n = rng.between(0, 3), h = rng.between(1, 3);
  return {[](const Tensors& x) { return lstm_gates(x[0], x[1]); }, {normal(rng, {n, 4 * h}), normal(rng, {n, h})}};
}

Case cross_entropy_case(Rng& rng) {
  const auto n = rng.between(1, 4), classes = rng.between(1, 5);
  const Tensor labels = integers(rng, {n}, classes);
  const auto reduction = rng.of({Reduction::none, Reduction::mean, Reduction::sum});
  if (n > 1 && rng.chance(0.2))
    return {[=](const Tensors& x) {
              return cross_entropy(
                  x[0], x[1],
                  {.ignore_index = static_cast<std::int64_t>(labels[0].item()), .reduction = Reduction::sum});
            },
            {normal(rng, {n, classes}), labels}};
  return {[=](const Tensors& x) { return cross_entropy(x[0], x[1], {.reduction = reduction}); },
          {normal(rng, {n, classes}), labels}};
}

}  // namespace

std::vector<Row> layer_rows() {
  const auto attend = [](const Tensors& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); };
  const auto gates = [](const Tensors& x) { return lstm_gates(x[0], x[1]); };
  const auto entropy = [](const Tensors& x) { return cross_entropy(x[0], x[1]); };
  const Tensor q = numbers({1, 2, 3, 4});
  return {{"attention",
           attention_case,
           {{attend, {q, numbers({1, 2, 3, 5}), q}},
            {attend, {q, q, numbers({1, 2, 4, 4})}},
            {attend, {q, numbers({1, 3, 3, 4}), q}},
            {attend, {q, q, single({1, 2, 3, 4})}},
            {attend, {whole({2, 2}), whole({2, 2}), whole({2, 2})}},
            {attend, {numbers({4}), numbers({4}), numbers({4})}},
            {attend, {q, undefined(), q}}}},
          {"lstm_gates",
           lstm_case,
           {{gates, {numbers({2, 8}), numbers({2, 3})}},
            {gates, {numbers({2, 8}), numbers({3, 2})}},
            {gates, {numbers({8}), numbers({2})}},
            {gates, {numbers({2, 8}), single({2, 2})}},
            {gates, {whole({2, 8}), whole({2, 2})}},
            {gates, {numbers({2, 8}), undefined()}}}},
          {"cross_entropy",
           cross_entropy_case,
           {{entropy, {numbers({2, 3}), tensor({0, 3}, i64)}},
            {entropy, {numbers({2, 3}), tensor({0, -1}, i64)}},
            {entropy, {numbers({2, 3}), whole({3})}},
            {entropy, {numbers({2, 3}), numbers({2})}},
            {entropy, {numbers({0, 3}), whole({0})}},
            {entropy, {numbers({}), whole({})}},
            {entropy, {whole({2, 3}), whole({2})}},
            {entropy, {numbers({2, 3}), undefined()}}}}};
}

}  // namespace gate
