// node tools/bench/playground.mjs [NN.JS]: the playground's training in node: steps a second of 2-8-8-1 with batch 32, and
// the digits. NN.JS: TensorFlow Playground's network code, src/nn.ts of its repository, as a JavaScript module
// (npx tsc --target es2020 --module es2020 nn.ts); both then train the same network on the same data in turns.
import {readFileSync} from "node:fs";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";
import vm from "node:vm";

const root = join(dirname(fileURLToPath(import.meta.url)), "../.."), read = name => readFileSync(join(root, "tools/web.d/worker", name), "utf8");
const start = vm.runInThisContext(read("wasi.js") + read("library.js") + "; startLibrary");
const {ask} = await start(readFileSync(join(root, "build/web/tools/web.d/playground.wasm")), () => {});
const begin = spec => ask({do: "start", anew: true, spec});
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const seconds = work => { const t = performance.now(); work(); return (performance.now() - t) / 1000; };

const spec = {set: "waves", count: 800, test: 0.2, widths: [8, 8], loss: "mse", optimizer: "sgd", options: {lr: 0.03}, batch: 32};
const {train} = begin(spec), block = 500;
const ours = () => ask({do: "steps", n: block});

let theirs = () => {};
if (process.argv[2]) {
  const nn = await import(pathToFileURL(resolve(process.argv[2])).href);
  const network = nn.buildNetwork([2, 8, 8, 1], nn.Activations.TANH, nn.Activations.LINEAR, null, ["x1", "x2"], false);
  const points = [...train.y.data].map((y, i) => ({x: [train.x1.data[i], train.x2.data[i]], y}));
  let at = 0;
  theirs = () => {
    for (let step = 0; step < block; ++step) {
      for (let i = 0; i < 32; ++i) {
        const point = points[at++ % points.length];
        nn.forwardProp(network, point.x);
        nn.backProp(network, point.y, nn.Errors.SQUARE);
      }
      nn.updateWeights(network, 0.03, 0);
    }
  };
}
const times = [[], []];
for (let turn = 0; turn < 25; ++turn) {
  const pair = [seconds(ours), seconds(theirs)];
  if (turn >= 5) pair.forEach((t, i) => times[i].push(block / t));  // the first are compiled while they run
}
console.log(`2-8-8-1, batch 32: ${Math.round(median(times[0]))} steps a second`);
if (process.argv[2]) console.log(`TensorFlow Playground's code: ${Math.round(median(times[1]))} steps a second; ratio ${(median(times[0]) / median(times[1])).toFixed(2)}`);

begin({set: "digits", widths: [128], activation: "relu", optimizer: "adamw", options: {lr: 0.001}, batch: 32});
const epochs = Array.from({length: 30}, () => 1000 * seconds(() => ask({do: "steps", n: 45})));
console.log(`digits MLP 64-128-10: ${epochs[0].toFixed(1)} ms for the first epoch, ${median(epochs.slice(12)).toFixed(1)} ms after 12`);
