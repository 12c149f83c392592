// Networks that several benchmarks train.
#pragma once

#include <cstdint>
#include <vector>

#include <gradus/gradus.hpp>

namespace bench {

using namespace gradus;

// W2
inline nn::Sequential mlp() { return nn::Sequential{nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10)}; }

// W4
inline nn::Sequential lenet() {
  return nn::Sequential{nn::Conv2d(1, 6, 5), nn::ReLU(),          nn::MaxPool2d(2), nn::Conv2d(6, 16, 5),
                        nn::ReLU(),          nn::MaxPool2d(2),    nn::Flatten(),    nn::Linear(256, 120),
                        nn::ReLU(),          nn::Linear(120, 84), nn::ReLU(),       nn::Linear(84, 10)};
}

// W6
constexpr std::int64_t vocabulary = 65, width = 128, heads = 4, depth = 4, block = 64;

// A transformer's layer, normalised first: causal self-attention, then two linear layers.
struct Block : nn::Module<Block> {
  nn::LayerNorm ln1{Shape{width}}, ln2{Shape{width}};
  nn::Linear qkv{width, 3 * width}, proj{width, width}, up{width, 4 * width}, down{4 * width, width};

  Tensor forward(Arg x) const {
    const std::int64_t n = x.tensor().size(0), t = x.tensor().size(1);
    const Tensor packed = qkv(ln1(x));
    const auto part = [&](std::int64_t i) {  // queries, keys or values, head by head
      return permute(reshape(slice(packed, 2, {i * width, (i + 1) * width}), {n, t, heads, width / heads}),
                     {0, 2, 1, 3});
    };
    const Tensor y = scaled_dot_product_attention(part(0), part(1), part(2), {}, {.is_causal = true});
    const Tensor h = x + proj(reshape(permute(y, {0, 2, 1, 3}), {n, t, width}));
    return h + down(gelu(up(ln2(h))));
  }
  void fields(auto& v) { v("ln1", ln1), v("qkv", qkv), v("proj", proj), v("ln2", ln2), v("up", up), v("down", down); }
};

struct Gpt : nn::Module<Gpt> {
  nn::Embedding tokens{vocabulary, width}, positions{block, width};
  std::vector<Block> blocks = std::vector<Block>(depth);
  nn::LayerNorm ln{Shape{width}};
  nn::Linear head{width, vocabulary, {.bias = false}};

  Tensor forward(Arg ids) const {
    Tensor x = tokens(ids) + positions(arange(block));
    for (const Block& b : blocks) x = b(x);
    return reshape(head(ln(x)), {-1, vocabulary});
  }
  void fields(auto& v) {
    v("tokens", tokens), v("positions", positions), v("blocks", blocks), v("ln", ln), v("head", head);
  }
};

}  // namespace bench
