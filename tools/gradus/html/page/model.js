// What a trace says: tapes with their nodes, walks, and which events are steps. Nothing here touches the page.
"use strict";

const phases = {
  op: "forward",
  visit: "walk",
  contribution: "walk",
  accumulate: "walk",
  step: "update",
  zero_grad: "update",
  mutation: "update",
};

const known = new Set([
  ...Object.keys(phases),
  "tape",
  "leaf",
  "walk",
  "walk_end",
  "check",
  "tape_end",
  "scalar",
  "warning",
  "error",
  "end",
]);

function numberOf(x) {
  // what JSON cannot say is a string
  return typeof x === "number" ? x : x === "nan" ? NaN : x === "inf" ? Infinity : x === "-inf" ? -Infinity : NaN;
}

function sizeOf(shape) {
  return shape.reduce((n, s) => n * s, 1);
}

// Events are kept by their index; a step is an event at which one can stop. Step k is steps[k - 1]: 0 is before the first.
function readTrace(events) {
  const trace = {
    header: events[0],
    events,
    steps: [],
    tapes: new Map(),
    walks: new Map(),
    tapeAt: [],
    warnings: [],
    scalars: [],
    end: null,
    cursor: null,
  };
  const tape = number => {
    if (!trace.tapes.has(number)) {
      trace.tapes.set(number, {
        number,
        nodes: new Map(),
        walks: [],
        first: -1,
        full: true,
        key: null,
        readers: new Map(),
      });
    }
    return trace.tapes.get(number);
  };
  let current = null;
  events.forEach((e, i) => {
    if (!known.has(e.ev)) return;
    if (e.tape !== undefined) {
      const t = tape(e.tape);
      if (t.first < 0) t.first = i;
      if (t.full || !current) current = t;
      addToTape(trace, t, e, i);
    }
    if (e.ev === "warning") trace.warnings.push(e);
    if (e.ev === "scalar") trace.scalars.push(e);
    if (e.ev === "end") trace.end = e;
    if (e.ev in phases && !(e.ev === "step" && !e.after)) {
      trace.steps.push(i);
      trace.tapeAt.push(current);
    }
  });
  return trace;
}

function addToTape(trace, t, e, i) {
  if (e.ev === "tape") t.full = e.full;
  if (e.ev === "leaf") {
    t.nodes.set(e.node, {
      id: e.node,
      kind: e.constant ? "constant" : "leaf",
      name: e.name,
      op: "",
      inputs: [],
      scope: e.scope,
      loc: e.loc,
      value: e.value,
      tensor: e.tensor,
      rule: "",
      event: i,
    });
  }
  if (e.ev === "op") {
    t.nodes.set(e.node, {
      id: e.node,
      kind: "op",
      name: "",
      op: e.op,
      inputs: e.inputs,
      scope: e.scope,
      loc: e.loc,
      value: e.value,
      rule: e.rule,
      attributes: e.attributes,
      event: i,
    });
    // A result gets its name after it was made: the operations that read it say so.
    (e.names || []).forEach((name, slot) => {
      if (name && t.nodes.has(e.inputs[slot])) t.nodes.get(e.inputs[slot]).name = name;
    });
  }
  if (!e.walk || e.ev === "warning") return;
  if (!trace.walks.has(e.walk)) {
    // at its beginning, if that has not been dropped
    const walk = {
      number: e.walk,
      tape: t,
      what: e.what,
      from: e.ev === "walk" ? e.from : undefined,
      value: e.value,
      loc: e.loc,
      first: i,
      last: -1,
      visits: new Map(),
      given: new Map(),
      local: new Map(),
      checks: new Map(),
      grads: new Map(),
    };
    t.walks.push(walk);
    trace.walks.set(e.walk, walk);
  }
  const w = trace.walks.get(e.walk);
  if (e.ev === "visit") w.visits.set(e.node, i);
  if (e.ev === "contribution") push(w.given, e.to, i);
  if (e.ev === "accumulate") w.grads.set(e.node, i);
  if (e.ev === "walk_end") w.last = i;
  if (e.ev === "check") {
    if (e.kind === "local") w.local.set(e.node + "/" + e.slot, e);
    else if (showsMore(e, w.checks.get(e.node))) w.checks.set(e.node, e);
  }
}

// Of several checks of a gradient one is shown: one that fails, or else the most thorough.
function showsMore(check, shown) {
  return !shown || check.verdict === "bad" || (check.kind === "elements" && shown.verdict !== "bad");
}

// The values that backward() was called on, for each line that called it: only those of one line are one loss that changes.
function lossesOf(trace) {
  const lines = new Map();
  trace.events.forEach((e, i) => {
    if (e.ev !== "walk" || e.what !== "backward" || e.value === undefined) return;
    push(lines, e.loc && e.loc.file ? `${e.loc.file.split("/").pop()}:${e.loc.line}` : "", {
      step: stepOfEvent(trace, i),
      y: numberOf(e.value),
    });
  });
  return lines;
}

// How many checks came to which verdict, over all walks.
function countChecks(trace) {
  const counts = {ok: 0, kink: 0, skipped: 0, bad: 0};
  for (const w of trace.walks.values())
    for (const c of [...w.local.values(), ...w.checks.values()]) counts[c.verdict] = (counts[c.verdict] || 0) + 1;
  return counts;
}

function push(map, key, value) {
  if (map.has(key)) map.get(key).push(value);
  else map.set(key, [value]);
}

// A node that the file does not describe (older events may have been dropped) is still one.
function nodeOf(t, id) {
  return (
    t.nodes.get(id) || {
      id,
      kind: "unknown",
      name: "",
      op: "",
      inputs: [],
      scope: "",
      loc: null,
      value: null,
      rule: "",
      event: -1,
    }
  );
}

const shortName = n => n.name || (n.id < 0 ? "c" + -n.id : "t" + n.id);
const longName = n =>
  n.kind === "op" ? shortName(n) + " " + n.op : n.kind === "constant" ? shortName(n) + " constant" : shortName(n);
const shapeText = shape => "[" + shape.join(", ") + "]";

// The state of a tape after step k: a pure function of both. Walking on from the last asked-for state saves time only.
function stateAt(trace, t, k) {
  const until = k > 0 ? trace.steps[k - 1] : -1;
  let c = trace.cursor;
  if (!c || c.tape !== t || c.until > until)
    c = {tape: t, until: Math.max(-1, t.first - 1), nodes: new Map(), walk: null, given: new Set()};
  for (let i = c.until + 1; i <= until; ++i) {
    const e = trace.events[i];
    if (e.tape === t.number) advance(trace, c, e);
  }
  c.until = until;
  trace.cursor = c;
  return c;
}

function advance(trace, c, e) {
  const of = id => {
    if (!c.nodes.has(id)) c.nodes.set(id, {recorded: false, k: 0, of: 0, visited: false, grad: null});
    return c.nodes.get(id);
  };
  if (e.ev === "op" || e.ev === "leaf") of(e.node).recorded = true;
  if (e.ev === "walk") {
    c.walk = trace.walks.get(e.walk);
    c.given.clear();
    for (const s of c.nodes.values()) (s.k = s.of = 0), (s.visited = false), (s.grad = null);
  }
  if (!c.walk && (e.ev === "contribution" || e.ev === "visit")) c.walk = trace.walks.get(e.walk);
  if (e.ev === "contribution") {
    const s = of(e.to);
    s.k = e.k;
    s.of = e.of;
    s.grad = e.after;
    c.given.add(e.from + "/" + e.slot);
  }
  if (e.ev === "visit") {
    const s = of(e.node);
    s.k = e.arrived;
    s.of = e.of;
    s.visited = true;
    s.grad = e.grad;
  }
}

// The error that ended the program: nothing was computed after it. `step` is the last one before it.
function fatalError(trace) {
  const last = trace.events.findLastIndex(e => e.ev === "error");
  if (last < 0 || trace.steps.some(i => i > last)) return null;
  return {error: trace.events[last], step: trace.steps.length};
}

// Where the page opens: at what is wrong, else at the first share that the walk gives, else when everything has been computed.
function firstSight(trace) {
  const found = guilty(trace)[0];
  if (found) return stepOfEvent(trace, found.walk.visits.get(found.check.node) ?? found.walk.first);
  for (const walk of trace.walks.values()) {
    const wrong = [...walk.checks.values()].find(c => c.verdict === "bad" && walk.visits.has(c.node));
    if (wrong) return stepOfEvent(trace, walk.visits.get(wrong.node));
  }
  const fatal = fatalError(trace);
  if (fatal) return fatal.step;
  const first = trace.steps.findIndex(i => trace.events[i].ev === "contribution");
  if (first >= 0) return first + 1;
  return trace.steps.filter(i => trace.events[i].ev === "op").length;
}

// Is anything wrong with this node's gradient, now that the walk is over?
function badNode(walk, id) {
  const check = walk && walk.checks.get(id);
  return check && check.verdict === "bad" ? check : null;
}

// The operations whose own rule is wrong, each once, with the walk that found it.
function guilty(trace) {
  const found = new Map();
  for (const walk of trace.walks.values()) {
    for (const c of walk.local.values()) {
      if (c.verdict === "bad" && !found.has(c.op)) found.set(c.op, {check: c, walk, node: nodeOf(walk.tape, c.node)});
    }
  }
  return [...found.values()];
}

function isGuilty(walk, id) {
  if (!walk) return false;
  for (const c of walk.local.values()) if (c.node === id && c.verdict === "bad") return true;
  return false;
}

// The step at which an event is, or the next one after it.
function stepOfEvent(trace, event) {
  let low = 0,
    high = trace.steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (trace.steps[middle] < event) low = middle + 1;
    else high = middle;
  }
  return Math.min(low + 1, trace.steps.length);
}

// Nodes that an event is about: breakpoints stop there.
function nodesOfEvent(e) {
  if (e.ev === "contribution") return [e.to];
  if (e.ev === "op" || e.ev === "visit" || e.ev === "accumulate") return [e.node];
  return [];
}

const tensorsOfEvent = e => ({value: e.value, grad: e.grad, added: e.added, after: e.after});

// The first step at which two runs are not the same: what differs there, or null.
function firstDifference(a, b) {
  const steps = Math.max(a.steps.length, b.steps.length);
  for (let k = 0; k < steps; ++k) {
    if (k >= a.steps.length) return {step: k + 1, what: "the first run ends before this step"};
    if (k >= b.steps.length) return {step: k + 1, what: "the second run ends before this step"};
    const what = difference(a.events[a.steps[k]], b.events[b.steps[k]]);
    if (what) return {step: k + 1, what};
  }
  return null;
}

function difference(a, b) {
  for (const member of ["ev", "op", "node", "from", "to", "slot", "parameter", "name", "what"]) {
    if (a[member] !== b[member]) return `${a.ev} ${a[member] ?? ""} against ${b.ev} ${b[member] ?? ""}`;
  }
  if (a.lr !== b.lr) return `the learning rate is ${a.lr} against ${b.lr}`;
  const ta = tensorsOfEvent(a),
    tb = tensorsOfEvent(b);
  for (const role of Object.keys(ta)) {
    const what = differenceOf(ta[role], tb[role]);
    if (what) return `${role} ${what}`;
  }
  return "";
}

function differenceOf(x, y) {
  if (!x || !y) return !x === !y ? "" : "is in one run only";
  if (typeof x !== "object") return x === y ? "" : `is ${x} against ${y}`;
  if (shapeText(x.shape) !== shapeText(y.shape))
    return `has the shape ${shapeText(x.shape)} against ${shapeText(y.shape)}`;
  if (!x.data || !y.data) return JSON.stringify(x) === JSON.stringify(y) ? "" : "has other statistics";
  for (let i = 0; i < x.data.length; ++i) {
    if (x.data[i] !== y.data[i]) return `at ${indexText(x.shape, i)} is ${x.data[i]} against ${y.data[i]}`;
  }
  return "";
}

function indexText(shape, flat) {
  const index = [];
  for (let axis = shape.length - 1; axis >= 0; --axis) {
    index.unshift(flat % shape[axis]);
    flat = Math.floor(flat / shape[axis]);
  }
  return shapeText(index);
}
