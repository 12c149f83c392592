// Curves of runs, thinned out to what a page can show.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "report/runs.hpp"

namespace gradus::tool {

// A number that changes with the steps. Where several steps share a point, it has their mean, minimum and maximum.
struct Series {
  std::vector<double> step, mean, low, high;
  std::int64_t missing = 0;  // values that are not finite
  double first_missing = 0;  // the step of the first
};

// Gathers a series and thins it out.
class Gather {
 public:
  void add(double step, double value);
  bool empty() const { return steps_.empty(); }
  Series thinned(std::size_t points) const;

 private:
  std::vector<double> steps_, values_;
  std::int64_t missing_ = 0;
  double first_missing_ = 0;
};

struct Curve {
  std::size_t run = 0;    // its place in the list of runs
  std::string label;      // "val_loss", "fc1.weight"
  double depth = NAN;     // 0 … 1: coloured by its place in the network, and not by its run
  bool dots = false;      // measured now and then
  bool smoothed = false;  // noisy
  Series series = {};
};

struct Chart {
  std::string title, note = {};
  bool logarithmic = false, share = false;  // share: 0 … 1, shown as per cent
  double guide = NAN;                       // a line to compare with
  std::vector<Curve> curves = {};
};

// The charts that there are numbers for. `left_out` counts metrics and parameters that there was no room for.
struct Charts {
  std::vector<Chart> common;               // all runs in each
  std::vector<std::vector<Chart>> of_run;  // for each run: its parameters, its layers
  std::size_t left_out = 0;
};
Charts charts(const std::vector<Run>& runs);

// For the script of the page.
std::string json(const Charts& all, const std::vector<Run>& runs);

}  // namespace gradus::tool
