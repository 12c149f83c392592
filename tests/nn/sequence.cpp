// Sequences: of different lengths, step by step, with a cache, and where their tokens stand.
#include <gradus/gradcheck.hpp>
#include <gradus/nn/nn.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/threads.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support.hpp"

using namespace gradus;

namespace {

class Deterministic {
 public:
  Deterministic() { set_deterministic(true); }
  ~Deterministic() { set_deterministic(false); }
  Deterministic(const Deterministic&) = delete;
  Deterministic& operator=(const Deterministic&) = delete;
};

constexpr std::int64_t steps = 6, batch = 4, width = 5;
const std::vector<std::int64_t> lengths{3, 6, 1, 4};
Tensor lengths_tensor() { return from_data(std::span<const std::int64_t>(lengths), {batch}); }

// Sequences with NaN behind their ends.
Tensor padded() {
  Tensor x = randn({steps, batch, width});
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t t = lengths[static_cast<std::size_t>(n)]; t < steps; ++t)
      x[t][n].fill_(std::numeric_limits<double>::quiet_NaN());
  return x;
}

// Each sequence of a padded batch against the same sequence alone, to the bit.
template <class Layer, class Call>
void check_alone(const Layer& layer, const Call& call) {
  const Deterministic on;
  const Tensor x = padded(), every = lengths_tensor();
  const std::vector<Tensor> all = call(layer, x, every);
  for (std::int64_t n = 0; n < batch; ++n) {
    CAPTURE(n);
    const std::int64_t length = lengths[static_cast<std::size_t>(n)];
    const Tensor one = slice(slice(x, 0, {0, length}), 1, {n, n + 1});
    const std::vector<Tensor> alone = call(layer, one, Tensor());
    CHECK(equal(slice(slice(all[0], 0, {0, length}), 1, {n, n + 1}), alone[0]));
    if (length < steps) {
      const Tensor rest = slice(slice(all[0], 0, {length, steps}), 1, {n, n + 1});
      CHECK(equal(rest, zeros_like(rest)));
    }
    for (std::size_t k = 1; k < all.size(); ++k) CHECK(equal(slice(all[k], 1, {n, n + 1}), alone[k]));
  }
}

std::vector<Tensor> lstm_call(const nn::LSTM& lstm, const Tensor& x, const Tensor& n) {
  const auto [y, h, c] = lstm(x, {}, {}, n);
  return {y, h, c};
}
template <class Layer>
std::vector<Tensor> call(const Layer& layer, const Tensor& x, const Tensor& n) {
  const auto [y, h] = layer(x, Tensor(), n);
  return {y, h};
}

}  // namespace

TEST_CASE("in a padded batch each sequence has the bits that it has alone") {
  manual_seed(1);
  for (const bool both : {false, true}) {
    CAPTURE(both);
    check_alone(nn::LSTM(width, 3, {.num_layers = 2, .bidirectional = both}), lstm_call);
    check_alone(nn::GRU(width, 3, {.num_layers = 2, .bidirectional = both}), call<nn::GRU>);
    check_alone(nn::RNN(width, 3, {.num_layers = 2, .bidirectional = both}), call<nn::RNN>);
  }
}

TEST_CASE("lengths with batch_first, and with a first state") {
  manual_seed(2);
  const nn::LSTM lstm(width, 3, {.bidirectional = true});
  nn::LSTM turned(width, 3, {.batch_first = true, .bidirectional = true});
  turned.load_state_dict(lstm.state_dict());
  const Tensor x = padded(), h0 = randn({2, batch, 3}), c0 = randn({2, batch, 3}), n = lengths_tensor();
  const auto a = lstm(x, h0, c0, n);
  const auto b = turned(transpose(x, 0, 1).contiguous(), h0, c0, n);
  CHECK(equal(transpose(b.y, 0, 1).contiguous(), a.y));
  CHECK(equal(b.c, a.c));
  // The sequence of one step ends where one cell ends.
  const Deterministic on;
  const auto one = lstm(slice(slice(x, 0, {0, 1}), 1, {2, 3}), slice(h0, 1, {2, 3}), slice(c0, 1, {2, 3}));
  CHECK(equal(slice(lstm(x, h0, c0, n).h, 1, {2, 3}), one.h));
}

TEST_CASE("padding has no part in any gradient, NaN included") {
  manual_seed(3);
  const nn::GRU gru(width, 3, {.bidirectional = true});
  const Tensor n = lengths_tensor();
  const Tensor x = padded().requires_grad_();
  Tape tape;
  const auto [y, h] = gru(x, {}, n);
  tape.backward(sum(square(y)) + sum(h));
  const Tensor g = x.grad();
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t k = 0; k < batch; ++k) {
      const double size = sum(abs(g[t][k])).item();
      CHECK((t < lengths[static_cast<std::size_t>(k)] ? size > 0 : size == 0));
    }
  for (const Tensor& p : gru.parameters()) CHECK(std::isfinite(sum(p.grad()).item()));
}

TEST_CASE("lengths that are no lengths") {
  const nn::LSTM lstm(width, 3);
  const nn::GRU gru(width, 3);
  const Tensor x = zeros({steps, 2, width});
  const auto with = [&](const Tensor& n) { lstm(x, {}, {}, n); };
  CHECK_SAYS(with(tensor({6, 7}, i64)), "LSTM: a length is out of range", "7", "1 to 6", "nn/sequence.cpp");
  CHECK_SAYS(with(tensor({0, 6}, i64)), "0", "1 to 6");
  CHECK_SAYS(with(tensor({6, 6})), "lengths has the wrong shape or dtype", "(2,) f32", "(2,) i64");
  CHECK_SAYS(with(tensor({6, 6, 6}, i64)), "(3,) i64");
  CHECK_SAYS(with(scalar(6, i64)), "() i64");
  CHECK_SAYS(gru(x, Tensor(), tensor({-1, 2}, i64)), "GRU: a length is out of range", "-1");
}

TEST_CASE("a cell is one step of its layer, to the bit, and a loop of cells the layer") {
  manual_seed(4);
  nn::LSTM lstm(width, 3);
  nn::LSTMCell cell(width, 3);
  cell.weight_ih = lstm.weights[0].weight_ih.clone();
  cell.weight_hh = lstm.weights[0].weight_hh.clone();
  cell.bias_ih = lstm.weights[0].bias_ih.clone();
  cell.bias_hh = lstm.weights[0].bias_hh.clone();
  const Tensor x = randn({1, batch, width});
  const auto layer = lstm(x);
  const auto [h, c] = cell(x[0]);
  CHECK(equal(h, layer.h[0]));
  CHECK(equal(c, layer.c[0]));
  nn::GRU gru(width, 3);
  nn::GRUCell small(width, 3);
  small.weight_ih = gru.weights[0].weight_ih.clone();
  small.weight_hh = gru.weights[0].weight_hh.clone();
  small.bias_ih = gru.weights[0].bias_ih.clone();
  small.bias_hh = gru.weights[0].bias_hh.clone();
  const Tensor longer = randn({steps, batch, width});
  Tensor state;
  for (std::int64_t t = 0; t < steps; ++t) state = small(longer[t], state);
  CHECK(allclose(state, gru(longer).h[0], 1e-5, 1e-6));
}

TEST_CASE("cells: state, options, initial weights, gradients and errors") {
  manual_seed(5);
  nn::LSTMCell cell(400, 25);
  CHECK(cell.description() == "400 -> 25");
  CHECK(cell.parameter_count() == 100 * (400 + 25 + 2));
  const double bound = 0.2;
  CHECK(max(abs(cell.weight_ih)).item() <= bound);
  CHECK(max(abs(cell.weight_ih)).item() > 0.99 * bound);
  const nn::GRUCell bare(2, 3, {.bias = false, .dtype = f64});
  CHECK(bare.description() == "2 -> 3, no bias");
  CHECK(bare.named_parameters().size() == 2);
  CHECK(bare(zeros({4, 2}, f64)).dtype() == f64);
  const nn::LSTMCell wide(2, 3, {.dtype = f64});
  const Tensor x = randn({2, 2}, f64), h = randn({2, 3}, f64), c = randn({2, 3}, f64);
  const auto result = gradcheck(
      [&](const Tensor& a, const Tensor& b, const Tensor& s) {
        const auto [y, z] = wide(a, b, s);
        return y * z;
      },
      {x, h, c});
  CHECK_MESSAGE(result.ok, to_string(result));
  CHECK_SAYS(wide(zeros({2, 4}, f64)), "LSTMCell: the input has the wrong shape", "(2, 4)", "(N, 2)",
             "nn/sequence.cpp");
  CHECK_SAYS(wide(zeros({2}, f64)), "(2,)");
  CHECK_SAYS(wide(Tensor()), "an undefined tensor");
  CHECK_SAYS(wide(x, zeros({2, 4}, f64)), "h has the wrong shape", "(2, 4)", "(2, 3), which is (N, hidden_size)");
  CHECK_SAYS(wide(x, h, zeros({3, 3}, f64)), "c has the wrong shape");
  CHECK_SAYS(bare(zeros({2, 4}, f64)), "GRUCell: the input has the wrong shape");
  CHECK_SAYS(wide(x, h, zeros({2, 3})), "dtypes differ", "nn/sequence.cpp");
  CHECK_SAYS(nn::LSTMCell(0, 3), "LSTMCell: input_size is too small");
  CHECK_SAYS(nn::GRUCell(3, -1), "GRUCell: hidden_size is too small");
  CHECK_SAYS(nn::GRUCell(3, 3, {.dtype = i64}), "a layer needs a floating-point dtype");
  CHECK_SAYS(nn::LSTMCell(std::int64_t{1} << 39, 64), "the layer is too large");
}

TEST_CASE("attention with a cache: step by step, and in pieces, it is causal attention") {
  manual_seed(6);
  for (const bool first : {false, true}) {
    CAPTURE(first);
    const nn::MultiheadAttention attention(8, 2, {.batch_first = first});
    const Tensor x = randn({steps, 3, 8});
    const auto turned = [&](const Tensor& t) { return first ? transpose(t, 0, 1) : t; };
    const Tensor later = triu(ones({steps, steps}), 1).to(boolean);
    const Tensor want = turned(attention(turned(x), turned(x), turned(x), {.attn_mask = later}).y);
    for (const std::vector<std::int64_t>& pieces : {std::vector<std::int64_t>{1, 1, 1, 1, 1, 1}, {6}, {3, 1, 2}}) {
      nn::KeyValueCache cache;
      std::vector<Tensor> got;
      std::int64_t at = 0;
      for (const std::int64_t n : pieces) {
        got.push_back(turned(attention.next(turned(slice(x, 0, {at, at + n})), cache)));
        at += n;
      }
      CHECK(cache.length == steps);
      CHECK(allclose(concat(got), want, 1e-4, 1e-5));
    }
  }
}

TEST_CASE("attention with a cache: nothing is recorded, and what does not fit is refused") {
  nn::MultiheadAttention attention(8, 2, {.dropout = 0.5});
  nn::KeyValueCache cache;
  Tape tape;
  const Tensor y = attention.next(ones({1, 3, 8}), cache);
  CHECK(tape.size() == 0);
  const std::int64_t length = cache.length;
  CHECK_SAYS(attention.next(ones({1, 2, 8}), cache), "MultiheadAttention: the cache belongs to another layer",
             "keys of shape (3, 2, 1, 4), f32", "(2, 2, …, 4), f32", "nn/sequence.cpp");
  CHECK_SAYS(attention.next(ones({1, 3, 8}, f64), cache), "another layer");
  CHECK_SAYS(attention.next(ones({1, 3, 7}), cache), "the input has the wrong shape", "(1, 3, 7)", "(T, N, 8)");
  CHECK_SAYS(attention.next(Tensor(), cache), "an undefined tensor");
  CHECK(cache.length == length);
  nn::KeyValueCache broken{{}, {}, 3};
  CHECK_SAYS(attention.next(ones({1, 3, 8}), broken), "no keys", "begin with KeyValueCache{}");
  const nn::MultiheadAttention cross(8, 2, {.kdim = 4});
  nn::KeyValueCache other;
  CHECK_SAYS(cross.next(ones({1, 3, 8}), other), "next() is self-attention", "kdim 4");
}

TEST_CASE("sinusoidal positions are sines and cosines of falling frequency") {
  const Tensor p = nn::sinusoidal_positions(50, 8, 0, 10000, f64);
  REQUIRE(p.shape() == Shape{50, 8});
  for (const std::int64_t t : {0, 1, 7, 49})
    for (std::int64_t i = 0; i < 4; ++i) {
      const double angle = static_cast<double>(t) / std::pow(10000, 2 * static_cast<double>(i) / 8);
      CHECK(p.at({t, 2 * i}) == doctest::Approx(std::sin(angle)));
      CHECK(p.at({t, 2 * i + 1}) == doctest::Approx(std::cos(angle)));
    }
  CHECK(equal(nn::sinusoidal_positions(10, 8, 40, 10000, f64), slice(p, 0, {40, 50})));
  CHECK(nn::sinusoidal_positions(0, 8).shape() == Shape{0, 8});
  // Far out, f32 has what f64 has: the angle is computed in f64.
  CHECK(allclose(nn::sinusoidal_positions(1, 4, 1000000).to(f64), nn::sinusoidal_positions(1, 4, 1000000, 10000, f64),
                 1e-6, 1e-6));
}

TEST_CASE("rotary positions turn pairs, and products depend on the distance alone") {
  manual_seed(7);
  for (const bool interleaved : {false, true}) {
    CAPTURE(interleaved);
    const Tensor x = randn({2, 3, steps, 8}, f64);
    const Tensor y = nn::rotary(x, {.first = 5, .interleaved = interleaved});
    for (const std::int64_t t : {0, 1, 5})
      for (std::int64_t i = 0; i < 4; ++i) {
        const std::int64_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + 4;
        const double angle = static_cast<double>(t + 5) * std::pow(10000, -2 * static_cast<double>(i) / 8);
        const double u = x.at({1, 2, t, a}), v = x.at({1, 2, t, b});
        CHECK(y.at({1, 2, t, a}) == doctest::Approx(u * std::cos(angle) - v * std::sin(angle)));
        CHECK(y.at({1, 2, t, b}) == doctest::Approx(v * std::cos(angle) + u * std::sin(angle)));
      }
    const Tensor q = randn({1, 8}, f64), k = randn({1, 8}, f64);
    const auto product = [&](std::int64_t at, std::int64_t other) {
      return sum(nn::rotary(q, {.first = at, .interleaved = interleaved}) *
                 nn::rotary(k, {.first = other, .interleaved = interleaved}))
          .item();
    };
    CHECK(product(3, 10) == doctest::Approx(product(103, 110)));
    CHECK(std::abs(product(3, 10) - product(3, 11)) > 1e-6);
    const auto result =
        gradcheck([&](const Tensor& t) { return nn::rotary(t, {.interleaved = interleaved}); }, {randn({3, 4}, f64)});
    CHECK_MESSAGE(result.ok, to_string(result));
  }
}

TEST_CASE("positions that are none") {
  CHECK_SAYS(nn::sinusoidal_positions(4, 7), "sinusoidal_positions: the width is odd", "7", "nn/sequence.cpp");
  CHECK_SAYS(nn::sinusoidal_positions(4, 0), "width is too small");
  CHECK_SAYS(nn::sinusoidal_positions(-1, 8), "length is too small");
  CHECK_SAYS(nn::sinusoidal_positions(1, 8, -1), "first is too small");
  CHECK_SAYS(nn::sinusoidal_positions(1, 8, 0, 0.5), "base is out of range");
  CHECK_SAYS(nn::sinusoidal_positions(1, 8, 0, 10000, i64), "the dtype is wrong", "i64");
  CHECK_SAYS(nn::sinusoidal_positions(std::int64_t{1} << 39, 8), "too large");
  CHECK_SAYS(nn::rotary(ones({4, 7})), "rotary: the width is odd", "nn/sequence.cpp");
  CHECK_SAYS(nn::rotary(ones({8})), "the input has the wrong shape or dtype", "(8,) f32", "(…, T, d)");
  CHECK_SAYS(nn::rotary(scalar(1)), "() f32");
  CHECK_SAYS(nn::rotary(ones({2, 8}, i64)), "(2, 8) i64");
  CHECK_SAYS(nn::rotary(Tensor()), "rotary", "undefined");
  CHECK_SAYS(nn::rotary(ones({2, 8}), {.first = -1}), "first is too small");
  CHECK_SAYS(nn::rotary(ones({2, 8}), {.base = std::nan("")}), "base is out of range");
}
