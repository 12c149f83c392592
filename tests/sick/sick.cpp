// One sick program for each code. Each is sick in one way only.
#include "sick/ward.hpp"

namespace ward {
namespace {

nn::Sequential mlp(std::int64_t in, std::int64_t width, std::int64_t out) {
  return nn::Sequential{nn::Linear(in, width), nn::ReLU(), nn::Linear(width, width), nn::ReLU(),
                        nn::Linear(width, out)};
}

Tensor weight(nn::Sequential& net, const std::string& name) {
  for (const nn::NamedParameter& p : net.named_parameters()) {
    if (p.name == name) return p.value;
  }
  return {};
}

void nonfinite(Ward& ward) {
  const Data d = clouds(128, 6, 3);
  nn::Sequential net = mlp(6, 16, 3);
  optim::SGD opt(net, {.lr = 0.05});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 30; ++i) {
    const auto [x, y] = batch_of(d, 32, i);
    Tape tape;
    const Tensor p = relu(net(x) - 0.1);
    const Tensor loss = -mean(log(gather(p, 1, y.unsqueeze(1))));
    tape.backward(loss);
    opt.step();
    bed.step(loss);
    opt.zero_grad();
  }
}

void vanishing(Ward& ward) {
  nn::Sequential net;
  net.push_back(nn::Linear(6, 16));
  for (int i = 0; i < 12; ++i) {
    net.push_back(nn::Sigmoid());
    net.push_back(nn::Linear(16, i < 11 ? 16 : 4));
  }
  optim::SGD opt(net, {.lr = 0.1});
  train_classes(ward, net, opt, clouds(128, 6, 4), 60);
}

void exploding(Ward& ward) {
  nn::Sequential net;
  for (int i = 0; i < 8; ++i) {
    net.push_back(nn::Linear(i == 0 ? 6 : 32, 32));
    net.push_back(nn::ReLU());
  }
  net.push_back(nn::Linear(32, 4));
  for (const nn::NamedParameter& p : net.named_parameters()) {
    if (p.name.ends_with("weight")) nn::init::normal_(p.value);
  }
  optim::SGD opt(net, {.lr = 1e-3});
  train_classes(ward, net, opt, clouds(128, 6, 4), 40);
}

void dead_relu(Ward& ward) {
  nn::Sequential net = mlp(6, 24, 3);
  weight(net, "2.bias").fill_(-8);
  optim::SGD opt(net, {.lr = 0.05});
  train_classes(ward, net, opt, clouds(128, 6, 3), 60);
}

void saturated(Ward& ward) {
  nn::Sequential net{nn::Linear(8, 24), nn::Tanh(), nn::Linear(24, 24), nn::Tanh(), nn::Linear(24, 4)};
  weight(net, "0.weight").mul_(12);
  weight(net, "2.weight").mul_(12);
  optim::SGD opt(net, {.lr = 0.05});
  train_classes(ward, net, opt, clouds(128, 8, 4), 60);
}

void lr_low(Ward& ward) {
  nn::Sequential net = mlp(6, 16, 4);
  optim::SGD opt(net, {.lr = 1e-6});
  train_classes(ward, net, opt, clouds(128, 6, 4), 80);
}

void lr_high(Ward& ward) {
  nn::Sequential net{nn::Linear(6, 16), nn::Tanh(), nn::Linear(16, 16), nn::Tanh(), nn::Linear(16, 4)};
  optim::Adam opt(net, {.lr = 1.0});
  train_classes(ward, net, opt, clouds(256, 6, 4, 0.4), 80);
}

void diverging(Ward& ward) {
  const Tensor x = randn({64, 5});
  const Tensor y = matmul(x, randn({5, 1}));
  nn::Linear net(5, 1);
  optim::SGD opt(net, {.lr = 1.5});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 60; ++i) {
    Tape tape;
    const Tensor out = net(x);
    const Tensor loss = mse_loss(out, y);
    tape.backward(loss);
    opt.step();
    bed.step(loss, {.output = out, .target = y, .input = x});
    opt.zero_grad();
  }
}

void oscillating(Ward& ward) {
  const Data d = clouds(64, 5, 3, 0.5);
  nn::Linear net(5, 3);
  optim::SGD opt(net, {.lr = 5});
  train_classes(ward, net, opt, d, 120, 64);
}

struct Detached : nn::Module<Detached> {
  nn::Linear a{6, 16}, b{16, 16}, c{16, 3};
  Tensor forward(Arg x) const { return c(relu(b(relu(a(x)).detach()))); }
  void fields(auto& v) {
    v("a", a);
    v("b", b);
    v("c", c);
  }
};

void no_grad(Ward& ward) {
  Detached net;
  optim::AdamW opt(net, {.lr = 3e-3});
  train_classes(ward, net, opt, clouds(128, 6, 3), 40);
}

void stale_grad(Ward& ward) {
  const Data d = clouds(128, 6, 3);
  nn::Sequential net = mlp(6, 16, 3);
  optim::SGD opt(net, {.lr = 0.02});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 40; ++i) {
    const auto [x, y] = batch_of(d, 32, i);
    Tape tape;
    const Tensor out = net(x);
    const Tensor loss = cross_entropy(out, y);
    tape.backward(loss);
    opt.step();
    bed.step(loss, {.output = out, .target = y});
  }
}

void double_softmax(Ward& ward) {
  nn::Sequential net{nn::Linear(6, 16), nn::ReLU(), nn::Linear(16, 4), nn::Softmax(1)};
  optim::AdamW opt(net, {.lr = 1e-2});
  train_classes(ward, net, opt, clouds(128, 6, 4), 60);
}

void bad_start(Ward& ward) {
  nn::Sequential net = mlp(6, 32, 5);
  weight(net, "4.weight").mul_(60);
  optim::AdamW opt(net, {.lr = 3e-3});
  train_classes(ward, net, opt, clouds(128, 6, 5), 60);
}

void symmetric(Ward& ward) {
  nn::Sequential net = mlp(6, 16, 3);
  for (const std::string name : {"0.weight", "2.weight", "4.weight"}) weight(net, name).fill_(0.1);
  for (const std::string name : {"0.bias", "2.bias", "4.bias"}) weight(net, name).fill_(0);
  optim::SGD opt(net, {.lr = 0.1});
  train_classes(ward, net, opt, clouds(128, 6, 3), 60);
}

Tensor class_loss(const Tensor& out, const Tensor& y) { return cross_entropy(out, y); }

void overfit(Ward& ward) {
  const Tensor y = randint(0, 3, {96});
  const Tensor x = randn({96, 12});
  nn::Sequential net = mlp(12, 64, 3);
  optim::AdamW opt(net, {.lr = 1e-2, .weight_decay = 0});
  Bed bed(ward, net, opt);
  const data::Dataset all{x, y};
  train::fit(net, opt, data::batches(all.slice(0, 48), {.size = 16, .shuffle = true}), class_loss,
             {.epochs = 30, .validation = all.slice(48, 96), .monitor = bed.monitor()});
}

void underfit(Ward& ward) {
  const Tensor x = randn({256, 2});
  const Tensor y = to(gt(slice(x, 1, {0, 1}) * slice(x, 1, {1, 2}), 0), i64).reshape({256});
  nn::Linear net(2, 2);
  optim::AdamW opt(net, {.lr = 1e-2});
  train_classes(ward, net, opt, {x, y}, 400);
}

void clip_always(Ward& ward) {
  const Data d = clouds(128, 6, 4);
  nn::Sequential net = mlp(6, 16, 4);
  optim::SGD opt(net, {.lr = 0.5});
  Bed bed(ward, net, opt);
  for (int i = 0; i < 80; ++i) {
    const auto [x, y] = batch_of(d, 32, i);
    Tape tape;
    const Tensor out = net(x);
    const Tensor loss = cross_entropy(out, y);
    tape.backward(loss);
    optim::clip_grad_norm(net, 0.01);
    opt.step();
    bed.step(loss, {.output = out, .target = y});
    opt.zero_grad();
  }
}

void shuffle_off(Ward& ward) {
  const Data d = clouds(512, 6, 4);
  std::vector<std::int64_t> order;
  for (int label = 0; label < 4; ++label) {
    for (std::int64_t i = 0; i < 512; ++i) {
      if (d.y[i].item() == label) order.push_back(i);
    }
  }
  const Tensor sorted = from_data(order, {512});
  nn::Sequential net = mlp(6, 16, 4);
  optim::SGD opt(net, {.lr = 0.05});
  train_classes(ward, net, opt, {index_select(d.x, 0, sorted), index_select(d.y, 0, sorted)}, 64);
}

void input_scale(Ward& ward) {
  Data d = clouds(128, 16, 4);
  d.x = clamp(d.x * 40 + 128, 0, 255);
  nn::Sequential net = mlp(16, 32, 4);
  optim::SGD opt(net, {.lr = 0.05});
  train_classes(ward, net, opt, d, 50);
}

void label_noise(Ward& ward) {
  const Data d = clouds(128, 6, 3);
  const Tensor twice = slice(d.x, 0, {0, 16});
  std::vector<std::int64_t> others;
  for (std::int64_t i = 0; i < 16; ++i) others.push_back((static_cast<std::int64_t>(d.y[i].item()) + 1) % 3);
  const Tensor other = from_data(others, {16});
  const Tensor order = randperm(144);
  const Data all{index_select(concat({d.x, twice}, 0), 0, order), index_select(concat({d.y, other}, 0), 0, order)};
  nn::Sequential net = mlp(6, 16, 3);
  optim::AdamW opt(net, {.lr = 3e-3});
  train_classes(ward, net, opt, all, 80, 16);
}

void leak(Ward& ward) {
  const Data d = clouds(256, 6, 3);
  const data::Dataset all{d.x, d.y};
  nn::Sequential net = mlp(6, 16, 3);
  optim::AdamW opt(net, {.lr = 3e-3});
  Bed bed(ward, net, opt);
  train::fit(net, opt, data::batches(all.slice(0, 200), {.size = 20, .shuffle = true}), class_loss,
             {.epochs = 5, .validation = all.slice(180, 256), .monitor = bed.monitor()});
}

}  // namespace

const std::vector<Program> sick{
    {"a log of 0", "NONFINITE", nonfinite},
    {"twelve sigmoid layers", "VANISHING", vanishing},
    {"nine layers of N(0, 1)", "EXPLODING", exploding},
    {"biases of -8", "DEAD_RELU", dead_relu},
    {"tanh of weights times 12", "SATURATED", saturated},
    {"rate 1e-6", "LR_LOW", lr_low},
    {"Adam with rate 1", "LR_HIGH", lr_high},
    {"linear regression beyond 2/λ", "DIVERGING", diverging},
    {"full batch, rate 5", "OSCILLATING", oscillating},
    {"detach in the middle", "NO_GRAD", no_grad},
    {"no zero_grad", "STALE_GRAD", stale_grad},
    {"softmax before cross_entropy", "DOUBLE_SOFTMAX", double_softmax},
    {"last layer times 60", "BAD_START", bad_start},
    {"constant weights", "SYMMETRIC", symmetric},
    {"labels without a rule", "OVERFIT", overfit},
    {"a line through XOR", "UNDERFIT", underfit},
    {"clipped to 0.01", "CLIP_ALWAYS", clip_always},
    {"sorted labels", "SHUFFLE_OFF", shuffle_off},
    {"pixels of 0 to 255", "INPUT_SCALE", input_scale},
    {"16 copies with another label", "LABEL_NOISE", label_noise},
    {"20 test examples in training", "LEAK", leak},
};

}  // namespace ward
