// Cases of compressed gradients: what all ranks have afterwards, and what they have lost by it.
#include <cmath>
#include <cstdio>

#include "worker.hpp"

using namespace gradus;

namespace {

nn::Sequential network() { return nn::Sequential{nn::Linear(6, 32), nn::Tanh(), nn::Linear(32, 3)}; }

// Sums of squares, so that no two networks that differ have the same text.
std::string summary(nn::ModuleBase& net) {
  std::string text;
  for (const auto& [name, x] : net.state_dict()) {
    char line[96];
    std::snprintf(line, sizeof line, "%s %a\n", name.c_str(), sum(square(x.to(f64))).item());
    text += line;
  }
  return text;
}

bool same_everywhere(dist::Group& group, nn::ModuleBase& net) {
  const std::string mine = summary(net);
  for (const std::string& other : group.all_gather(mine))
    if (other != mine) return false;
  return true;
}

// top_k KEEP STEPS BUCKET_MB: prints the loss of the whole set, after training.
int top_k(const Words& words) {
  dist::Group group;
  manual_seed(3);
  nn::Sequential net = network();
  const data::Dataset all{randn({120, 6}), randint(0, 3, {120})};
  optim::SGD opt(net, {.lr = 0.05, .momentum = 0.9});
  const double keep = std::stod(words[0]);
  dist::DataParallel sync(net, group,
                          {.bucket_mb = std::stod(words[2]),
                           .compress = keep > 0 ? dist::Compress::top_k : dist::Compress::none,
                           .keep = keep > 0 ? keep : 1});
  const auto loss = [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  for (int step = 0; step < std::stoi(words[1]); ++step) {
    sync.backward(all, loss);
    opt.step();
    opt.zero_grad();
  }
  if (!same_everywhere(group, net)) return 20;
  if (group.rank() == 0) std::printf("%.9g\n%s\n", loss(all.x, all.y).item(), sync.to_string().c_str());
  return 0;
}

// One number of four travels. The gradient of rank r is (r + 1) (8, 4, 2, 1) in each step; rate 1. Prints the weights
// after 1 step and after 64: the sum of what was sent.
int waits(const Words&) {
  dist::Group group;
  nn::Linear net(4, 1, {.bias = false});
  net.weight.fill_(0);
  optim::SGD opt(net, {.lr = 1});
  dist::DataParallel sync(net, group, {.compress = dist::Compress::top_k, .keep = 0.25});
  const Tensor slope = tensor({{8, 4, 2, 1}}) * (group.rank() + 1);
  for (int step = 1; step <= 64; ++step) {
    {
      Tape tape;
      sync.backward(sum(net.weight * slope), 1);
    }
    opt.step();
    opt.zero_grad();
    if (step != 1 && step != 64) continue;
    if (!same_everywhere(group, net)) return 20;
    const auto w = net.weight.to_vector();
    if (group.rank() == 0) std::printf("%g %g %g %g\n", w[0], w[1], w[2], w[3]);
  }
  return 0;
}

int other_keep(const Words&) {
  dist::Group group;
  nn::Sequential net = network();
  dist::DataParallel sync(net, group, {.compress = dist::Compress::top_k, .keep = group.rank() == 1 ? 0.5 : 0.25});
  return 0;
}

// A gradient that is not a number is one on all ranks in the same step, and is not kept for the next one.
int not_a_number(const Words&) {
  dist::Group group;
  nn::Linear net(4, 1, {.bias = false});
  dist::DataParallel sync(net, group, {.compress = dist::Compress::top_k, .keep = 0.25});
  for (const double factor : {group.rank() == 1 ? NAN : 1.0, 1.0}) {
    net.zero_grad();
    Tape tape;
    sync.backward(sum(net.weight * tensor({{4, 3, 2, 1}}) * factor), 1);
    if (group.rank() == 0) std::printf("%d\n", all(isfinite(net.weight.grad())).item() != 0);
  }
  return 0;
}

}  // namespace

std::map<std::string, Case> compress_cases() {
  return {{"top_k", top_k}, {"waits", waits}, {"other_keep", other_keep}, {"not_a_number", not_a_number}};
}
