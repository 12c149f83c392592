// A small engine for lessons, with one fault at a time.
#include <gradus/study/faulty.hpp>

#include <gradus/observe.hpp>
#include <gradus/ops.hpp>

#include "tape/guards.hpp"
#include "tape/observers.hpp"

namespace gradus::study {

namespace {

constexpr int most_visits = 1'000'000;

class Engine {
 public:
  Engine(const Tape& tape, std::vector<Tensor> values, int from, Fault fault)
      : tape_(tape), values_(std::move(values)), from_(from), fault_(fault), grads_(values_.size()) {}

  void walk() {
    if (fault_ != Fault::stale)
      for (int i = 0; i <= from_; ++i)
        if (!tape_[i].is_leaf()) grad(i) = Tensor();
    grad(from_) = ones_like(values_[static_cast<std::size_t>(from_)]);
    if (fault_ == Fault::order) return pass_on(from_);
    for (int i = from_; i >= 0; --i)
      if (grad(i).defined()) visit(i);
  }
  Tensor& grad(int i) { return grads_[static_cast<std::size_t>(i)]; }

 private:
  // Each node passes its gradient on at once: every path by itself, with sums that are not complete.
  void pass_on(int first) {
    std::vector<int> waiting{first};
    while (!waiting.empty()) {
      const int i = waiting.back();
      waiting.pop_back();
      const std::vector<int> given = visit(i);
      waiting.insert(waiting.end(), given.rbegin(), given.rend());
    }
  }

  // Runs the rule of one node. Returns the inputs that got something.
  std::vector<int> visit(int i) {
    if (++visits_ > most_visits)
      throw Error("faulty_backward",
                  {.wrong = "more than a million visits",
                   .advice = "without order the visits double with every value used twice: use fewer such values"});
    const NodeView node = tape_[i];
    const std::vector<int> inputs = node.inputs();
    const std::vector<Tensor> contributions = rule(node, inputs, grad(i));
    std::vector<int> given;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (!contributions[k].defined()) continue;
      Tensor& slot = grad(inputs[k]);
      slot = slot.defined() && fault_ != Fault::overwrite ? slot + contributions[k] : contributions[k];
      given.push_back(inputs[k]);
    }
    return given;
  }

  // What the operation's own rule gives each input, on a tape of its own.
  std::vector<Tensor> rule(NodeView node, const std::vector<int>& inputs, const Tensor& g) {
    std::vector<Tensor> given(inputs.size()), in, targets;
    std::vector<std::size_t> which;
    if (inputs.empty()) return given;
    if (fault_ == Fault::sum && std::string_view(node.name()) == "expand") return {g};
    Tape one;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      in.push_back(detail::alias(values_[static_cast<std::size_t>(inputs[k])]));
      if (tape_[inputs[k]].is_constant() || !is_floating(in.back().dtype())) continue;
      one.watch(in.back());
      which.push_back(k);
      targets.push_back(in.back());
    }
    const Tensor y = node.apply(in);
    const std::vector<Tensor> found = one.gradient(y, targets, {.cotangent = g});
    for (std::size_t k = 0; k < which.size(); ++k) given[which[k]] = found[k];
    return given;
  }

  const Tape& tape_;
  std::vector<Tensor> values_;
  int from_;
  Fault fault_;
  std::vector<Tensor> grads_;
  int visits_ = 0;
};

}  // namespace

std::vector<Tensor> faulty_backward(const Tape& tape, const Arg& loss, const std::vector<Tensor>& inputs, Fault fault,
                                    const FaultyOptions& options) {
  const Tensor& y = loss;
  const int from = tape.index_of(y);
  if (from < 0 || y.numel() != 1)
    throw Error("faulty_backward",
                {.wrong = from < 0 ? "the loss is not on this tape" : "the loss is not one number",
                 .got = "shape " + to_string(y.shape())},
                loss.where);
  const detail::Unobserved quiet;
  std::vector<Tensor> values = tape.replay({}, loss.where), result;
  std::vector<int> numbers;
  for (const Tensor& x : inputs) {
    numbers.push_back(tape.index_of(x));
    if (numbers.back() < 0)
      throw Error("faulty_backward",
                  {.wrong = "one of the inputs is not on this tape", .got = "shape " + to_string(x.shape())},
                  loss.where);
  }
  const detail::Aside aside;
  Engine engine(tape, std::move(values), from, fault);
  for (int walk = 0; walk < options.walks; ++walk) engine.walk();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Tensor g = engine.grad(numbers[k]);
    result.push_back(g.defined() ? g : zeros_like(inputs[k]));
  }
  return result;
}

}  // namespace gradus::study
