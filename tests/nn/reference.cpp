// Layers and initialisers against the vectors made by PyTorch, tests/reference (README.md there, sections 3 and 7).
#include <gradus/io/safetensors.hpp>
#include <gradus/nn/nn.hpp>
#include <gradus/ops.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "support.hpp"

using namespace gradus;
using Json = nlohmann::json;

namespace {

Json index(const std::string& group) {
  std::ifstream in(std::string(GRADUS_TEST_DIR "/reference/") + group + "/" + group + ".json");
  return Json::parse(in);
}

Pair pair(const Json& j) { return {j[0], j[1]}; }

Shape shape(const Json& j) {
  Shape s;
  for (const std::int64_t size : j) s.push_back(size);
  return s;
}

class Case {
 public:
  Case(const Json& json, const StateDict& tensors) : json_(json), tensors_(tensors) {}

  template <class M>
  void run(M net) const {
    net.to(f64);
    StateDict state;
    for (const auto& [name, at] : json_["state"].items()) state.emplace_back(name, tensor(at));
    net.load_state_dict(state);
    for (const Json& step : json_["steps"]) {
      net.train(step["training"]);
      net.zero_grad();
      const Json &out = *step["outputs"].begin(), &cotangent = *step["cotangents"].begin();
      Tensor x = tensor(*step["inputs"].begin()).clone();
      if (is_floating(x.dtype())) x.requires_grad_();
      Tape tape;
      const Tensor y = net(x);
      check(y, out);
      tape.backward(sum(y * tensor(cotangent)));
      for (const auto& [name, at] : step["input_grads"].items()) check(x.grad(), at);
      for (const auto& [name, p] : net.named_parameters()) check(p.grad(), step["param_grads"][name]);
      for (const auto& [name, at] : step.value("buffers_after", Json::object()).items())
        check(*find(net.state_dict(), name), at);
    }
  }

 private:
  const Tensor& tensor(const std::string& name) const { return *find(tensors_, name); }
  void check(const Tensor& got, const std::string& want) const {
    INFO(want);
    REQUIRE(got.defined());
    CHECK(allclose(got, tensor(want), json_["rtol"], json_["atol"]));
  }
  const Json& json_;
  const StateDict& tensors_;
};

nn::BatchNormOptions batch_norm(const Json& c) {
  nn::BatchNormOptions o{.eps = c["eps"], .momentum = std::nullopt, .affine = c["affine"]};
  if (!c["momentum"].is_null()) o.momentum = c["momentum"].get<double>();
  o.track_running_stats = c["track_running_stats"];
  return o;
}

// True if there is a layer for this case.
bool run(const Json& json, const Case& test) {
  const std::string type = json["module"];
  const Json& c = json["config"];
  if (type == "Linear") {
    test.run(nn::Linear(c["in_features"], c["out_features"], {.bias = c["bias"]}));
  } else if (type == "Conv2d") {
    test.run(nn::Conv2d(c["in_channels"], c["out_channels"], pair(c["kernel_size"]),
                        {.stride = pair(c["stride"]),
                         .padding = pair(c["padding"]),
                         .dilation = pair(c["dilation"]),
                         .groups = c["groups"],
                         .bias = c["bias"]}));
  } else if (type == "BatchNorm1d") {
    test.run(nn::BatchNorm1d(c["num_features"], batch_norm(c)));
  } else if (type == "BatchNorm2d") {
    test.run(nn::BatchNorm2d(c["num_features"], batch_norm(c)));
  } else if (type == "LayerNorm") {
    test.run(
        nn::LayerNorm(shape(c["normalized_shape"]), {.eps = c["eps"], .elementwise_affine = c["elementwise_affine"]}));
  } else if (type == "Embedding") {
    test.run(nn::Embedding(c["num_embeddings"], c["embedding_dim"], {.padding_idx = c.value("padding_idx", -1)}));
  } else {
    return false;
  }
  return true;
}

// Fills w as a case of init.json says; false if it is not one of the initialisers but a layer's start.
bool fill(const Tensor& w, const Json& json) {
  namespace init = nn::init;
  const std::string name = json["init"];
  const Json& a = json["args"];
  const auto kaiming = [&] {
    const std::string what = a["nonlinearity"];
    return init::KaimingOptions{.a = a["a"],
                                .mode = a["mode"] == "fan_in" ? init::Fan::in : init::Fan::out,
                                .nonlinearity = what == "relu"         ? init::Nonlinearity::relu
                                                : what == "leaky_relu" ? init::Nonlinearity::leaky_relu
                                                                       : init::Nonlinearity::linear};
  };
  if (name == "xavier_uniform")
    init::xavier_uniform_(w, a["gain"]);
  else if (name == "xavier_normal")
    init::xavier_normal_(w, a["gain"]);
  else if (name == "kaiming_uniform")
    init::kaiming_uniform_(w, kaiming());
  else if (name == "kaiming_normal")
    init::kaiming_normal_(w, kaiming());
  else if (name == "trunc_normal")
    init::trunc_normal_(w, a["mean"], a["std"], a["a"], a["b"]);
  else if (name == "uniform")
    init::uniform_(w, a["a"], a["b"]);
  else if (name == "normal")
    init::normal_(w, a["mean"], a["std"]);
  else
    return false;
  return true;
}

}  // namespace

TEST_CASE("layers agree with PyTorch: outputs, gradients, running statistics") {
  const Json modules = index("modules");
  const StateDict tensors = io::load(GRADUS_TEST_DIR "/reference/modules/modules.safetensors");
  int count = 0;
  for (const Json& json : modules["cases"]) {
    INFO(json["name"].get<std::string>());
    count += run(json, Case(json, tensors));
  }
  CHECK(count == 18);
}

TEST_CASE("initialisers have the statistics they should") {
  manual_seed(1);
  const Json cases = index("init");
  int count = 0;
  for (const Json& json : cases["cases"]) {
    INFO(json["name"].get<std::string>());
    const Tensor w = zeros(shape(json["shape"]), f64);
    if (!fill(w, json)) continue;
    ++count;
    CHECK(std::abs(mean(w).item() - json["mean"].get<double>()) <= json["mean_tolerance"]);
    CHECK(std::abs(gradus::std(w).item() - json["std"].get<double>()) <= json["std_tolerance"]);
    if (json.contains("bound")) CHECK(max(abs(w)).item() <= json["bound"]);
    if (json.contains("lowest")) CHECK(min(w).item() >= json["lowest"]);
    if (json.contains("highest")) CHECK(max(w).item() <= json["highest"]);
  }
  CHECK(count >= 40);
}
