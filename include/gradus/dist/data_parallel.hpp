// Data-parallel training: each rank computes the gradient of its share of a batch, and all get the gradient of the
// whole. N ranks take the step that one process takes with the whole batch.
//
//   dist::Group group;
//   dist::DataParallel sync(net, group);                        // all ranks get the weights of rank 0
//   for (auto batch : dist::batches(train, {.size = 64, .shuffle = true, .seed = 1})) {
//     double loss = sync.backward(batch, [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); });
//     opt.step();
//     opt.zero_grad();
//   }
//
// After set_deterministic(true) the loss and the weights are the same bits for 1, 2, 4 and 8 ranks: the batch is always
// cut into 8 virtual shards, each is computed alone, and their gradients are added in one fixed binary tree. Otherwise
// a ring adds the gradients of n ranks, within n - 1 units in the last place of the sum of their magnitudes
// (group.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gradus/data/dataset.hpp>
#include <gradus/dist/batches.hpp>
#include <gradus/dist/group.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/optim/optimizer.hpp>

namespace gradus::dist {

/// How gradients travel.
enum class Compress {
  none,  ///< as they are
  /// f32 gradients as bf16, half the bytes. What rounding takes away is added to the next step's gradient (error
  /// feedback: Seide et al., 2014; Karimireddy et al., 2019). For slow lines; not in deterministic mode.
  bf16,
  /// Of the f32 gradients of each bucket only the largest, the part DataParallelOptions.keep, each with its place: 8
  /// bytes. All others are added to the next step's gradient (error feedback: Aji and Heafield, "Sparse communication
  /// for distributed gradient descent", 2017; Stich, Cordonnier and Jaggi, "Sparsified SGD with memory", 2018). A rank
  /// sends them to each other rank: that is less than without if keep is well below 1 / ranks. For slow lines; not in
  /// deterministic mode. Choose a smaller learning rate than without: a number that waited comes as a sum.
  top_k,
};

struct DataParallelOptions {
  double bucket_mb = 25;               ///< gradients travel in buckets of this many megabytes, while the walk goes on
  Compress compress = Compress::none;  ///< for slow lines; what waits for the next step is in no checkpoint
  double keep = 0.01;                  ///< for top_k: the part of the numbers that travels, above 0 and at most 1
  int virtual_shards = 8;  ///< of a batch, if set_deterministic(true): a power of two; the number of ranks divides it
};

/// With a train::Checkpointer all ranks resume from one folder and rank 0 alone writes there: the others make theirs
/// with {.every = 0}. Resume before DataParallel is made.
///
/// The gradients of a network, averaged over all ranks. Each sample has the same weight, wherever it is computed. The
/// network must outlive it; its parameters may be changed between steps, in the same way on all ranks, but not be
/// added, frozen or unfrozen. Make an optimizer for the network itself: all ranks take the same step.
class DataParallel {
 public:
  /// The mean loss over the samples x, y (their first axis), as a tensor of one element on the tape.
  using LossOf = std::function<Tensor(const Tensor& x, const Tensor& y)>;

  /// Compares the networks: names, shapes, dtypes, options; throws on all ranks and names the first difference. Then
  /// all ranks have the parameters, the buffers and the state of default_generator() of rank 0.
  DataParallel(nn::ModuleBase& net, Group& group, const DataParallelOptions& options = {}, Loc where = Loc::current());
  ~DataParallel();
  DataParallel(const DataParallel&) = delete;
  DataParallel& operator=(const DataParallel&) = delete;

  /// Computes the loss on this rank's share of a batch that is the same on all ranks, walks, and adds the gradient of
  /// the mean over the whole batch to the grad() of each parameter. Returns that mean. A share may be empty: then the
  /// loss is not called. Dropout draws by the numbers of the samples in the batch. Buffers, such as the statistics of
  /// batch norm, become the mean over the shares. A parameter without gradient on some ranks counts as 0 there; without
  /// one on all ranks, it has none.
  double backward(const data::Dataset& batch, const LossOf& loss, Loc where = Loc::current());
  /// The same, and only the share is read.
  double backward(const Batch& batch, const LossOf& loss, Loc where = Loc::current());
  /// For loops of your own: walks from this loss, the mean over `samples` samples that only this rank has, on the live
  /// tape. Its weight is their number. The ranks must make the same number of calls. With dropout, give each rank a
  /// seed of its own after the constructor: manual_seed(seed + group.rank()).
  double backward(const Arg& loss, std::int64_t samples);

  /// Until the end of its scope gradients are added up on this rank and not sent: for batches of several parts.
  /// The next backward() outside sends their sum; each sample has the same weight. After set_deterministic(true) the
  /// sums are sent all the same, because their order would depend on the number of ranks.
  class [[nodiscard]] NoSync {
   public:
    explicit NoSync(DataParallel& of);  ///< use no_sync()
    ~NoSync();
    NoSync(const NoSync&) = delete;
    NoSync& operator=(const NoSync&) = delete;

   private:
    DataParallel& of_;
  };
  NoSync no_sync() { return NoSync(*this); }  ///< auto alone = sync.no_sync();

  /// For local SGD (Lin et al., "Don't use large mini-batches, use local SGD", 2020): each rank takes H steps of its
  /// own, by tape.backward(), and then all take the mean of their parameters and buffers. With an optimizer, its
  /// floating-point state, such as momentum, becomes the mean, too.
  void average_parameters(Loc where = Loc::current());
  void average_parameters(optim::OptimizerBase& optimizer, Loc where = Loc::current());

  /// For each rank, the parameters that had no gradient there in the last backward(). All ranks call it.
  std::vector<std::vector<std::string>> without_gradient(Loc where = Loc::current());
  std::int64_t steps() const;     ///< how often gradients were exchanged
  std::string to_string() const;  ///< for the first line of a log: ranks, weights of the samples, buckets

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gradus::dist
