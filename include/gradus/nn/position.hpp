// Where a token stands in its sequence: waves to add to embeddings, and rotations of queries and keys.
//
//   Tensor x = embedding(tokens) + nn::sinusoidal_positions(tokens.size(1), width);    // (N, T, width)
//   Tensor q = nn::rotary(q0);                                                         // (N, heads, T, width / heads)
//   Tensor k = nn::rotary(k0);
#pragma once

#include <cstdint>

#include <gradus/tensor.hpp>

namespace gradus::nn {

/// (length, width), width even: row t has sin(t / base^(2i / width)) in column 2i and the cosine in column 2i + 1
/// (Vaswani et al., "Attention is all you need", 2017). The first row is position `first`.
Tensor sinusoidal_positions(std::int64_t length, std::int64_t width, std::int64_t first = 0, double base = 10000,
                            DType dtype = default_dtype(), Loc where = Loc::current());

struct RotaryOptions {
  std::int64_t first = 0;  ///< the position of x's first step: with a cache of keys, how many steps came before
  double base = 10000;     ///< pair i turns by the angle t / base^(2i / d) at position t
  /// The pairs are (0, 1), (2, 3), …, as in the paper; otherwise (0, d/2), (1, d/2 + 1), …, as in GPT-NeoX and Llama.
  bool interleaved = false;
};

/// Turns each pair of features of x (…, T, d), d even, by an angle that grows with the position (Su et al., "RoFormer:
/// enhanced transformer with rotary position embedding", 2021). The product of a query and a key that were turned
/// depends on how far apart they are, not on where.
Tensor rotary(Arg x, const RotaryOptions& options = {});

}  // namespace gradus::nn
