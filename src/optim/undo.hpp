// A step that throws half way has changed nothing: what it has changed is put back.
#pragma once

#include <utility>
#include <vector>

#include <gradus/optim/optimizer.hpp>

#include "tensor/loops.hpp"

namespace gradus::optim {

// Keeps parameters and their states; its end puts them back, unless all went well.
class OptimizerBase::Undo {
 public:
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;

  void keep(Entry& e) {
    Kept k{.entry = &e, .numbers = e.value.detach().clone(), .version = e.value.impl()->storage->version};
    k.ready = e.ready;
    k.dtype = e.dtype;
    k.step = e.state.step;
    k.tensors = e.state.tensors;
    kept_.push_back(std::move(k));
  }
  void all_is_well() { kept_.clear(); }

  // Takes no memory: the step may have failed for want of it.
  ~Undo() {
    for (Kept& k : kept_) {
      Entry& e = *k.entry;
      gradus::detail::assign_strided(*k.numbers.impl(), *e.value.impl());
      e.value.impl()->storage->version = k.version;  // what a tape has saved of it is right again
      e.ready = k.ready;
      e.dtype = k.dtype;
      e.state.step = k.step;
      e.state.names.resize(k.tensors.size());
      std::swap(e.state.tensors, k.tensors);
    }
  }

 private:
  struct Kept {
    Entry* entry;
    Tensor numbers;
    std::uint32_t version;
    bool ready = false;
    DType dtype = f32;
    std::int64_t step = 0;
    std::vector<Buffer> tensors = {};
  };
  std::vector<Kept> kept_;
};

}  // namespace gradus::optim
