// Element by element. Operands of different shapes are broadcast as in numpy: an `expand` is recorded for each operand
// whose shape changes. f32 and f64, unless stated otherwise; arithmetic also i64. NaN propagates, except in pow: x^0 is
// 1 for every x, and 1^b is 1 for every b, as in C. Rules keep a gradient of 0 at 0, even where the slope is infinite
// or NaN.
#pragma once

#include <gradus/tensor.hpp>

namespace gradus {

// ---- two operands. A number takes the dtype of the tensor; a tensor of integers takes integers only ----
Tensor add(Arg a, Arg b);
Tensor sub(Arg a, Arg b);
Tensor mul(Arg a, Arg b);
Tensor div(Arg a, Arg b);      ///< f32, f64
Tensor pow(Arg a, Arg b);      ///< f32, f64. da = g b a^(b-1), 0 where b = 0; db = g a^b ln a, 0 where a = 0 and b >= 0
Tensor maximum(Arg a, Arg b);  ///< at a tie each side gets half the gradient
Tensor minimum(Arg a, Arg b);
/// a - b floor(a / b), exact, with the sign of b, as Python's %: f32, f64, i64. da = g, db = -g floor(a / b). A divisor
/// of 0 gives NaN; in i64 it is an error.
Tensor remainder(Arg a, Arg b);
/// The angle of the point (b, a), from -π to π, as C's atan2: ±0 or ±π at (±0, ±0). The gradient at (0, 0) is 0.
Tensor atan2(Arg a, Arg b);

inline Tensor operator+(Arg a, Arg b) { return add(a, b); }
inline Tensor operator-(Arg a, Arg b) { return sub(a, b); }
inline Tensor operator*(Arg a, Arg b) { return mul(a, b); }
inline Tensor operator/(Arg a, Arg b) { return div(a, b); }

/// condition ? a : b. condition is bool; all three broadcast. The branch not taken gets the gradient 0, and what
/// computed it passes 0 on, not NaN: where(x > 0, sqrt(x), 0) has the gradient 0 at 0.
Tensor where(Arg condition, Arg a, Arg b);
Tensor masked_fill(Arg x, Arg mask, double value);  ///< mask ? value : x

// ---- comparisons: bool results, no gradient. A comparison with NaN is false, except ne. A tensor of integers or bool
// ---- (false is 0, true is 1) is compared exactly with any number.
Tensor eq(Arg a, Arg b);
Tensor ne(Arg a, Arg b);
Tensor lt(Arg a, Arg b);
Tensor le(Arg a, Arg b);
Tensor gt(Arg a, Arg b);
Tensor ge(Arg a, Arg b);
inline Tensor operator<(Arg a, Arg b) { return lt(a, b); }
inline Tensor operator<=(Arg a, Arg b) { return le(a, b); }
inline Tensor operator>(Arg a, Arg b) { return gt(a, b); }
inline Tensor operator>=(Arg a, Arg b) { return ge(a, b); }
/// Element by element: equal(a, b) compares whole tensors, a.is_same(b) handles.
inline Tensor operator==(Arg a, Arg b) { return eq(a, b); }
inline Tensor operator!=(Arg a, Arg b) { return ne(a, b); }          ///< likewise
Tensor logical_and(Arg a, Arg b);                                    ///< of bool, as the next two
Tensor logical_or(Arg a, Arg b);                                     ///< true if either is
Tensor logical_not(Arg x);                                           ///< true where x is false
inline Tensor operator&(Arg a, Arg b) { return logical_and(a, b); }  ///< of bool, as the next two
inline Tensor operator|(Arg a, Arg b) { return logical_or(a, b); }   ///< …
inline Tensor operator~(Arg x) { return logical_not(x); }            ///< …
Tensor isnan(Arg x);
Tensor isfinite(Arg x);  ///< neither NaN nor infinite; true for i64 and bool

// ---- one operand ----
Tensor neg(Arg x);
inline Tensor operator-(Arg x) { return neg(x); }
Tensor abs(Arg x);    ///< derivative 0 at 0; norms of vectors: norm(x), in reduce.hpp
Tensor sign(Arg x);   ///< -1, 0 or 1; derivative 0
Tensor floor(Arg x);  ///< f32, f64, i64; derivative 0, as of the next two
Tensor ceil(Arg x);   ///< the nearest whole number that is not smaller
Tensor round(Arg x);  ///< halves to the even neighbour: 0.5 is 0, 1.5 and 2.5 are 2
Tensor square(Arg x);
Tensor sqrt(Arg x);  ///< derivative +inf at 0
Tensor rsqrt(Arg x);
Tensor reciprocal(Arg x);
Tensor exp(Arg x);
Tensor expm1(Arg x);
Tensor log(Arg x);
Tensor log1p(Arg x);
Tensor log2(Arg x);  ///< exact for powers of 2
Tensor sin(Arg x);
Tensor cos(Arg x);
Tensor tan(Arg x);
Tensor asin(Arg x);  ///< -π/2 to π/2, NaN outside of -1 to 1; derivative +inf at -1 and 1
Tensor acos(Arg x);  ///< 0 to π, NaN outside of -1 to 1; derivative -inf at -1 and 1
Tensor atan(Arg x);  ///< -π/2 to π/2
Tensor sinh(Arg x);  ///< (e^x - e^-x) / 2
Tensor cosh(Arg x);  ///< (e^x + e^-x) / 2
Tensor tanh(Arg x);
Tensor sigmoid(Arg x);      ///< 1 / (1 + e^-x)
Tensor log_sigmoid(Arg x);  ///< stable: min(x, 0) - log1p(e^-|x|)
Tensor erf(Arg x);
Tensor lgamma(Arg x);   ///< ln |Γ(x)|; +inf at 0, -1, -2, …; derivative digamma(x)
Tensor digamma(Arg x);  ///< polygamma(0, x): -inf at 0 (+inf at -0), NaN at -1, -2, …
/// The n-th derivative of digamma, 0 <= n <= 100; its own is polygamma(n + 1, x). At 0, -1, -2, … (n > 0): +inf for odd
/// n, -inf for even n.
Tensor polygamma(std::int64_t n, Arg x);
/// min(max(x, low), high); derivative 1 from low to high, bounds included, else 0. ±infinity leaves a side open.
/// Error: low > high, or one is NaN.
Tensor clamp(Arg x, double low, double high);

// ---- activations ----
Tensor relu(Arg x);                                      ///< derivative 0 at 0
Tensor leaky_relu(Arg x, double negative_slope = 0.01);  ///< derivative negative_slope, which is finite, at 0
Tensor elu(Arg x, double alpha = 1);                     ///< x > 0 ? x : alpha (e^x - 1); alpha is finite
/// The form of gelu: by erf, or its approximation by tanh.
enum class Gelu { exact, tanh };
/// x Phi(x) (Hendrycks and Gimpel, 2016), or its tanh form 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
Tensor gelu(Arg x, Gelu form = Gelu::exact);
Tensor silu(Arg x);  ///< x sigmoid(x)
/// log(1 + e^(beta x)) / beta; x where beta x > threshold. Error: beta 0 or not finite, threshold NaN.
Tensor softplus(Arg x, double beta = 1, double threshold = 20);
Tensor mish(Arg x);  ///< x tanh(softplus(x)) (Misra, 2019); its derivatives are finite also where e^x overflows

// ---- for rules of operations (op.hpp) ----
/// g * slope, and 0 where g is 0, even if the slope is infinite or NaN there.
Tensor chain_mul(Arg g, Arg slope);
/// g / divisor, and 0 where g is 0, even if the divisor is 0 or NaN there.
Tensor chain_div(Arg g, Arg divisor);

// ---- conversion ----
Tensor to(Arg x, DType dtype);  ///< the gradient is converted back; to i64 or bool it ends here

}  // namespace gradus
