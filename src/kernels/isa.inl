// Everything that is compiled once per instruction set. An isa_*.cpp defines GRADUS_ISA_NAME and GRADUS_ISA_FUNCTION
// and includes this file, and so does an isa_*_f64.cpp, which defines GRADUS_ISA_F64. GRADUS_ISA_ROWS leaves out what
// rows_only.inl names. All code sits in an anonymous namespace and calls nothing inline from outside it: a shared
// inline function would be emitted in each object, and the linker might keep the AVX-512 copy for everybody.
#include "kernels.hpp"
#include "parallel.hpp"
#include "workspace.hpp"
#ifdef GRADUS_HAVE_CBLAS
#include <cblas.h>
#endif
#ifdef __AVX__
#include <immintrin.h>
#endif

namespace gradus::kernels {
namespace {

template <class T>
inline constexpr bool is_index = false;
template <>
inline constexpr bool is_index<Index> = true;
template <class T>
inline constexpr bool is_real = false;
template <>
inline constexpr bool is_real<float> = true;
template <>
inline constexpr bool is_real<double> = true;

// The numbers 0 … n - 1 as a type (std::integer_sequence is an inline function's home).
template <int...>
struct Lanes {};
template <int n, int... lane>
struct MakeLanes : MakeLanes<n - 1, n - 1, lane...> {};
template <int... lane>
struct MakeLanes<0, lane...> {
  using type = Lanes<lane...>;
};

constexpr float kInf = __builtin_inff(), kNaN = __builtin_nanf("");

// Each file uses those above it.
// clang-format off
#include "conv_plan.inl"
#include "math_f32.inl"
#include "math_f64.inl"
#include "math.inl"
#include "map.inl"
#include "transpose.inl"
#include "reduce.inl"
#include "softmax.inl"
#include "norm.inl"
#include "product.inl"
#include "gemm.inl"
#ifdef GRADUS_ISA_ROWS
#include "rows_only.inl"
#else
#include "cell.inl"
#include "attention.inl"
#include "conv.inl"
#include "conv_tile.inl"
#include "conv_lanes.inl"
#include "conv_direct.inl"
#include "conv_choice.inl"
#include "pool.inl"
#include "pool_pairs.inl"
#endif
#include "gather.inl"
#include "optim.inl"
#include "table.inl"
// clang-format on

}  // namespace

#ifdef GRADUS_ISA_F64
const Table<double>& GRADUS_ISA_F64() {
  static constexpr Table<double> table = real_table<double>();
  return table;
}
#else
const Kernels& GRADUS_ISA_FUNCTION(const Table<double>& f64) {
  static const Kernels kernels{GRADUS_ISA_NAME, real_table<float>(), f64, index_table(), bool_table()};
  return kernels;
}
#endif

}  // namespace gradus::kernels
