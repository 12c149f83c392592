#!/usr/bin/env bash
# neataptic 1.4.7 (npm): the derivative of softsign has the wrong sign below 0 and is 0 at 0.
#
# Softsign is x / (1 + |x|), which rises everywhere; its derivative is 1 / (1 + |x|)². Here it is x / (1 + |x|)². In a network
# of one hidden softsign unit whose input is negative, the weight before it goes uphill: the error grows with each step.
# With tanh in its place the error falls.
#
# Who meets it: who tries softsign there, or moves a network that was trained with it: the units that start below 0 have
# been driven away from the target.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages neataptic@1.4.7
cat >"$folder/program.cjs" <<'END'
const {architect, methods} = require('neataptic');

// One input of 1, a hidden unit, an identity output whose weight 1 is held: the target is 0, the hidden value starts below.
function errors(name, weight) {
  const net = new architect.Perceptron(1, 1, 1);
  const [input, hidden, output] = net.nodes;
  hidden.squash = methods.activation[name];
  output.squash = methods.activation.IDENTITY;
  const first = net.connections.find((c) => c.from === input), second = net.connections.find((c) => c.from === hidden);
  first.weight = weight;
  const seen = [];
  for (let step = 0; step < 4; ++step) {
    hidden.bias = output.bias = 0;
    second.weight = 1;
    seen.push((net.activate([1], true)[0] ** 2).toFixed(4));
    net.propagate(0.5, 0, true, [0]);
  }
  return seen.join(' ');
}

for (const name of ['SOFTSIGN', 'TANH']) {
  const slope = [-1, 0, 1].map((x) => methods.activation[name](x, true).toFixed(2));
  console.log(`${name.padEnd(8)} slope at -1, 0, 1: ${slope.join(' ')}; squared error from -1: ${errors(name, -1)}; from 1: ${errors(name, 1)}`);
}
END
seen node "$folder/program.cjs" <<'END'
SOFTSIGN slope at -1, 0, 1: -0.25 0.00 0.25; squared error from -1: 0.2500 0.2635 0.2768 0.2900; from 1: 0.2500 0.2361 0.2222 0.2083
TANH     slope at -1, 0, 1: 0.42 1.00 0.42; squared error from -1: 0.5800 0.5036 0.4069 0.2915; from 1: 0.5800 0.5036 0.4069 0.2915
END
