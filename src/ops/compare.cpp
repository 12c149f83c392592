// Comparisons of elements: bool results, no gradient.
#include <cmath>

#include "ops/binary.hpp"

namespace gradus {

using namespace detail;

namespace {

enum class Order { equal, different, less, less_or_equal, greater, greater_or_equal };

template <class T>
kernels::Compare<T> kernel(Order order) {
  const kernels::Table<T>& k = kernels::table<T>();
  const kernels::Compare<T> all[] = {k.eq, k.ne, k.lt, k.le, k.gt, k.ge};
  return all[static_cast<int>(order)];
}

// The order of b and a, where a and b have this one.
Order mirrored(Order order) {
  constexpr Order all[] = {Order::equal, Order::different,    Order::greater, Order::greater_or_equal,
                           Order::less,  Order::less_or_equal};
  return all[static_cast<int>(order)];
}

Tensor compare_tensors(const char* name, Order order, const Tensor& a, const Tensor& b, Loc where) {
  const Shape to = broadcast_shape(a.shape(), b.shape(), name, where);
  return map2(name, where, broadcast_view(a, to, name, where), broadcast_view(b, to, name, where),
              [order]<class T>(const kernels::Table<T>&) { return kernel<T>(order); });
}

// Integers against a number that i64 does not hold: exact, as x < 2.5 is x <= 2. NaN and numbers beyond the range of
// i64 have one answer for all x.
Tensor compare_integers(const char* name, Order order, const Tensor& x, double k, Loc where) {
  const auto always = [&](bool answer) { return full(x.shape(), answer, boolean, where); };
  if (order == Order::equal || order == Order::different) return always(order == Order::different);
  const bool below = order == Order::less || order == Order::less_or_equal;
  const bool in_range = k >= -0x1p63 && k < 0x1p63;
  if (!in_range) return always(below ? k > 0 : k < 0);
  return compare_tensors(name, below ? Order::less_or_equal : Order::greater, x, scalar(std::floor(k), i64, where),
                         where);
}

Tensor compare(const char* name, Order order, const Arg& a, const Arg& b) {
  const Loc where = user_line(a.where);
  if (a.is_number() && !b.is_number()) return compare(name, mirrored(order), b, a);
  if (!a.is_number() && !b.is_number()) {
    check_same_dtype(name, a, b);
    return compare_tensors(name, order, a, b, where);
  }
  const double k = b.number();
  if (a.is_number()) constant(name, a, b);  // which throws: there is no tensor
  check_defined(a, name, where);
  Tensor x = a;
  if (x.dtype() == boolean && k != 0 && k != 1) x = x.to(i64, where);  // false is 0 and true is 1
  if (!takes(x.dtype(), k)) return compare_integers(name, order, x, k, where);
  return compare_tensors(name, order, x, scalar(k, x.dtype(), where), where);
}

}  // namespace

Tensor eq(Arg a, Arg b) { return compare("eq", Order::equal, a, b); }
Tensor ne(Arg a, Arg b) { return compare("ne", Order::different, a, b); }
Tensor lt(Arg a, Arg b) { return compare("lt", Order::less, a, b); }
Tensor le(Arg a, Arg b) { return compare("le", Order::less_or_equal, a, b); }
Tensor gt(Arg a, Arg b) { return compare("gt", Order::greater, a, b); }
Tensor ge(Arg a, Arg b) { return compare("ge", Order::greater_or_equal, a, b); }

Tensor logical_not(Arg x) {
  check_dtype("logical_not", "the input", x, boolean);
  return eq(x, 0);
}

namespace {

// and is the smaller, or the larger of false and true.
Tensor logical(const char* name, const Arg& a, const Arg& b,
               kernels::Required<kernels::Map2<bool>> kernels::Storage<bool>::*kernel) {
  check_dtype(name, "the first operand", a, boolean);
  check_dtype(name, "the second operand", Arg(b.tensor(), a.where), boolean);
  const Loc where = user_line(a.where);
  const Shape to = broadcast_shape(a.tensor().shape(), b.tensor().shape(), name, where);
  return map2(name, where, broadcast_view(a, to, name, where), broadcast_view(b, to, name, where),
              [kernel]<class T>(const kernels::Table<T>& k) -> kernels::Map2<T> {
                if constexpr (std::is_same_v<T, bool>) return k.*kernel;
                return k.maximum;  // not reached
              });
}

}  // namespace

Tensor logical_and(Arg a, Arg b) { return logical("logical_and", a, b, &kernels::Storage<bool>::minimum); }
Tensor logical_or(Arg a, Arg b) { return logical("logical_or", a, b, &kernels::Storage<bool>::maximum); }

Tensor isnan(Arg x) { return ne(x, x); }
Tensor isfinite(Arg x) {
  check_defined(x, "isfinite", x.where);
  const Tensor& at = x;
  return is_floating(at.dtype()) ? abs(at.detach()) < infinity : ones(at.shape(), boolean);
}

namespace {

// How many elements are, or are not, 0.
Tensor count(const char* operation, const Arg& x, const Axes& axes, bool keepdim, bool zeros) {
  check_defined(x, operation, x.where);
  normal_axes(axes, x.tensor().dim(), operation, x.where);  // an error names this operation
  return sum(zeros ? eq(x, 0) : ne(x, 0), axes, keepdim);
}

}  // namespace

Tensor any(Arg x, Axes axes, bool keepdim) { return count("any", x, axes, keepdim, false) > 0; }
Tensor all(Arg x, Axes axes, bool keepdim) { return eq(count("all", x, axes, keepdim, true), 0); }

}  // namespace gradus
