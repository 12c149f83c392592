// Modules that ONNX has a node for.
#pragma once

#include <optional>

#include "io/onnx/step.hpp"

namespace gradus::io::onnx {

// The nodes of a call that are its results.
struct Match {
  std::vector<int> outputs;
};

// Compares what a call recorded with what `forward` records for inputs of the same shape: operations, attributes, the
// ways between them, constants, and parameters by name. Nothing if they differ, or if a value inside is used outside.
std::optional<Match> match(const Graph& graph, const Call& call, const Forward& forward, std::vector<Tensor> inputs,
                           const StateDict& state);

int first_operation(const Graph& graph, const Call& call);  // -1: none

bool emit_lstm(Graph& graph, const Call& call);
bool emit_gru(Graph& graph, const Call& call);
bool emit_rnn(Graph& graph, const Call& call);
bool emit_batch_norm(Graph& graph, const Call& call);

}  // namespace gradus::io::onnx
