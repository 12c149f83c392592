// Numbers of tensors, read where they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gradus/tape.hpp>
#include <gradus/train/diagnosis.hpp>

namespace gradus::train::diagnosis {

SourceLine line_of(Loc where);
double squares(const Tensor& x);  // the sum of them; 0 for an undefined tensor
double norm(const Tensor& x);
double rms(const Tensor& x);
bool finite(const Tensor& x);

// The mean and the variance of all elements, floating or i64.
struct Moments {
  double mean = 0, variance = 0, square = 0;
};
Moments moments(const Tensor& x);

// The share of units of a weight (rows, or columns) that are equal to an earlier one, to 1e-4 of its length.
double twins(const Tensor& weight, bool rows);

// Whether all rows of (N, C) are probabilities that sum to 1.
bool probabilities(const Tensor& x);

// A number for each row of (N, …), equal for equal rows; 0 for a row whose elements are all the same.
std::vector<std::uint64_t> row_hashes(const Tensor& x);
// Of a few elements: a batch is known again by it.
std::uint64_t fingerprint(const Tensor& x);
// Whether the rows look like measured numbers: other values than 0 and 1, and more columns than one or many values.
bool measured(const Tensor& x);

// Root mean squares of the columns of (N, F).
std::vector<double> column_rms(const Tensor& x);

// The largest eigenvalue of the Hessian of y on the live tape, by a few products; NaN where it cannot be had.
double curvature(Tape& tape, const Tensor& y, const std::vector<Tensor>& parameters);

}  // namespace gradus::train::diagnosis
