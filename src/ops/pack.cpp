// Several tensors in one vector, and back: made of other operations.
#include "ops/common.hpp"

namespace gradus {

using namespace detail;

Tensor pack(std::span<const Tensor> parts, Loc where) {
  if (parts.empty())
    fail("pack", {.wrong = "the list of tensors is empty", .expected = "at least one tensor"}, Arg(0, where));
  for (const Tensor& part : parts) check_same_dtype("pack", Arg(parts[0], where), Arg(part, where));
  std::vector<Tensor> rows;
  for (const Tensor& part : parts) rows.push_back(reshape(Arg(part, where), {part.numel()}));
  return concat(rows, 0, where);
}
Tensor pack(std::initializer_list<Tensor> parts, Loc where) {
  return pack(std::span(parts.begin(), parts.size()), where);
}

std::vector<Tensor> unpack(Arg x, std::span<const Shape> shapes) {
  check_defined(x, "unpack", x.where);
  double total = 0;
  std::string list;
  for (const Shape& shape : shapes) {
    list += (list.empty() ? "" : ", ") + to_string(shape);
    double count = 1;
    for (const std::int64_t size : shape) count *= size < 0 ? infinity : static_cast<double>(size);
    total += count;
  }
  const Shape& packed = x.tensor().shape();
  if (packed.size() != 1 || total != static_cast<double>(packed[0]))
    fail("unpack",
         {.wrong = "the shapes do not have as many elements as the packed tensor",
          .got = formatted("a tensor of shape {}, shapes {}", to_string(packed), list.empty() ? "of nothing" : list),
          .expected = "one axis, as long as the shapes together"},
         x);
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (const Shape& shape : shapes) {
    const std::int64_t stop = start + shape.numel();
    parts.push_back(reshape(Arg(slice(x, 0, {start, stop}), x.where), shape));
    start = stop;
  }
  return parts;
}

}  // namespace gradus
