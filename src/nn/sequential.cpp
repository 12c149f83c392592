// Sequential: the call through all layers, and their names by position.
#include <gradus/nn/sequential.hpp>

#include <gradus/nn/activation.hpp>
#include <gradus/nn/conv.hpp>

#include "nn/visitors.hpp"
#include "ops/relu_plan.hpp"
#include "tape/state.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

namespace {

template <class M>
bool is(const detail::AnyLayer& layer) {
  return layer.module().type() == detail::module_type<M> && layer.as<M>();
}

// Tells a ReLU of x what its network knows, and the pooling after it. own: x is the network's, which drops it then.
// Whoever watches, or runs the tape again, is to see each result: then there is nothing to tell.
class Planned {
 public:
  Planned(const Tensor& x, bool own, bool pooled) : before_(gradus::detail::relu_plan()) {
    gradus::detail::ReluPlan& plan = gradus::detail::relu_plan();
    plan = {};
    const Tape* tape = Tape::current();
    if (!x.defined() || gradus::detail::observed() || (tape && tape->state().options.replay)) return;
    const bool seen = detail::watcher() || detail::modules_with_hooks.load(std::memory_order_relaxed) > 0;
    plan = {.input = x.impl(), .spare = own, .pooled = pooled && !seen && is_floating(x.dtype())};
  }
  ~Planned() { gradus::detail::relu_plan() = before_; }
  Planned(const Planned&) = delete;
  Planned& operator=(const Planned&) = delete;

 private:
  gradus::detail::ReluPlan before_;
};

}  // namespace

Tensor Sequential::forward(Arg x) const {
  Tensor y;
  const Tensor* in = &x.tensor();
  for (auto layer = layers_.begin(); layer != layers_.end(); ++layer) {
    if (is<ReLU>(*layer)) {
      const auto next = layer + 1;
      const bool pooled = next != layers_.end() && is<MaxPool2d>(*next);
      const Planned plan(*in, in == &y, pooled);
      y = (*layer)(Arg(*in, x.where));
      if (pooled) y = (*(layer = next))(Arg(y, x.where));
    } else {
      y = (*layer)(Arg(*in, x.where));
    }
    in = &y;
  }
  return *in;
}

void Sequential::fields(Fields& v) {
  int i = 0;
  for (const detail::AnyLayer& layer : layers_) v(Fields::intern(fmt::format_int(i++).c_str()), layer.module());
}

const detail::AnyLayer& Sequential::at(std::int64_t i, Loc where) const {
  const std::int64_t n = size(), at = i < 0 ? i + n : i;
  if (at < 0 || at >= n)
    throw Error("Sequential",
                {.wrong = formatted("there is no layer {}", i),
                 .got = formatted("{} layers", n),
                 .expected = n ? formatted("{} to {}", -n, n - 1) : "push_back() first"},
                gradus::detail::user_line(where));
  return layers_[static_cast<std::size_t>(at)];
}

void Sequential::refuse(std::int64_t i, std::string_view wanted, Loc where) const {
  throw Error("Sequential",
              {.wrong = formatted("layer {} has another type", i),
               .got = std::string(at(i, where).module().type()),
               .expected = std::string(wanted)},
              gradus::detail::user_line(where));
}

}  // namespace gradus::nn
