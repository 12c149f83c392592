// How far two numbers, and two lists of numbers, are apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::tool {

// NaN is like NaN, and 0 is not like -0: what counts is what the program had.
bool same(double a, double b);
bool same(const std::vector<double>& a, const std::vector<double>& b);

// Units in the last place of a dtype between a and b: how many numbers lie between them, and 1. 0 for i64, bool and
// what is not finite.
std::uint64_t ulps(double a, double b, DType dtype);

struct Apart {
  std::int64_t different = 0, elements = 0;
  std::size_t first = 0;     // the flat index of the first that differs
  double a = 0, b = 0;       // the values there
  double largest = 0;        // difference of two elements
  double relative = 0;       // to the largest element of a and b; 0 if that is 0
  std::uint64_t ulps = 0;    // the most of an element
  DType dtype = f64;         // of the elements
  std::string text() const;  // "3 of 128 elements, at most 1 ulp of f32, by up to 1e-07 (9e-08 of the largest element)"
};
// Both have as many elements.
Apart apart(const std::vector<double>& a, const std::vector<double>& b, DType dtype);

}  // namespace gradus::tool
