// The tables that come with the library, for the levels v3 and v4. `gradus bench --products` measured them on an AMD
// EPYC of family 26 (Zen 5) beside OpenBLAS 0.3.21, for v4 with its kernels for Cooperlake, for v3 with those for
// Haswell. Of what it found, only one row, one column and small products NT are here: with cold caches, in whole
// training steps, larger ones lost what they gain alone. A digit for each pair of intervals of m and n, a line for each
// layout (NN, NT, TN, TT); bit i of a digit: interval i of k.
struct DefaultProducts {
  const char* isa;
  const char* digits[2];  // f32, f64
};
constexpr DefaultProducts kDefaultProducts[] = {
    {"v4",
     {"008000c00000e00000c00000400000000000"
      "8c4554c01100411300113300000000000000"
      "8ce000800000a00000700000300000700000"
      "8ceeee000000200000700000700000700000",
      "00e000c00000e00000e00000000000000000"
      "8ce776c01100e11100311100100000100000"
      "8ce000800000e00000000000300000700000"
      "8ceeee000000e00000300000300000300000"}},
    {"v3",
     {"000fffc00000e00000e00000e00000e00000"
      "8ceeeece1100ef1100e00100e00000e00000"
      "000fff000000000000f00000f00000f00000"
      "8ceeee000000000000f00000f00000f00000",
      "000ffdc00000e00000e00000e00000e00000"
      "8ceeeec01f00e73f00ef6e00e00000e00000"
      "000ffd000000000000f00000f00000f00000"
      "8ceeee000000000000f00000f00000f00000"}},
};
