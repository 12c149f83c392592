// Looking at a tape, running it again, and watching it grow.

#include "tape/state.hpp"
#include "tensor/loops.hpp"
#include "tensor/number.hpp"

namespace gradus {

using namespace detail;

const Node& NodeView::node() const { return tape_->state()[index_]; }
bool NodeView::is_leaf() const { return !node().op && !node().constant; }
bool NodeView::is_constant() const { return node().constant; }
const char* NodeView::name() const { return node().op ? node().op->name : node().constant ? "constant" : "leaf"; }
const char* NodeView::rule() const { return node().op ? node().op->rule : ""; }
Shape NodeView::shape() const { return node().shape; }
DType NodeView::dtype() const { return node().dtype; }
Loc NodeView::where() const { return node().where; }
bool NodeView::released() const { return node().released; }
Tensor NodeView::leaf() const { return node().op ? Tensor() : node().saved[0].tensor; }

std::vector<int> NodeView::inputs() const { return {node().in, node().in + node().inputs}; }

std::vector<Shape> NodeView::saved() const {
  std::vector<Shape> shapes;
  for (int i = 0; i < bits(node().mask); ++i)
    if (node().saved[i].tensor.defined()) shapes.push_back(node().saved[i].tensor.shape());
  return shapes;
}

std::string NodeView::scope() const {
  std::string path;
  const auto& scopes = tape_->state().scopes;
  for (int s = node().scope; s >= 0; s = scopes[static_cast<std::size_t>(s)].parent)
    path = path.empty() ? scopes[static_cast<std::size_t>(s)].name
                        : scopes[static_cast<std::size_t>(s)].name + ("." + path);
  return path;
}

std::string NodeView::attributes() const {
  struct Text : Attributes {
    std::string text;
    void put(const char* name, const std::string& value) {
      text += (text.empty() ? "" : ", ") + std::string(name) + "=" + value;
    }
    void number(const char* name, double& v) override { put(name, number_text(v, 9)); }
    void integer(const char* name, std::int64_t& v) override { put(name, std::to_string(v)); }
    void flag(const char* name, bool& v) override { put(name, v ? "true" : "false"); }
    void list(const char* name, Shape& v) override { put(name, to_string(v)); }
  } text;
  attributes(text);
  return text.text;
}

void NodeView::attributes(Attributes& to) const {
  if (node().op) node().op->fields(node().attributes, to);
}

// Forwards trust their callers, so what comes must be what was recorded: the shapes, and one floating dtype, which may
// be another one.
void NodeView::check_inputs(const Node& n, std::span<const Tensor> given) const {
  const auto refuse = [&](Complaint complaint) {
    throw Error("NodeView::apply", std::move(complaint), user_line(n.where));
  };
  const std::string what = "'" + std::string(n.op->name) + "'";
  if (static_cast<int>(given.size()) != n.inputs)
    refuse({.wrong = what + " takes another number of inputs",
            .got = std::to_string(given.size()),
            .expected = std::to_string(n.inputs)});
  const Tensor* first = nullptr;  // of floating dtype
  for (int i = 0; i < n.inputs; ++i) {
    const Tensor& x = given[static_cast<std::size_t>(i)];
    check_defined(x, "NodeView::apply", n.where);
    if (n.in[i] < 0)
      refuse({.wrong = what + " has a constant that the tape did not keep, so nobody can say what fits",
              .advice = "make the tape with Tape tape({.replay = true})"});
    const NodeView was = (*tape_)[n.in[i]];
    if (!first && is_floating(x.dtype())) first = &x;
    const DType dtype = is_floating(was.dtype()) && first ? first->dtype() : was.dtype();
    if (x.shape() != was.shape() || x.dtype() != dtype)
      refuse({.wrong = "input " + std::to_string(i) + " of " + what + " is not like the recorded one",
              .got = to_string(x.shape()) + " " + gradus::name(x.dtype()),
              .expected = to_string(was.shape()) + " " + gradus::name(dtype)});
  }
}

Tensor NodeView::apply(std::span<const Tensor> inputs) const {
  const Node& n = node();
  if (!n.op) throw Error("NodeView", {.wrong = "a leaf is not computed from anything"});
  check_inputs(n, inputs);
  const std::vector<Arg> args = [&] {
    std::vector<Arg> list;
    for (const Tensor& x : inputs) list.emplace_back(x, n.where);
    return list;
  }();
  return detail::apply(*n.op, n.attributes, args);
}

std::vector<Tensor> Tape::replay(const ReplayOptions& options, Loc where) const {
  TapeState& tape = *state_;
  if (!tape.options.replay)
    throw Error(
        "replay",
        {.wrong = "this tape does not keep its constants", .advice = "make it with Tape tape({.replay = true})"},
        where);
  const NoRecord pause;
  std::vector<Tensor> values(static_cast<std::size_t>(tape.size));
  std::vector<Tensor> in;
  for (int i = 0; i < tape.size; ++i) {
    const Node& n = tape[i];
    Tensor& value = values[static_cast<std::size_t>(i)];
    if (i == options.node) {
      value = options.value;
    } else if (!n.op) {
      value = n.saved[0].tensor.detach();
      if (!options.current && value.version() != n.saved[0].version)
        throw Error("replay",
                    {.wrong = "a leaf has changed since it was recorded",
                     .got = "shape " + to_string(n.shape) + ", met at " + to_string(n.where),
                     .advice = "replay({.current = true}) takes it as it is now"},
                    where);
    } else {
      in.clear();
      for (int k = 0; k < n.inputs; ++k) in.push_back(values[static_cast<std::size_t>(n.in[k])]);
      value = (*this)[i].apply(in);
    }
  }
  return values;
}

// ---- observers ----

namespace {
constexpr Hooks in_outline{
    .contributions = false,
    .mutation = [](const Tensor& x, const char* what,
                   Loc where) { Observers::tell([&](Observer& o) {
                                  o.on_mutation({x, what, where});
                                }); },
    .zero_grad = [](const Tensor& leaf) { Observers::tell([&](Observer& o) { o.on_zero_grad({leaf}); }); },
};
constexpr Hooks closely{.contributions = true, .mutation = in_outline.mutation, .zero_grad = in_outline.zero_grad};
}  // namespace

void Observers::changed() {
  ThreadState& s = thread_state();
  bool contributions = false;
  for (Observing* o = newest(); o; o = o->outer_) contributions = contributions || o->observer_->wants_contributions();
  s.hooks = s.quiet || !newest() ? nullptr : contributions ? &closely : &in_outline;
}

Observing::Observing(Observer& observer) : observer_(&observer), outer_(std::exchange(Observers::newest(), this)) {
  Observers::changed();
}

Observing::~Observing() {
  // Usually the newest; one that an environment variable attached may outlive those that came later.
  Observing** at = &Observers::newest();
  while (*at != this) at = &(*at)->outer_;
  *at = outer_;
  Observers::changed();
}

}  // namespace gradus
