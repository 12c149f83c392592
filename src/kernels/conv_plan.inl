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
