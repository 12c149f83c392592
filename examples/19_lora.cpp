// Fine-tuning: a trained network is loaded and frozen, and small low-rank adapters learn a new task beside it
// (Hu et al., "LoRA: low-rank adaptation of large language models", 2021).
#include <gradus/gradus.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>

using namespace gradus;

// y = base(x) + scale (x downᵀ) upᵀ. `up` starts as zeros, so that the network starts as it was.
struct LoRA : nn::Module<LoRA> {
  nn::Linear base;
  Parameter down, up;
  double scale;

  LoRA(nn::Linear trained, std::int64_t rank, double alpha)
      : base(std::move(trained)),
        down(randn({rank, base.in_features}) * (1 / std::sqrt(static_cast<double>(base.in_features)))),
        up(zeros({base.out_features, rank})),
        scale(alpha / static_cast<double>(rank)) {
    base.requires_grad_(false);
  }
  Tensor forward(const Tensor& x) const {
    return base(x) + matmul(matmul(x, down, {.transpose_b = true}), up, {.transpose_b = true}) * scale;
  }
  nn::Linear merged() const {  // one layer again, for use without adapters
    nn::Linear layer = base;
    layer.weight.add_(matmul(up, down), scale);
    return layer;
  }
  void fields(auto& v) { v("base", base), v("down", down), v("up", up); }
};

void tune(auto& net, const data::Dataset& data, double lr, int epochs) {
  optim::Adam opt(net, {.lr = lr});
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (auto [x, y] : data::batches(data, {.size = 32, .shuffle = true})) {
      Tape tape;
      tape.backward(cross_entropy(net(x), y));
      opt.step();
      opt.zero_grad();
    }
  }
}

int main() {
  manual_seed(1);
  const auto file = (std::filesystem::temp_directory_path() / "gradus_lora.safetensors").string();
  const auto [digits, test] = data::digits();
  const auto make = [] { return nn::Sequential{nn::Linear(64, 128), nn::ReLU(), nn::Linear(128, 10)}; };
  nn::Sequential first = make();
  tune(first, digits, 3e-3, 8);
  io::save(file, first.state_dict());

  // The new task: the same digits, lying on their side.
  const auto turned = [](const data::Dataset& d) {
    return data::Dataset{d.x.reshape({-1, 8, 8}).transpose(1, 2).reshape({-1, 64}), d.y};
  };
  nn::Sequential loaded = make();
  loaded.load_state_dict(io::load(file));
  nn::Sequential net{LoRA(loaded.get<nn::Linear>(0), 4, 8), nn::ReLU(), LoRA(loaded.get<nn::Linear>(2), 4, 8)};
  const double before = accuracy(net, turned(test));
  tune(net, turned(digits), 1e-2, 8);
  const double after = accuracy(net, turned(test));

  std::int64_t trained = 0;
  for (const Tensor& p : net.parameters())
    if (p.requires_grad()) trained += p.numel();
  std::printf("trained: %d of %d numbers\n", static_cast<int>(trained), static_cast<int>(net.parameter_count()));
  std::printf("the new task, before and after: %s\n", before < 0.5 && after > 0.9 ? "learnt" : "not learnt");
  const bool same = equal(net.get<LoRA>(0).base.weight, first.get<nn::Linear>(0).weight);
  std::printf("the trained weights are as they were: %s\n", same ? "yes" : "no");
  nn::Sequential merged{net.get<LoRA>(0).merged(), nn::ReLU(), net.get<LoRA>(2).merged()};
  std::printf("merged into one layer each: %s\n",
              allclose(merged(test.x), net(test.x), 1e-3, 1e-3) ? "the same" : "no");
  std::filesystem::remove(file);
}

// Prints:
//   trained: 1320 of 10930 numbers
//   the new task, before and after: learnt
//   the trained weights are as they were: yes
//   merged into one layer each: the same
