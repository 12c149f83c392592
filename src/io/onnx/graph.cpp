// Nodes, constants and sizes of the graph, and its end.
#include "io/onnx/graph.hpp"

#include <algorithm>

#include <gradus/ops.hpp>

#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "tensor/number.hpp"

namespace gradus::io::onnx {

Graph::Graph(const Recording& small, const Recording& large, const Batches& batches, const StateDict& state,
             const OnnxOptions& options, Loc where)
    : small_(small), large_(large), batches_(batches), state_(state), options_(options), where_(where) {
  known_.resize(small.nodes.size());
  for (const auto& [name, x] : state) names_.insert(name);
  const auto port_names = [&](const std::vector<std::string>& given, std::size_t count, const char* what) {
    std::vector<std::string> all = given;
    if (all.empty() && count == 1) all.emplace_back(what);
    if (all.empty())
      for (std::size_t i = 0; i < count; ++i) all.push_back(formatted("{}{}", what, i));
    const bool free =
        std::all_of(all.begin(), all.end(), [&](auto& n) { return !n.empty() && names_.insert(n).second; });
    if (all.size() != count || !free)
      throw Error("save_onnx",
                  {.wrong = formatted("the names of the {} do not fit", *what == 'x' ? "inputs" : "outputs"),
                   .got = formatted("{}", fmt::join(all, ", ")),
                   .expected = formatted("{}, each another one, and none that a parameter has", count)},
                  where);
    return all;
  };
  const auto inputs = port_names(options.inputs, small.inputs.size(), "x");
  outputs_ = port_names(options.outputs, small.outputs.size(), "y");
  for (std::size_t i = 0; i < inputs.size(); ++i)
    model_.inputs.push_back(
        {inputs[i], small.inputs[i].dtype(), onnx::sizes(small.inputs[i].shape(), large.inputs[i].shape(), batches)});
  for (std::size_t i = 0; i < small.nodes.size(); ++i)
    if (small.nodes[i].op) by_data_.try_emplace(small.nodes[i].value.impl()->data, static_cast<int>(i));
}

Sizes Graph::sizes(int node) const { return onnx::sizes(entry(node).shape, entry_of_large(node).shape, batches_); }

void Graph::define(int node, const std::string& name) { known(node).name = name; }
void Graph::define_narrow(int node, const Operand& value) { known(node).narrow = value; }

Operand Graph::narrow(int node) {
  if (!entry(node).op) resolve(node);
  if (!known(node).narrow.name.empty()) return known(node).narrow;
  return {full(node), sizes(node)};
}

std::string Graph::full(int node) {
  if (!entry(node).op) resolve(node);
  Known& k = known(node);
  if (!k.name.empty()) return k.name;
  if (k.narrow.name.empty())
    throw Error("save_onnx",
                {.wrong = "a value inside a layer is used outside of it without being recorded",
                 .got = formatted("'{}' in {}", entry(node).op->name, entry(node).scope),
                 .advice = "return the value from the layer's forward"},
                entry(node).where);
  Sizes to = sizes(node);  // 1 where the value has the size already
  const std::size_t extra = to.size() - k.narrow.sizes.size();
  for (std::size_t i = extra; i < to.size(); ++i)
    if (to[i] == k.narrow.sizes[i - extra]) to[i] = fixed(1);
  k.name = add(entry(node).scope, "Expand", {k.narrow.name, shape(to)})[0];
  return k.name;
}

// ---- names, nodes, constants ----

std::string Graph::fresh(const std::string& base) {
  if (names_.insert(base).second) return base;
  for (int i = 1;; ++i)
    if (std::string name = formatted("{}_{}", base, i); names_.insert(name).second) return name;
}

std::vector<std::string> Graph::add(const std::string& base, const char* type, const std::vector<std::string>& inputs,
                                    const std::vector<OnnxAttribute>& attributes, int outputs) {
  const std::string name = fresh(base.empty() ? std::string(type) : base + '/' + type);
  std::vector<std::string> results{name};
  for (int i = 1; i < outputs; ++i) results.push_back(fresh(formatted("{}:{}", name, i)));
  model_.nodes.push_back({type, name, inputs, results, attributes});
  return results;
}

std::string Graph::initializer(const std::string& name, const Tensor& x) {
  names_.insert(name);
  if (x.dtype() == f64) ++converted_;
  model_.initializers.push_back({name, x.detach()});
  return name;
}

std::string Graph::number(double k) {
  std::string& name = shared_[formatted("number {:.17g}", k)];
  if (name.empty()) name = initializer(fresh(formatted("{:g}", k)), scalar(k, f32));
  return name;
}

std::string Graph::integers(const std::vector<std::int64_t>& list) {
  const std::string text = formatted("[{}]", fmt::join(list, ","));
  std::string& name = shared_[text];
  if (name.empty())
    name =
        initializer(fresh(list.size() > 8 ? "list" : text), from_data(list, {static_cast<std::int64_t>(list.size())}));
  return name;
}

std::string Graph::integer(std::int64_t i) {
  std::string& name = shared_[formatted("integer {}", i)];
  if (name.empty()) name = initializer(fresh(formatted("i{}", i)), scalar(static_cast<double>(i), i64));
  return name;
}

std::string Graph::constant(const std::string& base, const Tensor& x) {
  return initializer(fresh(base.empty() ? "constant" : base + "/constant"), x);
}

std::string Graph::causal_mask(std::int64_t queries, std::int64_t keys) {
  std::string& name = shared_[formatted("causal {} {}", queries, keys)];
  if (name.empty()) {
    const Tensor hidden = gradus::full({queries, keys}, -gradus::detail::infinity, f32);
    name = initializer(fresh("causal_mask"), triu(hidden, 1));
  }
  return name;
}

std::string Graph::parameter(const std::string& name) {
  std::string& there = shared_["parameter " + name];
  if (there.empty()) there = initializer(name, *find(state_, name));
  return there;
}

// ---- sizes ----

std::string Graph::batch() {
  std::string& name = shared_["batch"];
  if (name.empty()) {
    const std::int64_t axis = options_.batch_axis;
    name = add("batch", "Shape", {model_.inputs[0].name}, {{"start", axis}, {"end", axis + 1}})[0];
  }
  return name;
}

// A list of one number.
std::string Graph::size(const Size& size) {
  if (!size.depends()) return integers({size.fixed});
  if (const auto at = shared_.find(to_string(size)); at != shared_.end()) return at->second;
  std::string n = batch();
  if (size.per_example != 1) n = add("batch", "Mul", {n, integers({size.per_example})})[0];
  if (size.fixed != 0) n = add("batch", "Add", {n, integers({size.fixed})})[0];
  return shared_[to_string(size)] = n;
}

std::string Graph::shape(const Sizes& sizes) {
  if (!depend(sizes)) {
    std::vector<std::int64_t> list;
    for (const Size& s : sizes) list.push_back(s.fixed);
    return integers(list);
  }
  if (sizes.size() == 1) return size(sizes[0]);
  if (const auto at = shared_.find(to_string(sizes)); at != shared_.end()) return at->second;
  std::vector<std::string> parts;
  std::vector<std::int64_t> run;
  const auto flush = [&] {
    if (!run.empty()) parts.push_back(integers(run));
    run.clear();
  };
  for (const Size& s : sizes) {
    if (!s.depends()) {
      run.push_back(s.fixed);
      continue;
    }
    flush();
    parts.push_back(size(s));
  }
  flush();
  return shared_[to_string(sizes)] = add("batch", "Concat", parts, {{"axis", std::int64_t{0}}})[0];
}

std::string Graph::reshape(const std::string& base, const std::string& x, const Sizes& to) {
  std::vector<std::int64_t> list;
  int open = 0;
  bool empty = false;
  for (const Size& s : to) {
    list.push_back(s.depends() ? -1 : s.fixed);
    open += s.depends();
    empty = empty || (!s.depends() && s.fixed == 0);
  }
  const bool direct = open == 0 || (open == 1 && !empty);
  const std::vector<OnnxAttribute> attributes =
      empty ? std::vector<OnnxAttribute>{{"allowzero", std::int64_t{1}}} : std::vector<OnnxAttribute>{};
  return add(base, "Reshape", {x, direct ? integers(list) : shape(to)}, attributes)[0];
}

// ---- the end ----

// The values of the outputs get the outputs' names. An input, a parameter, or a value that is an output twice needs a
// node of its own for that.
void Graph::name_outputs() {
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    const int node = small_.outputs[k];
    const std::string value = full(node), &name = outputs_[k];
    model_.outputs.push_back({name, entry(node).dtype, sizes(node)});
    const auto produces = [&](const ModelNode& n) { return std::ranges::find(n.outputs, value) != n.outputs.end(); };
    const bool is_port = std::ranges::find(outputs_, value) != outputs_.end();
    if (is_port || std::ranges::none_of(model_.nodes, produces)) {
      model_.nodes.push_back({"Identity", "output/" + name, {value}, {name}, {}});
      continue;
    }
    for (ModelNode& n : model_.nodes) {
      std::ranges::replace(n.inputs, value, name);
      std::ranges::replace(n.outputs, value, name);
    }
    for (Known& k2 : known_)
      if (k2.name == value) k2.name = name;
  }
}

void Graph::drop_unused() {
  std::set<std::string> needed(outputs_.begin(), outputs_.end());
  std::vector<ModelNode> kept;
  for (std::size_t i = model_.nodes.size(); i-- > 0;) {
    ModelNode& n = model_.nodes[i];
    if (std::ranges::none_of(n.outputs, [&](const std::string& name) { return needed.contains(name); })) continue;
    needed.insert(n.inputs.begin(), n.inputs.end());
    kept.push_back(std::move(n));
  }
  std::ranges::reverse(kept);
  model_.nodes = std::move(kept);
  std::erase_if(model_.initializers, [&](const Initializer& i) { return !needed.contains(i.name); });
}

Model Graph::finish() {
  name_outputs();
  drop_unused();
  model_.metadata = options_.metadata;
  return std::move(model_);
}

std::vector<std::string> Graph::notes() const {
  std::vector<std::string> all;
  if (converted_) all.push_back(formatted("{} tensors of f64 are f32 in the file", converted_));
  return all;
}

}  // namespace gradus::io::onnx
