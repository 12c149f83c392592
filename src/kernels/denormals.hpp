// The processor's way with denormals, the numbers below 1.2e-38 in f32: it is a mode of each thread. Arithmetic on one
// can cost a hundred times that on other numbers. The library changes the mode within an optimizer's update alone.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// The bits that make a thread take denormals for 0, as operands and as results; 0 where the processor has no such
/// mode.
#if defined(__SSE2__)
constexpr std::uint64_t kFlushBits = 0x8040;  // MXCSR: FTZ and DAZ
#elif defined(__aarch64__)
constexpr std::uint64_t kFlushBits = 1u << 24;  // FPCR: FZ
#else
constexpr std::uint64_t kFlushBits = 0;
#endif

/// The calling thread's control word, of which the flush bits are a part.
inline std::uint64_t float_mode() {
#if defined(__SSE2__)
  return __builtin_ia32_stmxcsr();
#elif defined(__aarch64__)
  std::uint64_t mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}
inline void set_float_mode([[maybe_unused]] std::uint64_t mode) {
#if defined(__SSE2__)
  __builtin_ia32_ldmxcsr(static_cast<unsigned>(mode));
#elif defined(__aarch64__)
  asm volatile("msr fpcr, %0" : : "r"(mode));
#endif
}

/// While it lives, its thread's flush bits are as given, all of them unless told; then they are what they were, also
/// after an exception. What else the control word holds is left alone: rounding, traps and the flags raised meanwhile.
class FlushDenormals {
 public:
  explicit FlushDenormals(std::uint64_t bits = kFlushBits) : before_(float_mode() & kFlushBits) {
    if (bits != before_) put(bits);
    set_ = bits;
  }
  ~FlushDenormals() {
    if (set_ != before_) put(before_);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  static void put(std::uint64_t bits) { set_float_mode((float_mode() & ~kFlushBits) | bits); }

  std::uint64_t before_, set_;
};

}  // namespace gradus::kernels
