// Functions made of those in math_f32.inl and math_f64.inl.

template <class T>
GRADUS_INLINE T sigmoid(T x) {
  const T e = exp(-abs(x));
  return (x < 0 ? e : T(1)) / (T(1) + e);
}

template <class T>
GRADUS_INLINE T log_sigmoid(T x) {
  return (x < 0 ? x : T(0)) - log1p(exp(-abs(x)));
}

// A product with `a`, and 0 where a is 0, even if the other factor is infinite or NaN. A gradient of 0 stays 0 by it: a
// branch that `where` did not take sends no NaN back.
template <class T>
GRADUS_INLINE T zero_stays(T a, T product) {
  return a == 0 ? T(0) : product;
}

template <class T>
GRADUS_INLINE T silu(T x) {
  const T s = sigmoid(x);
  return zero_stays(s, x * s);
}
template <class T>
GRADUS_INLINE T gelu(T x) {
  const T cdf = normal_cdf(x, gauss(x));
  return zero_stays(cdf, x * cdf);
}
template <class T>
GRADUS_INLINE T gelu_slope(T x) {
  const T g = gauss(x);
  return normal_cdf(x, g) + zero_stays(g, x * g * T(0.39894228040143267794));
}

// 0.5 x (1 + tanh(u)) is x sigmoid(2 u), which does not cancel. The slope of 2 u comes along.
constexpr double kTwoSqrt2OverPi = 1.5957691216057307118, kCubic = 0.044715;
template <class T>
GRADUS_INLINE T gelu_tanh(T x) {
  const T s = sigmoid(T(kTwoSqrt2OverPi) * (x + T(kCubic) * (x * x * x)));
  return zero_stays(s, x * s);
}
template <class T>
GRADUS_INLINE T gelu_tanh_slope(T x) {
  const T s = sigmoid(T(kTwoSqrt2OverPi) * (x + T(kCubic) * (x * x * x)));
  const T slope = s * (1 - s);
  return s + zero_stays(slope, x * slope * (T(kTwoSqrt2OverPi) * (1 + T(3 * kCubic) * (x * x))));
}

template <class T>
GRADUS_INLINE T softplus(T x, T k0, T k1) {
  const T z = k0 * x;
  const T y = ((z > 0 ? z : T(0)) + log1p(exp(-abs(z)))) / k0;
  return z > k1 ? x : y;
}
