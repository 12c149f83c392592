// What a step is, in words and tensors: data for the card, without the page.
"use strict";

const verdicts = {ok: "✓ agrees", bad: "✗ differs", kink: "∧ a kink: no derivative here", skipped: "not checked"};
const part = (sign, label, tensor, more = {}) => ({sign, label, tensor, ...more});
const gradientOf = n => "∂L/∂" + shortName(n);

function describe(trace, k) {
  const t = trace.tapeAt[Math.max(0, k - 1)];
  if (!trace.steps.length)
    return {
      over: "",
      title: "Nothing to step through",
      sub: "The trace holds no operation, walk or update.",
      bands: [],
      facts: [],
    };
  if (k === 0) return beginning(trace, t);
  const e = trace.events[trace.steps[k - 1]];
  const told = {
    op: tellOp,
    visit: tellVisit,
    contribution: tellContribution,
    accumulate: tellAccumulate,
    step: tellUpdate,
    zero_grad: tellZero,
    mutation: tellMutation,
  }[e.ev](trace, t, e);
  return {over: overline(trace, t, e), loc: null, rule: "", bands: [], facts: [], ...told};
}

function overline(trace, t, e) {
  const words = [phases[e.ev] === "forward" ? "forward" : phases[e.ev] === "walk" ? "walk back" : "update"];
  if (trace.tapes.size > 1 && t) words.push(`tape ${t.number} of ${trace.tapes.size}`);
  if (e.walk && t && t.walks.length > 1)
    words.push(`walk ${t.walks.findIndex(w => w.number === e.walk) + 1} of ${t.walks.length}`);
  return words.join(" · ");
}

function beginning(trace, t) {
  const count = [...(t ? t.nodes.values() : [])].filter(n => n.kind === "op").length;
  return {
    over: "before the first step",
    title: "Nothing has run yet",
    bands: [],
    facts: [],
    rule: "",
    loc: null,
    sub: `${count} operations run forward; then the walk goes back over them and gives each its gradient. Press → to step.`,
  };
}

function inputsOf(t, n) {
  return n.inputs.map((id, slot) => ({node: nodeOf(t, id), slot}));
}

function attributesText(attributes) {
  return Object.entries(attributes || {})
    .map(([name, v]) => `${name} = ${Array.isArray(v) ? shapeText(v) : v}`)
    .join(", ");
}

// A rule says what each input gets, one after the other: "da = g b   db = g a".
function shares(n) {
  const all = n.rule.split(/ {2,}/);
  return all.length === n.inputs.length && all.every(s => /^d\w+ = /.test(s)) ? all : [];
}

// The inputs, and the output y, that the share of one input is made of.
function operands(t, n, slot) {
  const all = shares(n);
  if (!all.length) return [];
  const uses = letter => new RegExp(`(^|[^\\w])${letter}(?!\\w)`).test(all[slot].split(" = ")[1]);
  const found = all.map((s, i) => ({letter: s.slice(1, s.indexOf(" ")), node: nodeOf(t, n.inputs[i])}));
  if (!found.some(o => o.letter === "y")) found.push({letter: "y", node: n});
  return found.filter(o => uses(o.letter) && o.node.value);
}

function tellOp(trace, t, e) {
  const n = nodeOf(t, e.node),
    parts = inputsOf(t, n).map((i, at) =>
      part(at ? "," : "", shortName(i.node), i.node.value, {nothing: "not recorded"}),
    );
  const facts = [];
  if (e.formula) facts.push(["computes", e.formula]);
  if (attributesText(n.attributes)) facts.push(["with", attributesText(n.attributes)]);
  if (n.scope) facts.push(["in module", n.scope]);
  return {
    title: `${n.op} makes ${shortName(n)}`,
    sub: `${n.op}(${inputsOf(t, n)
      .map(i => shortName(i.node))
      .join(", ")}) of shape ${shapeText(e.value.shape)}`,
    loc: n.loc,
    rule: n.rule,
    ruleTag: "rule, for the way back",
    facts,
    bands: [{heading: "Computed", parts: [...parts, part("→", shortName(n), e.value, {role: "value"})]}],
  };
}

// backward() adds to .grad(); gradient() returns what it has found and leaves .grad() alone.
function leafNote(walk) {
  if (walk && walk.what === "gradient")
    return "A leaf: this is what tape.gradient() returns; its .grad() stays as it is.";
  return "A leaf: this is added to its .grad() when the walk is over.";
}

function tellVisit(trace, t, e) {
  const n = nodeOf(t, e.node),
    walk = trace.walks.get(e.walk),
    leaf = n.kind !== "op";
  const start = walk && e.node === walk.from;
  const bands = [
    {
      heading: start ? "Where the walk starts" : "The gradient is complete",
      parts: [part("", gradientOf(n), e.grad, {role: "grad", scale: "sum"})],
    },
  ];
  addFiniteDifference(bands[0], walk, n);
  bands.push({heading: "Its value", parts: [part("", shortName(n), n.value, {nothing: "not recorded"})]});
  return {
    title: `visit ${longName(n)}`,
    loc: n.loc,
    rule: n.rule,
    ruleTag: "its rule runs next",
    bands,
    sub: start
      ? `The walk begins here${e.of === 0 ? ": the derivative of a thing by itself is 1" : ""}.`
      : `${e.arrived === 1 ? "Its one contribution has" : `All ${e.arrived} contributions have`} arrived. ${leaf ? leafNote(walk) : "Now its rule gives each input a share."}`,
  };
}

function tellContribution(trace, t, e) {
  const from = nodeOf(t, e.from),
    to = nodeOf(t, e.to),
    walk = trace.walks.get(e.walk),
    bands = [];
  const visit = walk && walk.visits.has(e.from) ? trace.events[walk.visits.get(e.from)] : null;
  const check = walk && walk.local.get(e.from + "/" + e.slot),
    local = check && check.local;
  const parts = [
    part("", "incoming " + gradientOf(from), visit && visit.grad, {nothing: "not recorded", role: "incoming"}),
  ];
  if (local) parts.push(part("⊙", "local derivative", local, {role: "local"}));
  else
    for (const o of operands(t, from, e.slot)) parts.push(part("", `${o.letter} = ${shortName(o.node)}`, o.node.value));
  const shrinks = visit && visit.grad && sizeOf(visit.grad.shape) > sizeOf(e.added.shape) && from.op === "expand";
  if (e.raw) parts.push(part("→", "before its sum", e.raw));
  parts.push(
    part(
      shrinks || e.raw ? "Σ" : local ? "=" : "→",
      shrinks ? "summed: this contribution" : "this contribution",
      e.added,
      {scale: "sum", role: "given"},
    ),
  );
  bands.push({heading: "The rule with numbers", parts, verdict: check && verdictOf(check, `${from.op}'s own rule`)});
  bands.push({
    heading: "Contributions add up",
    aside: `${e.k} of ${e.of}`,
    parts: [
      part("", "already there", e.before, {scale: "sum", nothing: "nothing yet", role: "before"}),
      part("+", "this contribution", e.added, {scale: "sum", role: "added"}),
      part("=", `accumulated ${gradientOf(to)}`, e.after, {scale: "sum", role: "after"}),
    ],
    note: e.fused ? "A kernel added this by itself: this contribution is after minus before, up to rounding." : "",
  });
  bands[1].only = e.k === 1 && e.of === 1;
  if (e.k === e.of) addFiniteDifference(bands[1], walk, to);
  else if (walk && walk.checks.has(e.to))
    bands[1].note = `${e.of - e.k} more to come; then a finite difference is shown beside it.`;
  return {
    title: `${from.op || shortName(from)} gives to ${longName(to)}`,
    loc: from.loc,
    rule: from.rule,
    ruleTag: `rule of ${from.op}`,
    slot: shares(from).length > 1 ? e.slot : undefined,
    bands,
    main: 1,
    sub: `contribution ${e.k} of ${e.of} to ${shortName(to)}, as input ${e.slot} of ${longName(from)}`,
  };
}

// What was measured, beside the gradient that the band ends with.
function addFiniteDifference(band, walk, n) {
  const check = walk && walk.checks.get(n.id);
  if (!check) return;
  const direction = check.kind === "direction" && check.verdict !== "skipped",
    sampled = check.kind === "sample" && check.verdict !== "skipped";
  if (check.kind === "elements" && check.numeric)
    band.parts.push(
      part("≈", "finite difference", check.numeric, {
        scale: band.parts.at(-1).scale,
        hint: `(L(x+h) − L(x−h)) / 2h, h = ${check.h}`,
      }),
    );
  if (direction)
    band.facts = [
      [
        "finite difference",
        `along a random direction ${numberText(check.numeric)}; the gradient gives ${numberText(check.analytic)}`,
      ],
    ];
  if (sampled)
    band.facts = [
      [
        "finite difference",
        `${sampleText(check)}: ${numberText(check.numeric)}; the gradient gives ${numberText(check.analytic)}`,
      ],
    ];
  band.verdict = verdictOf(check, "finite difference");
}

const sampleText = check =>
  check.at === undefined ? "some elements" : `element ${check.at}, the worst of ${check.measured} of ${check.of}`;

function verdictOf(check, about) {
  const words = [about, verdicts[check.verdict] || check.verdict].filter(Boolean).join(" ");
  const error = check.verdict === "skipped" ? check.why || "" : `relative error ${numberText(check.error)}`;
  return {kind: check.verdict, text: error ? `${words} · ${error}` : words};
}

function tellAccumulate(trace, t, e) {
  const n = nodeOf(t, e.node),
    walk = trace.walks.get(e.walk);
  const visit = walk && walk.visits.has(e.node) ? trace.events[walk.visits.get(e.node)] : null;
  const same = !visit || !visit.grad.data || !e.grad.data || visit.grad.data.every((x, i) => x === e.grad.data[i]);
  const parts = same
    ? []
    : [
        part("", "already in .grad()", subtract(e.grad, visit.grad), {scale: "sum"}),
        part("+", "this walk", visit.grad, {scale: "sum"}),
      ];
  return {
    title: same ? `${shortName(n)}.grad() is set` : `${shortName(n)}.grad() grows`,
    loc: n.loc,
    sub: same
      ? ".grad() was empty; now it holds this walk's gradient."
      : ".grad() was not empty: gradients add up until zero_grad().",
    bands: [
      {
        heading: "After the walk",
        parts: [...parts, part(same ? "" : "=", `${shortName(n)}.grad()`, e.grad, {scale: "sum", role: "grad"})],
      },
    ],
  };
}

function subtract(x, y) {
  if (!x || !y || !x.data || !y.data) return null;
  return {dtype: x.dtype, shape: x.shape, data: x.data.map((v, i) => numberOf(v) - numberOf(y.data[i]))};
}

function tellUpdate(trace, t, e) {
  const facts = [
    ["optimizer", e.optimizer],
    ["learning rate", numberText(e.lr)],
    ["update / weight", numberText(e.ratio)],
    ["update number", String(e.count)],
  ];
  const bands = [
    {
      heading: "Updated",
      parts: [
        part("", "before", e.before, {scale: "sum", nothing: "not recorded", role: "before"}),
        part("+", "update", subtract(e.after, e.before), {nothing: "not recorded"}),
        part("=", e.parameter, e.after, {scale: "sum", role: "after"}),
      ],
    },
  ];
  const state = Object.entries(e.state || {}).map(([name, tensor]) => part("", name, tensor));
  bands.push({heading: "From", parts: [part("", "gradient", e.grad, {nothing: "not recorded"}), ...state]});
  return {
    title: `${e.optimizer} updates ${e.parameter}`,
    sub: `step ${e.step + 1} of the optimizer`,
    loc: e.loc,
    rule: e.formula || "",
    ruleTag: "what it did, with numbers",
    bands,
    facts,
  };
}

const tellZero = (trace, t, e) => ({
  title: `zero_grad: ${e.name || "a tensor"}`,
  sub: "Its .grad() is empty again, ready for the next walk.",
});

const tellMutation = (trace, t, e) => ({
  title: `${e.what} changes ${e.name || "a tensor"} in place`,
  loc: e.loc,
  sub: `shape ${shapeText(e.shape)}, now version ${e.version} of its storage; a walk that needs the old values is an error.`,
});

const phaseName = {forward: "forward", walk: "walk back", update: "update"};
