// Recording a forward pass, and comparing two recordings.
#include "io/onnx/recording.hpp"

#include <gradus/observe.hpp>
#include <gradus/tape.hpp>

#include "tape/guards.hpp"
#include "tensor/format.hpp"

namespace gradus::io::onnx {
namespace {

// Keeps every value, and notes which module recorded what.
class Watching : public Observer {
 public:
  void on_record(const RecordEvent& e) override {
    values.resize(static_cast<std::size_t>(e.node) + 1);
    values[static_cast<std::size_t>(e.node)] = e.value;
  }
  void on_scope(const ScopeEvent& e) override {
    if (e.enter) {
      open_.push_back({e.name, {}});
      return;
    }
    if (open_.empty()) return;
    for (const std::size_t call : open_.back().calls) calls[call].last = size();
    open_.pop_back();
  }
  void on_module(const ModuleEvent& e) override {
    std::string path;
    for (const Open& o : open_) path += (path.empty() ? "" : ".") + o.name;
    calls.push_back({std::string(e.module.type()), path, size(), -1});
    if (!open_.empty()) open_.back().calls.push_back(calls.size() - 1);
  }
  bool wants_contributions() const override { return false; }
  // Closes what is open. A network that is a member of another one has a name there, which its paths do not begin with.
  void finish() {
    for (Call& call : calls)
      if (call.last < 0) call.last = size();
    if (calls.empty() || calls[0].path.empty()) return;
    const std::string root = calls[0].path;
    for (Call& call : calls)
      if (call.path == root || call.path.starts_with(root + '.')) call.path.erase(0, root.size() + 1);
  }

  std::vector<Tensor> values;
  std::vector<Call> calls;

 private:
  struct Open {
    std::string name;
    std::vector<std::size_t> calls;
  };
  int size() const { return static_cast<int>(values.size()); }
  std::vector<Open> open_;
};

struct Reader : Attributes {
  std::vector<Field> fields;
  void number(const char* name, double& v) override { fields.push_back({name, v}); }
  void integer(const char* name, std::int64_t& v) override { fields.push_back({name, v}); }
  void flag(const char* name, bool& v) override { fields.push_back({name, v}); }
  void list(const char* name, Shape& v) override { fields.push_back({name, v}); }
};

Entry entry_of(const Tape& tape, int i, const Tensor& value) {
  const NodeView view = tape[i];
  const gradus::detail::Node& node = tape.state()[i];
  Entry e;
  e.op = node.op;
  e.self = node.op ? node.self() : nullptr;
  e.in = view.inputs();
  e.shape = view.shape();
  e.dtype = view.dtype();
  e.value = value;
  e.constant = view.is_constant();
  e.where = view.where();
  e.scope = view.scope();
  Reader reader;
  view.attributes(reader);
  e.fields = std::move(reader.fields);
  return e;
}

[[noreturn]] void refuse_output(std::size_t k, const Tensor& y, Loc where) {
  throw Error("save_onnx",
              {.wrong = formatted("output {} of the network was not recorded", k),
               .got = y.defined() ? std::string(name(y.dtype())) + " of shape " + gradus::to_string(y.shape())
                                  : "an undefined tensor",
               .expected = "numbers computed from the input or the parameters by recorded operations",
               .advice = "return the scores, and take the argmax or compare where the file is used"},
              where);
}

}  // namespace

void record(const Forward& forward, std::vector<Tensor> inputs, const StateDict& state, Loc where,
            const std::function<void(const Recording&)>& use) {
  const gradus::detail::Aside aside;
  Watching watching;
  Recording r;
  r.inputs = std::move(inputs);
  std::vector<Tensor> outputs;
  Tape tape({.replay = true}, where);
  {
    const Observing observing(watching);
    for (const Tensor& x : r.inputs)
      if (is_floating(x.dtype())) tape.watch(x, where);
    for (const auto& [name, x] : state)
      if (is_floating(x.dtype()) && !x.requires_grad()) tape.watch(x, where);
    outputs = forward(r.inputs);
    watching.finish();
  }
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (!outputs[k].defined()) continue;  // such as attention weights that were not needed
    const int node = tape.index_of(outputs[k]);
    if (node < 0) refuse_output(k, outputs[k], where);
    r.outputs.push_back(node);
  }
  if (r.outputs.empty()) refuse_output(0, Tensor(), where);
  watching.values.resize(static_cast<std::size_t>(tape.size()));
  for (int i = 0; i < tape.size(); ++i)
    r.nodes.push_back(entry_of(tape, i, watching.values[static_cast<std::size_t>(i)]));
  r.calls = std::move(watching.calls);
  use(r);
}

Size Batches::size(std::int64_t at_small, std::int64_t at_large) const {
  if (at_small == at_large) return fixed(at_small);
  const std::int64_t slope = (at_large - at_small) / (large - small);
  return {slope, at_small - slope * small};
}

Sizes sizes(const Shape& at_small, const Shape& at_large, const Batches& batches) {
  Sizes all;
  for (int i = 0; i < at_small.size(); ++i) all.push_back(batches.size(at_small[i], at_large[i]));
  return all;
}

void check_alike(const Recording& small, const Recording& large, Loc where) {
  const auto refuse = [&](const std::string& got, Loc line) {
    throw Error("save_onnx",
                {.wrong = "the network computes differently for another batch size",
                 .got = got,
                 .expected = "the same operations for every batch size",
                 .advice = "{.batch_axis = -1} exports for the sizes of the example"},
                line);
  };
  for (std::size_t i = 0; i < std::min(small.nodes.size(), large.nodes.size()); ++i) {
    const Entry &a = small.nodes[i], &b = large.nodes[i];
    const auto name = [](const Entry& e) { return e.op ? std::string(e.op->name) : "a leaf or constant"; };
    if (a.op != b.op) refuse(formatted("{}, and {}", name(a), name(b)), a.where);
    if (a.in != b.in || a.shape.size() != b.shape.size())
      refuse(formatted("'{}' of shapes {} and {}", name(a), gradus::to_string(a.shape), gradus::to_string(b.shape)),
             a.where);
  }
  if (small.nodes.size() != large.nodes.size() || small.outputs != large.outputs)
    refuse(formatted("{} operations, and {}", small.nodes.size(), large.nodes.size()), where);
}

bool depend(const Sizes& sizes) {
  for (const Size& s : sizes)
    if (s.depends()) return true;
  return false;
}

Sizes fixed(const Shape& shape) {
  Sizes all;
  for (const std::int64_t size : shape) all.push_back(fixed(size));
  return all;
}

std::string to_string(const Size& size) {
  if (!size.depends()) return std::to_string(size.fixed);
  const std::string batch = size.per_example == 1 ? "N" : formatted("{} N", size.per_example);
  return size.fixed == 0 ? batch : formatted("{} {} {}", batch, size.fixed < 0 ? '-' : '+', std::abs(size.fixed));
}

std::string to_string(const Sizes& sizes) {
  std::string text;
  for (const Size& s : sizes) text += (text.empty() ? "" : ", ") + to_string(s);
  return '(' + text + ')';
}

}  // namespace gradus::io::onnx
