// What a checkpoint keeps of one object. Users seldom name it: objects become parts where a Checkpointer takes them.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gradus/data/batches.hpp>
#include <gradus/data/prefetch.hpp>
#include <gradus/io/state_dict.hpp>
#include <gradus/nn/module.hpp>
#include <gradus/optim/any.hpp>
#include <gradus/optim/schedule.hpp>

namespace gradus::train {

/// Names and values that must be the same when a training goes on: {"weight_decay", "0.1"}.
using Traits = std::vector<std::pair<std::string, std::string>>;

/// The state of a part. Its tensors may share their numbers with the object.
struct PartState {
  StateDict state = {};  ///< what its state_dict() gives
  StateDict more = {};   ///< what that leaves out, as the learning rates of an optimizer
};

/// Has state_dict() and load_state_dict(state), and is no module or optimizer, whose states are more than that.
template <class T>
concept Stateful = requires(T& object, const StateDict& state) {
  { object.state_dict() } -> std::convertible_to<StateDict>;
  object.load_state_dict(state);
}
&&!std::derived_from<T, nn::ModuleBase> && !std::derived_from<T, optim::OptimizerBase>;

/// A reference to an object whose state a checkpoint keeps. The object must stay where it is for as long as its
/// Checkpointer lives.
class Part {
 public:
  /// Parameters and buffers, which of them are frozen, and the mode (train or eval) of each module inside. "net"
  Part(nn::ModuleBase& net);
  /// State, and the learning rate and the momentum of each group. Type and options must be the same. "opt"
  Part(optim::OptimizerBase& opt);
  /// the same
  Part(optim::AnyOptimizer& opt) : Part(opt.base()) {}
  /// The schedule must give the same rate. "schedule"
  Part(optim::Scheduler& schedule);
  /// "plateau"
  Part(optim::ReduceLROnPlateau& plateau);
  /// The place in the data. Data (by a checksum, but not those of a source), batch size, shuffling and
  /// seed must be the same. "batches"
  Part(data::Batches& batches);
  /// the place in what was handed out; otherwise the same
  Part(data::Prefetched& batches) : Part(batches.batches()) {}
  /// Seed and counter of a generator of your own; those of default_generator() are always kept. "generator"
  Part(Generator& generator);
  /// A number of your own. It has no name: add("epoch_loss", sum)
  Part(double& number);
  Part(std::int64_t& number);  ///< or a count
  /// Any object with state_dict() and load_state_dict(state). It has no name: add("average", average)
  template <Stateful T>
  Part(T& object) : model_(std::make_shared<Other<T>>(object)) {}

  /// What every kind of part has.
  struct Model {
    virtual ~Model() = default;
    virtual PartState save() const = 0;  ///< the state as it is now
    /// Throws if the state does not fit.
    virtual void load(const PartState& saved, Loc where) = 0;
    virtual std::string kind() const { return "object"; }  ///< "AdamW"; must be the same
    virtual Traits traits() const { return {}; }           ///< what else must be the same
    virtual const char* name() const { return ""; }        ///< when none is given
    virtual int order() const { return 4; }                ///< parts are loaded from the lowest to the highest
  };
  /// the kind of part
  Model& model() const { return *model_; }

 private:
  template <class T>
  struct Other final : Model {
    explicit Other(T& o) : object(&o) {}
    PartState save() const override { return {.state = object->state_dict()}; }
    void load(const PartState& saved, Loc) override { object->load_state_dict(saved.state); }
    T* object;
  };

  std::shared_ptr<Model> model_;
};

}  // namespace gradus::train
