// Numbers that other libraries computed: numbers.json, made by make/run. Each row of examples/porting.md has a test
// that reads some.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <gradus/gradus.hpp>

namespace porting {

using Json = nlohmann::json;

// What a library computed under that name.
inline const Json& row(const std::string& library, const std::string& name) {
  static const Json all = Json::parse(std::ifstream(GRADUS_TEST_DIR "/porting/numbers.json"));
  return all.at(library).at("rows").at(name);
}

inline gradus::Tensor flat_tensor(const Json& numbers, gradus::Shape shape) {
  std::vector<double> all;
  const std::function<void(const Json&)> gather = [&](const Json& part) {
    if (!part.is_array()) return all.push_back(part.get<double>());
    for (const Json& p : part) gather(p);
  };
  gather(numbers);
  return gradus::from_data(std::span<const double>(all), shape);
}

// Nested lists as a tensor, f64.
inline gradus::Tensor tensor_of(const Json& numbers) {
  gradus::Shape shape;
  for (const Json* part = &numbers; part->is_array(); part = &part->at(0))
    shape.push_back(static_cast<std::int64_t>(part->size()));
  return flat_tensor(numbers, shape);
}

// Are they equal to about `digits` digits of the largest?
inline void check_close(const gradus::Tensor& got, const gradus::Tensor& want, double tolerance) {
  INFO("got ", gradus::to_string(got), "\nwant ", gradus::to_string(want));
  REQUIRE(got.shape() == want.shape());
  const auto a = got.to_vector(), b = want.to_vector();
  double worst = 0, largest = 1e-300;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
    CHECK(std::isfinite(a[i]));
  }
  CHECK(worst <= tolerance * largest);
}
inline void check_close(const gradus::Tensor& got, const Json& want, double tolerance) {
  check_close(got, tensor_of(want), tolerance);
}

using MakeOptimizer = std::function<std::unique_ptr<gradus::optim::OptimizerBase>(std::vector<gradus::Tensor>)>;
template <class Opt, class Options>
MakeOptimizer optimizer(Options options) {
  return [options](std::vector<gradus::Tensor> p) { return std::make_unique<Opt>(std::move(p), options); };
}

// Goes the same way under the same gradients.
inline void check_path(const std::string& library, const std::string& name, const MakeOptimizer& make,
                       double tolerance) {
  CAPTURE(library);
  CAPTURE(name);
  const Json& numbers = row(library, name);
  gradus::Tensor p = tensor_of(numbers.at("start")).requires_grad_();
  const auto opt = make({p});
  for (std::size_t i = 0; i < numbers.at("gradients").size(); ++i) {
    CAPTURE(i);
    p.set_grad(tensor_of(numbers.at("gradients")[i]));
    opt->step();
    check_close(p, numbers.at("path")[i], tolerance);
  }
}

using Loss = std::function<gradus::Tensor(const gradus::Tensor& input, const gradus::Tensor& target)>;
// Has the same value, but for a factor, and the same gradient, of one input.
inline void check_loss(const std::string& library, const std::string& name, const Loss& loss, double tolerance,
                       double value_factor = 1) {
  CAPTURE(library);
  CAPTURE(name);
  const Json& numbers = row(library, name);
  const gradus::Tensor x = tensor_of(numbers.at("input")), y = tensor_of(numbers.at("target"));
  const auto [value, gradient] = gradus::value_and_grad([&] { return loss(x, y); }, {x});
  check_close(value * value_factor, numbers.at("value"), tolerance);
  check_close(gradient[0], numbers.at("gradient"), tolerance);
}

}  // namespace porting
