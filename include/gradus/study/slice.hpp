// A network's own landscape: its loss over a plane through its weights.
//
//   study::Landscape l = study::slice(net, [&] { return cross_entropy(net(x), y); });
//   l.save("slice.html");
//
//   std::vector<Tensor> way;                       // with the path of training:
//   … way.push_back(study::snapshot(net)); …       // from time to time while training
//   study::slice(net, loss, {.trajectory = way}).save("way.html");
#pragma once

#include <gradus/curvature.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/study/landscape.hpp>

namespace gradus::study {

struct SliceOptions {
  int points = 41;         ///< across and up; odd, so that the middle one is the network as it is
  double range = 1;        ///< random directions: from -range to range; 1 is the length of the weights themselves
  std::uint64_t seed = 1;  ///< of the random directions
  /// Snapshots of training: the plane is then that of their two principal components through the network as it is, and
  /// their path is drawn on it. At least three.
  std::vector<Tensor> trajectory = {};
};

/// All parameters as one vector (n), f64. A trajectory is a list of these.
Tensor snapshot(const nn::ModuleBase& net);

/// Two directions for the weights of a network, filter-normalised (Li et al., "Visualizing the loss landscape of neural
/// nets", 2018): normal random numbers, each row (the weights of one neuron or filter) scaled to the length of the
/// network's own row, and zeros for parameters with fewer than two axes. Each (n), as snapshot() is.
std::array<Tensor, 2> filter_normalised(const nn::ModuleBase& net, std::uint64_t seed = 1);

/// The plane with most of a trajectory's variance: two directions of length 1, and the part of the variance along each.
/// A random walk in many dimensions has 60.8 % and 15.2 % there, 6/(π²k²) along direction k (Antognini and
/// Sohl-Dickstein, "PCA of high dimensional random walks", 2018): only what exceeds that says something about training.
struct Plane {
  std::array<Tensor, 2> directions;  ///< each (n)
  std::array<double, 2> explained;   ///< parts of the variance
};
/// The plane of 3 to 500 snapshots. Throws an Error for others, and for snapshots along a line.
Plane principal_plane(const std::vector<Tensor>& trajectory, Loc where = Loc::current());

/// The loss over a plane through the network's weights. Parameters, buffers and the random generator have the same bits
/// afterwards, even if the loss throws. A loss that differs between two calls (dropout in training mode) is an error.
/// Do not call it under a live tape that has recorded the parameters: they change meanwhile.
Landscape slice(const nn::ModuleBase& net, const Objective& loss, const SliceOptions& options = {},
                Loc where = Loc::current());

}  // namespace gradus::study
