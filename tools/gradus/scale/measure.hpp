// What ranks of this machine take: for sums, and for steps of training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

namespace gradus::tool {

struct Measured {
  int ranks = 1;
  double compute = 0;            // seconds: a step of each rank alone, while the others do the same
  double step = 0;               // with the sum over all ranks
  double ring = 0, halving = 0;  // of all gradients in one sum; halving 0: not a power of two
  dist::Line line = {};          // for more ranks than one
};

struct Workload {
  std::int64_t inputs = 784, classes = 10, batch = 64;
  double bucket = 25;  // MB
};

// Seconds for a step of one process, the median of several.
double measured_compute(nn::Sequential& net, const Workload& work);
// All ranks of the group call it, and get the same.
Measured measure(dist::Group& group, nn::Sequential& net, const Workload& work);

// A line of text and back, for a file between processes.
std::string to_line(const Measured& m);
std::vector<Measured> read_lines(const std::string& file);

}  // namespace gradus::tool
