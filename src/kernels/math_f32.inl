// What the functions are made of, and those in f32: short polynomials in plain scalar code, which the compiler
// vectorises; NaN, infinities, -0 and denormals come out right without branches.

#define GRADUS_INLINE [[gnu::always_inline]] inline

using u32 = std::uint32_t;
using i32 = std::int32_t;

GRADUS_INLINE u32 bits(float x) { return __builtin_bit_cast(u32, x); }
GRADUS_INLINE float from_bits(u32 b) { return __builtin_bit_cast(float, b); }
GRADUS_INLINE float abs(float x) { return __builtin_fabsf(x); }
GRADUS_INLINE double abs(double x) { return __builtin_fabs(x); }
GRADUS_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
GRADUS_INLINE double sqrt(double x) { return __builtin_sqrt(x); }
template <class T>
GRADUS_INLINE T copysign(T size, T sign) {
  if constexpr (sizeof(T) == 4)
    return __builtin_copysignf(size, sign);
  else
    return __builtin_copysign(size, sign);
}

// Horner's rule, highest coefficient first.
template <class T>
GRADUS_INLINE T poly(T, T c) {
  return c;
}
template <class T, class... Rest>
GRADUS_INLINE T poly(T x, T c0, T c1, Rest... rest) {
  return poly(x, c0 * x + c1, rest...);
}

// Arithmetic on denormals costs up to a hundred times that on other numbers. Kernels of long arrays take denormal
// operands for 0 (WithoutDenormals in map.inl); a function that is not to lose them passes them on with this.
template <class T>
GRADUS_INLINE T keep_denormals(T x, T y) {
  constexpr T smallest = sizeof(T) == 4 ? T(0x1p-126) : T(0x1p-1022);
  return abs(x) < smallest ? x : y;
}

// Adding 1.5 * 2^23 rounds to an integer, which then sits in the low bits: no conversion that NaN would make undefined.
constexpr float kRounder = 12582912.f;
constexpr float kLn2Hi = 0.693359375f, kLn2Lo = -2.12194440e-4f;  // the high part times any exponent is exact

struct Reduced {
  float r;  // |r| <= ln 2 / 2
  i32 n;    // x = n ln 2 + r
};
GRADUS_INLINE Reduced reduce_exp(float x) {
  const float t = x * 1.44269504f + kRounder;
  const float n = t - kRounder;
  return {(x - n * kLn2Hi) - n * kLn2Lo, static_cast<i32>(bits(t) - bits(kRounder))};
}
GRADUS_INLINE float power_of_two(i32 n) { return from_bits(static_cast<u32>(n + 127) << 23); }
// e^r - 1 - r over r^2
GRADUS_INLINE float exp_tail(float r) {
  return poly(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 0.5f);
}

// e^(hi + lo) for a small lo
GRADUS_INLINE float exp_sum(float hi, float lo) {
  hi = hi < -110.f ? -110.f : hi;
  hi = hi > 100.f ? 100.f : hi;
  auto [r, n] = reduce_exp(hi);
  r += lo;
  const float p = (r * r * exp_tail(r) + r) + 1.f;
  const i32 half = n >> 1;  // two steps reach denormals and the largest finite values
  return p * power_of_two(half) * power_of_two(n - half);
}
GRADUS_INLINE float exp(float x) { return exp_sum(x, 0.f); }

GRADUS_INLINE float expm1(float x) {
  float c = x < -30.f ? -30.f : x;
  c = c > 89.f ? 89.f : c;
  const auto [r, n] = reduce_exp(c);
  const float half = power_of_two(n - 1);
  const float y = 2.f * (half * (r * r * exp_tail(r) + r) + (half - 0.5f));
  return abs(x) < 1e-8f ? x : y;
}

// log(1 + f) + e ln 2 for sqrt(1/2) - 1 <= f < sqrt(2) - 1
GRADUS_INLINE float log_sum(float f, float e) {
  const float p = poly(f, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                       -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
  const float z = f * f;
  return e * kLn2Hi + (f + (z * (f * p - 0.5f) + e * kLn2Lo));
}
constexpr u32 kSqrtHalf = 0x3f3504f3;  // the bits of sqrt(1/2): mantissas are cut there, not at 1

GRADUS_INLINE float log(float x) {
  const bool tiny = x < 1.17549435e-38f;
  const u32 b = bits(tiny ? x * 33554432.f : x) - kSqrtHalf;
  const float e = static_cast<float>(static_cast<i32>(b) >> 23) - (tiny ? 25.f : 0.f);
  float y = log_sum(from_bits((b & 0x7fffffu) + kSqrtHalf) - 1.f, e);
  y = x < kInf ? y : x;  // infinity and NaN
  y = x == 0.f ? -kInf : y;
  return x < 0.f ? kNaN : y;
}

GRADUS_INLINE float log1p(float x) {
  const float u = 1.f + x;
  const u32 b = bits(u) - kSqrtHalf;
  const i32 e = static_cast<i32>(b) >> 23;
  const float m = from_bits((b & 0x7fffffu) + kSqrtHalf);
  // 2^-e (1 + x) - 1 without the rounding of 1 + x; from 2^24 on the 1 is lost anyway.
  const float s = from_bits(static_cast<u32>(127 - e) << 23);
  const float f = e > 24 ? m - 1.f : x * s + (s - 1.f);
  float y = log_sum(f, static_cast<float>(e));
  y = abs(x) < 1e-8f ? x : y;
  y = x < kInf ? y : x;
  y = x == -1.f ? -kInf : y;
  return x < -1.f ? kNaN : y;
}

GRADUS_INLINE float tanh(float x) {
  const float a = abs(x), z = x * x;
  const float p =
      poly(z, -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f);
  const float near = x + x * (z * p);
  const float far = 1.f - 2.f / (exp(2.f * a) + 1.f);
  return copysign(a < 0.625f ? near : far, x);
}

// The standard normal distribution function at -a, a >= 0, times e^(a^2 / 2); a polynomial in 1 / (1 + 0.3 a).
GRADUS_INLINE float mills(float a) {
  const float q = 1.f / (1.f + 0.3f * a);
  return q * poly(2.f * q - 1.f, -4.098568235e-5f, 7.801210835e-5f, 2.805542199e-4f, -5.707311229e-4f, -2.423191391e-3f,
                  1.816291607e-3f, 2.77602569e-2f, 8.654968816e-2f, 1.645794899e-1f, 2.219706134e-1f);
}

GRADUS_INLINE float erf(float x) {
  const float a = abs(x), z = x * x;
  const float near = x + x * poly(z, 7.875875063e-5f, -8.016864287e-4f, 5.189087423e-3f, -2.685421201e-2f,
                                  1.128359472e-1f, -3.761262667e-1f, 1.283791658e-1f);
  const float far = copysign(1.f - 2.f * mills(1.41421356f * a) * exp(-z), x);
  return a < 1.f ? near : far;
}

// e^(-x^2 / 2); x^2 is split in two, since its rounding alone would cost a hundred ULP in the tails.
GRADUS_INLINE float gauss(float x) {
  x = abs(x) > 20.f ? 20.f : x;
  const float h = from_bits(bits(x) & 0xfffff000u);
  return exp_sum(-0.5f * h * h, -0.5f * (x - h) * (x + h));
}

// The standard normal distribution function, given gauss(x): accurate in the lower tail, where 1 + erf(x) would cancel.
GRADUS_INLINE float normal_cdf(float x, float gauss_x) {
  const float tail = mills(abs(x)) * gauss_x;
  return x < 0.f ? tail : 1.f - tail;
}

// x = n pi/2 + r for |x| < kTrigLimit32, in double: n times the high part is exact.
constexpr float kTrigLimit32 = 65536.f;
struct Quadrant {
  float r;
  u32 n;
};
GRADUS_INLINE Quadrant reduce_trig(float x) {
  const float t = x * 0.636619772f + kRounder;
  const double n = static_cast<double>(t - kRounder);
  const double r = (static_cast<double>(x) - n * 0x1.921fb544p+0) - n * 0x1.0b4611a626331p-34;
  return {static_cast<float>(r), bits(t)};
}
GRADUS_INLINE float sine_of(Quadrant q) {
  const float z = q.r * q.r;
  const float s = q.r + q.r * (z * poly(z, -1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f));
  const float c =
      1.f + (z * z * poly(z, 2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f) - 0.5f * z);
  const float y = q.n & 1 ? c : s;
  return from_bits(bits(y) ^ ((q.n & 2) << 30));
}
GRADUS_INLINE float sin_near(float x) { return x == 0.f ? x : sine_of(reduce_trig(x)); }
GRADUS_INLINE float cos_near(float x) {
  const Quadrant q = reduce_trig(x);
  return sine_of({q.r, q.n + 1});
}
GRADUS_INLINE float sin(float x) { return __builtin_sinf(x); }
GRADUS_INLINE double sin(double x) { return __builtin_sin(x); }
GRADUS_INLINE float cos(float x) { return __builtin_cosf(x); }
GRADUS_INLINE double cos(double x) { return __builtin_cos(x); }
GRADUS_INLINE float tan(float x) { return __builtin_tanf(x); }
GRADUS_INLINE double tan(double x) { return __builtin_tan(x); }
GRADUS_INLINE float pow(float x, float y) { return __builtin_powf(x, y); }
GRADUS_INLINE double pow(double x, double y) { return __builtin_pow(x, y); }
