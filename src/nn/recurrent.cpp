// RNN, LSTM and GRU: the loop over layers, directions and time that they share.
#include <gradus/nn/recurrent.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "nn/steps.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

// ---- one step ----

struct detail::Recurrent::State : StepState {};

struct detail::Recurrent::Cell {
  const char* type;
  int gates;
  bool has_c;
  bool joins_biases;  // b_ih + b_hh is all that matters, so it is added once for all steps
  StepState (*step)(const Tensor& x, const Tensor& weight_hh, const Tensor& bias_hh, const StepState& s);
};

const detail::Recurrent::Cell detail::Recurrent::rnn_tanh{"RNN", 1, false, true, tanh_step};
const detail::Recurrent::Cell detail::Recurrent::rnn_relu{"RNN", 1, false, true, relu_step};
const detail::Recurrent::Cell detail::Recurrent::lstm{"LSTM", 4, true, true, lstm_step};
const detail::Recurrent::Cell detail::Recurrent::gru{"GRU", 3, false, false, gru_step};

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

// Which steps of which sequences there are.
struct detail::Recurrent::Padding {
  std::int64_t steps, batch;
  Tensor lengths;  // (N, 1), or undefined: all are full
  std::int64_t shortest;
  Tensor at(std::int64_t t) const {  // bool (N, 1), undefined where all sequences have the step t
    return lengths.defined() && t >= shortest ? lengths > t : Tensor();
  }
};

// (T N, I) -> (T N, H), one GEMM for the inputs of all steps; `state` moves from the first step to the last.
Tensor detail::Recurrent::layer(const Cell& cell, const Weights& w, const Tensor& x, State& state,
                                const Padding& padding, bool back) const {
  Tensor bias = w.bias_ih;
  if (cell.joins_biases && bias.defined()) bias = bias + w.bias_hh;
  const Tensor inputs = linear(x, w.weight_ih, bias);
  const std::int64_t steps = padding.steps, batch = padding.batch;
  std::vector<Tensor> h(static_cast<std::size_t>(steps));
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = back ? steps - 1 - i : i;
    StepState next = cell.step(slice(inputs, 0, {t * batch, (t + 1) * batch}), w.weight_hh, w.bias_hh, state);
    Tensor y = next.h;
    if (const Tensor here = padding.at(t); here.defined()) {  // a sequence that has ended, or not begun, waits
      y = where(here, next.h, 0);
      next.h = where(here, next.h, state.h);
      if (cell.has_c) next.c = where(here, next.c, state.c);
    }
    state = {std::move(next)};
    h[static_cast<std::size_t>(t)] = std::move(y);
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

namespace {

std::int64_t checked_lengths(const char* type, const Tensor& lengths, std::int64_t batch, std::int64_t steps,
                             Loc where) {
  if (lengths.dtype() != i64 || lengths.shape() != Shape{batch})
    fail(type,
         {.wrong = "lengths has the wrong shape or dtype",
          .got = formatted("{} {}", to_string(lengths.shape()), name(lengths.dtype())),
          .expected = formatted("({},) i64, a length for each sequence", batch)},
         where);
  std::int64_t shortest = steps;
  for (const std::int64_t n : lengths.to_vector<std::int64_t>()) {
    if (n < 1 || n > steps)
      fail(type,
           {.wrong = "a length is out of range", .got = formatted("{}", n), .expected = formatted("1 to {}", steps)},
           where);
    shortest = std::min(shortest, n);
  }
  return shortest;
}

}  // namespace

LSTMResult detail::Recurrent::run(const Cell& cell, Arg x, const Tensor& h0, const Tensor& c0, const Tensor& lengths,
                                  bool training) const {
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
  Padding padding{steps, batch, {}, steps};
  if (lengths.defined()) {
    padding.shortest = checked_lengths(cell.type, lengths, batch, steps, x.where);
    padding.lengths = reshape(lengths, {batch, 1});
  }
  if (padding.shortest < steps)  // nothing in the padding is read, so that no NaN of it reaches a weight's gradient
    sequence = where(reshape(arange(steps), {steps, 1, 1}) < padding.lengths, sequence, 0);

  sequence = reshape(sequence, {steps * batch, input_size});
  std::vector<Tensor> h, c;
  for (std::int64_t l = 0; l < num_layers; ++l) {
    if (l > 0) sequence = gradus::dropout(sequence, dropout, training);
    std::vector<Tensor> read;
    for (std::int64_t d = 0; d < directions; ++d) {
      const std::int64_t i = l * directions + d;
      State state{{select(h_before, 0, i), cell.has_c ? select(c_before, 0, i) : Tensor()}};
      read.push_back(layer(cell, weights[static_cast<std::size_t>(i)], sequence, state, padding, d == 1));
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

RecurrentResult RNN::forward(Arg x, const Tensor& h0, const Tensor& lengths) const {
  const Cell& cell = nonlinearity == RNNNonlinearity::tanh ? rnn_tanh : rnn_relu;
  LSTMResult r = run(cell, x, h0, {}, lengths, is_training());
  return {std::move(r.y), std::move(r.h)};
}

LSTM::LSTM(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Loc where)
    : Recurrent(lstm, in, hidden, options, where) {}

LSTMResult LSTM::forward(Arg x, const Tensor& h0, const Tensor& c0, const Tensor& lengths) const {
  return run(lstm, x, h0, c0, lengths, is_training());
}

GRU::GRU(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Loc where)
    : Recurrent(gru, in, hidden, options, where) {}

RecurrentResult GRU::forward(Arg x, const Tensor& h0, const Tensor& lengths) const {
  LSTMResult r = run(gru, x, h0, {}, lengths, is_training());
  return {std::move(r.y), std::move(r.h)};
}

}  // namespace gradus::nn
