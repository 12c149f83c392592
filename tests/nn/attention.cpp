// Attention: shapes, masks, gradients. Its numbers are PyTorch's: gradus verify.
#include <gradus/nn/nn.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gradus/gradcheck.hpp>
#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

std::string names(const nn::ModuleBase& m) {
  std::string all;
  for (const auto& [name, value] : m.state_dict()) all += name + to_string(value.shape()) + " ";
  return all;
}

// true where key > query.
Tensor future(std::int64_t n) { return reshape(arange(n), {1, n}) > reshape(arange(n), {n, 1}); }

}  // namespace

TEST_CASE("MultiheadAttention has PyTorch's names") {
  CHECK(names(nn::MultiheadAttention(4, 2)) ==
        "in_proj_weight(12, 4) in_proj_bias(12,) out_proj.weight(4, 4) out_proj.bias(4,) ");
  CHECK(names(nn::MultiheadAttention(4, 2, {.bias = false, .kdim = 3, .vdim = 5})) ==
        "q_proj_weight(4, 4) k_proj_weight(4, 3) v_proj_weight(4, 5) out_proj.weight(4, 4) ");
  const nn::MultiheadAttention start(64, 2);
  CHECK(max(abs(start.in_proj_weight.detach())).item() <= std::sqrt(6.0 / (64 + 192)) + 1e-6);
  CHECK(max(abs(start.out_proj.bias.detach())).item() == 0);
}

TEST_CASE("shapes, weights that add up to 1, batch first") {
  nn::MultiheadAttention attention(6, 3, {.kdim = 4, .vdim = 5});
  const Tensor q = randn({3, 2, 6}), k = randn({7, 2, 4}), v = randn({7, 2, 5});
  const auto [y, weights] = attention(q, k, v);
  CHECK(y.shape() == Shape{3, 2, 6});
  CHECK(weights.shape() == Shape{2, 3, 7});
  CHECK(allclose(sum(weights, -1), ones({2, 3})));
  CHECK(attention(q, k, v, {.average_attn_weights = false}).weights.shape() == Shape{2, 3, 3, 7});
  const nn::AttentionResult alone = attention(q, k, v, {.need_weights = false});  // by the operation
  CHECK_FALSE(alone.weights.defined());
  CHECK(allclose(alone.y, attention(q, k, v).y, 1e-5, 1e-6));

  nn::MultiheadAttention first(6, 3, {.kdim = 4, .vdim = 5, .batch_first = true});
  first.load_state_dict(attention.state_dict());
  const auto other = first(q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1));
  CHECK(allclose(other.y.transpose(0, 1), y, 1e-5, 1e-6));
  CHECK(allclose(other.weights, weights));
}

TEST_CASE("self-attention in one product is that in three") {
  const nn::MultiheadAttention attention(4, 2);
  const Tensor x = randn({3, 2, 4});
  CHECK(allclose(attention(x, x, x).y, attention(x, x.clone(), x.clone()).y, 1e-5, 1e-6));
}

TEST_CASE("masks: true may not attend; numbers are added") {
  const nn::MultiheadAttention attention(4, 2, {.batch_first = true});
  const Tensor x = randn({2, 3, 4});
  const auto causal = attention(x, x, x, {.attn_mask = future(3)});
  CHECK(equal(triu(causal.weights, 1), zeros({2, 3, 3})));
  CHECK(allclose(sum(causal.weights, -1), ones({2, 3})));
  const Tensor added = masked_fill(zeros({3, 3}), future(3), -std::numeric_limits<double>::infinity());
  CHECK(allclose(attention(x, x, x, {.attn_mask = added}).y, causal.y));
  CHECK(allclose(attention(x, x, x, {.attn_mask = repeat(future(3).reshape({1, 3, 3}), {4, 1, 1})}).y, causal.y));

  const Tensor padding = tensor({{0, 0, 1}, {0, 0, 0}}) > 0.5;
  const auto padded = attention(x, x, x, {.key_padding_mask = padding});
  CHECK(equal(select(padded.weights[0], 1, 2), zeros({3})));
  const Tensor shorter = slice(x, {{0, 1}, {0, 2}});
  CHECK(allclose(slice(padded.y, {{0, 1}, {0, 2}}), attention(shorter, shorter, shorter).y, 1e-5, 1e-6));
  CHECK(allclose(padded.y[1], attention(x, x, x).y[1], 1e-5, 1e-6));
}

TEST_CASE("errors of attention") {
  const nn::MultiheadAttention attention(4, 2);
  const Tensor x = ones({3, 2, 4});
  CHECK_SAYS(nn::MultiheadAttention(5, 2), "MultiheadAttention: embed_dim is not divisible by num_heads",
             "embed_dim 5, num_heads 2", "nn/attention.cpp:");
  CHECK_SAYS(nn::MultiheadAttention(4, 0), "MultiheadAttention: num_heads is too small");
  CHECK_SAYS(nn::MultiheadAttention(4, 2, {.dropout = -1}), "MultiheadAttention: dropout is not a probability");
  CHECK_SAYS(attention(ones({3, 4}), x, x), "the query has the wrong shape", "(3, 4)", "(T, N, 4)", "attention.cpp:");
  CHECK_SAYS(attention(x, ones({3, 2, 5}), x), "the key has the wrong shape", "(3, 2, 5)", "nn/attention.cpp:");
  CHECK_SAYS(attention(x, x, Tensor()), "the value has the wrong shape", "undefined");
  CHECK_SAYS(attention(x, x, ones({4, 2, 4})), "the batch or time sizes of query, key and value differ", "(4, 2, 4)",
             "one N for all");
  CHECK_SAYS(attention(x, x, x, {.attn_mask = future(2)}), "attn_mask has the wrong shape", "(2, 2)", "(3, 3)",
             "nn/attention.cpp:");
  CHECK_SAYS(attention(x, x, x, {.key_padding_mask = future(3)}), "key_padding_mask has the wrong shape", "(2, 3)");
}

TEST_CASE("the encoder layer: names, layouts, dropout, lines") {
  nn::TransformerEncoderLayer layer(4, 2, {.dim_feedforward = 6});
  CHECK(names(layer) ==
        "self_attn.in_proj_weight(12, 4) self_attn.in_proj_bias(12,) self_attn.out_proj.weight(4, 4) "
        "self_attn.out_proj.bias(4,) linear1.weight(6, 4) linear1.bias(6,) linear2.weight(4, 6) linear2.bias(4,) "
        "norm1.weight(4,) norm1.bias(4,) norm2.weight(4,) norm2.bias(4,) ");
  const Tensor x = randn({3, 2, 4});
  CHECK_FALSE(equal(layer(x), layer(x)));
  layer.eval();
  CHECK(layer(x).shape() == x.shape());
  CHECK(allclose(mean(layer(x), -1), zeros({3, 2}), 0, 1e-5));  // norm2 comes last
  // What a causal mask hides changes nothing before it.
  const Tensor y = layer(x, future(3)), z = layer(concat({slice(x, 0, {0, 2}), ones({1, 2, 4})}), future(3));
  CHECK(allclose(slice(y, 0, {0, 2}), slice(z, 0, {0, 2}), 1e-5, 1e-6));

  nn::TransformerEncoderLayer first(4, 2, {.dim_feedforward = 6, .batch_first = true});
  first.load_state_dict(layer.state_dict());
  first.eval();
  CHECK(allclose(first(x.transpose(0, 1)).transpose(0, 1), layer(x), 1e-5, 1e-6));
  const nn::Sequential two{first, first};
  CHECK(two(x).shape() == x.shape());

  Tape tape;
  const unsigned line = __LINE__ + 1;
  layer(x, future(3));
  for (int i = 0; i < tape.size(); ++i) CHECK(tape[i].where().line() == line);
  CHECK_SAYS(layer(ones({3, 2, 5})), "the query has the wrong shape", "nn/attention.cpp:");
  CHECK_SAYS(nn::TransformerEncoderLayer(5, 2), "TransformerEncoderLayer: d_model is not divisible by num_heads");
}

TEST_CASE("gradients of attention to the second order") {
  manual_seed(7);
  nn::MultiheadAttention attention(2, 1, {.dtype = f64});
  const auto with_mask = gradcheck(
      [&](Tensor q, Tensor k, Tensor v, Tensor mask) { return attention(q, k, v, {.attn_mask = mask}).y; },
      {randn({2, 1, 2}, f64), randn({3, 1, 2}, f64), randn({3, 1, 2}, f64), randn({2, 3}, f64)}, {.order = 2});
  INFO(to_string(with_mask));
  CHECK(with_mask.ok);

  nn::TransformerEncoderLayer layer(
      2, 1, {.dim_feedforward = 3, .activation = nn::EncoderActivation::gelu, .norm_first = true, .dtype = f64});
  layer.eval();
  const auto encoded = gradcheck([&](Tensor x) { return layer(x); }, {randn({2, 1, 2}, f64)}, {.order = 2});
  INFO(to_string(encoded));
  CHECK(encoded.ok);
}
