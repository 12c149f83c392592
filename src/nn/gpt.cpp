// GPT: its layers, with and without a cache, and how it starts.
#include <cmath>
#include <initializer_list>

#include <gradus/nn/checkpoint.hpp>
#include <gradus/nn/init.hpp>
#include <gradus/nn/language.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

namespace {

constexpr double spread = 0.02;  // of initial weights: GPT-2's

GPTOptions checked(const GPTOptions& o, Loc where) {
  check_sizes("GPT", {{"layers", o.layers}, {"heads", o.heads}, {"width", o.width}, {"block", o.block}}, where);
  check_sizes("GPT", {{"layers", o.layers}}, where, 1, 1 << 16);
  check_multiple("GPT", "width", o.width, "heads", o.heads, where);
  check_probability("GPT", "dropout", o.dropout, where);
  return o;
}

void start(const Linear& layer, double std) {
  init::normal_(layer.weight, 0, std);
  if (layer.bias.defined()) init::zeros_(layer.bias);
}

// Query i of those that follow `length` tokens sees the keys up to its own.
Tensor seen(std::int64_t queries, std::int64_t length) {
  return tril(ones({queries, length + queries}, f32), length).to(boolean);
}

}  // namespace

// ---- one layer ----

GPTLayer::GPTLayer(const GPTOptions& options, Loc where)
    : heads(checked(options, where).heads),
      dropout(options.dropout),
      ln_1(options.width, {.bias = options.bias, .dtype = options.dtype}, where),
      ln_2(options.width, {.bias = options.bias, .dtype = options.dtype}, where),
      c_attn(options.width, 3 * options.width, {.bias = options.bias, .dtype = options.dtype}, where),
      c_proj(options.width, options.width, {.bias = options.bias, .dtype = options.dtype}, where),
      mlp_fc(options.width, 4 * options.width, {.bias = options.bias, .dtype = options.dtype}, where),
      mlp_proj(4 * options.width, options.width, {.bias = options.bias, .dtype = options.dtype}, where) {
  const double back = spread / std::sqrt(2 * static_cast<double>(options.layers));
  start(c_attn, spread);
  start(c_proj, back);
  start(mlp_fc, spread);
  start(mlp_proj, back);
}

GPTLayer::Heads GPTLayer::split(const Tensor& x) const {
  const Tensor all = c_attn(ln_1(x));
  const std::int64_t width = x.size(2);
  const auto part = [&](std::int64_t i) {
    const Tensor flat = slice(all, 2, {i * width, (i + 1) * width});
    return permute(reshape(flat, {x.size(0), x.size(1), heads, width / heads}), {0, 2, 1, 3});
  };
  return {part(0), part(1), part(2)};
}

Tensor GPTLayer::join(const Tensor& x, const Tensor& attended) const {
  const auto drop = [&](const Tensor& y) { return gradus::dropout(y, dropout, is_training()); };
  const Tensor y = x + drop(c_proj(reshape(permute(attended, {0, 2, 1, 3}), x.shape())));
  return y + drop(mlp_proj(gelu(mlp_fc(ln_2(y)))));
}

Tensor GPTLayer::forward(Arg x) const {
  const At at(x);
  const auto [q, k, v] = split(x);
  return join(x, scaled_dot_product_attention(q, k, v, {}, {.is_causal = true}));
}

Tensor GPTLayer::next(const Tensor& x, Cache& cache, std::int64_t length) const {
  const auto [q, k, v] = split(x);
  const std::int64_t end = length + x.size(1);
  slice(cache.k, 2, {length, end}).copy_(k);
  slice(cache.v, 2, {length, end}).copy_(v);
  const Tensor keys = slice(cache.k, 2, {0, end}), values = slice(cache.v, 2, {0, end});
  const bool one = x.size(1) == 1;  // it sees all
  const Tensor mask = one || length == 0 ? Tensor() : seen(x.size(1), length);
  return join(x, scaled_dot_product_attention(q, keys, values, mask, {.is_causal = !one && length == 0}));
}

// ---- all layers ----

namespace {

// (N, T), and not too long.
void check_tokens(const Tensor& tokens, std::int64_t before, std::int64_t block, Loc where) {
  if (!tokens.defined() || tokens.dim() != 2 || tokens.dtype() != i64 || tokens.numel() == 0)
    fail("GPT",
         {.wrong = "the tokens have the wrong shape or dtype",
          .got = tokens.defined() ? formatted("{} {}", name(tokens.dtype()), to_string(tokens.shape()))
                                  : "an undefined tensor",
          .expected = "i64 (N, T)"},
         where);
  if (before + tokens.size(1) > block)
    fail("GPT",
         {.wrong = "the text is longer than the network's block",
          .got = formatted("{} tokens", before + tokens.size(1)),
          .expected = formatted("{} or fewer", block),
          .advice = "cut it, or make the network with a larger block"},
         where);
}

}  // namespace

GPT::GPT(std::int64_t tokens, const GPTOptions& options, Loc where)
    : block(checked(options, where).block),
      dropout(options.dropout),
      recompute(options.recompute),
      wte(tokens, options.width, {.dtype = options.dtype}, where),
      wpe(options.block, options.width, {.dtype = options.dtype}, where),
      ln_f(options.width, {.bias = options.bias, .dtype = options.dtype}, where) {
  init::normal_(wte.weight, 0, spread);
  init::normal_(wpe.weight, 0, spread);
  h.reserve(static_cast<std::size_t>(options.layers));
  for (std::int64_t i = 0; i < options.layers; ++i) h.emplace_back(options, where);
}

Tensor GPT::forward(Arg tokens) const {
  check_tokens(tokens, 0, block, tokens.where);
  const At at(tokens);
  Tensor x = wte(tokens) + slice(wpe.weight, 0, {0, tokens.tensor().size(1)});
  x = gradus::dropout(x, dropout, is_training());
  for (const GPTLayer& layer : h) x = recompute ? checkpoint(layer, x) : layer(x);
  return linear(ln_f(x), wte.weight);
}

Tensor GPT::next(const Tensor& tokens, Cache& cache, Loc where) const {
  check_tokens(tokens, cache.length, block, where);
  const Evaluating evaluating(*this);
  const At at(Arg(tokens, where));
  const std::int64_t n = tokens.size(0), steps = tokens.size(1), heads = h.front().heads;
  const Shape room{n, heads, block, wte.embedding_dim / heads};
  if (cache.layers.empty())
    for (std::size_t i = 0; i < h.size(); ++i)
      cache.layers.push_back({zeros(room, wte.weight.dtype()), zeros(room, wte.weight.dtype())});
  if (cache.layers.size() != h.size() || cache.layers[0].k.shape() != room)
    fail("GPT", {.wrong = "the cache belongs to another network or to another number of texts"}, where);
  Tensor x = wte(tokens) + slice(wpe.weight, 0, {cache.length, cache.length + steps});
  for (std::size_t i = 0; i < h.size(); ++i) x = h[i].next(x, cache.layers[i], cache.length);
  cache.length += steps;
  return linear(ln_f(select(x, 1, steps - 1)), wte.weight);
}

std::string GPT::describe() const {
  const std::size_t layers = h.size();
  return formatted("{} tokens, {} layers, {} heads, width {}, block {}{}", wte.num_embeddings, layers, h[0].heads,
                   wte.embedding_dim, block, dropout > 0 ? formatted(", dropout {}", dropout) : "");
}

}  // namespace gradus::nn
