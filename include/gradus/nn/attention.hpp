// Attention, and the encoder layer of a transformer.
//
//   nn::MultiheadAttention attention(64, 8, {.batch_first = true});
//   auto [y, weights] = attention(q, k, v, {.key_padding_mask = padding});
#pragma once

#include <cstdint>
#include <string>

#include <gradus/nn/linear.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/nn/norm.hpp>

namespace gradus::nn {

struct MultiheadAttentionOptions {
  double dropout = 0;  ///< of the weights, while training
  bool bias = true;
  std::int64_t kdim = 0, vdim = 0;  ///< sizes of keys and values; 0: embed_dim
  bool batch_first = false;         ///< tensors are (N, T, …) instead of (T, N, …)
  DType dtype = default_dtype();
};

/// Masks: bool, true where a query may NOT attend (as in PyTorch, and unlike scaled_dot_product_attention), or numbers,
/// which are added to the scores. A query that may attend to nothing gets NaN.
struct AttentionMasks {
  Tensor key_padding_mask = {};      ///< (N, S)
  Tensor attn_mask = {};             ///< (T, S) or (N num_heads, T, S)
  bool need_weights = true;          ///< also return the attention weights
  bool average_attn_weights = true;  ///< average them over the heads
};

/// The old name.
using AttendOptions [[deprecated("renamed: AttentionMasks")]] = AttentionMasks;

/// What attention returns.
struct AttentionResult {
  Tensor y;        ///< (T, N, embed_dim), or (N, T, embed_dim) if batch_first
  Tensor weights;  ///< (N, T, S), the mean over the heads, or (N, num_heads, T, S); undefined unless needed
};

/// Keys and values of the steps so far. The first call of next() makes room; it doubles when it is full.
struct KeyValueCache {
  Tensor k, v;              ///< (N, num_heads, room, embed_dim / num_heads)
  std::int64_t length = 0;  ///< how many steps there are
};

/// Every head, a block of E/num_heads features of the projected q, k and v, computes softmax(q kᵀ / sqrt(E/num_heads) +
/// mask) v; the results of all heads, joined along the features, go through out_proj (Vaswani et al., "Attention is all
/// you need", 2017). query (T, N, E), key (S, N, kdim), value (S, N, vdim). Weights start as xavier_uniform_, but
/// out_proj's as in Linear; biases as 0.
struct MultiheadAttention : Module<MultiheadAttention> {
  std::int64_t embed_dim, num_heads, kdim, vdim;
  double dropout;
  bool batch_first;
  Parameter in_proj_weight;  ///< (3 E, E): for q, k and v; undefined if kdim or vdim differ
  Parameter q_proj_weight, k_proj_weight, v_proj_weight;  ///< defined then: (E, E), (E, kdim), (E, vdim)
  Parameter in_proj_bias;                                 ///< (3 E), or undefined
  Linear out_proj;                                        ///< the projection at the end

  MultiheadAttention(std::int64_t embed, std::int64_t heads, const MultiheadAttentionOptions& options = {},
                     Loc where = Loc::current());
  AttentionResult forward(Arg query, const Tensor& key, const Tensor& value, const AttentionMasks& options = {}) const;
  /// attends; the form that takes options in braces
  AttentionResult operator()(Arg query, Arg key, Arg value, const AttentionMasks& options = {}) const {
    return Module::operator()(query, key, value, options);  // so that options may be written in braces
  }
  /// Self-attention for steps x (T, N, E), or (N, T, E) if batch_first, that follow those in the cache and are added to
  /// it: each sees all before it and itself. As forward() with a causal mask over all steps, for the cost of the new
  /// ones. Evaluates; nothing is recorded. Throws if kdim or vdim differ from E, and for a cache of another network or
  /// number of sequences.
  Tensor next(const Tensor& x, KeyValueCache& cache, Loc where = Loc::current()) const;
  std::string describe() const;
  void fields(auto& v) {
    v("in_proj_weight", in_proj_weight);
    v("q_proj_weight", q_proj_weight);
    v("k_proj_weight", k_proj_weight);
    v("v_proj_weight", v_proj_weight);
    v("in_proj_bias", in_proj_bias);
    v("out_proj", out_proj);
  }

 private:
  struct Projected {
    Tensor q, k, v;  ///< (N, T or S, E)
  };
  Projected project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Tensor split_heads(const Tensor& x) const;  ///< (N, T, E) -> (N, num_heads, T, E/num_heads)
};

/// The function between the two linear layers of an encoder layer.
enum class EncoderActivation { relu, gelu };

struct TransformerEncoderLayerOptions {
  std::int64_t dim_feedforward = 2048;
  double dropout = 0.1;
  EncoderActivation activation = EncoderActivation::relu;
  double layer_norm_eps = 1e-5;
  bool batch_first = false;
  bool norm_first = false;
  bool bias = true;
  DType dtype = default_dtype();
};

/// Self-attention, then two linear layers at every position, each added to what it reads (Vaswani et al., 2017):
///   x = norm1(x + attention(x))    x = norm2(x + linear2(activation(linear1(x))))
/// or, with norm_first (Xiong et al., "On layer normalization in the transformer architecture", 2020):
///   x = x + attention(norm1(x))    x = x + linear2(activation(linear1(norm2(x))))
/// While training, dropout follows the attention, the activation and linear2. src and y (T, N, d_model), or (N, T,
/// d_model) if batch_first; the masks are those of AttentionMasks, src_mask being its attn_mask.
struct TransformerEncoderLayer : Module<TransformerEncoderLayer> {
  MultiheadAttention self_attn;  ///< the attention
  Linear linear1, linear2;       ///< the two linear layers
  LayerNorm norm1, norm2;        ///< normalise for the attention and for the linear layers
  double dropout;
  EncoderActivation activation;  ///< the function between the linear layers
  bool norm_first;

  TransformerEncoderLayer(std::int64_t d_model, std::int64_t heads, const TransformerEncoderLayerOptions& options = {},
                          Loc where = Loc::current());
  Tensor forward(Arg src, const Tensor& src_mask = {}, const Tensor& src_key_padding_mask = {}) const;
  /// runs; the form that takes arguments in braces
  Tensor operator()(Arg src, const Tensor& src_mask = {}, const Tensor& src_key_padding_mask = {}) const {
    return Module::operator()(src, src_mask, src_key_padding_mask);
  }
  std::string describe() const;
  void fields(auto& v) {
    v("self_attn", self_attn);
    v("linear1", linear1);
    v("linear2", linear2);
    v("norm1", norm1);
    v("norm2", norm2);
  }
};

}  // namespace gradus::nn
