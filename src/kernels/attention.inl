// Scaled dot-product attention, head by head, in blocks of queries: y = p v, p = softmax(scale q kT). Under a causal
// mask query i sees the keys 0 to i, and a block leaves out the keys that none of its queries sees.

// Calls body(first query, queries, keys that they see) for a head's blocks, the last first: it sees the most keys.
template <class Body>
GRADUS_INLINE void for_blocks(const Attention& s, Body body) {
  constexpr Index kBlock = 32;
  for (Index block = pieces_of(s.queries, kBlock); block-- > 0;) {
    const Index first = block * kBlock, count = least(kBlock, s.queries - first);
    body(first, count, s.causal ? least(s.keys, first + count) : s.keys);
  }
}

// Calls body(head, place) for every head of every batch, shared out to the threads.
template <class Body>
void for_heads(const Attention& s, Body body) {
  constexpr Index kWork = 1 << 18;  // multiply-adds that are worth a thread
  const Index work = most(1, s.queries * s.keys * (s.width + s.value_width));
  parallel_for(s.batch * s.heads, most(1, kWork / work), [&](Index begin, Index end) {
    for (Index at = begin; at < end; ++at) body(at / s.heads, at % s.heads, at);
  });
}

// p is [batch, heads, queries, keys].
template <class T>
void attention(const Attention& s, const T* q, const T* k, const T* v, T* p, T* y) {
  for_heads(s, [&](Index b, Index h, Index at) {
    const T *keys = k + s.k.at(b, h), *values = v + s.v.at(b, h);
    for_blocks(s, [&](Index first, Index count, Index seen) {
      T* scores = p + (at * s.queries + first) * s.keys;
      gemm_serial(false, true, count, seen, s.width, static_cast<T>(s.scale), q + s.q.at(b, h, first), s.q.row, keys,
                  s.k.row, T(0), scores, s.keys);
      for (Index i = 0; i < count; ++i) {
        T* row = scores + i * s.keys;
        const Index n = s.causal ? least(seen, first + i + 1) : seen, whole = least(seen, pieces_of(n, 16) * 16);
        fill(whole - n, -static_cast<T>(kInf), row + n);  // whole vectors: a remainder would cost more than they do
        softmax_row(whole, row, row);
        fill(s.keys - n, T(0), row + n);
      }
      gemm_serial(false, false, count, s.value_width, seen, T(1), scores, s.keys, values, s.v.row, T(0),
                  y + s.y.at(b, h, first), s.y.row);
    });
  });
}

// dv = pT g, dp = g vT, ds = p (dp - sum(dp p)), dq = scale ds k, dk = scale dsT q. dq, dk and dv are
// [batch, row, heads, width]; ds is scratch.
template <class T>
void attention_vjp(const Attention& s, const T* q, const T* k, const T* v, const T* p, const T* g, T* dq, T* dk, T* dv,
                   T* ds) {
  const HeadRows to_q = packed(s.heads, s.queries, s.width), to_k = packed(s.heads, s.keys, s.width),
                 to_v = packed(s.heads, s.keys, s.value_width);
  for_heads(s, [&](Index b, Index h, Index at) {
    const T *keys = k + s.k.at(b, h), *values = v + s.v.at(b, h);
    T beta = 0;
    for_blocks(s, [&](Index first, Index count, Index seen) {
      const T *block = p + (at * s.queries + first) * s.keys, *gy = g + s.y.at(b, h, first);
      T* slope = ds + (at * s.queries + first) * s.keys;
      gemm_serial(false, true, count, seen, s.value_width, T(1), gy, s.y.row, values, s.v.row, T(0), slope, s.keys);
      for (Index i = 0; i < count; ++i)
        softmax_vjp(1, seen, slope + i * s.keys, block + i * s.keys, slope + i * s.keys);
      const T scale = static_cast<T>(s.scale);
      gemm_serial(false, false, count, s.width, seen, scale, slope, s.keys, keys, s.k.row, T(0),
                  dq + to_q.at(b, h, first), to_q.row);
      gemm_serial(true, false, seen, s.width, count, scale, slope, s.keys, q + s.q.at(b, h, first), s.q.row, beta,
                  dk + to_k.at(b, h), to_k.row);
      gemm_serial(true, false, seen, s.value_width, count, T(1), block, s.keys, gy, s.y.row, beta, dv + to_v.at(b, h),
                  to_v.row);
      if (first + count == s.queries && seen < s.keys) {  // keys that no query sees
        for (Index j = seen; j < s.keys; ++j) {
          fill(s.width, T(0), dk + to_k.at(b, h, j));
          fill(s.value_width, T(0), dv + to_v.at(b, h, j));
        }
      }
      beta = 1;
    });
  });
}
