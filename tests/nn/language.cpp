// GPT and TextLSTM: against layers that compute the same, causality, the cache, how they start and learn.
#include <gradus/gradus.hpp>

#include "support.hpp"

using namespace gradus;

namespace {

constexpr nn::GPTOptions small{.layers = 2, .heads = 2, .width = 8, .block = 6, .bias = true};

nn::GPT net_with_biases() {
  manual_seed(4);
  nn::GPT net(11, small);
  for (auto& [name, p] : net.named_parameters()) nn::init::normal_(p, 0, 0.3);  // biases, too, are not 0
  return net;
}

Tensor texts(std::int64_t n, std::int64_t length) { return randint(0, 11, {n, length}); }

}  // namespace

TEST_CASE("GPT: computes what encoder layers with a causal mask compute") {
  nn::GPT net = net_with_biases();
  const Tensor x = texts(3, 5);
  const Tensor masked = triu(ones({5, 5}), 1).to(boolean);
  Tensor y = embedding(net.wte.weight, x) + slice(net.wpe.weight, 0, {0, 5});
  for (const nn::GPTLayer& from : net.h) {
    nn::TransformerEncoderLayer layer(8, 2,
                                      {.dim_feedforward = 32,
                                       .dropout = 0,
                                       .activation = nn::EncoderActivation::gelu,
                                       .batch_first = true,
                                       .norm_first = true});
    layer.self_attn.in_proj_weight = from.c_attn.weight;
    layer.self_attn.in_proj_bias = from.c_attn.bias;
    layer.self_attn.out_proj = from.c_proj;
    layer.linear1 = from.mlp_fc;
    layer.linear2 = from.mlp_proj;
    layer.norm1 = from.ln_1;
    layer.norm2 = from.ln_2;
    y = layer(y, masked);
  }
  CHECK(allclose(net(x), matmul(net.ln_f(y), net.wte.weight, {.transpose_b = true}), 1e-4, 1e-5));
  CHECK(net(x).shape() == Shape{3, 5, 11});
}

TEST_CASE("GPT: a token has no influence on what stands before it") {
  const nn::GPT net = net_with_biases();
  Tensor x = texts(1, 6);
  const Tensor before = net(x);
  x.set({0, 3}, (x.at({0, 3}) == 2 ? 3 : 2));
  const Tensor after = net(x);
  CHECK(equal(slice(before, 1, {0, 3}), slice(after, 1, {0, 3})));
  CHECK_FALSE(allclose(slice(before, 1, {3, 6}), slice(after, 1, {3, 6})));
}

TEST_CASE("GPT, TextLSTM: next() with a cache is the last row of forward(), however the text is cut") {
  nn::GPT gpt = net_with_biases();
  nn::TextLSTM lstm(11, {.layers = 2, .width = 8, .dropout = 0.5});
  const Tensor x = texts(2, 6);
  const auto check = [&](const auto& net) {
    using Cache = typename std::remove_cvref_t<decltype(net)>::Cache;
    for (const std::vector<std::int64_t>& cuts :
         {std::vector<std::int64_t>{6}, {1, 1, 1, 1, 1, 1}, {3, 2, 1}, {1, 5}}) {
      Cache cache;
      std::int64_t at = 0;
      for (const std::int64_t part : cuts) {
        const Tensor logits = net.next(slice(x, 1, {at, at + part}), cache);
        at += part;
        const nn::Evaluating evaluating;
        CHECK(allclose(logits, select(net.forward(slice(x, 1, {0, at})), 1, at - 1), 1e-4, 1e-5));
      }
    }
  };
  check(gpt);
  check(lstm);
}

TEST_CASE("GPT: how it starts, and the names of GPT-2") {
  manual_seed(1);
  nn::GPT net(100, {.layers = 8, .heads = 4, .width = 64, .block = 16, .bias = true});
  const auto spread = [&](const char* name) { return stddev(*find(net.state_dict(), name)).item() / 0.02; };
  CHECK(spread("wte.weight") == doctest::Approx(1).epsilon(0.05));
  CHECK(spread("wpe.weight") == doctest::Approx(1).epsilon(0.1));
  CHECK(spread("h.3.attn.c_attn.weight") == doctest::Approx(1).epsilon(0.05));
  CHECK(spread("h.7.mlp.c_fc.weight") == doctest::Approx(1).epsilon(0.05));
  CHECK(spread("h.0.attn.c_proj.weight") == doctest::Approx(0.25).epsilon(0.05));
  CHECK(spread("h.0.mlp.c_proj.weight") == doctest::Approx(0.25).epsilon(0.05));
  CHECK(max(abs(*find(net.state_dict(), "h.0.attn.c_attn.bias"))).item() == 0);
  const auto state = net.state_dict();
  for (const char* name : {"h.0.ln_1.weight", "h.0.ln_1.bias", "h.0.ln_2.weight", "h.0.mlp.c_fc.bias", "ln_f.weight"})
    CHECK(find(state, name));
  CHECK(state.size() == 2 + 8 * 12 + 2);
  nn::GPT other(100, {.layers = 8, .heads = 4, .width = 64, .block = 16, .bias = true});
  other.load_state_dict(state);
  const Tensor x = randint(0, 100, {2, 16});
  CHECK(equal(net(x), other(x)));
  CHECK(nn::GPT(10, {.layers = 1, .heads = 1, .width = 4, .block = 4}).state_dict().size() == 2 + 6 + 1);
}

TEST_CASE("GPT: assigning a copy keeps the optimizer attached") {
  nn::GPT net = net_with_biases();
  optim::SGD opt(net, {.lr = 0.1});
  const nn::GPT best = net;
  const Tensor x = texts(2, 6);
  const auto step = [&] {
    opt.zero_grad();
    Tape tape;
    tape.backward(cross_entropy(flatten(net(x), 0, 1), flatten(x)));
    opt.step();
  };
  step();
  CHECK_FALSE(equal(net(x), best(x)));
  net = best;
  CHECK(equal(net(x), best(x)));
  step();
  CHECK_FALSE(equal(net(x), best(x)));
}

TEST_CASE("GPT, TextLSTM: they learn a text by heart") {
  manual_seed(1);
  const std::string text = "how much wood would a woodchuck chuck if a woodchuck could chuck wood? ";
  const auto tokenizer = data::Tokenizer::characters(text);
  const auto windows =
      data::windows(tokenizer.encode(text + text + text + text), {.block = 16, .size = 8, .seed = 1}).train;
  const auto loss_after = [&](auto net, int steps) {
    optim::AdamW opt(net, {.lr = 1e-2});
    double last = 0;
    for (int step = 0; step < steps; ++step) {
      const auto [x, y] = windows.batch(step);
      opt.zero_grad();
      Tape tape;
      const Tensor loss = cross_entropy(flatten(net(x), 0, 1), flatten(y));
      tape.backward(loss);
      optim::clip_grad_norm(net, 1);
      opt.step();
      last = loss.item();
    }
    return last;
  };
  CHECK(loss_after(nn::GPT(tokenizer.size(), {.layers = 2, .heads = 2, .width = 32, .block = 16}), 80) < 0.5);
  CHECK(loss_after(nn::TextLSTM(tokenizer.size(), {.width = 32}), 80) < 0.5);
}

TEST_CASE("GPT: what it refuses") {
  CHECK_SAYS(nn::GPT(10, {.heads = 3}), "GPT: width is not divisible by heads", "width 128, heads 3", "language.cpp:");
  CHECK_SAYS(nn::GPT(10, {.layers = 0}), "GPT: layers is too small");
  CHECK_SAYS(nn::GPT(10, {.dropout = 2}), "dropout is not a probability");
  const nn::GPT net(11, small);
  CHECK_SAYS(net(texts(1, 7)), "GPT: the text is longer than the network's block", "7 tokens", "6 or fewer",
             "language.cpp:");
  CHECK_SAYS(net(zeros({1, 3})), "GPT: the tokens have the wrong shape or dtype", "f32 (1, 3)");
  CHECK_SAYS(net(full({1, 3}, 11, i64)), "language.cpp:");
  nn::GPT::Cache cache;
  (void)net.next(texts(1, 4), cache);
  CHECK_SAYS(net.next(texts(1, 3), cache), "longer than the network's block", "7 tokens");
  CHECK_SAYS(net.next(texts(2, 1), cache), "the cache belongs to another network");
  CHECK(cache.length == 4);
}
