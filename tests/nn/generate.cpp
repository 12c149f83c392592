// Sampling and generation: which token, and the same ones with and without the cache.
#include <gradus/gradus.hpp>

#include <cmath>
#include <map>

#include "support.hpp"

using namespace gradus;

namespace {

using Tokens = std::vector<std::int64_t>;

// The share of u in [0, 1) for which each token is chosen.
std::map<std::int64_t, double> shares(const Tensor& logits, const nn::GenerateOptions& options) {
  constexpr int steps = 4000;
  std::map<std::int64_t, double> share;
  for (int i = 0; i < steps; ++i) share[nn::sample(logits, options, (i + 0.5) / steps)] += 1.0 / steps;
  return share;
}

void check_shares(const nn::GenerateOptions& options, const std::map<std::int64_t, double>& expected) {
  auto share = shares(log(tensor({0.1, 0.4, 0.2, 0.3})), options);
  CHECK(share.size() == expected.size());
  for (const auto& [token, probability] : expected) CHECK(share[token] == doctest::Approx(probability).epsilon(0.001));
}

nn::GPT gpt() {
  manual_seed(6);
  nn::GPT net(9, {.layers = 2, .heads = 2, .width = 8, .block = 10});
  for (auto& [name, p] : net.named_parameters()) nn::init::normal_(p, 0, 0.5);
  return net;
}

}  // namespace

TEST_CASE("sample: tokens have the probabilities that the options leave") {
  check_shares({}, {{0, 0.1}, {1, 0.4}, {2, 0.2}, {3, 0.3}});
  check_shares({.temperature = 0}, {{1, 1}});
  check_shares({.top_k = 2}, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  check_shares({.top_k = 1}, {{1, 1}});
  check_shares({.top_k = 99}, {{0, 0.1}, {1, 0.4}, {2, 0.2}, {3, 0.3}});
  check_shares({.top_p = 0.65}, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  check_shares({.top_p = 0.75}, {{1, 4.0 / 9}, {3, 3.0 / 9}, {2, 2.0 / 9}});
  check_shares({.top_p = 1e-9}, {{1, 1}});
  check_shares({.top_k = 3, .top_p = 0.6}, {{1, 4.0 / 7}, {3, 3.0 / 7}});  // of what top_k leaves
  check_shares({.temperature = 0.5}, {{0, 1.0 / 30}, {1, 16.0 / 30}, {2, 4.0 / 30}, {3, 9.0 / 30}});
}

TEST_CASE("sample: equal logits, extreme logits, the ends of u") {
  CHECK(nn::sample(zeros({5}), {.temperature = 0}, 0.9) == 0);
  CHECK(nn::sample(zeros({1, 5}), {.top_k = 2}, 0.9) == 1);
  CHECK(nn::sample(tensor({-1e30, 1e30, 0}), {.temperature = 1e-9}, 0.5) == 1);
  const Tensor blocked = tensor({0, -INFINITY, 0});
  for (const double u : {0.0, 0.3, 0.6, std::nextafter(1.0, 0.0)}) CHECK(nn::sample(blocked, {}, u) != 1);
}

TEST_CASE("sample: what it refuses") {
  const Tensor logits = zeros({3});
  CHECK_SAYS(nn::sample(logits, {.temperature = -1}, 0), "sample: temperature is out of range", "generate.cpp:");
  CHECK_SAYS(nn::sample(logits, {.top_k = -1}, 0), "top_k is too small");
  CHECK_SAYS(nn::sample(logits, {.top_p = 0}, 0), "top_p is out of range");
  CHECK_SAYS(nn::sample(logits, {.top_p = std::nan("")}, 0), "top_p is out of range");
  CHECK_SAYS(nn::sample(tensor({1, NAN}), {}, 0), "a logit is NaN");
  CHECK_SAYS(nn::sample(tensor({-INFINITY, -INFINITY}), {}, 0), "the largest logit is infinite");
  CHECK_SAYS(nn::sample(zeros({2, 3}), {}, 0), "the logits have the wrong shape", "(2, 3)");
}

TEST_CASE("generate: the cache changes no token, within the block and beyond it") {
  const nn::GPT net = gpt();
  const nn::TextLSTM lstm(9, {.layers = 2, .width = 8});
  for (const Tokens& prompt : {Tokens{3}, Tokens{1, 2, 3, 4}, Tokens(10, 5), Tokens(25, 7)}) {
    for (nn::GenerateOptions o : {nn::GenerateOptions{.tokens = 40, .seed = 1},
                                  {.tokens = 40, .temperature = 0},
                                  {.tokens = 40, .temperature = 0.7, .top_k = 4, .seed = 2},
                                  {.tokens = 40, .top_p = 0.8, .seed = 3}}) {
      const Tokens cached = nn::generate(net, prompt, o), lstm_cached = nn::generate(lstm, prompt, o);
      CHECK(cached.size() == 40);
      o.cache = false;
      CHECK(nn::generate(net, prompt, o) == cached);
      CHECK(nn::generate(lstm, prompt, o) == lstm_cached);
    }
  }
}

TEST_CASE("generate: greedy takes the largest logit of forward()") {
  const nn::GPT net = gpt();
  Tokens text{2, 0};
  for (const std::int64_t token : nn::generate(net, text, {.tokens = 8, .temperature = 0})) {
    const Tensor x = from_data(std::span<const std::int64_t>(text), {1, std::ssize(text)});
    CHECK(token == argmax(select(net(x), 1, -1), 1).item<std::int64_t>());
    text.push_back(token);
  }
}

TEST_CASE("generate: a seed, or the default generator") {
  const nn::GPT net = gpt();
  const Tokens prompt{1};
  const auto with_seed = [&](std::uint64_t seed) { return nn::generate(net, prompt, {.tokens = 30, .seed = seed}); };
  manual_seed(1);
  CHECK(with_seed(1) == with_seed(1));
  CHECK(with_seed(1) != with_seed(2));
  CHECK(default_generator().counter() == 0);
  const Tokens first = nn::generate(net, prompt, {.tokens = 30}), second = nn::generate(net, prompt, {.tokens = 30});
  CHECK(first != second);
  manual_seed(1);
  CHECK(nn::generate(net, prompt, {.tokens = 30}) == first);
  const Tokens few = nn::generate(net, prompt, {.tokens = 5, .seed = 1});
  Tokens many = with_seed(1);
  many.resize(5);
  CHECK(few == many);  // however many follow
}

TEST_CASE("generate: tells of each token, and can be stopped") {
  const nn::GPT net = gpt();
  Tokens told;
  const auto listen = [&](std::int64_t token) {
    told.push_back(token);
    return told.size() < 7;
  };
  CHECK(nn::generate(net, Tokens{1}, {.tokens = 30, .seed = 1, .on_token = listen}) == told);
  CHECK(told.size() == 7);
  CHECK(nn::generate(net, Tokens{1}, {.tokens = 0}).empty());
}

TEST_CASE("generate: evaluates, records nothing, and leaves a live tape alone") {
  nn::TextLSTM net(9, {.layers = 2, .width = 8, .dropout = 0.9});
  const nn::GenerateOptions options{.tokens = 20, .seed = 1};
  Tape tape;
  const Tokens one = nn::generate(net, Tokens{1}, options), two = nn::generate(net, Tokens{1}, options);
  CHECK(one == two);
  CHECK(net.is_training());
}

TEST_CASE("generate: what it refuses") {
  const nn::GPT net = gpt();
  CHECK_SAYS(nn::generate(net, Tokens{}), "generate: the prompt is empty", "generate.cpp:");
  CHECK_SAYS(nn::generate(net, Tokens{1}, {.tokens = -1}), "tokens is too small");
  CHECK_SAYS(nn::generate(net, Tokens{1}, {.temperature = NAN}), "temperature is out of range");
  CHECK_SAYS(nn::generate(net, Tokens{9}), "index is out of range", "generate.cpp:");
}
