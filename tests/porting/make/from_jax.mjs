// Numbers of jax-js, JAX's interface in JavaScript: values and derivatives at the edges. Prints JSON.
import {readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import path from 'node:path';
const folder = path.join(process.env.NODE_PATH, '@jax-js/jax');
const jax = await import(pathToFileURL(path.join(folder, 'dist/index.js')));
const {numpy: np, nn, grad} = jax;
const rows = {};
for (const [name, f, x] of [
  ['relu', (t) => nn.relu(t), 0], ['abs', (t) => np.abs(t), 0], ['gelu', (t) => nn.gelu(t), 1.5],
  ['sigmoid', (t) => nn.sigmoid(t), 1.5], ['silu', (t) => nn.silu(t), 1.5], ['softplus', (t) => nn.softplus(t), 1.5],
  ['tanh', (t) => np.tanh(t), 1.5], ['elu', (t) => nn.elu(t), -1.5], ['leaky_relu', (t) => nn.leakyRelu(t), -1.5],
]) {
  const y = f(np.array(x)), g = grad(f)(np.array(x));
  rows[name] = {input: x, value: y.js(), gradient: g.js()};
}
const version = JSON.parse(readFileSync(path.join(folder, 'package.json'))).version;
console.log(JSON.stringify({library: 'jax-js', version, rows}));
