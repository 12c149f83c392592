// LSTMCell and GRUCell: one step of the layers, with weights of their own.
#include <gradus/nn/recurrent.hpp>

#include <cmath>

#include <gradus/nn/init.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "nn/check.hpp"
#include "nn/steps.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

namespace {

template <class Cell>
void start(const char* type, Cell& cell, std::int64_t gates, const RecurrentCellOptions& options, Loc where) {
  const std::int64_t in = cell.input_size, hidden = cell.hidden_size;
  check_sizes(type, {{"input_size", in}, {"hidden_size", hidden}}, where);
  check_weight(type, {gates * hidden, std::max(in, hidden)}, where);
  check_floating(type, options.dtype, where);
  const double bound = 1 / std::sqrt(static_cast<double>(hidden));
  const auto uniform = [&](Shape shape) { return init::uniform_(zeros(shape, options.dtype, where), -bound, bound); };
  cell.weight_ih = uniform({gates * hidden, in});
  cell.weight_hh = uniform({gates * hidden, hidden});
  if (!options.bias) return;
  cell.bias_ih = uniform({gates * hidden});
  cell.bias_hh = uniform({gates * hidden});
}

template <class Cell>
void check_input(const char* type, const Cell& cell, const Arg& x) {
  const Tensor& t = x.tensor();
  if (t.defined() && t.dim() == 2 && t.size(1) == cell.input_size) return;
  fail(type,
       {.wrong = "the input has the wrong shape",
        .got = t.defined() ? to_string(t.shape()) : "an undefined tensor",
        .expected = formatted("(N, {})", cell.input_size)},
       x.where);
}

Tensor state(const char* type, const char* name, const Tensor& given, const Arg& x, std::int64_t hidden) {
  const Shape shape{x.tensor().size(0), hidden};
  if (!given.defined()) return zeros(shape, x.tensor().dtype(), x.where);
  if (given.shape() == shape) return given;
  fail(type,
       {.wrong = formatted("{} has the wrong shape", name),
        .got = to_string(given.shape()),
        .expected = formatted("{}, which is (N, hidden_size)", to_string(shape))},
       x.where);
}

template <class Cell>
std::string text(const Cell& cell) {
  return formatted("{} -> {}{}", cell.input_size, cell.hidden_size, cell.bias_ih.defined() ? "" : ", no bias");
}

}  // namespace

LSTMCell::LSTMCell(std::int64_t in, std::int64_t hidden, const RecurrentCellOptions& options, Loc where)
    : input_size(in), hidden_size(hidden) {
  start("LSTMCell", *this, 4, options, where);
}

LSTMCellResult LSTMCell::forward(Arg x, const Tensor& h, const Tensor& c) const {
  check_input("LSTMCell", *this, x);
  const At at(x);
  const StepState before{state("LSTMCell", "h", h, x, hidden_size), state("LSTMCell", "c", c, x, hidden_size)};
  const Tensor bias = bias_ih.defined() ? bias_ih + bias_hh : Tensor();
  StepState after = lstm_step(linear(x, weight_ih, bias), weight_hh, {}, before);
  return {std::move(after.h), std::move(after.c)};
}

std::string LSTMCell::describe() const { return text(*this); }

GRUCell::GRUCell(std::int64_t in, std::int64_t hidden, const RecurrentCellOptions& options, Loc where)
    : input_size(in), hidden_size(hidden) {
  start("GRUCell", *this, 3, options, where);
}

Tensor GRUCell::forward(Arg x, const Tensor& h) const {
  check_input("GRUCell", *this, x);
  const At at(x);
  const StepState before{state("GRUCell", "h", h, x, hidden_size), {}};
  return gru_step(linear(x, weight_ih, bias_ih), weight_hh, bias_hh, before).h;
}

std::string GRUCell::describe() const { return text(*this); }

}  // namespace gradus::nn
