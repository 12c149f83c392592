// A number to be predicted: waves along both axes.
data::Dataset waves(std::int64_t n, double noise) {
  const Tensor x = 2 * rand({n, 2}) - 1;
  const Tensor y = sum(sin(4 * x), 1) / 2;
  return {x, y + noise * randn({n})};
}
