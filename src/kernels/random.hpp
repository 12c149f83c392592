// Counter-based randomness: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Element i of a draw depends on (seed, counter + i) alone: the same bits on every platform and at every thread count.
#pragma once

#include <cstdint>

namespace gradus::kernels {

// Element i comes from the 128-bit counter {counter + i, 0} under the 64-bit key seed: its four words give 64 bits (the
// first two words) and all that is drawn below.
std::uint64_t philox(std::uint64_t seed, std::uint64_t counter);

// The generator itself, for the published known answers.
struct Philox {
  std::uint32_t word[4];
};
Philox philox4x32(Philox counter, std::uint32_t key0, std::uint32_t key1);

// Uniform in [0, 1): f64 uses 53 bits, f32 24. Normal: the inverse of the distribution function (Wichura, AS 241, 1988)
// of a uniform in (0, 1), computed in double with IEEE operations only and without contraction, so that bits agree
// everywhere.
void uniform(std::uint64_t seed, std::uint64_t counter, std::int64_t n, float* y);
void uniform(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double* y);
void normal(std::uint64_t seed, std::uint64_t counter, std::int64_t n, float* y);
void normal(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double* y);
// Integers in [low, high), high > low: the high word of a 64x64-bit product.
void integers(std::uint64_t seed, std::uint64_t counter, std::int64_t n, std::int64_t low, std::int64_t high,
              std::int64_t* y);
// Dropout: y = x keep / (1 - p), where keep is uniform(seed, counter + i) >= p. x may equal y.
void dropout(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double p, const float* x, float* y);
void dropout(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double p, const double* x, double* y);
// A permutation of 0 .. n-1 by Fisher and Yates.
void permutation(std::uint64_t seed, std::uint64_t counter, std::int64_t n, std::int64_t* y);
double normal_quantile(double u);  // the inverse of the standard normal distribution function, 0 < u < 1

}  // namespace gradus::kernels
