// What rerun() is asked to compute: an operation of a trace with its inputs. Everything is checked when it is read.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gradus/ops.hpp>
#include <gradus/study/read_trace.hpp>

#include "study/trace/rerun.hpp"
#include "tensor/format.hpp"

namespace gradus::study::trace {

inline constexpr double most_work = 1e9;                            // multiplications
inline constexpr std::int64_t most_option = std::int64_t{1} << 31;  // of strides, windows and the like

// An operation of a trace with its inputs; attributes by name, checked.
struct Call {
  const Op& op;
  const std::vector<Tensor>& in;

  const Tensor& operator[](std::size_t i) const { return in[i]; }
  const Shape& shape(std::size_t i) const { return in[i].shape(); }
  const Shape& result() const { return op.value.shape; }

  [[noreturn]] void refuse(std::string wrong, std::string got = {}, std::string expected = {}) const {
    throw Error(op.op, {.wrong = std::move(wrong), .got = std::move(got), .expected = std::move(expected)});
  }
  void need_shape(const Shape& shape, const char* what) const {
    if (shape != result())
      refuse(formatted("{} is not the shape of the result", what), to_string(shape), to_string(result()));
  }
  void need_axes(std::size_t i, int axes) const {
    if (in[i].dim() != axes)
      refuse(formatted("input {} has the wrong number of axes", i), to_string(shape(i)), std::to_string(axes));
  }
  void need_work(double work) const {
    if (!(work <= most_work)) throw TooMuchWork{};
  }

  const Attribute& find(const char* name, Attribute::Kind kind) const {
    for (const Attribute& a : op.attributes)
      if (a.name == name && a.kind == kind) return a;
    refuse(formatted("it has no attribute '{}' of the right kind", name));
  }
  double number(const char* name) const { return find(name, Attribute::Kind::number).number; }
  bool flag(const char* name) const { return find(name, Attribute::Kind::flag).flag; }
  std::int64_t integer(const char* name) const {
    const Attribute& a = find(name, Attribute::Kind::number);
    if (static_cast<double>(a.integer) != a.number)
      refuse(formatted("attribute '{}' is not an integer", name), formatted("{}", a.number));
    return a.integer;
  }
  std::int64_t integer(const char* name, std::int64_t low, std::int64_t high) const {
    const std::int64_t n = integer(name);
    if (n < low || n > high)
      refuse(formatted("attribute '{}' is out of range", name), std::to_string(n), formatted("{} to {}", low, high));
    return n;
  }
  int axis(int axes) const { return static_cast<int>(integer("axis", 0, axes - 1)); }
  Shape list(const char* name) const {
    const Attribute& a = find(name, Attribute::Kind::list);
    if (a.list.size() > max_dims)
      refuse(formatted("attribute '{}' has too many entries", name), std::to_string(a.list.size()),
             formatted("at most {}", max_dims));
    return Shape(std::span<const std::int64_t>(a.list));
  }
  Shape list(const char* name, int entries) const {
    Shape l = list(name);
    if (l.size() != entries)
      refuse(formatted("attribute '{}' has the wrong number of entries", name), to_string(l), std::to_string(entries));
    return l;
  }
  Axes axes() const {
    const Shape l = list("axes");
    return Axes(std::span(l.begin(), l.end()));
  }
  Pair pair(const char* name, std::int64_t low) const {
    const Shape l = list(name, 2);
    if (l[0] < low || l[1] < low || std::max(l[0], l[1]) > most_option)
      refuse(formatted("attribute '{}' is out of range", name), to_string(l), formatted("{} to 2^31", low));
    return {l[0], l[1]};
  }
};

// ---- operations on windows of images: rerun_images.cpp ----

Tensor max_pooled(const Call& c);
Tensor averaged(const Call& c);
Tensor averaged_input(const Call& c);
Tensor adaptive(const Call& c);
Tensor adaptive_input(const Call& c);
Tensor convolved(const Call& c);
Tensor convolved_input(const Call& c);
Tensor convolved_weight(const Call& c);

// ---- linear algebra: rerun_matrices.cpp ----

Tensor factored(const Call& c);
Tensor inverted(const Call& c);
Tensor solved(const Call& c);
Tensor solved_triangular(const Call& c);
Tensor determinant(const Call& c);
Tensor log_determinant(const Call& c);

}  // namespace gradus::study::trace
