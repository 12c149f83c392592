// ht: hand tracking. Angles of the fingers move bones, bones move the vertices of the skin, and the errors are from
// measured points to vertices, or to places on triangles. All bones, then all vertices, in one product each.
#include <cmath>

#include "bench/gradbench/evals.hpp"

namespace gradbench {

namespace {

// Bones whose parents are placed already, in one step.
struct Generation {
  Tensor bones, parents;  // i64; no parents: roots
};

struct Problem {
  Tensor theta, us;  // (26): turn, place, 4 angles a finger; (c, 2), or (0, 2): places on triangles
  std::int64_t bones = 0;
  bool mirrored = false;
  Tensor relative, inverse;  // (bones, 4, 4)
  Tensor skin;               // (4 bones, vertices): weight times homogeneous position
  Tensor corners;            // i64: the vertex of each point (1, c), or the corners of its triangle (3, c)
  Tensor points;             // (3, c)
  Tensor angle_x, angle_z;   // (bones): i64: where they stand in [theta, 0]
  std::vector<Generation> generations;
  Tensor row_of;  // i64: where each bone is in the generations, one after the other
};

// A matrix (…, 3, 3) from its nine entries.
Tensor matrix(std::initializer_list<Tensor> entries, Shape shape) { return stack(entries, -1).reshape(shape); }

// By the axis r and the angle |r|; none where that is below .0001.
Tensor turn(const Tensor& r) {
  const Tensor angle = sqrt(sum(square(r)));
  if (angle.item() < 1e-4) return eye(3, f64);
  const Tensor c = cos(angle), s = sin(angle), n = r / angle, x = n[0], y = n[1], z = n[2];
  const Tensor zero = zeros({}, f64);
  const Tensor side = matrix({zero, -z, y, z, zero, -x, -y, x, zero}, {3, 3});
  return n.unsqueeze(1) * n.unsqueeze(0) * (1.0 - c) + eye(3, f64) * c + side * s;
}

// The transform of each bone (bones, 4, 4): its own turn about x and then z, and those of its parents.
Tensor place(const Problem& p, const Tensor& theta) {
  const Tensor angles = concat({theta, zeros({1}, f64)});
  const Tensor ax = index_select(angles, 0, p.angle_x), az = index_select(angles, 0, p.angle_z);
  const Tensor cx = cos(ax), sx = sin(ax), cz = cos(az), sz = sin(az), zero = zeros_like(cx), one = ones_like(cx);
  const Tensor turns = matrix({cz, -sz * cx, sz * sx, zero, sz, cz * cx, -cz * sx, zero,  //
                               zero, sx, cx, zero, zero, zero, zero, one},
                              {p.bones, 4, 4});
  const Tensor moved = matmul(p.relative, turns);
  std::vector<Tensor> placed;
  for (const Generation& g : p.generations) {
    const Tensor own = index_select(moved, 0, g.bones);
    placed.push_back(g.parents.defined() ? matmul(index_select(placed.back(), 0, g.parents), own) : own);
  }
  return index_select(concat(placed), 0, p.row_of);
}

// The errors (3 c). us are the places on the triangles.
Tensor errors(const Problem& p, const Tensor& theta, const Tensor& us) {
  const Tensor bones = slice(matmul(place(p, theta), p.inverse), 1, {0, 3});  // (bones, 3, 4)
  Tensor skin = matmul(bones.permute({1, 0, 2}).reshape({3, -1}), p.skin);
  if (p.mirrored) skin = skin * tensor({{-1}, {1}, {1}}, f64);
  const Tensor hand = matmul(turn(slice(theta, 0, {0, 3})), skin) + slice(theta, 0, {3, 6}).unsqueeze(1);
  const auto corner = [&](std::int64_t i) { return index_select(hand, 1, p.corners[i]); };
  if (us.numel() == 0) return (p.points - corner(0)).t().flatten();
  const Tensor u = us.t(), place = u[0] * corner(0) + u[1] * corner(1) + (1.0 - u[0] - u[1]) * corner(2);
  return (p.points - place).t().flatten();
}

// A point moves with its own place alone, so that one column serves for the first numbers of all places, one for the
// second. Columns: these two if there are places, then theta.
Tensor jacobian_of(const Problem& p) {
  if (p.us.numel() == 0) return jacobian([&] { return errors(p, p.theta, p.us); }, p.theta);
  const Tensor x = concat({zeros({2}, f64), p.theta});
  return jacobian([&] { return errors(p, slice(x, 0, {2, Range::end}), p.us + slice(x, 0, {0, 2})); }, x);
}

// Where the angles of the bones stand in [theta, 0]: each finger has three bones that turn about x, the first about z
// too, and one that does not turn. A hand of another make has bones that do not turn.
void place_angles(Problem& p) {
  constexpr std::int64_t none = 26, fingers = 5;
  std::vector<std::int64_t> x(static_cast<std::size_t>(p.bones), none), z = x;
  std::int64_t from = 6;
  for (std::size_t finger = 0; finger < fingers; ++finger) {
    for (std::size_t joint = 0; joint < 3; ++joint) {
      const std::size_t bone = 2 + 4 * finger + joint;
      x.at(bone) = from++;
      if (joint == 0) z.at(bone) = from++;
    }
  }
  p.angle_x = from_data(std::span<const std::int64_t>(x), {p.bones});
  p.angle_z = from_data(std::span<const std::int64_t>(z), {p.bones});
}

// Parents stand before their children; -1 has none.
void find_generations(Problem& p, const Json& model) {
  const std::vector<double> parents = field(model, "parents", {p.bones}).to_vector();
  std::vector<std::vector<std::int64_t>> bones, rows;  // of each generation
  std::vector<std::int64_t> generation, row;           // of each bone
  for (std::size_t b = 0; b < parents.size(); ++b) {
    const double parent = parents[b];
    if (parent != std::floor(parent) || parent < -1 || parent >= static_cast<double>(b))
      throw std::invalid_argument("input \"parents\": each is -1 or an earlier bone");
    const auto above = static_cast<std::size_t>(std::max(parent, 0.0));
    const auto g = static_cast<std::size_t>(parent < 0 ? 0 : generation[above] + 1);
    if (g == bones.size()) {
      bones.emplace_back();
      rows.emplace_back();
    }
    generation.push_back(static_cast<std::int64_t>(g));
    row.push_back(static_cast<std::int64_t>(bones[g].size()));
    bones[g].push_back(static_cast<std::int64_t>(b));
    rows[g].push_back(parent < 0 ? 0 : row[above]);
  }
  const auto list = [](const std::vector<std::int64_t>& v) { return from_data(std::span(v), {std::ssize(v)}); };
  std::vector<Tensor> order;
  for (std::size_t g = 0; g < bones.size(); ++g) {
    p.generations.push_back({list(bones[g]), g == 0 ? Tensor() : list(rows[g])});
    order.push_back(p.generations.back().bones);
  }
  std::vector<std::int64_t> row_of(parents.size());
  const Tensor all = concat(order);
  for (std::size_t i = 0; i < row_of.size(); ++i)
    row_of[static_cast<std::size_t>(all.data<std::int64_t>()[i])] = static_cast<std::int64_t>(i);
  p.row_of = list(row_of);
}

Problem read(const Json& input) {
  Problem p;
  p.theta = field(input, "theta", {26});
  p.us = field(input, "us", {-1, 2});
  const Json& data = part(input, "data");
  const Json& model = part(data, "model");
  p.relative = field(model, "base_relatives", {-1, 4, 4});
  p.bones = p.relative.size(0);
  p.inverse = field(model, "inverse_base_absolutes", {p.bones, 4, 4});
  const Tensor positions = field(model, "base_positions", {-1, 4});
  const std::int64_t vertices = positions.size(0);
  const Tensor weights = field(model, "weights", {vertices, p.bones});
  p.skin = (weights.unsqueeze(2) * positions.unsqueeze(1)).reshape({vertices, 4 * p.bones}).t().contiguous();
  p.mirrored = part(model, "is_mirrored") == true;
  p.points = field(data, "points", {-1, 3}).t().contiguous();
  const std::int64_t count = p.points.size(1);
  if (p.us.size(0) == 0) {
    p.corners = indices(data, "correspondences", {count}, vertices).unsqueeze(0);
  } else {
    p.us = field(input, "us", {count, 2});
    const Tensor triangles = indices(model, "triangles", {-1, 3}, vertices);
    const Tensor which = indices(data, "correspondences", {count}, triangles.size(0));
    p.corners = index_select(triangles, 0, which).t().contiguous();
  }
  place_angles(p);
  find_generations(p, model);
  return p;
}

}  // namespace

Functions ht() {
  return {{"objective",
           [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return errors(p, p.theta, p.us); });
           }},
          {"jacobian", [](const Json& input) {
             const Problem p = read(input);
             return job([=] { return jacobian_of(p); });
           }}};
}

}  // namespace gradbench
