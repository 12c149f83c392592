// Four squares: the class says whether the signs of the two numbers differ.
data::Dataset exclusive_or(std::int64_t n, double noise) {
  const Tensor a = randint(0, 2, {n}), b = randint(0, 2, {n});
  const Tensor corner = 2 * stack({a, b}, 1).to(f32) - 1, inside = 0.08 + 0.8 * rand({n, 2});
  return {corner * inside + noise * randn({n, 2}), (a - b) * (a - b)};
}
