// Where small programs are trained and examined: by a Monitor in their loop, or from outside as `gradus doctor` does.
#pragma once

#include <gradus/gradus.hpp>

#include <memory>
#include <string>
#include <vector>

#include "support.hpp"
#include "train/diagnosis/doctor.hpp"

namespace ward {

using namespace gradus;

// The program has a monitor, or does not know that it is watched, or is not.
enum class Watched { monitor, outside, no };

class Ward {
 public:
  explicit Ward(Watched how) : how_(how) {
    if (how == Watched::outside) doctor_ = std::make_unique<train::diagnosis::Doctor>([](const std::string&) {});
  }
  bool has_monitor() const { return how_ == Watched::monitor; }
  void add(const std::vector<train::Diagnosis>& some) { found_.insert(found_.end(), some.begin(), some.end()); }
  std::vector<train::Diagnosis> found() const {
    std::vector<train::Diagnosis> all = found_;
    if (doctor_) {
      for (const train::Diagnosis& d : doctor_->verdict()) all.push_back(d);
    }
    return all;
  }

 private:
  Watched how_;
  std::unique_ptr<train::diagnosis::Doctor> doctor_;
  std::vector<train::Diagnosis> found_;
};

// The monitor of a program, if it has one.
class Bed {
 public:
  template <class Net, class Optimizer>
  Bed(Ward& ward, const Net& net, Optimizer& optimizer) : ward_(ward) {
    if (ward.has_monitor()) monitor_ = std::make_unique<train::Monitor>(net, optimizer);
  }
  ~Bed() {
    if (monitor_) ward_.add(monitor_->diagnoses());
  }
  Bed(const Bed&) = delete;
  Bed& operator=(const Bed&) = delete;
  void step(const Tensor& loss, const train::StepData& data = {}) {
    if (monitor_) monitor_->step(loss, data);
  }
  void step(double loss, const train::StepData& data = {}) {
    if (monitor_) monitor_->step(loss, data);
  }
  train::Monitor* monitor() { return monitor_.get(); }

 private:
  Ward& ward_;
  std::unique_ptr<train::Monitor> monitor_;
};

struct Data {
  Tensor x, y;
};

// Classes around centres of their own, in another order each time.
inline Data clouds(std::int64_t n, std::int64_t features, std::int64_t classes, double apart = 1.5) {
  const Tensor centres = randn({classes, features}) * apart;
  const Tensor y = randint(0, classes, {n});
  return {index_select(centres, 0, y) + randn({n, features}), y};
}

// Rows of that batch.
inline Data batch_of(const Data& d, std::int64_t size, int step) {
  const std::int64_t n = d.y.size(0) / size;
  const std::int64_t begin = (step % n) * size;
  return {slice(d.x, 0, {begin, begin + size}), slice(d.y, 0, {begin, begin + size})};
}

// The usual loop over classes, for so many steps.
template <class Net, class Optimizer>
void train_classes(Ward& ward, Net& net, Optimizer& opt, const Data& d, int steps, std::int64_t size = 32) {
  Bed bed(ward, net, opt);
  for (int i = 0; i < steps; ++i) {
    const auto [x, y] = batch_of(d, size, i);
    Tape tape;
    const Tensor out = net(x);
    const Tensor loss = cross_entropy(out, y);
    tape.backward(loss);
    opt.step();
    bed.step(loss, {.output = out, .target = y, .input = x});
    opt.zero_grad();
  }
}

struct Program {
  const char* name;
  const char* code;  // that it should get; "": none
  void (*run)(Ward&);
  bool alone = false;  // has no network object, so no monitor either
};

extern const std::vector<Program> sick, healthy, more_sick, more_healthy;

}  // namespace ward
