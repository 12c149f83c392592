// node playground.mjs WEB PROGRAMS: the requests of the playground, in node. It writes programs, and what they must print.
import assert from "node:assert/strict";
import {mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import vm from "node:vm";
import {gzipSync} from "node:zlib";

const [web, programs] = process.argv.slice(2),
  worker = join(dirname(fileURLToPath(import.meta.url)), "../../tools/web.d/worker");
const source = ["wasi.js", "library.js"].map(name => readFileSync(join(worker, name), "utf8")).join("\n");
const start = vm.runInThisContext(source + "; startLibrary");
const wasm = readFileSync(join(web, "tools/web.d/playground.wasm"));
const {ask, files} = await start(wasm, line => console.log(line));
mkdirSync(programs, {recursive: true});

const said = (request, ...parts) => {
  const answer = ask(request);
  assert.ok(answer.error, `no error: ${JSON.stringify(request)}`);
  for (const part of parts) assert.ok(answer.error.includes(part), `${answer.error}\nlacks: ${part}`);
};
const fine = request => {
  const answer = ask(request);
  assert.equal(answer.error, undefined, `${JSON.stringify(request)}: ${answer.error}`);
  return answer;
};
const begin = spec => fine({do: "start", anew: true, spec});
const train = n => {
  let last;
  for (let i = 0; i < n; ++i) last = fine({do: "steps", n: 1}).losses[0];
  return last;
};

// It is loaded whole: what the page does not need must not be linked in again.
const most = {bytes: 1_900_000, packed: 650_000},
  packed = gzipSync(wasm, {level: 9}).length;
assert.ok(wasm.length <= most.bytes && packed <= most.packed, `${wasm.length} bytes, ${packed} packed`);
assert.ok(!wasm.includes("money_get"), "the locales of libc++ are linked in");

// Before anything has been started.
said({do: "look"}, "nothing has been started");
said({do: "fly"}, "the request is unknown");
said({}, "");

const catalogue = fine({do: "catalogue"});
assert.equal(catalogue.optimizers.length, 17);

// Every set, and what is known of it.
for (const {name, classes} of catalogue.sets) {
  const info = begin({set: name, count: 100, loss: classes ? "cross_entropy" : "mse"});
  assert.equal(info.train.size + info.test.size, 100);
  assert.equal(info.classes, classes);
  const frame = fine({do: "look", surface: 12, neurons: 5, weights: true, evaluate: true});
  assert.deepEqual(frame.surface.shape, [144, info.outputs]);
  assert.deepEqual(
    frame.neurons.map(n => n.shape),
    [
      [8, 25],
      [8, 25],
    ],
  );
  assert.deepEqual(
    frame.weights.map(w => w.w.shape),
    [
      [8, 2],
      [8, 8],
      [info.outputs, 8],
    ],
  );
  if (classes)
    for (let i = 0; i < 144; ++i) {
      const sum = frame.surface.data.subarray(i * info.outputs, (i + 1) * info.outputs).reduce((a, b) => a + b);
      assert.ok(Math.abs(sum - 1) < 1e-5, "no probabilities");
    }
}

// It learns, and looking at it changes nothing.
begin({set: "circles", widths: [16, 16], options: {lr: 0.02}});
train(150);
fine({do: "look", surface: 20, neurons: 10, weights: true, evaluate: true});
fine({do: "landscape", points: 9});
fine({do: "program"});
fine({do: "weights"});
const looked = train(50);
begin({set: "circles", widths: [16, 16], options: {lr: 0.02}});
assert.equal(train(200), looked, "looking has changed the training");
const frame = fine({do: "look", evaluate: true});
assert.ok(frame.train_loss < 0.1, `${frame.train_loss}`);
assert.ok(frame.norms.length === 6 && frame.norms.every(n => n.grad > 0 && n.ratio > 0), JSON.stringify(frame.norms));

// A traced step is a step as any other.
begin({set: "moons", widths: [4]});
train(10);
const traced = fine({do: "trace"}),
  lines = new TextDecoder()
    .decode(files.get(traced.file))
    .trim()
    .split("\n")
    .map(line => JSON.parse(line));
assert.equal(lines[0].format, "gradus-trace");
assert.equal(lines.at(-1).ev, "end");
assert.ok(lines.some(e => e.ev === "check" && e.verdict === "ok") && !lines.some(e => e.verdict === "bad"));
const walked = lines.find(e => e.ev === "walk").value;
begin({set: "moons", widths: [4]});
assert.equal(train(11), walked);

// Weights go out and come back, as both kinds of file; nothing half.
begin({set: "xor", widths: [5], norm: "batch"});
train(30);
const before = fine({do: "look", surface: 7}).surface.data,
  saved = fine({do: "save"}),
  file = files.get(saved.file),
  text = JSON.parse(JSON.stringify(fine({do: "weights"})));
for (const back of [
  () => {
    files.set("/weights.safetensors", file);
    return fine({do: "load"});
  },
  () => fine({do: "set_weights", weights: text}),
]) {
  begin({set: "xor", widths: [5], norm: "batch", seed: 9});
  assert.notDeepEqual(fine({do: "look", surface: 7}).surface.data, before);
  back();
  assert.deepEqual(fine({do: "look", surface: 7}).surface.data, before);
}
const dataFile = files.get(fine({do: "save_data"}).file),
  header = JSON.parse(
    new TextDecoder().decode(
      dataFile.slice(8, 8 + Number(new DataView(dataFile.buffer, dataFile.byteOffset).getBigUint64(0, true))),
    ),
  );
assert.deepEqual(header["train.x"].shape, [225, 2]);
begin({set: "xor", widths: [6]});
files.delete("/weights.safetensors");
said({do: "load"}, "cannot be opened");
files.set("/weights.safetensors", file);
said({do: "load"}, "load_state_dict");
files.set("/weights.safetensors", file.slice(0, 40));
said({do: "load"}, "weights.safetensors");
said({do: "set_weights", weights: {"0.weight": {shape: [1]}}}, "");

// Changed while it runs: the weights stay, and no program is promised.
begin({set: "circles"});
train(20);
const kept = JSON.stringify(fine({do: "weights"}));
fine({
  do: "start",
  anew: false,
  spec: {
    set: "circles",
    optimizer: "sgd",
    options: {lr: 0.1, momentum: 0.9},
    batch: 8,
    schedule: "step",
    schedule_options: {step_size: 10},
  },
});
assert.equal(JSON.stringify(fine({do: "weights"})), kept);
train(20);
assert.equal(fine({do: "look"}).changed, true);
said({do: "start", anew: false, spec: {set: "circles", optimizer: "sgd", options: {lr: -1}}}, "lr");
train(2); // what was there goes on

// What cannot be.
said({do: "start", spec: {set: "mars"}}, "the data set is unknown");
said({do: "start", spec: {set: "circles", widths: [1e9]}}, "'widths'", "256");
said({do: "start", spec: {set: "digits", widths: [256, 256, 256, 256]}}, "too large for a page", "parameters");
said({do: "start", spec: {set: "circles", count: "many"}}, "'count'");
said({do: "start", spec: {set: "circles", options: {speed: 3}}}, "an option is unknown");
said({do: "start", spec: {set: "circles", options: {lr: "fast"}}}, "'lr'");
said({do: "start", spec: {set: "circles", optimizer: "newton", widths: [30, 30]}}, "Hessian");
said({do: "start", spec: {set: "circles", optimizer: "newton_cg", clip: 1}}, "clipped");
said({do: "start", spec: 7}, "'spec'");
said({do: "answer", x: [1]}, "another number of inputs");

// A loss that is not finite names its operation, as the guard does.
begin({set: "waves", optimizer: "sgd", options: {lr: 1e6}, loss: "mse", activation: "relu"});
let trouble = null;
for (let i = 0; i < 50 && !trouble; ++i) trouble = ask({do: "steps", n: 1}).error;
assert.ok(/NaN|infinite|inf/.test(trouble), trouble);

// One's own data: what the reader says of a bad file is what the page says.
const own = (csv, more = {}) => ({do: "start", spec: {set: "own", csv, ...more}});
const rows = Array.from({length: 40}, (_, i) => `${i % 7},${i % 5},${i % 2 ? "yes" : "no"}`).join("\n");
assert.deepEqual(fine(own("width,height,good\n" + rows)).class_names, ["no", "yes"]);
said(own("a,b,c\n1,2,x\n1,,y\n" + rows), 'line 3, column "b"', "an empty cell");
fine(own("a,b,c\n1,2,x\n1,,y\n" + rows, {missing: "drop"}));
said(own("a,b,c\n1,2,x\n1,red,y\n"), "line 3", "red");
fine(own("a,b,c\nred,2,x\ngreen,1,y\nred,4,y\nred,3,x\n", {categories: "one_hot"}));
said(own("1,2\n".repeat(20001)), "too many lines");
said(own(""), "own.csv");
said(own("1,2,nan\n3,4,5\n"), "own.csv");
const evil = "<img src=x onerror=alert(1)>";
assert.deepEqual(fine(own(`a,b,${evil}\n1,2,${evil}\n3,4,b\n5,6,b\n7,8,${evil}\n`)).class_names.includes(evil), true);
assert.equal(
  fine(own("x,y\n" + Array.from({length: 30}, (_, i) => `${i},${i * 0.5}`).join("\n"), {classes: false, loss: "mse"}))
    .inputs,
  1,
);
train(5);
fine({do: "look", surface: 8, neurons: 4, weights: true, evaluate: true});

// Every optimizer trains, and every schedule.
for (const kind of catalogue.optimizers) {
  begin({set: "moons", widths: [4], optimizer: kind.name, options: kind.name === "newton" ? {damping: 10} : {}});
  train(3);
}
for (const kind of catalogue.schedules) {
  const needed = {
    step: {step_size: 5},
    exponential: {gamma: 0.9},
    cosine: {T_max: 9},
    restarts: {T_0: 4},
    linear: {},
    polynomial: {},
    one_cycle: {max_lr: 0.1, total_steps: 20},
    cyclic: {base_lr: 0.01, max_lr: 0.1},
  };
  begin({set: "moons", widths: [4], schedule: kind.name, schedule_options: needed[kind.name]});
  train(6);
}

// Programs, and what they must print.
const cases = {
  xor: [300, {set: "xor", widths: [8]}],
  spirals: [
    400,
    {set: "spirals", widths: [8, 8], activation: "relu", optimizer: "adamw", options: {lr: 0.003, betas: [0.8, 0.99]}},
  ],
  digits: [135, {set: "digits", widths: [128], activation: "relu", optimizer: "adamw", options: {lr: 0.001}}],
  moons: [
    100,
    {
      set: "moons",
      widths: [6, 6],
      activation: "silu",
      norm: "layer",
      residual: true,
      optimizer: "sgd",
      options: {lr: 0.1, momentum: 0.9, nesterov: true},
      schedule: "cosine",
      schedule_options: {T_max: 100},
    },
  ],
  blobs: [
    90,
    {
      set: "blobs",
      widths: [7],
      activation: "gelu",
      norm: "batch",
      dropout: 0.2,
      optimizer: "lion",
      options: {lr: 0.01},
      clip: 1,
      batch: 10,
    },
  ],
  waves: [80, {set: "waves", widths: [12], loss: "huber", init: "orthogonal", optimizer: "muon", options: {lr: 0.02}}],
  peaks: [
    12,
    {set: "peaks", widths: [5], loss: "mse", optimizer: "lbfgs", options: {lr: 0.5, line_search_fn: 1}, batch: 300},
  ],
  circles: [20, {set: "circles", widths: [4], optimizer: "newton_cg", batch: 225, init: "xavier", seed: 7}],
  sigmoid: [
    60,
    {
      set: "circles",
      widths: [4, 4],
      activation: "sigmoid",
      norm: "rms",
      loss: "smoothed",
      optimizer: "rprop",
      options: {lr: 0.01},
      schedule: "one_cycle",
      schedule_options: {max_lr: 0.1, total_steps: 60, cycle_momentum: false},
    },
  ],
};
for (const [name, [steps, spec]] of Object.entries(cases)) {
  begin(spec);
  train(steps);
  const {bits} = fine({do: "look"}),
    loss = new Float32Array(new Uint32Array([parseInt(bits, 16)]).buffer)[0];
  assert.ok(Number.isFinite(loss), name);
  writeFileSync(join(programs, name + ".cpp"), fine({do: "program"}).text);
  writeFileSync(join(programs, name + ".txt"), `step ${steps}: loss ${percentG(loss)}\n`);
}
// As C's %.9g prints it.
function percentG(x) {
  const [digits, power] = x.toExponential(8).split("e"),
    e = Number(power);
  if (e >= -4 && e < 9) return String(Number(x.toPrecision(9)));
  return `${Number(digits)}e${e < 0 ? "-" : "+"}${String(Math.abs(e)).padStart(2, "0")}`;
}
console.log("all requests are answered");
