// Training: whole runs, from given weights through given batches.
#include "verify/operations.hpp"
#include "verify/optimizers.hpp"
#include "verify/run.hpp"

namespace gradus::tool {
namespace {

// A network without a class: its weights by name, and what to do with them.
struct Network {
  StateDict weights;
  const Json& config;

  const Tensor& operator[](const std::string& name) const {
    const Tensor* found = find(weights, name);
    return found ? *found : throw std::runtime_error(fmt::format("there is no {}", name));
  }
};

// Linear layers with an activation between them.
Tensor mlp(const Network& net, const Tensor& x, Budget& budget) {
  const auto activation = net.config.at("activation").get<std::string>();
  const std::size_t layers = net.config.at("layers").size() - 1;
  Tensor h = x;
  for (std::size_t i = 0; i < layers; ++i) {
    if (i > 0) h = call_operation(activation, {{"x", h}}, Json::object(), budget).at(0);
    const Tensor& weight = net[fmt::format("{}.weight", i)];
    budget.spend("a layer", cost_of("matmul", {{"x", h}, {"y", weight.t()}}, {}));
    h = linear(h, weight, net[fmt::format("{}.bias", i)]);
  }
  return h;
}

Tensor convnet(const Network& net, const Tensor& x, Budget& budget) {
  const Json padding{{"padding", 1}};
  budget.spend("conv1", cost_of("conv2d", {{"x", x}, {"weight", net["conv1.weight"]}}, padding));
  Tensor h = relu(conv2d(x, net["conv1.weight"], net["conv1.bias"], {.padding = 1}));
  h = max_pool2d(h, 2, {.stride = 2});
  budget.spend("conv2", cost_of("conv2d", {{"x", h}, {"weight", net["conv2.weight"]}}, Json::object()));
  h = relu(conv2d(h, net["conv2.weight"], net["conv2.bias"]));
  const Tensor flat = mean(h, {2, 3});
  budget.spend("fc", cost_of("matmul", {{"x", flat}, {"y", net["fc.weight"].t()}}, {}));
  return linear(flat, net["fc.weight"], net["fc.bias"]);
}

using Model = Tensor (*)(const Network& net, const Tensor& x, Budget& budget);

Model model(const std::string& name) {
  if (name == "mlp") return mlp;
  if (name == "convnet") return convnet;
  throw NotImplemented{name};
}

}  // namespace

void run_training(const Case& c) {
  const Model forward = model(c["model"].get<std::string>());
  Network net{.weights = {}, .config = c["config"]};
  std::vector<Tensor> parameters;
  for (const auto& [name, stored] : c["initial"].items()) {
    parameters.push_back(c.tensor(stored).clone().requires_grad_());
    net.weights.emplace_back(name, parameters.back());
  }
  optim::AnyOptimizer optimizer = make_optimizer(c["optimizer"].get<std::string>(), {{parameters, c["hyper"]}});
  const auto expect_all = [&](const char* what, const char* key, auto get) {
    for (const auto& [name, stored] : c[key].items())
      c.expect(fmt::format("{} {}", what, name), get(net[name]), stored);
  };

  const Tensor &x = c.tensor(c["x"]), &y = c.tensor(c["y"]), &batches = c.tensor(c["batches"]);
  const auto steps = c["steps"].get<std::int64_t>();
  need_entries(c, "losses", steps, 0, c.tensor(c["losses"]));
  Budget budget = c.budget();
  std::vector<double> losses;
  for (std::int64_t step = 0; step < steps; ++step) {
    const Tensor rows = batches[step];
    losses.push_back(optimizer.step([&] {
      budget.free_numbers();
      budget.spend("the batch", cost_of("index_select", {{"x", x}, {"index", rows}}, {}));
      return cross_entropy(forward(net, index_select(x, 0, rows), budget), index_select(y, 0, rows));
    }));
    if (step > 0) continue;
    expect_all("first gradient of", "first_grads", [](const Tensor& w) { return w.grad(); });
    expect_all("after one step", "after_step_1", [](const Tensor& w) { return w; });
  }
  c.expect("loss", from_data(losses, {static_cast<std::int64_t>(losses.size())}), c["losses"]);
  expect_all("final", "final", [](const Tensor& w) { return w; });
  budget.free_numbers();
  c.expect("final logits", forward(net, x, budget), c["final_logits"]);
}

}  // namespace gradus::tool
