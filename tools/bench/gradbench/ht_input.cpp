// Reading the input of ht, and the tables that its formulas use.
#include <cmath>

#include "bench/gradbench/ht.hpp"

namespace gradbench {

namespace {

// Where the angles of the bones stand in [theta, 0]: each finger has three bones that turn about x, the first about z
// too, and one that does not turn. A hand of another make has bones that do not turn.
void place_angles(Hand& p) {
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
void find_generations(Hand& p, const Json& model) {
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

}  // namespace

Hand read_hand(const Json& input) {
  Hand p;
  p.theta = field(input, "theta", {26});
  p.us = field(input, "us", {-1, 2});
  const Json& data = part(input, "data");
  const Json& model = part(data, "model");
  p.relative = field(model, "base_relatives", {-1, 4, 4});
  p.bones = p.relative.size(0);
  if (p.bones < 21) throw std::invalid_argument("input \"base_relatives\": 21 bones at least are expected");
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

}  // namespace gradbench
