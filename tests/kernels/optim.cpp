// Optimizer steps against the recipes, element by element in double.
#include <doctest/doctest.h>

#include "check.hpp"

using namespace gradus::kernels;

namespace {

constexpr Index kN = 67;

}  // namespace

TEST_CASE_TEMPLATE("sgd", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-14;
  for (const Kernels* k : levels())
    for (bool momentum : {false, true})
      for (bool nesterov : {false, true})
        for (bool maximize : {false, true}) {
          std::vector<T> p = normals<T>(kN, 1), m(kN, static_cast<T>(NAN));
          std::vector<double> q(p.begin(), p.end()), buffer(kN);
          for (int step = 0; step < 3; ++step) {
            const std::vector<T> g = normals<T>(kN, 10 + static_cast<std::uint64_t>(step));
            table_of<T>(*k).sgd(kN, p.data(), g.data(), momentum ? m.data() : nullptr, step == 0, 0.1, 0.9, 0.2, 0.01,
                                nesterov, maximize);
            for (std::size_t i = 0; i < p.size(); ++i) {
              double d = (maximize ? -1 : 1) * static_cast<double>(g[i]) + 0.01 * q[i];
              if (momentum) {
                buffer[i] = step == 0 ? d : 0.9 * buffer[i] + 0.8 * d;
                d = nesterov ? d + 0.9 * buffer[i] : buffer[i];
              }
              q[i] -= 0.1 * d;
            }
          }
          CHECK(distance(p, {q.begin(), q.end()}) < tolerance);
        }
}

TEST_CASE_TEMPLATE("adam", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-13;
  for (const Kernels* k : levels())
    for (bool amsgrad : {false, true})
      for (bool decoupled : {false, true})
        for (bool maximize : {false, true}) {
          std::vector<T> p = normals<T>(kN, 1), m(kN), v(kN), top(kN);
          std::vector<double> q(p.begin(), p.end()), mean(kN), square(kN), most(kN);
          for (int step = 1; step <= 3; ++step) {
            const std::vector<T> g = normals<T>(kN, 10 + static_cast<std::uint64_t>(step));
            const AdamStep s{.lr = 0.1,
                             .beta1 = 0.9,
                             .beta2 = 0.99,
                             .eps = 1e-8,
                             .weight_decay = 0.01,
                             .correction1 = 1 - std::pow(0.9, step),
                             .correction2 = 1 - std::pow(0.99, step),
                             .decoupled = decoupled,
                             .maximize = maximize};
            table_of<T>(*k).adam(kN, p.data(), g.data(), m.data(), v.data(), amsgrad ? top.data() : nullptr, s);
            for (std::size_t i = 0; i < p.size(); ++i) {
              double d = (maximize ? -1 : 1) * static_cast<double>(g[i]);
              if (decoupled)
                q[i] *= 1 - s.lr * s.weight_decay;
              else
                d += s.weight_decay * q[i];
              mean[i] = 0.9 * mean[i] + 0.1 * d;
              square[i] = 0.99 * square[i] + 0.01 * d * d;
              most[i] = std::max(most[i], square[i]);
              const double size = amsgrad ? most[i] : square[i];
              q[i] -= s.lr / s.correction1 * mean[i] / (std::sqrt(size) / std::sqrt(s.correction2) + s.eps);
            }
          }
          CHECK(distance(p, {q.begin(), q.end()}) < tolerance);
        }
}
