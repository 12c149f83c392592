#!/usr/bin/env bash
# ml-fnn 5.0.0 (npm): every activation function that is asked for becomes tanh.
#
# The package documents fourteen of them. The constructor looks whether the name is known, but looks with JavaScript's `in`
# among the keys of an array, which are 0, 1, 2 …, not the names: no name is ever found, and an unknown name means tanh.
# Nothing is reported. A network that is asked for relu has negative hidden values.
#
# Who meets it: who compares activation functions there, or moves such a network to another library with the activation
# that was asked for: the weights do not fit it.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages ml-fnn@5.0.0
cat >"$folder/program.cjs" <<'END'
const FNN = require('ml-fnn').default ?? require('ml-fnn');
const {Matrix} = require('ml-matrix');

for (const activation of ['tanh', 'relu', 'logistic', 'identity', 'softplus']) {
  const net = new FNN({activation, hiddenLayers: [3], iterations: 1});
  net.train([[0, 1], [1, 0]], ['a', 'b']);
  const [hidden] = net.model;
  const values = hidden.forward(new Matrix([[-20, -20]])).to1DArray();
  const z = new Matrix([[-20, -20]]).mmul(hidden.W).addRowVector(hidden.b).to1DArray();
  const off = Math.max(...values.map((v, k) => Math.abs(v - Math.tanh(z[k]))));
  console.log(`asked for ${activation}, stored ${net.toJSON().activation}, hidden values off from tanh by ${off}`);
}
END
seen node "$folder/program.cjs" <<'END'
asked for tanh, stored tanh, hidden values off from tanh by 0
asked for relu, stored tanh, hidden values off from tanh by 0
asked for logistic, stored tanh, hidden values off from tanh by 0
asked for identity, stored tanh, hidden values off from tanh by 0
asked for softplus, stored tanh, hidden values off from tanh by 0
END
