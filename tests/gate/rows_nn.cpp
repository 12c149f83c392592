// Dropout, normalisation, losses; and the table of all rows.
#include "gate/draw.hpp"

namespace gate {

using namespace gradus;

namespace {

Case dropout_case(Rng& rng) {
  const double p = rng.of({0.1, 0.5, 0.9, 1.0});
  return {[=](const Tensors& x) { return dropout(x[0], p); }, {normal(rng, shape(rng))}};
}

// Numbers well apart, for between equal ones the function is steep. Some shapes are those the fused kernel takes.
Case normalize_case(Rng& rng) {
  const double eps = rng.of({1e-5, 1e-2, 0.5});
  const auto way = rng.below(8);
  if (way == 0) {
    const Shape s{rng.between(1, 3), 4, rng.between(1, 3)};
    const auto groups = rng.of({1, 2, 4});
    return {[=](const Tensors& x) { return group_norm(x[0], groups, x[1], x[2], eps); },
            {distinct(rng, s, 0.4), normal(rng, {4}), normal(rng, {4})}};
  }
  if (way == 1) {
    const Shape s{rng.between(1, 3), rng.between(2, 5)};
    return {[=](const Tensors& x) { return layer_norm(x[0], {s[1]}, x[1], x[2], eps); },
            {distinct(rng, s, 0.4), normal(rng, {s[1]}), normal(rng, {s[1]})}};
  }
  if (way == 2)
    return {[=](const Tensors& x) { return batch_norm(x[0], {}, {}, x[1], x[2], true, 0.1, eps).y; },
            {distinct(rng, {2, 3, rng.between(1, 3)}, 0.4), normal(rng, {3}), normal(rng, {3})}};
  if (way == 3)
    return {[=](const Tensors& x) { return normalize(x[0], {0, 2, 3}, eps); }, {distinct(rng, {2, 2, 4, 4}, 0.1)}};
  const Shape s = shape(rng, 1, 4);
  const Axes over = axes(rng, s.size());
  return {[=](const Tensors& x) { return normalize(x[0], over, eps); }, {distinct(rng, s, 0.4)}};
}

Case mse_case(Rng& rng) {
  const Shape s = shape(rng, 0, 4, false);
  if (rng.chance(0.1)) return {[](const Tensors& x) { return mse_loss(x[0], x[0] * 2); }, {normal(rng, s)}};
  return {[](const Tensors& x) { return mse_loss(x[0], x[1]); }, {normal(rng, s), normal(rng, s)}};
}

Case bce_case(Rng& rng) {
  const Shape s = shape(rng, 0, 4, false);
  return {[](const Tensors& x) { return bce_loss(x[0], x[1], {.reduction = Reduction::none}); },
          {uniform(rng, s, 0.05, 0.95), uniform(rng, s, 0.01, 0.99)}};
}

}  // namespace

std::vector<Row> nn_rows() {
  const auto drops = [](double p) { return [p](const Tensors& x) { return dropout(x[0], p); }; };
  const auto normalizes = [](Axes over) { return [over](const Tensors& x) { return normalize(x[0], over); }; };
  const auto layer = [](const Tensors& x) { return layer_norm(x[0], {3}, x[1]); };
  const auto groups = [](const Tensors& x) { return group_norm(x[0], 2); };
  const auto batch = [](const Tensors& x) { return batch_norm(x[0], {}, {}).y; };
  return {{"dropout",
           dropout_case,
           {{drops(1.5), {numbers({2})}},
            {drops(-0.1), {numbers({2})}},
            {drops(0.5), {whole({2})}},
            {drops(0.5), {undefined()}}},
           nullptr,
           is_linear},
          {"normalize",
           normalize_case,
           {{normalizes({2}), {numbers({2, 3})}},
            {normalizes({0, -2}), {numbers({2, 3})}},
            {normalizes({}), {whole({2, 3})}},
            {normalizes({}), {undefined()}},
            {layer, {numbers({2, 4}), numbers({3})}},
            {layer, {numbers({2, 3}), numbers({2})}},
            {layer, {numbers({2, 3}), single({3})}},
            {groups, {numbers({2, 3})}},
            {groups, {numbers({2})}},
            {batch, {numbers({1, 3})}},
            {batch, {numbers({3})}}}}};
}

std::vector<Row> loss_rows() {
  const auto loss = [](const Tensors& x) { return mse_loss(x[0], x[1]); };
  const auto entropy = [](const Tensors& x) { return bce_loss(x[0], x[1]); };
  return {{"mse_loss",
           mse_case,
           {{loss, {numbers({2}), numbers({2, 1})}},
            {loss, {numbers({2}), numbers({})}},
            {loss, {numbers({0}), numbers({0})}},
            {loss, {numbers({2}), single({2})}},
            {loss, {whole({2}), whole({2})}},
            {loss, {numbers({2}), undefined()}}}},
          {"bce_loss",
           bce_case,
           {{entropy, {numbers({2}), numbers({2, 1})}},
            {entropy, {numbers({2}) * 1.5, numbers({2})}},
            {entropy, {numbers({2}) * -1, numbers({2})}},
            {entropy, {numbers({0}), numbers({0})}},
            {entropy, {numbers({2}), single({2})}},
            {entropy, {numbers({2}), undefined()}}}}};
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> list;
    for (const auto family :
         {elementwise_rows, unary_rows, activation_rows, reduce_rows, view_rows, arrange_rows, index_rows, matmul_rows,
          linalg_rows, conv_rows, pool_rows, nn_rows, layer_rows, loss_rows})
      for (Row& row : family()) list.push_back(std::move(row));
    return list;
  }();
  return all;
}

}  // namespace gate
