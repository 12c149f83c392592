// One case: where its numbers are, and whether a result is the one stored.
#include <algorithm>
#include <cmath>

#include "cli/command.hpp"
#include "verify/kit.hpp"

namespace gradus::tool {
namespace {

// NaN is close to NaN, an infinity to itself.
bool close(double got, double want, double tolerance) {
  if (std::isnan(want)) return std::isnan(got);
  return got == want || (std::isfinite(want) && std::abs(got - want) <= tolerance);
}

// Of element i in row-major order.
Json position(std::ptrdiff_t i, const Shape& shape) {
  std::vector<std::int64_t> at(static_cast<std::size_t>(shape.size()));
  for (int axis = shape.size(); axis-- > 0; i /= shape[axis]) at[static_cast<std::size_t>(axis)] = i % shape[axis];
  return at;
}

}  // namespace

Json to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";  // whatever its sign
  return value > 0 ? "inf" : "-inf";
}

Case::Case(std::string of, const Json& all, const Json& spec, const StateDict& tensors)
    : group(std::move(of)), name(spec.at("name").get<std::string>()), index(all), spec_(spec), tensors_(tensors) {}

Budget Case::budget() const {
  double stored = 0;
  for (const auto& [tensor, x] : tensors_) stored += static_cast<double>(x.numel());
  return Budget(stored);
}

const Tensor& Case::tensor(const Json& stored) const {
  const auto& wanted = stored.get_ref<const std::string&>();
  if (const Tensor* found = find(tensors_, wanted)) return *found;
  throw Stop(file_trouble, fmt::format("{}: the kit has no tensor {}", path(), wanted));
}

void Case::compare(const std::string& what, const Tensor& got, const Tensor& want) const {
  if (!got.defined()) throw Difference{what, nullptr, "nothing", to_string(want.shape())};
  if (got.dtype() != want.dtype())
    throw Difference{what + ": dtype", nullptr, gradus::name(got.dtype()), gradus::name(want.dtype())};
  if (got.shape() != want.shape())
    throw Difference{what + ": shape", nullptr, to_string(got.shape()), to_string(want.shape())};
  if (!is_floating(want.dtype())) {
    const auto g = got.to_vector<std::int64_t>(), w = want.to_vector<std::int64_t>();
    const auto [a, b] = std::mismatch(g.begin(), g.end(), w.begin());
    if (a != g.end()) throw Difference{what, position(a - g.begin(), want.shape()), *a, *b, 0};
    return;
  }
  const auto g = got.to_vector(), w = want.to_vector();
  const double relative = rtol(), absolute = atol();
  for (std::size_t i = 0; i < g.size(); ++i) {
    const double tolerance = absolute + relative * std::abs(w[i]);
    if (close(g[i], w[i], tolerance)) continue;
    throw Difference{what, position(static_cast<std::ptrdiff_t>(i), want.shape()), to_json(g[i]), to_json(w[i]),
                     std::isfinite(w[i]) ? Json(tolerance) : Json()};
  }
}

}  // namespace gradus::tool
