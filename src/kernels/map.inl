// Elementwise loops. A functor is a captureless lambda given as a template argument, so that each table entry reads as
// its definition. `omp simd` promises that y[i] depends on nothing but element i: without it a loop in place would stay
// scalar.

// A plain store first reads the cache line that it changes. A result of many megabytes leaves the caches before it is
// read again, so it is written past them, which saves a third of the memory traffic.
constexpr Index kPastCaches = 8 << 20, kLine = 256;  // bytes

// Of a functor: cheap takes less time than the memory; costly takes so much, in code too, that its loop is there once.
enum Cost { plain, cheap, costly };

#ifdef __AVX__
constexpr bool can_write_past = true;
template <class Y>
GRADUS_INLINE void write_past(const Y* line, Y* y) {
#pragma GCC unroll 8
  for (Index i = 0; i < kLine / 32; ++i)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(y) + i,
                        _mm256_load_si256(reinterpret_cast<const __m256i*>(line) + i));
}
GRADUS_INLINE void fence() { _mm_sfence(); }
// One vector of 64 or 128 bytes to a place at a multiple of 64.
template <class V>
GRADUS_INLINE void store_past(const V& row, void* y) {
#ifdef __AVX512F__
  using Part = __m512i;
#else
  using Part = __m256i;
#endif
  constexpr Index parts = sizeof(V) / sizeof(Part);
  Part part[parts];
  __builtin_memcpy(part, &row, sizeof row);
#pragma GCC unroll 4
  for (Index i = 0; i < parts; ++i) {
#ifdef __AVX512F__
    _mm512_stream_si512(static_cast<Part*>(y) + i, part[i]);
#else
    _mm256_stream_si256(static_cast<Part*>(y) + i, part[i]);
#endif
  }
}
#else
constexpr bool can_write_past = false;
template <class V>
GRADUS_INLINE void store_past(const V& row, void* y) {
  __builtin_memcpy(y, &row, sizeof row);
}
GRADUS_INLINE void fence() {}
#endif

template <class Y>
GRADUS_INLINE bool large(Index n) {
  return n * static_cast<Index>(sizeof(Y)) >= kPastCaches;
}

// y[i] = f(i); past: whole lines go past the caches, and a fence is to follow.
template <class Y, class F>
GRADUS_INLINE void write(Index n, Y* y, [[maybe_unused]] bool past, F f) {
  Index start = 0;
#ifdef __AVX__
  if (past && reinterpret_cast<std::uintptr_t>(y) % 64 == 0) {
    constexpr Index block = kLine / static_cast<Index>(sizeof(Y));
    alignas(64) Y line[block];
    for (; start + block <= n; start += block) {
#pragma omp simd
      for (Index i = 0; i < block; ++i) line[i] = f(start + i);
      write_past(line, y + start);
    }
  }
#endif
#pragma omp simd
  for (Index i = start; i < n; ++i) y[i] = f(i);
}

template <class Y, class F>
[[gnu::noinline]] void write_large(Index n, Y* y, F f) {  // apart: its lines on the stack would slow what is small
  write(n, y, true, f);
  fence();
}

// The same for a whole result. fresh: f does not read y.
template <Cost cost, class Y, class F>
GRADUS_INLINE void write_all(Index n, Y* y, bool fresh, F f) {
  if constexpr (cost == cheap)
    if (fresh && large<Y>(n)) return write_large(n, y, f);
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = f(i);
}

// While it lives, denormal operands are 0 to its thread; results may be denormals.
#ifdef __SSE2__
class WithoutDenormals {
 public:
  GRADUS_INLINE WithoutDenormals() : before_(__builtin_ia32_stmxcsr()) {
    __builtin_ia32_ldmxcsr(before_ | kZero);
    asm volatile("" : : : "memory");  // no loop moves across
  }
  GRADUS_INLINE ~WithoutDenormals() {
    asm volatile("" : : : "memory");
    __builtin_ia32_ldmxcsr((__builtin_ia32_stmxcsr() & ~kZero) | (before_ & kZero));
  }

 private:
  static constexpr unsigned kZero = 0x40;  // DAZ
  unsigned before_;
};
#else
struct WithoutDenormals {
  GRADUS_INLINE WithoutDenormals() {}
};
#endif

// Calls loop(m, from, to) for blocks of x, which do not lie in a row, with copies that do.
constexpr Index kCollected = 64;
template <class T>
GRADUS_INLINE void collect(Index n, const T* x, Index sx, T* to) {
  for (Index i = 0; i < n; ++i) to[i] = x[i * sx];
}
template <class T, class Loop>
GRADUS_INLINE void collected(Index n, const T* x, Index sx, T* y, Loop loop) {
  alignas(64) T row[kCollected];
  for (Index start = 0; start < n; start += kCollected) {
    const Index m = least(kCollected, n - start);
    collect(m, x + start * sx, sx, row);
    loop(m, row, y + start);
  }
}

template <class T, auto f>
[[gnu::noinline]] void costly1(Index n, const T* x, T* y) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = f(x[i]);
}

template <class T, auto f, Cost cost = plain>
void map1(Index n, const T* x, Index sx, T* y) {
  if (n == 1) {  // a vector loop's set-up costs more than the work
    *y = f(*x);
  } else if constexpr (cost == costly) {
    if (sx == 1) return costly1<T, f>(n, x, y);
    collected(n, x, sx, y, costly1<T, f>);
  } else if (sx == 1) {
    write_all<cost>(n, y, x != y, [=](Index i) { return f(x[i]); });
  } else {
    for (Index i = 0; i < n; ++i) y[i] = f(x[i * sx]);
  }
}

// The same for a function to which a denormal is as good as 0, or which keeps denormals, and which computes with none.
constexpr Index kShort = 64;  // changing the mode costs as much as some elements
template <class T, auto f>
void map1_normal(Index n, const T* x, Index sx, T* y) {
  if (n < kShort) return map1<T, f, costly>(n, x, sx, y);
  const WithoutDenormals normal;
  map1<T, f, costly>(n, x, sx, y);
}

// A constant as an element. To Index, what is out of range is the nearest number in it, and NaN is 0.
template <class T>
GRADUS_INLINE T constant(double k) {
  if constexpr (is_index<T>) {
    constexpr double end = 9223372036854775808.0;  // 2^63
    if (k >= end) return 0x7fffffffffffffff;
    if (k < -end) return -0x7fffffffffffffff - 1;
    if (k != k) return 0;
  }
  return static_cast<T>(k);
}

template <class T, auto f>
[[gnu::noinline]] void costly1k(Index n, const T* x, T* y, T a, T b) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = f(x[i], a, b);
}

template <class T, auto f, Cost cost = plain>
void map1k(Index n, const T* x, Index sx, T* y, double k0, double k1) {
  const T a = constant<T>(k0), b = constant<T>(k1);
  if constexpr (cost == costly) {
    if (sx == 1) return costly1k<T, f>(n, x, y, a, b);
    collected(n, x, sx, y, [=](Index m, const T* row, T* to) { costly1k<T, f>(m, row, to, a, b); });
  } else if (sx == 1) {
    write_all<cost>(n, y, x != y, [=](Index i) { return f(x[i], a, b); });
  } else {
    for (Index i = 0; i < n; ++i) y[i] = f(x[i * sx], a, b);
  }
}

template <class T, auto f>
[[gnu::noinline]] void costly2(Index n, const T* a, const T* b, T* y) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
}
template <class T, auto f>
[[gnu::noinline]] void costly2_collected(Index n, const T* a, Index sa, const T* b, Index sb, T* y) {
  alignas(64) T row[kCollected];
  collected(n, a, sa, y, [&](Index m, const T* first, T* to) {
    collect(m, b, sb, row);
    b += m * sb;
    costly2<T, f>(m, first, row, to);
  });
}

// y is T, or bool for the comparisons.
template <class T, auto f, class Y = T, Cost cost = plain>
void map2(Index n, const T* a, Index sa, const T* b, Index sb, Y* y) {
  if (n == 1) {
    *y = f(*a, *b);
  } else if constexpr (cost == costly) {
    if (sa == 1 && sb == 1) return costly2<T, f>(n, a, b, y);
    costly2_collected<T, f>(n, a, sa, b, sb, y);
  } else if (sa == 1 && sb == 1) {
    write_all<cost>(n, y, static_cast<const void*>(y) != a && static_cast<const void*>(y) != b,
                    [=](Index i) { return f(a[i], b[i]); });
  } else if (sa == 1 && sb == 0 && n > 0) {
    const T v = *b;
#pragma omp simd
    for (Index i = 0; i < n; ++i) y[i] = f(a[i], v);
  } else if (sa == 0 && sb == 1 && n > 0) {
    const T v = *a;
#pragma omp simd
    for (Index i = 0; i < n; ++i) y[i] = f(v, b[i]);
  } else {
    for (Index i = 0; i < n; ++i) y[i] = f(a[i * sa], b[i * sb]);
  }
}

// A choice by the bits: a condition that nobody can foresee costs a branch twenty times an element.
template <Index bytes>
struct Bits;
template <>
struct Bits<1> {
  using type [[gnu::may_alias]] = unsigned char;
};
template <>
struct Bits<4> {
  using type [[gnu::may_alias]] = std::uint32_t;
};
template <>
struct Bits<8> {
  using type [[gnu::may_alias]] = std::uint64_t;
};

template <class T>
void where(Index n, const bool* c, Index sc, const T* a, Index sa, const T* b, Index sb, T* y) {
  using B = typename Bits<sizeof(T)>::type;
  const auto* const take = reinterpret_cast<const unsigned char*>(c);
  const auto* const p = reinterpret_cast<const B*>(a);
  const auto* const q = reinterpret_cast<const B*>(b);
  auto* const to = reinterpret_cast<B*>(y);
  const auto choose = [](unsigned char one, B from, B other) {
    const B all = static_cast<B>(B(0) - B(one));
    return static_cast<B>((from & all) | (other & ~all));
  };
  if (sc == 1 && sa == 1 && sb == 1) {
    write_all<cheap>(n, to, a != y && b != y, [=](Index i) { return choose(take[i], p[i], q[i]); });
  } else if (sc == 0 && n > 0) {
    const B* const from = *take ? p : q;
    const Index step = *take ? sa : sb;
    if (step == 1)
      write_all<cheap>(n, to, from != to, [=](Index i) { return from[i]; });
    else
      for (Index i = 0; i < n; ++i) to[i] = from[i * step];
  } else if (sc == 1 && sa == 1 && sb == 0 && n > 0) {
    const B other = *q;
#pragma omp simd
    for (Index i = 0; i < n; ++i) to[i] = choose(take[i], p[i], other);
  } else if (sc == 1 && sa == 0 && sb == 1 && n > 0) {
    const B from = *p;
#pragma omp simd
    for (Index i = 0; i < n; ++i) to[i] = choose(take[i], from, q[i]);
  } else {
    for (Index i = 0; i < n; ++i) to[i] = choose(take[i * sc], p[i * sa], q[i * sb]);
  }
}

template <class T>
void fill(Index n, T value, T* y) {
  for (Index i = 0; i < n; ++i) y[i] = value;
}

// Integers wrap around: the arithmetic is done without signs, where overflow is defined.
template <class T>
GRADUS_INLINE T plus(T a, T b) {
  if constexpr (is_index<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  else
    return a + b;
}
template <class T>
GRADUS_INLINE T minus(T a, T b) {
  if constexpr (is_index<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  else
    return a - b;
}
template <class T>
GRADUS_INLINE T times(T a, T b) {
  if constexpr (is_index<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  else
    return a * b;
}
template <class T>
GRADUS_INLINE T negative(T x) {
  if constexpr (is_index<T>)
    return minus(T(0), x);
  else
    return -x;
}
template <class T>
GRADUS_INLINE T magnitude(T x) {
  if constexpr (is_index<T>)
    return x < 0 ? negative(x) : x;
  else
    return abs(x);
}

template <class T>
void axpy(Index n, double k, const T* x, T* y) {
  const T a = constant<T>(k);
#pragma omp simd
  for (Index i = 0; i < n; ++i) y[i] = plus(y[i], times(a, x[i]));
}

// Sines or cosines in blocks. An argument beyond the reduction's range goes to the C library, alone: the result of an
// element does not depend on the others.
template <class T>
constexpr T kTrigLimit = sizeof(T) == 4 ? static_cast<T>(kTrigLimit32) : static_cast<T>(kTrigLimit64);
template <class T, auto near, auto any>
void map_trig(Index n, const T* x, Index sx, T* y) {
  constexpr Index kBlock = 256;
  for (Index start = 0; start < n; start += kBlock, x += kBlock * sx, y += kBlock) {
    const Index m = least(kBlock, n - start);
    int far = 0;
    const auto try_near = [&] {
      for (Index i = 0; i < m; ++i) far |= !(abs(x[i * sx]) < kTrigLimit<T>);
      if (!far) map1<T, near, costly>(m, x, sx, y);
    };
    if (m < kShort) {
      try_near();
    } else {
      const WithoutDenormals normal;
      try_near();
    }
    if (!far) continue;
    T before[kBlock];  // y may be x
    for (Index i = 0; i < m; ++i) before[i] = x[i * sx];
    map1<T, near, costly>(m, before, 1, y);
    for (Index i = 0; i < m; ++i)
      if (!(abs(before[i]) < kTrigLimit<T>)) y[i] = any(before[i]);
  }
}

// Cheap exponents apart; the root keeps pow's rules for -0 and -infinity.
template <class T>
void pow_scalar(Index n, const T* x, Index sx, T* y, double k0, double) {
  if (k0 == 2)
    map1<T, [](T v) { return v * v; }>(n, x, sx, y);
  else if (k0 == 3)
    map1<T, [](T v) { return v * v * v; }>(n, x, sx, y);
  else if (k0 == -1)
    map1<T, [](T v) { return 1 / v; }>(n, x, sx, y);
  else if (k0 == 0.5)
    map1<T, [](T v) { return v == -kInf ? T(kInf) : sqrt(v) + T(0); }>(n, x, sx, y);
  else
    map1k<T, [](T v, T k, T) { return pow(v, k); }, costly>(n, x, sx, y, k0, 0);
}
