// Plain loops over numbers that lie side by side: what goes into a bucket, is added, and comes out.
#pragma once

#include <cstddef>

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

}  // namespace gradus::dist
