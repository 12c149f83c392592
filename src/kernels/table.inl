// The tables: each entry with its definition. The compiler refuses one that is forgotten (Required in kernels.hpp).

template <class T>
GRADUS_INLINE T sign_of(T x) {
  if constexpr (is_index<T>) return (x > 0) - (x < 0);
  const T low = x < 0 ? T(-1) : x;  // 0, -0 and NaN stay what they are
  return x > 0 ? T(1) : low;
}
template <class T>
GRADUS_INLINE T larger(T a, T b) {
  return a > b || a != a ? a : b;
}
template <class T>
GRADUS_INLINE T smaller(T a, T b) {
  return a < b || a != a ? a : b;
}

template <class T>
consteval Storage<T> storage() {
  return {
      .copy = map1<T, [](T x) { return x; }, cheap>,
      .fill = fill<T>,
      .transpose = transpose<T>,
      .where = where<T>,
      .index_select = index_select<T>,
      .eq = map2<T, [](T a, T b) { return a == b; }, bool>,
      .ne = map2<T, [](T a, T b) { return a != b; }, bool>,
      .lt = map2<T, [](T a, T b) { return a < b; }, bool>,
      .le = map2<T, [](T a, T b) { return a <= b; }, bool>,
      .gt = map2<T, [](T a, T b) { return b < a; }, bool>,
      .ge = map2<T, [](T a, T b) { return b <= a; }, bool>,
      .maximum = map2<T, [](T a, T b) { return larger(a, b); }, T, cheap>,
      .minimum = map2<T, [](T a, T b) { return smaller(a, b); }, T, cheap>,
  };
}

template <class T>
consteval Arithmetic<T> arithmetic() {
  return {
      .neg = map1<T, [](T x) { return negative(x); }, cheap>,
      .abs = map1<T, [](T x) { return magnitude(x); }, cheap>,
      .sign = map1<T, [](T x) { return sign_of(x); }>,
      .square = map1<T, [](T x) { return times(x, x); }, cheap>,
      .add_scalar = map1k<T, [](T x, T k, T) { return plus(x, k); }, cheap>,
      .mul_scalar = map1k<T, [](T x, T k, T) { return times(x, k); }, cheap>,
      .clamp = map1k<T,
                     [](T x, T low, T high) {
                       x = x < low ? low : x;
                       return high < x ? high : x;
                     },
                     cheap>,
      .add = map2<T, [](T a, T b) { return plus(a, b); }, T, cheap>,
      .sub = map2<T, [](T a, T b) { return minus(a, b); }, T, cheap>,
      .mul = map2<T, [](T a, T b) { return times(a, b); }, T, cheap>,
      .axpy = axpy<T>,
      .sum = reduce<T, sum_row<T>, sum_strip<T>>,
      .prod = reduce<T, prod_row<T>, prod_strip<T>>,
      .max = reduce<T, extreme_row<T, 1>, extreme_strip<T, 1>>,
      .min = reduce<T, extreme_row<T, -1>, extreme_strip<T, -1>>,
      .argmax = arg_reduce<T, 1>,
      .argmin = arg_reduce<T, -1>,
      .cumsum = cumsum<T>,
      .index_add = index_add<T>,
  };
}

template <class T>
consteval Functions<T> functions() {
  return {
      .sqrt = map1<T, [](T x) { return sqrt(x); }>,
      .rsqrt = map1<T, [](T x) { return 1 / sqrt(x); }>,
      .reciprocal = map1<T, [](T x) { return 1 / x; }>,
      .exp = map1_normal<T, [](T x) { return exp(x); }>,
      .expm1 = map1<T, [](T x) { return expm1(x); }, costly>,
      .log = map1<T, [](T x) { return log(x); }, costly>,
      .log1p = map1<T, [](T x) { return log1p(x); }, costly>,
      .sin = map_trig<T, [](T x) { return sin_near(x); }, [](T x) { return sin(x); }>,
      .cos = map_trig<T, [](T x) { return cos_near(x); }, [](T x) { return cos(x); }>,
      .tan = map1<T, [](T x) { return tan(x); }, costly>,
      .tanh = map1_normal<T, [](T x) { return keep_denormals(x, tanh(x)); }>,
      .sigmoid = map1<T, [](T x) { return sigmoid(x); }, costly>,
      .log_sigmoid = map1<T, [](T x) { return log_sigmoid(x); }, costly>,
      .erf = map1<T, [](T x) { return erf(x); }, costly>,
      .relu = map1<T, [](T x) { return x <= 0 ? T(0) : x; }, cheap>,
      .silu = map1<T, [](T x) { return silu(x); }, costly>,
      .gelu = map1<T, [](T x) { return gelu(x); }, costly>,
      .gelu_tanh = map1<T, [](T x) { return gelu_tanh(x); }, costly>,
      .pow_scalar = pow_scalar<T>,
      .leaky_relu = map1k<T, [](T x, T k, T) { return 0 < x ? x : k * x; }, cheap>,
      .elu = map1k<T, [](T x, T k, T) { return 0 < x ? x : k * expm1(x); }, costly>,
      .softplus = map1k<T, [](T x, T k0, T k1) { return softplus(x, k0, k1); }, costly>,
      .div = map2<T, [](T a, T b) { return a / b; }, T>,
      .pow = map2<T, [](T a, T b) { return pow(a, b); }, T, costly>,
      .chain_mul = map2<T, [](T g, T slope) { return zero_stays(g, g * slope); }, T, cheap>,
      .chain_div = map2<T, [](T g, T x) { return zero_stays(g, g / x); }, T>,
      .mul_zero = map2<T, [](T a, T b) { return zero_stays(b, zero_stays(a, a * b)); }, T, cheap>,
      .relu_vjp = map2<T, [](T g, T x) { return x <= 0 ? T(0) : g; }, T, cheap>,
      .tanh_vjp = map2<T, [](T g, T y) { return zero_stays(g, g * (1 - y * y)); }, T, cheap>,
      .sigmoid_vjp = map2<T, [](T g, T y) { return zero_stays(g, g * y * (1 - y)); }, T, cheap>,
      .silu_vjp = map2<T,
                       [](T g, T x) {
                         const T s = sigmoid(x), slope = s * (1 - s);
                         return zero_stays(g, g * (s + zero_stays(slope, x * slope)));
                       },
                       T, costly>,
      .gelu_vjp = map2<T, [](T g, T x) { return zero_stays(g, g * gelu_slope(x)); }, T, costly>,
      .gelu_tanh_vjp = map2<T, [](T g, T x) { return zero_stays(g, g * gelu_tanh_slope(x)); }, T, costly>,
  };
}

template <class T>
consteval Blocks<T> blocks() {
  return {
      .nonfinite = nonfinite<T>,
      .dot = dot<T>,
      .logsumexp = reduce<T, logsumexp_row<T>, logsumexp_strip<T>>,
      .softmax = normalize<T, softmax_row<T>, softmax_strip<T>>,
      .log_softmax = normalize<T, log_softmax_row<T>, log_softmax_strip<T>>,
      .softmax_vjp = softmax_vjp<T>,
      .log_softmax_vjp = log_softmax_vjp<T>,
      .normalize = normalize_rows<T>,
      .normalize_vjp = normalize_vjp<T>,
      .layer_norm = layer_norm<T>,
      .layer_norm_vjp = layer_norm_vjp<T>,
      .cross_entropy = cross_entropy<T>,
      .cross_entropy_vjp = cross_entropy_vjp<T>,
      .attention = attention<T>,
      .attention_vjp = attention_vjp<T>,
      .lstm = lstm<T>,
      .lstm_vjp = lstm_vjp<T>,
      .gemm = gemm<T>,
      .conv2d = conv2d<T>,
      .conv2d_input = conv2d_input<T>,
      .conv2d_weight = conv2d_weight<T>,
      .max_pool2d = max_pool2d<T>,
      .max_pool2d_input = max_pool2d_input<T>,
      .avg_pool2d = avg_pool2d<T>,
      .avg_pool2d_input = avg_pool2d_input<T>,
      .sgd = sgd<T>,
      .adam = adam<T>,
  };
}

template <class T>
consteval Table<T> real_table() {
  return {storage<T>(), arithmetic<T>(), functions<T>(), blocks<T>()};
}

consteval Table<Index> index_table() { return {storage<Index>(), arithmetic<Index>(), {}, {}}; }

consteval Table<bool> bool_table() { return {storage<bool>(), {}, {}, {}}; }
