#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (npm @tensorflow/tfjs-core, tfjs-layers): the derivative of abs at 0 is -1, so that an L1 penalty pushes
# weights away from 0.
#
# TensorFlow in Python, PyTorch and Gradus take 0 there. tfjs multiplies by a step that is -1 for everything that is not above
# 0. A layer of zeros with regularizers.l1, whose data and targets are 0 and whose loss is at its minimum, moves: every weight goes to
# l1 times the rate, and from there back to 0, and so on.
#
# Who meets it: who prunes or masks weights, or starts from zeros, with an L1 penalty; and who compares gradients of a mean
# absolute error where a prediction is exact.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >"$folder/program.cjs" <<'END'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const {layers, regularizers, sequential} = require('@tensorflow/tfjs-layers');

async function main() {
  await tf.setBackend('cpu');
  const slope = tf.grad((x) => tf.sum(tf.abs(x)))(tf.tensor([-2, 0, 2]));
  console.log('derivative of abs at -2, 0, 2:', slope.dataSync().join(' '));
  const l1 = regularizers.l1({l1: 0.125});
  const model = sequential({layers: [layers.dense({units: 1, inputShape: [3], useBias: false, kernelInitializer: 'zeros', kernelRegularizer: l1})]});
  model.compile({optimizer: tf.train.sgd(1), loss: 'meanSquaredError'});
  for (let step = 0; step < 3; ++step) {
    console.log('weights', model.getWeights()[0].dataSync().join(' '));
    await model.fit(tf.zeros([1, 3]), tf.zeros([1, 1]), {epochs: 1, verbose: 0});
  }
}
main();
END
seen node "$folder/program.cjs" <<'END'
derivative of abs at -2, 0, 2: -1 -1 1
weights 0 0 0
weights 0.125 0.125 0.125
weights 0 0 0
END
