// The card of a step, and of the node that is selected.
"use strict";

// The marked line is shown whole; its neighbours are cut where the card ends.
function sourceView(extra, loc, alone) {
  if (!loc || !loc.file) return null;
  const file = extra.sources[loc.file],
    place = `${loc.file.split("/").pop()}:${loc.line}`,
    lines = [];
  for (let line = loc.line - 1; line <= loc.line + 1; ++line) {
    const text = file && file.lines[line];
    if (text !== undefined && (!alone || line === loc.line)) lines.push({line, text});
  }
  if (!lines.length)
    return h(
      "div",
      {class: "source none"},
      h("span", {class: "path", text: `${place} (the source was not found when this page was made)`}),
    );
  const indent = Math.min(...lines.filter(l => l.text.trim()).map(l => l.text.search(/\S/)), 80);
  const rows = lines.map(({line, text}) =>
    h(
      "span",
      {class: line === loc.line ? "row here" : "row", title: text.trim()},
      h("span", {class: "no", text: String(line)}),
      h("span", {class: "code", text: text.slice(indent) || " "}),
    ),
  );
  const path = h("span", {
    class: "path",
    text: file.changed ? `${place} (changed since the run)` : place,
    title: loc.file,
  });
  return h("div", {class: alone ? "source alone" : "source"}, path, h("pre", {}, ...rows));
}

// The share of the input that this step is about stands out.
function ruleView(rule, tag, slot) {
  const shares = rule.split(/( {2,})/),
    line = h("p", {class: slot === undefined ? "rule" : "rule parted"}, h("span", {class: "tag", text: tag || "rule"}));
  shares.forEach((text, i) => line.append(i === 2 * slot ? h("strong", {text}) : text));
  return line;
}

function factsView(facts) {
  if (!facts || !facts.length) return null;
  return h(
    "dl",
    {class: "facts"},
    ...facts.flatMap(([name, value]) => [h("dt", {text: name}), h("dd", {text: value})]),
  );
}

// `other`: the same step of the run beside this one, so that cells that differ are marked. `form`: how much room tensors have.
function bandView(band, {other, form, pick} = {}) {
  const scale = Math.max(0, ...band.parts.filter(p => p.scale === "sum").map(p => largest(p.tensor)));
  const roles = new Map(
    (other ? other.bands : [])
      .flatMap(b => b.parts)
      .filter(p => p.role)
      .map(p => [p.role, p.tensor]),
  );
  const parts =
    band.only && form !== "numbers" ? band.parts.filter(p => p.role !== "before" && p.role !== "added") : band.parts;
  const terms = parts.map((p, i) =>
    h(
      "div",
      {class: "term"},
      h("span", {class: p.sign && i ? "sign" : "sign none", text: p.sign}),
      figure(p.label, p.tensor, {
        scale: p.scale === "sum" ? scale : 0,
        nothing: p.nothing,
        sign: i ? p.sign : "",
        other: p.role && roles.get(p.role),
        form,
        pick: p.role && pick ? at => pick(p, at) : null,
      }),
    ),
  );
  return [
    h("h2", {}, band.heading, " ", h("span", {class: "aside", text: band.aside || ""})),
    terms.length ? h("div", {class: form && form !== "numbers" ? "equation close" : "equation"}, ...terms) : null,
    factsView(band.facts),
    band.verdict ? h("p", {class: "verdict " + band.verdict.kind, text: band.verdict.text}) : null,
    band.note ? h("p", {class: "note", text: band.note}) : null,
  ];
}

// From roomy to dense: the card takes the first that fits the window.
const densities = [
  {source: 3, rest: "numbers", main: "numbers"},
  {source: 1, rest: "numbers", main: "numbers"},
  {source: 1, rest: "tight", main: "numbers"},
  {source: 1, rest: "tight", main: "tight"},
  {source: 1, rest: "pixels", main: "tight"},
  {source: 1, rest: "pixels", main: "pixels"},
];

function stepArticle(told, extra, options = {}) {
  const room = options.room || densities[0];
  return h(
    "article",
    {},
    options.which ? h("p", {class: "which", text: options.which}) : null,
    h("p", {class: "over", text: told.over}),
    h("h1", {text: told.title}),
    h("p", {class: "sub", text: told.sub}),
    sourceView(extra, told.loc, room.source === 1),
    told.rule ? ruleView(told.rule, told.ruleTag, told.slot) : null,
    factsView(told.facts),
    ...told.bands.flatMap((b, i) =>
      bandView(b, {other: options.other, pick: options.pick, form: i === (told.main || 0) ? room.main : room.rest}),
    ),
  );
}

// The node that is selected: its value, its gradient so far, and every contribution to it.
function pinnedArticle(trace, t, state, id, ui, extra, act) {
  const n = nodeOf(t, id),
    s = state.nodes.get(id),
    walk = state.walk,
    until = ui.step ? trace.steps[ui.step - 1] : -1;
  const facts = [["where", n.loc ? `${n.loc.file.split("/").pop()}:${n.loc.line}` : "unknown"]];
  if (n.scope) facts.push(["in module", n.scope]);
  if (n.inputs.length) facts.push(["from", n.inputs.map(i => longName(nodeOf(t, i))).join(", ")]);
  const given = (walk && walk.given.get(id)) || [];
  const why = given.map(i => {
    const e = trace.events[i],
      from = nodeOf(t, e.from),
      later = i > until;
    return h(
      "li",
      {class: later ? "later" : ""},
      `${e.k} of ${e.of} from `,
      h("button", {type: "button", class: "link", text: longName(from), onclick: () => act.go(stepOfEvent(trace, i))}),
      from.loc ? `, ${from.loc.file.split("/").pop()}:${from.loc.line}` : "",
      later ? " (still to come)" : "",
    );
  });
  const bands = [
    {
      heading: n.kind === "leaf" ? "Value when it was recorded" : "Value",
      parts: [part("", shortName(n), n.value, {nothing: "not recorded"})],
    },
  ];
  if (n.kind !== "constant")
    bands.push({
      heading: s && s.visited ? "Gradient" : "Gradient so far",
      parts: [part("", gradientOf(n), s && s.grad)],
    });
  if (s && s.visited) addFiniteDifference(bands[1], walk, n);
  return h(
    "article",
    {class: "pinned", "aria-label": `Selected: ${longName(n)}`},
    h("p", {class: "over", text: "selected"}),
    h("h1", {text: longName(n)}),
    n.rule ? ruleView(n.rule, "rule") : null,
    factsView(facts),
    ...bands.flatMap(b => bandView(b)),
    why.length ? h("h2", {text: "Contributions"}) : null,
    why.length ? h("ul", {class: "why"}, ...why) : null,
    h(
      "p",
      {class: "actions"},
      h("button", {
        type: "button",
        text: ui.breaks.has(id) ? "Clear breakpoint" : "Break here",
        onclick: act.toggleBreak,
      }),
      h("button", {type: "button", text: "Let go", onclick: act.unselect}),
    ),
  );
}
