// Averages of weights along a run.
#pragma once

#include <vector>

#include <gradus/nn/module.hpp>

namespace gradus::train {

// avg = decay avg + (1 - decay) w, from the weights at the start.
class Averages {
 public:
  Averages(const nn::ModuleBase& net, double decay);
  void add();    // after a step
  void leave();  // the network gets the averages

  // While it lives, the network has the averages. Null: nothing changes.
  class Shown {
   public:
    explicit Shown(Averages* averages);
    ~Shown();
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;

   private:
    Averages* averages_;
    std::vector<Tensor> own_;
  };

 private:
  std::vector<Tensor> weights_, averages_;
  double decay_;
};

}  // namespace gradus::train
