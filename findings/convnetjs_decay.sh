#!/usr/bin/env bash
# ConvNetJS 0.3.0 (npm convnetjs): the weight decay is divided by the batch size.
#
# One weight of 1, input 0 and target 0, so that the loss has no gradient and only the decay acts: l2_decay 0.1, rate 1. The
# trainer adds decay and gradient first and divides their sum by batch_size. The gradient is a sum over the batch and becomes
# its mean; the decay is not a sum, and becomes a tenth at batch size 10. The reported l2_decay_loss is not divided.
#
# Who meets it: who takes a decay from there, or changes the batch size: the strength of the decay changes with it, as does
# the best value of it. In Gradus and PyTorch a step decays by rate times decay at every batch size.
set -euo pipefail
folder=$(mktemp -d)
. "$(dirname "$0")/common.sh"
npm_packages convnetjs@0.3.0
cat >"$folder/program.cjs" <<'END'
const {Net, Trainer, Vol} = require('convnetjs');

for (const batch_size of [1, 2, 10]) {
  const net = new Net();
  net.makeLayers([{type: 'input', out_sx: 1, out_sy: 1, out_depth: 1}, {type: 'regression', num_neurons: 1}]);
  const weight = net.layers[1].filters[0].w;
  weight[0] = 1;
  const trainer = new Trainer(net, {learning_rate: 1, momentum: 0, batch_size, l2_decay: 0.1});
  let told;
  for (let k = 0; k < batch_size; ++k) told = trainer.train(new Vol([0]), [0]).l2_decay_loss;
  console.log(`batch size ${batch_size}: one step takes the weight from 1 to ${weight[0].toFixed(3)}; decay loss ${told.toFixed(3)}`);
}
END
seen node "$folder/program.cjs" <<'END'
batch size 1: one step takes the weight from 1 to 0.900; decay loss 0.050
batch size 2: one step takes the weight from 1 to 0.950; decay loss 0.050
batch size 10: one step takes the weight from 1 to 0.990; decay loss 0.050
END
