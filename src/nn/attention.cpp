// MultiheadAttention and TransformerEncoderLayer: what they check, how they start, what they call.
#include <gradus/nn/attention.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "ops/attention.hpp"
#include "tensor/format.hpp"
#include "tensor/number.hpp"

namespace gradus::nn {

namespace {

constexpr const char* mha = "MultiheadAttention";

std::int64_t checked_width(const char* layer, const char* name, std::int64_t width, std::int64_t heads, Loc where) {
  check_sizes(layer, {{name, width}, {"num_heads", heads}}, where);
  check_multiple(layer, name, width, "num_heads", heads, where);
  check_weight(layer, {3 * width, width}, where);
  return width;
}

}  // namespace

// ---- multi-head attention ----

MultiheadAttention::MultiheadAttention(std::int64_t embed, std::int64_t heads, const MultiheadAttentionOptions& options,
                                       Loc where)
    : embed_dim(checked_width(mha, "embed_dim", embed, heads, where)),
      num_heads(heads),
      kdim(options.kdim ? options.kdim : embed),
      vdim(options.vdim ? options.vdim : embed),
      dropout(options.dropout),
      batch_first(options.batch_first),
      out_proj(embed, embed, {.bias = options.bias, .dtype = options.dtype}, where) {
  check_sizes(mha, {{"kdim", kdim}, {"vdim", vdim}}, where);
  check_weight(mha, {embed, std::max(kdim, vdim)}, where);
  check_probability(mha, "dropout", dropout, where);
  const auto start = [&](Shape shape) { return init::xavier_uniform_(zeros(shape, options.dtype, where)); };
  if (kdim == embed && vdim == embed) {
    in_proj_weight = start({3 * embed, embed});
  } else {
    q_proj_weight = start({embed, embed});
    k_proj_weight = start({embed, kdim});
    v_proj_weight = start({embed, vdim});
  }
  if (!options.bias) return;
  in_proj_bias = zeros({3 * embed}, options.dtype, where);
  out_proj.bias.zero_();
}

std::string MultiheadAttention::describe() const {
  std::string s = formatted("{}, {} heads", embed_dim, num_heads);
  if (!in_proj_weight.defined()) s += formatted(", keys {}, values {}", kdim, vdim);
  if (batch_first) s += ", batch first";
  if (dropout > 0) s += formatted(", dropout {}", dropout);
  return in_proj_bias.defined() ? s : s + ", no bias";
}

MultiheadAttention::Projected MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                          const Tensor& value) const {
  const auto part = [&](const Tensor& of, int axis, std::int64_t i) {
    return of.defined() ? slice(of, axis, {i * embed_dim, (i + 1) * embed_dim}) : of;
  };
  if (in_proj_weight.defined() && query.is_same(key) && key.is_same(value)) {  // one product for all three
    const Tensor all = linear(query, in_proj_weight, in_proj_bias);
    return {part(all, -1, 0), part(all, -1, 1), part(all, -1, 2)};
  }
  const auto through = [&](const Tensor& x, std::int64_t i, const Tensor& own) {
    return linear(x, own.defined() ? own : part(in_proj_weight, 0, i), part(in_proj_bias, 0, i));
  };
  return {through(query, 0, q_proj_weight), through(key, 1, k_proj_weight), through(value, 2, v_proj_weight)};
}

Tensor MultiheadAttention::split_heads(const Tensor& x) const {
  return permute(reshape(x, {x.size(0), x.size(1), num_heads, embed_dim / num_heads}), {0, 2, 1, 3});
}

namespace {

// One of the three inputs, batch first.
void check_input(const char* name, const Tensor& x, bool batch_first, std::int64_t width, Loc where) {
  if (x.defined() && x.dim() == 3 && x.size(2) == width) return;
  fail(mha,
       {.wrong = formatted("the {} has the wrong shape", name),
        .got = x.defined() ? to_string(x.shape()) : "an undefined tensor",
        .expected = formatted("({}, {})", batch_first ? "N, T" : "T, N", width)},
       where);
}

// `broadcasting` is the wanted shape with axes of size 1, up to those of the scores (N, heads, T, S).
Tensor masked(const char* name, const Tensor& scores, const Tensor& mask, const Shape& wanted,
              const Shape& broadcasting, Loc where) {
  if (mask.shape() != wanted)
    fail(mha,
         {.wrong = formatted("{} has the wrong shape", name),
          .got = to_string(mask.shape()),
          .expected = formatted("{}; attn_mask (T, S) or (N heads, T, S), key_padding_mask (N, S)", to_string(wanted))},
         where);
  const Tensor m = reshape(mask, broadcasting);
  return m.dtype() == boolean ? masked_fill(scores, m, -gradus::detail::infinity) : scores + m;
}

}  // namespace

AttentionResult MultiheadAttention::forward(Arg query, const Tensor& key, const Tensor& value,
                                            const AttentionMasks& options) const {
  const Loc where = query.where;
  check_input("query", query, batch_first, embed_dim, where);
  check_input("key", key, batch_first, kdim, where);
  check_input("value", value, batch_first, vdim, where);
  const int batch_axis = batch_first ? 0 : 1, time_axis = 1 - batch_axis;
  const std::int64_t batch = key.size(batch_axis), targets = query.tensor().size(time_axis),
                     sources = key.size(time_axis);
  if (query.tensor().size(batch_axis) != batch || value.size(batch_axis) != batch || value.size(time_axis) != sources)
    fail(mha,
         {.wrong = "the batch or time sizes of query, key and value differ",
          .got = formatted("{}, {} and {}", to_string(query.tensor().shape()), to_string(key.shape()),
                           to_string(value.shape())),
          .expected = "one N for all, one S for key and value"},
         where);

  const At at(query);
  const auto [q, k, v] = project(query, key, value);
  const auto heads = [&](const Tensor& x) { return split_heads(batch_first ? x : transpose(x, 0, 1)); };
  const auto join = [&](const Tensor& x) {
    const Tensor y = out_proj(reshape(permute(x, {0, 2, 1, 3}), {batch, targets, embed_dim}));
    return batch_first ? y : transpose(y, 0, 1);
  };
  const bool drops = dropout > 0 && is_training();
  if (!options.need_weights && !options.attn_mask.defined() && !options.key_padding_mask.defined() && !drops)
    return {join(scaled_dot_product_attention(heads(q), heads(k), heads(v))), {}};
  const double scale = 1 / std::sqrt(static_cast<double>(embed_dim / num_heads));
  Tensor scores = matmul(heads(q) * scale, heads(k), {.transpose_b = true});
  if (const Tensor& mask = options.attn_mask; mask.defined() && mask.dim() == 3)
    scores = masked("attn_mask", scores, mask, {batch * num_heads, targets, sources}, scores.shape(), where);
  else if (mask.defined())
    scores = masked("attn_mask", scores, mask, {targets, sources}, {1, 1, targets, sources}, where);
  if (const Tensor& mask = options.key_padding_mask; mask.defined())
    scores = masked("key_padding_mask", scores, mask, {batch, sources}, {batch, 1, 1, sources}, where);
  const bool is_masked = options.attn_mask.defined() || options.key_padding_mask.defined();
  const Tensor attended = is_masked ? gradus::detail::attention_weights(scores) : softmax(scores, -1);
  const Tensor weights = gradus::dropout(attended, dropout, is_training());

  const Tensor y = join(matmul(weights, heads(v)));
  if (!options.need_weights) return {y, {}};
  return {y, options.average_attn_weights ? mean(weights, 1) : weights};
}

// ---- with a cache ----

namespace {

// Room for `length` steps more; twice what there was, so that each step is copied a few times at most.
void make_room(KeyValueCache& cache, const Tensor& like, std::int64_t length) {
  const std::int64_t room = cache.k.defined() ? cache.k.size(2) : 0;
  if (cache.length + length <= room) return;
  Shape shape = like.shape();
  shape[2] = std::max(2 * room, cache.length + length);
  KeyValueCache larger{zeros(shape, like.dtype()), zeros(shape, like.dtype()), cache.length};
  if (cache.length > 0) {
    slice(larger.k, 2, {0, cache.length}).copy_(slice(cache.k, 2, {0, cache.length}));
    slice(larger.v, 2, {0, cache.length}).copy_(slice(cache.v, 2, {0, cache.length}));
  }
  cache = std::move(larger);
}

}  // namespace

Tensor MultiheadAttention::next(const Tensor& x, KeyValueCache& cache, Loc where) const {
  where = gradus::detail::user_line(where);
  check_input("input", x, batch_first, embed_dim, where);
  if (!in_proj_weight.defined())
    fail(mha,
         {.wrong = "next() is self-attention, and keys and values of this layer have another size",
          .got = formatted("embed_dim {}, kdim {}, vdim {}", embed_dim, kdim, vdim),
          .expected = "one size for all three"},
         where);
  const Evaluating evaluating(*this);
  const At at(Arg(x, where));
  const Tensor steps = batch_first ? x : transpose(x, 0, 1);
  const std::int64_t batch = steps.size(0), count = steps.size(1), head = embed_dim / num_heads;
  const bool fits =
      !cache.k.defined() || (cache.v.defined() && cache.k.dim() == 4 && cache.k.shape() == cache.v.shape() &&
                             cache.k.dtype() == x.dtype() && cache.length >= 0 && cache.length <= cache.k.size(2) &&
                             Shape{cache.k.size(0), cache.k.size(1), cache.k.size(3)} == Shape{batch, num_heads, head});
  if (!fits || (!cache.k.defined() && cache.length != 0))
    fail(
        mha,
        {.wrong = "the cache belongs to another layer or to another number of sequences",
         .got = cache.k.defined() ? formatted("keys of shape {}, {}", to_string(cache.k.shape()), name(cache.k.dtype()))
                                  : "no keys",
         .expected = formatted("({}, {}, …, {}), {}", batch, num_heads, head, name(x.dtype())),
         .advice = "begin with KeyValueCache{}"},
        where);
  const auto [q, k, v] = project(steps, steps, steps);
  const Tensor keys = split_heads(k), values = split_heads(v);
  make_room(cache, keys, count);
  const std::int64_t end = cache.length + count;
  slice(cache.k, 2, {cache.length, end}).copy_(keys);
  slice(cache.v, 2, {cache.length, end}).copy_(values);
  const Tensor seen = tril(ones({count, end}, f32), cache.length).to(boolean);
  cache.length = end;
  const Tensor attended =
      scaled_dot_product_attention(split_heads(q), slice(cache.k, 2, {0, end}), slice(cache.v, 2, {0, end}), seen);
  const Tensor y = out_proj(reshape(permute(attended, {0, 2, 1, 3}), {batch, count, embed_dim}));
  return batch_first ? y : transpose(y, 0, 1);
}

// ---- the encoder layer ----

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t d_model, std::int64_t heads,
                                                 const TransformerEncoderLayerOptions& o, Loc where)
    : self_attn(checked_width("TransformerEncoderLayer", "d_model", d_model, heads, where), heads,
                {.dropout = o.dropout, .bias = o.bias, .batch_first = o.batch_first, .dtype = o.dtype}, where),
      linear1(d_model, o.dim_feedforward, {.bias = o.bias, .dtype = o.dtype}, where),
      linear2(o.dim_feedforward, d_model, {.bias = o.bias, .dtype = o.dtype}, where),
      norm1(d_model, {.eps = o.layer_norm_eps, .bias = o.bias, .dtype = o.dtype}, where),
      norm2(d_model, {.eps = o.layer_norm_eps, .bias = o.bias, .dtype = o.dtype}, where),
      dropout(o.dropout),
      activation(o.activation),
      norm_first(o.norm_first) {}

Tensor TransformerEncoderLayer::forward(Arg src, const Tensor& src_mask, const Tensor& src_key_padding_mask) const {
  const At at(src);
  const auto drop = [&](const Tensor& x) { return gradus::dropout(x, dropout, is_training()); };
  const auto attend = [&](const Tensor& x) {
    return drop(
        self_attn(x, x, x, {.key_padding_mask = src_key_padding_mask, .attn_mask = src_mask, .need_weights = false}).y);
  };
  const auto feed_forward = [&](const Tensor& x) {
    const Tensor h = linear1(x);
    return drop(linear2(drop(activation == EncoderActivation::relu ? relu(h) : gelu(h))));
  };
  const Tensor& x = src;
  if (norm_first) {
    const Tensor attended = x + attend(norm1(x));
    return attended + feed_forward(norm2(attended));
  }
  const Tensor attended = norm1(x + attend(x));
  return norm2(attended + feed_forward(attended));
}

std::string TransformerEncoderLayer::describe() const {
  std::string s = activation == EncoderActivation::relu ? "relu" : "gelu";
  if (norm_first) s += ", norm first";
  if (dropout > 0) s += formatted(", dropout {}", dropout);
  return s;
}

}  // namespace gradus::nn
