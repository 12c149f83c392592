#!/usr/bin/env bash
# synaptic 1.1.4 (npm): the cost function that the trainer is given does not change the gradient.
#
# One sigmoid unit, weight 0.5, input 1, target 1, rate 1. The step of the weight is the same for MSE, CROSS_ENTROPY and
# BINARY: target - output, which is the gradient of cross-entropy. For the squared error it would have to be multiplied
# by the slope of the sigmoid, output (1 - output). The cost decides only what error is reported and when to stop.
#
# Who meets it: who compares training with MSE. The steps there are at least four times as long, since the slope is at
# most 1/4.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages synaptic@1.1.4
cat >"$folder/program.cjs" <<'END'
const {Layer, Network, Trainer} = require('synaptic');

function step(cost) {
  const input = new Layer(1), output = new Layer(1);
  input.project(output);
  const net = new Network({input, output});
  net.setOptimize(false);
  const unit = output.list[0];
  const [connection] = Object.values(unit.connections.inputs);
  unit.bias = 0;
  connection.weight = 0.5;
  new Trainer(net).train([{input: [1], output: [1]}], {rate: 1, iterations: 1, error: 0, cost});
  return connection.weight - 0.5;
}

const output = 1 / (1 + Math.exp(-0.5));
for (const name of ['MSE', 'CROSS_ENTROPY', 'BINARY']) console.log(name.padEnd(13), step(Trainer.cost[name]).toFixed(4));
console.log('by the formula: cross-entropy', (1 - output).toFixed(4), 'half squared error', ((1 - output) * output * (1 - output)).toFixed(4));
END
seen node "$folder/program.cjs" <<'END'
MSE           0.3775
CROSS_ENTROPY 0.3775
BINARY        0.3775
by the formula: cross-entropy 0.3775 half squared error 0.0887
END
