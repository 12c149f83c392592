// A number to be predicted: a hill and a valley.
data::Dataset peaks(std::int64_t n, double noise) {
  const Tensor x = 2 * rand({n, 2}) - 1;
  const Tensor hill = exp(-8 * sum(pow(x - 0.4, 2), 1)), valley = exp(-8 * sum(pow(x + 0.4, 2), 1));
  return {x, hill - valley + noise * randn({n})};
}
