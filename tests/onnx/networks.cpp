// Whole networks: LeNet, a residual network with batch normalisation, a small GPT, a sequence classifier.
#include "cases.hpp"

namespace onnx_cases {
namespace {

struct Residual : nn::Module<Residual> {
  nn::Conv2d conv1{4, 4, 3, {.padding = 1, .bias = false}}, conv2{4, 4, 3, {.padding = 1, .bias = false}};
  nn::BatchNorm2d bn1{4}, bn2{4};
  Tensor forward(const Tensor& x) const { return relu(x + bn2(conv2(relu(bn1(conv1(x)))))); }
  void fields(auto& v) { v("conv1", conv1), v("bn1", bn1), v("conv2", conv2), v("bn2", bn2); }
};

struct Block : nn::Module<Block> {
  std::int64_t heads = 2;
  nn::LayerNorm norm1{16}, norm2{16};
  nn::Linear qkv{16, 48}, out{16, 16}, up{16, 64}, down{64, 16};
  Tensor attend(const Tensor& x) const {
    const std::int64_t n = x.size(0), t = x.size(1), width = x.size(2);
    const std::vector<Tensor> parts = split(qkv(x), width, 2);
    const auto split_heads = [&](const Tensor& p) { return permute(reshape(p, {n, t, heads, -1}), {0, 2, 1, 3}); };
    const Tensor y = scaled_dot_product_attention(split_heads(parts[0]), split_heads(parts[1]), split_heads(parts[2]),
                                                  {}, {.is_causal = true});
    return out(reshape(permute(y, {0, 2, 1, 3}), {n, t, width}));
  }
  Tensor forward(const Tensor& x) const {
    const Tensor y = x + attend(norm1(x));
    return y + down(gelu(up(norm2(y))));
  }
  void fields(auto& v) {
    v("norm1", norm1), v("qkv", qkv), v("out", out), v("norm2", norm2), v("up", up), v("down", down);
  }
};

struct Gpt : nn::Module<Gpt> {
  nn::Embedding tokens{13, 16}, positions{6, 16};
  std::vector<Block> blocks = std::vector<Block>(2);
  nn::LayerNorm norm{16};
  nn::Linear head{16, 13};
  Tensor forward(const Tensor& ids) const {
    Tensor x = tokens(ids) + positions(arange(ids.size(1)));
    for (const Block& block : blocks) x = block(x);
    return head(norm(x));
  }
  void fields(auto& v) {
    v("tokens", tokens), v("positions", positions), v("blocks", blocks), v("norm", norm), v("head", head);
  }
};

struct Sentiment : nn::Module<Sentiment> {
  nn::Embedding words{20, 6};
  nn::LSTM lstm{6, 5, {.num_layers = 2, .batch_first = true, .bidirectional = true}};
  nn::Linear head{10, 2};
  Tensor forward(const Tensor& ids) const {
    const auto [y, h, c] = lstm(words(ids));
    return head(mean(y, 1));
  }
  void fields(auto& v) { v("words", words), v("lstm", lstm), v("head", head); }
};

nn::Sequential lenet() {
  return nn::Sequential(nn::Conv2d(1, 6, 5, {.padding = 2}), nn::ReLU(), nn::MaxPool2d(2), nn::Conv2d(6, 16, 5),
                        nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Linear(16 * 5 * 5, 120), nn::ReLU(),
                        nn::Linear(120, 84), nn::ReLU(), nn::Dropout(0.3), nn::Linear(84, 10));
}

}  // namespace

void write_networks(Writer& w) {
  w.one("lenet", lenet(), normal({1, 28, 28}));
  nn::Sequential residual(nn::Conv2d(1, 4, 3, {.padding = 1}), Residual(), Residual(), nn::AdaptiveAvgPool2d(1),
                          nn::Flatten(), nn::Linear(4, 3));
  for (int i = 0; i < 5; ++i) residual(randn({8, 1, 8, 8}));
  w.one("residual", residual, normal({1, 8, 8}));
  Gpt gpt;
  w.one("gpt", gpt, ids(13, {6}));
  gpt.requires_grad_(false);
  w.one("gpt_frozen", gpt, ids(13, {6}));
  nn::Linear watched(3, 3);
  watched.on_backward([](const Tensor&) {});
  w.one(
      "hook_and_checkpoint", [&](const Arg& x) { return nn::checkpoint(watched, watched(x)); }, normal({3}));
  w.one("sentiment", Sentiment(), ids(20, {7}));
  Residual wide;
  wide.to(f64);
  w.one("residual_f64", wide, normal({4, 5, 5}, 0, f64));
}

}  // namespace onnx_cases
