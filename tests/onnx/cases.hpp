// Networks whose ONNX files are run by another program, and the results they must have.
#pragma once

#include <gradus/gradus.hpp>
#include <gradus/io/onnx.hpp>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace onnx_cases {

using namespace gradus;

constexpr std::int64_t batches[] = {1, 2, 7};
using Inputs = std::function<std::vector<Tensor>(std::int64_t batch)>;

// Writes folder/name.onnx, exported from two examples, and folder/name.safetensors: for each batch the inputs and what
// the network gives for them, as "7.in.0" and "7.out.0".
class Writer {
 public:
  explicit Writer(std::string folder) : folder_(std::move(folder)) {}

  template <class Net>
  void one(const std::string& name, Net&& net, const Inputs& inputs, const io::OnnxOptions& options = {}) {
    io::save_onnx(net, inputs(2)[0], path(name, "onnx"), options);
    results(name, net, inputs, [&](const std::vector<Tensor>& x) { return io::onnx::results(net(x[0])); });
  }
  template <class Net>
  void three(const std::string& name, Net&& net, const Inputs& inputs, const io::OnnxOptions& options = {}) {
    const std::vector<Tensor> x = inputs(2);
    io::save_onnx(net, {x[0], x[1], x[2]}, path(name, "onnx"), options);
    results(name, net, inputs,
            [&](const std::vector<Tensor>& in) { return io::onnx::results(net(in[0], in[1], in[2])); });
  }
  int count() const { return count_; }

 private:
  std::string path(const std::string& name, const char* ending) const { return folder_ + '/' + name + '.' + ending; }
  template <class Net, class Run>
  void results(const std::string& name, Net& net, const Inputs& inputs, const Run& run) {
    if constexpr (std::is_base_of_v<nn::ModuleBase, std::remove_cvref_t<Net>>) net.eval();
    StateDict all;
    for (const std::int64_t n : batches) {
      const std::vector<Tensor> in = inputs(n), out = run(in);
      const std::string prefix = std::to_string(n);
      for (std::size_t i = 0; i < in.size(); ++i) all.emplace_back(prefix + ".in." + std::to_string(i), single(in[i]));
      std::size_t k = 0;
      for (const Tensor& y : out)
        if (y.defined()) all.emplace_back(prefix + ".out." + std::to_string(k++), single(y.detach()));
    }
    io::save(path(name, "safetensors"), all);
    ++count_;
  }
  static Tensor single(const Tensor& x) { return x.dtype() == f64 ? x.to(f32) : x; }

  std::string folder_;
  int count_ = 0;
};

// Normal numbers of a shape that begins with the batch.
inline Inputs normal(Shape rest, int axis = 0, DType dtype = f32) {
  return [=](std::int64_t n) {
    Shape shape = rest;
    shape.insert(axis, n);
    return std::vector<Tensor>{randn(shape, dtype)};
  };
}
inline Inputs ids(std::int64_t count, Shape rest) {
  return [=](std::int64_t n) {
    Shape shape = rest;
    shape.insert(0, n);
    return std::vector<Tensor>{randint(0, count, shape)};
  };
}

void write_layers(Writer& w);
void write_operations(Writer& w);
void write_networks(Writer& w);

}  // namespace onnx_cases
