// Reading JSON values as the library's types.
#include "verify/settings.hpp"

#include <limits>

namespace gradus::tool {
namespace {

constexpr Expected list_of_integers = "a list of whole numbers";

// One of a few words.
template <class E>
Expected choose(const Json& json, E& to, std::initializer_list<std::pair<std::string_view, E>> words,
                Expected expected) {
  if (!json.is_string()) return expected;
  for (const auto& [word, value] : words) {
    if (word != json.get_ref<const std::string&>()) continue;
    to = value;
    return nullptr;
  }
  return expected;
}

// A list of lists of numbers, one for each member; null leaves a member at its default.
template <class T>
Expected rows(const Json& json, std::vector<T>& to, std::initializer_list<std::int64_t T::*> members,
              Expected expected) {
  if (!json.is_array()) return expected;
  for (const Json& row : json) {
    if (!row.is_array() || row.size() != members.size()) return expected;
    T value;
    std::size_t i = 0;
    for (const auto member : members) {
      const Json& number = row[i++];
      if (!number.is_null() && read(number, value.*member)) return expected;
    }
    to.push_back(value);
  }
  return nullptr;
}

}  // namespace

Expected read(const Json& json, Json& to) {
  to = json;
  return nullptr;
}

Expected read(const Json& json, bool& to) {
  if (!json.is_boolean()) return "true or false";
  to = json.get<bool>();
  return nullptr;
}

Expected read(const Json& json, std::int64_t& to) {
  if (!json.is_number_integer()) return "a whole number";
  to = json.get<std::int64_t>();
  return nullptr;
}

Expected read(const Json& json, int& to) {
  if (!json.is_number_integer()) return "a whole number";
  const auto whole = json.get<std::int64_t>();
  if (whole < std::numeric_limits<int>::min() || whole > std::numeric_limits<int>::max()) return "a number below 2^31";
  to = static_cast<int>(whole);
  return nullptr;
}

Expected read(const Json& json, double& to) {
  if (json != "inf" && !json.is_number()) return "a number";
  to = json == "inf" ? std::numeric_limits<double>::infinity() : json.get<double>();
  return nullptr;
}

Expected read(const Json& json, std::string& to) {
  if (!json.is_string()) return "a word";
  to = json.get<std::string>();
  return nullptr;
}

Expected read(const Json& json, std::vector<std::int64_t>& to) {
  if (!json.is_array()) return list_of_integers;
  for (const Json& number : json) {
    if (read(number, to.emplace_back())) return list_of_integers;
  }
  return nullptr;
}

Expected read(const Json& json, Shape& to) {
  std::vector<std::int64_t> sizes;
  if (Expected expected = read(json, sizes)) return expected;
  to = Shape(std::span<const std::int64_t>(sizes));
  return nullptr;
}

Expected read(const Json& json, Pair& to) {
  std::vector<std::int64_t> both;
  if (json.is_number_integer())
    both.assign(2, json.get<std::int64_t>());
  else if (read(json, both) || both.size() != 2)
    return "one or two whole numbers";
  to = Pair(both[0], both[1]);
  return nullptr;
}

Expected read(const Json& json, std::array<double, 2>& to) {
  if (!json.is_array() || json.size() != 2 || read(json[0], to[0]) || read(json[1], to[1])) return "two numbers";
  return nullptr;
}

Expected read(const Json& json, std::vector<Range>& to) {
  return rows(json, to, {&Range::start, &Range::stop, &Range::step}, "a list of [start, stop, step]");
}

Expected read(const Json& json, std::vector<Pad>& to) {
  return rows(json, to, {&Pad::before, &Pad::after}, "a list of [before, after]");
}

Expected read(const Json& json, Gelu& to) {
  return choose(json, to, {{"none", Gelu::exact}, {"tanh", Gelu::tanh}}, "none or tanh");
}

Expected read(const Json& json, PadMode& to) {
  return choose(json, to,
                {{"constant", PadMode::constant}, {"reflect", PadMode::reflect}, {"replicate", PadMode::replicate}},
                "constant, reflect or replicate");
}

Expected read(const Json& json, Reduction& to) {
  return choose(json, to,
                {{"mean", Reduction::mean},
                 {"sum", Reduction::sum},
                 {"none", Reduction::none},
                 {"batchmean", Reduction::batch_mean}},
                "mean, sum, none or batchmean");
}

Expected read(const Json& json, nn::init::Fan& to) {
  return choose(json, to, {{"fan_in", nn::init::Fan::in}, {"fan_out", nn::init::Fan::out}}, "fan_in or fan_out");
}

Expected read(const Json& json, nn::init::Nonlinearity& to) {
  using enum nn::init::Nonlinearity;
  return choose(json, to,
                {{"linear", linear},
                 {"conv1d", conv},
                 {"conv2d", conv},
                 {"conv3d", conv},
                 {"conv_transpose1d", conv},
                 {"conv_transpose2d", conv},
                 {"conv_transpose3d", conv},
                 {"sigmoid", sigmoid},
                 {"tanh", tanh},
                 {"relu", relu},
                 {"leaky_relu", leaky_relu},
                 {"selu", selu}},
                "a nonlinearity");
}

Expected read(const Json& json, nn::RNNNonlinearity& to) {
  return choose(json, to, {{"tanh", nn::RNNNonlinearity::tanh}, {"relu", nn::RNNNonlinearity::relu}}, "tanh or relu");
}

Expected read(const Json& json, nn::EncoderActivation& to) {
  return choose(json, to, {{"relu", nn::EncoderActivation::relu}, {"gelu", nn::EncoderActivation::gelu}},
                "relu or gelu");
}

Expected read(const Json& json, optim::LineSearch& to) {
  return choose(json, to, {{"strong_wolfe", optim::LineSearch::strong_wolfe}}, "strong_wolfe");
}

Expected read(const Json& json, optim::Anneal& to) {
  return choose(json, to, {{"cos", optim::Anneal::cos}, {"linear", optim::Anneal::linear}}, "cos or linear");
}

Expected read(const Json& json, optim::CyclicMode& to) {
  using enum optim::CyclicMode;
  return choose(json, to, {{"triangular", triangular}, {"triangular2", triangular2}, {"exp_range", exp_range}},
                "triangular, triangular2 or exp_range");
}

Expected read(const Json& json, optim::PlateauMode& to) {
  return choose(json, to, {{"min", optim::PlateauMode::min}, {"max", optim::PlateauMode::max}}, "min or max");
}

Expected read(const Json& json, optim::ThresholdMode& to) {
  return choose(json, to, {{"rel", optim::ThresholdMode::rel}, {"abs", optim::ThresholdMode::abs}}, "rel or abs");
}

void Settings::finish() const {
  for (const auto& [name, value] : object_.items()) {
    if (!asked_.contains(name)) throw std::runtime_error(fmt::format("'{}' is unknown here", name));
  }
}

}  // namespace gradus::tool
