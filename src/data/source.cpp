// Examples of a user's own data set, joined to a batch.
#include <gradus/data/source.hpp>

#include <gradus/ops/shape.hpp>

#include "tensor/format.hpp"
#include "tensor/make.hpp"

namespace gradus::data {
namespace {

std::string of(const Tensor& t) {
  return t.defined() ? formatted("{} {}", name(t.dtype()), to_string(t.shape())) : "an undefined tensor";
}

// x, or y, of all examples.
Tensor joined(std::span<const Example> examples, Tensor Example::*part, const char* name, const Tensor& index,
              Loc where) {
  std::vector<Tensor> parts;
  const Tensor& first = examples.front().*part;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Tensor& one = examples[i].*part;
    if (!one.defined() || one.dtype() != first.dtype() || one.shape() != first.shape()) {
      const Tensor numbers = detail::dense(index);
      throw Error("batches",
                  {.wrong = formatted("{} of example {} differs from that of example {}", name,
                                      detail::data<std::int64_t>(numbers)[i], detail::data<std::int64_t>(numbers)[0]),
                   .got = formatted("{} and {}", of(one), of(first)),
                   .expected = "one shape and one dtype for all examples"},
                  where);
    }
    parts.push_back(one.detach());
  }
  return stack(parts, 0, where);
}

}  // namespace

Dataset source_detail::checked_rows(Dataset batch, const Tensor& index, Loc where) {
  const auto count = [](const Tensor& t) { return t.defined() && t.dim() > 0 ? t.shape()[0] : -1; };
  if (count(batch.x) == index.numel() && count(batch.y) == index.numel()) return batch;
  throw Error("batches",
              {.wrong = "rows() of the source gave a batch of another length than its index",
               .got = formatted("x {} and y {}", of(batch.x), of(batch.y)),
               .expected = formatted("x ({0}, …) and y ({0}, …)", index.numel())},
              where);
}

Dataset collate(std::span<const Example> examples, const Tensor& index, Loc where) {
  if (examples.empty() || index.numel() != std::ssize(examples))
    throw Error("collate",
                {.wrong = "the examples and their numbers differ in length, or there are none",
                 .got = formatted("{} and {}", examples.size(), index.numel())},
                where);
  return {joined(examples, &Example::x, "x", index, where), joined(examples, &Example::y, "y", index, where)};
}

}  // namespace gradus::data
