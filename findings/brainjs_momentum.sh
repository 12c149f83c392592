#!/usr/bin/env bash
# brain.js 1.6.1 (npm): momentum acts on weights, not on biases.
#
# A network with one unit per layer, all of its numbers 0, learns one example. The gradient hardly changes over the first
# steps. With momentum 0.9 the steps of the weight grow 1.9 and 2.6 fold; the steps of the bias do not grow at all.
#
# Who meets it: who compares training curves. In Gradus and PyTorch momentum acts on every parameter.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages brain.js@1.6.1
cat >"$folder/program.cjs" <<'END'
const brain = require('brain.js');
const data = [{input: [1], output: [1]}];
const options = {hiddenLayers: [1]};

// A trained network, with its numbers set to 0.
const first = new brain.NeuralNetwork(options);
first.train(data, {iterations: 1});
const start = first.toJSON();
for (const layer of start.layers.slice(1)) {
  layer[0].bias = 0;
  layer[0].weights[0] = 0;
}

// The output unit after 0, 1, 2 and 3 steps.
const places = [{bias: 0, weights: {0: 0}}];
for (const iterations of [1, 2, 3]) {
  const net = new brain.NeuralNetwork(options);
  net.fromJSON(JSON.parse(JSON.stringify(start)));
  net.train(data, {iterations, learningRate: 0.5, momentum: 0.9, errorThresh: 1e-12});
  places.push(net.toJSON().layers[2][0]);
}
const growth = (get) => {
  const steps = [1, 2, 3].map((k) => get(places[k]) - get(places[k - 1]));
  return steps.map((step) => (step / steps[0]).toFixed(1)).join(' ');
};
console.log('steps of the weight, over the first:', growth((unit) => unit.weights[0]));
console.log('steps of the bias, over the first:  ', growth((unit) => unit.bias));
END
seen node "$folder/program.cjs" <<'END'
steps of the weight, over the first: 1.0 1.9 2.6
steps of the bias, over the first:   1.0 1.0 0.9
END
