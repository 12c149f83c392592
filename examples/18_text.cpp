// A text: a tokenizer made from it, a small GPT that learns it by heart, and a line that the network writes.
#include <gradus/gradus.hpp>

#include <cstdio>
#include <string>

using namespace gradus;

const std::string text = R"(Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date;
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
)";

int main() {
  manual_seed(1);
  const auto tokenizer = data::Tokenizer::bpe(text, 30);
  const auto tokens = tokenizer.encode(text);
  std::printf("%s; %zu bytes are %zu tokens\n", tokenizer.describe().c_str(), text.size(), tokens.size());
  std::printf("the same bytes come back: %s\n", tokenizer.decode(tokens) == text ? "yes" : "no");

  nn::GPT net(tokenizer.size(), {.layers = 2, .heads = 2, .width = 48, .block = 32});
  optim::AdamW opt(net, {.lr = 4e-3});
  const auto windows = data::windows(tokens, {.block = 32, .size = 8, .test_fraction = 0.2, .seed = 1});
  for (int step = 0; step < 150; ++step) {
    const auto [x, y] = windows.train.batch(step);  // y is x one token later
    Tape tape;
    const Tensor loss = cross_entropy(flatten(net(x), 0, 1), flatten(y));
    tape.backward(loss);
    optim::clip_grad_norm(net, 1);
    opt.step();
    opt.zero_grad();
  }

  const auto prompt = tokenizer.encode("Rough winds");
  const auto written = nn::generate(net, prompt, {.tokens = 24, .temperature = 0});
  const std::string line = tokenizer.decode(written);
  std::printf("Rough winds%s\n", line.substr(0, line.find('\n')).c_str());
}

// Prints:
//   286 byte pairs; 350 bytes are 243 tokens
//   the same bytes come back: yes
//   Rough winds do shake the darling buds of May,
