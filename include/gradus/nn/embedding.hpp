// A table of vectors to look up.
#pragma once

#include <cstdint>
#include <string>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

struct EmbeddingOptions {
  std::int64_t padding_idx = -1;  ///< this row starts as zeros and gets no gradient; -1: none
  DType dtype = default_dtype();
};

/// Row x[i] of the weight for every i: x i64 of any shape (…), y (…, embedding_dim). The weight starts normal, N(0, 1).
struct Embedding : Module<Embedding> {
  std::int64_t num_embeddings, embedding_dim, padding_idx;
  Parameter weight;  ///< (num_embeddings, embedding_dim)

  Embedding(std::int64_t count, std::int64_t width, const EmbeddingOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;
  std::string describe() const;
  void fields(auto& v) { v("weight", weight); }
};

}  // namespace gradus::nn
