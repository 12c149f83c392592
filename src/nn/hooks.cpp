// Hooks: functions that a module calls with its result, and with the gradient of it.
#include <gradus/nn/module.hpp>

#include <algorithm>

#include <gradus/io/onnx.hpp>
#include <gradus/op.hpp>

#include "nn/check.hpp"
#include "nn/visitors.hpp"
#include "tape/guards.hpp"
#include "tensor/format.hpp"

namespace gradus::nn {

using gradus::detail::thread_state;

namespace {

// What a hook records carries the lines of its own code, also inside a layer or a walk.
class OwnLines {
 public:
  OwnLines() : before_(std::exchange(thread_state().at_set, false)) {}
  ~OwnLines() { thread_state().at_set = before_; }
  OwnLines(const OwnLines&) = delete;
  OwnLines& operator=(const OwnLines&) = delete;

 private:
  bool before_;
};

[[noreturn]] void refuse(const char* hook, const char* what, const Tensor& got, const Tensor& before, Loc where) {
  throw Error(hook,
              {.wrong = formatted("the function returned another shape or dtype than {} has", what),
               .got = formatted("{} {}", to_string(got.shape()), name(got.dtype())),
               .expected = formatted("{} {}", to_string(before.shape()), name(before.dtype())),
               .advice = "a function that only looks returns nothing"},
              where);
}

// The node behind a result whose gradient is asked for.
class BackwardHook {
 public:
  static constexpr auto name = "backward_hook", formula = "y = x", rule = "dx = g, or what the hooks make of it";
  static constexpr Saves saves{};
  static BackwardHook of(std::shared_ptr<const detail::Hooks> hooks) {
    BackwardHook op;
    op.count_ = static_cast<std::int64_t>(hooks->backward.size());
    op.hooks_ = std::move(hooks);
    return op;
  }

  Tensor forward(Fwd&, Ins in) const { return in[0]; }
  void vjp(Vjp& v) const {
    Tensor g = v.g;
    const Loc line = thread_state().at;
    const auto list = hooks_->backward;  // a hook may remove itself
    for (const detail::HookEntry& hook : list) {
      const OwnLines own;
      if (!hook.replaces) {
        const NoRecord pause;
        hook.call(g.detach());
        continue;
      }
      Tensor other = hook.call(g);
      if (!other.defined()) continue;
      if (other.shape() != g.shape() || other.dtype() != g.dtype())
        refuse("on_backward", "the gradient", other, g, line);
      g = std::move(other);
    }
    v.give(0, std::move(g));
  }
  void onnx(io::OnnxRecipe& r) const { r.give(r.in(0)); }
  // Some compilers count the conversion of the operation to itself as a member.
  void fields(auto& v) const {
    if constexpr (gradus::detail::members<BackwardHook>() == 1) v("hooks", count_);
  }

 private:
  BackwardHook() = default;
  std::shared_ptr<const detail::Hooks> hooks_;
  std::int64_t count_ = 1;
};

}  // namespace

HookHandle ModuleBase::add_hook(std::vector<detail::HookEntry> detail::Hooks::*list, detail::HookEntry hook) {
  if (!hooks_) {
    hooks_ = std::shared_ptr<detail::Hooks>(new detail::Hooks, [](detail::Hooks* hooks) {
      --detail::modules_with_hooks;
      delete hooks;
    });
    ++detail::modules_with_hooks;
  }
  hook.id = hooks_->next_id;
  (hooks_.get()->*list).push_back(std::move(hook));
  return {hooks_, hooks_->next_id++};
}

void HookHandle::remove() {
  const auto hooks = hooks_.lock();
  if (!hooks) return;
  const auto is_this = [&](const detail::HookEntry& hook) { return hook.id == id_; };
  std::erase_if(hooks->forward, is_this);
  std::erase_if(hooks->backward, is_this);
  hooks_.reset();
}

void ModuleBase::Call::run_hooks(Tensor* y) {
  const Loc line = line_;
  if (!y || !y->defined())
    throw Error(module_.type(),
                {.wrong = "a module with hooks returned no tensor that they could see",
                 .got = "a forward without a tensor in its result",
                 .expected = "a tensor, several of them, or a struct whose first tensor is named y"},
                line);
  const auto list = hooks->forward;  // a hook may remove itself
  for (const detail::HookEntry& hook : list) {
    const OwnLines own;
    Tensor other = hook.call(*y);
    if (!other.defined()) continue;
    if (other.shape() != y->shape() || other.dtype() != y->dtype()) refuse("on_forward", "the result", other, *y, line);
    *y = std::move(other);
  }
  if (!hooks->backward.empty() && tape_ && is_floating(y->dtype()))
    *y = apply(BackwardHook::of(module_.hooks_), Arg(*y, line));
}

}  // namespace gradus::nn
