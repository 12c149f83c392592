// What the page shows is one object, `state`: it is the address, and nothing else decides.
"use strict";

const defaults = {
  set: "circles",
  count: 300,
  noise: 0.05,
  test: 0.25,
  seed: 1,
  csv: "",
  label: "",
  classes: true,
  missing: "refuse",
  categories: "refuse",
  widths: [8, 8],
  activation: "tanh",
  norm: "none",
  init: "default",
  dropout: 0,
  residual: false,
  loss: "cross_entropy",
  optimizer: "adam",
  options: {lr: 0.02},
  schedule: "none",
  schedule_options: {},
  batch: 32,
  clip: 0,
  tab: "layers",
};

const choices = {
  activation: ["tanh", "relu", "sigmoid", "gelu", "silu", "elu", "leaky_relu", "softplus", "none"],
  norm: ["none", "batch", "layer", "rms"],
  init: ["default", "kaiming", "xavier", "orthogonal", "normal", "zeros"],
  missing: ["refuse", "drop", "mean"],
  categories: ["refuse", "index", "one_hot"],
  loss: ["cross_entropy", "smoothed", "mse", "l1", "huber"],
  tab: ["layers", "health", "landscape", "code"],
};
const limits = {
  count: [10, 5000, 1],
  noise: [0, 1],
  test: [0.05, 0.9],
  seed: [0, 2147483647, 1],
  dropout: [0, 0.95],
  batch: [1, 5000, 1],
  clip: [0, 1e6],
};
const sampleRates = {
  sgd: 0.3,
  adam: 0.02,
  adamw: 0.02,
  nadam: 0.02,
  radam: 0.05,
  adamax: 0.03,
  adagrad: 0.1,
  adadelta: 5,
  rmsprop: 0.01,
  rprop: 0.01,
  asgd: 0.3,
  lion: 0.005,
  muon: 0.02,
  schedule_free: 0.05,
  lbfgs: 0.5,
  newton: 1,
  newton_cg: 1,
};
const sampleOptions = name => ({lr: sampleRates[name], ...(name === "newton" ? {damping: 3} : {})});
const sampleSchedules = {
  step: {step_size: 200, gamma: 0.5},
  exponential: {gamma: 0.999},
  cosine: {T_max: 1000},
  restarts: {T_0: 200},
  linear: {total_iters: 100},
  polynomial: {total_iters: 1000},
  one_cycle: {max_lr: 0.05, total_steps: 50000, cycle_momentum: false},
  cyclic: {base_lr: 0.002, max_lr: 0.05, step_size_up: 200, cycle_momentum: false},
};

const longestLinkedCsv = 20000;

function plainOptions(value) {
  const all = {};
  for (const [name, x] of Object.entries(value)) {
    if (
      /^[A-Za-z_0-9]{1,40}$/.test(name) &&
      (typeof x === "number" ||
        typeof x === "boolean" ||
        (Array.isArray(x) && x.length === 2 && x.every(Number.isFinite)))
    )
      all[name] = x;
  }
  return all;
}

// One value of an address, or undefined if it is nonsense.
function readValue(key, text, catalogue) {
  if (key in limits) {
    const x = Number(text),
      [low, high, step] = limits[key];
    return text.trim() !== "" && x >= low && x <= high && (!step || Number.isInteger(x)) ? x : undefined;
  }
  if (key in choices) return choices[key].includes(text) ? text : undefined;
  if (key === "set") return [...catalogue.sets.map(s => s.name), "digits", "own"].includes(text) ? text : undefined;
  if (key === "optimizer") return catalogue.optimizers.some(o => o.name === text) ? text : undefined;
  if (key === "schedule") return text === "none" || catalogue.schedules.some(o => o.name === text) ? text : undefined;
  if (key === "classes" || key === "residual") return text === "true" ? true : text === "false" ? false : undefined;
  if (key === "csv" || key === "label") return text.length <= longestLinkedCsv ? text : undefined;
  if (key === "widths") {
    const all = text === "" ? [] : text.split(",").map(Number);
    return all.length <= 8 && all.every(w => Number.isInteger(w) && w >= 1 && w <= 256) ? all : undefined;
  }
  if (key === "options" || key === "schedule_options") {
    try {
      const all = JSON.parse(text);
      return all && typeof all === "object" && !Array.isArray(all) ? plainOptions(all) : undefined;
    } catch (e) {
      return undefined;
    }
  }
  return undefined;
}

// {state, nonsense: [names]}
function stateFrom(hash, catalogue) {
  const state = structuredClone(defaults),
    nonsense = [];
  let pairs = [];
  try {
    pairs = [...new URLSearchParams(hash.replace(/^#/, ""))];
  } catch (e) {
    nonsense.push("the address");
  }
  for (const [key, text] of pairs) {
    const value = Object.hasOwn(defaults, key) ? readValue(key, text, catalogue) : undefined;
    if (value === undefined) nonsense.push(key.slice(0, 30));
    else state[key] = value;
  }
  if (!pairs.some(([key]) => key === "options") && state.optimizer !== defaults.optimizer)
    state.options = sampleOptions(state.optimizer);
  const known = catalogue.optimizers.find(o => o.name === state.optimizer).options;
  for (const name of Object.keys(state.options))
    if (!(name in known)) {
      delete state.options[name];
      nonsense.push("options." + name);
    }
  const schedule = catalogue.schedules.find(o => o.name === state.schedule);
  for (const name of Object.keys(state.schedule_options))
    if (!schedule || !(name in schedule.options)) {
      delete state.schedule_options[name];
      nonsense.push("schedule_options." + name);
    }
  return {state, nonsense};
}

function hashOf(state) {
  const pairs = new URLSearchParams();
  for (const [key, standard] of Object.entries(defaults)) {
    const value = state[key],
      text = v => (typeof v === "object" && !Array.isArray(v) ? JSON.stringify(v) : String(v));
    if (text(value) === text(standard) || (key === "csv" && value.length > longestLinkedCsv)) continue;
    if (key === "options" && text(value) === JSON.stringify(sampleOptions(state.optimizer))) continue;
    pairs.set(key, text(value));
  }
  return (
    "#" +
    pairs
      .toString()
      .replace(/%2C/g, ",")
      .replace(/%3A/g, ":")
      .replace(/%22/g, '"')
      .replace(/%7B/g, "{")
      .replace(/%7D/g, "}")
  );
}

const specOf = state => {
  const spec = structuredClone(state);
  delete spec.tab;
  return spec;
};
