// What was seen of one optimizer step: the facts that diagnoses are made of.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gradus/tensor.hpp>
#include <gradus/train/diagnosis.hpp>

namespace gradus::train::diagnosis {

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// One parameter of the optimizer.
struct ParameterLook {
  std::string name;
  Tensor value;
  SourceLine at = {};           // where an operation read it first
  double grad_norm = unknown;   // as the walks left it
  double used_norm = unknown;   // when the optimizer stepped: clipped
  double norm = unknown;        // of the weights before the step
  double update = unknown;      // norm of what the step changed
  double turn = unknown;        // cosine between this update and the one before
  bool stale = false;           // its gradient holds what an earlier step has used already
  double stale_norm = unknown;  // of that part
  std::int64_t steps = 0;       // that it has been in, …
  std::int64_t walks = 0;       // … and walks that gave it a gradient
  std::string path_end = {};    // where it has none: the last operation that it reaches
  SourceLine path_end_at = {};
  bool on_tape = false;  // an operation has read it
};

// A product with a weight: a linear or convolutional layer, in the order of the tape.
struct LayerLook {
  std::string name;  // of the weight
  Tensor weight;     // as an operation got it
  SourceLine at = {};
  std::int64_t uses = 0;       // on this tape
  double first = unknown;      // norm of the gradient of its output, at the first use, …
  double last = unknown;       // … at the last …
  double most = unknown;       // … and the largest of all
  double output = unknown;     // root mean square of its first output
  double widest = 0;           // the same, the largest of all uses
  bool units_are_rows = true;  // of the weight
  bool normed = false;         // a normalisation follows
};

// An activation.
struct UnitLook {
  std::string name, op;
  SourceLine at = {};
  std::int64_t units = 0, examples = 0, looks = 0;
  double dead = unknown;       // relu: the share of units that were 0 for each example of this window
  double saturated = unknown;  // tanh, sigmoid: the share of flat values in this step
  bool hidden = false;         // a layer reads it
};

enum class LossKind { other, classes, squares };

// What the loss is made of.
struct LossLook {
  LossKind kind = LossKind::other;
  double value = unknown;  // the mean over the examples
  std::int64_t examples = 0, classes = 0;
  SourceLine at = {};
  bool probabilities = false;  // rows of the "logits" are probabilities already
  bool twice = false;          // a softmax or sigmoid feeds the loss that has its own
  bool sequence = false;       // the rows come from (N, T, …)
  std::string softmax = {};    // the operation
  SourceLine softmax_at = {};
  Tensor target = {};
  double mean = unknown, variance = unknown, square = unknown;  // of the targets of a loss of squares
};

// What the first layer is given.
struct InputLook {
  Tensor x = {};
  std::string layer = {};  // that reads it
  SourceLine at = {};
  bool normed = false;                         // a normalisation follows that layer
  double rms = unknown;                        // root mean square of all
  double widest = unknown, typical = unknown;  // of the columns of (N, F): the largest, the median
  std::int64_t column = -1;
};

// The first NaN or infinity.
struct NonfiniteLook {
  std::string what, layer;
  SourceLine at = {};
};

struct Look {
  std::int64_t step = 0;
  double loss = unknown, lr = unknown;
  std::string optimizer = {};  // its type
  bool told = false;           // whether the loss is known
  bool close = false;          // whether what follows was measured
  bool others = false;         // another optimizer steps too, in turns
  bool recorded = false;       // a walk was itself recorded
  std::vector<ParameterLook> parameters = {};
  std::vector<LayerLook> layers = {};
  std::vector<UnitLook> units = {};
  std::optional<LossLook> term = {};
  std::optional<InputLook> input = {};
  std::optional<NonfiniteLook> nonfinite = {};
  double curvature = unknown;  // the largest eigenvalue of the Hessian, where it was asked for
  bool asked = false;
};

// What was measured after an epoch.
struct EpochLook {
  std::int64_t epoch = 0;
  double loss = unknown, accuracy = unknown, val_loss = unknown, val_accuracy = unknown;
};

}  // namespace gradus::train::diagnosis
