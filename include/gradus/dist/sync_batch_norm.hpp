// Batch norm over the batch of all ranks.
#pragma once

#include <cstdint>

#include <gradus/dist/group.hpp>
#include <gradus/nn/norm.hpp>

namespace gradus::dist {

/// y = the sum of x over all ranks, recorded: dx is the sum of the gradients of all ranks, each weighted by its
/// `samples` and divided by those of this rank. So the mean over all samples that DataParallel takes has the right
/// gradient. All ranks call it, with the same shape, and walk back over it in the same order.
Tensor all_sum(Arg x, const Group& group, std::int64_t samples = 1);

/// nn::BatchNorm1d and BatchNorm2d for x (N, C, …), where training takes mean and variance of the samples of all ranks:
/// for shares that are too small for statistics of their own. Its state has the same names, so it loads theirs. Each
/// rank must have a sample. In evaluation mode nothing is sent. In deterministic mode training is an error: the shares
/// of a batch would not be alone. The group must outlive it.
struct SyncBatchNorm : nn::Module<SyncBatchNorm>, nn::detail::BatchNorm {
  const Group* group;  ///< whose ranks share the statistics

  SyncBatchNorm(std::int64_t features, const Group& of, const nn::BatchNormOptions& options = {},
                Loc where = Loc::current())
      : BatchNorm("SyncBatchNorm", features, options, where), group(&of) {}
  Tensor forward(Arg x) const;
};

}  // namespace gradus::dist
