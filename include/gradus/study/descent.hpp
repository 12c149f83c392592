// Going down a surface with any optimizer of the library or your own, and the verdict on the path.
//
//   Surface s = study::surface("rosenbrock");
//   Path path = study::descend(s, "sgd", [](auto p) { return optim::AnyOptimizer(optim::SGD(p, {.lr = 1e-3})); },
//                              {.steps = 20'000, .until = study::condition("f<1e-6")});
//   path.steps;   // 15068
#pragma once

#include <cstdint>
#include <optional>

#include <gradus/optim/any.hpp>
#include <gradus/study/surface.hpp>

namespace gradus::study {

/// Makes an optimizer for these parameters.
using MakeOptimizer = std::function<optim::AnyOptimizer(const std::vector<Tensor>& parameters)>;

/// When to stop: "f<1e-6", "g<=0.01" (the length of the gradient), "|y|>1".
struct Condition {
  std::string text;                ///< as it was written
  char what;                       ///< f, g, x, y
  bool absolute, below, or_equal;  ///< |what|; < instead of >; <= and >=
  double bound;                    ///< the number behind the sign
  /// Does it hold at the point p with value f and a gradient of length g?
  bool operator()(Point p, double f, double g) const;
};
/// Reads a condition. Throws an Error for any other text.
Condition condition(std::string_view text, Loc where = Loc::current());

/// Where a step begins: the point, f and its gradient there, and what the optimizer remembers (two numbers for each of
/// Path::state_names).
struct Place {
  std::int64_t step = 0;           ///< steps taken before
  Point at = {};                   ///< the point
  double f = 0;                    ///< the value there
  Point gradient = {};             ///< the gradient there
  std::vector<double> state = {};  ///< of the optimizer
};

/// The outcome of a descent.
enum class Verdict {
  converges,   ///< fulfilled the condition, or came to rest at a minimum
  slow,        ///< still on its way
  oscillates,  ///< has settled to a cycle: it oscillates without coming closer
  diverges,    ///< left for infinity, or climbs
  saddle,      ///< came to rest where the slope is zero but there is no minimum
  runs_away,   ///< f falls for ever: there is no minimum in that direction
  shrinks,     ///< oscillates, and each swing is shorter: it would converge
  hovers,      ///< noise keeps it at about one height: with this rate it comes no lower
};
/// "converges", "slow", "settles to a cycle", "diverges", "stops on a saddle", "runs away", "oscillates, each swing
/// shorter", "hovers in the noise"
const char* name(Verdict v);

/// The verdict on a descent of which only the heights are known, that of a network's training: converges (the last
/// quarter falls by less than 1 % of all that was gained), slow, oscillates, diverges, shrinks or hovers. At least
/// three heights.
Verdict verdict_on(const std::vector<double>& heights);

/// One descent.
struct Path {
  std::string name;                           ///< as given to descend()
  std::vector<std::string> state_names = {};  ///< "exp_avg"
  std::vector<Place> places = {};            ///< the start, one after each step, and the end; of a very long run a part
  std::int64_t steps = 0;                    ///< number of steps taken
  bool reached = false;                      ///< did the condition hold at the end?
  bool cut = false;                          ///< stopped on the way to infinity
  std::string trouble = {};                  ///< why the optimizer could not go on
  Verdict verdict = Verdict::slow;           ///< the outcome
  double lr = 0;                             ///< the optimizer's learning rate
  std::optional<std::int64_t> arrived = {};  ///< converges without a condition: the step after which it stays there
  std::optional<double> limit = {};          ///< 2/λmax at limit_at
  Point limit_at = {};  ///< where it began to climb, if it diverges; else the nearest minimum, or the start

  const Place& end() const { return places.back(); }
  /// "f<1e-6 after 1,386 steps", "diverged at step 3 (lr 1 > 2/λmax 0.5)"
  std::string outcome() const;
  std::string until = {};  ///< the text of the condition, if there was one
};

/// How to go down.
struct DescentOptions {
  std::optional<Point> start = {};      ///< default: the surface's own
  std::int64_t steps = 200;             ///< at most
  std::optional<Condition> until = {};  ///< stop when it holds
  double noise = 0;        ///< standard deviation of what is added to each element of the gradient: a stochastic one
  std::uint64_t seed = 1;  ///< of the noise
};

/// Takes optimizer steps along autodiff gradients, in f64. The path ends where a coordinate exceeds 1e6. Noise tilts
/// the loss anew in each step, so that every optimizer sees it, however it computes its gradients. Throws an Error for
/// fewer than 1 step, and where the surface is not finite at the start.
Path descend(const Surface& s, std::string name, const MakeOptimizer& make, const DescentOptions& options = {},
             Loc where = Loc::current());

/// Where a descent from each point of a grid ends.
struct Basins {
  int n = 0;               ///< points across and up
  std::vector<int> to;     ///< row by row from the bottom: the number of the minimum, -1 for none yet, -2 for infinity
  std::vector<int> steps;  ///< the step after which the point stayed near its minimum
};
/// The grid, and how to go down from each of its points.
struct BasinOptions {
  int n = 100;               ///< points across and up: 2 to 1000
  std::int64_t steps = 300;  ///< from each point, at most
  /// One optimizer for all points in one long tensor: right for optimizers that treat every number by itself.
  bool elementwise = true;
};
/// Goes down from each point of a grid over the surface's window. Throws an Error for options out of range.
Basins basins(const Surface& s, const MakeOptimizer& make, const BasinOptions& options = {},
              Loc where = Loc::current());

}  // namespace gradus::study
