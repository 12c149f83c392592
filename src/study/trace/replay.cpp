// Running a recorded tape again: in f64, from its leaves and constants, whole or from one replaced value on.
#include "study/trace/replay.hpp"

#include "tape/state.hpp"

namespace gradus::study {

namespace {

Tensor to_double(const Tensor& x) {
  const Tensor numbers = x.detach();
  return is_floating(x.dtype()) && x.dtype() != f64 ? numbers.to(f64) : numbers;
}

void check_unchanged(const Tensor& x, std::uint32_t version, Loc where) {
  if (x.version() != version)
    throw Error("check",
                {.wrong = "a tensor has changed since it was recorded, so the tape cannot be run again",
                 .got = "shape " + to_string(x.shape()),
                 .advice = "change it after the walk"},
                where);
}

}  // namespace

Replay::Replay(const Walked& w) : w_(w), below_(static_cast<std::size_t>(w.from) + 1), values_(below_.size()) {
  below_.back() = true;
  for (int i = w.from; i >= 0; --i)
    if (below_[static_cast<std::size_t>(i)])
      for (const int k : w.inputs.of[static_cast<std::size_t>(i)])
        if (k >= 0) below_[static_cast<std::size_t>(k)] = true;
  for (int i = 0; i <= w.from; ++i) {
    if (!below_[static_cast<std::size_t>(i)]) continue;
    const detail::Node& n = w.tape.state()[i];
    for (const int k : w.inputs.of[static_cast<std::size_t>(i)])
      if (k < 0) take_constant(static_cast<std::size_t>(-1 - k), n.where);
    Tensor& value = values_[static_cast<std::size_t>(i)];
    if (n.op) {
      value = run(i, inputs(i));
    } else {
      check_unchanged(n.saved()[0].tensor, n.saved()[0].version, n.where);
      value = to_double(n.saved()[0].tensor);
    }
  }
}

void Replay::take_constant(std::size_t k, Loc where) {
  constants_.resize(w_.inputs.constants.size());
  if (constants_[k].defined()) return;
  check_unchanged(w_.inputs.constants[k], w_.inputs.versions[k], where);
  constants_[k] = to_double(w_.inputs.constants[k]);
}

const Tensor& Replay::input(int number, const std::vector<Tensor>& values) const {
  return number < 0 ? constants_[static_cast<std::size_t>(-1 - number)] : values[static_cast<std::size_t>(number)];
}

std::vector<Tensor> Replay::inputs(int node) const {
  std::vector<Tensor> in;
  for (const int k : w_.inputs.of[static_cast<std::size_t>(node)]) in.push_back(input(k, values_));
  return in;
}

Tensor Replay::run(int node, std::span<const Tensor> in) {
  ++work_;
  const detail::Node& n = w_.tape.state()[node];
  const auto apply = [&](const std::vector<Tensor>& tensors) {
    std::vector<Arg> args;
    for (const Tensor& x : tensors) args.emplace_back(x, n.where);
    const Tensor y = detail::apply(*n.op, n.self(), args);
    if (y.dtype() == f64 || !is_floating(y.dtype())) return y;
    single_ = true;  // a conversion rounds, whatever comes in
    return y.to(f64);
  };
  try {
    return apply({in.begin(), in.end()});
  } catch (const Error&) {
    std::vector<Tensor> as_recorded;
    bool other = false;
    for (std::size_t k = 0; k < in.size(); ++k) {
      const int number = w_.inputs.of[static_cast<std::size_t>(node)][k];
      const DType dtype =
          number < 0 ? w_.inputs.constants[static_cast<std::size_t>(-1 - number)].dtype() : w_.tape[number].dtype();
      other = other || dtype != in[k].dtype();
      as_recorded.push_back(dtype == in[k].dtype() ? in[k] : in[k].to(dtype));
    }
    if (!other) throw;
    single_ = true;
    return apply(as_recorded);
  }
}

std::vector<bool> Replay::reached(int node) {
  work_ += w_.from / 16;
  std::vector<bool> reached(below_.size());
  reached[static_cast<std::size_t>(node)] = true;
  for (int i = node + 1; i <= w_.from; ++i)
    if (below_[static_cast<std::size_t>(i)])
      for (const int k : w_.inputs.of[static_cast<std::size_t>(i)])
        if (k >= 0 && reached[static_cast<std::size_t>(k)]) reached[static_cast<std::size_t>(i)] = true;
  return reached;
}

int Replay::above(int node) {
  int count = -1;
  for (const bool r : reached(node)) count += r;
  return count;
}

// A call, a pass over the numbers, and the arithmetic.
double Replay::cost_of(int node) const {
  const detail::Node& n = w_.tape.state()[node];
  const Tensor& y = values_[static_cast<std::size_t>(node)];
  if (!n.op || !y.defined()) return 0;
  double cost = 5000 + 20 * static_cast<double>(y.numel());
  if (!n.op->flops) return cost;
  const std::vector<Tensor> in = inputs(node);
  std::vector<const Tensor*> pointers;
  for (const Tensor& x : in) pointers.push_back(&x);
  return cost + n.op->flops(n.self(), Ins(pointers), y);
}

double Replay::cost_above(int node) {
  const std::vector<bool> changed = reached(node);
  double cost = 0;
  for (int i = node + 1; i <= w_.from; ++i)
    if (changed[static_cast<std::size_t>(i)]) cost += cost_of(i);
  return cost;
}

double Replay::cost() const {
  double cost = 0;
  for (int i = 0; i <= w_.from; ++i) cost += cost_of(i);
  return cost;
}

std::vector<Tensor> Replay::all_from(int node, const Tensor& value) {
  const std::vector<bool> changed = reached(node);
  std::vector<Tensor> values = values_;
  values[static_cast<std::size_t>(node)] = value;
  std::vector<Tensor> in;
  for (int i = node + 1; i <= w_.from; ++i) {
    if (!changed[static_cast<std::size_t>(i)]) continue;
    in.clear();
    for (const int k : w_.inputs.of[static_cast<std::size_t>(i)]) in.push_back(input(k, values));
    values[static_cast<std::size_t>(i)] = run(i, in);
  }
  return values;
}

std::vector<Tensor> Replay::gradients(const Tensor& cotangent) {
  Tape tape;
  std::vector<Tensor> values(values_.size()), targets;
  std::vector<std::size_t> which;
  std::vector<Tensor> in;
  for (int i = 0; i <= w_.from; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!below_[at]) continue;
    if (w_.inputs.of[at].empty()) {
      values[at] = detail::alias(values_[at]);  // a tensor of its own: two leaves may share numbers
      if (w_.grads[at].defined()) tape.watch(values[at]);
    } else {
      in.clear();
      for (const int k : w_.inputs.of[at]) in.push_back(input(k, values));
      values[at] = run(i, in);
    }
    if (w_.grads[at].defined() && tape.index_of(values[at]) >= 0) {
      which.push_back(at);
      targets.push_back(values[at]);
    }
  }
  const std::vector<Tensor> found =
      tape.gradient(values.back(), targets, {.record = w_.recorded, .cotangent = cotangent});
  std::vector<Tensor> all(values.size());
  for (std::size_t k = 0; k < which.size(); ++k) all[which[k]] = found[k].detach();
  return all;
}

}  // namespace gradus::study
