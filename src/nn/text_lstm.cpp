// TextLSTM: what it is made of, and one pass.
#include <gradus/nn/language.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"

namespace gradus::nn {

TextLSTM::TextLSTM(std::int64_t tokens, const TextLSTMOptions& o, Loc where)
    : wte(tokens, o.width, {.dtype = o.dtype}, where),
      lstm(o.width, o.width,
           {.num_layers = o.layers, .batch_first = true, .dropout = o.layers > 1 ? o.dropout : 0, .dtype = o.dtype},
           where),
      drop(o.dropout, where),
      head(o.width, tokens, {.dtype = o.dtype}, where) {}

Tensor TextLSTM::forward(Arg tokens) const {
  const At at(tokens);
  return head(drop(lstm(wte(tokens)).y));
}

Tensor TextLSTM::next(const Tensor& tokens, Cache& cache, Loc where) const {
  if (!tokens.defined() || tokens.dim() != 2 || tokens.numel() == 0)
    fail("TextLSTM", {.wrong = "the tokens have the wrong shape", .expected = "i64 (N, T)"}, where);
  const Evaluating evaluating(*this);
  const At at(Arg(tokens, where));
  const LSTMResult result = lstm(wte(tokens), cache.h, cache.c);
  cache = {result.h, result.c};
  return head(select(result.y, 1, tokens.size(1) - 1));
}

}  // namespace gradus::nn
