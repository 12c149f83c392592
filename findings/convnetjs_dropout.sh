#!/usr/bin/env bash
# ConvNetJS 0.3.0 (npm convnetjs): the dropout layer predicts with the share that it drops, not with the share that it keeps.
#
# In training each unit is set to 0 with the probability drop_prob, and nothing else is scaled: of a layer of ones with
# drop_prob 0.2 the mean stays 0.8. For a prediction the layer multiplies by drop_prob, so that the same layer gives 0.2, a
# quarter of what the next layer was trained on. Only for 0.5, the standard value, the two shares are equal. With drop_prob
# 0, which is no dropout, every prediction is 0.
#
# Who meets it: who moves a network with dropout from there, or compares its predictions: they are those of weights that
# are scaled by the wrong factor. Gradus and PyTorch divide by the kept share in training and change nothing later.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages convnetjs@0.3.0
cat >"$folder/program.cjs" <<'END'
const {DropoutLayer, Vol} = require('convnetjs');

const count = 100000;
const mean = (values) => (values.reduce((a, b) => a + b, 0) / count).toFixed(1);
for (const drop_prob of [0, 0.2, 0.5, 0.9]) {
  const layer = new DropoutLayer({in_sx: 1, in_sy: 1, in_depth: count, drop_prob});
  const ones = new Vol(1, 1, count, 1);
  console.log(`drop_prob ${drop_prob}: mean in training ${mean(layer.forward(ones, true).w)}, in prediction ${mean(layer.forward(ones, false).w)}`);
}
END
seen node "$folder/program.cjs" <<'END'
drop_prob 0: mean in training 1.0, in prediction 0.0
drop_prob 0.2: mean in training 0.8, in prediction 0.2
drop_prob 0.5: mean in training 0.5, in prediction 0.5
drop_prob 0.9: mean in training 0.1, in prediction 0.9
END
