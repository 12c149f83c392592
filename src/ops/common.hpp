// What the files of operations share.
#pragma once

#include <algorithm>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "ops/rows.hpp"
#include "tensor/loops.hpp"
#include "tensor/number.hpp"

namespace gradus::detail {

[[noreturn]] inline void fail(const char* operation, Complaint complaint, const Arg& at) {
  throw Error(operation, std::move(complaint), user_line(at.where));
}

inline void check_floating(const char* operation, const Arg& x) {
  check_defined(x, operation, x.where);
  if (!is_floating(x.tensor().dtype())) refuse_dtype(operation, x.tensor().dtype(), x.where);
}

inline constexpr std::int64_t largest_option = std::int64_t{1} << 31;  // of a window: sizes must not wrap round

// What all operations without attributes share.
struct Plain {
  void fields(auto&) const {}
};

// Height and width, as an attribute.
inline Shape list(const Pair& p) { return {p[0], p[1]}; }
inline Pair pair(const Shape& s) { return {s[0], s[1]}; }

inline void check_same_dtype(const char* operation, const Arg& a, const Arg& b) {
  check_defined(a, operation, a.where);
  check_defined(b, operation, b.where);
  if (a.tensor().dtype() != b.tensor().dtype())
    fail(operation,
         {.wrong = "dtypes differ",
          .got = std::string(name(a.tensor().dtype())) + " and " + name(b.tensor().dtype()),
          .expected = "one dtype: nothing is converted silently",
          .advice = "convert one of them: x.to(" + std::string(name(a.tensor().dtype())) + ")"},
         a);
}

inline void check_dtype(const char* operation, const char* argument, const Arg& x, DType dtype) {
  check_defined(x, operation, x.where);
  if (x.tensor().dtype() != dtype)
    fail(operation,
         {.wrong = std::string(argument) + " has the wrong dtype",
          .got = name(x.tensor().dtype()),
          .expected = name(dtype),
          .advice = std::string("convert it: x.to(") + name(dtype) + ")"},
         x);
}

// A weight, a bias or statistics of a layer; may be undefined.
inline void check_parameter(const char* name, const char* what, const Tensor& t, const Shape& shape, const Arg& x) {
  if (!t.defined()) return;
  check_same_dtype(name, x, Arg(t, x.where));
  if (t.shape() != shape)
    fail(name,
         {.wrong = std::string(what) + " has the wrong shape",
          .got = to_string(t.shape()) + ", x " + to_string(x.tensor().shape()),
          .expected = to_string(shape)},
         x);
}

}  // namespace gradus::detail
