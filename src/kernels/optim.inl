// Optimizer steps in one pass over memory. The variants are settled outside the loop.

template <class T, bool nesterov>
void sgd_momentum(Index n, T* p, const T* g, T* momentum, T sign, T lr, T decay, T mu, T keep) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    const T d = sign * g[i] + decay * p[i];
    const T m = mu * momentum[i] + keep * d;
    momentum[i] = m;
    p[i] -= lr * (nesterov ? d + mu * m : m);
  }
}

template <class T>
void sgd(Index n, T* p, const T* g, T* momentum, bool first, double lr, double mu, double dampening,
         double weight_decay, bool nesterov, bool maximize) {
  const T sign = maximize ? T(-1) : T(1), rate = static_cast<T>(lr), decay = static_cast<T>(weight_decay);
  if (!momentum) {
#pragma omp simd
    for (Index i = 0; i < n; ++i) p[i] -= rate * (sign * g[i] + decay * p[i]);
    return;
  }
  if (first) fill(n, T(0), momentum);  // what it held may be NaN
  const T keep = first ? T(1) : static_cast<T>(1 - dampening), m = static_cast<T>(mu);
  if (nesterov)
    sgd_momentum<T, true>(n, p, g, momentum, sign, rate, decay, m, keep);
  else
    sgd_momentum<T, false>(n, p, g, momentum, sign, rate, decay, m, keep);
}

template <class T, bool amsgrad>
void adam_loop(Index n, T* p, const T* g, T* m, T* v, T* vmax, const AdamStep& s) {
  const T sign = s.maximize ? T(-1) : T(1), b1 = static_cast<T>(s.beta1), b2 = static_cast<T>(s.beta2);
  const T c1 = static_cast<T>(1 - s.beta1), c2 = static_cast<T>(1 - s.beta2), eps = static_cast<T>(s.eps);
  const T shrink = static_cast<T>(s.decoupled ? 1 - s.lr * s.weight_decay : 1);
  const T decay = static_cast<T>(s.decoupled ? 0 : s.weight_decay);
  const T rate = static_cast<T>(s.lr / s.correction1), root = static_cast<T>(1 / __builtin_sqrt(s.correction2));
#pragma omp simd
  for (Index i = 0; i < n; ++i) {
    const T old = p[i], d = sign * g[i] + decay * old;
    const T mean = b1 * m[i] + c1 * d, square = b2 * v[i] + c2 * d * d;
    m[i] = mean;
    v[i] = square;
    T size = square;
    if constexpr (amsgrad) {
      size = vmax[i] < square ? square : vmax[i];
      vmax[i] = size;
    }
    p[i] = old * shrink - rate * mean / (sqrt(size) * root + eps);
  }
}

template <class T>
void adam(Index n, T* p, const T* g, T* m, T* v, T* vmax, const AdamStep& s) {
  if (vmax)
    adam_loop<T, true>(n, p, g, m, v, vmax, s);
  else
    adam_loop<T, false>(n, p, g, m, v, nullptr, s);
}
