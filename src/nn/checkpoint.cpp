// checkpoint(): an operation that keeps its inputs, and runs its function again in the walk. Gradients of each example.
#include <gradus/nn/checkpoint.hpp>

#include <algorithm>
#include <memory>
#include <vector>

#include <gradus/derivatives.hpp>
#include <gradus/op.hpp>
#include <gradus/ops.hpp>

#include "io/hash_of.hpp"
#include "nn/check.hpp"
#include "nn/recomputing.hpp"
#include "tape/guards.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

using gradus::detail::Aside;
using gradus::detail::thread_state;

namespace {

constexpr const char* what = "checkpoint";

// The same random numbers as the first time, and a generator that does not notice.
class SameNumbers {
 public:
  SameNumbers(std::uint64_t seed, std::uint64_t counter)
      : seed_(default_generator().seed()), counter_(default_generator().counter()) {
    default_generator().reset(seed, counter);
    recomputing() = true;
  }
  ~SameNumbers() {
    default_generator().reset(seed_, counter_);
    recomputing() = false;
  }
  SameNumbers(const SameNumbers&) = delete;
  SameNumbers& operator=(const SameNumbers&) = delete;

 private:
  std::uint64_t seed_, counter_;
};

// One call of checkpoint().
struct Part {
  detail::CheckpointFunction f;
  Loc where;
  std::size_t inputs;               // how many of the operation's inputs are given; the others are leaves that f uses
  std::vector<Tensor> leaves = {};  // of the first call
  std::vector<std::uint32_t> versions = {};
  std::uint64_t seed = 0, counter = 0;
  Shape shape = {};        // of the result
  std::uint64_t bits = 0;  // a hash of its numbers
  Tensor first = {};       // the result, until the operation takes it

  Tensor result(std::span<const Tensor> x) {
    Tensor y = f(x);
    if (!y.defined())
      throw Error(what, {.wrong = "the function returned an undefined tensor", .expected = "its result"}, where);
    return y;
  }
  // Under a tape that goes away again, to see which leaves f uses.
  void run_first(std::span<const Arg> given) {
    seed = default_generator().seed();
    counter = default_generator().counter();
    const Aside aside;
    Tape tape({}, where);
    std::vector<Tensor> x;
    for (const Arg& a : given) x.push_back(a.tensor().detach());
    for (const Tensor& t : x)
      if (is_floating(t.dtype())) tape.watch(t, where);
    first = result(x).detach();
    shape = first.shape();
    bits = io::hash_of(first);
    for (const int i : tape.state().leaves) {
      const Tensor leaf = tape[i].leaf();
      if (std::ranges::any_of(x, [&](const Tensor& t) { return t.is_same(leaf); })) continue;
      if (!leaf.requires_grad()) continue;
      leaves.push_back(leaf);
      versions.push_back(leaf.version());
    }
  }
  void check_unchanged(Loc walk) const {
    for (std::size_t i = 0; i < leaves.size(); ++i)
      if (leaves[i].version() != versions[i])
        throw Error(what,
                    {.wrong = "a parameter has changed since the function ran first",
                     .got = leaves[i].name().empty() ? "shape " + to_string(leaves[i].shape()) : leaves[i].name(),
                     .advice = "walk before the optimizer steps"},
                    walk);
  }
  // The gradients of the wanted ones among x and the leaves, in their order; the others stay undefined.
  std::vector<Tensor> gradients(const std::vector<Tensor>& kept, const std::vector<bool>& wanted, const Tensor& g) {
    const Aside aside;
    const SameNumbers again(seed, counter);
    Tape tape({}, where);
    std::vector<Tensor> x, targets;
    for (const Tensor& t : kept) x.push_back(t.detach());
    std::vector<Tensor> all = x;
    all.insert(all.end(), leaves.begin(), leaves.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!wanted[i]) continue;
      if (!all[i].requires_grad()) tape.watch(all[i], where);
      targets.push_back(all[i]);
    }
    const Tensor y = result(x);
    if (y.shape() != shape || y.dtype() != g.dtype())
      throw Error(what,
                  {.wrong = "the function returned another shape or dtype when it ran again",
                   .got = formatted("{} {}", to_string(y.shape()), name(y.dtype())),
                   .expected = formatted("{} {}", to_string(shape), name(g.dtype())),
                   .advice = "it must do the same each time; train() and eval() belong before or after both"},
                  where);
    if (io::hash_of(y.detach()) != bits)
      throw Error(what,
                  {.wrong = "the function computed other numbers when it ran again",
                   .got = "other bits in the result, " + to_string(shape),
                   .expected = "the same: the gradient belongs to the numbers of the first time",
                   .advice = "call train() and eval() before or after both, and change nothing that it reads"},
                  where);
    std::vector<Tensor> found(all.size());
    if (tape.index_of(y) < 0) return found;
    const std::vector<Tensor> some = tape.gradient(Arg(y, where), targets, {.cotangent = g});
    for (std::size_t i = 0, k = 0; i < all.size(); ++i)
      if (wanted[i]) found[i] = some[k++];
    return found;
  }
};

class Checkpoint {
 public:
  static constexpr auto name = what, formula = "y = f(x)", rule = "dx = the rules of f, which runs again";
  static constexpr Saves saves{extra0 | extra1 | extra2};
  static constexpr bool first_order = true;
  static Checkpoint of(std::shared_ptr<Part> part) {
    Checkpoint op;
    op.inputs_ = static_cast<std::int64_t>(part->inputs);
    op.part_ = std::move(part);
    return op;
  }

  Tensor forward(Fwd& f, Ins in) const {
    std::vector<Tensor> x;
    for (std::size_t k = 0; k < part_->inputs; ++k) x.push_back(f.extras[k] = in[static_cast<int>(k)]);
    if (part_->first.defined()) return std::move(part_->first);
    const SameNumbers again(part_->seed, part_->counter);  // NodeView::apply
    return part_->result(x);
  }
  void vjp(Vjp& v) const {
    part_->check_unchanged(thread_state().at);
    std::vector<Tensor> x;
    for (std::size_t k = 0; k < part_->inputs; ++k) x.push_back(v.extra(static_cast<int>(k)));
    std::vector<bool> wanted;
    for (std::size_t i = 0; i < x.size() + part_->leaves.size(); ++i) wanted.push_back(v.wants(static_cast<int>(i)));
    std::vector<Tensor> found = part_->gradients(x, wanted, v.g);
    for (std::size_t i = 0; i < found.size(); ++i)
      if (found[i].defined()) v.give(static_cast<int>(i), std::move(found[i]));
  }
  // Some compilers count the conversion of the operation to itself as a member.
  void fields(auto& v) const {
    if constexpr (gradus::detail::members<Checkpoint>() == 1) v("inputs", inputs_);
  }

 private:
  Checkpoint() = default;
  std::shared_ptr<Part> part_;
  std::int64_t inputs_ = 1;
};

}  // namespace

Tensor detail::checkpoint(CheckpointFunction f, std::span<const Arg> given) {
  const Loc where = gradus::detail::user_line(given[0].where);
  std::vector<Tensor> x;
  for (const Arg& a : given) {
    gradus::detail::check_defined(a.tensor(), what, where);
    x.push_back(a.tensor());
  }
  const auto part = std::make_shared<Part>(Part{.f = std::move(f), .where = where, .inputs = given.size()});
  // A tape that keeps all for a replay, as that of an export or a trace, is to show what f does.
  if (const auto& s = thread_state(); !s.tape || !s.recording || s.tape->state().options.replay) return part->result(x);
  part->run_first(given);
  std::vector<Arg> all;
  for (const Tensor& t : x) all.emplace_back(t, where);
  for (const Tensor& t : part->leaves) all.emplace_back(t, where);
  return apply(Checkpoint::of(part), all);
}

std::vector<Tensor> per_sample_gradients(const ExampleLoss& loss, const Tensor& x, const Tensor& y,
                                         const std::vector<Tensor>& parameters, Loc where) {
  constexpr const char* name = "per_sample_gradients";
  where = gradus::detail::user_line(where);
  if (!loss) throw Error(name, {.wrong = "the function is empty", .expected = "the loss of one example"}, where);
  for (const Tensor* t : {&x, &y}) gradus::detail::check_defined(*t, name, where);
  if (x.dim() == 0 || y.dim() == 0 || x.size(0) != y.size(0) || x.size(0) == 0)
    throw Error(name,
                {.wrong = "x and y are not the same number of examples, one or more",
                 .got = formatted("{} and {}", to_string(x.shape()), to_string(y.shape())),
                 .expected = "(N, …) and (N, …)"},
                where);
  const NoRecord pause;
  std::vector<Tensor> all;
  for (const Tensor& p : parameters) {
    gradus::detail::check_defined(p, name, where);
    Shape shape = p.shape();
    shape.insert(0, x.size(0), where);
    all.push_back(zeros(shape, p.dtype(), where));
  }
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const auto example = [&](const Tensor& of) { return slice(of, 0, {i, i + 1}); };
    const Tensor xi = example(x), yi = example(y);
    const ValueAndGrad one = value_and_grad([&] { return loss(xi, yi); }, parameters, where);
    for (std::size_t k = 0; k < all.size(); ++k) all[k][i].copy_(one.grads[k]);
  }
  return all;
}

}  // namespace gradus::nn
