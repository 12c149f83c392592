// What convolutions without a column matrix share (conv_lanes.inl, conv_direct.inl): a tile of output channels by
// pixels that stays in registers, and the weights in the order in which it reads them. Every output is one chain of
// multiply-adds over kernel rows, channels and kernel columns.

// What a tile of output channels by pixels sums over: kernel rows, channels and kernel columns. The weights of a kernel
// row lie side by side, those of the tile's channels next to each other.
struct Window {
  Index rows, channels, columns;
  const float* weight;
  Index weight_row, step;
  const float* x;
  Index row, channel, column, pixel;  // how far apart they are in x
  const float* bias;
  float* y;
  Index plane;   // from one output channel to the next
  Index step_y;  // from one vector of pixels to the next
};

template <int outputs, int pixels>
void convolve_tile(const Window& o) {
  Vec<float> sum[outputs][pixels], x[pixels];
#pragma GCC unroll 16
  for (int i = 0; i < outputs; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < pixels; ++v) sum[i][v] = Vec<float>{} + o.bias[i];
  const Index step = o.step, column = o.column, pixel = o.pixel;
  for (Index u = 0; u < o.rows; ++u) {
    const float *w = o.weight + u * o.weight_row, *plane = o.x + u * o.row;
    for (Index c = 0; c < o.channels; ++c, plane += o.channel) {
      const float* b = plane;
      for (Index j = 0; j < o.columns; ++j, w += step, b += column) {
#pragma GCC unroll 4
        for (int v = 0; v < pixels; ++v) __builtin_memcpy(&x[v], b + v * pixel, sizeof x[v]);
#pragma GCC unroll 16
        for (int i = 0; i < outputs; ++i) {
          const float k = w[i];
#pragma GCC unroll 4
          for (int v = 0; v < pixels; ++v) sum[i][v] = fused(k, x[v], sum[i][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < outputs; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < pixels; ++v) __builtin_memcpy(o.y + i * o.plane + v * o.step_y, &sum[i][v], sizeof sum[i][v]);
}

using ConvolveTile = void (*)(const Window&);
template <int pixels, int... output>
GRADUS_INLINE ConvolveTile convolve_tile_of(Index outputs, Lanes<output...>) {
  static constexpr ConvolveTile tiles[] = {convolve_tile<output + 1, pixels>...};
  return tiles[outputs - 1];
}
GRADUS_INLINE ConvolveTile choose_convolve(Index outputs, Index pixels) {
  if (pixels == 4) return convolve_tile_of<4>(outputs, MakeLanes<kFewRows>::type{});
  if (pixels == 2) return convolve_tile_of<2>(outputs, MakeLanes<kTileRows>::type{});
  return convolve_tile_of<1>(outputs, MakeLanes<kTileRows>::type{});
}

// Runs body(item, scratch) for every item, each thread with `each` elements of scratch of its own.
template <class Body>
void for_blocks(Index items, Index work, Index each, float* scratch, Body body) {
  constexpr Index kWork = 1 << 18;  // multiply-adds that are worth a thread
  const Index slots = most(1, least(least(num_threads(), items), work / kWork));
  parallel_for(slots, 1, [&](Index begin, Index end) {
    for (Index s = begin; s < end; ++s)
      for (Index item = items * s / slots; item < items * (s + 1) / slots; ++item) body(item, scratch + s * each);
  });
}

// The weights as tiles read them: [tile][kernel row][channel][kernel column][output].
struct PackedWeights {
  Index tiles, outputs;  // of a group; of a tile
  Index row, panel;      // numbers of a kernel row, and of a tile
  const float* at;
};
template <class Weight>
PackedWeights pack_weights(const Conv& v, Weight weight, float* to) {
  const Index cg = v.c / v.groups, og = v.o / v.groups, tiles = pieces_of(og, kTileRows),
              outputs = pieces_of(og, tiles), row = cg * v.kw * outputs;
  const PackedWeights packed{tiles, outputs, row, v.kh * row, to};
  for (Index g = 0; g < v.groups; ++g)
    for (Index first = 0; first < tiles * outputs; first += outputs)
      for (Index i = 0; i < v.kh; ++i)
        for (Index c = 0; c < cg; ++c)
          for (Index j = 0; j < v.kw; ++j)
            for (Index m = first; m < first + outputs; ++m) *to++ = m < og ? weight(g, m, c, i, j) : 0;
  return packed;
}

// weight(g, o, c, i, j) of a convolution, and of the one that gives the gradient of its input.
GRADUS_INLINE auto weights_of(const Conv& v, const float* weight) {
  return [&v, weight, og = v.o / v.groups, cg = v.c / v.groups](Index g, Index o, Index c, Index i, Index j) {
    return weight[(((g * og + o) * cg + c) * v.kh + i) * v.kw + j];
  };
}
GRADUS_INLINE auto turned_weights_of(const Conv& v, const float* weight) {
  return [&v, weight, og = v.o / v.groups, cg = v.c / v.groups](Index g, Index c, Index o, Index i, Index j) {
    return weight[(((g * og + o) * cg + c) * v.kh + v.kh - 1 - i) * v.kw + v.kw - 1 - j];
  };
}
