// The networks that have a name: what they are made of.
#include <gradus/train/nets.hpp>

#include <algorithm>

#include <gradus/nn/layers.hpp>

#include "tensor/format.hpp"
#include "tensor/number.hpp"
#include "train/plan.hpp"

namespace gradus::train {
namespace {

using Widths = std::vector<std::int64_t>;

template <class Layer>
PlannedLayer planned(std::string code, double numbers, Layer make) {
  return {std::move(code), numbers, [make](nn::Sequential& net) { net.push_back(make()); }};
}

// Layers that are written as they are made.
PlannedLayer relu() {
  return planned("nn::ReLU()", 0, [] { return nn::ReLU(); });
}
PlannedLayer flatten() {
  return planned("nn::Flatten()", 0, [] { return nn::Flatten(); });
}
PlannedLayer max_pool(std::int64_t size) {
  return planned(formatted("nn::MaxPool2d({})", size), 0, [size] { return nn::MaxPool2d(size); });
}
PlannedLayer dropout(double p) {
  return planned(formatted("nn::Dropout({})", p), 0, [p] { return nn::Dropout(p); });
}
PlannedLayer linear(std::int64_t in, std::int64_t out) {
  const double numbers = (static_cast<double>(in) + 1) * static_cast<double>(out);
  return planned(formatted("nn::Linear({}, {})", in, out), numbers, [in, out] { return nn::Linear(in, out); });
}
PlannedLayer batch_norm(std::int64_t channels) {
  // weight, bias, running mean and variance, and the number of batches
  const double numbers = 4 * static_cast<double>(channels) + 1;
  return planned(formatted("nn::BatchNorm2d({})", channels), numbers, [channels] { return nn::BatchNorm2d(channels); });
}
PlannedLayer conv(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t padding, bool bias = true) {
  const double area = static_cast<double>(size * size);
  const double numbers = static_cast<double>(out) * (static_cast<double>(in) * area + (bias ? 1 : 0));
  std::string options;
  if (padding) options = formatted(".padding = {}", padding);
  if (!bias) options += options.empty() ? ".bias = false" : ", .bias = false";
  if (!options.empty()) options = ", {" + options + "}";
  return planned(formatted("nn::Conv2d({}, {}, {}{})", in, out, size, options), numbers,
                 [=] { return nn::Conv2d(in, out, size, {.padding = padding, .bias = bias}); });
}
// Layers as one.
PlannedLayer group(const Plan& plan) {
  std::string code;
  for (const PlannedLayer& layer : plan) code += (code.empty() ? "" : ", ") + layer.code;
  return planned("nn::Sequential{" + code + "}", numbers(plan), [plan] { return make(plan); });
}

struct Request {
  const std::string& spec;
  std::vector<std::string_view> arguments;  // of the spec
  const Shape& input;
  std::int64_t outputs;
  Loc where;

  [[noreturn]] void refuse(std::string wrong, std::string got, std::string expected) const {
    throw Error("make_net",
                {.wrong = formatted("{}: {}", spec, wrong), .got = std::move(got), .expected = std::move(expected)},
                where);
  }
  // Throws where poolings would leave nothing of the image.
  void check_image(std::int64_t least) const {
    if (input[1] >= least && input[2] >= least) return;
    refuse("the images are too small", to_string(input), formatted("{} x {} at least", least, least));
  }
};

Plan mlp(const Request& r) {
  Widths widths;
  for (const std::string_view argument : r.arguments) {
    const auto width = detail::parse_integer(argument);
    if (!width || *width < 1 || *width > 65536) {
      r.refuse(formatted("'{}' is not a valid width", argument), {},
               "a whole number from 1 to 65536, as in mlp:128,64");
    }
    widths.push_back(*width);
  }
  if (widths.empty()) widths = {128};
  Plan plan;
  std::int64_t in = r.input[0];
  for (const std::int64_t width : widths) {
    plan.push_back(linear(in, width));
    plan.push_back(relu());
    in = width;
  }
  plan.push_back(linear(in, r.outputs));
  return plan;
}

// Small images are padded: the 5x5 windows would leave nothing of them.
Plan lenet(const Request& r) {
  r.check_image(8);
  const std::int64_t padding = r.input[1] < 16 ? 2 : 0;
  if (padding == 0) r.check_image(16);
  // the size after a convolution and a pooling
  const auto after = [padding](std::int64_t size) { return (size + 2 * padding - 4) / 2; };
  const double area = static_cast<double>(after(after(r.input[1]))) * static_cast<double>(after(after(r.input[2])));
  if (area > 1e9) r.refuse("the images are too large", to_string(r.input), "fewer pixels");
  return {conv(r.input[0], 6, 5, padding),
          relu(),
          max_pool(2),
          conv(6, 16, 5, padding),
          relu(),
          max_pool(2),
          flatten(),
          linear(16 * static_cast<std::int64_t>(area), 120),
          relu(),
          linear(120, 84),
          relu(),
          linear(84, r.outputs)};
}

// For images of any size from 4 x 4.
Plan cnn(const Request& r) {
  r.check_image(4);
  const auto block = [](std::int64_t in, std::int64_t out) {
    return group({conv(in, out, 3, 1, false), batch_norm(out), relu()});
  };
  const double area = static_cast<double>(r.input[1] / 4) * static_cast<double>(r.input[2] / 4);
  if (area > 1e9) r.refuse("the images are too large", to_string(r.input), "fewer pixels");
  return {block(r.input[0], 16), max_pool(2), block(16, 32), max_pool(2),
          block(32, 64),         flatten(),   dropout(0.3),  linear(64 * static_cast<std::int64_t>(area), r.outputs)};
}

struct Known {
  const char* name;
  Examples takes;
  bool has_options;
  Plan (*plan)(const Request& request);
};
constexpr Known nets[] = {{"mlp", Examples::rows, true, mlp},
                          {"lenet", Examples::images, false, lenet},
                          {"cnn", Examples::images, false, cnn}};

const Known& known(const std::string& spec, Loc where) {
  constexpr std::size_t most_bytes = 4096;
  const std::string_view name = std::string_view(spec).substr(0, spec.find(':'));
  const auto found = std::ranges::find(nets, name, &Known::name);
  if (found == std::end(nets) || spec.size() > most_bytes) {
    throw Error(
        "make_net",
        {.wrong = formatted("there is no network {:?}", spec.substr(0, 60)),
         .expected = formatted("{}, with options of at most {} bytes", fmt::join(net_names(), ", "), most_bytes)},
        where);
  }
  if (!found->has_options && name.size() < spec.size()) {
    throw Error("make_net", {.wrong = formatted("{}: {} takes no options", spec, name)}, where);
  }
  return *found;
}

}  // namespace

std::vector<std::string> net_names() {
  std::vector<std::string> names;
  for (const Known& net : nets) names.emplace_back(net.name);
  return names;
}

Plan plan_net(const std::string& spec, const Shape& input, std::int64_t outputs, Loc where) {
  const Known& net = known(spec, where);
  Request request{spec, {}, input, outputs, where};
  if (const auto colon = spec.find(':'); colon != spec.npos) {
    request.arguments = detail::split(std::string_view(spec).substr(colon + 1));
  }
  constexpr std::int64_t most = std::int64_t{1} << 32;  // far above any network; sums of such sizes do not overflow
  const auto is_size = [](std::int64_t size) { return size >= 1 && size <= most; };
  const int axes = net.takes == Examples::images ? 3 : 1;
  if (input.size() != axes || !std::all_of(input.begin(), input.end(), is_size)) {
    request.refuse("takes other examples", to_string(input), axes == 3 ? "(C, H, W)" : "(features)");
  }
  if (!is_size(outputs)) request.refuse("no network has so many outputs", std::to_string(outputs), "1 or more");
  return net.plan(request);
}

Examples examples_of(const std::string& spec, Loc where) {
  const Examples takes = known(spec, where).takes;
  (void)plan_net(spec, takes == Examples::images ? Shape{1, 28, 28} : Shape{1}, 1, where);  // checks the options
  return takes;
}

double numbers(const Plan& plan) {
  double sum = 0;
  for (const PlannedLayer& layer : plan) sum += layer.numbers;
  return sum;
}

nn::Sequential make(const Plan& plan) {
  nn::Sequential net;
  for (const PlannedLayer& layer : plan) layer.add_to(net);
  return net;
}

nn::Sequential make_net(const std::string& spec, const Shape& input, std::int64_t outputs, Loc where) {
  return make(plan_net(spec, input, outputs, where));
}

}  // namespace gradus::train
