// Convolution in f32 with sixteen images in the lanes of vectors: no column matrix. A strip of sixteen images is turned
// to [row][channel][column][16], so that each tap is a load, whatever the stride, and each sum has its lane.

// `count` pixels in a row of each image, `pitch` apart, to [pixel][image]. Lanes without an image hold the last one.
// Squares of the registers' size are turned; the last one may overlap the one before.
inline void turn_in(Index images, Index count, const float* x, Index pitch, float* to) {
  constexpr Index n = Simd<float>::lanes;
  for (Index i = 0; i < kImages; i += n) {
    const Index first = least(i, images - 1), last = least(n, images - first) - 1;
    const float* from = x + first * pitch;
    if (count < n) {
      for (Index k = 0; k < n; ++k)
        for (Index q = 0; q < count; ++q) to[q * kImages + i + k] = from[least(k, last) * pitch + q];
      continue;
    }
    for (Index q = 0; q < count; q += n) {
      const Index at = least(q, count - n);
      transpose_tile<false, n>(from + at, pitch, to + at * kImages + i, kImages, last);
    }
  }
}

// And back.
inline void turn_out(Index images, Index count, const float* from, float* y, Index pitch) {
  constexpr Index n = Simd<float>::lanes;
  for (Index i = 0; i < images; i += n) {
    float* to = y + i * pitch;
    const Index high = least(n, images - i);
    if (count < n || high < n) {
      for (Index k = 0; k < high; ++k)
        for (Index q = 0; q < count; ++q) to[k * pitch + q] = from[q * kImages + i + k];
      continue;
    }
    for (Index q = 0; q < count; q += n) {
      const Index at = least(q, count - n);
      transpose_tile<false, n>(from + at * kImages + i, kImages, to + at, pitch);
    }
  }
}

// Rows [top, bottom) of `channels` planes of h by w, to rows of `width` pixels, the first of them `left` pixels of
// border. Rows outside of the image are left out: nobody reads them. plane: scratch for rows that are short.
struct Planes {
  Index images, channels, h, w, left, width;
};
inline void turn_planes(const Planes& p, Index top, Index bottom, const float* x, float* to, float* plane) {
  const Index pitch = p.channels * p.h * p.w, first = most(top, 0), last = least(bottom, p.h);
  const Index border = p.width - p.left - p.w;
  for (Index c = 0; c < p.channels; ++c) {
    const float* from = x + (c * p.h + first) * p.w;
    if (p.w < kImages && last > first) turn_in(p.images, (last - first) * p.w, from, pitch, plane);
    for (Index r = first; r < last; ++r, from += p.w) {
      float* row = to + ((r - top) * p.channels + c) * p.width * kImages;
      fill(p.left * kImages, 0.0f, row);
      row += p.left * kImages;
      if (p.w < kImages)
        __builtin_memcpy(row, plane + (r - first) * p.w * kImages,
                         static_cast<unsigned long>(p.w * kImages) * sizeof(float));
      else
        turn_in(p.images, p.w, from, pitch, row);
      if (border > 0) fill(border * kImages, 0.0f, row + p.w * kImages);
    }
  }
}

// y = x convolved with weight(o, c, i, j), where o and c count within a group g: weight(g, o, c, i, j).
template <class Weight>
void convolve_lanes(const Conv& v, const float* x, Weight weight, const float* bias, float* y, float* scratch) {
  constexpr Index lanes = Simd<float>::lanes;
  const LanesPlan p = plan_lanes(v);
  const Index cg = v.c / v.groups, og = v.o / v.groups, area = v.oh * v.ow;
  const auto [tiles, outputs, row, panel, packed] = pack_weights(v, weight, scratch);
  const Planes planes{0, v.c, v.h, v.w, v.pw, p.width};
  const auto strip = [&](Index item, float* own) {
    const Index block = item / p.strips, top = item % p.strips * p.rows, rows = least(p.rows, v.oh - top);
    Planes images = planes;
    images.images = least(kImages, v.n - block * kImages);
    float *turned = own, *plane = own + p.seen * v.c * p.width * kImages, *made = own + p.turned;
    const Index above = top * v.sh - v.ph;  // the first input row
    turn_planes(images, above, above + (rows - 1) * v.sh + (v.kh - 1) * v.dh + 1, x + block * kImages * v.c * v.h * v.w,
                turned, plane);
    for (Index tile = 0; tile < v.groups * tiles; ++tile) {
      const Index g = tile / tiles, first = tile % tiles * outputs, count = least(outputs, og - first);
      float start[kTileRows] = {};
      for (Index i = 0; bias && i < count; ++i) start[i] = bias[g * og + first + i];
      Window o{0,
               cg,
               v.kw,
               nullptr,
               row,
               outputs,
               nullptr,
               v.dh * v.c * p.width * kImages,
               p.width * kImages,
               v.dw * kImages,
               v.sw * kImages,
               start,
               nullptr,
               rows * v.ow * kImages,
               kImages};
      for (Index r = 0; r < rows; ++r) {
        const Index at = above + r * v.sh, i0 = at < 0 ? least(v.kh, pieces_of(-at, v.dh)) : 0,
                    i1 = most(i0, least(v.kh, pieces_of(v.h - at, v.dh)));
        o.rows = i1 - i0;
        o.weight = packed + tile * panel + i0 * row;
        const float* from = turned + (((r * v.sh + i0 * v.dh) * v.c) + g * cg) * p.width * kImages;
        for (Index q = 0; q < v.ow;) {
          const Index pixels = count <= kFewRows && v.ow - q >= 4 ? 4 : v.ow - q >= 2 ? 2 : 1;
          const ConvolveTile convolve = choose_convolve(count, pixels);
          for (Index part = 0; part < kImages; part += lanes) {
            o.x = from + q * v.sw * kImages + part;
            o.y = made + (r * v.ow + q) * kImages + part;
            convolve(o);
          }
          q += pixels;
        }
      }
      for (Index i = 0; i < count; ++i)
        turn_out(images.images, rows * v.ow, made + i * rows * v.ow * kImages,
                 y + (block * kImages * v.o + g * og + first + i) * area + top * v.ow, v.o * area);
    }
  };
  for_blocks(pieces_of(v.n, kImages) * p.strips, v.n * area * v.o * cg * v.kh * v.kw, p.turned + p.made,
             scratch + p.packed, strip);
}

// How many of the images take the lanes: whole blocks, and a rest that fills half of one.
inline Index images_in_lanes(Index n) { return n % kImages >= kImages / 2 ? n : n / kImages * kImages; }

// The first images of the batch; returns how many: 0 if the columns are faster.
inline Index conv2d_lanes(const Conv& v, const float* x, const float* weight, const float* bias, float* y,
                          float* scratch) {
  if (deterministic() || !suits_lanes(v)) return 0;
  Conv part = v;
  part.n = images_in_lanes(v.n);
  convolve_lanes(part, x, weights_of(v, weight), bias, y, scratch);
  return part.n;
}

inline Index conv2d_input_lanes(const Conv& v, const float* weight, const float* gy, float* gx, float* scratch) {
  if (deterministic() || !suits_input_lanes(v)) return 0;
  Conv part = adjoint(v);
  part.n = images_in_lanes(v.n);
  convolve_lanes(part, gy, turned_weights_of(v, weight), nullptr, gx, scratch);
  return part.n;
}

// sum[o][t] += g[o][.] x[. + t] over rows and columns of pixels: output channels by kernel columns.
struct Correlation {
  Index rows, columns;
  const float* g;
  Index g_row, g_channel;
  const float* x;
  Index x_row, pixel, tap;
  float* sum;
  Index channel;
};
// Else the compiler reads the number again for each tap.
GRADUS_INLINE void in_register([[maybe_unused]] Vec<float>& x) {
#if defined(__AVX512F__)
  asm("" : "+v"(x));
#elif defined(__SSE__)
  asm("" : "+x"(x));
#endif
}
template <int outputs, int taps>
void correlate_tile(const Correlation& o) {
  Vec<float> sum[outputs][taps], g[outputs];
#pragma GCC unroll 8
  for (int i = 0; i < outputs; ++i)
#pragma GCC unroll 8
    for (int t = 0; t < taps; ++t) __builtin_memcpy(&sum[i][t], o.sum + i * o.channel + t * kImages, sizeof sum[i][t]);
  const Index pixel = o.pixel, tap = o.tap, channel = o.g_channel;
  for (Index r = 0; r < o.rows; ++r) {
    const float *gr = o.g + r * o.g_row, *xr = o.x + r * o.x_row;
    for (Index q = 0; q < o.columns; ++q, gr += kImages, xr += pixel) {
#pragma GCC unroll 8
      for (int i = 0; i < outputs; ++i) {
        __builtin_memcpy(&g[i], gr + i * channel, sizeof g[i]);
        in_register(g[i]);
      }
#pragma GCC unroll 8
      for (int t = 0; t < taps; ++t) {
        Vec<float> x;
        __builtin_memcpy(&x, xr + t * tap, sizeof x);
#pragma GCC unroll 8
        for (int i = 0; i < outputs; ++i) sum[i][t] += g[i] * x;
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < outputs; ++i)
#pragma GCC unroll 8
    for (int t = 0; t < taps; ++t) __builtin_memcpy(o.sum + i * o.channel + t * kImages, &sum[i][t], sizeof sum[i][t]);
}

// As many channels as the registers hold beside their taps.
constexpr int kMostTaps = 5;
constexpr int channels_for(int taps) {
  if (kTileRows == kMostOutputs) return taps == 5 ? 5 : taps == 4 ? 6 : taps == 3 ? 7 : 8;
  return taps == 5 ? 2 : taps == 4 ? 2 : taps == 3 ? 3 : taps == 2 ? 4 : 6;
}
using CorrelateTile = void (*)(const Correlation&);
template <int taps, int... output>
GRADUS_INLINE CorrelateTile correlate_tile_of(Index outputs, Lanes<output...>) {
  static constexpr CorrelateTile tiles[] = {correlate_tile<output + 1, taps>...};
  return tiles[outputs - 1];
}
template <int taps>
GRADUS_INLINE CorrelateTile correlate_taps(Index outputs) {
  return correlate_tile_of<taps>(outputs, typename MakeLanes<channels_for(taps)>::type{});
}
GRADUS_INLINE CorrelateTile choose_correlate(Index outputs, Index taps) {
  switch (taps) {
    case 1:
      return correlate_taps<1>(outputs);
    case 2:
      return correlate_taps<2>(outputs);
    case 3:
      return correlate_taps<3>(outputs);
    case 4:
      return correlate_taps<4>(outputs);
    default:
      return correlate_taps<5>(outputs);
  }
}

// The sums of one strip of one block of images: gy and x are turned. A few rows at a time, so that those of gy stay in
// the first-level cache while all weights pass by.
struct Strip {
  Index above;  // the input row that x begins with
  Index rows;   // of gy
  const float *x, *gy;
};
inline void correlate_rows(const Conv& v, const LanesPlan& p, const Strip& strip, Index first, Index rows, Index o,
                           Index count, Index taps, float* sums) {
  constexpr Index lanes = Simd<float>::lanes;
  const Index cg = v.c / v.groups, group = o / (v.o / v.groups) * cg;
  for (Index c = 0; c < cg; ++c)
    for (Index i = 0; i < v.kh; ++i) {
      // the rows of gy whose input row is in the image
      const Span in = inside(v.h, rows, strip.above + first * v.sh + i * v.dh, v.sh);
      if (in.begin == in.end) continue;
      const Index row = first + in.begin;
      for (Index j = 0; j < v.kw; j += taps) {
        Correlation k{in.end - in.begin,
                      v.ow,
                      nullptr,
                      v.o * v.ow * kImages,
                      v.ow * kImages,
                      nullptr,
                      v.sh * v.c * p.width * kImages,
                      v.sw * kImages,
                      v.dw * kImages,
                      nullptr,
                      cg * v.kh * v.kw * kImages};
        const CorrelateTile correlate = choose_correlate(count, least(taps, v.kw - j));
        for (Index part = 0; part < kImages; part += lanes) {
          k.g = strip.gy + (row * v.o + o) * v.ow * kImages + part;
          k.x = strip.x + (((row * v.sh + i * v.dh) * v.c + group + c) * p.width + j * v.dw) * kImages + part;
          k.sum = sums + (((o * cg + c) * v.kh + i) * v.kw + j) * kImages + part;
          correlate(k);
        }
      }
    }
}
inline void correlate_strip(const Conv& v, const LanesPlan& p, const Strip& strip, float* sums) {
  constexpr Index kNear = 96 << 10;  // bytes of gy
  const Index taps = pieces_of(v.kw, pieces_of(v.kw, kMostTaps)), og = v.o / v.groups,
              tiles = pieces_of(og, channels_for(static_cast<int>(taps))), outputs = pieces_of(og, tiles),
              high = most(1, kNear / (outputs * v.ow * kImages * static_cast<Index>(sizeof(float))));
  for (Index first = 0; first < strip.rows; first += high)
    for (Index g = 0; g < v.groups; ++g)
      for (Index o = 0; o < og; o += outputs)
        correlate_rows(v, p, strip, first, least(high, strip.rows - first), g * og + o, least(outputs, og - o), taps,
                       sums);
}

// The whole blocks of the batch. With sixteen registers, three taps and three channels at a time, more than eight
// channels are slower than the columns (.9 of their speed).
inline Index images_in_weight_lanes(const Conv& v) {
  if (deterministic() || !suits_weight_lanes(v)) return 0;
  if (kTileRows < kMostOutputs && v.c / v.groups > 8) return 0;
  return v.n / kImages * kImages;
}
inline void conv2d_weight_lanes(const Conv& v, bool add, const float* x, const float* gy, float* gweight,
                                float* scratch) {
  const WeightLanesPlan w = plan_weight_lanes(v);
  const LanesPlan& p = w.input;
  const Index weights = w.sums / kImages, blocks = v.n / kImages, area = v.oh * v.ow;
  float* partial = scratch;
  const Planes images{kImages, v.c, v.h, v.w, v.pw, p.width}, outputs{kImages, v.o, v.oh, v.ow, 0, v.ow};
  const auto batch = [&](Index item, float* own) {
    float *turned = own, *plane = own + p.seen * v.c * p.width * kImages, *arrived = own + p.turned,
          *sums = arrived + w.arrived, *arrived_plane = arrived + p.rows * v.o * v.ow * kImages;
    fill(w.sums, 0.0f, sums);
    for (Index block = blocks * item / w.batches; block < blocks * (item + 1) / w.batches; ++block)
      for (Index top = 0; top < v.oh; top += p.rows) {
        const Index rows = least(p.rows, v.oh - top), above = top * v.sh - v.ph;
        turn_planes(images, above, above + (rows - 1) * v.sh + (v.kh - 1) * v.dh + 1,
                    x + block * kImages * v.c * v.h * v.w, turned, plane);
        turn_planes(outputs, top, top + rows, gy + block * kImages * v.o * area, arrived, arrived_plane);
        correlate_strip(v, p, {above, rows, turned, arrived}, sums);
      }
    for (Index k = 0; k < weights; ++k) {
      float sum = 0;
      for (Index i = 0; i < kImages; ++i) sum += sums[k * kImages + i];
      partial[item * weights + k] = sum;
    }
  };
  for_blocks(w.batches, v.n * area * weights, p.turned + w.arrived + w.sums, scratch + whole_lines(w.batches * weights),
             batch);
  if (!add) fill(weights, 0.0f, gweight);
  for (Index b = 0; b < w.batches; ++b) axpy(weights, 1, partial + b * weights, gweight);
}
