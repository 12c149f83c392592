// How long training takes on many ranks, before one has them: the alpha-beta model of communication. A message of m
// bytes takes alpha + m beta seconds, so the sum of m bytes over n ranks takes
//
//   ring                   2 (n - 1) alpha + 2 (n - 1) / n · m beta
//   halving and doubling   2 log2(n) alpha + 2 (n - 1) / n · m beta
//
// (Thakur, Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH", 2005). It knows no
// contention in the network and no slow ranks: what it gives is an upper limit for what will be seen.
#pragma once

#include <cstdint>
#include <vector>

#include <gradus/dist/group.hpp>
#include <gradus/nn/module.hpp>

namespace gradus::dist {

/// What joins two ranks.
struct Line {
  double alpha = 0;  ///< seconds for a message of no bytes
  double beta = 0;   ///< seconds for a byte
};

/// How the ranks add up a bucket.
enum class SumBy { ring, halving_doubling };

/// Seconds for a sum of so many bytes over all ranks; 0 for one rank. Throws for fewer than 1 rank.
double sum_seconds(const Line& line, SumBy by, int ranks, double bytes, Loc where = Loc::current());

/// What one step needs, on one rank.
struct StepCost {
  double compute = 0;                ///< seconds, forward and backward and the update
  std::vector<double> buckets = {};  ///< bytes of gradients, in the order in which they become complete
  /// The part of `compute` after which the first gradients are complete; the last are complete at its end.
  double forward = 1.0 / 3;
};

/// Seconds for a step in which each bucket is sent as soon as it is complete, one after another.
double step_seconds(const StepCost& step, const Line& line, SumBy by, int ranks, Loc where = Loc::current());
/// The speed of n ranks beside n times that of one, where each rank keeps its number of samples: 1 is perfect.
double efficiency(const StepCost& step, const Line& line, SumBy by, int ranks, Loc where = Loc::current());

/// The buckets that DataParallel makes of this network, in bytes.
std::vector<double> bucket_bytes(nn::ModuleBase& net, double bucket_mb = 25, Loc where = Loc::current());

/// Measures the line between the ranks of this group, from sums of one number and of 4 MB. All ranks call it, and get
/// the same. Throws in a group of one.
Line measure_line(const Group& group, Loc where = Loc::current());
/// Measures the sum of so many bytes by all ranks: the median of five, in seconds, the same on all ranks.
double measure_sum(const Group& group, SumBy by, double bytes, Loc where = Loc::current());

}  // namespace gradus::dist
