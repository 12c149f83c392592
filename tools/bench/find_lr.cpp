// How near train::find_lr comes to the best rate of a sweep: the networks of W2, W4 and W6 with their optimizers, on
// the embedded digits (enlarged to 28x28) and on a text. The sweep trains anew for each rate, powers of 2 around the
// suggested one; the best rate is the one with the least mean loss over the last fifth of the steps.
//
//   bench_find_lr [TEXT]      for each, from three seeds: what is suggested, and that over the best rate
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gradus/gradus.hpp>

#include "bench/nets.hpp"

using namespace gradus;

namespace {

const auto loss_of = [](const Tensor& out, const Tensor& y) { return cross_entropy(out, y); };

// 8x8 to 28x28: each pixel three times in both directions, and a margin of two.
Tensor enlarge(const Tensor& x) {
  const std::int64_t n = x.size(0);
  const Tensor small = x.reshape({n, 8, 1, 8, 1});
  const Tensor large = expand(small, {n, 8, 3, 8, 3}).reshape({n, 1, 24, 24});
  const Tensor column = zeros({n, 1, 24, 2});
  const Tensor wide = concat({column, large, column}, 3);
  const Tensor row = zeros({n, 1, 2, 28});
  return concat({row, wide, row}, 2).contiguous();
}

// Blocks of a text, and for each the same one character later, as one row of labels.
std::vector<data::Dataset> characters(const std::string& path, int batches) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::string alphabet(text);
  std::sort(alphabet.begin(), alphabet.end());
  alphabet.erase(std::unique(alphabet.begin(), alphabet.end()), alphabet.end());
  if (static_cast<std::int64_t>(alphabet.size()) > bench::vocabulary || text.size() < 10000) return {};
  std::vector<data::Dataset> all;
  for (int b = 0; b < batches; ++b) {
    std::vector<std::int64_t> x, y;
    const std::vector<std::int64_t> starts =
        randint(0, static_cast<std::int64_t>(text.size()) - bench::block - 1, {12}).to_vector<std::int64_t>();
    for (const std::int64_t start : starts) {
      for (std::int64_t i = 0; i < bench::block; ++i) {
        x.push_back(static_cast<std::int64_t>(alphabet.find(text[static_cast<std::size_t>(start + i)])));
        y.push_back(static_cast<std::int64_t>(alphabet.find(text[static_cast<std::size_t>(start + i + 1)])));
      }
    }
    all.push_back({from_data(x, {12, bench::block}), from_data(y, {12 * bench::block})});
  }
  return all;
}

// The mean loss of the last fifth.
template <class Net, class Optimizer, class Batches>
double train_at(Net& net, Optimizer& opt, const Batches& given, int steps) {
  std::vector<double> losses;
  Batches batches = given;
  while (static_cast<int>(losses.size()) < steps) {
    for (const auto& batch : batches) {
      Tape tape;
      const Tensor loss = loss_of(net(batch.x), batch.y);
      losses.push_back(loss.item());
      if (!std::isfinite(losses.back())) return INFINITY;
      tape.backward(loss);
      opt.step();
      opt.zero_grad();
      if (static_cast<int>(losses.size()) == steps) break;
    }
  }
  double sum = 0;
  const int last = std::max(1, steps / 5);
  for (int i = steps - last; i < steps; ++i) sum += losses[static_cast<std::size_t>(i)];
  return sum / last;
}

template <class Optimizer, class Make, class Options, class Batches>
void measure(const char* name, const Make& make, Options options, const Batches& batches, int steps) {
  std::printf("%s\n", name);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    manual_seed(seed);
    auto net = make();
    Optimizer opt(net, options);
    const train::FoundLr found = train::find_lr(net, opt, batches, loss_of);
    double best = 0, least = INFINITY;
    for (double lr = found.suggested / 32; lr < 8; lr *= 2) {
      manual_seed(seed);
      auto fresh = make();
      Optimizer own(fresh, options);
      own.set_lr(lr);
      const double loss = train_at(fresh, own, batches, steps);
      if (loss < least) {
        least = loss;
        best = lr;
      }
      if (loss > 4 * least) break;
    }
    std::printf("   suggested %.2g, by the best of a sweep (%.2g): %.2f   (%zu trials, lowest %.2g, 2/lambda %.2g)\n",
                found.suggested, best, found.suggested / best, found.tried.size(), found.lowest, found.limit);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** argument) {
  const auto digits = data::digits().train;
  const Tensor images = enlarge(digits.x);
  const auto rows = data::batches({images.reshape({-1, 784}), digits.y}, {.size = 64, .shuffle = true, .seed = 1});
  const auto pictures = data::batches({images, digits.y}, {.size = 64, .shuffle = true, .seed = 1});
  measure<optim::Adam>("W2 MLP, Adam", bench::mlp, optim::AdamOptions{}, rows, 300);
  measure<optim::SGD>("W4 LeNet, SGD with momentum", bench::lenet, optim::SGDOptions{.momentum = 0.9}, pictures, 300);
  measure<optim::SGD>("W2 MLP, SGD with momentum", bench::mlp, optim::SGDOptions{.momentum = 0.9}, rows, 300);
  measure<optim::SGD>("W4 LeNet, SGD", bench::lenet, optim::SGDOptions{}, pictures, 300);
  measure<optim::SGD>("W2 MLP, SGD", bench::mlp, optim::SGDOptions{}, rows, 300);
  measure<optim::Adam>("W4 LeNet, Adam", bench::lenet, optim::AdamOptions{}, pictures, 300);
  if (count < 2) return 0;
  manual_seed(2);
  const auto text = characters(argument[1], 200);
  if (text.empty()) {
    std::fprintf(stderr, "bench_find_lr: %s: no text of at most %d characters\n", argument[1], int(bench::vocabulary));
    return 3;
  }
  measure<optim::AdamW>(
      "W6 GPT, AdamW", [] { return bench::Gpt(); }, optim::AdamWOptions{}, text, 150);
}
