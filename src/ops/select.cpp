// One entry along an axis: x[i].
#include <vector>

#include "ops/common.hpp"
#include "ops/lines.hpp"
#include "tensor/make.hpp"

namespace gradus {

using namespace detail;

namespace {

// One entry along an axis, which is removed.
struct Select {
  std::int64_t axis = 0, index = 0;
  static constexpr auto name = "select";
  std::string formula(int) const { return formatted("y[{0}…] = x[{0}{1}, …]", before(axis), index); }
  std::string rule(int) const { return formatted("dx[{0}{1}, …] += g[{0}…]", before(axis), index); }
  static constexpr Saves saves{};
  void fields(auto& v) const {
    v("axis", axis);
    v("index", index);
  }
  Tensor entry(const Tensor& x) const {
    const int at = static_cast<int>(axis);
    Shape shape = x.shape(), strides = x.strides();
    shape.erase(at);
    strides.erase(at);
    return view(x, shape, strides, index * x.strides()[at]);
  }
  Tensor forward(Fwd&, Ins in) const { return entry(in[0]); }
  void vjp(Vjp& v) const {
    std::vector<Range> place(static_cast<std::size_t>(axis) + 1);
    place.back() = {index, index + 1};
    v.give(0, unslice(unsqueeze(v.g, static_cast<int>(axis)), v.shape(0), place));
  }
  void fast(Vjp& v) const { add_strided(*v.g.impl(), 1, *entry(v.accumulator(0)).impl()); }
};

constexpr const OpTable* rows[] = {&op_table<Select>};

}  // namespace

Rows detail::select_rows() { return rows; }

Tensor select(Arg x, int axis, std::int64_t index) {
  check_defined(x, "select", x.where);
  const Shape& from = x.tensor().shape();
  const int at = static_cast<int>(normal_axis(axis, from.size(), "select", x.where));
  const std::int64_t n = from[at];
  if (index < -n || index >= n)
    fail("select",
         {.wrong = "the index is out of range",
          .got = formatted("index {} on axis {} of shape {}", index, at, to_string(from)),
          .expected = n ? formatted("{} to {}", -n, n - 1) : std::string("an axis that is not empty")},
         x);
  return apply(Select{at, index < 0 ? index + n : index}, x);
}

}  // namespace gradus
