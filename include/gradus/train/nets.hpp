// Networks by a word, as `gradus train --net` names them and as a saved model says what it is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gradus/nn/sequential.hpp>

namespace gradus::train {

/// What one example of a network looks like.
enum class Examples {
  rows,    ///< (features): the columns of a table, each in its own unit
  images,  ///< (C, H, W): pixels, all in one unit
};

/// The names that a spec may begin with.
std::vector<std::string> net_names();

/// What the network of this spec takes. Throws for a spec that make_net refuses.
Examples examples_of(const std::string& spec, Loc where = Loc::current());

/// The network of a spec for examples of shape `input`, without the batch, with fresh weights; y is (N, outputs).
///   "mlp:128,64"  a multilayer perceptron: Linear and ReLU, hidden layers of these widths; "mlp" is "mlp:128"
///   "lenet"       LeNet-5 (LeCun et al., 1998) with ReLU and max pooling; small images are padded
///   "cnn"         three blocks of 3x3 convolution, batch norm and ReLU with two poolings between them, dropout 0.3
/// Throws for an unknown name, for options that the network does not have and for an input that does not fit.
nn::Sequential make_net(const std::string& spec, const Shape& input, std::int64_t outputs, Loc where = Loc::current());

}  // namespace gradus::train
