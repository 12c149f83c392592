// Where one number of a step comes from: the sum that made it, with the numbers of the trace. A sum that does not give the number
// that the trace holds is not shown.
"use strict";

const mostTerms = 12;

function unflat(shape, flat) {
  const index = [];
  for (let axis = shape.length - 1; axis >= 0; --axis) {
    index.unshift(flat % shape[axis]);
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}
const flatOf = (shape, index) => index.reduce((at, i, axis) => at * shape[axis] + i, 0);
const range = n => Array.from({length: n}, (_, i) => i);
const item = (tensor, at) => numberOf(tensor.data[at]);

// The value of a formula's sign and numbers: {a, b}: a times b; {a}: a alone.
const termValue = term => (term.b === undefined ? term.a : term.a * term.b);

function madeOf(trace, t, event, role, i) {
  let made = null;
  if (event.ev === "op" && role === "value")
    made = forwardSum(
      nodeOf(t, event.node),
      nodeOf(t, event.node).inputs.map(id => nodeOf(t, id).value),
      i,
    );
  if (event.ev === "contribution") {
    if (role === "after" || role === "before")
      made = event.before && {
        terms: [{a: item(event.before, i)}, {a: item(event.added, i)}],
        words: "already there + this contribution",
      };
    else if (role === "given" || role === "added") made = backwardSum(trace, t, event, i);
  }
  const of = {value: event.value, after: event.after, before: event.after, given: event.added, added: event.added}[
    role
  ];
  if (!made || !of || !of.data) return null;
  made.total = item(of, i);
  made.shape = of.shape;
  const {value, size} = worthOf(made);
  return Math.abs(value - made.total) <= 1e-4 * Math.max(size, 1e-30) ? made : null;
}

// What the terms come to, and how large they are. `value`, `size` and `text` are of what is no plain sum.
function worthOf(made) {
  if (made.text) return made;
  const all = made.terms.map(termValue),
    times = made.times ?? 1;
  if (made.greatest) return {value: Math.max(...all), size: Math.max(...all.map(Math.abs))};
  return {
    value: all.reduce((s, v) => s + v, 0) * times,
    size: all.reduce((s, v) => s + Math.abs(v), 0) * Math.abs(times),
  };
}

// Row r and column c of a product of two matrices, each transposed or not, in the batch that the index begins with.
function productTerms(a, b, ta, tb, index) {
  const at = (x, transposed, r, c) => {
    const batch = x.shape.length > 2 ? index.slice(0, -2) : [];
    return flatOf(x.shape, transposed ? [...batch, c, r] : [...batch, r, c]);
  };
  const inner = a.shape.at(ta ? -2 : -1),
    [r, c] = index.slice(-2);
  return range(inner).map(k => ({a: item(a, at(a, ta, r, k)), b: item(b, at(b, tb, k, c))}));
}

const matrices = (...all) =>
  all.every(x => x && x.data && x.shape.length >= 2 && x.shape.length === all[0].shape.length);

function forwardSum(n, inputs, i) {
  if (!inputs.every(x => x && x.data)) return null;
  const [x, y] = inputs,
    options = n.attributes || {},
    index = unflat(n.value.shape, i);
  if (n.op === "matmul" && matrices(x, y))
    return {terms: productTerms(x, y, options.transpose_a, options.transpose_b, index), words: "a row times a column"};
  if (n.op === "addmm" && matrices(x, y, inputs[2]))
    return {
      terms: [{a: item(x, i)}, ...productTerms(y, inputs[2], options.transpose_a, options.transpose_b, index)],
      words: "c, and a row times a column",
    };
  if (n.op === "add") return {terms: [{a: item(x, i)}, {a: item(y, i)}], words: "the sum of both"};
  if (n.op === "sub") return {terms: [{a: item(x, i)}, {a: -item(y, i)}], words: "the difference"};
  if (n.op === "mul") return {terms: [{a: item(x, i), b: item(y, i)}], words: "the product"};
  if (n.op === "sum" || n.op === "mean") {
    const from = range(x.data.length).filter(k => reduced(unflat(x.shape, k), n, x.shape) === i);
    return {
      terms: from.map(k => ({a: item(x, k)})),
      times: n.op === "mean" ? 1 / from.length : 1,
      words: n.op === "mean" ? `the mean of ${from.length}` : `the sum of ${from.length}`,
    };
  }
  if (n.op === "expand")
    return {terms: [{a: item(x, flatOf(x.shape, narrowed(index, x.shape)))}], words: "one number, used again"};
  if (n.op === "conv2d") return convForward(n, inputs, i);
  if (n.op === "max_pool2d" || n.op === "avg_pool2d") return poolForward(n, inputs, i);
  if (n.op === "adaptive_avg_pool2d") return adaptiveForward(n, inputs, i);
  if (n.op === "softmax" || n.op === "log_softmax") return softmaxForward(n, inputs, i);
  if (n.op === "cross_entropy") return crossEntropyForward(n, inputs, i);
  return null;
}

// Where the element at `index` goes in a sum or mean over some axes.
function reduced(index, n, shape) {
  const axes = ((n.attributes || {}).axes || []).map(a => (a < 0 ? a + shape.length : a)),
    over = axis => !axes.length || axes.includes(axis);
  const left = index.flatMap((k, axis) => (over(axis) ? (n.value.shape.length === shape.length ? [0] : []) : [k]));
  return flatOf(n.value.shape, left);
}

// The index in a tensor that was expanded to another shape.
const narrowed = (index, shape) =>
  shape.map((size, axis) => (size === 1 ? 0 : index[index.length - shape.length + axis]));

function backwardSum(trace, t, e, i) {
  const n = nodeOf(t, e.from),
    walk = trace.walks.get(e.walk),
    visit = walk && walk.visits.has(e.from) ? trace.events[walk.visits.get(e.from)] : null;
  const g = visit && visit.grad,
    check = walk && walk.local.get(e.from + "/" + e.slot),
    inputs = n.inputs.map(id => nodeOf(t, id).value);
  if (!g || !g.data || !e.added.data) return null;
  const index = unflat(e.added.shape, i),
    options = n.attributes || {},
    product = n.op === "matmul" ? 0 : n.op === "addmm" ? 1 : -1;
  if (product >= 0 && e.slot >= product) {
    const [a, b] = [inputs[product], inputs[product + 1]];
    if (!matrices(g, a, b) || !a.data || !b.data) return null;
    const words = "a row times a column",
      ta = Boolean(options.transpose_a),
      tb = Boolean(options.transpose_b);
    if (e.slot === product)
      return {terms: ta ? productTerms(b, g, tb, true, index) : productTerms(g, b, false, !tb, index), words};
    return {terms: tb ? productTerms(g, a, true, ta, index) : productTerms(a, g, !ta, false, index), words};
  }
  if (check && check.local && check.local.data)
    return {terms: [{a: item(g, i), b: item(check.local, i)}], words: "incoming times local"};
  if (n.op === "expand") {
    const from = range(g.data.length).filter(
      k => flatOf(e.added.shape, narrowed(unflat(g.shape, k), e.added.shape)) === i,
    );
    return {terms: from.map(k => ({a: item(g, k)})), words: `the sum over ${from.length} uses`};
  }
  if (n.op === "sum" || n.op === "mean") {
    const share = n.op === "mean" ? sizeOf(g.shape) / e.added.data.length : 1;
    return {
      terms: [{a: item(g, reduced(index, n, e.added.shape))}],
      times: share,
      words: n.op === "mean" ? `incoming, divided by ${Math.round(1 / share)}` : "incoming, as it is",
    };
  }
  if (n.op === "add" || (n.op === "sub" && e.slot === 0) || (n.op === "addmm" && e.slot === 0))
    return {terms: [{a: item(g, i)}], words: "incoming, as it is"};
  if (n.op === "sub") return {terms: [{a: -item(g, i)}], words: "incoming, with the other sign"};
  if (n.op === "conv2d") return convBackward(n, inputs, g, e.slot, index, i);
  if (n.op === "max_pool2d" || n.op === "avg_pool2d") return poolBackward(n, inputs, g, index);
  if (n.op === "adaptive_avg_pool2d") return adaptiveBackward(inputs[0], g, index);
  if ((n.op === "softmax" || n.op === "log_softmax") && n.value && n.value.data) return softmaxBackward(n, g, i);
  if (n.op === "cross_entropy" && inputs.every(x => x && x.data)) return crossEntropyBackward(inputs, g, index);
  const other = inputs[1 - e.slot];
  if (n.op === "mul" && other && other.data)
    return {terms: [{a: item(g, i), b: item(other, i)}], words: "incoming times the other factor"};
  return null;
}

// One number of a step, said: "[0, 1] = 0.5 · 0.2 + 0.1 · 0.3 = 0.13".
function sumView(made, label, i, close) {
  return h(
    "div",
    {class: "sum", role: "status"},
    h(
      "p",
      {class: "over"},
      `${label} ${made.shape.length ? indexText(made.shape, i) : ""}: ${made.words} `,
      h("button", {type: "button", class: "link", text: "close", onclick: close}),
    ),
    h("p", {class: "terms"}, made.text || termsText(made), " = ", h("b", {text: numberText(made.total)})),
  );
}

function termsText(made) {
  const one = term => (term.b === undefined ? signed(term.a) : `${signed(term.a)} · ${signed(term.b)}`),
    all = made.terms.map(one);
  if (made.greatest) return `max(${joined(all, ", ")})`;
  const times = made.times === undefined || made.times === 1 ? "" : ` · ${numberText(made.times)}`,
    sum = joined(all) || "0";
  return times && all.length > 1 ? `(${sum})${times}` : sum + times;
}
