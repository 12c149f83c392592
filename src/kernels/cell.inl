// What a recurrent step does element by element, in one pass over its gates.

// The long short-term memory: a row of `a` is [i, f, g, o] before their functions, each of n; c is the memory.
//   y[0] = h = sigmoid(o) tanh(c'),  y[1] = c' = sigmoid(f) c + sigmoid(i) tanh(g)
// y[0] and y[1] are [rows, n].
template <class T>
void lstm(Index rows, Index n, const T* a, const T* c, T* y) {
  T *h = y, *memory = y + rows * n;
  for (Index r = 0; r < rows; ++r, a += 4 * n, c += n, h += n, memory += n)
#pragma omp simd
    for (Index j = 0; j < n; ++j) {
      const T m = sigmoid(a[n + j]) * c[j] + sigmoid(a[j]) * tanh(a[2 * n + j]);
      memory[j] = m;
      h[j] = sigmoid(a[3 * n + j]) * tanh(m);
    }
}

// g is like y.
template <class T>
void lstm_vjp(Index rows, Index n, const T* a, const T* c, const T* y, const T* g, T* da, T* dc) {
  const T *gh = g, *gc = g + rows * n, *memory = y + rows * n;
  for (Index r = 0; r < rows; ++r, a += 4 * n, c += n, memory += n, gh += n, gc += n, da += 4 * n, dc += n)
#pragma omp simd
    for (Index j = 0; j < n; ++j) {
      const T i = sigmoid(a[j]), f = sigmoid(a[n + j]), u = tanh(a[2 * n + j]), o = sigmoid(a[3 * n + j]);
      const T t = tanh(memory[j]), m = gc[j] + gh[j] * o * (1 - t * t);
      da[j] = m * u * i * (1 - i);
      da[n + j] = m * c[j] * f * (1 - f);
      da[2 * n + j] = m * i * (1 - u * u);
      da[3 * n + j] = gh[j] * t * o * (1 - o);
      dc[j] = m * f;
    }
}
