// Puts the looks at a training before all rules, and tells each diagnosis once.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "train/diagnosis/rule.hpp"

namespace gradus::train::diagnosis {

class Examiner {
 public:
  Examiner();
  void step(Look look);  // look.step counts from 1
  void epoch(const EpochLook& epoch);
  void examples(const Batch& batch);
  void held_out(const Tensor& x);

  bool wants_curvature() const { return wants_curvature_; }  // at the next walk
  std::vector<Diagnosis> fresh();                            // those that have become certain since the last call
  std::vector<Diagnosis> verdict() const;                    // all, without what follows from others
  std::int64_t steps() const { return chart_.steps; }

 private:
  void judge();
  Chart chart_;
  Rules rules_;
  std::set<std::string> told_;
  std::vector<Diagnosis> found_, fresh_;
  bool wants_curvature_ = false, had_curvature_ = false;
};

}  // namespace gradus::train::diagnosis
