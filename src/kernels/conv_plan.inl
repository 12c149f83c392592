// How a convolution is cut into pieces: by its shape alone, never by the number of threads, so that results do not
// depend on it. Shared by the kernels and by conv_scratch, hence apart; included inside an anonymous namespace.

constexpr Index least(Index a, Index b) { return a < b ? a : b; }
constexpr Index most(Index a, Index b) { return a < b ? b : a; }
constexpr Index pieces_of(Index n, Index size) { return (n + size - 1) / size; }

struct ConvPlan {
  Index taps, cg, og, area;  // kernel elements, channels and outputs per group, output pixels
  bool direct;               // 1x1 without stride or padding: the image already is its column matrix
  Index rows, tiles;         // forward: output rows per tile
  Index channels, blocks;    // backward: input channels per block
  Index batches;             // weight gradient: partial sums over the images
  Index columns, weights;    // elements of scratch per thread, and per batch
};

inline ConvPlan plan_conv(const Conv& v) {
  constexpr Index kColumns = 1 << 18, kBatches = 8;  // a column matrix that stays in the second-level cache
  ConvPlan p{};
  p.taps = v.kh * v.kw;
  p.cg = v.c / most(v.groups, 1);
  p.og = v.o / most(v.groups, 1);
  p.area = v.oh * v.ow;
  p.direct = p.taps == 1 && v.sh == 1 && v.sw == 1 && v.ph == 0 && v.pw == 0;
  p.rows = most(1, least(v.oh, kColumns / most(1, p.cg * p.taps * v.ow)));
  p.tiles = pieces_of(v.oh, p.rows);
  p.channels = most(1, least(p.cg, kColumns / most(1, p.taps * p.area)));
  p.blocks = pieces_of(p.cg, p.channels);
  p.weights = v.o * p.cg * p.taps;
  p.batches = most(1, least(least(v.n, kBatches), kColumns / most(1, p.weights)));
  p.columns = p.direct ? 0 : p.taps * most(p.cg * p.rows * v.ow, p.channels * p.area);
  return p;
}

// Sixteen images side by side in the lanes of vectors (conv_lanes.inl). The output rows of a block of images are cut
// into strips, whose turned input stays in the second-level cache.
constexpr Index kImages = 16;
constexpr Index kMostOutputs = 14;  // channels of a tile, at most

// Scratch in whole cache lines, so that no vector lies across two.
constexpr Index whole_lines(Index elements) { return pieces_of(elements, kImages) * kImages; }

struct LanesPlan {
  Index width;         // of a turned row, with its border
  Index rows, strips;  // output rows of a strip
  Index seen;          // input rows of a strip
  Index turned;        // elements of the input of a strip
  Index made;          // of the output of a tile's channels
  Index packed;        // of the weights, for all threads
};

// arriving: elements of another image that come along with each output row.
inline LanesPlan plan_lanes(const Conv& v, Index arriving = 0) {
  constexpr Index kStrip = 1 << 17;
  const Index groups = most(v.groups, 1);
  LanesPlan p{};
  p.width = most(v.pw + v.w, (v.ow - 1) * v.sw + (v.kw - 1) * v.dw + 1);
  const Index row = most(1, v.c * p.width * kImages), reach = (v.kh - 1) * v.dh + 1;
  const Index fit = (kStrip - reach * row) / (v.sh * row + arriving) + 1,
              made = kStrip / most(1, v.ow * kImages * kMostOutputs);
  p.rows = most(1, least(v.oh, least(fit, made)));
  p.strips = pieces_of(v.oh, p.rows);
  p.seen = (p.rows - 1) * v.sh + reach;
  p.turned = p.seen * (row + v.w * kImages);
  p.made = kMostOutputs * p.rows * v.ow * kImages;
  p.packed = whole_lines(groups * (v.o / groups + kMostOutputs) * (v.c / groups) * v.kh * v.kw);
  return p;
}

// Which passes take the lanes. The reasons, each measured against the columns (tools/bench/convolutions): in a batch of
// less than eight most lanes are empty; a kernel of one element is a product without columns; nine taps of one channel
// are bound by memory in either form; for a single output channel each number that is read is used once.
inline bool suits_lanes(const Conv& v) {
  const Index taps = v.kh * v.kw, cg = v.c / most(v.groups, 1), og = v.o / most(v.groups, 1);
  return v.n >= kImages / 2 && taps > 1 && cg * taps > 9 && og > 1 && v.oh > 0 && v.ow > 0;
}

// The input's gradient is a convolution of the output's with the kernel turned about: this one. Strides of 1 only.
inline Conv adjoint(const Conv& v) {
  Conv r = v;
  r.c = v.o;
  r.h = v.oh;
  r.w = v.ow;
  r.o = v.c;
  r.oh = v.h;
  r.ow = v.w;
  r.ph = (v.kh - 1) * v.dh - v.ph;
  r.pw = (v.kw - 1) * v.dw - v.pw;
  return r;
}
inline bool suits_input_lanes(const Conv& v) {
  if (v.sh != 1 || v.sw != 1) return false;
  const Conv r = adjoint(v);
  return r.ph >= 0 && r.pw >= 0 && suits_lanes(r);
}

// Images that do not fill the lanes, one at a time (conv_direct.inl), in strips that stay in the second-level cache.
struct DirectPlan {
  Index width;         // of a row with its border
  Index rows, strips;  // output rows of a strip
  Index seen;          // input rows of a strip
  Index bordered;      // elements of the input of a strip
  Index made_plane;    // of one channel of its output, in rows of the input's width
  Index made;          // of a tile's channels
  Index packed;        // of the weights, for all threads
};
inline DirectPlan plan_direct(const Conv& v) {
  constexpr Index kStrip = 1 << 17;
  DirectPlan p{};
  p.width = v.w + 2 * v.pw;
  const Index reach = (v.kh - 1) * v.dh;
  p.rows = most(1, least(v.oh, kStrip / most(1, v.c * p.width) - reach));
  p.strips = pieces_of(v.oh, p.rows);
  p.seen = p.rows + reach;
  p.bordered = whole_lines(v.c * p.seen * p.width + 2 * kImages);
  p.made_plane = whole_lines(p.rows * p.width + 2 * kImages);
  p.made = kMostOutputs * p.made_plane;
  p.packed = plan_lanes(v).packed;
  return p;
}
// Each measured against the columns: below 768 pixels of all images the packing of the weights costs more than it
// gains; rows of less than eight pixels are border for the most part; a tile of less than eight channels leaves
// registers empty. The other reasons are those of suits_lanes.
inline bool suits_direct(const Conv& v) {
  const Index taps = v.kh * v.kw, cg = v.c / most(v.groups, 1), og = v.o / most(v.groups, 1);
  return v.n > 0 && v.sh == 1 && v.sw == 1 && taps > 1 && cg * taps > 9 && og >= 8 && v.oh > 0 && v.ow >= 8 &&
         v.n * v.oh * v.ow >= 768;
}
// The columns of an input's gradient have the pixels of the output, which are less where there was no padding.
inline bool suits_input_direct(const Conv& v) {
  if (v.sh != 1 || v.sw != 1) return false;
  const Conv r = adjoint(v);
  return r.ph >= 0 && r.pw >= 0 && suits_direct(r) && 5 * r.h * r.w >= 4 * r.oh * plan_direct(r).width;
}

// The weight's gradient keeps a vector for each weight, and both images of a strip.
struct WeightLanesPlan {
  LanesPlan input;
  Index sums;     // elements of the vectors of all weights
  Index arrived;  // of the output's gradient in a strip
  Index batches;  // partial sums over the blocks of images
};
inline WeightLanesPlan plan_weight_lanes(const Conv& v) {
  constexpr Index kBatches = 8;
  WeightLanesPlan p{};
  p.input = plan_lanes(v, v.o * v.ow * kImages);
  p.sums = v.o * (v.c / most(v.groups, 1)) * v.kh * v.kw * kImages;
  p.arrived = p.input.rows * v.o * v.ow * kImages + v.ow * p.input.rows * kImages;
  p.batches = most(1, least(v.n / kImages, kBatches));
  return p;
}
inline bool suits_weight_lanes(const Conv& v) {
  constexpr Index kSums = 1 << 20;  // more vectors than that leave the caches with every pixel
  return v.n >= kImages && suits_lanes(v) && plan_weight_lanes(v).sums <= kSums;
}
