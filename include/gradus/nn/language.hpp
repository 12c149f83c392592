// Networks that predict the next token of a text: GPT and TextLSTM. generate.hpp writes text with them.
//
//   nn::GPT net(tokenizer.size(), {.layers = 4, .heads = 4, .width = 128, .block = 64});
//   Tensor logits = net(x);                                               // x (N, T), i64; logits (N, T, tokens)
//   Tensor loss = cross_entropy(logits.flatten(0, 1), y.flatten());       // y (N, T): x one token later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gradus/nn/embedding.hpp>
#include <gradus/nn/linear.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/nn/norm.hpp>
#include <gradus/nn/recurrent.hpp>

namespace gradus::nn {

struct GPTOptions {
  std::int64_t layers = 4;   ///< one above the other
  std::int64_t heads = 4;    ///< of the attention in each layer
  std::int64_t width = 128;  ///< a multiple of heads
  std::int64_t block = 64;   ///< the longest text, in tokens, that it looks at
  double dropout = 0;        ///< while training, of the embeddings and of what each half of a layer adds
  bool bias = false;         ///< in linear layers and norms
  bool recompute = false;    ///< each layer by nn::checkpoint(): less than half the memory, about a third more time
  DType dtype = default_dtype();
};

/// One layer of a GPT: x = x + attention(ln_1(x)), then x = x + c_proj(gelu(c_fc(ln_2(x)))).
struct GPTLayer : Module<GPTLayer> {
  /// Keys and values of the tokens so far: (N, heads, block, width / heads).
  struct Cache {
    Tensor k, v;  ///< of the layer
  };

  std::int64_t heads;  ///< of its attention
  double dropout;
  LayerNorm ln_1, ln_2;     ///< normalise for the attention and for the linear layers
  Linear c_attn, c_proj;    ///< to queries, keys and values; from the joined heads
  Linear mlp_fc, mlp_proj;  ///< to four times the width and back

  /// one layer of such a network
  explicit GPTLayer(const GPTOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x) const;  ///< x (N, T, width)
  /// The same for the tokens that follow `length` others, whose keys and values the cache has; adds theirs.
  Tensor next(const Tensor& x, Cache& cache, std::int64_t length) const;
  void fields(auto& v) {
    v("ln_1", ln_1);
    v("attn.c_attn", c_attn);
    v("attn.c_proj", c_proj);
    v("ln_2", ln_2);
    v("mlp.c_fc", mlp_fc);
    v("mlp.c_proj", mlp_proj);
  }

 private:
  struct Heads {
    Tensor q, k, v;  ///< (N, heads, T, width / heads)
  };
  Heads split(const Tensor& x) const;
  Tensor join(const Tensor& x, const Tensor& attended) const;
};

/// A decoder-only transformer with learned positions (Radford et al., "Language models are unsupervised multitask
/// learners", 2019). The output layer shares the weight of the token embedding. Weights start as N(0, 0.02²), those
/// that lead back into the sum of a layer as N(0, 0.02² / (2 layers)), biases as 0. Names of parameters are those of
/// GPT-2; linear weights are (out, in).
struct GPT : Module<GPT> {
  /// What a generation keeps between tokens.
  struct Cache {
    std::vector<GPTLayer::Cache> layers;  ///< one for each
    std::int64_t length = 0;              ///< tokens so far
  };

  std::int64_t block;  ///< the longest text that it looks at
  double dropout;
  bool recompute;           ///< layers are computed again in the walk
  Embedding wte, wpe;       ///< of tokens; of positions
  std::vector<GPTLayer> h;  ///< the layers
  LayerNorm ln_f;           ///< before the output

  /// for a vocabulary of so many tokens
  explicit GPT(std::int64_t tokens, const GPTOptions& options = {}, Loc where = Loc::current());
  GPT(const GPT&) = default;
  GPT(GPT&&) = default;
  GPT& operator=(const GPT&) = default;  ///< the only one: moving the list would detach the weights' handles

  /// tokens (N, T), i64, T at most block: (N, T, tokens), the logits of the token after each.
  Tensor forward(Arg tokens) const;
  /// The logits (N, tokens) of the token after the last. tokens (N, T) follow those that the cache has seen; an empty
  /// cache has seen none. In evaluation mode, not recorded. Throws for more than block tokens in all.
  Tensor next(const Tensor& tokens, Cache& cache, Loc where = Loc::current()) const;
  std::int64_t context() const { return block; }  ///< the longest text that it looks at

  std::string describe() const;
  void fields(auto& v) {
    v("wte", wte);
    v("wpe", wpe);
    v("h", h);
    v("ln_f", ln_f);
  }
};

struct TextLSTMOptions {
  std::int64_t layers = 1;   ///< of the LSTM
  std::int64_t width = 128;  ///< of the embedding and of the states
  double dropout = 0;        ///< while training, on what each layer passes up
  DType dtype = default_dtype();
};

/// An embedding of tokens, an LSTM, and a linear layer. It has no longest text: its state is what it knows of the past.
struct TextLSTM : Module<TextLSTM> {
  /// What a generation keeps between tokens: the state after the last.
  struct Cache {
    Tensor h, c;  ///< of all layers
  };

  Embedding wte;  ///< of tokens
  LSTM lstm;      ///< reads the text
  Dropout drop;   ///< before the output
  Linear head;    ///< the output

  /// for a vocabulary of so many tokens
  explicit TextLSTM(std::int64_t tokens, const TextLSTMOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg tokens) const;  ///< tokens (N, T), i64: logits (N, T, tokens)
  /// As GPT::next, for any number of tokens.
  Tensor next(const Tensor& tokens, Cache& cache, Loc where = Loc::current()) const;
  std::int64_t context() const { return 0; }  ///< no limit

  void fields(auto& v) {
    v("wte", wte);
    v("lstm", lstm);
    v("drop", drop);
    v("head", head);
  }
};

}  // namespace gradus::nn
