// The functions behind the tables in f64: polynomials of our own, which the compiler vectorises. exp, log, sin and cos
// are within 1 unit in the last place of the exact value, the others within 2. All f64 kernels are compiled without
// fused multiply-adds (CMakeLists.txt), so that each gives the same bits at every instruction-set level.
//
// Coefficients: interpolation at Chebyshev nodes, in 60 digits. Reductions: Cody and Waite (1980); Muller, Elementary
// Functions (2016), chapter 11.

using u64 = std::uint64_t;

GRADUS_INLINE u64 bits(double x) { return __builtin_bit_cast(u64, x); }
GRADUS_INLINE double from_bits(u64 b) { return __builtin_bit_cast(double, b); }

// Adding 1.5 * 2^52 rounds to an integer, which then sits in the low bits.
constexpr double kRounder64 = 0x1.8p52;
constexpr double kLn2Hi64 = 0x1.62e42fefa3000p-1, kLn2Lo64 = 0x1.3de6af278ece6p-42;  // the high part has 41 bits

// 2^n of the integer n that `rounded` = n + kRounder64 holds, -1022 <= n <= 1023
GRADUS_INLINE double power_of_two(double rounded) { return from_bits((bits(rounded) + 1023) << 52); }

// x = n ln 2 + hi - lo; hi is exact
struct Reduced64 {
  double hi, lo, n;
};
GRADUS_INLINE Reduced64 reduce_exp(double x) {
  const double n = (x * 1.4426950408889634 + kRounder64) - kRounder64;
  return {x - n * kLn2Hi64, n * kLn2Lo64, n};
}
// e^r - 1 - r over r^2
GRADUS_INLINE double exp_tail(double r) {
  return poly(r, 2.09147553258932e-09, 2.5105312729622103e-08, 2.755727347871858e-07, 2.755725517000089e-06,
              2.480158732567746e-05, 0.0001984126987500228, 0.0013888888888883711, 0.008333333333326084,
              0.04166666666666667, 0.1666666666666667, 0.5);
}

// e^(x + low) for a small low
GRADUS_INLINE double exp_sum(double x, double low) {
  x = x < -750.0 ? -750.0 : x;
  x = x > 720.0 ? 720.0 : x;
  const auto [hi, lo, n] = reduce_exp(x);
  const double off = lo - low, r = hi - off;
  const double p = 1.0 + (hi + (r * r * exp_tail(r) - off));
  const double half = n * 0.5 + kRounder64;  // two steps reach denormals and the largest finite values
  return p * power_of_two(half) * power_of_two((n - (half - kRounder64)) + kRounder64);
}
GRADUS_INLINE double exp(double x) { return exp_sum(x, 0.0); }

GRADUS_INLINE double expm1(double x) {
  double c = x < -50.0 ? -50.0 : x;
  c = c > 710.0 ? 710.0 : c;
  const auto [hi, lo, n] = reduce_exp(c);
  const double r = hi - lo;
  // 2^n (e^r - 1) + 2^n - 1, at half its size, since 2^1024 is none; what is small comes last
  const double half = power_of_two((n - 1.0) + kRounder64);
  const double y = 2.0 * ((half * hi + (half - 0.5)) + half * (r * r * exp_tail(r) - lo));
  return abs(x) < 1e-17 ? x : y;
}

// log(1 + f) + e ln 2 for sqrt(1/2) - 1 <= f < sqrt(2) - 1: with s = f / (2 + f), log(1 + f) = 2 s + s^3 (2/3 + …)
GRADUS_INLINE double log_sum(double f, double e) {
  const double s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  const double tail = z * poly(z, 0.13088034850927555, 0.13268638369266825, 0.15386244737621665, 0.18181795547521137,
                               0.22222222392581045, 0.28571428570799784, 0.40000000000000885, 0.6666666666666666);
  return e * kLn2Hi64 - ((half - (s * (half + tail) + e * kLn2Lo64)) - f);
}
// x = 2^e m, m in [sqrt(1/2), sqrt(2)), for a normal x > 0. Exponents are shifted into reach of unsigned shifts, which
// are the only ones that every level has for 64 bits.
struct Split64 {
  double m, e;
};
constexpr u64 kSqrtHalf64 = 0x3fe6a09e667f3bcd, kFraction64 = 0xfffffffffffff;
GRADUS_INLINE Split64 split(double x) {
  const u64 b = bits(x) - kSqrtHalf64 + (u64(2048) << 52);          // modulo 2^64: e + 2048 in the upper 12 bits
  const double biased = from_bits((b >> 52) | 0x4330000000000000);  // 2^52 + 2048 + e
  return {from_bits((b & kFraction64) + kSqrtHalf64), biased - (0x1p52 + 2048.0)};
}
GRADUS_INLINE double log(double x) {
  const bool tiny = x < 0x1p-1022;
  const auto [m, e] = split(tiny ? x * 0x1p54 : x);
  double y = log_sum(m - 1.0, e - (tiny ? 54.0 : 0.0));
  y = x < static_cast<double>(kInf) ? y : x;  // infinity and NaN
  y = x == 0.0 ? -static_cast<double>(kInf) : y;
  return x < 0.0 ? static_cast<double>(kNaN) : y;
}

GRADUS_INLINE double log1p(double x) {
  const double u = 1.0 + x;
  const auto [m, e] = split(u);
  // 2^-e (1 + x) - 1 without the rounding of 1 + x; from 2^53 on the 1 is lost anyway
  const double s = power_of_two(kRounder64 - e);
  const double f = e > 53.0 ? m - 1.0 : x * s + (s - 1.0);
  double y = log_sum(f, e);
  y = abs(x) < 1e-17 ? x : y;
  y = x < static_cast<double>(kInf) ? y : x;
  y = x == -1.0 ? -static_cast<double>(kInf) : y;
  return x < -1.0 ? static_cast<double>(kNaN) : y;
}

// e / (1 + e) and 1 / (1 + e), without the rounding of 1 + e: what it cut off is `rest`
GRADUS_INLINE double sigmoid(double x) {
  const double e = exp(-abs(x)), s = 1.0 + e, rest = e - (s - 1.0);
  const double q = (x < 0.0 ? e : 1.0) / s, inverse = x < 0.0 ? 1.0 - q : q;
  return q - q * (rest * inverse);
}

GRADUS_INLINE double tanh(double x) {
  const double a = abs(x), z = x * x;
  const double p = poly(z, 6.485163482793113e-06, -3.12011014257974e-05, 9.257116129556769e-05, -0.0002375906496055562,
                        0.0005896606577757043, -0.0014557754120478055, 0.0035921217511549622, -0.008863235103240878,
                        0.021869488519008305, -0.05396825396789699, 0.13333333333333042, -0.3333333333333333);
  const double near = x + x * (z * p);
  const double far = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
  return copysign(a < 0.625 ? near : far, x);
}

// x^2 as a sum, since its rounding alone would cost hundreds of units in the tails: h has 26 bits
GRADUS_INLINE double upper_half(double x) { return from_bits(bits(x) & 0xfffffffff8000000); }

// e^(a^2) erfc(a) for a >= 0: a polynomial in 1 / (1 + 0.4 a)
GRADUS_INLINE double scaled_erfc(double a) {
  const double q = 1.0 / (1.0 + 0.4 * a);
  return q * poly(2.0 * q - 1.0, -4.70109430462887e-10, 1.796908760765375e-11, 4.630505483639302e-09,
                  -2.6084401963639024e-09, -2.1700522052575845e-08, 2.9739028365115916e-08, 5.6022529976824736e-08,
                  -1.817898979351181e-07, -3.020565846556202e-09, 7.87330879020279e-07, -9.325949963814173e-07,
                  -2.702996651192588e-06, 7.29763834631987e-06, 7.813352432547714e-06, -4.504190630925258e-05,
                  -2.3323227697790717e-05, 0.00028107748522941033, 0.00017568332067584912, -0.0019275142088583748,
                  -0.003357217721957947, 0.01134462005277536, 0.06850045809844968, 0.18156564665923888,
                  0.32186073977565927, 0.4216127281222872);
}

GRADUS_INLINE double erf(double x) {
  const double z = x * x;
  const double near = x + x * poly(z, 5.957176147748911e-11, -1.1372848856791674e-09, 1.4659775274047436e-08,
                                   -1.6350312701054695e-07, 1.6461000484121368e-06, -1.4925595266831182e-05,
                                   0.0001205533111164271, -0.000854832698083379, 0.0052239776248180145,
                                   -0.026866170645076792, 0.11283791670954879, -0.3761263890318375, 0.1283791670955126);
  const double a = abs(x) > 6.0 ? 6.0 : abs(x), h = upper_half(a);  // erf(6) is 1
  const double far = copysign(1.0 - scaled_erfc(a) * exp_sum(-h * h, (h - a) * (h + a)), x);
  return abs(x) < 1.0 ? near : far;
}

// e^(-x^2 / 2)
GRADUS_INLINE double gauss(double x) {
  x = abs(x) > 40.0 ? 40.0 : x;
  const double h = upper_half(x);
  return exp_sum(-0.5 * h * h, -0.5 * (x - h) * (x + h));
}

// The standard normal distribution function, given gauss(x)
GRADUS_INLINE double normal_cdf(double x, double gauss_x) {
  const double tail = 0.5 * scaled_erfc(0.70710678118654752440 * abs(x)) * gauss_x;
  return x < 0.0 ? tail : 1.0 - tail;
}

// x = n pi/2 + r + low for |x| < kTrigLimit64. Three parts of pi/2 have 33 bits, so that n times each is exact; what a
// difference of two rounds off is kept, since x may be close to a multiple.
constexpr double kTrigLimit64 = 0x1p20;
struct Quadrant64 {
  double r, low;
  u64 n;
};
struct Exact64 {
  double sum, rest;
};
GRADUS_INLINE Exact64 exact_difference(double a, double b) {  // Knuth's two-sum
  const double s = a - b, back = s - a;
  return {s, (a - (s - back)) - (b + back)};
}
GRADUS_INLINE Quadrant64 reduce_trig(double x) {
  const double t = x * 0.63661977236758134 + kRounder64, n = t - kRounder64;
  const auto [a, a_rest] = exact_difference(x - n * 0x1.921fb544p+0, n * 0x1.0b4611a6p-34);
  const auto [b, b_rest] = exact_difference(a, n * 0x1.3198a2e0p-69);
  const double rest = (a_rest + b_rest) - n * 0x1.b839a252049c0p-104, r = b + rest;
  return {r, (b - r) + rest, bits(t)};
}
GRADUS_INLINE double sine_of(Quadrant64 q) {
  const double r = q.r, z = r * r;
  const double sp = poly(z, -7.586691094197958e-13, 1.6058531516797758e-10, -2.5052106231802837e-08,
                         2.7557319219337312e-06, -0.00019841269841265063, 0.008333333333333331);
  const double v = z * r;
  const double s = r - ((z * (0.5 * q.low - v * sp) - q.low) + v * 0.16666666666666666);
  const double cp = poly(z, -1.1382623647474604e-11, 2.087614614655861e-09, -2.7557317271145144e-07,
                         2.480158729876456e-05, -0.0013888888888887398, 0.041666666666666664);
  const double half = 0.5 * z, w = 1.0 - half;
  const double c = w + (((1.0 - w) - half) + (z * z * cp - r * q.low));
  // Masks and not comparisons: SSE2 has none for 64 bits.
  const u64 odd = u64(0) - (q.n & 1);
  return from_bits(((bits(c) & odd) | (bits(s) & ~odd)) ^ ((q.n & 2) << 62));
}
GRADUS_INLINE double sin_near(double x) { return abs(x) < 1e-150 ? x : sine_of(reduce_trig(x)); }
GRADUS_INLINE double cos_near(double x) {
  const Quadrant64 q = reduce_trig(x);
  return sine_of({q.r, q.low, q.n + 1});
}
