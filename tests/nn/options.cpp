// Every number that a layer or an initialiser takes, fed with -1, 0, NaN, infinities, 1e308 and 2^63 - 1: a documented
// meaning, or an Error.
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include "support.hpp"

using namespace gradus;
namespace init = gradus::nn::init;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

// Which of the values have a meaning; the others must be an Error.
enum Meaning { positive, not_negative, moderate, any_finite, probability };

bool has_meaning(Meaning meaning, double value) {
  switch (meaning) {
    case positive:
      return value > 0 && std::isfinite(value);
    case not_negative:
      return value >= 0 && std::isfinite(value);
    case moderate:
      return value >= 0 && value < 1e300;
    case any_finite:
      return std::isfinite(value);
    default:
      return value >= 0 && value <= 1;
  }
}

struct NumberOption {
  const char* name;
  Meaning meaning;
  std::function<void(double)> use;
};
struct Whole {
  const char* name;
  std::int64_t least;
  std::function<void(std::int64_t)> use;
};

bool is_error(const std::function<void()>& f) {
  try {
    f();
    return false;
  } catch (const Error& e) {
    CHECK_PARTS(e.what(), "tests/nn/options.cpp:");
    return true;
  }
}

void check(const std::vector<NumberOption>& numbers) {
  for (const auto& [name, meaning, use] : numbers)
    for (const double value : {-1.0, 0.0, 0.5, std::nan(""), inf, -inf, 1e308}) {
      CAPTURE(name);
      CAPTURE(value);
      CHECK(is_error([&] { use(value); }) == !has_meaning(meaning, value));
    }
}

void check(const std::vector<Whole>& numbers) {
  for (const auto& [name, least, use] : numbers)
    for (const std::int64_t value : {std::int64_t{-2}, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, huge}) {
      CAPTURE(name);
      CAPTURE(value);
      CHECK(is_error([&] { use(value); }) == (value < least || value == huge));
    }
}

}  // namespace

TEST_CASE("layers: numbers") {
  check(std::vector<NumberOption>{
      {"LeakyReLU", any_finite, [](double x) { nn::LeakyReLU{x}; }},
      {"ELU", any_finite, [](double x) { nn::ELU{x}; }},
      {"Softplus.beta", positive, [](double x) { nn::Softplus{x}; }},
      {"Softplus.threshold", any_finite, [](double x) { nn::Softplus(1, x); }},
      {"Dropout", probability, [](double x) { nn::Dropout{x}; }},
      {"LayerNorm.eps", not_negative, [](double x) { nn::LayerNorm(2, {.eps = x}); }},
      {"RMSNorm.eps", not_negative, [](double x) { nn::RMSNorm(2, {.eps = x}); }},
      {"GroupNorm.eps", not_negative, [](double x) { nn::GroupNorm(1, 2, {.eps = x}); }},
      {"BatchNorm1d.eps", not_negative, [](double x) { nn::BatchNorm1d(2, {.eps = x}); }},
      {"BatchNorm1d.momentum", probability, [](double x) { nn::BatchNorm1d(2, {.momentum = x}); }},
      {"BatchNorm2d.eps", not_negative, [](double x) { nn::BatchNorm2d(2, {.eps = x}); }},
      {"BatchNorm2d.momentum", probability, [](double x) { nn::BatchNorm2d(2, {.momentum = x}); }},
      {"RNN.dropout", probability, [](double x) { nn::RNN(1, 1, {.dropout = x}); }},
      {"LSTM.dropout", probability, [](double x) { nn::LSTM(1, 1, {.dropout = x}); }},
      {"GRU.dropout", probability, [](double x) { nn::GRU(1, 1, {.dropout = x}); }},
      {"MultiheadAttention.dropout", probability, [](double x) { nn::MultiheadAttention(2, 1, {.dropout = x}); }},
      {"TransformerEncoderLayer.dropout", probability,
       [](double x) { nn::TransformerEncoderLayer(2, 1, {.dim_feedforward = 1, .dropout = x}); }},
      {"TransformerEncoderLayer.layer_norm_eps", not_negative,
       [](double x) { nn::TransformerEncoderLayer(2, 1, {.dim_feedforward = 1, .layer_norm_eps = x}); }},
  });
}

TEST_CASE("layers: sizes") {
  using I = std::int64_t;
  check(std::vector<Whole>{
      {"Linear.in", 1, [](I n) { nn::Linear(n, 1); }},
      {"Linear.out", 1, [](I n) { nn::Linear(1, n); }},
      {"Embedding.count", 1, [](I n) { nn::Embedding(n, 1); }},
      {"Embedding.width", 1, [](I n) { nn::Embedding(1, n); }},
      {"Embedding.padding_idx", -1, [](I n) { nn::Embedding(5, 1, {.padding_idx = n}); }},
      {"Conv1d.in", 1, [](I n) { nn::Conv1d(n, 1, 1); }},
      {"Conv1d.out", 1, [](I n) { nn::Conv1d(1, n, 1); }},
      {"Conv1d.kernel", 1, [](I n) { nn::Conv1d(1, 1, n); }},
      {"Conv1d.stride", 1, [](I n) { nn::Conv1d(1, 1, 1, {.stride = n}); }},
      {"Conv1d.padding", 0, [](I n) { nn::Conv1d(1, 1, 1, {.padding = n}); }},
      {"Conv1d.dilation", 1, [](I n) { nn::Conv1d(1, 1, 1, {.dilation = n}); }},
      {"Conv1d.groups", 1, [](I n) { nn::Conv1d(1, 1, 1, {.groups = n}); }},
      {"Conv2d.in", 1, [](I n) { nn::Conv2d(n, 1, 1); }},
      {"Conv2d.out", 1, [](I n) { nn::Conv2d(1, n, 1); }},
      {"Conv2d.kernel", 1, [](I n) { nn::Conv2d(1, 1, n); }},
      {"Conv2d.kernel width", 1,
       [](I n) {
         nn::Conv2d(1, 1, {1, n});
       }},
      {"Conv2d.stride", 1, [](I n) { nn::Conv2d(1, 1, 1, {.stride = n}); }},
      {"Conv2d.padding", 0, [](I n) { nn::Conv2d(1, 1, 1, {.padding = n}); }},
      {"Conv2d.dilation", 1, [](I n) { nn::Conv2d(1, 1, 1, {.dilation = n}); }},
      {"Conv2d.groups", 1, [](I n) { nn::Conv2d(1, 1, 1, {.groups = n}); }},
      {"ConvTranspose2d.in", 1, [](I n) { nn::ConvTranspose2d(n, 1, 1); }},
      {"ConvTranspose2d.out", 1, [](I n) { nn::ConvTranspose2d(1, n, 1); }},
      {"ConvTranspose2d.kernel", 1, [](I n) { nn::ConvTranspose2d(1, 1, n); }},
      {"ConvTranspose2d.stride", 1, [](I n) { nn::ConvTranspose2d(1, 1, 1, {.stride = n}); }},
      {"ConvTranspose2d.padding", 0, [](I n) { nn::ConvTranspose2d(1, 1, 1, {.padding = n}); }},
      {"ConvTranspose2d.output_padding", 0, [](I n) { nn::ConvTranspose2d(1, 1, 1, {.output_padding = n}); }},
      {"ConvTranspose2d.groups", 1, [](I n) { nn::ConvTranspose2d(1, 1, 1, {.groups = n}); }},
      {"ConvTranspose2d.dilation", 1, [](I n) { nn::ConvTranspose2d(1, 1, 1, {.dilation = n}); }},
      {"MaxPool2d.kernel", 1, [](I n) { nn::MaxPool2d{n}; }},
      {"MaxPool2d.stride", 0, [](I n) { nn::MaxPool2d(1, {.stride = n}); }},
      {"MaxPool2d.padding", 0, [](I n) { nn::MaxPool2d(1, {.padding = n}); }},
      {"MaxPool2d.dilation", 1, [](I n) { nn::MaxPool2d(1, {.dilation = n}); }},
      {"AvgPool2d.kernel", 1, [](I n) { nn::AvgPool2d{n}; }},
      {"AvgPool2d.stride", 0, [](I n) { nn::AvgPool2d(1, {.stride = n}); }},
      {"AvgPool2d.padding", 0, [](I n) { nn::AvgPool2d(1, {.padding = n}); }},
      {"AdaptiveAvgPool2d", 1, [](I n) { nn::AdaptiveAvgPool2d{n}; }},
      {"LayerNorm", 1, [](I n) { nn::LayerNorm{n}; }},
      {"RMSNorm", 1, [](I n) { nn::RMSNorm{n}; }},
      {"GroupNorm.groups", 1, [](I n) { nn::GroupNorm(n, 1); }},
      {"GroupNorm.channels", 1, [](I n) { nn::GroupNorm(1, n); }},
      {"BatchNorm1d", 1, [](I n) { nn::BatchNorm1d{n}; }},
      {"BatchNorm2d", 1, [](I n) { nn::BatchNorm2d{n}; }},
      {"RNN.in", 1, [](I n) { nn::RNN(n, 1); }},
      {"RNN.hidden", 1, [](I n) { nn::RNN(1, n); }},
      {"RNN.num_layers", 1, [](I n) { nn::RNN(1, 1, {.num_layers = n}); }},
      {"LSTM.hidden", 1, [](I n) { nn::LSTM(1, n); }},
      {"GRU.num_layers", 1, [](I n) { nn::GRU(1, 1, {.num_layers = n}); }},
      {"MultiheadAttention.embed", 1, [](I n) { nn::MultiheadAttention(n, 1); }},
      {"MultiheadAttention.heads", 1, [](I n) { nn::MultiheadAttention(1, n); }},
      {"MultiheadAttention.kdim", 0, [](I n) { nn::MultiheadAttention(1, 1, {.kdim = n}); }},
      {"MultiheadAttention.vdim", 0, [](I n) { nn::MultiheadAttention(1, 1, {.vdim = n}); }},
      {"TransformerEncoderLayer.d_model", 1, [](I n) { nn::TransformerEncoderLayer(n, 1, {.dim_feedforward = 1}); }},
      {"TransformerEncoderLayer.dim_feedforward", 1,
       [](I n) { nn::TransformerEncoderLayer(1, 1, {.dim_feedforward = n}); }},
      {"dirac_.groups", 1,
       [](I n) {
         init::dirac_(zeros({1, 1, 1}), n);
       }},
  });
  CHECK_SAYS(nn::Linear(1 << 21, 1 << 21), "Linear: the layer is too large", "(2097152, 2097152)");
  CHECK_SAYS(nn::Conv2d(6, 4, 1, {.groups = 4}), "Conv2d: in_channels is not divisible by groups",
             "in_channels 6, groups 4");
  CHECK_SAYS(nn::MultiheadAttention(6, 4), "MultiheadAttention: embed_dim is not divisible by num_heads");
  CHECK_SAYS(nn::GroupNorm(4, 6), "GroupNorm: num_channels is not divisible by num_groups");
}

TEST_CASE("initialisers: numbers, of f64") {
  const Tensor w = zeros({3, 3}, f64);
  check(std::vector<NumberOption>{
      {"uniform_.low", any_finite, [&](double x) { init::uniform_(w, x, x); }},
      {"normal_.mean", any_finite, [&](double x) { init::normal_(w, x); }},
      {"normal_.std", moderate, [&](double x) { init::normal_(w, 0, x); }},
      {"trunc_normal_.mean", any_finite, [&](double x) { init::trunc_normal_(w, x, 1, -inf, inf); }},
      {"trunc_normal_.std", moderate, [&](double x) { init::trunc_normal_(w, 0, x, -inf, inf); }},
      {"xavier_uniform_", moderate, [&](double x) { init::xavier_uniform_(w, x); }},
      {"xavier_normal_", moderate, [&](double x) { init::xavier_normal_(w, x); }},
      {"kaiming_uniform_", any_finite, [&](double x) { init::kaiming_uniform_(w, {.a = x}); }},
      {"kaiming_normal_", any_finite, [&](double x) { init::kaiming_normal_(w, {.a = x}); }},
      {"orthogonal_", any_finite, [&](double x) { init::orthogonal_(w, x); }},
      {"calculate_gain", any_finite, [&](double x) { init::calculate_gain(init::Nonlinearity::leaky_relu, x); }},
  });
  CHECK_SAYS(init::uniform_(w, -1e308, 1e308), "uniform_: high - low is not a finite f64");
  CHECK_SAYS(init::uniform_(zeros({2}), 0, 1e308), "uniform_: high is not a finite f32", "1e+308");
  CHECK_SAYS(init::normal_(zeros({2}), 0, -1), "normal_: std is out of range", "got:      -1", "0 to ");
  CHECK_SAYS(init::normal_(zeros({2}), 0, std::nan("")), "normal_: std is out of range");
  CHECK(init::calculate_gain(init::Nonlinearity::leaky_relu, 1e308) > 0);
}
