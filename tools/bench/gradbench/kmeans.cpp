// kmeans: the cost of a clustering, and the step of Newton's method, whose Hessian is diagonal.
#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

struct Problem {
  Tensor points, centroids;  // (n, d), (k, d)
};

// |p - c|² = |p|² - 2 p·c + |c|², so that one product serves all pairs.
Tensor cost(const Problem& p) {
  const Tensor squares = sum(square(p.centroids), {1});
  const Tensor distances = linear(p.points, -2.0 * p.centroids, squares);
  return sum(min_dim(distances, 1).values) + sum(square(p.points));
}

// The gradient over the diagonal of the Hessian H, which is H times ones, as there is nothing beside the diagonal.
Tensor direction(const Problem& p) {
  Tape tape;
  tape.watch(p.centroids);
  const Curvature h(tape, cost(p), {p.centroids});
  return (h.gradient() / h.times(ones({h.size()}, f64))).detach().reshape(p.centroids.shape());
}

Problem read(const Json& input) {
  Problem p;
  p.points = field(input, "points", {-1, -1});
  p.centroids = field(input, "centroids", {-1, p.points.size(1)});
  return p;
}

}  // namespace

Functions kmeans() {
  return {{"cost",
           [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return cost(p); });
           }},
          {"dir", [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return direction(p); });
           }}};
}

}  // namespace gradbench
