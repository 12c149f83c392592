// The input of ht: a hand, and where its points were measured.
#pragma once

#include "bench/gradbench/evals.hpp"

namespace gradbench {

/// Bones whose parents are placed already, in one step.
struct Generation {
  Tensor bones, parents;  // i64; no parents: roots
};

/// The input of ht as tensors, and tables made of it.
struct Hand {
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

/// Throws for an input of a wrong form.
Hand read_hand(const Json& input);

}  // namespace gradbench
