// run.mjs MODULES FOLDER: runs every FOLDER/NAME.onnx with onnxruntime-web for the inputs in NAME.safetensors and
// compares. MODULES is the folder node_modules that holds onnxruntime-web. Nothing is fetched.
import fs from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const tolerance = 1e-5;  // of the difference, relative to numbers above 1
const kinds = {
  F32: {make: (b) => new Float32Array(b), type: 'float32'},
  I64: {make: (b) => new BigInt64Array(b), type: 'int64'},
  BOOL: {make: (b) => new Uint8Array(b), type: 'bool'},
};

function readSafetensors(file) {
  const bytes = fs.readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const tensors = {};
  for (const [name, {dtype, shape, data_offsets: [begin, end]}] of Object.entries(header)) {
    const copy = new Uint8Array(bytes.subarray(8 + length + begin, 8 + length + end)).buffer;  // aligned
    tensors[name] = {shape, data: kinds[dtype].make(copy), type: kinds[dtype].type};
  }
  return tensors;
}

async function loadRuntime(modules) {
  const dist = path.resolve(modules, 'onnxruntime-web/dist');
  const ort = await import(pathToFileURL(path.join(dist, 'ort.wasm.min.mjs')).href);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = pathToFileURL(dist + '/').href;
  ort.env.wasm.wasmBinary = fs.readFileSync(path.join(dist, 'ort-wasm-simd-threaded.wasm'));
  ort.env.logLevel = 'error';
  return ort;
}

function difference(got, expected) {
  if (JSON.stringify(got.dims) !== JSON.stringify(expected.shape))
    throw new Error(`shape ${JSON.stringify(got.dims)} instead of ${JSON.stringify(expected.shape)}`);
  let most = 0;
  for (let i = 0; i < expected.data.length; ++i) {
    const a = Number(got.data[i]), b = Number(expected.data[i]);
    if (Object.is(a, b)) continue;
    const d = Math.abs(a - b) / Math.max(1, Math.abs(b));
    if (!(d <= most)) most = d;
  }
  return most;
}

const [modules, folder] = process.argv.slice(2);
const ort = await loadRuntime(modules);
let failed = 0, runs = 0, worst = 0;
const names = fs.readdirSync(folder).filter((f) => f.endsWith('.onnx')).map((f) => f.slice(0, -5));
for (const name of names.sort()) {
  const tensors = readSafetensors(path.join(folder, name + '.safetensors'));
  try {
    const model = new Uint8Array(fs.readFileSync(path.join(folder, name + '.onnx')));
    const session = await ort.InferenceSession.create(model, {executionProviders: ['wasm']});
    for (const batch of [1, 2, 7]) {
      const feeds = {};
      session.inputNames.forEach((input, i) => {
        const x = tensors[`${batch}.in.${i}`];
        feeds[input] = new ort.Tensor(x.type, x.data, x.shape);
      });
      const outputs = await session.run(feeds);
      session.outputNames.forEach((output, k) => {
        const d = difference(outputs[output], tensors[`${batch}.out.${k}`]);
        if (!(d <= tolerance)) throw new Error(`batch ${batch}, output ${output}: difference ${d}`);
        if (d > worst) worst = d;
        ++runs;
      });
    }
    await session.release();
  } catch (error) {
    console.log(`FAILED ${name}: ${error.message}`);
    ++failed;
  }
}
console.log(`${names.length} networks, ${runs} results, largest difference ${worst.toExponential(1)}, ${failed} failed`);
process.exit(failed ? 1 : 0);
