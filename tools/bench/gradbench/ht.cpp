// ht: hand tracking. Angles of the fingers move bones, bones move the vertices of the skin, and the errors are from
// measured points to vertices, or to places on triangles. All bones, then all vertices, in one product each.
#include "bench/gradbench/ht.hpp"

namespace gradbench {

namespace {

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
Tensor place(const Hand& p, const Tensor& theta) {
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
Tensor errors(const Hand& p, const Tensor& theta, const Tensor& us) {
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
Tensor jacobian_of(const Hand& p) {
  if (p.us.numel() == 0) return jacobian([&] { return errors(p, p.theta, p.us); }, p.theta);
  const Tensor x = concat({zeros({2}, f64), p.theta});
  return jacobian([&] { return errors(p, slice(x, 0, {2, Range::end}), p.us + slice(x, 0, {0, 2})); }, x);
}

}  // namespace

Functions ht() {
  return {{"objective",
           [](const Json& input) {
             const Hand p = read_hand(input);
             return job([=] { return errors(p, p.theta, p.us); });
           }},
          {"jacobian", [](const Json& input) {
             const Hand p = read_hand(input);
             return job([=] { return jacobian_of(p); });
           }}};
}

}  // namespace gradbench
