// From what observers are told to the events of a trace.
#include "study/trace/recorder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gradus/nn/module.hpp>

#include "study/trace/node_text.hpp"
#include "tape/observers.hpp"
#include "tape/state.hpp"

namespace gradus::study {

namespace {

bool is_builtin(const Tape& tape, int node) {
  const auto all = operations();
  return std::find(all.begin(), all.end(), tape.state()[node].op) != all.end();
}

// "tanh (xor.cpp:16)"
std::string name_and_place(const Tape& tape, int node) {
  return std::string(tape[node].name()) + " (" + to_string(tape[node].where()) + ")";
}

// For each node up to where a walk starts, how many contributions it will get.
std::vector<int> expected(const WalkEvent& e) {
  const auto count = static_cast<std::size_t>(e.node) + 1;
  std::vector<int> of(count, 0);
  const auto needed = [&](int i) { return e.needed.empty() ? Need::passage : e.needed[static_cast<std::size_t>(i)]; };
  for (int i = e.node; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    if ((i != e.node && of[at] == 0) || !has(needed(i), Need::passage)) continue;
    for (const int k : e.tape[i].inputs())
      if (k >= 0 && !e.tape[k].is_constant() && needed(k) != Need::none) ++of[static_cast<std::size_t>(k)];
  }
  return of;
}

double norm(const std::vector<double>& v) {
  double s = 0;
  for (const double x : v) s += x * x;
  return std::sqrt(s);
}

// Of a parameter without a name the optimizer knows the place in its list only.
std::string called(const std::string& parameter) {
  return parameter.find_first_not_of("0123456789") == parameter.npos ? "parameter " + parameter : parameter;
}

}  // namespace

Recorder::OnTape* Recorder::find(const Tape& tape) {
  const auto found = tapes_.find(tape.id());
  return found == tapes_.end() ? nullptr : &found->second;
}

Recorder::OnTape* Recorder::full(const Tape& tape) {
  OnTape* t = find(tape);
  return t && t->full ? t : nullptr;
}

// ---- forward ----

void Recorder::on_tape_begin(const Tape& tape) {
  const Run::NewTape n = run_->begin_tape();
  tapes_.emplace(tape.id(), OnTape{.number = n.tape,
                                   .full = n.full,
                                   .inputs = {},
                                   .numbers = {},
                                   .versions = {},
                                   .constants = {},
                                   .walk = {},
                                   .intended = {}});
  run_->write(
      JsonLine("tape").integer("tape", n.tape).integer("thread", thread_).integer("step", n.step).flag("full", n.full),
      n.tape, true);
}

void Recorder::on_tape_end(const Tape& tape) {
  OnTape* t = find(tape);
  if (!t) return;
  break_off(*t);
  run_->write(JsonLine("tape_end").integer("tape", t->number).integer("nodes", tape.size()), t->number);
  const bool walked = t->walked;
  tapes_.erase(tape.id());
  run_->end_tape(walked);
}

void Recorder::on_record(const RecordEvent& e) {
  OnTape* t = find(e.tape);
  if (!t) return;
  const auto size = static_cast<std::size_t>(e.node) + 1;
  t->numbers.resize(size, std::numeric_limits<double>::quiet_NaN());
  if (e.value.numel() == 1) t->numbers.back() = e.value.item();
  if (!t->full) return;
  t->inputs.of.resize(size);
  const NodeView node = e.tape[e.node];
  if (!node.is_leaf() && !node.is_constant()) return write_op(*t, e);
  write_leaf(*t, node, e.value);
}

void Recorder::write_leaf(OnTape& t, NodeView node, const Tensor& value) {
  t.versions[node.index()] = value.version();
  JsonLine event("leaf");
  event.integer("tape", t.number).integer("node", node.index());
  if (node.is_constant()) {
    event.string("name", value.name()).flag("constant", true);
  } else {
    const LeafName leaf = run_->leaf(value);
    event.string("name", leaf.name).flag("constant", false).integer("tensor", leaf.number);
  }
  event.string("scope", node.scope()).loc(node.where()).tensor("value", value, run_->limit());
  run_->write(event, t.number, true);
}

void Recorder::write_op(OnTape& t, const RecordEvent& e) {
  const NodeView node = e.tape[e.node];
  std::vector<int> inputs = node.inputs();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k] < 0) {
      inputs[k] = constant(t, *e.in[k], node);
    } else if (const auto leaf = t.versions.find(inputs[k]);
               leaf != t.versions.end() && leaf->second != e.in[k]->version()) {
      write_leaf(t, e.tape[inputs[k]], *e.in[k]);  // an optimizer has stepped while the tape lives
    }
  }
  const bool lines = !run_->options.hashes;  // a trace of hashes is small
  JsonLine event("op");
  event.integer("tape", t.number)
      .integer("node", e.node)
      .string("op", node.name())
      .flag("builtin", is_builtin(e.tape, e.node))
      .integers("inputs", inputs)
      .text("attributes", attributes(node))
      .string("formula", lines ? node.formula() : "")
      .string("rule", lines ? node.rule() : "")
      .string("letters", lines ? letters(node) : "")
      .string("scope", node.scope())
      .loc(node.where())
      .tensor("value", e.value, run_->limit());
  // A result gets its name after its operation has run, so its first reader tells it.
  std::string names;
  bool named = false;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const bool result = inputs[k] >= 0 && !t.versions.contains(inputs[k]) && !e.in[k]->name().empty();
    names += (k ? "," : "") + json_string(result ? e.in[k]->name() : "");
    named = named || result;
  }
  if (named) event.text("names", '[' + names + ']');
  t.inputs.of.back() = std::move(inputs);
  const bool nonfinite = event.nonfinite() && !run_->has_nonfinite() && t.intended.computed(e);
  run_->write(event, t.number, true);
  if (nonfinite)
    run_->found_nonfinite(t.number, e.node, 0,
                          "the first NaN or infinity is a value of " + name_and_place(e.tape, e.node));
}

// The number of a constant. The tape must not keep it: its nodes would have other numbers than without a trace.
int Recorder::constant(OnTape& t, const Tensor& x, NodeView of) {
  const int next = -1 - static_cast<int>(t.inputs.constants.size());
  const auto [at, fresh] = t.constants.emplace(x.impl(), next);
  if (!fresh && t.inputs.versions[static_cast<std::size_t>(-1 - at->second)] == x.version()) return at->second;
  at->second = next;  // new, or changed since
  t.inputs.constants.push_back(x);
  t.inputs.versions.push_back(x.version());
  run_->write(JsonLine("leaf")
                  .integer("tape", t.number)
                  .integer("node", next)
                  .string("name", x.name())
                  .flag("constant", true)
                  .string("scope", of.scope())
                  .loc(of.where())
                  .tensor("value", x, run_->limit()),
              t.number, true);
  return next;
}

void Recorder::on_module(const ModuleEvent& e) {
  const Tape* tape = Tape::current();
  if (!tape || !full(*tape)) return;
  try {
    for (const nn::NamedParameter& p : e.module.named_parameters()) run_->name(p.value, p.name);
  } catch (const Error&) {}  // duplicate names: saving the module reports them
}

// ---- backward ----

void Recorder::on_walk_begin(const WalkEvent& e) {
  OnTape* t = find(e.tape);
  if (!t) return;
  break_off(*t);
  t->walked = true;
  const auto size = static_cast<std::size_t>(e.node) + 1;
  t->walk = Walking{.number = run_->begin_walk(), .from = e.node, .of = {}, .arrived = {}, .grads = {}};
  JsonLine event("walk");
  event.integer("tape", t->number)
      .integer("walk", t->walk->number)
      .string("what", e.what)
      .integer("from", e.node)
      .flag("recorded", e.recorded);
  if (e.tape[e.node].shape().numel() == 1) event.number("value", t->numbers[size - 1]);
  if (!e.needed.empty()) {
    std::vector<int> targets;
    for (int i = 0; i <= e.node; ++i)
      if (has(e.needed[static_cast<std::size_t>(i)], Need::target)) targets.push_back(i);
    event.integers("targets", targets);
  }
  run_->write(event.loc(e.where), t->number, true);
  if (!t->full) return;
  t->walk->of = expected(e);
  t->walk->arrived.resize(size);
  t->walk->grads.resize(size);
}

void Recorder::on_visit(const VisitEvent& e) {
  OnTape* t = full(e.tape);
  if (!t || !t->walk) return;
  const auto i = static_cast<std::size_t>(e.node);
  t->walk->grads[i] = e.grad;
  JsonLine event("visit");
  event.integer("tape", t->number)
      .integer("walk", t->walk->number)
      .integer("node", e.node)
      .tensor("grad", e.grad, run_->limit())
      .integer("arrived", t->walk->arrived[i])
      .integer("of", t->walk->of[i]);
  const bool nonfinite = event.nonfinite();
  run_->write(event, t->number);
  if (nonfinite)
    run_->found_nonfinite(t->number, e.node, t->walk->number,
                          "the first NaN or infinity is in the gradient of " + name_and_place(e.tape, e.node));
}

void Recorder::on_contribution(const ContributionEvent& e) {
  OnTape* t = full(e.tape);
  if (!t || !t->walk) return;
  const auto to = static_cast<std::size_t>(e.to);
  const std::int64_t limit = run_->limit();
  const int k = ++t->walk->arrived[to];
  if (run_->options.hashes) return;  // visits have the sums
  JsonLine event("contribution");
  event.integer("tape", t->number)
      .integer("walk", t->walk->number)
      .integer("from", e.from)
      .integer("slot", e.slot)
      .integer("to", e.to)
      .integer("k", k)
      .integer("of", t->walk->of[to])
      .flag("fused", e.fused)
      .tensor("added", e.added, limit);
  if (e.before.defined())
    event.tensor("before", e.before, limit);
  else
    event.null("before");
  run_->write(event.tensor("after", e.after, limit), t->number);
}

void Recorder::on_accumulate(const AccumulateEvent& e) {
  OnTape* t = full(e.tape);
  if (!t || !t->walk) return;
  run_->write(JsonLine("accumulate")
                  .integer("tape", t->number)
                  .integer("walk", t->walk->number)
                  .integer("node", e.node)
                  .integer("tensor", run_->leaf(e.leaf).number)
                  .tensor("grad", e.leaf.grad(), run_->limit()),
              t->number);
}

void Recorder::on_walk_end(const WalkEvent& e) {
  OnTape* t = find(e.tape);
  if (!t || !t->walk) return;
  const Walking& w = *t->walk;
  run_->write(JsonLine("walk_end").integer("tape", t->number).integer("walk", w.number).flag("complete", true),
              t->number);
  for (std::size_t i = 0; i < w.of.size(); ++i)
    if (w.arrived[i] != w.of[i])
      run_->write(
          JsonLine("warning")
              .string("code", "contributions")
              .string("text", name_and_place(e.tape, static_cast<int>(i)) + " got " + std::to_string(w.arrived[i]) +
                                  " contributions, expected " + std::to_string(w.of[i]))
              .integer("tape", t->number)
              .integer("node", static_cast<int>(i))
              .integer("walk", w.number),
          t->number);
  if (t->full && run_->options.checks != Checks::off && !run_->options.hashes) {
    const Walked walked{e.tape, t->inputs, e.node, e.recorded, w.of, w.grads};
    const auto write = [&](JsonLine check) {
      run_->write(check.integer("tape", t->number).integer("walk", w.number), t->number);
    };
    try {
      const detail::Unobserved quiet;
      const auto announce = [&](double measured, double of, double seconds) { run_->announce(measured, of, seconds); };
      run_checks(walked, {run_->options.checks, run_->options.values, announce}, write);
    } catch (const Error& error) { write(JsonLine("warning").string("code", "check").string("text", error.what())); }
  }
  t->walk.reset();
}

// A walk that has not ended by now was stopped by an error.
void Recorder::break_off(OnTape& t) {
  if (!t.walk) return;
  run_->write(JsonLine("walk_end").integer("tape", t.number).integer("walk", t.walk->number).flag("complete", false),
              t.number);
  t.walk.reset();
}

// ---- what happens to parameters ----

void Recorder::on_mutation(const MutationEvent& e) {
  const auto update = pending_.find(e.tensor.impl());
  if (update != pending_.end()) {  // by an optimizer: written with its step
    update->second.where = e.where;
    update->second.located = true;
    return;
  }
  const auto leaf = run_->known(e.tensor);
  if (!leaf || !run_->in_full()) return;
  run_->write(JsonLine("mutation")
                  .integer("step", run_->step_number())
                  .string("what", e.what)
                  .integer("tensor", leaf->number)
                  .string("name", leaf->name)
                  .text("shape", json_list(e.tensor.shape()))
                  .integer("version", e.tensor.version())
                  .loc(e.where));
}

void Recorder::on_zero_grad(const ZeroGradEvent& e) {
  const auto leaf = run_->known(e.leaf);
  if (!leaf || !run_->in_full()) return;
  run_->write(JsonLine("zero_grad")
                  .integer("step", run_->step_number())
                  .integer("tensor", leaf->number)
                  .string("name", leaf->name));
}

void Recorder::on_step(const StepEvent& e) {
  const int step = run_->optimizer_stepped();
  const std::int64_t limit = run_->limit();
  bool nonfinite = false;
  if (e.before) {
    run_->name(e.value, called(e.parameter));
    pending_[e.value.impl()] = {run_->in_full() ? json_tensor(e.value, limit, nonfinite) : "", e.value.to_vector(),
                                Loc(), false};
    return;
  }
  const auto found = pending_.find(e.value.impl());
  if (found == pending_.end()) return;
  const Pending before = std::move(found->second);
  pending_.erase(found);
  std::vector<double> change = e.value.to_vector();
  for (std::size_t i = 0; i < change.size(); ++i) change[i] -= before.numbers[i];
  JsonLine event("step");
  event.integer("step", step)
      .string("optimizer", e.optimizer)
      .string("parameter", called(e.parameter))
      .integer("tensor", run_->leaf(e.value).number)
      .integer("count", e.step)
      .number("lr", e.lr)
      .number("ratio", norm(change) == 0 ? 0 : norm(change) / norm(before.numbers));
  if (!before.before.empty()) {
    event.text("before", before.before).tensor("after", e.value, limit);
    if (e.grad.defined()) event.tensor("grad", e.grad, limit);
    std::string state = "{";
    for (std::size_t i = 0; i < e.state.size(); ++i)
      state += (i ? "," : "") + json_string(e.state_names[i]) + ':' + json_tensor(e.state[i], limit, nonfinite);
    event.text("state", state + '}');
  }
  if (!e.formula.empty()) event.string("formula", e.formula);
  if (before.located) event.loc(before.where);
  run_->write(event);
}

// Written at once: an exception that nobody catches ends the program without another word.
void Recorder::on_error(const ErrorEvent& e) {
  const Tape* tape = Tape::current();
  const OnTape* t = tape ? find(*tape) : nullptr;
  if (!t) return;
  const Complaint& c = e.error.complaint();
  JsonLine event("error");
  event.integer("tape", t->number).string("op", e.error.operation()).string("wrong", c.wrong);
  if (!c.got.empty()) event.string("got", c.got);
  if (!c.expected.empty()) event.string("expected", c.expected);
  if (!c.advice.empty()) event.string("advice", c.advice);
  run_->write(event.loc(e.error.where()), t->number);
}

void Recorder::on_scalar(const ScalarEvent& e) {
  run_->write(JsonLine("scalar").integer("step", run_->step_number()).string("name", e.name).number("value", e.value));
}

}  // namespace gradus::study
