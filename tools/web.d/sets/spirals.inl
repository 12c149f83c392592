// Two arms that wind about each other.
data::Dataset spirals(std::int64_t n, double noise) {
  const Tensor y = randint(0, 2, {n}), way = sqrt(rand({n}));
  const Tensor r = 0.9 * way, angle = 9.5 * way + 3.1415927 * y.to(f32);
  return {stack({r * sin(angle), r * cos(angle)}, 1) + noise * randn({n, 2}), y};
}
