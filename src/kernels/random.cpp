// Philox and what is drawn from it. Compiled with -ffp-contract=off: the bits of normal() are a promise.
#include "random.hpp"

#include <bit>
#include <cmath>

namespace gradus::kernels {
namespace {

double unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }               // [0, 1)
double open_unit(std::uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }  // (0, 1)

// Draws in blocks, so that the ten rounds of many counters run side by side in vectors.
template <class Use>
void draw(std::uint64_t seed, std::uint64_t counter, std::int64_t n, Use use) {
  constexpr std::int64_t kBlock = 64;
  std::uint64_t bits[kBlock];
  for (std::int64_t start = 0; start < n; start += kBlock) {
    const std::int64_t m = n - start < kBlock ? n - start : kBlock;
    for (std::int64_t i = 0; i < m; ++i) bits[i] = philox(seed, counter + static_cast<std::uint64_t>(start + i));
    for (std::int64_t i = 0; i < m; ++i) use(start + i, bits[i]);
  }
}

template <int n>
double poly(const double (&c)[n], double x) {
  double y = c[n - 1];
  for (int i = n - 2; i >= 0; --i) y = y * x + c[i];
  return y;
}

// The natural logarithm of a normal x > 0 (the method of fdlibm): IEEE operations only, unlike the C library's.
constexpr double kLog[] = {6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                           2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                           1.479819860511658591e-01};
double portable_log(double x) {
  constexpr double kLn2Hi = 6.93147180369123816490e-01, kLn2Lo = 1.90821492927058770002e-10;
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd;  // mantissas are cut at sqrt(1/2), not at 1
  const std::uint64_t b = std::bit_cast<std::uint64_t>(x) - kSqrtHalf;
  const double e = static_cast<double>(static_cast<std::int64_t>(b) >> 52);
  const double f = std::bit_cast<double>((b & 0xfffffffffffff) + kSqrtHalf) - 1;
  const double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  return e * kLn2Hi - ((half - (s * (half + z * poly(kLog, z)) + e * kLn2Lo)) - f);
}

// AS 241, routine PPND16: the centre, the shoulders and the tails, each a quotient of two polynomials.
constexpr double kA[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                         1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                         3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr double kB[] = {1.0,
                         4.2313330701600911252e+1,
                         6.8718700749205790830e+2,
                         5.3941960214247511077e+3,
                         2.1213794301586595867e+4,
                         3.9307895800092710610e+4,
                         2.8729085735721942674e+4,
                         5.2264952788528545610e+3};
constexpr double kC[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                         3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                         2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kD[] = {1.0,
                         2.05319162663775882187e0,
                         1.67638483018380384940e0,
                         6.89767334985100004550e-1,
                         1.48103976427480074590e-1,
                         1.51986665636164571966e-2,
                         5.47593808499534494600e-4,
                         1.05075007164441684324e-9};
constexpr double kE[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                         2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                         2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kF[] = {1.0,
                         5.99832206555887937690e-1,
                         1.36929880922735805310e-1,
                         1.48753612908506148525e-2,
                         7.86869131145613259100e-4,
                         1.84631831751005468180e-5,
                         1.42151175831644588870e-7,
                         2.04426310338993978564e-15};

template <class T>
void fill_normal(std::uint64_t seed, std::uint64_t counter, std::int64_t n, T* y) {
  draw(seed, counter, n,
       [=](std::int64_t i, std::uint64_t bits) { y[i] = static_cast<T>(normal_quantile(open_unit(bits))); });
}

template <class T>
void drop(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double p, const T* x, T* y) {
  const T scale = static_cast<T>(p < 1 ? 1 / (1 - p) : 0);
  draw(seed, counter, n, [=](std::int64_t i, std::uint64_t bits) { y[i] = unit(bits) >= p ? x[i] * scale : T(0); });
}

// The high word of a b, by halves: not every compiler has 128-bit integers.
std::uint64_t high_product(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
  const std::uint64_t middle = a1 * b0 + (a0 * b0 >> 32), cross = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (cross >> 32);
}

}  // namespace

Philox philox4x32(Philox counter, std::uint32_t key0, std::uint32_t key1) {
  auto [c0, c1, c2, c3] = counter.word;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0, p1 = std::uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ key0;
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ key1;
    c1 = static_cast<std::uint32_t>(p1);
    c3 = static_cast<std::uint32_t>(p0);
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return {{c0, c1, c2, c3}};
}

std::uint64_t philox(std::uint64_t seed, std::uint64_t counter) {
  const Philox p = philox4x32({{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), 0, 0}},
                              static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
  return p.word[0] | std::uint64_t{p.word[1]} << 32;
}

void uniform(std::uint64_t seed, std::uint64_t counter, std::int64_t n, float* y) {
  draw(seed, counter, n, [=](std::int64_t i, std::uint64_t bits) { y[i] = static_cast<float>(bits >> 40) * 0x1p-24f; });
}
void uniform(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double* y) {
  draw(seed, counter, n, [=](std::int64_t i, std::uint64_t bits) { y[i] = unit(bits); });
}
void normal(std::uint64_t seed, std::uint64_t counter, std::int64_t n, float* y) { fill_normal(seed, counter, n, y); }
void normal(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double* y) { fill_normal(seed, counter, n, y); }

void integers(std::uint64_t seed, std::uint64_t counter, std::int64_t n, std::int64_t low, std::int64_t high,
              std::int64_t* y) {
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  draw(seed, counter, n, [=](std::int64_t i, std::uint64_t bits) {
    y[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + high_product(bits, range));
  });
}

void dropout(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double p, const float* x, float* y) {
  drop(seed, counter, n, p, x, y);
}
void dropout(std::uint64_t seed, std::uint64_t counter, std::int64_t n, double p, const double* x, double* y) {
  drop(seed, counter, n, p, x, y);
}

void permutation(std::uint64_t seed, std::uint64_t counter, std::int64_t n, std::int64_t* y) {
  draw(seed, counter, n, [=](std::int64_t i, std::uint64_t bits) {  // the inside-out form: one pass, in order
    const auto j = static_cast<std::int64_t>(high_product(bits, static_cast<std::uint64_t>(i) + 1));
    y[i] = y[j];
    y[j] = i;
  });
}

double normal_quantile(double u) {
  const double q = u - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * poly(kA, r) / poly(kB, r);
  }
  const double r = std::sqrt(-portable_log(q < 0 ? u : 1 - u));
  const double y = r <= 5 ? poly(kC, r - 1.6) / poly(kD, r - 1.6) : poly(kE, r - 5) / poly(kF, r - 5);
  return q < 0 ? -y : y;
}

}  // namespace gradus::kernels
