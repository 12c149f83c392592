// Computing a trace's values and contributions again. The operations themselves check what the file asks of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <gradus/tape.hpp>
#include <new>
#include <optional>

#include "check/derive.hpp"
#include "study/trace/rerun.hpp"

namespace gradus::tool {

using namespace trace;

namespace {

// Where two tensors differ by more than rounding in another order may do; an empty text if nowhere.
std::string difference(const Tensor& again, const Numbers& recorded) {
  if (!(again.shape() == recorded.shape) || again.dtype() != recorded.dtype)
    return fmt::format("{} {}, recorded {} {}", to_string(again.shape()), name(again.dtype()),
                       to_string(recorded.shape), name(recorded.dtype));
  const std::vector<double> v = again.to_vector();
  double size = 0;
  for (const double x : recorded.data)
    if (std::isfinite(x)) size = std::max(size, std::abs(x));
  const double slack = (recorded.dtype == f32 ? 2e-5 : 1e-11) * size;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double a = v[i], b = recorded.data[i];
    if (a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= slack) continue;
    return fmt::format("element {} is {:.9g}, recorded {:.9g}", i, a, b);
  }
  return {};
}

// An Error on one line.
std::string one_line(const Error& e) {
  const Complaint& c = e.complaint();
  std::string text = c.wrong;
  if (!c.got.empty()) text += fmt::format("; got {}", c.got);
  if (!c.expected.empty()) text += fmt::format("; expected {}", c.expected);
  return text;
}

class Recomputer {
 public:
  Recomputer(const File& file, const Nodes& nodes, const std::function<void(const Message&)>& report)
      : nodes_(nodes), report_(report) {
    for (const Event& e : file.events) {
      if (const auto* v = std::get_if<Visit>(&e.body)) grads_[{v->walk, v->node}] = &v->grad;
      if (const auto* c = std::get_if<Contribution>(&e.body)) ++given_[{c->walk, c->from, c->slot}];
      if (const auto* w = std::get_if<Walk>(&e.body)) recorded_[w->walk] = w->recorded;
    }
  }

  void run(const File& file) {
    for (const Event& e : file.events) {
      line_ = e.line;
      if (const auto* op = std::get_if<Op>(&e.body)) guarded(op->tape, op->node, [&] { value(*op); });
      if (const auto* c = std::get_if<Contribution>(&e.body)) guarded(c->tape, c->from, [&] { rule(*c); });
    }
  }

 private:
  // Calls f for a built-in operation, and reports what it throws.
  template <class F>
  void guarded(int tape, int node, const F& f) {
    const Nodes::Node* n = nodes_.find(tape, node);
    if (!n || !n->op || !n->op->builtin) return;
    const std::string name = nodes_.name(tape, node);
    say(Message::doing, name);
    try {
      f();
    } catch (const Error& e) {
      say(Message::trouble, fmt::format("{}: cannot be computed again: {}", name, one_line(e)));
    } catch (const TooMuchWork&) { say(Message::left_out); } catch (const std::bad_alloc&) {
      say(Message::trouble, fmt::format("{}: cannot be computed again: it needs too much memory", name));
    }
  }
  void say(Message::What what, std::string text = {}) const { report_({what, line_, std::move(text)}); }
  void off(int tape, int node, const std::string& why) const {
    say(Message::trouble, fmt::format("{}: {}", nodes_.name(tape, node), why));
  }

  // None if some of it is not in the file.
  std::optional<std::vector<Tensor>> inputs(const Op& op) const {
    std::vector<Tensor> in;
    const std::size_t line = nodes_.find(op.tape, op.node)->line;
    for (const int k : op.inputs) {
      const Nodes::Node* n = nodes_.find(op.tape, k);
      if (!n || !n->value_at(line).has_data()) return std::nullopt;
      in.push_back(n->value_at(line).tensor());
    }
    return in;
  }

  void value(const Op& op) const {
    const auto in = inputs(op);
    if (!in || !op.value.has_data()) return say(Message::left_out);
    const std::string why = difference(rerun(op, *in), op.value);
    if (why.empty()) return say(Message::value);
    off(op.tape, op.node, "computed again its value differs: " + why);
  }

  void rule(const Contribution& c) const {
    const Op& op = *nodes_.find(c.tape, c.from)->op;
    const auto grad = grads_.find({c.walk, c.from});
    const auto given = given_.find({c.walk, c.from, c.slot});
    auto in = inputs(op);
    if (!in || grad == grads_.end() || !grad->second->has_data() || !c.added.has_data() || given->second != 1)
      return say(Message::left_out);
    if (c.slot < 0 || c.slot >= static_cast<int>(in->size())) return;  // check_order has said it
    if (grad->second->shape != op.value.shape)
      return off(c.tape, c.from, "its gradient does not have the shape of its value");
    Tensor& x = (*in)[static_cast<std::size_t>(c.slot)];
    Tape tape;
    tape.watch(x);
    const Tensor y = rerun(op, *in);
    if (tape.index_of(y) < 0) return off(c.tape, c.from, fmt::format("its value does not depend on input {}", c.slot));
    const bool recorded = recorded_.count(c.walk) && recorded_.at(c.walk);
    const Tensor added = tape.gradient(y, {x}, {.record = recorded, .cotangent = grad->second->tensor()})[0].detach();
    const std::string why = difference(added, c.added);
    if (why.empty()) return say(Message::rule);
    off(c.tape, c.from, fmt::format("its rule gives input {} another gradient: {}", c.slot, why));
  }

  const Nodes& nodes_;
  const std::function<void(const Message&)>& report_;
  std::size_t line_ = 0;
  std::map<std::pair<int, int>, const Numbers*> grads_;
  std::map<std::tuple<int, int, int>, int> given_;  // by walk, operation and slot
  std::map<int, bool> recorded_;
};

}  // namespace

void recompute(const File& file, const Nodes& nodes, const std::function<void(const Message&)>& report) {
  Recomputer(file, nodes, report).run(file);
}

}  // namespace gradus::tool
