// Others of their kind: other widths, optimizers, dtypes, batches and ways to write a loop.
#include "sick/ward.hpp"

namespace ward {
namespace {

Tensor leaf(const Tensor& start) { return start.clone().requires_grad_(); }

// ---- sick ----

void small_tanh(Ward& ward) {
  nn::Sequential net;
  for (int i = 0; i < 9; ++i) {
    nn::Linear layer(i == 0 ? 5 : 24, i == 8 ? 3 : 24, {.dtype = f64});
    layer.weight.mul_(0.5);
    net.push_back(std::move(layer));
    if (i < 8) net.push_back(nn::Tanh());
  }
  Data d = clouds(96, 5, 3);
  d.x = d.x.to(f64);
  optim::SGD opt(net, {.lr = 0.05, .momentum = 0.9});
  train_classes(ward, net, opt, d, 40, 48);
}

// A recurrent network by hand, with recurrent weights that are too large.
void loud_memory(Ward&) {
  const Tensor in = leaf(randn({3, 20}) * 0.3);
  const Tensor again = leaf(randn({20, 20}) * 0.9);
  const Tensor out = leaf(randn({20, 2}) * 0.2);
  optim::SGD opt(std::vector<Tensor>{in, again, out}, {.lr = 1e-4});
  const Tensor x = randn({16, 32, 3});
  const Tensor y = randint(0, 2, {32});
  for (int i = 0; i < 20; ++i) {
    Tape tape;
    Tensor h = zeros({32, 20});
    for (int t = 0; t < 16; ++t) h = relu(matmul(select(x, 0, t), in) + matmul(h, again));
    const Tensor loss = cross_entropy(matmul(h, out), y);
    tape.backward(loss);
    opt.step();
    opt.zero_grad();
  }
}

void momentum_diverges(Ward& ward) {
  const Tensor x = randn({160, 8});
  const Tensor y = matmul(x, randn({8, 2})) + randn({160, 2}) * 0.1;
  nn::Sequential net{nn::Linear(8, 20), nn::LeakyReLU(), nn::Linear(20, 2)};
  optim::SGD opt(net, {.lr = 0.8, .momentum = 0.9});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 40; ++i) {
    const auto [xb, yb] = batch_of({x, y}, 40, i);
    Tape tape;
    const Tensor loss = mse_loss(net(xb), yb);
    tape.backward(loss);
    opt.step();
    opt.zero_grad();
    bed.step(loss.item(), {.items = 40});
    if (!std::isfinite(loss.item())) break;
  }
}

struct Forgotten : nn::Module<Forgotten> {
  nn::Linear a{8, 20}, spare{20, 20}, b{20, 3};
  Tensor forward(Arg x) const { return b(tanh(a(x))); }
  void fields(auto& v) {
    v("a", a);
    v("spare", spare);
    v("b", b);
  }
};

void forgotten_layer(Ward& ward) {
  Forgotten net;
  optim::RMSprop opt(net, {.lr = 1e-3});
  train_classes(ward, net, opt, clouds(96, 8, 3), 30, 24);
}

void stale_adam(Ward& ward) {
  const Tensor x = randn({100, 4}, f64);
  const Tensor y = x.sum(1, true);
  nn::Sequential net{nn::Linear(4, 12, {.dtype = f64}), nn::GELU(), nn::Linear(12, 1, {.dtype = f64})};
  optim::Adam opt(net, {.lr = 1e-3});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 30; ++i) {
    Tape tape;
    const Tensor loss = mse_loss(net(x), y);
    tape.backward(loss);
    opt.step();
    bed.step(loss);
  }
}

void flat_sigmoid(Ward& ward) {
  const Tensor x = randn({120, 6});
  const Tensor y = sin(x.sum(1, true));
  nn::Sequential net{nn::Linear(6, 40), nn::Sigmoid(), nn::Linear(40, 1)};
  net.named_parameters()[0].value.mul_(60);
  optim::SGD opt(net, {.lr = 0.01});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 50; ++i) {
    const auto [xb, yb] = batch_of({x, y}, 24, i);
    Tape tape;
    const Tensor loss = mse_loss(net(xb), yb);
    tape.backward(loss);
    opt.step();
    bed.step(loss);
    opt.zero_grad();
  }
}

void all_zero(Ward&) {
  const Data d = clouds(90, 7, 3);
  const Tensor a = leaf(zeros({7, 12}));
  const Tensor b = leaf(zeros({12, 3}));
  const Tensor c = leaf(zeros({3}));
  optim::SGD opt(std::vector<Tensor>{a, b, c}, {.lr = 0.2});
  for (int i = 0; i < 40; ++i) {
    Tape tape;
    const Tensor loss = cross_entropy(matmul(sigmoid(matmul(d.x, a)), b) + c, d.y);
    tape.backward(loss);
    opt.step();
    opt.zero_grad();
  }
}

void one_large_column(Ward& ward) {
  const Tensor scale = tensor({1, 1, 1, 3000, 1});
  const Tensor x = randn({128, 5});
  const Tensor y = matmul(x, randn({5, 1}));
  nn::Sequential net{nn::Linear(5, 24), nn::ReLU(), nn::Linear(24, 1)};
  optim::SGD opt(net, {.lr = 1e-2});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 40; ++i) {
    const auto [xb, yb] = batch_of({x * scale, y}, 32, i);
    Tape tape;
    const Tensor loss = mse_loss(net(xb), yb);
    tape.backward(loss);
    opt.step();
    bed.step(loss);
    opt.zero_grad();
  }
}

void nan_in_data(Ward& ward) {
  Data d = clouds(120, 5, 2);
  d.x = where(eq(arange(120).reshape({120, 1}), 77), std::nan(""), d.x);
  nn::Sequential net{nn::Linear(5, 12), nn::Tanh(), nn::Linear(12, 2)};
  optim::Adam opt(net, {.lr = 1e-3});
  train_classes(ward, net, opt, d, 20, 20);
}

void slow_adam(Ward& ward) {
  nn::Sequential net{nn::Linear(10, 48), nn::GELU(), nn::Linear(48, 6)};
  optim::Adam opt(net, {.lr = 1e-8});
  train_classes(ward, net, opt, clouds(200, 10, 6), 60, 50);
}

void two_classes_in_order(Ward& ward) {
  const Tensor y = concat({zeros({120}), ones({120})}, 0).to(i64);
  const Tensor x = randn({240, 9}) + y.to(f32).unsqueeze(1);
  nn::Sequential net{nn::Linear(9, 16), nn::ReLU(), nn::Linear(16, 2)};
  optim::AdamW opt(net, {.lr = 2e-3});
  train_classes(ward, net, opt, {x, y}, 60, 12);
}

void fit_clipped(Ward& ward) {
  const Data d = clouds(160, 6, 3);
  nn::Sequential net{nn::Linear(6, 24), nn::ReLU(), nn::Linear(24, 3)};
  optim::SGD opt(net, {.lr = 0.1, .momentum = 0.9});
  Bed bed(ward, net, opt);
  train::fit(net, opt, data::batches({d.x, d.y}, {.size = 16, .shuffle = true}),
             [](const Tensor& out, const Tensor& y) { return cross_entropy(out, y); },
             {.epochs = 8, .clip_norm = 0.005, .monitor = bed.monitor()});
}

void dead_channels(Ward& ward) {
  nn::Conv2d first(1, 12, 3, {.padding = 1});
  first.bias.fill_(-3);
  nn::Sequential net{std::move(first), nn::ReLU(), nn::Flatten(), nn::Linear(12 * 36, 3)};
  const Tensor y = randint(0, 3, {96});
  const Tensor x = randn({96, 1, 6, 6}) + y.to(f32).reshape({96, 1, 1, 1}) * 0.5;
  optim::SGD opt(net, {.lr = 0.05});
  train_classes(ward, net, opt, {x, y}, 40, 24);
}

// ---- healthy ----

void double_momentum(Ward& ward) {
  nn::Sequential net{nn::Linear(12, 64, {.dtype = f64}), nn::ReLU(), nn::Linear(64, 3, {.dtype = f64})};
  Data d = clouds(300, 12, 3);
  d.x = d.x.to(f64);
  optim::SGD opt(net, {.lr = 0.02, .momentum = 0.9});
  train_classes(ward, net, opt, d, 90, 20);
}

void logistic_from_zero(Ward&) {
  const Data d = clouds(200, 5, 2, 0.5);
  const Tensor w = leaf(zeros({5, 2}));
  const Tensor b = leaf(zeros({2}));
  optim::SGD opt(std::vector<Tensor>{w, b}, {.lr = 0.5});
  for (int i = 0; i < 80; ++i) {
    Tape tape;
    const Tensor loss = cross_entropy(matmul(d.x, w) + b, d.y);
    tape.backward(loss);
    opt.step();
    opt.zero_grad();
  }
}

void lion(Ward& ward) {
  nn::Sequential net{nn::Linear(6, 40), nn::SiLU(), nn::Linear(40, 40), nn::SiLU(), nn::Linear(40, 5)};
  optim::Lion opt(net, {.lr = 1e-3});
  train_classes(ward, net, opt, clouds(200, 6, 5), 100, 10);
}

void small_batches(Ward& ward) {
  nn::Sequential net{nn::Linear(6, 16), nn::Tanh(), nn::Linear(16, 3)};
  optim::Adam opt(net, {.lr = 3e-3});
  train_classes(ward, net, opt, clouds(200, 6, 3), 200, 4);
}

void zero_head(Ward& ward) {
  nn::Sequential net{nn::Linear(10, 32), nn::GELU(), nn::Linear(32, 32), nn::GELU(),
                     nn::Linear(32, 32), nn::GELU(), nn::Linear(32, 4)};
  for (nn::NamedParameter p : net.named_parameters()) {
    if (p.name.starts_with("6.")) p.value.fill_(0);
  }
  optim::AdamW opt(net, {.lr = 2e-3});
  train_classes(ward, net, opt, clouds(256, 10, 4), 80, 32);
}

void exclusive_or(Ward& ward) {
  const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  const Tensor y = tensor({{0}, {1}, {1}, {0}});
  nn::Sequential net{nn::Linear(2, 8), nn::Tanh(), nn::Linear(8, 1)};
  optim::SGD opt(net, {.lr = 0.2, .momentum = 0.9});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 300; ++i) {
    Tape tape;
    const Tensor loss = mse_loss(net(x), y);
    tape.backward(loss);
    opt.step();
    bed.step(loss);
    opt.zero_grad();
  }
}

void accumulated(Ward& ward) {
  const Data d = clouds(240, 6, 3);
  nn::Sequential net{nn::Linear(6, 24), nn::ReLU(), nn::Linear(24, 3)};
  optim::AdamW opt(net, {.lr = 5e-3});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 60; ++i) {
    double sum = 0;
    for (int k = 0; k < 3; ++k) {
      const auto [x, y] = batch_of(d, 16, 3 * i + k);
      Tape tape;
      const Tensor loss = cross_entropy(net(x), y) * (1.0 / 3);
      tape.backward(loss);
      sum += loss.item();
    }
    opt.step();
    opt.zero_grad();
    bed.step(sum, {.items = 48});
  }
}

void autoencoder(Ward& ward) {
  const Tensor x = matmul(randn({256, 3}), randn({3, 16})) * 0.5;
  nn::Sequential net{nn::Linear(16, 24), nn::ReLU(), nn::Linear(24, 3),
                     nn::Linear(3, 24),  nn::ReLU(), nn::Linear(24, 16)};
  optim::Adam opt(net, {.lr = 3e-3});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 120; ++i) {
    const auto [xb, yb] = batch_of({x, x}, 64, i);
    Tape tape;
    const Tensor loss = mean(square(net(xb) - yb));
    tape.backward(loss);
    bed.step(loss);  // before the optimizer
    opt.step();
    opt.zero_grad();
  }
}

void warm_up(Ward& ward) {
  const Data d = clouds(256, 8, 4);
  nn::Sequential net{nn::Linear(8, 32), nn::ReLU(), nn::Linear(32, 4)};
  optim::AdamW opt(net, {.lr = 1e-2});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 120; ++i) {
    opt.set_lr(1e-2 * std::min(1.0, (i + 1) / 60.0));
    const auto [x, y] = batch_of(d, 32, i);
    Tape tape;
    const Tensor loss = cross_entropy(net(x), y);
    tape.backward(loss);
    optim::clip_grad_norm(net, 1.0);
    opt.step();
    bed.step(loss, {.target = y});
    opt.zero_grad();
  }
}

void few_of_one_class(Ward& ward) {
  const Tensor y = to(lt(rand({320}), 0.1), i64);
  const Tensor x = randn({320, 6}) + y.to(f32).unsqueeze(1) * 1.5;
  nn::Sequential net{nn::Linear(6, 16), nn::ReLU(), nn::Linear(16, 2)};
  optim::AdamW opt(net, {.lr = 3e-3});
  train_classes(ward, net, opt, {x, y}, 150, 32);
}

// Begins where a run on few examples has ended: the first loss is lower than that of the others.
void goes_on(Ward& ward) {
  const Data all = clouds(512, 6, 3, 1.0);
  nn::Sequential net{nn::Linear(6, 32), nn::ReLU(), nn::Linear(32, 3)};
  Ward nobody(Watched::no);
  optim::AdamW opt(net, {.lr = 5e-3});
  train_classes(nobody, net, opt, {slice(all.x, 0, {0, 64}), slice(all.y, 0, {0, 64})}, 120, 32);
  opt.set_lr(1e-3);
  train_classes(ward, net, opt, all, 150, 16);
}

// A rate is looked for first, which goes far beyond the best one on purpose.
void finds_a_rate(Ward& ward) {
  const Data all = clouds(512, 6, 3, 1.0);
  nn::Sequential net{nn::Linear(6, 32), nn::ReLU(), nn::Linear(32, 3)};
  optim::AdamW opt(net, {.lr = 1e-3});
  const data::Dataset set{all.x, all.y};
  const auto loss = [](const Tensor& output, const Tensor& y) { return cross_entropy(output, y); };
  train::find_lr(net, opt, data::batches(set, {.size = 32}), loss);
  train_classes(ward, net, opt, all, 150, 16);
}

void lbfgs(Ward& ward) {
  const Tensor x = linspace(-2, 2, 60, f64).reshape({60, 1});
  const Tensor y = tanh(x * 2);
  nn::Sequential net{nn::Linear(1, 10, {.dtype = f64}), nn::Tanh(), nn::Linear(10, 1, {.dtype = f64})};
  optim::AnyOptimizer opt(optim::LBFGS(net, {}));
  std::unique_ptr<train::Monitor> mon;
  if (ward.has_monitor()) mon = std::make_unique<train::Monitor>(net, opt);
  for (int i = 0; i < 12; ++i) {
    const double loss = opt.step([&] { return mse_loss(net(x), y); });
    if (mon) mon->step(loss);
  }
  if (mon) ward.add(mon->diagnoses());
}

}  // namespace

const std::vector<Program> more_sick{
    {"nine small tanh layers in f64", "VANISHING", small_tanh},
    {"loud recurrent weights", "EXPLODING", loud_memory, true},
    {"momentum and a rate of 0.8", "DIVERGING", momentum_diverges},
    {"a layer that forward() forgets", "NO_GRAD", forgotten_layer},
    {"no zero_grad with Adam", "STALE_GRAD", stale_adam},
    {"sigmoid of weights times 60", "SATURATED", flat_sigmoid},
    {"all weights 0", "SYMMETRIC", all_zero, true},
    {"one column of thousands", "INPUT_SCALE", one_large_column},
    {"a row of NaN", "NONFINITE", nan_in_data},
    {"Adam with rate 1e-8", "LR_LOW", slow_adam},
    {"two classes in order", "SHUFFLE_OFF", two_classes_in_order},
    {"fit with a clip_norm of 0.005", "CLIP_ALWAYS", fit_clipped},
    {"convolution with biases of -3", "DEAD_RELU", dead_channels},
};

const std::vector<Program> more_healthy{
    {"f64 and momentum", "", double_momentum},
    {"logistic regression from 0", "", logistic_from_zero, true},
    {"Lion", "", lion},
    {"batches of 4", "", small_batches},
    {"last layer of 0", "", zero_head},
    {"exclusive or", "", exclusive_or},
    {"accumulated gradients", "", accumulated},
    {"autoencoder", "", autoencoder},
    {"warm-up", "", warm_up},
    {"few of one class", "", few_of_one_class},
    {"L-BFGS", "", lbfgs},
    {"trained weights", "", goes_on},
    {"a search for the rate first", "", finds_a_rate},
};

}  // namespace ward
