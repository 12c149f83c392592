// A vector times a matrix, with more terms than a library product adds up well: f32 loses digits that a sum in blocks,
// added in double, keeps.
#pragma once

#include <algorithm>

#include "kernels/kernels.hpp"
#include "kernels/parallel.hpp"

namespace gradus::detail {

inline constexpr kernels::Index work_per_thread = 1 << 20;  // multiply-adds that are worth a thread
inline constexpr kernels::Index most_terms = 1024;          // that a library product may add up

template <class T>
struct LongProduct {
  kernels::Index terms, results;
  const T* vector;
  kernels::Index vector_step;
  const T* matrix;
  kernels::Index line;    // from one line of the matrix to the next
  bool lines_hold_terms;  // a line holds the terms of one result; else one term of every result
};

// Results [begin, end), each a dot product. sum has room for them.
template <class T>
void add_dots(const LongProduct<T>& p, kernels::Index begin, kernels::Index end, double* sum) {
  using kernels::Index;
  T vector[most_terms], column[most_terms];
  for (Index start = 0; start < p.terms; start += most_terms) {
    const Index n = std::min(most_terms, p.terms - start);
    for (Index i = 0; i < n; ++i) vector[i] = p.vector[(start + i) * p.vector_step];
    for (Index r = begin; r < end; ++r) {
      const T* terms = p.lines_hold_terms ? p.matrix + r * p.line + start : column;
      if (!p.lines_hold_terms)
        for (Index i = 0; i < n; ++i) column[i] = p.matrix[(start + i) * p.line + r];
      sum[r - begin] += kernels::table<T>().dot(n, vector, terms);
    }
  }
}

// The same from lines that hold one term of every result: scaled lines are added, a few in T and these in double.
template <class T>
void add_lines(const LongProduct<T>& p, kernels::Index begin, kernels::Index end, double* sum) {
  using kernels::Index;
  constexpr Index few = 32, widest = 512;
  const Index width = end - begin;
  T part[widest];
  for (Index start = 0; start < p.terms; start += few) {
    std::fill(part, part + width, T(0));
    for (Index k = start; k < std::min(start + few, p.terms); ++k)
      kernels::table<T>().axpy(width, static_cast<double>(p.vector[k * p.vector_step]), p.matrix + k * p.line + begin,
                               part);
    for (Index i = 0; i < width; ++i) sum[i] += static_cast<double>(part[i]);
  }
}

template <class T>
void multiply_long(const LongProduct<T>& p, bool add, T* result) {
  using kernels::Index;
  constexpr Index width = 512, narrow = 16;
  const bool dots = p.lines_hold_terms || p.results < narrow;
  kernels::parallel_for(p.results, std::max<Index>(1, work_per_thread / p.terms), [&](Index begin, Index end) {
    double sum[width];
    for (Index first = begin; first < end; first += width) {
      const Index last = std::min(first + width, end);
      for (Index r = first; r < last; ++r) sum[r - first] = add ? static_cast<double>(result[r]) : 0;
      if (dots)
        add_dots(p, first, last, sum);
      else
        add_lines(p, first, last, sum);
      for (Index r = first; r < last; ++r) result[r] = static_cast<T>(sum[r - first]);
    }
  });
}

}  // namespace gradus::detail
