// CRC-32. An .npz file should be read at the speed of the disk's cache, and zlib 1.2.13 computes this at 2 GB/s only.
#include "io/crc32.hpp"

#include <algorithm>
#include <array>

#ifdef GRADUS_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace gradus::io {
namespace {

constexpr std::array<std::uint32_t, 256> table = [] {
  std::array<std::uint32_t, 256> t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    t[i] = i;
    for (int bit = 0; bit < 8; ++bit) t[i] = t[i] & 1 ? t[i] >> 1 ^ 0xedb88320 : t[i] >> 1;
  }
  return t;
}();

// `state` is the complement of a checksum.
std::uint32_t by_table(std::uint32_t state, const unsigned char* p, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) state = table[(state ^ p[i]) & 255] ^ state >> 8;
  return state;
}

#ifdef __x86_64__

constexpr std::size_t block = 64;

// x times x^n, as a sum of two carry-less products; `factors` holds x^(n+32) and x^(n-32) modulo the polynomial.
__attribute__((target("pclmul,sse4.1"))) __m128i shifted(__m128i x, __m128i factors) {
  return _mm_xor_si128(_mm_clmulepi64_si128(x, factors, 0x00), _mm_clmulepi64_si128(x, factors, 0x11));
}

// Folds 64 bytes at a time into four sums, and these into 16 bytes that have the same checksum (Gopal et al., "Fast CRC
// computation for generic polynomials using PCLMULQDQ instruction", Intel, 2009). Takes whole blocks, at least one.
__attribute__((target("pclmul,sse4.1"))) std::uint32_t by_folding(std::uint32_t state, const unsigned char* p,
                                                                  std::size_t bytes) {
  const __m128i over_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
  const __m128i over_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  const auto at = [](const unsigned char* from, int i) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from) + i);
  };
  __m128i a = _mm_xor_si128(at(p, 0), _mm_cvtsi32_si128(static_cast<int>(state)));
  __m128i b = at(p, 1);
  __m128i c = at(p, 2);
  __m128i d = at(p, 3);
  for (const unsigned char* next = p + block; next != p + bytes; next += block) {
    a = _mm_xor_si128(shifted(a, over_64), at(next, 0));
    b = _mm_xor_si128(shifted(b, over_64), at(next, 1));
    c = _mm_xor_si128(shifted(c, over_64), at(next, 2));
    d = _mm_xor_si128(shifted(d, over_64), at(next, 3));
  }
  b = _mm_xor_si128(shifted(a, over_16), b);
  c = _mm_xor_si128(shifted(b, over_16), c);
  d = _mm_xor_si128(shifted(c, over_16), d);
  unsigned char last[16];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(last), d);
  return by_table(0, last, sizeof last);
}

constexpr std::size_t wide_block = 256;

// The same with 64 bytes in the place of 16. Takes whole wide blocks, at least one.
__attribute__((target("avx512f,vpclmulqdq"))) __m512i shifted(__m512i x, __m512i factors) {
  return _mm512_xor_si512(_mm512_clmulepi64_epi128(x, factors, 0x00), _mm512_clmulepi64_epi128(x, factors, 0x11));
}

__attribute__((target("avx512f,vpclmulqdq"))) std::uint32_t by_wide_folding(std::uint32_t state, const unsigned char* p,
                                                                            std::size_t bytes) {
  const __m512i over_256 = _mm512_set4_epi64(0x1322d1430, 0x11542778a, 0x1322d1430, 0x11542778a);
  const __m512i over_64 = _mm512_set4_epi64(0x1c6e41596, 0x154442bd4, 0x1c6e41596, 0x154442bd4);
  __m512i a =
      _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(state))));
  __m512i b = _mm512_loadu_si512(p + 64);
  __m512i c = _mm512_loadu_si512(p + 128);
  __m512i d = _mm512_loadu_si512(p + 192);
  for (const unsigned char* next = p + wide_block; next != p + bytes; next += wide_block) {
    a = _mm512_xor_si512(shifted(a, over_256), _mm512_loadu_si512(next));
    b = _mm512_xor_si512(shifted(b, over_256), _mm512_loadu_si512(next + 64));
    c = _mm512_xor_si512(shifted(c, over_256), _mm512_loadu_si512(next + 128));
    d = _mm512_xor_si512(shifted(d, over_256), _mm512_loadu_si512(next + 192));
  }
  b = _mm512_xor_si512(shifted(a, over_64), b);
  c = _mm512_xor_si512(shifted(b, over_64), c);
  d = _mm512_xor_si512(shifted(c, over_64), d);
  unsigned char last[64];
  _mm512_storeu_si512(last, d);
  return by_folding(0, last, sizeof last);
}

bool can_fold_wide() {
  static const bool can = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
  return can;
}

bool can_fold() {
  static const bool can = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return can;
}

#endif

}  // namespace

std::uint32_t crc32(std::uint32_t before, const void* data, std::size_t bytes) {
  const auto* p = static_cast<const unsigned char*>(data);
  std::uint32_t state = ~before;
#ifdef __x86_64__
  if (const std::size_t whole = bytes / wide_block * wide_block; whole > 0 && can_fold_wide() && can_fold()) {
    state = by_wide_folding(state, p, whole);
    p += whole;
    bytes -= whole;
  }
  if (const std::size_t whole = bytes / block * block; whole > 0 && can_fold()) {
    state = by_folding(state, p, whole);
    p += whole;
    bytes -= whole;
  }
#endif
#ifdef GRADUS_HAVE_ZLIB
  return static_cast<std::uint32_t>(::crc32_z(~state, p, bytes));
#else
  return ~by_table(state, p, bytes);
#endif
}

}  // namespace gradus::io
