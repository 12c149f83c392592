// Two half circles that reach into each other.
data::Dataset moons(std::int64_t n, double noise) {
  const Tensor y = randint(0, 2, {n}), side = 1 - 2 * y.to(f32), angle = 3.1415927 * rand({n});
  const Tensor x1 = 0.55 * side * cos(angle) - 0.28 * side, x2 = 0.65 * side * sin(angle) - 0.16 * side;
  return {stack({x1, x2}, 1) + noise * randn({n, 2}), y};
}
