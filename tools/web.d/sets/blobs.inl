// Three clouds of points.
data::Dataset blobs(std::int64_t n, double noise) {
  const Tensor y = randint(0, 3, {n}), angle = 2.0943951 * y.to(f32) + 0.5;
  const Tensor middle = 0.55 * stack({cos(angle), sin(angle)}, 1);
  return {middle + (0.12 + noise) * randn({n, 2}), y};
}
