// Layers of other libraries: which options, and which order of their weights, give the same numbers.
// examples/porting.md is the table.
#include "porting/numbers.hpp"

using namespace gradus;
using namespace porting;

namespace {

constexpr double exact = 1e-9, single = 2e-6;

std::vector<Tensor> tensors(const Json& list) {
  std::vector<Tensor> all;
  for (const Json& numbers : list) all.push_back(tensor_of(numbers));
  return all;
}

// A module of Gradus with the state that PyTorch's had.
template <class M>
void load(M& module, const Json& numbers) {
  StateDict state;
  for (const auto& [name, values] : numbers.at("state").items()) state.emplace_back(name, tensor_of(values));
  module.to(f64);
  if (!state.empty()) module.load_state_dict(state, {.strict = false});
}

void check_outputs(const Json& numbers, const std::vector<Tensor>& got) {
  for (std::size_t i = 0; i < got.size(); ++i) check_close(got[i], numbers.at("outputs")[i], exact);
}

template <class M>
void check_pytorch(const char* name, M module) {
  CAPTURE(name);
  const Json& numbers = row("pytorch", name);
  load(module, numbers);
  check_outputs(numbers, {module(tensors(numbers.at("inputs"))[0])});
}

// Keras's hard sigmoid.
Tensor hard_sigmoid(const Tensor& x) { return clamp(0.2 * x + 0.5, 0, 1); }

}  // namespace

TEST_CASE("PyTorch: pooling and upsampling") {
  using nn::UpsampleMode;
  check_pytorch("max_pool1d", nn::MaxPool1d(3, {.stride = 2, .padding = 1}));
  check_pytorch("max_pool1d_ceil", nn::MaxPool1d(2, {.ceil_mode = true}));
  const auto both = [](const std::string& name, const nn::UpsampleOptions& by_size) {
    nn::UpsampleOptions o = by_size;
    const std::string end = o.align_corners ? "_aligned" : "";
    o.size = {7, 4};
    check_pytorch((name + "_size" + end).c_str(), nn::Upsample(o));
    o.size = 0;
    o.scale_factor = 2.5;
    check_pytorch((name + "_scale" + end).c_str(), nn::Upsample(o));
    o.scale_factor = 0.7;
    check_pytorch((name + "_shrink" + end).c_str(), nn::Upsample(o));
  };
  both("upsample_nearest", {});
  both("upsample_bilinear", {.mode = UpsampleMode::bilinear});
  both("upsample_bilinear", {.mode = UpsampleMode::bilinear, .align_corners = true});
  check_pytorch("upsample_nearest_1d", nn::Upsample({.size = 11}));
  check_pytorch("upsample_linear", nn::Upsample({.scale_factor = 3, .mode = UpsampleMode::linear}));
}

TEST_CASE("PyTorch: cells, and sequences of different lengths") {
  {
    const Json& numbers = row("pytorch", "lstm_cell");
    nn::LSTMCell cell(3, 4);
    load(cell, numbers);
    const auto in = tensors(numbers.at("inputs"));
    const auto [h, c] = cell(in[0], in[1], in[2]);
    check_outputs(numbers, {h, c});
  }
  {
    const Json& numbers = row("pytorch", "gru_cell");
    nn::GRUCell cell(3, 4);
    load(cell, numbers);
    const auto in = tensors(numbers.at("inputs"));
    check_outputs(numbers, {cell(in[0], in[1])});
  }
  const Tensor lengths = tensor({2, 5, 3}, i64);
  {
    const Json& numbers = row("pytorch", "lstm_packed");
    nn::LSTM lstm(3, 4, {.num_layers = 2, .bidirectional = true});
    load(lstm, numbers);
    const auto [y, h, c] = lstm(tensors(numbers.at("inputs"))[0], Tensor(), Tensor(), lengths);
    check_outputs(numbers, {y, h, c});
  }
  {
    const Json& numbers = row("pytorch", "gru_packed");
    nn::GRU gru(3, 4, {.bidirectional = true});
    load(gru, numbers);
    const auto [y, h] = gru(tensors(numbers.at("inputs"))[0], Tensor(), lengths);
    check_outputs(numbers, {y, h});
  }
}

TEST_CASE("PyTorch: normalisation") {
  check_pytorch("layer_norm", nn::LayerNorm(3));
  const Json& numbers = row("pytorch", "batch_norm");
  nn::BatchNorm1d norm(1);
  norm.to(f64);
  const Tensor y = norm(tensors(numbers.at("inputs"))[0]);
  check_outputs(numbers, {y, norm.running_mean, norm.running_var});
}

TEST_CASE("Keras: activations, normalisation and pooling with its defaults") {
  const auto output = [](const char* name, const auto& layer) {
    CAPTURE(name);
    const Json& numbers = row("tfjs", name);
    check_close(layer(tensor_of(numbers.at("input"))), numbers.at("output"), single);
  };
  output("leaky_relu", nn::LeakyReLU(0.3));
  output("elu", nn::ELU());
  nn::LayerNorm layer_norm(3, {.eps = 1e-3});
  layer_norm.to(f64);
  output("layer_norm", layer_norm);
  output("max_pool", [](const Tensor& x) {  // channels come last there
    return permute(nn::MaxPool2d(2)(permute(x, {0, 3, 1, 2})), {0, 2, 3, 1});
  });
}

TEST_CASE("Keras: batch normalisation keeps the biased variance") {
  const Json& numbers = row("tfjs", "batch_norm");
  nn::BatchNorm1d norm(1, {.eps = 1e-3, .momentum = 0.01});  // 1 - Keras's momentum of 0.99
  norm.to(f64);
  const Tensor x = tensor_of(numbers.at("input"));
  check_close(norm(x), numbers.at("output"), single);
  check_close(norm.running_mean, numbers.at("weights_after")[2], single);
  const double n = static_cast<double>(x.size(0));
  const double biased = 0.99 + (norm.running_var.item() - 0.99) * (n - 1) / n;
  CHECK(biased == doctest::Approx(numbers.at("weights_after")[3][0].get<double>()).epsilon(1e-6));
}

TEST_CASE("Keras: dense and convolution, whose weights lie in another order") {
  {
    const Json& numbers = row("tfjs", "dense");
    nn::Linear layer(2, 3, {.dtype = f64});
    layer.weight = tensor_of(numbers.at("weights")[0]).t().clone();  // (in, out) there
    layer.bias = tensor_of(numbers.at("weights")[1]);
    check_close(layer(tensor_of(numbers.at("input"))), numbers.at("output"), single);
  }
  const Json& numbers = row("tfjs", "conv2d");
  nn::Conv2d layer(1, 2, 2, {.dtype = f64});
  layer.weight = permute(tensor_of(numbers.at("weights")[0]), {3, 2, 0, 1}).clone();  // (height, width, in, out) there
  layer.bias = tensor_of(numbers.at("weights")[1]);
  const Tensor x = permute(tensor_of(numbers.at("input")), {0, 3, 1, 2});  // (N, H, W, C) there
  check_close(permute(layer(x), {0, 2, 3, 1}), numbers.at("output"), single);
}

TEST_CASE("Keras: an LSTM with a sigmoid is Gradus's; the hard sigmoid of its old default is a loop of one's own") {
  {
    const Json& numbers = row("tfjs", "lstm_sigmoid");
    const auto w = tensors(numbers.at("weights"));
    nn::LSTM lstm(2, 3, {.batch_first = true, .dtype = f64});
    lstm.weights[0].weight_ih = w[0].t().clone();  // (in, 4 H) there; the gates stand in the same order: i, f, g, o
    lstm.weights[0].weight_hh = w[1].t().clone();
    lstm.weights[0].bias_ih = w[2].clone();
    lstm.weights[0].bias_hh.zero_();
    check_close(select(lstm(tensor_of(numbers.at("input"))).h, 0, 0), numbers.at("output"), single);
  }
  {
    const Json& numbers = row("tfjs", "lstm");
    const auto w = tensors(numbers.at("weights"));
    const Tensor x = tensor_of(numbers.at("input"));
    Tensor h = zeros({1, 3}, f64), c = h;
    for (std::int64_t t = 0; t < x.size(1); ++t) {
      const auto gate = split(matmul(select(x, 1, t), w[0]) + matmul(h, w[1]) + w[2], 3, 1);
      c = hard_sigmoid(gate[1]) * c + hard_sigmoid(gate[0]) * tanh(gate[2]);
      h = hard_sigmoid(gate[3]) * tanh(c);
    }
    check_close(h, numbers.at("output"), single);
  }
  const Json& numbers = row("tfjs", "gru");  // gates z, r, n, and r comes before the product
  const auto w = tensors(numbers.at("weights"));
  const Tensor x = tensor_of(numbers.at("input"));
  Tensor h = zeros({1, 3}, f64);
  for (std::int64_t t = 0; t < x.size(1); ++t) {
    const auto in = split(matmul(select(x, 1, t), w[0]) + w[2], 3, 1), own = split(w[1], 3, 1);
    const Tensor z = hard_sigmoid(in[0] + matmul(h, own[0])), r = hard_sigmoid(in[1] + matmul(h, own[1]));
    h = z * h + (1 - z) * tanh(in[2] + matmul(r * h, own[2]));
  }
  check_close(h, numbers.at("output"), single);
}

TEST_CASE("initial weights of Keras and scikit-learn") {
  const auto check = [](const Json& numbers, const std::function<void(nn::Linear&)>& start, double deviation) {
    nn::Linear layer(numbers.at("in").get<std::int64_t>(), numbers.at("out").get<std::int64_t>());
    start(layer);
    CHECK(layer.weight.std().item() == doctest::Approx(deviation).epsilon(0.01));
  };
  manual_seed(1);
  const Json& keras = row("tfjs", "dense_initial");  // glorotNormal, cut at two deviations and not corrected for it
  const double size = std::sqrt(2.0 / (600 + 400));
  CHECK(keras.at("largest").get<double>() <= 2 * size * 1.001);
  check(
      keras, [&](nn::Linear& l) { nn::init::trunc_normal_(l.weight, 0, size, -2 * size, 2 * size); },
      keras.at("deviation").get<double>());
  const Json& relu_net = row("scikit-learn", "initial").at("relu");
  CHECK(relu_net.at("weight").get<double>() == doctest::Approx(std::sqrt(6.0 / 1000)).epsilon(1e-3));
  CHECK(relu_net.at("bias").get<double>() == doctest::Approx(std::sqrt(6.0 / 1000)).epsilon(0.02));
  check(
      relu_net, [](nn::Linear& l) { nn::init::xavier_uniform_(l.weight); }, std::sqrt(2.0 / 1000));
  const Json& logistic = row("scikit-learn", "initial").at("logistic");
  CHECK(logistic.at("weight").get<double>() == doctest::Approx(std::sqrt(2.0 / 1000)).epsilon(1e-3));
  check(
      logistic, [](nn::Linear& l) { nn::init::xavier_uniform_(l.weight, 1 / std::sqrt(3.0)); }, std::sqrt(2.0 / 3000));
}
