// Elements and entries by masks and lists: masked_select, x[mask], x[index], bincount.
#include <algorithm>
#include <vector>

#include "ops/common.hpp"

namespace gradus {

using namespace detail;

namespace {

// Where the mask is true, in row-major order.
Tensor places(const Tensor& mask) {
  const Tensor flat = dense(mask);
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0; i < flat.numel(); ++i)
    if (data<bool>(flat)[i]) list.push_back(i);
  return from_data(list, {static_cast<std::int64_t>(list.size())});
}

Tensor by_mask(const Arg& x, const Tensor& mask) {
  const Shape &from = x.tensor().shape(), &of = mask.shape();
  bool fits = of.size() <= from.size();
  for (int i = 0; fits && i < of.size(); ++i) fits = of[i] == from[i];
  if (!fits)
    fail("index",
         {.wrong = "the mask does not have the shape of the leading axes",
          .got = formatted("mask {}, x {}", to_string(of), to_string(from)),
          .expected = "equal sizes, axis by axis",
          .advice = "masked_select(x, mask) broadcasts"},
         x);
  Shape entries{mask.numel()};
  for (int i = of.size(); i < from.size(); ++i) entries.push_back(from[i]);
  return index_select(reshape(x, entries), 0, places(mask));
}

Tensor by_index(const Arg& x, const Tensor& index) {
  const Shape& from = x.tensor().shape();
  if (from.empty() || index.dim() + from.size() - 1 > max_dims)
    fail("index",
         {.wrong = from.empty() ? "a 0-d tensor has no entries" : "the result would have too many axes",
          .got = formatted("x {}, index {}", to_string(from), to_string(index.shape())),
          .expected = "x of one axis or more, and at most 8 axes in all"},
         x);
  Tensor list = reshape(index, {-1});
  if (list.numel() > 0 && min(list).item<std::int64_t>() < 0)
    list = where(list < 0, list + from[0], list);  // from the end; what is still negative is refused below
  const Tensor picked = index_select(x, 0, list);
  Shape shape = index.shape();
  for (int i = 1; i < from.size(); ++i) shape.push_back(from[i]);
  return picked.shape() == shape ? picked : reshape(picked, shape);
}

Tensor counts(const Arg& labels, const Tensor& weights, DType dtype, std::int64_t minlength) {
  check_dtype("bincount", "the labels", labels, i64);
  const Tensor& list = labels;
  if (list.dim() != 1)
    fail("bincount",
         {.wrong = "the labels are not a list",
          .got = "shape " + to_string(list.shape()),
          .expected = "one axis",
          .advice = "flatten(labels)"},
         labels);
  if (minlength < 0 || minlength > largest_option)
    fail("bincount", {.wrong = "minlength is out of range", .got = std::to_string(minlength), .expected = "0 to 2^31"},
         labels);
  const auto extreme = [&](Tensor (*f)(Arg, Axes, bool)) { return f(list, {}, false).item<std::int64_t>(); };
  const std::int64_t lowest = list.numel() ? extreme(min) : 0, highest = list.numel() ? extreme(max) : -1;
  if (lowest < 0 || highest > largest_option)
    fail("bincount",
         {.wrong = "a label is out of range",
          .got = std::to_string(lowest < 0 ? lowest : highest),
          .expected = "0 to 2^31"},
         labels);
  const At at(labels);
  return index_add(zeros({std::max(minlength, highest + 1)}, dtype), 0, labels, weights);
}

}  // namespace

Tensor masked_select(Arg x, Arg mask) {
  check_defined(x, "masked_select", x.where);
  check_dtype("masked_select", "the mask", mask, boolean);
  const Shape& from = x.tensor().shape();
  const Shape to = broadcast_shape(from, mask.tensor().shape(), "masked_select", x.where);
  const At at(x);
  const Tensor wide = from == to ? x.tensor() : expand(x, to);
  return index_select(reshape(Arg(wide, x.where), {-1}), 0, places(broadcast_view(mask, to, "masked_select", x.where)));
}

Tensor bincount(Arg labels, std::int64_t minlength) {
  check_dtype("bincount", "the labels", labels, i64);
  return counts(labels, ones_like(labels), i64, minlength);
}

Tensor bincount(Arg labels, const Tensor& weights, std::int64_t minlength) {
  check_dtype("bincount", "the labels", labels, i64);
  check_floating("bincount", Arg(weights, labels.where));
  if (weights.shape() != labels.tensor().shape())
    fail("bincount",
         {.wrong = "labels and weights have different shapes",
          .got = formatted("labels {}, weights {}", to_string(labels.tensor().shape()), to_string(weights.shape())),
          .expected = "a weight for each label"},
         labels);
  return counts(labels, weights, weights.dtype(), minlength);
}

Tensor Tensor::operator[](Position at) const {
  const Arg x(*this, at.where);
  if (!at.tensor) return gradus::select(x, 0, at.index);
  check_defined(x, "index", at.where);
  check_defined(*at.tensor, "index", at.where);
  if (is_floating(at.tensor->dtype()))
    fail("index",
         {.wrong = "wrong dtype of the index",
          .got = gradus::name(at.tensor->dtype()),
          .expected = "i64 (entries) or bool (a mask)",
          .advice = "convert it: x.to(i64)"},
         x);
  const At line(x);
  return at.tensor->dtype() == boolean ? by_mask(x, *at.tensor) : by_index(x, *at.tensor);
}

}  // namespace gradus
