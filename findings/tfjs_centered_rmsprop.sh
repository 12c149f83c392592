#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (npm @tensorflow/tfjs-core): RMSprop with centered = true makes NaN of a small gradient.
#
# The step is divided by sqrt(mean square - (square of the mean + epsilon)): epsilon is subtracted, where it is to keep the
# number below the root above 0. After the first step that number is 0.09 g² - 1e-7, negative for every |g| below 0.00105.
#
# Who meets it: who trains with it until gradients get small, or has a weight whose gradient is 0: all is NaN from then on. Gradus
# and PyTorch add epsilon.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >"$folder/program.cjs" <<'END'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');

function step(gradient, centered) {
  const x = tf.variable(tf.scalar(0));
  tf.train.rmsprop(0.1, 0.9, 0, 1e-7, centered).applyGradients({[x.name]: tf.scalar(gradient)});
  return x.dataSync()[0].toFixed(4);
}

tf.setBackend('cpu').then(() => {
  console.log('version ', tf.version_core);
  for (const g of [1, 0.01, 0.001, 0]) console.log('gradient', g, 'plain', step(g, false), 'centered', step(g, true));
});
END
seen node "$folder/program.cjs" <<'END'
version  4.22.0
gradient 1 plain -0.3162 centered -0.3333
gradient 0.01 plain -0.3147 centered -0.3352
gradient 0.001 plain -0.2236 centered NaN
gradient 0 plain 0.0000 centered NaN
END
