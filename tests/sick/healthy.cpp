// Eight healthy programs of different kinds.
#include "sick/ward.hpp"

namespace ward {
namespace {

void mlp(Ward& ward) {
  nn::Sequential net{nn::Linear(8, 32), nn::ReLU(), nn::Linear(32, 32), nn::ReLU(), nn::Linear(32, 4)};
  optim::AdamW opt(net, {.lr = 3e-3});
  train_classes(ward, net, opt, clouds(256, 8, 4), 150);
}

// Small pictures: a bright spot in one of four corners.
Data pictures(std::int64_t n) {
  const Tensor y = randint(0, 4, {n});
  std::vector<Tensor> all;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto corner = static_cast<int>(y[i].item());
    Tensor one = rand({1, 8, 8}) * 0.5;
    Tensor spot = slice(one, {{0, 1}, {corner / 2 * 4, corner / 2 * 4 + 4}, {corner % 2 * 4, corner % 2 * 4 + 4}});
    spot.add_(full({1, 4, 4}, 0.5));
    all.push_back(one);
  }
  return {stack(all, 0), y};
}

void cnn(Ward& ward) {
  nn::Sequential net{nn::Conv2d(1, 6, 3, {.padding = 1}),
                     nn::ReLU(),
                     nn::MaxPool2d(2),
                     nn::Conv2d(6, 8, 3, {.padding = 1}),
                     nn::ReLU(),
                     nn::MaxPool2d(2),
                     nn::Flatten(),
                     nn::Linear(32, 4)};
  optim::SGD opt(net, {.lr = 0.05, .momentum = 0.9});
  train_classes(ward, net, opt, pictures(128), 80, 16);
}

struct Block : nn::Module<Block> {
  nn::Conv2d a{8, 8, 3, {.padding = 1}}, b{8, 8, 3, {.padding = 1}};
  nn::BatchNorm2d na{8}, nb{8};
  Tensor forward(Arg x) { return relu(nb(b(relu(na(a(x))))) + x); }
  void fields(auto& v) {
    v("a", a);
    v("na", na);
    v("b", b);
    v("nb", nb);
  }
};

struct Residual : nn::Module<Residual> {
  nn::Conv2d stem{1, 8, 3, {.padding = 1}};
  Block first, second, third;
  nn::Linear head{8, 4};
  Tensor forward(Arg x) { return head(third(second(first(relu(stem(x))))).mean({2, 3})); }
  void fields(auto& v) {
    v("stem", stem);
    v("first", first);
    v("second", second);
    v("third", third);
    v("head", head);
  }
};

void residual(Ward& ward) {
  Residual net;
  optim::AdamW opt(net, {.lr = 3e-3});
  train_classes(ward, net, opt, pictures(64), 50, 16);
}

// Which of the first steps had the larger number?
struct Reader : nn::Module<Reader> {
  nn::LSTM lstm{3, 16};
  nn::Linear head{16, 2};
  Tensor forward(Arg x) const {
    const Tensor all = lstm(permute(x, {1, 0, 2})).y;
    return head(select(all, 0, all.size(0) - 1));
  }
  void fields(auto& v) {
    v("lstm", lstm);
    v("head", head);
  }
};

void lstm(Ward& ward) {
  const Tensor x = randn({192, 12, 3});
  const Tensor y = to(gt(slice(x, 2, {0, 1}).sum({1, 2}), 0), i64);
  Reader net;
  optim::Adam opt(net, {.lr = 1e-2});
  train_classes(ward, net, opt, {x, y}, 80, 32);
}

void gpt(Ward& ward) {
  const std::string text = "the cat sat on the mat and the dog sat on the log. a cat and a dog met on the mat. ";
  std::vector<std::int64_t> all;
  for (int i = 0; i < 20; ++i) {
    for (const char c : text) all.push_back(c == '.' ? 26 : c == ' ' ? 27 : c - 'a');
  }
  const Tensor tokens = from_data(all, {static_cast<std::int64_t>(all.size())});
  nn::GPT net(28, {.layers = 2, .heads = 2, .width = 32, .block = 16});
  optim::AdamW opt(net, {.lr = 3e-3, .weight_decay = 0.1});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 60; ++i) {
    std::vector<Tensor> xs;
    std::vector<Tensor> ys;
    for (int k = 0; k < 8; ++k) {
      const auto at = static_cast<std::int64_t>(rand({1}).item() * static_cast<double>(all.size() - 18));
      xs.push_back(slice(tokens, 0, {at, at + 16}));
      ys.push_back(slice(tokens, 0, {at + 1, at + 17}));
    }
    const Tensor x = stack(xs, 0);
    const Tensor y = stack(ys, 0);
    Tape tape;
    const Tensor logits = net(x);
    const Tensor loss = cross_entropy(logits.flatten(0, 1), y.flatten());
    tape.backward(loss);
    optim::clip_grad_norm(net, 1.0);
    opt.step();
    bed.step(loss, {.items = 8});
    opt.zero_grad();
  }
}

void gan(Ward& ward) {
  nn::Sequential g{nn::Linear(4, 24), nn::ReLU(), nn::Linear(24, 2)};
  nn::Sequential d{nn::Linear(2, 24), nn::LeakyReLU(0.2), nn::Linear(24, 24), nn::LeakyReLU(0.2), nn::Linear(24, 1)};
  optim::Adam opt_g(g, {.lr = 1e-3, .betas = {0.5, 0.999}});
  optim::Adam opt_d(d, {.lr = 1e-3, .betas = {0.5, 0.999}});
  Bed bed_g(ward, g, opt_g);
  Bed bed_d(ward, d, opt_d);
  for (int i = 0; i < 120; ++i) {
    const Tensor real = randn({32, 2}) * 0.3 + 1.0;
    const Tensor z = randn({32, 4});
    {
      opt_d.zero_grad();
      Tape tape;
      const Tensor fake = g(z).detach();
      const Tensor loss = bce_with_logits_loss(d(real), ones({32, 1})) + bce_with_logits_loss(d(fake), zeros({32, 1}));
      tape.backward(loss);
      opt_d.step();
      bed_d.step(loss);
    }
    opt_g.zero_grad();
    Tape tape;
    const Tensor loss = bce_with_logits_loss(d(g(z)), ones({32, 1}));
    tape.backward(loss);
    opt_g.step();
    bed_g.step(loss);
  }
}

// u'' = -sin x with u(0) = u(π) = 0.
void pinn(Ward& ward) {
  nn::Sequential net{nn::Linear(1, 16), nn::Tanh(), nn::Linear(16, 16), nn::Tanh(), nn::Linear(16, 1)};
  optim::Adam opt(net, {.lr = 5e-3});
  Bed bed(ward, net, opt);
  const Tensor x = linspace(0, 3.14159265, 24).reshape({24, 1});
  const Tensor ends = tensor({0.0, 3.14159265}).to(f32).reshape({2, 1});
  for (int i = 0; i < 120; ++i) {
    Tape tape;
    tape.watch(x);
    const Tensor u = net(x);
    const Tensor du = tape.gradient(u.sum(), {x}, {.record = true})[0];
    const Tensor ddu = tape.gradient(du.sum(), {x}, {.record = true})[0];
    const Tensor loss = mean(square(ddu + sin(x))) + mean(square(net(ends)));
    tape.backward(loss);
    opt.step();
    bed.step(loss);
    opt.zero_grad();
  }
}

void regression(Ward& ward) {
  const Tensor x = rand({256, 3}) * 2 - 1.0;
  const Tensor y = sin(slice(x, 1, {0, 1}) * 2) + slice(x, 1, {1, 2}) * 0.5 + randn({256, 1}) * 0.05;
  nn::Sequential net{nn::Linear(3, 32), nn::Tanh(), nn::Linear(32, 1)};
  optim::AdamW opt(net, {.lr = 1e-2});
  Bed bed(ward, net, opt);
  train::fit(
      net, opt, data::batches({slice(x, 0, {0, 192}), slice(y, 0, {0, 192})}, {.size = 32, .shuffle = true}),
      [](const Tensor& out, const Tensor& t) { return mse_loss(out, t); },
      {.epochs = 20, .validation = {slice(x, 0, {192, 256}), slice(y, 0, {192, 256})}, .monitor = bed.monitor()});
}

}  // namespace

const std::vector<Program> healthy{
    {"MLP", "", mlp}, {"CNN", "", cnn},   {"residual network", "", residual}, {"LSTM", "", lstm}, {"GPT", "", gpt},
    {"GAN", "", gan}, {"PINN", "", pinn}, {"regression", "", regression},
};

}  // namespace ward
