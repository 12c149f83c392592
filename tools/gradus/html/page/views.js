// The other views: the tape, the parameters and the checks as tables.
"use strict";

const mostRowsListed = 400;

const headed = (kind, names, rows) =>
  h(
    "table",
    {class: "list " + kind},
    h("thead", {}, h("tr", {}, ...names.map(n => h("th", {scope: "col", text: n})))),
    h("tbody", {}, ...rows),
  );
const td = (text, cls) => h("td", {class: cls, text});
// A long name may be broken after a dot or a bar.
const breakable = text =>
  text.split(/(?<=[._])/).flatMap((part, i) => (i ? [document.createElement("wbr"), part] : [part]));
const placeText = loc => (loc && loc.file ? `${loc.file.split("/").pop()}:${loc.line}` : "");

// Rows around one of them, when there are too many.
function around(all, middle) {
  if (all.length <= mostRowsListed) return {rows: all, note: ""};
  const start = Math.max(0, Math.min(all.length - mostRowsListed, middle - mostRowsListed / 2));
  return {
    rows: all.slice(start, start + mostRowsListed),
    note: `Rows ${start + 1} to ${start + mostRowsListed} of ${all.length}, around this step.`,
  };
}

function tapeView(trace, t, state, event, act) {
  const all = inOrder(t),
    at = event ? (event.ev === "contribution" ? event.from : event.node) : undefined;
  const {rows, note} = around(
    all,
    all.findIndex(n => n.id === at),
  );
  const inside = n => (n.scope && placeText(n.loc) ? `${n.scope}, ${placeText(n.loc)}` : n.scope || placeText(n.loc));
  const body = rows.map(n => {
    const about = aboutNode(trace, n, state),
      s = state.nodes.get(n.id),
      there = s && s.recorded,
      grad = s && s.grad;
    const name = h(
      "button",
      {type: "button", class: "link", onclick: () => act.select(n.id)},
      ...breakable(longName(n)),
    );
    return h(
      "tr",
      {
        class: [
          n.id === at ? "here" : "",
          about.state === "bad" ? "bad" : "",
          about.state === "future" ? "future" : "",
        ].join(" "),
      },
      h("td", {class: "free"}, name),
      h("td", {class: "free"}, ...breakable(n.inputs.map(i => shortName(nodeOf(t, i))).join(", "))),
      td(n.value ? shapeText(n.value.shape) : ""),
      h("td", {}, there ? valueView(n.value) : ""),
      td(there ? numberText(normOf(n.value)) : "", "number"),
      h("td", {}, grad ? valueView(grad) : ""),
      td(grad ? numberText(normOf(grad)) : "", "number"),
      td(about.badge),
      h("td", {class: "free"}, ...breakable(inside(n))),
    );
  });
  return h(
    "div",
    {class: "pane"},
    h("p", {text: note || `Tape ${t.number}: in the order it ran. The walk goes from the bottom up.`}),
    headed("of-tape", ["Node", "Inputs", "Shape", "Value", "Norm", "Gradient", "Norm", "", "Where"], body),
  );
}

// A number as it is, small tensors as thumbnails; what the trace holds only statistics of has none.
function valueView(tensor) {
  if (!tensor) return "";
  if (!tensor.data)
    return h("span", {
      class: "soft",
      text: "statistics",
      title: "above the limit of elements that this trace holds (GRADUS_TRACE_VALUES)",
    });
  if (!tensor.data.length) return "empty";
  return tensor.data.length === 1
    ? h("span", {class: "mono", text: numberText(tensor.data[0])})
    : thumbnail(tensor, 56, 22);
}

// Each parameter as it is after this step.
function parametersView(trace, ui, act) {
  const all = new Map(),
    until = ui.step ? trace.steps[ui.step - 1] : -1,
    names = new Map();
  const of = (tensor, name) => {
    const key = tensor ?? name;
    if (name) names.set(key, name);
    if (!all.has(key)) all.set(key, {key, value: null, grad: null, last: null});
    return all.get(key);
  };
  for (let i = 0; i <= until; ++i) {
    const e = trace.events[i];
    if (e.ev === "leaf" && e.tensor !== undefined) of(e.tensor, e.name).value = e.value;
    if (e.ev === "accumulate" && e.tensor !== undefined) of(e.tensor).grad = e.grad;
    if (e.ev === "step") Object.assign(of(e.tensor, e.parameter), {value: e.after, last: e});
    if (e.ev === "zero_grad") of(e.tensor, e.name).grad = null;
  }
  if (!all.size) return h("div", {class: "pane"}, h("p", {text: "No parameter has been used yet at this step."}));
  const picture = tensor => (tensor ? valueView(tensor) : "–");
  const rows = [...all.values()].map(p =>
    h(
      "tr",
      {},
      h("td", {class: "free"}, ...breakable(names.get(p.key) || `tensor ${p.key}`)),
      td(p.value ? shapeText(p.value.shape) : ""),
      h("td", {}, picture(p.value)),
      td(numberText(normOf(p.value)), "number"),
      h("td", {}, picture(p.grad)),
      td(p.grad ? numberText(normOf(p.grad)) : "empty", "number"),
      td(p.last ? numberText(p.last.ratio) : "–", "number"),
      td(p.last ? `${p.last.optimizer}, lr ${numberText(p.last.lr)}` : "–"),
    ),
  );
  return h(
    "div",
    {class: "pane"},
    h("p", {text: "As they are after this step."}),
    headed(
      "of-parameters",
      ["Parameter", "Shape", "Value", "Norm", ".grad()", "Norm", "Update / weight", "Updated by"],
      rows,
    ),
  );
}

// A small picture of a parameter, of a size that does not depend much on its shape.
function thumbnail(tensor, width = 96, height = 36) {
  const plane = flat(tensor),
    canvas = pixels(plane, largest(tensor), width, height);
  canvas.style.aspectRatio = "auto";
  canvas.style.width = Math.max(14, Math.min(width, 14 * plane.columns)) + "px";
  canvas.style.height = Math.max(14, Math.min(height, 7 * plane.rows)) + "px";
  return canvas;
}

// As one plane, however many axes.
function flat(tensor) {
  const columns = tensor.shape.length > 1 ? sizeOf(tensor.shape.slice(1)) : tensor.data.length;
  return {data: tensor.data, start: 0, rows: tensor.data.length / columns, columns};
}

function normOf(tensor) {
  if (!tensor) return NaN;
  if (!tensor.data) return tensor.stats && tensor.stats.norm !== null ? tensor.stats.norm : NaN;
  return Math.hypot(...tensor.data.slice(0, 1e5).map(numberOf));
}

function checksView(trace, t, act) {
  const all = t.walks.flatMap(walk =>
    [...[...walk.local.values()], ...walk.checks.values()].map(check => ({check, walk})),
  );
  if (!all.length)
    return h(
      "div",
      {class: "pane"},
      h("p", {text: "This tape has no numeric checks (GRADUS_TRACE_CHECK=dir makes them)."}),
    );
  const order = {bad: 0, kink: 1, skipped: 2, ok: 3},
    counts = {};
  for (const {check} of all) counts[check.verdict] = (counts[check.verdict] || 0) + 1;
  all.sort((a, b) => (order[a.check.verdict] ?? 9) - (order[b.check.verdict] ?? 9));
  const {rows, note} = around(all, 0);
  const body = rows.map(({check, walk}) => {
    const n = nodeOf(t, check.node),
      each = check.kind === "elements";
    const what =
      check.kind === "local"
        ? `rule of ${check.op}, input ${check.slot}`
        : `${gradientOf(n)}, ${each ? "every element" : check.kind === "sample" ? sampleText(check) : "one direction"}`;
    const go = () => act.go(stepOfEvent(trace, walk.visits.get(check.node) ?? walk.first));
    const number = x => (typeof x === "object" || x === undefined ? "" : numberText(x));
    return h(
      "tr",
      {class: check.verdict === "bad" ? "bad" : ""},
      h("td", {class: "free"}, h("button", {type: "button", class: "link", text: longName(n), onclick: go})),
      td(what, "free"),
      td(each && check.numeric ? numberText(check.numeric.data[check.at]) : number(check.numeric), "number"),
      td(each && check.analytic ? numberText(check.analytic.data[check.at]) : number(check.analytic), "number"),
      td(check.verdict === "skipped" ? check.why || "" : numberText(check.error), "number free"),
      td(verdicts[check.verdict] || check.verdict, "free"),
    );
  });
  const summary = Object.entries(counts)
    .map(([name, n]) => `${n} ${name}`)
    .join(", ");
  return h(
    "div",
    {class: "pane"},
    h("p", {text: `${summary}. ${note}`}),
    headed("of-checks", ["Node", "What", "Measured", "By the rule", "Relative error", "Verdict"], body),
  );
}
