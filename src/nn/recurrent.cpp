// RNN, LSTM and GRU: one step of each, and the loop over layers, directions and time that they share.
#include <gradus/nn/recurrent.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

// ---- one step ----

struct detail::Recurrent::State {
  Tensor h, c;  // (N, H); c for LSTM only
};

struct detail::Recurrent::Cell {
  const char* type;
  int gates;
  bool has_c;
  bool joins_biases;  // b_ih + b_hh is all that matters, so it is added once for all steps
  State (*step)(const Weights& w, const Tensor& x, const State& s);

  // `x` (N, G H) is W_ih x and its bias.
  static State tanh_step(const Weights& w, const Tensor& x, const State& s) { return {tanh(recur(w, x, s)), {}}; }
  static State relu_step(const Weights& w, const Tensor& x, const State& s) { return {relu(recur(w, x, s)), {}}; }
  static State lstm_step(const Weights& w, const Tensor& x, const State& s) {
    const Tensor y = lstm_gates(recur(w, x, s), s.c);
    return {y[0], y[1]};
  }
  static State gru_step(const Weights& w, const Tensor& x, const State& s) {
    const Tensor own = linear(s.h, w.weight_hh, w.bias_hh);
    const Tensor r = sigmoid(gate(x, 0, s) + gate(own, 0, s)), z = sigmoid(gate(x, 1, s) + gate(own, 1, s));
    const Tensor n = tanh(gate(x, 2, s) + r * gate(own, 2, s));
    return {n + z * (s.h - n), {}};
  }

  static Tensor recur(const Weights& w, const Tensor& x, const State& s) {
    return addmm(x, s.h, w.weight_hh, {.transpose_b = true});
  }
  static Tensor gate(const Tensor& all, std::int64_t k, const State& s) {  // the k-th of (N, G H)
    const std::int64_t size = s.h.size(1);
    return slice(all, 1, {k * size, (k + 1) * size});
  }
};

const detail::Recurrent::Cell detail::Recurrent::rnn_tanh{"RNN", 1, false, true, Cell::tanh_step};
const detail::Recurrent::Cell detail::Recurrent::rnn_relu{"RNN", 1, false, true, Cell::relu_step};
const detail::Recurrent::Cell detail::Recurrent::lstm{"LSTM", 4, true, true, Cell::lstm_step};
const detail::Recurrent::Cell detail::Recurrent::gru{"GRU", 3, false, false, Cell::gru_step};

// ---- all steps of all layers ----

detail::Recurrent::Recurrent(const Cell& cell, std::int64_t in, std::int64_t hidden, const RecurrentOptions& options,
                             Loc where)
    : input_size(in),
      hidden_size(hidden),
      num_layers(options.num_layers),
      batch_first(options.batch_first),
      bidirectional(options.bidirectional),
      dropout(options.dropout) {
  check_sizes(cell.type, {{"input_size", in}, {"hidden_size", hidden}}, where);
  check_sizes(cell.type, {{"num_layers", num_layers}}, where, 1, 1 << 16);
  check_weight(cell.type, {cell.gates * hidden, std::max(in, 2 * hidden)}, where);
  check_probability(cell.type, "dropout", dropout, where);
  check_floating(cell.type, options.dtype, where);
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  const auto start = [&](Shape shape) { return init::uniform_(zeros(shape, options.dtype, where), -bound, bound); };
  const std::int64_t rows = cell.gates * hidden, directions = bidirectional ? 2 : 1;
  for (std::int64_t i = 0; i < num_layers * directions; ++i) {
    Weights& w = weights.emplace_back();
    w.weight_ih = start({rows, i < directions ? in : directions * hidden});
    w.weight_hh = start({rows, hidden});
    if (!options.bias) continue;
    w.bias_ih = start({rows});
    w.bias_hh = start({rows});
  }
}

void detail::Recurrent::fields(Fields& v) {
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t layer = bidirectional ? i / 2 : i;
    const char* suffix = bidirectional && i % 2 ? "_reverse" : "";
    const auto name = [&](const char* part) { return Fields::intern(formatted("{}_l{}{}", part, layer, suffix)); };
    Weights& w = weights[i];
    v(name("weight_ih"), w.weight_ih);
    v(name("weight_hh"), w.weight_hh);
    v(name("bias_ih"), w.bias_ih);
    v(name("bias_hh"), w.bias_hh);
  }
}

std::string detail::Recurrent::describe() const {
  std::string s = formatted("{} -> {}", input_size, hidden_size);
  if (num_layers > 1) s += formatted(", {} layers", num_layers);
  if (bidirectional) s += ", bidirectional";
  if (batch_first) s += ", batch first";
  if (dropout > 0) s += formatted(", dropout {}", dropout);
  if (weights.empty()) return s + ", moved from";
  return weights[0].bias_ih.defined() ? s : s + ", no bias";
}

// (T N, I) -> (T N, H), one GEMM for the inputs of all steps; `state` moves from the first step to the last.
Tensor detail::Recurrent::layer(const Cell& cell, const Weights& w, const Tensor& x, State& state, std::int64_t steps,
                                bool back) const {
  Tensor bias = w.bias_ih;
  if (cell.joins_biases && bias.defined()) bias = bias + w.bias_hh;
  const Tensor inputs = linear(x, w.weight_ih, bias);
  const std::int64_t batch = state.h.size(0);
  std::vector<Tensor> h(static_cast<std::size_t>(steps));
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = back ? steps - 1 - i : i;
    state = cell.step(w, slice(inputs, 0, {t * batch, (t + 1) * batch}), state);
    h[static_cast<std::size_t>(t)] = state.h;
  }
  return concat(h);
}

Tensor detail::Recurrent::initial(const Cell& cell, const char* name, const Tensor& given, const Tensor& x,
                                  std::int64_t batch, Loc where) const {
  const Shape shape{static_cast<std::int64_t>(weights.size()), batch, hidden_size};
  if (!given.defined()) return zeros(shape, x.dtype(), where);
  if (given.shape() == shape) return given;
  fail(
      cell.type,
      {.wrong = formatted("{} has the wrong shape", name),
       .got = to_string(given.shape()),
       .expected = formatted("{}, which is (layers{}, N, hidden_size)", to_string(shape), bidirectional ? " · 2" : "")},
      where);
}

LSTMResult detail::Recurrent::run(const Cell& cell, Arg x, const Tensor& h0, const Tensor& c0, bool training) const {
  const Tensor& given = x.tensor();
  if (!given.defined() || given.dim() != 3 || given.size(2) != input_size || given.size(batch_first ? 1 : 0) == 0)
    fail(cell.type,
         {.wrong = "the input has the wrong shape",
          .got = given.defined() ? to_string(given.shape()) : "an undefined tensor",
          .expected = formatted("({}, {}), one step or more", batch_first ? "N, T" : "T, N", input_size)},
         x.where);
  const At at(x);
  Tensor sequence = batch_first ? transpose(x, 0, 1) : given;
  const std::int64_t steps = sequence.size(0), batch = sequence.size(1), directions = bidirectional ? 2 : 1;
  const Tensor h_before = initial(cell, "h0", h0, given, batch, x.where);
  const Tensor c_before = cell.has_c ? initial(cell, "c0", c0, given, batch, x.where) : Tensor();

  sequence = reshape(sequence, {steps * batch, input_size});
  std::vector<Tensor> h, c;
  for (std::int64_t l = 0; l < num_layers; ++l) {
    if (l > 0) sequence = gradus::dropout(sequence, dropout, training);
    std::vector<Tensor> read;
    for (std::int64_t d = 0; d < directions; ++d) {
      const std::int64_t i = l * directions + d;
      State state{select(h_before, 0, i), cell.has_c ? select(c_before, 0, i) : Tensor()};
      read.push_back(layer(cell, weights[static_cast<std::size_t>(i)], sequence, state, steps, d == 1));
      h.push_back(state.h);
      c.push_back(state.c);
    }
    sequence = bidirectional ? concat(read, 1) : read[0];
  }
  const Tensor y = reshape(sequence, {steps, batch, directions * hidden_size});
  return {batch_first ? transpose(y, 0, 1) : y, stack(h), cell.has_c ? stack(c) : Tensor()};
}

// ---- the layers ----

RNN::RNN(std::int64_t in, std::int64_t hidden, const RNNOptions& o, Loc where)
    : Recurrent(rnn_tanh, in, hidden, {o.num_layers, o.bias, o.batch_first, o.dropout, o.bidirectional, o.dtype},
                where),
      nonlinearity(o.nonlinearity) {}

RecurrentResult RNN::forward(Arg x, const Tensor& h0) const {
  const Cell& cell = nonlinearity == RNNNonlinearity::tanh ? rnn_tanh : rnn_relu;
  LSTMResult r = run(cell, x, h0, {}, is_training());
  return {std::move(r.y), std::move(r.h)};
}

LSTM::LSTM(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Loc where)
    : Recurrent(lstm, in, hidden, options, where) {}

LSTMResult LSTM::forward(Arg x, const Tensor& h0, const Tensor& c0) const {
  return run(lstm, x, h0, c0, is_training());
}

GRU::GRU(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Loc where)
    : Recurrent(gru, in, hidden, options, where) {}

RecurrentResult GRU::forward(Arg x, const Tensor& h0) const {
  LSTMResult r = run(gru, x, h0, {}, is_training());
  return {std::move(r.y), std::move(r.h)};
}

}  // namespace gradus::nn
