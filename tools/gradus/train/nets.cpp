// Building networks from specs.
#include "train/nets.hpp"

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/nearest.hpp"
#include "cli/spec.hpp"

namespace gradus::tool {
namespace {

using Widths = std::vector<std::int64_t>;

// A multilayer perceptron: hidden layers of these widths.
nn::Sequential mlp(const Widths& widths, const Shape& input, std::int64_t outputs) {
  nn::Sequential net;
  std::int64_t in = input[0];
  for (const std::int64_t width : widths) {
    net.push_back(nn::Linear(in, width)).push_back(nn::ReLU());
    in = width;
  }
  return net.push_back(nn::Linear(in, outputs));
}

// LeNet-5 (LeCun et al., 1998) with ReLU and max pooling. Small images are padded: its 5x5 windows would leave nothing
// of them.
nn::Sequential lenet(const Shape& input, std::int64_t outputs) {
  const std::int64_t padding = input[1] < 16 ? 2 : 0;
  // the size after a convolution and a pooling
  const auto after = [padding](std::int64_t size) { return (size + 2 * padding - 4) / 2; };
  const std::int64_t area = after(after(input[1])) * after(after(input[2]));
  return nn::Sequential(nn::Conv2d(input[0], 6, 5, {.padding = padding}), nn::ReLU(), nn::MaxPool2d(2),
                        nn::Conv2d(6, 16, 5, {.padding = padding}), nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                        nn::Linear(16 * area, 120), nn::ReLU(), nn::Linear(120, 84), nn::ReLU(),
                        nn::Linear(84, outputs));
}

// Three blocks of 3x3 convolution, batch norm and ReLU with two poolings between them, for images of any size.
nn::Sequential cnn(const Shape& input, std::int64_t outputs) {
  const auto block = [](std::int64_t in, std::int64_t out) {
    return nn::Sequential(nn::Conv2d(in, out, 3, {.padding = 1, .bias = false}), nn::BatchNorm2d(out), nn::ReLU());
  };
  const std::int64_t area = (input[1] / 4) * (input[2] / 4);
  return nn::Sequential(block(input[0], 16), nn::MaxPool2d(2), block(16, 32), nn::MaxPool2d(2), block(32, 64),
                        nn::Flatten(), nn::Dropout(0.3), nn::Linear(64 * area, outputs));
}

Widths parse_widths(const std::string& text, const Spec& spec) {
  Widths widths;
  for (const std::string& argument : spec.arguments) {
    const auto width = to_integer(argument);
    if (!width || *width < 1 || *width > 65536) {
      throw Stop(usage,
                 fmt::format("--net {}: '{}' is not a valid width: a whole number from 1 to 65536, as in mlp:128,64",
                             text, argument));
    }
    widths.push_back(*width);
  }
  return widths.empty() ? Widths{128} : widths;
}

}  // namespace

NetSpec parse_net(const std::string& text) {
  const Spec spec = parse_spec(text);
  if (spec.name == "mlp") {
    return {text, false, [widths = parse_widths(text, spec)](const Shape& input, std::int64_t outputs) {
              return mlp(widths, input, outputs);
            }};
  }
  if (spec.name != "lenet" && spec.name != "cnn") {
    const std::string names[] = {"mlp", "lenet", "cnn"};
    throw Stop(usage, fmt::format("--net {}: {}", spec.name, unknown(spec.name, names)));
  }
  if (!spec.arguments.empty()) { throw Stop(usage, fmt::format("--net {}: {} takes no options", text, spec.name)); }
  return {text, true, spec.name == "cnn" ? cnn : lenet};
}

}  // namespace gradus::tool
