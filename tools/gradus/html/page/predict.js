// Predict mode: the share that a step gives is hidden, the reader types it, and the page says what is right or which mistake it was.
// Until then the page stands at the step before, so that nothing gives it away.
"use strict";

const predictable = e => e && e.ev === "contribution" && e.added && e.added.data && e.added.data.length > 0;

// The number that is asked for in a large tensor: one that is not zero, if there is one, and not always the first.
function askedCell(e) {
  const count = e.added.data.length,
    from = (e.from * 7 + e.to * 3 + e.slot) % count;
  for (let k = 0; k < count; ++k) {
    const i = (from + k) % count;
    if (numberOf(e.added.data[i]) !== 0) return i;
  }
  return from;
}

// "0.1 0.2; -1 2" or lines: rows of numbers; null if something is no number.
function rowsOfText(text) {
  const rows = text
    .trim()
    .split(/[;\n]+|\]\s*,?\s*\[/)
    .map(row => row.replace(/[[\](){}]/g, " ").trim())
    .filter(Boolean)
    .map(row =>
      row
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(word =>
          /^[-+−]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word.replace("−", "-")) ? Number(word.replace("−", "-")) : NaN,
        ),
    );
  return rows.length && rows.every(row => row.every(Number.isFinite)) ? rows : null;
}

// As near as somebody comes who rounds: within one per cent, or within half of the last digit when at least two digits are there.
function near(typed, exact, scale) {
  const digits = String(typed)
      .replace(/^-/, "")
      .replace(/^0?\.?0*/, "")
      .replace(/e.*|\./g, "").length,
    places = (String(typed).split(".")[1] || "").replace(/e.*/, "").length;
  const rounding = digits >= 2 ? 0.51 * 10 ** -places : 0;
  return (
    Math.abs(typed - exact) <= Math.max(0.01 * Math.abs(exact), Math.min(rounding, 0.1 * Math.abs(exact)), 1e-9 * scale)
  );
}
const allNear = (typed, exact, scale) =>
  typed.length === exact.length && typed.every((x, i) => near(x, exact[i], scale));

// What a typed answer is: {kind, text}. `asked` is a place in the tensor, or null if all of it is asked for.
function judged(trace, e, rows, asked) {
  const typed = rows.flat(),
    exact = e.added.data.map(numberOf),
    scale = largest(e.added),
    shape = e.added.shape,
    walk = trace.walks.get(e.walk);
  const visit = walk && walk.visits.has(e.from) ? trace.events[walk.visits.get(e.from)] : null,
    g = visit && visit.grad && visit.grad.data ? visit.grad : null;
  const one = typed.length === 1 && exact.length > 1,
    at = asked ?? 0,
    want = one ? [exact[at]] : exact;
  const is = (values, times = 1) =>
    allNear(
      typed,
      values.map(x => x * times),
      scale * Math.abs(times),
    );
  if (!one && typed.length !== exact.length) {
    if (g && typed.length === g.data.length && is(g.data.map(numberOf)))
      return {
        kind: "unsummed",
        text: `These are the numbers before the sum: ${shapeText(g.shape)}. ${shapeText(shape)} was used several times, so its share is the sum over them.`,
      };
    return {
      kind: "shape",
      text: `${typed.length} numbers, and the gradient has the shape of its tensor: ${shapeText(shape)}, ${exact.length} numbers. ${one ? "" : "One number alone is taken for the marked cell."}`,
    };
  }
  const expectedRows = shape.length === 2 ? shape[0] : 1,
    turned = shape.length === 2 && rows.length > 1 && rows.length === shape[1] && rows.length !== expectedRows;
  if (!turned && is(want)) return {kind: "right", text: "Right."};
  if (!turned && want.some(x => x !== 0) && is(want, -1))
    return {kind: "sign", text: "The numbers are right, the sign is not."};
  if (shape.length === 2) {
    const [r, c] = shape,
      other = one
        ? r === c
          ? [exact[(at % c) * r + Math.floor(at / c)]]
          : []
        : range(r * c).map(k => exact[(k % r) * c + Math.floor(k / r)]);
    if (other.length && is(other) && (turned || !is(want)))
      return {
        kind: "transposed",
        text: `Transposed: the gradient of a ${r}×${c} tensor is ${r}×${c}, in the same order.`,
      };
    if (other.length && is(other, -1)) return {kind: "transposed", text: "Transposed, and the sign is not right."};
  }
  if (g && g.data.length > exact.length && nodeOf(walk.tape, e.from).op === "expand") {
    const uses = range(g.data.length)
      .filter(k => flatOf(shape, narrowed(unflat(g.shape, k), shape)) === at)
      .map(k => numberOf(g.data[k]));
    if (one || exact.length === 1 ? uses.some(x => near(typed[0], x, scale)) : rowsAlike(typed, g, exact.length))
      return {
        kind: "unsummed",
        text: `That is the share of one use. The tensor was broadcast: sum over all ${g.data.length / exact.length} of them.`,
      };
  }
  if (e.before && e.after.data && is(one ? [numberOf(e.after.data[at])] : e.after.data.map(numberOf)))
    return {
      kind: "summed",
      text: "That is the sum so far, with what was already there. Asked is this contribution alone.",
    };
  const factor = factorOf(typed, want);
  if (factor) {
    const n = Math.round(Math.abs(factor) > 1 ? Math.abs(factor) : 1 / Math.abs(factor)),
      sign = factor < 0 ? ", and the other sign" : "";
    return {
      kind: "factor",
      text:
        Math.abs(factor) > 1
          ? `${n} times too large${sign}. Was something to be divided by ${n}, as in a mean?`
          : `${n} times too small${sign}. Was it divided by ${n} once too often, or is a factor missing?`,
    };
  }
  const hits = typed.filter((x, i) => near(x, want[i], scale)).length;
  return {
    kind: "wrong",
    text:
      hits && typed.length > 1
        ? `${hits} of ${typed.length} numbers are right.`
        : "Not yet. The rule and the numbers that it needs are above.",
  };
}

const rowsAlike = (typed, g, width) =>
  range(g.data.length / width).some(r => typed.every((x, i) => near(x, numberOf(g.data[r * width + i]), largest(g))));

// A whole number n, or 1/n, by which all the typed numbers are off.
function factorOf(typed, want) {
  const k = want.findIndex(x => x !== 0);
  if (k < 0 || typed[k] === 0) return 0;
  const ratio = typed[k] / want[k],
    n = Math.round(Math.max(Math.abs(ratio), 1 / Math.abs(ratio)));
  if (n < 2 || n > 4096) return 0;
  const factor = Math.sign(ratio) * (Math.abs(ratio) > 1 ? n : 1 / n);
  return typed.every((x, i) => near(x, want[i] * factor, Math.abs(want[i] * factor))) ? factor : 0;
}

// What the reader has answered: step -> {kind, tries}. Its words count for each question once.
function scoreOf(answers) {
  const all = [...answers.values()].filter(a => a.kind !== "skipped"),
    right = all.filter(a => a.kind === "right");
  return {
    asked: all.length,
    right: right.length,
    first: right.filter(a => a.tries === 1).length,
    shown: all.filter(a => a.kind === "shown").length,
  };
}

function scoreText(answers) {
  const s = scoreOf(answers);
  if (!s.asked) return "no answer yet";
  return (
    `${s.right} of ${s.asked} right` +
    (s.first < s.right || s.shown ? ` (${s.first} at once${s.shown ? `, ${s.shown} shown` : ""})` : "")
  );
}

const mistakes = {
  sign: "sign",
  transposed: "transposed",
  unsummed: "not summed over the broadcast",
  factor: "a factor",
  summed: "sum so far",
  shape: "shape",
  wrong: "other",
};

// The score with what went wrong, for the end of a walk.
function scoreArticle(answers, again) {
  const counts = {};
  for (const a of answers.values()) for (const kind of a.wrong || []) counts[kind] = (counts[kind] || 0) + 1;
  const facts = Object.entries(counts).map(([kind, n]) => [mistakes[kind] || kind, String(n)]),
    s = scoreOf(answers);
  return h(
    "article",
    {class: "score", "aria-label": "Your score"},
    h("p", {class: "over", text: "your predictions"}),
    h("h1", {text: scoreText(answers)}),
    facts.length ? h("h2", {text: "Mistakes on the way"}) : null,
    factsView(facts),
    s.asked && s.first === s.asked ? h("p", {class: "note", text: "Every one at once."}) : null,
    h("p", {class: "actions"}, h("button", {type: "button", text: "Begin again", onclick: again})),
  );
}

// The card of a question: what is known, a place to type, and the answer of the page.
function questionArticle(trace, t, k, extra, answers, act, options = {}) {
  const e = trace.events[trace.steps[k - 1]],
    told = describe(trace, k),
    from = nodeOf(t, e.from),
    to = nodeOf(t, e.to),
    count = e.added.data.length;
  const asked = count > 1 ? askedCell(e) : null,
    old = answers.get(k);
  const known = [
    told.bands[0].parts[0],
    ...operands(t, from, e.slot).map(o => part("", `${o.letter} = ${shortName(o.node)}`, o.node.value)),
  ];
  const reply = h("p", {class: "reply", role: "status"}),
    place = asked === null ? "" : indexText(e.added.shape, asked);
  const all = count <= 32,
    field =
      all && count > 1
        ? h("textarea", {
            rows: Math.min(6, e.added.shape.length > 1 ? e.added.shape.at(-2) + 1 : 2),
            spellcheck: "false",
          })
        : h("input", {type: "text", autocomplete: "off", spellcheck: "false", inputmode: "text"});
  field.setAttribute("aria-label", `your answer for ${shortName(to)}`);
  const state = old || {kind: "open", tries: 0, wrong: []};
  const answer = () => {
    const rows = rowsOfText(field.value);
    if (!rows)
      return void ((reply.className = "reply"),
      (reply.textContent = field.value.trim()
        ? "Numbers are expected, with spaces between them and a new line or ; for a new row."
        : "Type a number first."));
    const said = judged(trace, e, rows, asked);
    ++state.tries;
    state.kind = said.kind;
    if (said.kind !== "right") state.wrong.push(said.kind);
    answers.set(k, state);
    if (said.kind === "right") return act.answered(said.text);
    reply.className = "reply wrong";
    reply.textContent = said.text;
    act.scored();
  };
  const show = () => {
    answers.set(k, {...state, kind: "shown"});
    act.answered("Shown.");
  };
  field.addEventListener("keydown", event => {
    event.stopPropagation();
    if (event.key === "Escape") field.blur();
    if (event.key === "Enter" && !(event.shiftKey && field.tagName === "TEXTAREA")) event.preventDefault(), answer();
  });
  const what =
    count === 1
      ? "One number."
      : all
        ? `Type all ${count} numbers, row by row, or one number for cell ${place}.`
        : `Type the number of cell ${place}.`;
  return h(
    "article",
    {class: "question"},
    h("p", {class: "over"}, told.over + " · predict"),
    h("h1", {text: `What does ${from.op || shortName(from)} give to ${longName(to)}?`}),
    h("p", {class: "sub", text: `contribution ${e.k} of ${e.of}, of shape ${shapeText(e.added.shape)}`}),
    sourceView(extra, told.loc, (options.room || densities[0]).source === 1),
    told.rule ? ruleView(told.rule, told.ruleTag, told.slot) : null,
    ...bandView({heading: "What you know", parts: known}, {form: (options.room || densities[0]).main}),
    h("h2", {}, "Your answer ", h("span", {class: "aside", text: what})),
    h(
      "div",
      {class: "answer"},
      field,
      h("button", {type: "button", class: "main", text: "Check", onclick: answer}),
      h("button", {type: "button", text: "Show it", onclick: show}),
      h("button", {type: "button", text: "Skip", onclick: () => act.skip(k)}),
    ),
    reply,
  );
}
