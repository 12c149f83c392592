#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (npm @tensorflow/tfjs-core): adadelta takes exactly the steps of SGD.
#
# Adadelta (Zeiler, 2012) multiplies a gradient by sqrt(average of squared updates + eps) / sqrt(average of squared
# gradients + eps). This version divides by the average of the step before and feeds both averages the same way, so that
# the two stay equal and their quotient is 1. What is left is x -= learning_rate * gradient.
#
# Who meets it: who moves a learning rate from there. 1.0, the usual one for Adadelta, is a large rate for SGD; and the
# standard rate there, 0.001, is a small one. Gradus follows the paper: its first step for g = 1 is 0.0032.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat >"$folder/program.cjs" <<'END'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');

function path(optimizer) {
  const x = tf.variable(tf.scalar(0));
  return [1, 1, 2, 0.5].map((gradient) => {
    optimizer.applyGradients({[x.name]: tf.scalar(gradient)});
    return x.dataSync()[0].toFixed(4);
  });
}

tf.setBackend('cpu').then(() => {
  console.log('version ', tf.version_core);
  console.log('adadelta', ...path(tf.train.adadelta(1, 0.95, 1e-7)));
  console.log('sgd     ', ...path(tf.train.sgd(1)));
});
END
seen node "$folder/program.cjs" <<'END'
version  4.22.0
adadelta -1.0000 -2.0000 -4.0000 -4.5000
sgd      -1.0000 -2.0000 -4.0000 -4.5000
END
