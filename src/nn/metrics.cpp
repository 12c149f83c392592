#include <gradus/nn/metrics.hpp>

#include <algorithm>

#include <gradus/ops/reduce.hpp>
#include <gradus/ops/shape.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"

namespace gradus {
namespace {

// How many rows have their largest number at the label.
std::int64_t correct(const Tensor& outputs, const Tensor& labels, Loc where) {
  if (outputs.dim() != 2 || outputs.shape()[0] != labels.shape()[0])
    throw Error("accuracy",
                {.wrong = "the network does not return one row of scores for each example",
                 .got = formatted("{} for {} examples", to_string(outputs.shape()), labels.shape()[0]),
                 .expected = "(N, C)"},
                where);
  const auto predicted = argmax(outputs, 1).to_vector<std::int64_t>(), wanted = labels.to_vector<std::int64_t>();
  std::int64_t n = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) n += predicted[i] == wanted[i];
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
    throw Error("accuracy",
                {.wrong = "these are not examples with labels", .got = got(), .expected = "x (N, …), y i64 (N)"},
                where);
  if (y.numel() == 0) throw Error("accuracy", {.wrong = "there are no examples", .got = got()}, where);
  if (batch < 1) throw Error("accuracy", {.wrong = "a batch holds 1 or more", .got = formatted("{}", batch)}, where);
  const NoRecord pause;
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < y.numel(); i += batch) {
    const Range some{i, std::min(i + batch, y.numel())};
    right += correct(classify(net, Arg(slice(x, 0, some), where)), slice(y, 0, some), where);
  }
  return static_cast<double>(right) / static_cast<double>(y.numel());
}

}  // namespace gradus
