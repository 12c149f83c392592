// Examines every optimizer of a thread, without a word from the program.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <gradus/observe.hpp>

#include "train/diagnosis/examiner.hpp"
#include "train/diagnosis/watch.hpp"

namespace gradus::train::diagnosis {

class Doctor {
 public:
  // `write` gets the members of a JSON object for each event; src/train/DIAGNOSES.md describes them.
  explicit Doctor(std::function<void(const std::string&)> write);
  ~Doctor();
  Doctor(const Doctor&) = delete;
  Doctor& operator=(const Doctor&) = delete;

  void epoch(EpochLook epoch);
  void held_out(const Tensor& x);
  std::vector<Diagnosis> verdict() const;  // of all optimizers

  static Doctor* current();  // of this thread, or null

 private:
  struct Stream {
    Examiner examiner;
    std::int64_t steps = 0, epochs = 0, number = 0;
    std::int64_t since = 0;  // steps of its last optimizer
    std::string type, written;
    std::vector<std::shared_ptr<const optim::detail::OptimizerPlace>> places = {};  // which optimizers it is of
  };
  void step(const optim::OptimizerBase& optimizer, Look&& look);
  Stream& stream_of(const optim::OptimizerBase& optimizer);
  void write(const char* kind, Stream& s, const std::vector<Diagnosis>& all);

  std::function<void(const std::string&)> write_;
  Watch watch_;
  std::vector<std::unique_ptr<Stream>> streams_;           // one for each optimizer, in the order of their first steps
  std::unordered_map<const void*, Stream*> by_parameter_;  // the last one, by its first parameter
  std::vector<Tensor> kept_;                               // so that no other parameter takes their place in memory
  Stream* last_ = nullptr;
  Tensor held_out_;
  Doctor* outer_;
  Observing observing_{watch_};
};

}  // namespace gradus::train::diagnosis
