// Convolution as a matrix product: each image (or a part of one) is laid out as a column matrix whose rows are
// (channel, kernel row, kernel column) and whose columns are output pixels. One image at a time stays in the cache.

// The output positions whose input position o * stride + offset lies within [0, size).
struct Span {
  Index begin, end;
};
GRADUS_INLINE Span inside(Index size, Index outputs, Index offset, Index stride) {
  if (offset >= 0 && offset + (outputs - 1) * stride < size) return {0, outputs};  // all: no division
  const Index begin = least(outputs, offset < 0 ? pieces_of(-offset, stride) : 0);
  return {begin, offset >= size ? begin : most(begin, least(outputs, (size - 1 - offset) / stride + 1))};
}

// Copies rows of a width in [size, …) in pieces of `size`, the last of which may overlap the one before: no loop over a
// remainder, which would cost more than the copy.
template <Index size, class T>
GRADUS_INLINE void copy_pieces(Index rows, Index width, const T* x, Index ldx, T* y, Index ldy) {
  const Index last = width - size;
  if (last == 0) {
    for (Index r = 0; r < rows; ++r) __builtin_memcpy(y + r * ldy, x + r * ldx, size * sizeof(T));
    return;
  }
  for (Index r = 0; r < rows; ++r, x += ldx, y += ldy) {
    __builtin_memcpy(y, x, size * sizeof(T));
    for (Index q = size; q < last; q += size) __builtin_memcpy(y + q, x + q, size * sizeof(T));
    __builtin_memcpy(y + last, x + last, size * sizeof(T));
  }
}
template <class T>
void copy_rows(Index rows, Index width, Index stride, const T* x, Index ldx, T* y, Index ldy) {
  if (stride == 1 && width >= 16) return copy_pieces<16>(rows, width, x, ldx, y, ldy);
  if (stride == 1 && width >= 8) return copy_pieces<8>(rows, width, x, ldx, y, ldy);
  if (stride == 1 && width >= 4) return copy_pieces<4>(rows, width, x, ldx, y, ldy);
  for (Index r = 0; r < rows; ++r, x += ldx, y += ldy)
    for (Index q = 0; q < width; ++q) y[q] = x[q * stride];
}

// Rows [top, bottom) of the output, for `channels` planes from x on.
template <class T>
void image_to_columns(const Conv& v, Index channels, Index top, Index bottom, const T* x, T* col) {
  const Index height = bottom - top;
  for (Index c = 0; c < channels; ++c, x += v.h * v.w)
    for (Index i = 0; i < v.kh; ++i)
      for (Index j = 0; j < v.kw; ++j, col += height * v.ow) {
        const Index down = (top * v.sh) + i * v.dh - v.ph, right = j * v.dw - v.pw;
        const Span rows = inside(v.h, height, down, v.sh), s = inside(v.w, v.ow, right, v.sw);
        if (rows.end - rows.begin < height || s.end - s.begin < v.ow) fill(height * v.ow, T(0), col);
        if (rows.begin == rows.end || s.begin == s.end) continue;
        copy_rows(rows.end - rows.begin, s.end - s.begin, v.sw,
                  x + (down + rows.begin * v.sh) * v.w + right + s.begin * v.sw, v.sh * v.w,
                  col + rows.begin * v.ow + s.begin, v.ow);
      }
}

// y[q] += the sum of `rows` rows x[q], ldx apart, in pieces of fixed sizes: rows are short, and a loop over a remainder
// costs more than the sum.
template <Index size, class T>
GRADUS_INLINE Index add_pieces(Index at, Index n, Index rows, const T* x, Index ldx, T* y) {
  using V [[gnu::vector_size(size * sizeof(T))]] = T;
  for (; at + size <= n; at += size) {
    V sum, row;
    __builtin_memcpy(&sum, y + at, sizeof sum);
    for (Index i = 0; i < rows; ++i) {
      __builtin_memcpy(&row, x + i * ldx + at, sizeof row);
      sum += row;
    }
    __builtin_memcpy(y + at, &sum, sizeof sum);
  }
  return at;
}
template <class T>
GRADUS_INLINE void add_rows(Index n, Index rows, const T* x, Index ldx, T* y) {
  Index at = add_pieces<16>(Index(0), n, rows, x, ldx, y);
  at = add_pieces<8>(at, n, rows, x, ldx, y);
  at = add_pieces<4>(at, n, rows, x, ldx, y);
  add_pieces<1>(at, n, rows, x, ldx, y);
}

// The adjoint: adds the columns back to where they came from. With strides of 1 each row of the image is made at once:
// the kernel's rows that reach it are summed in registers.
template <class T>
void columns_to_image(const Conv& v, Index channels, const T* col, T* x) {
  const Index area = v.oh * v.ow;
  if (v.sh == 1 && v.sw == 1) {
    for (Index c = 0; c < channels; ++c, col += v.kh * v.kw * area)
      for (Index y = 0; y < v.h; ++y, x += v.w) {
        fill(v.w, T(0), x);
        const Index bottom = y + v.ph, first = most(0, pieces_of(bottom - v.oh + 1, v.dh)),
                    last = least(v.kh - 1, bottom / v.dh);  // kernel rows
        for (Index j = 0; j < v.kw && first <= last; ++j) {
          const Index offset = j * v.dw - v.pw;
          const Span s = inside(v.w, v.ow, offset, 1);
          add_rows(s.end - s.begin, last - first + 1,
                   col + (first * v.kw + j) * area + (bottom - first * v.dh) * v.ow + s.begin,
                   v.kw * area - v.dh * v.ow, x + offset + s.begin);
        }
      }
    return;
  }
  fill(channels * v.h * v.w, T(0), x);
  for (Index c = 0; c < channels; ++c, x += v.h * v.w)
    for (Index i = 0; i < v.kh; ++i)
      for (Index j = 0; j < v.kw; ++j, col += area) {
        const Index offset = j * v.dw - v.pw;
        const Span s = inside(v.w, v.ow, offset, v.sw), rows = inside(v.h, v.oh, i * v.dh - v.ph, v.sh);
        for (Index r = rows.begin; r < rows.end; ++r) {
          T* to = x + (r * v.sh + i * v.dh - v.ph) * v.w + offset;
          for (Index q = s.begin; q < s.end; ++q) to[q * v.sw] += col[r * v.ow + q];
        }
      }
}

// Runs body(item, columns) for every item, each thread with a column matrix of its own.
template <class T, class Body>
void for_items(const Conv& v, const ConvPlan& p, Index items, T* scratch, Body body) {
  constexpr Index kWork = 1 << 18;  // multiply-adds that are worth a thread
  const Index work = v.n * p.area * p.weights;
  const Index slots = most(1, least(least(num_threads(), items), work / kWork));
  parallel_for(slots, 1, [&](Index begin, Index end) {
    for (Index s = begin; s < end; ++s)
      for (Index item = items * s / slots; item < items * (s + 1) / slots; ++item) body(item, scratch + s * p.columns);
  });
}

template <class T>
void conv2d_columns(const Conv& v, const T* x, const T* weight, const T* bias, T* y, T* scratch) {
  const ConvPlan p = plan_conv(v);
  const Index depth = p.cg * p.taps;
  for_items(v, p, v.n * v.groups * p.tiles, scratch, [&](Index item, T* col) {
    const Index tile = item % p.tiles, plane = item / p.tiles, g = plane % v.groups;  // plane: image and group
    const Index top = tile * p.rows, bottom = least(top + p.rows, v.oh), width = (bottom - top) * v.ow;
    const T* image = x + plane * p.cg * v.h * v.w;
    if (!p.direct) image_to_columns(v, p.cg, top, bottom, image, col);
    const T* b = p.direct ? image + top * v.ow : col;
    T* out = y + plane * p.og * p.area + top * v.ow;
    for (Index o = 0; bias && o < p.og; ++o) fill(width, bias[g * p.og + o], out + o * p.area);
    gemm_serial(false, false, p.og, width, depth, T(1), weight + g * p.og * depth, depth, b, p.direct ? p.area : width,
                T(bias ? 1 : 0), out, p.area);
  });
}

// Each item owns a block of one image's channels.
template <class T>
void conv2d_input_columns(const Conv& v, const T* weight, const T* gy, T* gx, T* scratch) {
  const ConvPlan p = plan_conv(v);
  const Index depth = p.cg * p.taps;
  for_items(v, p, v.n * v.groups * p.blocks, scratch, [&](Index item, T* col) {
    const Index block = item % p.blocks, plane = item / p.blocks, g = plane % v.groups;
    const Index first = block * p.channels, channels = least(p.channels, p.cg - first);
    T* image = gx + (plane * p.cg + first) * v.h * v.w;
    gemm_serial(true, false, channels * p.taps, p.area, p.og, T(1), weight + g * p.og * depth + first * p.taps, depth,
                gy + plane * p.og * p.area, p.area, T(0), p.direct ? image : col, p.area);
    if (!p.direct) columns_to_image(v, channels, col, image);
  });
}

// The transposed gradient [group, depth, og] = columns gy^T, which suits GEMM better; summed over the images of a batch
// by beta = 1, then over the batches.
template <class T>
void conv2d_weight_columns(const Conv& v, const T* x, const T* gy, T* gweight, T* scratch) {
  const ConvPlan p = plan_conv(v);
  const Index depth = p.cg * p.taps;
  T* partial = scratch;
  for_items(v, p, p.batches * v.groups * p.blocks, scratch + p.batches * p.weights, [&](Index item, T* col) {
    const Index block = item % p.blocks, g = item / p.blocks % v.groups, batch = item / p.blocks / v.groups;
    const Index first = block * p.channels, channels = least(p.channels, p.cg - first);
    const Index begin = v.n * batch / p.batches, end = v.n * (batch + 1) / p.batches;
    T* out = partial + batch * p.weights + (g * depth + first * p.taps) * p.og;
    if (begin == end) fill(channels * p.taps * p.og, T(0), out);
    for (Index image = begin; image < end; ++image) {
      const T* planes = x + ((image * v.groups + g) * p.cg + first) * v.h * v.w;
      if (!p.direct) image_to_columns(v, channels, 0, v.oh, planes, col);
      gemm_serial(false, true, channels * p.taps, p.og, p.area, T(1), p.direct ? planes : col, p.area,
                  gy + (image * v.groups + g) * p.og * p.area, p.area, image == begin ? T(0) : T(1), out, p.og);
    }
  });
  for (Index b = 1; b < p.batches; ++b) axpy(p.weights, 1, partial + b * p.weights, partial);
  for (Index g = 0; g < v.groups; ++g)
    transpose(depth, p.og, partial + g * depth * p.og, p.og, gweight + g * depth * p.og);
}
