#!/usr/bin/env bash
# ConvNetJS 0.3.0 (npm convnetjs): an optimizer that it does not know is SGD with momentum, in silence.
#
# The trainer of the published package knows adagrad, adadelta and windowgrad. Any other method, 'adam' and 'nesterov'
# included, is SGD with the momentum given (standard: 0.9).
#
# Who meets it: who compares Adam with it, or mistypes a name. gradus train refuses an unknown name and proposes one.
. "$(dirname "$0")/common.sh"
npm_packages convnetjs@0.3.0
cat >"$folder/program.cjs" <<'END'
const convnetjs = require('convnetjs');

// A "network" of one number whose gradient is always 1.
function path(method) {
  const x = new convnetjs.Vol(1, 1, 1, 0);
  const net = {
    forward: () => {},
    backward: () => (x.dw[0] = 1),
    getParamsAndGrads: () => [{params: x.w, grads: x.dw, l1_decay_mul: 0, l2_decay_mul: 0}],
  };
  const trainer = new convnetjs.Trainer(net, {method, learning_rate: 0.1, momentum: 0.9, batch_size: 1});
  return [1, 2, 3].map(() => {
    trainer.train(x, 0);
    return x.w[0].toFixed(3);
  });
}

for (const method of ['sgd', 'adam', 'nesterov', 'adamm', 'adagrad']) console.log(method.padEnd(8), ...path(method));
END
seen node "$folder/program.cjs" <<'END'
sgd      -0.100 -0.290 -0.561
adam     -0.100 -0.290 -0.561
nesterov -0.100 -0.290 -0.561
adamm    -0.100 -0.290 -0.561
adagrad  -0.100 -0.171 -0.228
END
