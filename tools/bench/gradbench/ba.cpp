// ba: bundle adjustment. Observations are independent, so that vectors of them serve: one walk gives the derivatives of
// one coordinate of the error for all, and two give all entries of the sparse Jacobian.
#include <array>

#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

using Vector3 = std::array<Tensor, 3>;
constexpr std::int64_t camera = 11, parts = camera + 3 + 1;  // of one observation: a camera, a point, a weight
constexpr std::int64_t block = 2048;                         // observations at a time: they stay in the cache

struct Problem {
  std::int64_t n = 0, m = 0, p = 0;          // cameras, points, observations
  Tensor cameras, points, weights, feature;  // (11, n), (3, m), (p), (2)
  Tensor camera_of, point_of;                // (p): i64
};

Tensor dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector3 cross(const Vector3& a, const Vector3& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

// x turned about r by the angle |r| (Rodrigues); where that is 0, the first order alone.
Vector3 rotate(const Vector3& r, const Vector3& x) {
  const Tensor squared = dot(r, r), angle = sqrt(squared), inverse = 1.0 / angle;
  const Tensor cosine = cos(angle), sine = sin(angle);
  const Vector3 axis = {r[0] * inverse, r[1] * inverse, r[2] * inverse}, side = cross(axis, x);
  const Tensor along = dot(axis, x) * (1.0 - cosine);
  Vector3 turned;
  for (std::size_t i = 0; i < 3; ++i) turned[i] = x[i] * cosine + side[i] * sine + axis[i] * along;
  if (squared.detach().min().item() > 0) return turned;
  const Vector3 small = cross(r, x);
  for (std::size_t i = 0; i < 3; ++i) turned[i] = where(eq(squared, 0), x[i] + small[i], turned[i]);
  return turned;
}

// The two errors of each observation. v: rotation, centre, focal length, principal point, distortion; point; weight.
std::array<Tensor, 2> errors(const std::vector<Tensor>& v, double u0, double u1) {
  const Vector3 seen = rotate({v[0], v[1], v[2]}, {v[11] - v[3], v[12] - v[4], v[13] - v[5]});
  const Tensor x = seen[0] / seen[2], y = seen[1] / seen[2];
  const Tensor r = x * x + y * y, scale = (1.0 + v[9] * r + v[10] * r * r) * v[6];
  return {v[14] * (x * scale + v[7] - u0), v[14] * (y * scale + v[8] - u1)};
}

// The vectors of the observations from begin to end.
std::vector<Tensor> gather(const Problem& p, std::int64_t begin, std::int64_t end) {
  const Range range{begin, end};
  std::vector<Tensor> v;
  const auto add = [&](const Tensor& table, const Tensor& which) {
    const Tensor rows = index_select(table, 1, slice(which, 0, range));
    for (std::int64_t i = 0; i < rows.size(0); ++i) v.push_back(rows[i]);
  };
  add(p.cameras, p.camera_of);
  add(p.points, p.point_of);
  v.push_back(slice(p.weights, 0, range));
  return v;
}

// Errors of projection (2 p), in turn, and of weights (p).
struct Errors {
  Tensor projection, weight;
};

Errors objective(const Problem& p) {
  std::vector<Tensor> blocks;
  for (std::int64_t begin = 0; begin < p.p; begin += block) {
    const auto e = errors(gather(p, begin, std::min(begin + block, p.p)), p.feature.at({0}), p.feature.at({1}));
    blocks.push_back(stack({e[0], e[1]}, 1));
  }
  return {concat(blocks).flatten(), 1.0 - square(p.weights)};
}

// The entries of all rows, one row after the other: two an observation, then one a weight.
Tensor entries(const Problem& p) {
  std::vector<Tensor> blocks;
  for (std::int64_t begin = 0; begin < p.p; begin += block) {
    const std::vector<Tensor> v = gather(p, begin, std::min(begin + block, p.p));
    Tape tape;
    for (const Tensor& x : v) tape.watch(x);
    const auto e = errors(v, p.feature.at({0}), p.feature.at({1}));
    const Tensor rows[] = {stack(tape.gradient(sum(e[0]), v), 1), stack(tape.gradient(sum(e[1]), v), 1)};
    blocks.push_back(stack(rows, 1).flatten());
  }
  blocks.push_back(value_and_grad([&] { return sum(1.0 - square(p.weights)); }, {p.weights}).grads[0]);
  return concat(blocks);
}

// Compressed rows: row r has the entries rows[r] to rows[r + 1].
struct Sparse {
  std::vector<int> rows, cols;
  Tensor vals;
};

Sparse jacobian(const Problem& p) {
  Sparse s{{}, {}, entries(p)};
  const std::int64_t points = camera * p.n, weights = points + 3 * p.m;  // their first columns
  s.rows.reserve(static_cast<std::size_t>(3 * p.p + 1));
  s.cols.reserve(static_cast<std::size_t>(s.vals.numel()));
  const auto add = [&](std::int64_t first, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) s.cols.push_back(static_cast<int>(first + i));
  };
  const auto end_row = [&] { s.rows.push_back(static_cast<int>(s.cols.size())); };
  end_row();
  for (std::int64_t row = 0; row < 2 * p.p; ++row, end_row()) {
    const std::int64_t o = row / 2;
    add(camera * (o % p.n), camera);
    add(points + 3 * (o % p.m), 3);
    add(weights + o, 1);
  }
  for (std::int64_t o = 0; o < p.p; ++o, end_row()) add(weights + o, 1);
  return s;
}

// The protocol sends the first 30 numbers and the last, which stands for those that are missing.
template <class List>
Json ends(const List& list) {
  Json out = Json::array();
  for (std::size_t i = 0; i < 2 * parts; ++i) out.push_back(list[std::min(i, list.size() - 1)]);
  out.push_back(list[list.size() - 1]);
  return out;
}

Problem read(const Json& input) {
  Problem p;
  p.n = integer(input, "n", 1, 1 << 24);
  p.m = integer(input, "m", 1, 1 << 24);
  p.p = integer(input, "p", 1, 1 << 24);
  p.cameras = repeat(field(input, "cam", {camera}).unsqueeze(1), {1, p.n});
  p.points = repeat(field(input, "x", {3}).unsqueeze(1), {1, p.m});
  p.weights = full({p.p}, field(input, "w", {}).item(), f64);
  p.feature = field(input, "feat", {2});
  const auto in_turn = [&](std::int64_t count) {
    std::vector<std::int64_t> list(static_cast<std::size_t>(p.p));
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = static_cast<std::int64_t>(i) % count;
    return from_data(std::span<const std::int64_t>(list), {p.p});
  };
  p.camera_of = in_turn(p.n);
  p.point_of = in_turn(p.m);
  return p;
}

}  // namespace

Functions ba() {
  return {{"objective",
           [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return objective(p); },
                        [=](const Errors& e) {
                          const Json first = to_json(slice(e.projection, 0, {0, 2}));
                          return Json{{"reproj_error", {{"elements", first}, {"repeated", p.p}}},
                                      {"w_err", {{"element", e.weight.at({0})}, {"repeated", p.p}}}};
                        });
           }},
          {"jacobian", [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return jacobian(p); },
                        [](const Sparse& s) {
                          const std::span<const double> vals = s.vals.data<double>();
                          return Json{{"rows", ends(s.rows)}, {"cols", ends(s.cols)}, {"vals", ends(vals)}};
                        });
           }}};
}

}  // namespace gradbench
