// What an ONNX file holds, before it is encoded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gradus/io/onnx.hpp>

namespace gradus::io::onnx {

// An axis: per_example * N + fixed numbers, N the size of the batch.
struct Size {
  std::int64_t per_example = 0, fixed = 0;
  bool depends() const { return per_example != 0; }
  friend bool operator==(const Size&, const Size&) = default;
};
using Sizes = std::vector<Size>;

inline Size fixed(std::int64_t n) { return {0, n}; }
bool depend(const Sizes& sizes);
Sizes fixed(const Shape& shape);
std::string to_string(const Sizes& sizes);  // "(N, 3 N, 4)"
std::string to_string(const Size& size);

struct ModelNode {
  std::string type, name;
  std::vector<std::string> inputs, outputs;  // an input that is left out is ""
  std::vector<OnnxAttribute> attributes;
};

struct Initializer {
  std::string name;
  Tensor value;  // f64 is written as f32
};

// An input or output of the graph.
struct Port {
  std::string name;
  DType dtype = f32;
  Sizes sizes;
};

struct Model {
  std::string name;
  std::vector<ModelNode> nodes;
  std::vector<Initializer> initializers;
  std::vector<Port> inputs, outputs;
  std::map<std::string, std::string> metadata;
};

// The bytes of the file. Throws if Gradus was built without protozero.
std::string encode(const Model& model);
bool can_encode();

}  // namespace gradus::io::onnx
