// Reading the input of an evaluation, which may be anything, and writing tensors.
#include <cmath>
#include <stdexcept>

#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw std::invalid_argument("input \"" + name + "\": " + why);
}

// Appends the numbers of nested lists, and sets the sizes that are still open.
void collect(const Json& part, const std::string& name, std::size_t axis, std::vector<std::int64_t>& sizes,
             std::vector<double>& out) {
  if (axis == sizes.size()) {
    if (!part.is_number()) refuse(name, "a number is expected");
    out.push_back(part.get<double>());
    return;
  }
  if (!part.is_array()) refuse(name, "a list is expected at depth " + std::to_string(axis));
  const auto count = static_cast<std::int64_t>(part.size());
  if (sizes[axis] < 0) sizes[axis] = count;
  if (sizes[axis] != count)
    refuse(name, "a list has " + std::to_string(count) + " entries where " + std::to_string(sizes[axis]) + " fit");
  for (const Json& entry : part) collect(entry, name, axis + 1, sizes, out);
}

Json nested(const std::vector<double>& values, std::size_t& next, const Shape& shape, int axis) {
  if (axis == shape.size()) return values[next++];
  Json list = Json::array();
  for (std::int64_t i = 0; i < shape[axis]; ++i) list.push_back(nested(values, next, shape, axis + 1));
  return list;
}

}  // namespace

const Json& part(const Json& input, const std::string& name) {
  if (!input.is_object() || !input.contains(name)) refuse(name, "it is missing");
  return input[name];
}

Json to_json(const Tensor& x) {
  std::size_t next = 0;
  return nested(x.to_vector(), next, x.shape(), 0);
}

Tensor numbers(const Json& value, const std::string& name, std::initializer_list<std::int64_t> shape) {
  std::vector<std::int64_t> sizes(shape);
  std::vector<double> out;
  collect(value, name, 0, sizes, out);
  for (std::int64_t& size : sizes) size = std::max<std::int64_t>(size, 0);
  Tensor flat = from_data(std::span<const double>(out), {static_cast<std::int64_t>(out.size())});
  if (sizes.size() == 0) return flat.reshape({});
  if (sizes.size() == 1) return flat;
  if (sizes.size() == 2) return flat.reshape({sizes[0], sizes[1]});
  return flat.reshape({sizes[0], sizes[1], sizes[2]});
}

Tensor field(const Json& input, const std::string& name, std::initializer_list<std::int64_t> shape) {
  return numbers(part(input, name), name, shape);
}

Tensor indices(const Json& input, const std::string& name, std::initializer_list<std::int64_t> shape,
               std::int64_t count) {
  const Tensor x = field(input, name, shape);
  for (double i : x.to_vector()) {
    const bool whole = std::floor(i) == i;
    if (!whole || i < 0 || i >= static_cast<double>(count))
      refuse(name, "whole numbers from 0 to below " + std::to_string(count) + " are expected");
  }
  return x.to(i64);
}

std::int64_t integer(const Json& input, const std::string& name, std::int64_t low, std::int64_t high) {
  const Json& value = part(input, name);
  const double number = value.is_number() ? value.get<double>() : NAN;
  const bool fits =
      std::floor(number) == number && number >= static_cast<double>(low) && number <= static_cast<double>(high);
  if (!fits)
    refuse(name, "a whole number from " + std::to_string(low) + " to " + std::to_string(high) + " is expected");
  return static_cast<std::int64_t>(number);
}

}  // namespace gradbench
