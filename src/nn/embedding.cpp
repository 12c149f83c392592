// Embedding: how the table starts, and looking rows up.
#include <gradus/nn/embedding.hpp>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops/index.hpp>
#include <gradus/ops/shape.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

Embedding::Embedding(std::int64_t count, std::int64_t width, const EmbeddingOptions& options, Loc where)
    : num_embeddings(count), embedding_dim(width), padding_idx(options.padding_idx) {
  check_sizes("Embedding", {{"num_embeddings", count}, {"embedding_dim", width}}, where);
  check_floating("Embedding", options.dtype, where);
  check_weight("Embedding", {count, width}, where);
  if (padding_idx < -1 || padding_idx >= count)
    fail("Embedding",
         {.wrong = "padding_idx is not a row of the table",
          .got = formatted("{}", padding_idx),
          .expected = formatted("0 to {}, or -1 for none", count - 1)},
         where);
  const Tensor table = init::normal_(zeros({count, width}, options.dtype, where));
  if (padding_idx >= 0) init::zeros_(select(table, 0, padding_idx));
  weight = table;
}

Tensor Embedding::forward(Arg x) const {
  const At at(x);
  return embedding(weight, x, padding_idx);
}

std::string Embedding::describe() const {
  return formatted("{} x {}{}", num_embeddings, embedding_dim,
                   padding_idx < 0 ? "" : formatted(", padding {}", padding_idx));
}

}  // namespace gradus::nn
