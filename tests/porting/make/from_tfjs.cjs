// Numbers of TensorFlow.js, whose layers are Keras's: optimizers, losses, layers. Prints JSON.
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const layers = require('@tensorflow/tfjs-layers');

const rows = {};
const start = [1.0, -2.0, 0.5];
const gradients = [[0.5, -1.0, 1e-7], [0.25, 2.0, 1e-7], [-1.0, 0.5, 1e-3], [0.75, -0.25, 0.0]];

function path(name, optimizer, steps = gradients) {
  const p = tf.variable(tf.tensor1d(start));
  const points = steps.map((g) => {
    optimizer.applyGradients({[p.name]: tf.tensor1d(g)});
    return Array.from(p.dataSync());
  });
  rows[name] = {start, gradients: steps, path: points};
}

function loss(name, f, input, target) {
  const x = tf.tensor(input), y = tf.tensor(target);
  const {value, grad} = tf.valueAndGrad((t) => f(y, t))(x);
  rows[name] = {input, target, value: value.dataSync()[0], gradient: grad.arraySync()};
}

function layer(name, made, input, call = {}) {
  const x = tf.tensor(input);
  const y = made.apply(x, call);
  rows[name] = {weights: made.getWeights().map((w) => w.arraySync()), input, output: y.arraySync()};
}

async function main() {
  await tf.setBackend('cpu');
  path('sgd', tf.train.sgd(0.1));
  path('momentum', tf.train.momentum(0.1, 0.9));
  path('nesterov', tf.train.momentum(0.1, 0.9, true));
  path('adam', tf.train.adam(0.1));
  path('adamax', tf.train.adamax(0.1));
  path('adagrad', tf.train.adagrad(0.1));
  path('rmsprop', tf.train.rmsprop(0.1));
  path('rmsprop_momentum', tf.train.rmsprop(0.1, 0.9, 0.5));
  path('rmsprop_centered', tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true), [[0.5, -1.0, 2.0], [0.25, 2.0, -0.5]]);
  path('rmsprop_centered_small', tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true), [[1e-5, 1e-4, 1e-2]]);
  path('adadelta', tf.train.adadelta(0.1));
  loss('huber', (y, x) => tf.losses.huberLoss(y, x, undefined, 1.0), [0.5, -3.0], [0.0, 2.0]);
  loss('weighted_mse', (y, x) => tf.losses.meanSquaredError(y, x, tf.tensor1d([1, 0, 2])), [0.5, -3.0, 1.0], [0.0, 2.0, 0.0]);
  loss('softmax_cross_entropy', (y, x) => tf.losses.softmaxCrossEntropy(y, x, undefined, 0.1),
       [[1.0, -0.5, 0.25], [0.0, 2.0, -1.0]], [[0, 0, 1], [0, 1, 0]]);
  loss('sigmoid_cross_entropy', (y, x) => tf.losses.sigmoidCrossEntropy(y, x), [0.5, -3.0], [1.0, 0.0]);
  layer('leaky_relu', layers.layers.leakyReLU(), [[-2.0, 3.0]]);
  layer('elu', layers.layers.elu(), [[-2.0, 3.0]]);
  layer('layer_norm', layers.layers.layerNormalization(), [[1.0, 2.0, 4.0]]);
  layer('max_pool', layers.layers.maxPooling2d({poolSize: 2}), [[[[1], [5], [2]], [[3], [4], [9]], [[8], [7], [6]]]]);
  const norm = layers.layers.batchNormalization();
  layer('batch_norm', norm, [[1.0], [2.0], [3.0], [6.0]], {training: true});
  rows.batch_norm.weights_after = norm.getWeights().map((w) => w.arraySync());  // gamma, beta, moving mean, moving variance
  const sequence = [[[0.5, -1.0], [0.25, 2.0], [1.0, 0.5]]];
  layer('lstm', layers.layers.lstm({units: 3, recurrentInitializer: 'glorotUniform'}), sequence);
  layer('lstm_sigmoid', layers.layers.lstm({units: 3, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotUniform'}), sequence);
  layer('gru', layers.layers.gru({units: 3, recurrentInitializer: 'glorotUniform'}), sequence);
  layer('dense', layers.layers.dense({units: 3}), [[0.5, -1.0]]);
  layer('conv2d', layers.layers.conv2d({filters: 2, kernelSize: 2}), [[[[1], [5], [2]], [[3], [4], [9]], [[8], [7], [6]]]]);
  const wide = layers.layers.dense({units: 400});
  wide.apply(tf.zeros([1, 600]));
  const w = wide.getWeights()[0];
  rows.dense_initial = {in: 600, out: 400, deviation: Math.sqrt(tf.mean(tf.square(w)).dataSync()[0]), largest: tf.max(tf.abs(w)).dataSync()[0]};
  console.log(JSON.stringify({library: 'TensorFlow.js', version: tf.version_core, rows}));
}
main();
