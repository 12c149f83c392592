// The network of a description, layer by layer, so that the outputs of its hidden layers can be seen.
#pragma once

#include <functional>
#include <memory>

#include "spec.hpp"

namespace gradus::web {

// y = x + inner(x)
struct Residual : nn::Module<Residual> {
  nn::Sequential inner;
  explicit Residual(nn::Sequential layers) : inner(std::move(layers)) {}
  Tensor forward(Arg x) const { return x + inner(x); }
  void fields(auto& v) { v("inner", inner); }
};

class Network {
 public:
  // With fresh weights from the default generator. `standardize`: the examples whose mean and deviation come first, or
  // undefined. Throws for names that are unknown and for more parameters than a page can train.
  Network(const NetSpec& spec, std::int64_t inputs, std::int64_t outputs, const Tensor& standardize);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  nn::Sequential net = {};
  std::string code = {};  // the layers as they stand between the braces of nn::Sequential net{…}

  // The outputs of the hidden layers, then that of the network. As it is: call eval() before.
  std::vector<Tensor> outputs(const Tensor& x);
  // The matrices of the linear layers, first to last.
  std::vector<nn::NamedParameter> weights() const;

 private:
  template <class Layer>
  void add(Layer layer, const std::string& text);
  void add_hidden(const NetSpec& spec, std::int64_t in, std::int64_t out);

  std::vector<std::function<Tensor(const Tensor&)>> calls_ = {};
  std::vector<bool> shown_ = {};  // does a hidden layer end here?
};

}  // namespace gradus::web
