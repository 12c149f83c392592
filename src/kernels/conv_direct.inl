// Convolution in f32 of one image at a time, for batches that do not fill the lanes, with strides of 1: pixels lie side
// by side in vectors. The image is copied with its border, so that a tap is a load some way off, the same for all
// pixels, also across the ends of rows: what begins in the border there is computed and left out. No column matrix.

// Rows [top, top + seen) of an image's planes, counted with the border.
inline void add_border(const Conv& v, const DirectPlan& p, Index top, Index seen, const float* x, float* to) {
  for (Index c = 0; c < v.c; ++c)
    for (Index r = 0; r < seen; ++r) {
      const Index at = top + r - v.ph;
      float* row = to + (c * p.seen + r) * p.width;
      if (at < 0 || at >= v.h) {
        fill(p.width, 0.0f, row);
        continue;
      }
      for (Index q = 0; q < v.pw; ++q) row[q] = row[v.pw + v.w + q] = 0;
      copy_rows(1, v.w, 1, x + (c * v.h + at) * v.w, v.w, row + v.pw, p.width);
    }
  fill(2 * kImages, 0.0f, to + v.c * p.seen * p.width);  // read with the last vector
}

// With the narrow tiles of sixteen registers, more than 64 channels gain nothing (.9 to 1.1 of the columns' speed).
inline bool direct_here(const Conv& v) {
  return !deterministic() && (kTileRows == kMostOutputs || v.c / v.groups <= 64);
}

template <class Weight>
void convolve_direct(const Conv& v, const float* x, Weight weight, const float* bias, float* y, float* scratch) {
  constexpr Index lanes = Simd<float>::lanes;
  const DirectPlan p = plan_direct(v);
  const Index cg = v.c / v.groups, og = v.o / v.groups, plane = p.seen * p.width;
  const PackedWeights w = pack_weights(v, weight, scratch);
  const auto strip = [&](Index item, float* own) {
    const Index image = item / p.strips, top = item % p.strips * p.rows, rows = least(p.rows, v.oh - top),
                count = (rows - 1) * p.width + v.ow;
    float *bordered = own, *made = own + p.bordered;
    add_border(v, p, top, rows + (v.kh - 1) * v.dh, x + image * v.c * v.h * v.w, bordered);
    for (Index tile = 0; tile < v.groups * w.tiles; ++tile) {
      const Index g = tile / w.tiles, first = tile % w.tiles * w.outputs, outputs = least(w.outputs, og - first);
      float start[kTileRows] = {};
      for (Index i = 0; bias && i < outputs; ++i) start[i] = bias[g * og + first + i];
      Window o{v.kh,  cg,    v.kw,    w.at + tile * w.panel, w.row, w.outputs, nullptr, v.dh * p.width, plane, v.dw,
               lanes, start, nullptr, p.made_plane,          lanes};
      for (Index q = 0; q < count;) {
        const Index left = count - q;
        const Index vectors = outputs <= kFewRows && left > 3 * lanes ? 4 : left > lanes ? 2 : 1;
        o.x = bordered + g * cg * plane + q;
        o.y = made + q;
        choose_convolve(outputs, vectors)(o);
        q += vectors * lanes;
      }
      for (Index i = 0; i < outputs; ++i)
        copy_rows(rows, v.ow, 1, made + i * p.made_plane, p.width,
                  y + ((image * v.o + g * og + first + i) * v.oh + top) * v.ow, v.ow);
    }
  };
  for_blocks(v.n * p.strips, v.n * v.oh * v.ow * v.o * cg * v.kh * v.kw, p.bordered + p.made, scratch + p.packed,
             strip);
}
