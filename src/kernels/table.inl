// The tables: each entry with its definition. tests/kernels/table.cpp finds one that is forgotten.

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
constexpr void add_storage(Table<T>& t) {
  t.copy = map1<T, [](T x) { return x; }, cheap>;
  t.fill = fill<T>;
  t.transpose = transpose<T>;
  t.where = where<T>;
  t.index_select = index_select<T>;
  t.eq = map2<T, [](T a, T b) { return a == b; }, bool>;
  t.ne = map2<T, [](T a, T b) { return a != b; }, bool>;
  t.lt = map2<T, [](T a, T b) { return a < b; }, bool>;
  t.le = map2<T, [](T a, T b) { return a <= b; }, bool>;
  t.gt = map2<T, [](T a, T b) { return b < a; }, bool>;
  t.ge = map2<T, [](T a, T b) { return b <= a; }, bool>;
}

template <class T>
constexpr void add_arithmetic(Table<T>& t) {
  t.neg = map1<T, [](T x) { return negative(x); }, cheap>;
  t.abs = map1<T, [](T x) { return magnitude(x); }, cheap>;
  t.sign = map1<T, [](T x) { return sign_of(x); }>;
  t.square = map1<T, [](T x) { return times(x, x); }, cheap>;
  t.add_scalar = map1k<T, [](T x, T k, T) { return plus(x, k); }, cheap>;
  t.mul_scalar = map1k<T, [](T x, T k, T) { return times(x, k); }, cheap>;
  t.clamp = map1k<T,
                  [](T x, T low, T high) {
                    x = x < low ? low : x;
                    return high < x ? high : x;
                  },
                  cheap>;
  t.add = map2<T, [](T a, T b) { return plus(a, b); }, T, cheap>;
  t.sub = map2<T, [](T a, T b) { return minus(a, b); }, T, cheap>;
  t.mul = map2<T, [](T a, T b) { return times(a, b); }, T, cheap>;
  t.maximum = map2<T, [](T a, T b) { return larger(a, b); }, T, cheap>;
  t.minimum = map2<T, [](T a, T b) { return smaller(a, b); }, T, cheap>;
  t.axpy = axpy<T>;
  t.sum = reduce<T, sum_row<T>, sum_strip<T>>;
  t.prod = reduce<T, prod_row<T>, prod_strip<T>>;
  t.max = reduce<T, extreme_row<T, 1>, extreme_strip<T, 1>>;
  t.min = reduce<T, extreme_row<T, -1>, extreme_strip<T, -1>>;
  t.argmax = arg_reduce<T, 1>;
  t.argmin = arg_reduce<T, -1>;
  t.cumsum = cumsum<T>;
  t.index_add = index_add<T>;
}

template <class T>
constexpr void add_functions(Table<T>& t) {
  t.sqrt = map1<T, [](T x) { return sqrt(x); }>;
  t.rsqrt = map1<T, [](T x) { return 1 / sqrt(x); }>;
  t.reciprocal = map1<T, [](T x) { return 1 / x; }>;
  t.exp = map1<T, [](T x) { return exp(x); }>;
  t.expm1 = map1<T, [](T x) { return expm1(x); }>;
  t.log = map1<T, [](T x) { return log(x); }>;
  t.log1p = map1<T, [](T x) { return log1p(x); }>;
  t.sin = map1<T, [](T x) { return sin(x); }>;
  t.cos = map1<T, [](T x) { return cos(x); }>;
  t.tan = map1<T, [](T x) { return tan(x); }>;
  t.tanh = map1<T, [](T x) { return tanh(x); }>;
  t.sigmoid = map1<T, [](T x) { return sigmoid(x); }>;
  t.log_sigmoid = map1<T, [](T x) { return log_sigmoid(x); }>;
  t.erf = map1<T, [](T x) { return erf(x); }>;
  t.relu = map1<T, [](T x) { return x <= 0 ? T(0) : x; }, cheap>;
  t.silu = map1<T, [](T x) { return silu(x); }>;
  t.gelu = map1<T, [](T x) { return gelu(x); }>;
  t.gelu_tanh = map1<T, [](T x) { return gelu_tanh(x); }>;
  t.pow_scalar = pow_scalar<T>;
  t.leaky_relu = map1k<T, [](T x, T k, T) { return 0 < x ? x : k * x; }, cheap>;
  t.elu = map1k<T, [](T x, T k, T) { return 0 < x ? x : k * expm1(x); }>;
  t.softplus = map1k<T, [](T x, T k0, T k1) { return softplus(x, k0, k1); }>;
  t.div = map2<T, [](T a, T b) { return a / b; }, T>;
  t.pow = map2<T, [](T a, T b) { return pow(a, b); }, T>;
  t.relu_vjp = map2<T, [](T g, T x) { return x <= 0 ? T(0) : g; }, T, cheap>;
  t.chain_mul = map2<T, [](T g, T slope) { return zero_stays(g, g * slope); }, T, cheap>;
  t.mul_zero = map2<T, [](T a, T b) { return zero_stays(b, zero_stays(a, a * b)); }, T, cheap>;
  t.chain_div = map2<T, [](T g, T x) { return zero_stays(g, g / x); }, T>;
  t.tanh_vjp = map2<T, [](T g, T y) { return zero_stays(g, g * (1 - y * y)); }, T, cheap>;
  t.sigmoid_vjp = map2<T, [](T g, T y) { return zero_stays(g, g * y * (1 - y)); }, T, cheap>;
  t.silu_vjp = map2<T,
                    [](T g, T x) {
                      const T s = sigmoid(x), slope = s * (1 - s);
                      return zero_stays(g, g * (s + zero_stays(slope, x * slope)));
                    },
                    T>;
  t.gelu_vjp = map2<T, [](T g, T x) { return zero_stays(g, g * gelu_slope(x)); }, T>;
  t.gelu_tanh_vjp = map2<T, [](T g, T x) { return zero_stays(g, g * gelu_tanh_slope(x)); }, T>;
}

template <class T>
constexpr Table<T> real_table() {
  Table<T> t{};
  add_storage(t);
  add_arithmetic(t);
  add_functions(t);
  if constexpr (sizeof(T) == sizeof(float)) {
    t.sin = map_trig<[](float x) { return sin_near(x); }, [](float x) { return sin(x); }>;
    t.cos = map_trig<[](float x) { return cos_near(x); }, [](float x) { return cos(x); }>;
  }
  t.nonfinite = nonfinite<T>;
  t.dot = dot<T>;
  t.logsumexp = reduce<T, logsumexp_row<T>, logsumexp_strip<T>>;
  t.softmax = normalize<T, softmax_row<T>, softmax_strip<T>>;
  t.softmax_vjp = softmax_vjp<T>;
  t.log_softmax_vjp = log_softmax_vjp<T>;
  t.normalize = normalize_rows<T>;
  t.normalize_vjp = normalize_vjp<T>;
  t.layer_norm = layer_norm<T>;
  t.layer_norm_vjp = layer_norm_vjp<T>;
  t.cross_entropy = cross_entropy<T>;
  t.cross_entropy_vjp = cross_entropy_vjp<T>;
  t.lstm = lstm<T>;
  t.lstm_vjp = lstm_vjp<T>;
  t.attention = attention<T>;
  t.attention_vjp = attention_vjp<T>;
  t.log_softmax = normalize<T, log_softmax_row<T>, log_softmax_strip<T>>;
  t.gemm = gemm<T>;
  t.conv2d = conv2d<T>;
  t.conv2d_input = conv2d_input<T>;
  t.conv2d_weight = conv2d_weight<T>;
  t.max_pool2d = max_pool2d<T>;
  t.max_pool2d_input = max_pool2d_input<T>;
  t.avg_pool2d = avg_pool2d<T>;
  t.avg_pool2d_input = avg_pool2d_input<T>;
  t.sgd = sgd<T>;
  t.adam = adam<T>;
  return t;
}

constexpr Table<Index> index_table() {
  Table<Index> t{};
  add_storage(t);
  add_arithmetic(t);
  return t;
}

constexpr Table<bool> bool_table() {
  Table<bool> t{};
  add_storage(t);
  t.maximum = map2<bool, [](bool a, bool b) { return a || b; }, bool>;
  t.minimum = map2<bool, [](bool a, bool b) { return a && b; }, bool>;
  return t;
}
