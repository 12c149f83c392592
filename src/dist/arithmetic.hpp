// Plain loops over numbers that lie side by side: what goes into a bucket, is added, and comes out.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gradus/tensor.hpp>

namespace gradus::dist {

void add(DType dtype, const void* from, void* to, std::size_t count);  // to += from
// to = factor * from; of different dtypes, f32, f64 or i64.
void scale(DType from_dtype, const void* from, double factor, DType to_dtype, void* to, std::size_t count);
// to = factor * (after - before)
void scaled_difference(DType from_dtype, const void* after, const void* before, double factor, DType to_dtype, void* to,
                       std::size_t count);
void divide(DType dtype, const void* from, double by, void* to, std::size_t count);  // to = from / by
// to = before + change / by; an i64 is rounded.
void moved(DType to_dtype, const void* before, DType dtype, const void* change, double by, void* to, std::size_t count);

// bf16 is the upper half of an f32. Rounds to nearest, ties to even; a NaN stays one.
void to_bf16(const float* from, std::uint16_t* to, std::size_t count);
void from_bf16(const std::uint16_t* from, float* to, std::size_t count);
void add_bf16(void* to, const void* a, const void* b, std::size_t count);  // to = a + b
// What is sent of `numbers` and what of former steps was not: numbers + left is rounded to `sent`, and the rest is
// left.
void to_bf16_with_feedback(const float* numbers, float* left, std::uint16_t* sent, std::size_t count);

}  // namespace gradus::dist
