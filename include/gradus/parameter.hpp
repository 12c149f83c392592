// Tensors that a module owns. Copying a Tensor shares its numbers; copying a Parameter copies them, so that modules are
// values.
#pragma once

#include <concepts>
#include <utility>

#include <gradus/tensor.hpp>

namespace gradus {

/// A tensor with storage of its own. Assigning changes the numbers in that storage, so that all handles to it (an
/// optimizer's) see the change; the shape and dtype of the source are taken over too.
class Owned : public Tensor {
 public:
  Owned() = default;
  template <std::same_as<Tensor> T>
  Owned(T numbers) : Tensor(std::move(numbers)) {}  ///< from a Tensor, not from an Owned
  /// Explicit, so that `auto w = layer.weight` does not compile: write `Tensor w = layer.weight` to share it, or
  /// `layer.weight.clone()` to copy it. Members of a copied class are copied all the same.
  explicit Owned(const Owned& o);
  Owned(Owned&& o) noexcept = default;
  Owned& operator=(const Owned& o);
  Owned& operator=(Owned&& o);
  ~Owned() = default;

  void convert(DType dtype);  ///< in place, with its gradient; handles to it see the change
};

/// A tensor that an optimizer trains: a leaf, of dtype f32 or f64.
class Parameter : public Owned {
 public:
  Parameter() = default;
  /// takes the tensor
  template <std::same_as<Tensor> T>
  Parameter(T numbers, Loc where = Loc::current()) : Owned(std::move(numbers)) {  ///< f32 or f64, on no tape
    become_leaf(where);
  }
  explicit Parameter(const Parameter& o) = default;
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(const Parameter&) = default;
  Parameter& operator=(Parameter&&) = default;

 private:
  void become_leaf(Loc where);
};

/// What a module keeps besides its parameters, such as running statistics. Saved with it, never differentiated.
class Buffer : public Owned {
 public:
  Buffer() = default;
  /// takes the tensor
  template <std::same_as<Tensor> T>
  Buffer(T numbers) : Owned(std::move(numbers)) {}
  explicit Buffer(const Buffer& o) = default;
  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(const Buffer&) = default;
  Buffer& operator=(Buffer&&) = default;
};

}  // namespace gradus
