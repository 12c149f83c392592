// A network as a table: its layers, what they return, how many parameters they have.
//
//   nn::Sequential net{nn::Linear(64, 128), nn::ReLU(), nn::Linear(128, 10)};
//   print(net, {1, 64});
//
//   layer        type     details     output     parameters
//   ───────────────────────────────────────────────────────
//   Sequential                        (1, 10)
//     0          Linear   64 -> 128   (1, 128)        8,320
//     1          ReLU                 (1, 128)
//     2          Linear   128 -> 10   (1, 10)         1,290
//   ───────────────────────────────────────────────────────
//   9,610 parameters (38.4 kB), all trainable
#pragma once

#include <initializer_list>
#include <memory>
#include <string>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

/// An input for a network: a tensor, or a shape for zeros of the network's dtype.
class Example {
 public:
  /// these numbers
  Example(const Tensor& x, Loc line = Loc::current()) : where(line), tensor_(x) {}
  /// zeros of this shape
  Example(Shape shape, Loc line = Loc::current()) : where(line), shape_(shape) {}
  /// zeros of this shape
  Example(std::initializer_list<std::int64_t> sizes, Loc line = Loc::current()) : Example(Shape(sizes), line) {}
  Tensor tensor(const ModuleBase& net) const;  ///< the example in the dtype of the net

  Loc where;

 private:
  Tensor tensor_;
  Shape shape_;
};

namespace detail {

/// While it lives, modules evaluate unrecorded, and the shapes that calls return are kept.
class Trial {
 public:
  explicit Trial(const ModuleBase& net);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  std::string table() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

void print(const std::string& text);

}  // namespace detail

/// Without an example the column of outputs is missing.
std::string summary(const ModuleBase& net);

/// Calls the network once, evaluating and unrecorded. Further inputs are passed on as they are.
template <class M, class... Rest>
std::string summary(M&& net, const Example& x, Rest&&... rest) {
  detail::Trial trial(net);
  net(Arg(x.tensor(net), x.where), std::forward<Rest>(rest)...);
  return trial.table();
}

/// To standard output.
inline void print(const ModuleBase& net) { detail::print(summary(net)); }
template <class M, class... Rest>
void print(M&& net, const Example& x, Rest&&... rest) {
  detail::print(summary(net, x, std::forward<Rest>(rest)...));
}

}  // namespace gradus::nn
