// Datasets: parts of one, and splitting one.
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
    throw Error(operation, {.wrong = "x or y of the dataset is undefined", .expected = "both"}, where);
  const Shape &x = data.x.shape(), &y = data.y.shape();
  const auto got = [&] { return formatted("x {} and y {}", to_string(x), to_string(y)); };
  if (x.empty() || y.empty())
    throw Error(operation,
                {.wrong = "x or y has no axis of examples", .got = got(), .expected = "x (N, …) and y (N, …)"}, where);
  if (x[0] != y[0])
    throw Error(
        operation,
        {.wrong = "x and y differ in their number of examples", .got = got(), .expected = "x (N, …) and y (N, …)"},
        where);
  if (x[0] == 0)
    throw Error(operation, {.wrong = "the dataset is empty", .got = got(), .expected = "at least one example"}, where);
}

std::int64_t Dataset::size() const { return x.defined() && x.dim() > 0 ? x.shape()[0] : 0; }

Dataset Dataset::slice(std::int64_t begin, std::int64_t end, Loc where) const {
  check(*this, "slice", where);
  if (begin < 0 || end > size() || begin >= end) {
    throw Error("slice",
                {.wrong = begin >= end ? "the range is empty" : "the range is outside of the dataset",
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
                {.wrong = "the index is not a list of example numbers",
                 .got = formatted("{} {}", name(index.dtype()), to_string(index.shape())),
                 .expected = "i64 (M,) with at least one element"},
                where);
  }
  const Tensor dense = detail::dense(index);
  const std::span<const std::int64_t> numbers{detail::data<std::int64_t>(dense),
                                              static_cast<std::size_t>(dense.numel())};
  for (std::int64_t i : numbers) {
    if (i >= 0 && i < size()) continue;
    throw Error(
        "rows",
        {.wrong = "an index out of range", .got = std::to_string(i), .expected = formatted("0 to {}", size() - 1)},
        where);
  }
  return {gathered(x, numbers, where), gathered(y, numbers, where)};
}

Split split(const Dataset& data, double test_fraction, std::uint64_t seed, Loc where) {
  check(data, "split", where);
  const std::int64_t n = data.size();
  const auto got = [&] { return formatted("a test fraction of {} of {} examples", test_fraction, n); };
  if (!(test_fraction > 0 && test_fraction < 1)) {
    throw Error("split", {.wrong = "the test fraction is out of range", .got = got(), .expected = "between 0 and 1"},
                where);
  }
  const auto held_out = static_cast<std::int64_t>(std::round(test_fraction * static_cast<double>(n)));
  if (held_out == 0 || held_out == n) {
    const char* part = held_out == 0 ? "test" : "training";
    throw Error("split",
                {.wrong = formatted("the {} part would be empty", part),
                 .got = got(),
                 .expected = n == 1 ? "two examples or more"
                                    : formatted("a fraction from {:.3g} to {:.3g}", 0.5 / static_cast<double>(n),
                                                1 - 0.5 / static_cast<double>(n))},
                where);
  }
  Generator generator(seed);
  const Tensor order = randperm(n, generator, where);
  return {.train = data.rows(rows_from(order, held_out, n), where),
          .test = data.rows(rows_from(order, 0, held_out), where)};
}

}  // namespace gradus::data
