// Looking at the nodes of a tape, and computing them again.
#include <gradus/op.hpp>

#include <algorithm>
#include <string_view>

#include "tape/state.hpp"
#include "tensor/loops.hpp"
#include "tensor/number.hpp"

namespace gradus {

using namespace detail;

namespace {
int checked(std::int64_t index, int size, Loc where) {
  if (index >= 0 && index < size) return static_cast<int>(index);
  throw Error("Tape",
              {.wrong = "there is no such node",
               .got = "node " + std::to_string(index) + " of a tape of " + std::to_string(size),
               .expected = size ? "0 to " + std::to_string(size - 1) : "none: the tape is empty"},
              user_line(where));
}
}  // namespace

NodeView::NodeView(const Tape& tape, int index, Loc where) : tape_(&tape), index_(checked(index, tape.size(), where)) {}

NodeView Tape::operator[](Position at) const { return {*this, checked(at.index, size(), at.where), at.where}; }

const Node& NodeView::node() const { return tape_->state()[index_]; }
bool NodeView::is_leaf() const { return !node().op && !node().constant; }
bool NodeView::is_constant() const { return node().constant; }
const char* NodeView::name() const {
  if (node().op) return node().op->name;
  return node().constant ? "constant" : "leaf";
}
std::string NodeView::formula() const { return node().op ? node().op->formula(node().self(), node().inputs) : ""; }
std::string NodeView::rule() const { return node().op ? node().op->rule(node().self(), node().inputs) : ""; }

std::vector<std::string> NodeView::letters() const {
  std::vector<std::string> all;
  const auto count = static_cast<std::size_t>(node().inputs);
  if (!node().op) return all;
  std::string_view text = node().op->inputs;
  if (text.ends_with('*')) {  // any number of parts: "x*" stands for x0, x1, …
    text.remove_suffix(1);
    while (all.size() < count) all.push_back(std::string(text) + std::to_string(all.size()));
    return all;
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (all.empty() && count == 1) all.emplace_back("x");
  while (all.size() < count) all.emplace_back(1, static_cast<char>('a' + all.size()));
  all.resize(count);
  return all;
}
Shape NodeView::shape() const { return node().shape(); }
DType NodeView::dtype() const { return node().dtype; }
Loc NodeView::where() const { return node().where; }
bool NodeView::released() const { return node().released; }
Tensor NodeView::leaf() const { return node().op ? Tensor() : node().saved()[0].tensor; }

std::vector<int> NodeView::inputs() const { return {node().in(), node().in() + node().inputs}; }

std::vector<Shape> NodeView::saved() const {
  std::vector<Shape> shapes;
  for (int i = 0; i < node().saves; ++i)
    if (node().saved()[i].tensor.defined()) shapes.push_back(node().saved()[i].tensor.shape());
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
  if (node().op) node().op->fields(node().self(), to);
}

// A forward does not check its inputs, so they must have the recorded shapes, and one floating dtype, recorded or not.
void NodeView::check_inputs(const Node& n, std::span<const Tensor> given) const {
  const auto refuse = [&](Complaint complaint) {
    throw Error("NodeView::apply", std::move(complaint), user_line(n.where));
  };
  const std::string what = "'" + std::string(n.op->name) + "'";
  if (static_cast<int>(given.size()) != n.inputs)
    refuse({.wrong = "wrong number of inputs for " + what,
            .got = std::to_string(given.size()),
            .expected = std::to_string(n.inputs)});
  const Tensor* first = nullptr;  // of floating dtype
  for (int i = 0; i < n.inputs; ++i) {
    const Tensor& x = given[static_cast<std::size_t>(i)];
    check_defined(x, "NodeView::apply", n.where);
    if (n.in()[i] < 0)
      refuse({.wrong = what + " has a constant input that the tape did not keep",
              .advice = "make the tape with Tape tape({.replay = true})"});
    const NodeView was = (*tape_)[n.in()[i]];
    if (!first && is_floating(x.dtype())) first = &x;
    const DType dtype = is_floating(was.dtype()) && first ? first->dtype() : was.dtype();
    if (x.shape() != was.shape() || x.dtype() != dtype)
      refuse(
          {.wrong = "input " + std::to_string(i) + " of " + what + " differs from the recorded one in shape or dtype",
           .got = to_string(x.shape()) + " " + gradus::name(x.dtype()),
           .expected = to_string(was.shape()) + " " + gradus::name(dtype)});
  }
}

Tensor NodeView::apply(std::span<const Tensor> inputs) const {
  const Node& n = node();
  if (!n.op)
    throw Error("NodeView::apply",
                {.wrong = "this node is a " + std::string(name()) + ", not an operation",
                 .advice = "take leaf(): its value is stored"},
                user_line(n.where));
  check_inputs(n, inputs);
  const std::vector<Arg> args = [&] {
    std::vector<Arg> list;
    for (const Tensor& x : inputs) list.emplace_back(x, n.where);
    return list;
  }();
  return detail::apply(*n.op, n.self(), args);
}

// ---- all of it again ----

namespace {

void check_replay(const TapeState& tape, const ReplayOptions& options, Loc where) {
  const auto refuse = [&](Complaint complaint) { throw Error("replay", std::move(complaint), user_line(where)); };
  if (!tape.options.replay)
    refuse({.wrong = "this tape does not keep its constants", .advice = "make it with Tape tape({.replay = true})"});
  const bool replaces = options.value.defined();
  if (options.node == -1 && !replaces) return;
  if (options.node < 0 || options.node >= tape.size)
    refuse({.wrong = "there is no such node to replace",
            .got = "node " + std::to_string(options.node) + " of a tape of " + std::to_string(tape.size),
            .advice = replaces ? "give .node and .value together" : ""});
  const Node& n = tape[options.node];
  if (!replaces || !n.has_shape(options.value.shape()) || options.value.dtype() != n.dtype)
    refuse(
        {.wrong = "the value that replaces node " + std::to_string(options.node) + " has another shape or dtype",
         .got = replaces ? to_string(options.value.shape()) + " " + name(options.value.dtype()) : "an undefined tensor",
         .expected = to_string(n.shape()) + " " + name(n.dtype)});
}

}  // namespace

std::vector<Tensor> Tape::replay(const ReplayOptions& options, Loc where) const {
  TapeState& tape = *state_;
  check_replay(tape, options, where);
  const NoRecord pause;
  std::vector<Tensor> values(static_cast<std::size_t>(tape.size));
  std::vector<Tensor> in;
  for (int i = 0; i < tape.size; ++i) {
    const Node& n = tape[i];
    Tensor& value = values[static_cast<std::size_t>(i)];
    if (i == options.node) {
      value = options.value.detach();
    } else if (!n.op) {
      value = n.saved()[0].tensor.detach();
      if (!options.current && value.version() != n.saved()[0].version)
        throw Error("replay",
                    {.wrong = "a leaf has changed since it was recorded",
                     .got = "shape " + to_string(n.shape()) + ", recorded at " + to_string(n.where),
                     .advice = "replay({.current = true}) takes it as it is now"},
                    user_line(where));
    } else {
      in.clear();
      for (int k = 0; k < n.inputs; ++k) in.push_back(values[static_cast<std::size_t>(n.in()[k])]);
      value = NodeView(*this, i).apply(in);
    }
  }
  return values;
}

}  // namespace gradus
