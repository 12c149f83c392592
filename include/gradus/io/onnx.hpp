// A network as an ONNX file, which runs in a browser, in ONNX Runtime and in many other programs.
//
//   nn::Sequential net{nn::Linear(64, 128), nn::ReLU(), nn::Linear(128, 10)};
//   io::save_onnx(net, zeros({1, 64}), "net.onnx");
//
// An operation of your own takes part when its struct says how it is computed:
//
//   void onnx(io::OnnxRecipe& r) const {                                      // y = a tanh(k b)
//     const std::string kb = r.node("Mul", {r.in(1), r.number(k)});
//     r.give(r.node("Mul", {r.in(0), r.node("Tanh", {kb})}));
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gradus/nn/module.hpp>

namespace gradus::io {

struct OnnxOptions {
  int batch_axis = 0;  ///< which axis of every input is the batch, of any size N in the file; -1: all sizes are fixed
  std::vector<std::string> inputs = {};              ///< names; none: "x", or "x0", "x1", … for several
  std::vector<std::string> outputs = {};             ///< names; none: "y", or "y0", "y1", … for several
  std::map<std::string, std::string> metadata = {};  ///< words for people and programs, in metadata_props
};

/// What was written.
struct OnnxReport {
  std::int64_t nodes = 0;               ///< in the graph
  std::int64_t parameters = 0;          ///< numbers in its initializers
  std::vector<std::string> notes = {};  ///< what differs from the network: "4 tensors of f64 are f32 in the file"
};

/// An attribute of an ONNX node: {"axis", 1}, {"alpha", 0.1}, {"mode", "constant"}, {"perm", std::vector{…}}.
struct OnnxAttribute {
  std::string name;  ///< as the operator's page names it
  /// INT, FLOAT, STRING, INTS or STRINGS.
  std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<std::string>> value;
};

namespace onnx {
class Step;  ///< src/io/onnx/step.hpp: one operation on its way into the graph
}

/// What an operation's onnx() sees: the inputs of one use, and a graph that takes nodes of opset 17. Values are names.
class OnnxRecipe {
 public:
  explicit OnnxRecipe(onnx::Step& step) : step_(step) {}        ///< for the library itself
  int inputs() const;                                           ///< how many there are
  std::string in(int i) const;                                  ///< the name of input i
  Shape shape(int input) const;                                 ///< -1 for a size that depends on the batch
  Shape shape() const;                                          ///< of the result
  std::string number(double k);                                 ///< an f32 constant of shape ()
  std::string integers(const std::vector<std::int64_t>& list);  ///< an i64 constant: axes, sizes, …
  std::string constant(const Tensor& x);                        ///< any other; f64 becomes f32
  /// Adds a node with one output and returns the name of that.
  std::string node(const char* type, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {});
  void give(const std::string& y);  ///< the operation's result

 private:
  onnx::Step& step_;
};

/// What save_onnx is made of.
namespace onnx {

/// A network as a function of its inputs.
using Forward = std::function<std::vector<Tensor>(std::span<const Tensor>)>;

/// save_onnx for any network; `net` is null for one that is not a module.
OnnxReport save(const nn::ModuleBase* net, const Forward& forward, std::vector<Tensor> examples,
                const std::string& path, const OnnxOptions& options, Loc where);

/// The tensors that a forward returned: one, a vector or tuple of them, or a struct of up to four.
template <class T>
std::vector<Tensor> results(const T& y) {
  if constexpr (std::is_aggregate_v<T>) {
    const Tensor t;
    if constexpr (requires { T{t, t, t, t}; }) {
      const auto& [a, b, c, d] = y;
      return {a, b, c, d};
    } else if constexpr (requires { T{t, t, t}; }) {
      const auto& [a, b, c] = y;
      return {a, b, c};
    } else if constexpr (requires { T{t, t}; }) {
      const auto& [a, b] = y;
      return {a, b};
    } else {
      const auto& [a] = y;
      return {a};
    }
  } else {
    return nn::detail::tensors_in(y);
  }
}

/// The same for a network of one type, which takes as many inputs as there are I.
template <class Net, std::size_t... I>
OnnxReport save(Net& net, std::vector<Tensor> examples, const std::string& path, const OnnxOptions& options, Loc where,
                std::index_sequence<I...>) {
  const nn::ModuleBase* module = nullptr;
  if constexpr (std::is_base_of_v<nn::ModuleBase, Net>) module = &net;
  const Forward forward = [&](std::span<const Tensor> x) { return results(net(Arg(x[I], where)...)); };
  return save(module, forward, std::move(examples), path, options, where);
}

}  // namespace onnx

/// Records net(example) in evaluation mode and writes what was computed as an ONNX file (opset 17, IR 8): the example
/// gives the shapes and dtypes, and integers that are valid. `net` is a module, or a function of tensors.
///
/// Parameters keep the names of state_dict(). Numbers are f32; a network of f64 is converted, which the report says.
/// Dropout does nothing, batch normalisation uses the running statistics. LSTM, GRU, RNN and BatchNorm modules become
/// the nodes of those names; a recurrent layer reads sequences of the example's length.
///
/// Throws, and writes nothing: for an operation without a recipe; for batch normalisation by the batch's statistics;
/// for a constant that was computed from the input without being recorded (a mask by a comparison, an argmax); for a
/// result that no tape records; for more than 2 GB; if Gradus was built without protozero.
template <class Net>
OnnxReport save_onnx(Net&& net, const Arg& example, const std::string& path, const OnnxOptions& options = {}) {
  return onnx::save(net, {example.tensor()}, path, options, example.where, std::make_index_sequence<1>());
}

/// For a network of several inputs: save_onnx(net, {q, k, v}, "attention.onnx").
template <class Net, std::size_t n>
OnnxReport save_onnx(Net&& net, const Tensor (&examples)[n], const std::string& path, const OnnxOptions& options = {},
                     Loc where = Loc::current()) {
  return onnx::save(net, std::vector<Tensor>(examples, examples + n), path, options, where,
                    std::make_index_sequence<n>());
}

}  // namespace gradus::io
