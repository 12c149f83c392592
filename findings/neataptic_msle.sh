#!/usr/bin/env bash
# neataptic 1.4.7 (npm): the mean squared logarithmic error is not squared, so that it can be negative, and training ends at once.
#
# MSLE here is the sum of log(target) - log(output). Where the output is too large it is negative, and errors of two outputs
# can cancel to 0. train() ends when the error is below the wanted one: a network that gives 0.5 for a target of 0.1 is
# finished after one iteration with the error -1.6. With MSE the same network trains until it is right.
#
# Who meets it: who compares losses there, or takes the reported error for a measure of the fit.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages neataptic@1.4.7
cat >"$folder/program.cjs" <<'END'
const {Network, methods} = require('neataptic');

console.log('MSLE of output 0.5 for 0.1:', methods.cost.MSLE([0.1], [0.5]).toFixed(4));
console.log('MSLE of outputs 0.9, 0.1 for 0.1, 0.9:', methods.cost.MSLE([0.1, 0.9], [0.9, 0.1]).toFixed(4));
for (const name of ['MSLE', 'MSE']) {
  const net = new Network(1, 1);
  net.connections[0].weight = net.nodes[1].bias = 0;
  const {error, iterations} = net.train([{input: [1], output: [0.1]}], {cost: methods.cost[name], error: 0.001, iterations: 1000, rate: 0.3});
  console.log(`${name}: ${iterations} iterations, error ${error.toFixed(4)}, output ${net.activate([1])[0].toFixed(2)} for 0.10`);
}
END
seen node "$folder/program.cjs" <<'END'
MSLE of output 0.5 for 0.1: -1.6094
MSLE of outputs 0.9, 0.1 for 0.1, 0.9: 0.0000
MSLE: 1 iterations, error -1.6094, output 0.44 for 0.10
MSE: 26 iterations, error 0.0009, output 0.13 for 0.10
END
