// Sums over ranks on the tape, and batch norm of them.
#include <gradus/dist/sync_batch_norm.hpp>

#include <fmt/format.h>

#include <span>
#include <vector>

#include <gradus/op.hpp>
#include <gradus/ops.hpp>
#include <gradus/threads.hpp>

#include "dist/link.hpp"
#include "tensor/impl.hpp"

namespace gradus::dist {
namespace {

// It knows its group by a number, because the group may end before the tape.
struct AllSum {
  std::int64_t group = 0;
  double samples = 1;
  static constexpr auto name = "all_sum", formula = "y = x of all ranks, added",
                        rule = "dx = samples g of all ranks, added, / samples";
  static constexpr Saves saves{0u};
  void fields(auto& v) const {
    v("group", group);
    v("samples", samples);
  }
  Tensor forward(Fwd& f, Ins in) const {
    Link* link = Link::find(group);
    if (link == nullptr) f.fail({.wrong = "its group has ended", .advice = "let the Group live longer than the tape"});
    Tensor y = in[0].detach().contiguous().clone();
    const CallHead head{.kind = CallKind::statistics,
                        .dtype = static_cast<std::uint32_t>(y.dtype()),
                        .count = static_cast<std::uint64_t>(y.numel())};
    link->run(f.name, f.where, [&](Engine& e) {
      link->agree(e, head);
      if (y.numel() > 0) e.sum(y.impl()->data, y.dtype(), static_cast<std::size_t>(y.numel()));
    });
    return y;
  }
  void vjp(Vjp& v) const {
    if (v.wants(0)) v.give(0, apply(AllSum{.group = group, .samples = samples}, v.g * samples) * (1 / samples));
  }
};

}  // namespace

Tensor all_sum(Arg x, const Group& group, std::int64_t samples) {
  return apply(AllSum{.group = group.link().number(), .samples = static_cast<double>(samples)}, x);
}

Tensor SyncBatchNorm::forward(Arg x) const {
  const Tensor& in = x;
  if (in.dim() < 2 || in.size(1) != num_features)
    throw Error("SyncBatchNorm",
                {.wrong = "the input does not fit",
                 .got = gradus::to_string(in.shape()),
                 .expected = fmt::format("(N, {}, …)", num_features)},
                x.where);
  if (!is_training() && running_mean.defined()) return normalize("SyncBatchNorm", x, false);
  if (deterministic())
    throw Error("SyncBatchNorm",
                {.wrong = "in deterministic mode each share of a batch is computed alone",
                 .advice = "use nn::BatchNorm2d or nn::GroupNorm, or set_deterministic(false)"},
                x.where);
  std::vector<std::int64_t> others{0};
  Shape wide{1, num_features};
  for (int axis = 2; axis < in.dim(); ++axis) {
    others.push_back(axis);
    wide.push_back(1);
  }
  const std::int64_t samples = in.size(0);
  const Axes axes{std::span<const std::int64_t>(others)};
  Tensor count = full({1}, static_cast<double>(in.numel() / num_features), f64);
  {
    const NoRecord quiet;
    count = all_sum(Arg(count, x.where), *group, samples);
  }
  const double n = count.item();
  const Tensor mean = all_sum(Arg(sum(x, axes), x.where), *group, samples) * (1 / n);
  const Tensor centred = x - mean.reshape(wide);
  const Tensor var = all_sum(Arg(sum(square(centred), axes), x.where), *group, samples) * (1 / n);
  Tensor y = centred * rsqrt(var + eps).reshape(wide);
  if (weight.defined()) y = y * weight.reshape(wide) + bias.reshape(wide);
  if (running_mean.defined() && is_training()) {
    const NoRecord quiet;
    Tensor running = running_mean, running_square = running_var, batches = num_batches_tracked;  // shared handles
    const double tracked = batches.item() + 1;
    const double part = momentum.value_or(1 / tracked);
    running.copy_(running * (1 - part) + mean.detach() * part, x.where);
    running_square.copy_(running_square * (1 - part) + var.detach() * (part * n / (n - 1)), x.where);
    batches.fill_(tracked, x.where);
  }
  return y;
}

}  // namespace gradus::dist
