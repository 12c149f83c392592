// accuracy(): what a classifier answers, batch by batch, against the labels.
#include <gradus/nn/metrics.hpp>

#include <algorithm>
#include <cmath>

#include <gradus/ops/reduce.hpp>
#include <gradus/ops/shape.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus {
namespace {

// How many rows have their largest number at the label; `first` is the first row's number.
std::int64_t correct(const Tensor& outputs, const Tensor& labels, std::int64_t first, Loc where) {
  if (!outputs.defined() || outputs.dim() != 2 || outputs.shape()[0] != labels.shape()[0])
    throw Error(
        "accuracy",
        {.wrong = "the network does not return one row of scores for each example",
         .got = formatted("{} for {} examples", outputs.defined() ? to_string(outputs.shape()) : "an undefined tensor",
                          labels.shape()[0]),
         .expected = "(N, C)"},
        where);
  const std::int64_t classes = outputs.shape()[1];
  if (classes < 2)
    throw Error("accuracy",
                {.wrong = "the network returns fewer than two scores for each example",
                 .got = to_string(outputs.shape()),
                 .expected = "(N, C), C 2 or more",
                 .advice = "for one logit z per example pass a callable that returns concat({zeros_like(z), z}, 1)"},
                where);
  const auto predicted = argmax(outputs, 1).to_vector<std::int64_t>();
  const auto wanted = labels.to_vector<std::int64_t>();
  const auto largest = max(outputs, Axes{1}).to_vector();  // NaN in a row with a NaN
  std::int64_t n = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] < 0 || wanted[i] >= classes)
      throw Error("accuracy",
                  {.wrong = "a label is not one of the classes",
                   .got = formatted("{} at position {}", wanted[i], first + static_cast<std::int64_t>(i)),
                   .expected = formatted("0 to {}: the network returns {} scores", classes - 1, classes)},
                  where);
    n += predicted[i] == wanted[i] && !std::isnan(largest[i]);
  }
  return n;
}

}  // namespace

double detail::accuracy(Classify classify, const void* net, const Tensor& x, const Tensor& y, std::int64_t batch,
                        Loc where) {
  where = user_line(where);
  check_defined(x, "accuracy", where);
  check_defined(y, "accuracy", where);
  const auto got = [&] {
    return formatted("x {}, y {} {}", to_string(x.shape()), to_string(y.shape()), name(y.dtype()));
  };
  if (x.dim() == 0 || y.dim() != 1 || y.dtype() != i64 || x.shape()[0] != y.shape()[0])
    throw Error(
        "accuracy",
        {.wrong = "x and y are not examples with their labels", .got = got(), .expected = "x (N, …), y i64 (N)"},
        where);
  if (y.numel() == 0)
    throw Error("accuracy", {.wrong = "there are no examples", .got = got(), .expected = "at least one"}, where);
  if (batch < 1)
    throw Error("accuracy", {.wrong = "batch is too small", .got = formatted("{}", batch), .expected = "1 or more"},
                where);
  const NoRecord pause;
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < y.numel(); i += batch) {
    const Range rows{i, std::min(i + batch, y.numel())};
    right += correct(classify(net, Arg(slice(x, 0, rows), where)), slice(y, 0, rows), i, where);
  }
  return static_cast<double>(right) / static_cast<double>(y.numel());
}

}  // namespace gradus
