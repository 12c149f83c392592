// Wrong calls of cells, lengths, caches, positions, upsampling, hooks, checkpoints, groups by name, and pictures.
#include <limits>

#include "misuse/misuse.hpp"

using namespace gradus;
using misuse::numbers;

namespace {

constexpr const char* here = "misuse/sequences.cpp";

// Inputs that no layer for sequences takes.
std::vector<std::pair<const char*, Tensor>> bad_inputs(const Shape& good) {
  Shape wider = good;
  wider[wider.size() - 1] += 1;
  return {{"undefined", Tensor()},
          {"0-d", scalar(1)},
          {"1-d", numbers({3})},
          {"five axes", numbers({1, 1, 1, 1, 1})},
          {"other features", numbers(wider)},
          {"f64", numbers(good, f64)},
          {"i64", numbers(good, i64)},
          {"bool", numbers(good, boolean)}};
}

void refuse_inputs(const char* what, const Shape& good, const std::function<void(const Tensor&)>& call) {
  call(numbers(good));  // the shape itself is right
  std::vector<misuse::Wrong> wrong;
  for (const auto& [name, x] : bad_inputs(good)) wrong.push_back({name, [&call, t = x] { call(t); }});
  CAPTURE(what);
  misuse::refuse(here, wrong);
}

}  // namespace

TEST_CASE("misuse: inputs of the layers for sequences") {
  const nn::LSTMCell lstm_cell(3, 4);
  const nn::GRUCell gru_cell(3, 4);
  const nn::LSTM lstm(3, 4);
  const nn::MultiheadAttention attention(4, 2);
  const Tensor lengths = tensor({1, 2}, i64);
  refuse_inputs("LSTMCell", {2, 3}, [&](const Tensor& x) { lstm_cell(x); });
  refuse_inputs("LSTMCell's h", {2, 4}, [&](const Tensor& h) {
    if (!h.defined()) lstm_cell(numbers({2, 2}));  // undefined is zeros
    lstm_cell(numbers({2, 3}), h);
  });
  refuse_inputs("LSTMCell's c", {2, 4}, [&](const Tensor& c) {
    if (!c.defined()) lstm_cell(numbers({2, 2}));
    lstm_cell(numbers({2, 3}), Tensor(), c);
  });
  refuse_inputs("GRUCell", {2, 3}, [&](const Tensor& x) { gru_cell(x); });
  refuse_inputs("LSTM with lengths", {2, 2, 3}, [&](const Tensor& x) { lstm(x, Tensor(), Tensor(), lengths); });
  refuse_inputs("attention with a cache", {2, 1, 4}, [&](const Tensor& x) {
    nn::KeyValueCache cache;
    attention.next(x, cache);
  });
}

TEST_CASE("misuse: options and sizes of the new layers") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const nn::GRU gru(3, 4);
  const Tensor x = numbers({5, 2, 3});
  misuse::refuse(here, {
                           {"LSTMCell of nothing", [] { nn::LSTMCell(0, 1); }},
                           {"GRUCell of a negative size", [] { nn::GRUCell(1, -1); }},
                           {"LSTMCell of integers", [] { nn::LSTMCell(1, 1, {.dtype = i64}); }},
                           {"a length of 0",
                            [&] {
                              gru(x, Tensor(), tensor({0, 1}, i64));
                            }},
                           {"a length beyond the end",
                            [&] {
                              gru(x, Tensor(), tensor({5, 6}, i64));
                            }},
                           {"lengths in f32",
                            [&] {
                              gru(x, Tensor(), tensor({5, 5}));
                            }},
                           {"too few lengths", [&] { gru(x, Tensor(), tensor({5}, i64)); }},
                           {"MaxPool1d of nothing", [] { nn::MaxPool1d(0); }},
                           {"MaxPool1d of an image",
                            [] {
                              nn::MaxPool1d(2)(numbers({1, 1, 4, 4}));
                            }},
                           {"MaxPool1d of words that are too short",
                            [] {
                              nn::MaxPool1d(5)(numbers({1, 1, 4}));
                            }},
                           {"Upsample without a size", [] { nn::Upsample(nn::UpsampleOptions{}); }},
                           {"Upsample by NaN", [] { nn::Upsample({.scale_factor = nan}); }},
                           {"Upsample of integers",
                            [] {
                              nn::Upsample({.scale_factor = 2})(numbers({1, 1, 4}, i64));
                            }},
                           {"Upsample of a matrix",
                            [] {
                              nn::Upsample({.scale_factor = 2})(numbers({4, 4}));
                            }},
                           {"odd positions", [] { nn::sinusoidal_positions(4, 3); }},
                           {"positions in i64", [] { nn::sinusoidal_positions(4, 4, 0, 10000, i64); }},
                           {"rotary of an odd width",
                            [] {
                              nn::rotary(numbers({4, 3}));
                            }},
                           {"rotary of one axis", [] { nn::rotary(numbers({4})); }},
                           {"rotary of bool",
                            [] {
                              nn::rotary(numbers({4, 4}, boolean));
                            }},
                           {"rotary by a base of 0",
                            [] {
                              nn::rotary(numbers({4, 4}), {.base = 0});
                            }},
                           {"a default dtype of bool", [] { set_default_dtype(boolean); }},
                       });
  CHECK(default_dtype() == f32);
}

TEST_CASE("misuse: hooks, checkpoints, gradients of each example, groups by name") {
  nn::Linear layer(3, 3);
  nn::Linear hooked(3, 3), other(3, 3);
  hooked.on_forward([](const Tensor& y) { return sum(y); });
  other.on_backward([](const Tensor& g) { return g.to(f64); });
  const Tensor x = numbers({2, 3}), undefined;
  const auto loss = [&](const Tensor& a, const Tensor& b) { return mse_loss(layer(a), b); };
  misuse::refuse(
      here,
      {
          {"a hook of another shape", [&] { hooked(x); }},
          {"a hook of another dtype",
           [&] {
             Tape tape;
             tape.backward(sum(other(x)));
           }},
          {"checkpoint of nothing", [&] { nn::checkpoint(layer, undefined); }},
          {"checkpoint without a result", [&] { nn::checkpoint([](const Tensor&) { return Tensor(); }, x); }},
          {"checkpoint of a wrong call",
           [&] {
             Tape tape;
             nn::checkpoint(layer, numbers({2, 4}));
           }},
          {"a second derivative of a checkpoint",
           [&] {
             Tape tape;
             tape.gradient(sum(nn::checkpoint(layer, x)), {layer.weight}, {.record = true});
           }},
          {"examples of another number",
           [&] {
             nn::per_sample_gradients(loss, x, numbers({3, 3}), layer.parameters());
           }},
          {"examples of integers as parameters", [&] { nn::per_sample_gradients(loss, x, x, {numbers({2}, i64)}); }},
          {"a group of nothing", [&] { optim::SGD(layer, {.lr = 1}).add_group(optim::contains("norm")); }},
          {"a group with a rate below 0",
           [&] {
             optim::SGD opt(layer, {.lr = 1});
             opt.add_group(optim::ends_with("bias"), {.lr = -1});
           }},
      });
}

TEST_CASE("misuse: pictures") {
  const Tensor x = numbers({3, 2, 2}), undefined;
  misuse::refuse(here, {
                           {"undefined", [&] { io::save_image(undefined, "/nowhere/a.png"); }},
                           {"0-d", [&] { io::save_image(scalar(1), "/nowhere/a.png"); }},
                           {"empty",
                            [&] {
                              io::save_image(numbers({1, 0, 3}), "/nowhere/a.png");
                            }},
                           {"integers",
                            [&] {
                              io::save_image(numbers({2, 2}, i64), "/nowhere/a.png");
                            }},
                           {"a batch",
                            [&] {
                              io::save_image(numbers({2, 1, 2, 2}), "/nowhere/a.png");
                            }},
                           {"another format", [&] { io::save_image(x, "/nowhere/a.bmp"); }},
                           {"colour as grey", [&] { io::save_image(x, "/nowhere/a.pgm"); }},
                           {"no folder", [&] { io::save_image(x, "/nowhere/a.png"); }},
                           {"no file", [&] { io::load_image("/nowhere/a.png"); }},
                           {"a folder", [&] { io::load_image("/"); }},
                           {"a grid of one", [&] { io::make_grid(x); }},
                           {"a grid of nothing",
                            [&] {
                              io::make_grid(numbers({0, 1, 2, 2}));
                            }},
                           {"a grid without columns",
                            [&] {
                              io::make_grid(numbers({1, 1, 2, 2}), {.columns = -1});
                            }},
                       });
}
