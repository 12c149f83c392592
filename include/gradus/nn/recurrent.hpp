// Layers that read sequences step by step: RNN, LSTM, GRU.
//
//   nn::LSTM lstm(10, 64, {.num_layers = 2, .batch_first = true});
//   auto [y, h, c] = lstm(x);                             // x (N, T, 10), y (N, T, 64), h and c (2, N, 64)
//   auto [z, h2, c2] = lstm(more, h.detach(), c.detach());  // goes on where x ended; the gradient stops there
//   auto [y, h, c] = lstm(padded, {}, {}, lengths);       // sequences of different lengths, i64 (N)
//   auto [h2, c2] = cell(x, h, c);                        // LSTMCell: one step, x (N, 10)
//
// Lengths are 1 to T. Sequence n is its first lengths[n] steps; what follows, NaN too, is not read. There y is 0, h and
// c are those of its last step, and backwards it is read from there. After set_deterministic(true) each sequence has
// the bits that it has alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

struct RecurrentOptions {
  std::int64_t num_layers = 1;  ///< each above the first reads the one below
  bool bias = true;
  bool batch_first = false;    ///< x and y are (N, T, …) instead of (T, N, …); states are not affected
  double dropout = 0;          ///< while training, on what each layer but the last passes up
  bool bidirectional = false;  ///< each layer also reads backwards, with weights of its own; y is both, side by side
  DType dtype = default_dtype();
};

/// The function after the sum of an RNN.
enum class RNNNonlinearity { tanh, relu };

struct RNNOptions {
  std::int64_t num_layers = 1;
  RNNNonlinearity nonlinearity = RNNNonlinearity::tanh;
  bool bias = true, batch_first = false;
  double dropout = 0;
  bool bidirectional = false;
  DType dtype = default_dtype();
};

/// y (T, N, D H): the last layer's h at every step, in x's layout. h (num_layers D, N, H): every layer's at the end. D
/// is 2 if bidirectional, else 1.
struct RecurrentResult {
  Tensor y, h;  ///< outputs of all times; the last state of each layer
};

/// Outputs of all times, and the state after the last.
struct LSTMResult {
  Tensor y, h, c;  ///< c as h
};

namespace detail {

/// What the recurrent layers share: their weights, and the way through time. G gates lie one after another along axis 0
/// of every weight. All of them start uniform in ±1/sqrt(hidden_size).
struct Recurrent {
  struct Weights {
    Parameter weight_ih;         ///< (G H, input_size) in the first layer, (G H, D H) in those above
    Parameter weight_hh;         ///< (G H, H)
    Parameter bias_ih, bias_hh;  ///< (G H), or undefined
  };

  std::int64_t input_size, hidden_size, num_layers;
  bool batch_first, bidirectional;
  double dropout;
  std::vector<Weights> weights;  ///< layer by layer; if bidirectional, forwards and backwards in turn

  std::string describe() const;
  void fields(Fields& v);  ///< PyTorch's: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, …

 protected:
  struct Cell;
  static const Cell rnn_tanh, rnn_relu, lstm, gru;

  Recurrent(const Cell& cell, std::int64_t in, std::int64_t hidden, const RecurrentOptions& options, Loc where);
  Recurrent(const Recurrent&) = default;
  Recurrent(Recurrent&&) = default;
  Recurrent& operator=(const Recurrent&) =
      default;  ///< the only one: moving the list would detach the weights' handles
  LSTMResult run(const Cell& cell, Arg x, const Tensor& h0, const Tensor& c0, const Tensor& lengths,
                 bool training) const;

 private:
  struct State;
  struct Padding;
  Tensor layer(const Cell& cell, const Weights& w, const Tensor& x, State& state, const Padding& padding,
               bool back) const;
  Tensor initial(const Cell& cell, const char* name, const Tensor& given, const Tensor& x, std::int64_t batch,
                 Loc where) const;
};

}  // namespace detail

/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu instead of tanh (Elman, "Finding structure in time", 1990).
/// x (T, N, input_size), h0 (num_layers D, N, hidden_size) or undefined for zeros; the result as in RecurrentResult.
struct RNN : Module<RNN>, detail::Recurrent {
  RNNNonlinearity nonlinearity;  ///< the function after the sum

  RNN(std::int64_t in, std::int64_t hidden, const RNNOptions& options = {}, Loc where = Loc::current());
  RecurrentResult forward(Arg x, const Tensor& h0 = {}, const Tensor& lengths = {}) const;
  /// runs; the form that takes arguments in braces
  RecurrentResult operator()(Arg x, const Tensor& h0 = {}, const Tensor& lengths = {}) const {
    return Module::operator()(x, h0, lengths);
  }
};

/// Long short-term memory (Hochreiter and Schmidhuber, "Long short-term memory", 1997; with the forget gate of Gers,
/// Schmidhuber and Cummins, 2000). With s the sigmoid and each of i, f, g, o a W_ih x + b_ih + W_hh h + b_hh:
///   c' = s(f) c + s(i) tanh(g)    h' = s(o) tanh(c')
/// x (T, N, input_size), h0 and c0 (num_layers D, N, hidden_size), each zeros if undefined.
struct LSTM : Module<LSTM>, detail::Recurrent {
  LSTM(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options = {}, Loc where = Loc::current());
  LSTMResult forward(Arg x, const Tensor& h0 = {}, const Tensor& c0 = {}, const Tensor& lengths = {}) const;
  /// runs; the form that takes arguments in braces
  LSTMResult operator()(Arg x, const Tensor& h0 = {}, const Tensor& c0 = {}, const Tensor& lengths = {}) const {
    return Module::operator()(x, h0, c0, lengths);
  }
};

/// The gated recurrent unit (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014), in the
/// form where r multiplies after the product, bias included:
///   r = s(W_ir x + b_ir + W_hr h + b_hr)          z = s(W_iz x + b_iz + W_hz h + b_hz)
///   n = tanh(W_in x + b_in + r (W_hn h + b_hn))   h' = (1 - z) n + z h
/// x (T, N, input_size), h0 (num_layers D, N, hidden_size) or undefined for zeros.
struct GRU : Module<GRU>, detail::Recurrent {
  GRU(std::int64_t in, std::int64_t hidden, const RecurrentOptions& options = {}, Loc where = Loc::current());
  RecurrentResult forward(Arg x, const Tensor& h0 = {}, const Tensor& lengths = {}) const;
  /// runs; the form that takes arguments in braces
  RecurrentResult operator()(Arg x, const Tensor& h0 = {}, const Tensor& lengths = {}) const {
    return Module::operator()(x, h0, lengths);
  }
};

struct RecurrentCellOptions {
  bool bias = true;
  DType dtype = default_dtype();
};

/// The state after a step.
struct LSTMCellResult {
  Tensor h, c;  ///< (N, hidden_size)
};

/// One step of an LSTM. x (N, input_size), h and c (N, hidden_size), each zeros if undefined. Weights start as the
/// layer's.
struct LSTMCell : Module<LSTMCell> {
  std::int64_t input_size, hidden_size;
  Parameter weight_ih, weight_hh;  ///< (4 H, input_size), (4 H, H): gates i, f, g, o
  Parameter bias_ih, bias_hh;      ///< (4 H), or undefined

  /// From `in` features to `hidden`.
  LSTMCell(std::int64_t in, std::int64_t hidden, const RecurrentCellOptions& options = {}, Loc where = Loc::current());
  LSTMCellResult forward(Arg x, const Tensor& h = {}, const Tensor& c = {}) const;
  /// runs; the form that takes arguments in braces
  LSTMCellResult operator()(Arg x, const Tensor& h = {}, const Tensor& c = {}) const {
    return Module::operator()(x, h, c);
  }
  std::string describe() const;
  void fields(auto& v) {
    v("weight_ih", weight_ih);
    v("weight_hh", weight_hh);
    v("bias_ih", bias_ih);
    v("bias_hh", bias_hh);
  }
};

/// One step of a GRU: the next h (N, hidden_size). x (N, input_size), h (N, hidden_size) or undefined for zeros.
struct GRUCell : Module<GRUCell> {
  std::int64_t input_size, hidden_size;
  Parameter weight_ih, weight_hh;  ///< (3 H, input_size), (3 H, H): gates r, z, n
  Parameter bias_ih, bias_hh;      ///< (3 H), or undefined

  /// From `in` features to `hidden`.
  GRUCell(std::int64_t in, std::int64_t hidden, const RecurrentCellOptions& options = {}, Loc where = Loc::current());
  Tensor forward(Arg x, const Tensor& h = {}) const;
  /// runs; the form that takes arguments in braces
  Tensor operator()(Arg x, const Tensor& h = {}) const { return Module::operator()(x, h); }
  std::string describe() const;
  void fields(auto& v) {
    v("weight_ih", weight_ih);
    v("weight_hh", weight_hh);
    v("bias_ih", bias_ih);
    v("bias_hh", bias_hh);
  }
};

}  // namespace gradus::nn
