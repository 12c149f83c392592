// save_onnx: two recordings, the graph, the file.
#include <gradus/io/onnx.hpp>
#include <gradus/ops.hpp>

#include <initializer_list>

#include "io/file.hpp"
#include "io/onnx/step.hpp"
#include "tape/guards.hpp"
#include "tensor/format.hpp"

namespace gradus::io::onnx {
namespace {

// The recording is made for two and for three examples: what differs between them is what depends on the batch.
constexpr Batches batches{2, 3};

void check_example(const Tensor& x, const OnnxOptions& options, Loc where) {
  if (!x.defined())
    throw Error("save_onnx", {.wrong = "an example is an undefined tensor", .expected = "an input of the network"},
                where);
  const int axis = options.batch_axis;
  if (axis < -1 || (axis >= 0 && (axis >= x.dim() || x.size(axis) < 1)))
    throw Error("save_onnx",
                {.wrong = "an example has no batch axis",
                 .got = formatted("shape {}, batch_axis {}", gradus::to_string(x.shape()), axis),
                 .expected = "one example or more along that axis, in every input",
                 .advice = "{.batch_axis = -1} exports for the sizes of the example"},
                where);
  if (x.numel() == 0)
    throw Error("save_onnx", {.wrong = "an example is empty", .got = gradus::to_string(x.shape())}, where);
}

// `count` examples, the given ones in turn.
Tensor examples_of(const Tensor& x, int axis, std::int64_t count) {
  if (axis < 0) return x.clone();
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(i % x.size(axis));
  return index_select(x, axis, from_data(rows, {count}));
}

// Other numbers of the same kind: constants that were computed from the input give themselves away.
Tensor changed(const Tensor& x, std::int64_t shift) {
  if (x.dtype() == i64) return flip(reshape(x, {-1}), 0).reshape(x.shape()) + static_cast<double>(shift);
  if (!is_floating(x.dtype())) return logical_not(x);
  const Tensor noise = reshape(cos(arange(0, static_cast<double>(x.numel()), 1, x.dtype()) * 1.37), x.shape());
  return x * -0.75 + noise * 0.5;
}

// The recording for the first inputs that the network does not refuse: integers, for example, may be indices.
Recording first_accepted(const Forward& forward, std::initializer_list<std::vector<Tensor>> candidates,
                         const StateDict& state, Loc where) {
  Recording kept;
  const auto keep = [&](const Recording& r) { kept = r; };
  for (const std::vector<Tensor>& inputs : candidates) {
    const bool last = &inputs == candidates.end() - 1;
    try {
      record(forward, inputs, state, where, keep);
      return kept;
    } catch (const Error&) {
      if (last) throw;
    }
  }
  return kept;
}

void write_file(const Model& model, const std::string& path, Loc where) {
  double bytes = 0;
  for (const Initializer& i : model.initializers) bytes += static_cast<double>(i.value.numel()) * 4;
  if (bytes >= 0x1p31 - 0x1p20)
    throw Error("save_onnx",
                {.wrong = path + ": the network is too large for one ONNX file",
                 .got = formatted("{:.1f} GB of parameters", bytes / 1e9),
                 .expected = "less than 2 GB: the limit of the format"},
                where);
  const std::string text = encode(model);
  AtomicFile file(path, "save_onnx", where);
  file.write(text.data(), text.size());
  file.commit();
}

// The end of a call that begins at this node and became a node of ONNX; -1 if there is none.
int emit_calls_at(Graph& graph, int node) {
  for (const Call& call : graph.recording().calls)
    if (call.first == node && call.last > node && emit_call(graph, call)) return call.last;
  return -1;
}

Model build(Graph& graph) {
  const int size = static_cast<int>(graph.recording().nodes.size());
  for (int i = 0; i < size;) {
    const int end = emit_calls_at(graph, i);
    if (end < 0 && graph.entry(i).op) emit(graph, i);
    i = end < 0 ? i + 1 : end;
  }
  return graph.finish();
}

}  // namespace

OnnxReport save(const nn::ModuleBase* net, const Forward& forward, std::vector<Tensor> examples,
                const std::string& path, const OnnxOptions& options, Loc where) {
  if (!can_encode())
    throw Error("save_onnx",
                {.wrong = "this build of Gradus cannot write ONNX files",
                 .expected = "protozero when Gradus is built",
                 .advice = "apt-get install libprotozero-dev, and build again with -DGRADUS_ONNX=ON"},
                where);
  std::vector<Tensor> small, large, changed_order, changed_numbers;
  StateDict state;
  {
    const gradus::detail::Aside aside;  // a live tape of the caller's sees nothing of this
    for (const Tensor& x : examples) {
      check_example(x, options, where);
      small.push_back(examples_of(x.detach(), options.batch_axis, batches.small));
      large.push_back(examples_of(x.detach(), options.batch_axis, batches.large));
      changed_order.push_back(changed(large.back(), 0));
      changed_numbers.push_back(changed(large.back(), 1));
    }
    if (net) {
      for (const auto& p : net->named_parameters(where)) state.emplace_back(p.name, p.value);
      for (const auto& [name, x] : net->state_dict(where))
        if (!find(state, name)) state.emplace_back(name, x);
    }
  }
  const nn::Evaluating evaluating;  // also for modules that a function calls

  const Recording with_large = first_accepted(forward, {changed_numbers, changed_order, large}, state, where);
  OnnxReport report;
  record(forward, small, state, where, [&](const Recording& with_small) {
    const NoRecord pause;
    check_alike(with_small, with_large, where);
    Graph graph(with_small, with_large, batches, state, options, where);
    Model model = build(graph);
    model.name = net ? std::string(net->type()) : "network";
    report.nodes = static_cast<std::int64_t>(model.nodes.size());
    for (const Initializer& i : model.initializers)
      if (is_floating(i.value.dtype())) report.parameters += i.value.numel();
    report.notes = graph.notes();
    write_file(model, path, where);
  });
  return report;
}

}  // namespace gradus::io::onnx
