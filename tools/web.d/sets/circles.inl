// Two rings, one inside the other.
data::Dataset circles(std::int64_t n, double noise) {
  const Tensor y = randint(0, 2, {n}), angle = 6.2831853 * rand({n});
  const Tensor r = 0.4 + 0.45 * y.to(f32);
  return {stack({r * cos(angle), r * sin(angle)}, 1) + noise * randn({n, 2}), y};
}
