// How a Monitor looks: closely at the first steps and then now and then, so that a long run pays little.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <gradus/observe.hpp>
#include <gradus/optim/optimizer.hpp>

#include "train/diagnosis/examiner.hpp"
#include "train/diagnosis/watch.hpp"

namespace gradus::train::diagnosis {

class Examination {
 public:
  Examination(std::shared_ptr<const optim::detail::OptimizerPlace> place, std::int64_t before, std::int64_t every);
  // After each step; what has become certain since.
  std::vector<Diagnosis> step(double loss, double lr, const Batch& batch);
  std::vector<Diagnosis> epoch(const EpochLook& epoch);
  void held_out(const Tensor& x) { examiner_.held_out(x); }
  std::vector<Diagnosis> verdict() const { return examiner_.verdict(); }
  std::vector<Diagnosis> last_words();  // of the verdict, what was not told yet

 private:
  bool is_due(std::int64_t step) const;
  void attach();

  std::shared_ptr<const optim::detail::OptimizerPlace> place_;
  std::int64_t begun_, steps_, every_;
  Examiner examiner_;
  std::optional<Look> look_;
  std::vector<std::string> told_;
  bool others_ = false;
  Watch watch_;
  std::optional<Observing> observing_;
};

}  // namespace gradus::train::diagnosis
