// Wrong calls of layers, initialisers and metrics.
#include "misuse/misuse.hpp"

using namespace gradus;
using misuse::numbers;
namespace init = gradus::nn::init;

namespace {

constexpr const char* here = "misuse/modules.cpp";

struct TwoOfOneName : nn::Module<TwoOfOneName> {
  nn::Linear a{2, 2}, b{2, 2};
  Tensor forward(const Tensor& x) const { return b(a(x)); }
  void fields(auto& v) {
    v("a", a);
    v("a", b);
  }
};

}  // namespace

TEST_CASE("misuse: layers and what they are given") {
  const nn::Linear linear(3, 2);
  const nn::Conv2d conv(2, 4, 3);
  const nn::LSTM lstm(3, 2);
  const nn::MultiheadAttention attention(4, 2);
  const Tensor x = numbers({2, 3}), image = numbers({1, 2, 5, 5}), undefined;
  misuse::refuse(
      here,
      {
          {"Linear with other features",
           [&] {
             linear(numbers({2, 4}));
           }},
          {"Linear of f64",
           [&] {
             linear(numbers({2, 3}, f64));
           }},
          {"Linear of integers",
           [&] {
             linear(numbers({2, 3}, i64));
           }},
          {"Linear of a scalar", [&] { linear(scalar(1)); }},
          {"Linear of nothing", [&] { linear(undefined); }},
          {"Conv2d of other channels",
           [&] {
             conv(numbers({1, 3, 5, 5}));
           }},
          {"Conv2d of a picture without channels",
           [&] {
             conv(numbers({5, 5}));
           }},
          {"Conv2d of one that is too small",
           [&] {
             conv(numbers({1, 2, 2, 2}));
           }},
          {"Conv1d of an image", [&] { nn::Conv1d(2, 2, 3)(image); }},
          {"ConvTranspose2d with output_padding of its stride",
           [&] { nn::ConvTranspose2d(2, 2, 3, {.stride = 2, .output_padding = 2})(image); }},
          {"MaxPool2d of a vector", [&] { nn::MaxPool2d{2}(numbers({3})); }},
          {"MaxPool2d with too much padding", [&] { nn::MaxPool2d(2, {.padding = 2})(image); }},
          {"AvgPool2d of one that is too small", [&] { nn::AvgPool2d{9}(image); }},
          {"AdaptiveAvgPool2d of a vector", [&] { nn::AdaptiveAvgPool2d{1}(numbers({3})); }},
          {"BatchNorm1d of other features", [&] { nn::BatchNorm1d{4}(x); }},
          {"BatchNorm1d of one example",
           [&] {
             nn::BatchNorm1d{3}(numbers({1, 3}));
           }},
          {"BatchNorm1d of an image", [&] { nn::BatchNorm1d{2}(image); }},
          {"BatchNorm2d of a matrix", [&] { nn::BatchNorm2d{3}(x); }},
          {"LayerNorm of another shape", [&] { nn::LayerNorm{4}(x); }},
          {"LayerNorm over no axis", [&] { nn::LayerNorm{Shape{}}(x); }},
          {"RMSNorm of another width", [&] { nn::RMSNorm{4}(x); }},
          {"GroupNorm of other channels", [&] { nn::GroupNorm(2, 4)(image); }},
          {"Embedding of fractions", [&] { nn::Embedding(4, 2)(x); }},
          {"Embedding of word 4 of four", [&] { nn::Embedding(4, 2)(tensor({4}, i64)); }},
          {"Embedding of word -1", [&] { nn::Embedding(4, 2)(tensor({-1}, i64)); }},
          {"LSTM of other features",
           [&] {
             lstm(numbers({5, 2, 4}));
           }},
          {"LSTM of a vector", [&] { lstm(numbers({3})); }},
          {"LSTM with a state of another shape",
           [&] {
             lstm(numbers({5, 2, 3}), numbers({1, 3, 2}), numbers({1, 2, 2}));
           }},
          {"GRU of no time",
           [&] {
             nn::GRU(3, 2)(numbers({0, 2, 3}));
           }},
          {"RNN with a state of f64",
           [&] {
             nn::RNN(3, 2)(numbers({5, 2, 3}), numbers({1, 2, 2}, f64));
           }},
          {"attention of another width",
           [&] {
             attention(numbers({3, 1, 5}), numbers({3, 1, 5}), numbers({3, 1, 5}));
           }},
          {"attention with keys and values of different lengths",
           [&] {
             attention(numbers({3, 1, 4}), numbers({3, 1, 4}), numbers({2, 1, 4}));
           }},
          {"attention with a mask of another shape",
           [&] {
             attention(numbers({3, 1, 4}), numbers({3, 1, 4}), numbers({3, 1, 4}), {.attn_mask = numbers({2, 2})});
           }},
          {"attention with a padding mask of another shape",
           [&] {
             attention(numbers({3, 1, 4}), numbers({3, 1, 4}), numbers({3, 1, 4}),
                       {.key_padding_mask = numbers({1, 9}, boolean)});
           }},
          {"an encoder of another width",
           [&] {
             nn::TransformerEncoderLayer(4, 2)(numbers({3, 1, 6}));
           }},
          {"heads that do not divide", [] { nn::MultiheadAttention(5, 2); }},
          {"groups that do not divide", [] { nn::Conv2d(4, 3, 1, {.groups = 2}); }},
          {"Flatten of a vector", [] { nn::Flatten{}(numbers({3})); }},
          {"Dropout of integers", [] { nn::Dropout{0.5}(numbers({3}, i64)); }},
          {"a layer of integers", [] { nn::Linear(2, 2, {.dtype = i64}); }},
      });
}

TEST_CASE("misuse: networks as a whole") {
  nn::Sequential net{nn::Linear(3, 2), nn::ReLU()};
  const Tensor x = numbers({2, 3}), y = tensor({0, 1}, i64);
  misuse::refuse(here,
                 {
                     {"layer 2 of two", [&] { (void)net[2]; }},
                     {"layer -3 of two", [&] { (void)net[-3]; }},
                     {"a layer as what it is not", [&] { (void)net.get<nn::Conv2d>(0); }},
                     {"the layer of an empty one", [] { (void)nn::Sequential()[0]; }},
                     {"a call of one moved from",
                      [&] {
                        nn::Linear a(2, 2);
                        const nn::Linear b = std::move(a);
                        a(numbers({1, 2}));
                      }},
                     {"the parameters of one moved from",
                      [&] {
                        nn::Sequential a{nn::Linear(2, 2)};
                        const nn::Sequential b = std::move(a);
                        (void)a.named_parameters();
                      }},
                     {"the state of one moved from",
                      [&] {
                        nn::Linear a(2, 2);
                        const nn::Linear b = std::move(a);
                        (void)a.state_dict();
                      }},
                     {"a conversion of one moved from",
                      [&] {
                        nn::Linear a(2, 2);
                        const nn::Linear b = std::move(a);
                        a.to(f64);
                      }},
                     {"a network of integers", [&] { net.to(i64); }},
                     {"a network of bool", [&] { net.to(boolean); }},
                     {"two members of one name", [] { (void)TwoOfOneName().named_parameters(); }},
                     {"an empty state", [&] { net.load_state_dict({}); }},
                     {"a state of another network", [&] { net.load_state_dict(nn::Conv2d(1, 1, 1).state_dict()); }},
                     {"a state with a name too many",
                      [&] {
                        StateDict state = net.state_dict();
                        state.emplace_back("more", x);
                        net.load_state_dict(state);
                      }},
                     {"a state with a shape that broadcasts",
                      [&] {
                        StateDict state = net.state_dict();
                        state[1].second = numbers({1});
                        net.load_state_dict(state);
                      }},
                     {"a state with nothing in it",
                      [&] {
                        StateDict state = net.state_dict();
                        state[0].second = Tensor();
                        net.load_state_dict(state);
                      }},
                     {"nothing that fits, not strictly",
                      [&] {
                        net.load_state_dict({{"z", x}}, {.strict = false});
                      }},
                     {"accuracy without examples",
                      [&] {
                        (void)accuracy(net, numbers({0, 3}), numbers({0}, i64));
                      }},
                     {"accuracy with too few labels", [&] { (void)accuracy(net, x, tensor({1}, i64)); }},
                     {"accuracy with fractions as labels", [&] { (void)accuracy(net, x, numbers({2})); }},
                     {"accuracy with label 2 of two",
                      [&] {
                        (void)accuracy(net, x, tensor({0, 2}, i64));
                      }},
                     {"accuracy in batches of 0", [&] { (void)accuracy(net, x, y, 0); }},
                     {"accuracy of nothing", [&] { (void)accuracy(net, Tensor(), y); }},
                     {"accuracy of a network with one output", [&] { (void)accuracy(nn::Linear(3, 1), x, y); }},
                     {"statistics of nothing", [] { (void)nn::Standardize::of(Tensor()); }},
                     {"statistics of integers",
                      [] {
                        (void)nn::Standardize::of(numbers({2, 2}, i64));
                      }},
                     {"statistics over axis 3",
                      [] {
                        (void)nn::Standardize::of(numbers({2, 2}), {3});
                      }},
                     {"statistics of no example",
                      [] {
                        (void)nn::Standardize::of(numbers({0, 2}));
                      }},
                     {"a summary with another shape",
                      [&] {
                        (void)nn::summary(net, {2, 5});
                      }},
                 });
}

TEST_CASE("misuse: initialisers") {
  const Tensor w = numbers({3, 3}), undefined;
  misuse::refuse(here, {
                           {"uniform_ of nothing", [&] { init::uniform_(undefined); }},
                           {"uniform_ backwards", [&] { init::uniform_(w, 1, 0); }},
                           {"uniform_ of integers", [&] { init::uniform_(numbers({2}, i64)); }},
                           {"trunc_normal_ backwards", [&] { init::trunc_normal_(w, 0, 1, 2, -2); }},
                           {"xavier_uniform_ of a vector", [&] { init::xavier_uniform_(numbers({3})); }},
                           {"kaiming_normal_ of a scalar", [&] { init::kaiming_normal_(scalar(1)); }},
                           {"orthogonal_ of a vector", [&] { init::orthogonal_(numbers({3})); }},
                           {"eye_ of three axes",
                            [&] {
                              init::eye_(numbers({2, 2, 2}));
                            }},
                           {"dirac_ of a matrix", [&] { init::dirac_(w); }},
                           {"dirac_ with groups that do not divide",
                            [&] {
                              init::dirac_(numbers({3, 1, 1}), 2);
                            }},
                           {"constant_ of a fraction in integers", [&] { init::constant_(numbers({2}, i64), 0.5); }},
                           {"ones_ of nothing", [&] { init::ones_(undefined); }},
                       });
}
