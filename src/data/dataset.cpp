#include <gradus/data/dataset.hpp>

#include <cmath>

#include "data/check.hpp"
#include "kernels/kernels.hpp"
#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

Tensor rows_from(const Tensor& x, std::int64_t begin, std::int64_t end) {
  Shape shape = x.shape();
  shape[0] = end - begin;
  return detail::view(x, shape, x.strides(), begin * x.strides()[0]);
}

Tensor gathered(const Tensor& x, std::span<const std::int64_t> index, Loc where) {
  const Tensor from = detail::dense(x);
  const std::int64_t n = from.shape()[0], m = std::ssize(index);
  Shape shape = from.shape();
  shape[0] = m;
  Tensor y = detail::make(shape, from.dtype(), "rows", where);
  detail::visit(from.dtype(), [&]<class T>() {
    kernels::table<T>().index_select(1, n, from.numel() / n, detail::data<T>(from), m, index.data(),
                                     detail::data<T>(y));
  });
  return y;
}

}  // namespace

void check(const Dataset& data, const char* operation, Loc where) {
  if (!data.x.defined() || !data.y.defined())
    throw Error(operation, {.wrong = "x or y of the dataset is undefined"}, where);
  const Shape &x = data.x.shape(), &y = data.y.shape();
  const auto got = [&] { return formatted("x {} and y {}", to_string(x), to_string(y)); };
  if (x.empty() || y.empty()) throw Error(operation, {.wrong = "no axis to count examples along", .got = got()}, where);
  if (x[0] != y[0])
    throw Error(operation, {.wrong = "x and y differ in their number of examples", .got = got()}, where);
  if (x[0] == 0) throw Error(operation, {.wrong = "the dataset is empty", .got = got()}, where);
}

std::int64_t Dataset::size() const { return x.defined() && x.dim() > 0 ? x.shape()[0] : 0; }

Dataset Dataset::slice(std::int64_t begin, std::int64_t end, Loc where) const {
  check(*this, "slice", where);
  if (begin < 0 || end > size() || begin >= end) {
    throw Error("slice",
                {.wrong = begin >= end ? "an empty range" : "a range that is not inside",
                 .got = formatted("{} to {} of {} examples", begin, end, size()),
                 .expected = "0 <= begin < end <= size()"},
                where);
  }
  return {rows_from(x, begin, end), rows_from(y, begin, end)};
}

Dataset Dataset::rows(const Tensor& index, Loc where) const {
  check(*this, "rows", where);
  detail::check_defined(index, "rows", where);
  if (index.dtype() != i64 || index.dim() != 1 || index.numel() == 0) {
    throw Error("rows",
                {.wrong = "not a list of examples",
                 .got = formatted("{} {}", name(index.dtype()), to_string(index.shape())),
                 .expected = "i64 (M,) with at least one element"},
                where);
  }
  const Tensor dense = detail::dense(index);
  const std::span<const std::int64_t> numbers{detail::data<std::int64_t>(dense),
                                              static_cast<std::size_t>(dense.numel())};
  for (std::int64_t i : numbers) {
    if (i >= 0 && i < size()) continue;
    throw Error("rows", {.wrong = "no such example", .got = formatted("{} of {} examples", i, size())}, where);
  }
  return {gathered(x, numbers, where), gathered(y, numbers, where)};
}

Split split(const Dataset& data, double test_fraction, std::uint64_t seed, Loc where) {
  check(data, "split", where);
  const std::int64_t n = data.size();
  const double wanted = std::round(test_fraction * static_cast<double>(n));
  if (!(wanted >= 1 && wanted < static_cast<double>(n))) {
    throw Error("split",
                {.wrong = "one part would be empty",
                 .got = formatted("a fraction of {} of {} examples", test_fraction, n),
                 .expected = "between 0 and 1"},
                where);
  }
  const auto held_out = static_cast<std::int64_t>(wanted);
  Generator generator(seed);
  const Tensor order = randperm(n, generator, where);
  return {.train = data.rows(rows_from(order, held_out, n), where),
          .test = data.rows(rows_from(order, 0, held_out), where)};
}

}  // namespace gradus::data
