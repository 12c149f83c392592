// A forward pass as it was recorded, and what two of them of different batch sizes have in common.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <gradus/op.hpp>

#include "io/onnx/model.hpp"

namespace gradus::io::onnx {

struct Field {
  std::string name;
  std::variant<double, std::int64_t, bool, Shape> value;
};

// A node of the tape.
struct Entry {
  const gradus::detail::OpTable* op = nullptr;  // null for a leaf or constant
  const void* self = nullptr;                   // the operation itself, while its tape lives
  std::vector<Field> fields;
  std::vector<int> in;
  Shape shape;
  DType dtype = f32;
  Tensor value;  // kept, so that its memory is not used again and a pointer to it means it alone
  bool constant = false;
  Loc where;
  std::string scope;
};

// The call of a module: what it recorded is [first, last).
struct Call {
  std::string type;  // "LSTM"
  std::string path;  // "encoder.lstm"; "" for the network itself
  int first = 0, last = 0;
};

struct Recording {
  std::vector<Entry> nodes;
  std::vector<Call> calls;  // an outer one comes before those inside
  std::vector<Tensor> inputs;
  std::vector<int> outputs;  // node numbers
};

// Runs the forward under a tape of its own that keeps constants; `state` holds tensors to record even if they are
// frozen. `use` sees the recording while the tape lives.
void record(const Forward& forward, std::vector<Tensor> inputs, const StateDict& state, Loc where,
            const std::function<void(const Recording&)>& use);

// Sizes by the batch: what is seen at `small` examples and at `large` ones.
struct Batches {
  std::int64_t small, large;
  Size size(std::int64_t at_small, std::int64_t at_large) const;
};
Sizes sizes(const Shape& at_small, const Shape& at_large, const Batches& batches);

// Throws unless both recorded the same operations.
void check_alike(const Recording& small, const Recording& large, Loc where);

}  // namespace gradus::io::onnx
