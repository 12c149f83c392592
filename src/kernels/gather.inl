// Rows picked by index, and their adjoint.

template <class T>
void index_select(Index outer, Index n, Index inner, const T* x, Index m, const Index* at, T* y) {
  for (Index o = 0; o < outer; ++o, x += n * inner) {
    if (inner == 1) {
      for (Index j = 0; j < m; ++j) y[j] = x[at[j]];
      y += m;
    } else {
      for (Index j = 0; j < m; ++j, y += inner) __builtin_memcpy(y, x + at[j] * inner, sizeof(T) * inner);
    }
  }
}

template <class T>
void index_add(Index outer, Index n, Index inner, T* x, Index m, const Index* at, const T* y) {
  for (Index o = 0; o < outer; ++o, x += n * inner)
    for (Index j = 0; j < m; ++j, y += inner) {
      T* row = x + at[j] * inner;
#pragma omp simd
      for (Index i = 0; i < inner; ++i) row[i] = plus(row[i], y[i]);
    }
}
