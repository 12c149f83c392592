// The gate on rules: every operation of the library has a row here, which knows how to draw inputs for it, right and
// wrong. Adding an operation is adding a row to the table of its family (rows_*.cpp).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gradus/gradus.hpp>

namespace gate {

using gradus::Tensor;
using Tensors = std::vector<Tensor>;

// Numbers that depend on the seed alone, so that a failing case can be drawn again.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n)); }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }  // both included
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double p) { return uniform(0, 1) < p; }
  template <class T>
  T of(std::initializer_list<T> choices) {
    return choices.begin()[below(static_cast<std::int64_t>(choices.size()))];
  }

 private:
  std::uint64_t state_;
};

// One call: a function and what it is called with. Inputs of a floating dtype are differentiated.
struct Case {
  std::function<Tensor(const Tensors&)> f;
  Tensors x;
  double h = 3e-4;  // the step of differences: large for what is linear but rounded to f32
};

struct Row {
  const char* name;  // of the operation
  std::function<Case(Rng&)> sample;
  std::vector<Case> errors;        // each must throw
  const char* flat = nullptr;      // why the gradient is zero everywhere, if it is
  const char* no_curve = nullptr;  // why the second derivative with respect to inputs is zero, if it is
};

inline constexpr auto is_linear = "linear in its inputs", in_pieces = "linear but for its kinks";

std::vector<Row> elementwise_rows(), unary_rows(), activation_rows(), reduce_rows(), view_rows(), arrange_rows(),
    index_rows(), matmul_rows(), linalg_rows(), conv_rows(), pool_rows(), nn_rows(), layer_rows(), loss_rows();

const std::vector<Row>& rows();  // all of them

// How many cases of each operation have to count, at each order.
inline constexpr int first_order_cases = 300 * GRADUS_TEST_SCALE, second_order_cases = 150 * GRADUS_TEST_SCALE;

// Case number `number` of a row.
Case draw_case(const Row& row, int number);

}  // namespace gate
