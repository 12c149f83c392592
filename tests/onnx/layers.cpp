// Every layer of nn.
#include "cases.hpp"

namespace onnx_cases {
namespace {

void write_activations(Writer& w) {
  const Inputs x = normal({3, 5});
  w.one("relu", nn::ReLU(), x);
  w.one("tanh", nn::Tanh(), x);
  w.one("sigmoid", nn::Sigmoid(), x);
  w.one("silu", nn::SiLU(), x);
  w.one("gelu", nn::GELU(), x);
  w.one("gelu_tanh", nn::GELU(Gelu::tanh), x);
  w.one("leaky_relu", nn::LeakyReLU(0.2), x);
  w.one("elu", nn::ELU(0.7), x);
  w.one("softplus", nn::Softplus(), x);
  w.one("softplus_low", nn::Softplus(2, 0.5), x);
  w.one("softmax", nn::Softmax(1), x);
  w.one("log_softmax", nn::LogSoftmax(), x);
}

void write_linear(Writer& w) {
  w.one("linear", nn::Linear(5, 4), normal({5}));
  w.one("linear_of_sequences", nn::Linear(5, 4), normal({3, 5}));
  w.one("linear_without_bias", nn::Linear(5, 4, {.bias = false}), normal({5}));
  w.one("linear_f64", nn::Linear(5, 4, {.dtype = f64}), normal({5}, 0, f64));
  w.one("flatten", nn::Flatten(), normal({3, 2, 2}));
  w.one("dropout", nn::Dropout(0.5), normal({6}));
  w.one("embedding", nn::Embedding(11, 4), ids(11, {6}));
  w.one("embedding_with_padding", nn::Embedding(11, 4, {.padding_idx = 3}), ids(11, {6}));
  w.one("embedding_of_rows", nn::Embedding(11, 4), ids(11, {}));
  w.one("standardize", nn::Standardize::of(randn({20, 5}) * 3 + 1), normal({5}));
  w.one("unstandardize", nn::Unstandardize::of(randn({20, 1}) * 3 + 1), normal({1}));
}

void write_convolutions(Writer& w) {
  w.one("conv1d", nn::Conv1d(4, 6, 3, {.stride = 2, .padding = 1, .groups = 2}), normal({4, 9}));
  w.one("conv2d", nn::Conv2d(3, 4, {3, 2}, {.stride = {1, 2}, .padding = {2, 0}, .dilation = {2, 1}}),
        normal({3, 8, 7}));
  w.one("conv2d_groups", nn::Conv2d(4, 8, 3, {.padding = 1, .groups = 4, .bias = false}), normal({4, 5, 5}));
  w.one("conv_transpose2d", nn::ConvTranspose2d(3, 4, 3, {.stride = 2, .padding = 1, .output_padding = 1}),
        normal({3, 5, 4}));
  w.one("conv_transpose2d_groups", nn::ConvTranspose2d(4, 6, 2, {.groups = 2, .bias = false, .dilation = 2}),
        normal({4, 5, 4}));
}

void write_pools(Writer& w) {
  const Inputs x = normal({2, 8, 7});
  w.one("max_pool1d", nn::MaxPool1d(3, {.stride = 2, .padding = 1}), normal({2, 7}));
  w.one("upsample", nn::Upsample({.scale_factor = 2}), x);
  w.one("upsample_bilinear", nn::Upsample({.size = {5, 9}, .mode = nn::UpsampleMode::bilinear}), x);
  w.one("max_pool2d", nn::MaxPool2d(2), x);
  w.one("max_pool2d_padded", nn::MaxPool2d({3, 2}, {.stride = 2, .padding = 1, .dilation = {2, 1}}), x);
  w.one("max_pool2d_ceil", nn::MaxPool2d(3, {.stride = 2, .padding = 1, .ceil_mode = true}), x);
  w.one("avg_pool2d", nn::AvgPool2d(2), x);
  w.one("avg_pool2d_padded", nn::AvgPool2d(3, {.stride = 2, .padding = 1}), x);
  w.one("avg_pool2d_real", nn::AvgPool2d(3, {.stride = 2, .padding = 1, .count_include_pad = false}), x);
  w.one("avg_pool2d_ceil", nn::AvgPool2d(3, {.stride = 2, .padding = 1, .ceil_mode = true}), x);
  w.one("avg_pool2d_ceil_real", nn::AvgPool2d(3, {.stride = 2, .ceil_mode = true, .count_include_pad = false}), x);
  w.one("avg_pool2d_ceil_wide", nn::AvgPool2d(2, {.stride = 3, .padding = 1, .ceil_mode = true}), x);
  w.one("adaptive_avg_pool2d", nn::AdaptiveAvgPool2d(1), x);
  w.one("adaptive_avg_pool2d_even", nn::AdaptiveAvgPool2d({4, 7}), x);
  w.one("adaptive_avg_pool2d_uneven", nn::AdaptiveAvgPool2d(3), x);
}

// With statistics that are not those of the start.
template <class Norm>
Norm trained(Norm norm, const Tensor& x) {
  norm(x);
  return norm;
}

void write_norms(Writer& w) {
  w.one("layer_norm", nn::LayerNorm({3, 5}), normal({2, 3, 5}));
  w.one("layer_norm_plain", nn::LayerNorm(5, {.elementwise_affine = false}), normal({5}));
  w.one("rms_norm", nn::RMSNorm(5), normal({3, 5}));
  w.one("group_norm", nn::GroupNorm(2, 4), normal({4, 3, 3}));
  w.one("batch_norm1d", trained(nn::BatchNorm1d(5), randn({9, 5}) * 2 + 1), normal({5}));
  w.one("batch_norm1d_of_sequences", trained(nn::BatchNorm1d(4, {.eps = 1e-3}), randn({9, 4, 3})), normal({4, 3}));
  w.one("batch_norm2d", trained(nn::BatchNorm2d(3), randn({9, 3, 4, 4}) * 3), normal({3, 4, 4}));
  w.one("batch_norm2d_plain", trained(nn::BatchNorm2d(3, {.affine = false}), randn({9, 3, 4, 4})), normal({3, 4, 4}));
}

void write_recurrent(Writer& w) {
  const io::OnnxOptions second{.batch_axis = 1};
  w.one("rnn", nn::RNN(3, 4), normal({5, 3}, 1), second);
  w.one("rnn_relu",
        nn::RNN(3, 4, {.nonlinearity = nn::RNNNonlinearity::relu, .batch_first = true, .bidirectional = true}),
        normal({5, 3}));
  w.one("lstm", nn::LSTM(3, 4), normal({5, 3}, 1), second);
  w.one("lstm_2_bidirectional", nn::LSTM(3, 4, {.num_layers = 2, .batch_first = true, .bidirectional = true}),
        normal({5, 3}));
  w.one("lstm_without_bias", nn::LSTM(3, 4, {.bias = false}), normal({5, 3}, 1), second);
  w.one("gru", nn::GRU(3, 4, {.batch_first = true}), normal({5, 3}));
  w.one("gru_cell", nn::GRUCell(3, 4), normal({3}));
  const nn::LSTMCell cell(3, 4);
  w.one(
      "lstm_cell", [&](const Arg& x) { return cell(x).h; }, normal({3}));
  w.one(
      "rotary", [](const Arg& x) { return nn::rotary(x) + nn::rotary(x, {.first = 2, .interleaved = true}); },
      normal({2, 5, 6}));
  w.one("gru_2_bidirectional", nn::GRU(3, 4, {.num_layers = 2, .bidirectional = true}), normal({5, 3}, 1), second);
  // From a state that is not zero: step by step.
  const nn::LSTM lstm(3, 4);
  const nn::GRU gru(3, 4);
  const Tensor h = ones({1, 1, 4}), c = full({1, 1, 4}, 0.5);
  const auto states = [](const Tensor& s, const Tensor& x) { return expand(s, {1, x.size(1), 4}); };
  w.one(
      "lstm_from_state", [&](const Arg& x) { return lstm(x, states(h, x), states(c, x)); }, normal({5, 3}, 1), second);
  w.one(
      "gru_from_state", [&](const Arg& x) { return gru(x, states(h, x)); }, normal({5, 3}, 1), second);
}

void write_attention(Writer& w) {
  const Inputs three = [](std::int64_t n) {
    return std::vector<Tensor>{randn({n, 4, 8}), randn({n, 5, 8}), randn({n, 5, 8})};
  };
  w.three("multihead_attention", nn::MultiheadAttention(8, 2, {.batch_first = true}), three);
  const nn::MultiheadAttention time_first(8, 2);
  w.one("self_attention", [&](const Arg& x) { return time_first(x, x, x, {.need_weights = false}); }, normal({4, 8}, 1),
        {.batch_axis = 1});
  w.one("encoder_layer", nn::TransformerEncoderLayer(8, 2, {.dim_feedforward = 12, .batch_first = true}),
        normal({4, 8}));
  w.one("encoder_layer_norm_first",
        nn::TransformerEncoderLayer(
            8, 2, {.dim_feedforward = 12, .activation = nn::EncoderActivation::gelu, .norm_first = true}),
        normal({4, 8}, 1), {.batch_axis = 1});
  const nn::TransformerEncoderLayer masked(8, 2, {.dim_feedforward = 12, .batch_first = true});
  nn::ModuleBase& module = const_cast<nn::TransformerEncoderLayer&>(masked);
  const nn::Evaluating evaluating(module);
  const Tensor hidden = triu(ones({4, 4}), 1) > 0;
  w.one(
      "encoder_layer_masked", [&](const Arg& x) { return masked(x, hidden); }, normal({4, 8}));
}

}  // namespace

void write_layers(Writer& w) {
  write_activations(w);
  write_linear(w);
  write_convolutions(w);
  write_pools(w);
  write_norms(w);
  write_recurrent(w);
  write_attention(w);
}

}  // namespace onnx_cases
