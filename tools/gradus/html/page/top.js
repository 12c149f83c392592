// What stands above and below everything: what was recorded, what is wrong with it, and the line of steps.
"use strict";

// What each step is, as a coloured line under the slider.
function drawBands({trace, most, first}) {
  const canvas = document.getElementById("bands"),
    style = getComputedStyle(document.documentElement),
    width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  const paint = {
    forward: style.getPropertyValue("--edge"),
    walk: style.getPropertyValue("--here"),
    update: style.getPropertyValue("--done"),
  };
  canvas.width = width;
  canvas.height = 8;
  const context = canvas.getContext("2d");
  for (let x = 0; x < width; ++x) {
    const event = trace.events[trace.steps[Math.min(trace.steps.length, 1 + Math.floor((x / width) * most)) - 1]];
    context.globalAlpha = event && event.ev === "visit" ? 0.75 : 0.5;
    context.fillStyle = event ? paint[phases[event.ev]] : paint.forward;
    context.fillRect(x, 0, 1, 8);
  }
  if (first) {
    context.globalAlpha = 1;
    context.fillStyle = style.getPropertyValue("--bad");
    context.fillRect(Math.min(width - 3, ((first.step - 0.5) / most) * width), 0, 3, 8);
  }
}

// Where the first NaN or infinity is: a value where it was computed, a gradient where it was complete. 0: nowhere.
function stepOfWarning(trace, w) {
  if (w.code !== "nonfinite") return 0;
  const walk = w.walk && trace.walks.get(w.walk),
    t = trace.tapes.get(w.tape);
  const event = walk ? walk.visits.get(w.node) : t && t.nodes.has(w.node) ? t.nodes.get(w.node).event : undefined;
  return event === undefined ? 0 : stepOfEvent(trace, event);
}

function banners({trace, against, first, extra, go}) {
  const box = document.getElementById("banners"),
    add = (kind, strong, text, step, word) =>
      box.append(
        h(
          "p",
          {class: "banner " + kind},
          h("b", {text: strong}),
          h(
            "span",
            {},
            text + " ",
            step
              ? h("button", {type: "button", class: "link", text: word || "Go there", onclick: () => go(step)})
              : null,
          ),
        ),
      );
  const fatal = fatalError(trace);
  if (fatal) {
    const {op, wrong, got, expected, advice, loc} = fatal.error,
      more = [got && `got ${got}`, expected && `expected ${expected}`, advice].filter(Boolean);
    add(
      "bad",
      `${op} failed and the program ended.`,
      [`${placeText(loc)}: ${wrong}`, ...more].join("; ") + ".",
      fatal.step,
      "Last step before it",
    );
  }
  for (const g of guilty(trace)) {
    add(
      "bad",
      `${g.check.op}'s rule is wrong.`,
      `${placeText(g.node.loc)}: for input ${g.check.slot} it gives ${numberText(g.check.analytic)} where ${numberText(g.check.numeric)} is measured. What lies above it inherits the error.`,
      stepOfEvent(trace, g.walk.visits.get(g.check.node) ?? g.walk.first),
    );
  }
  if (against)
    add(
      first ? "note" : "",
      first ? "The two runs differ." : "The two runs are alike.",
      first ? `First at step ${first.step}: ${first.what}.` : "Every step has the same numbers.",
      first && first.step,
    );
  for (const text of extra.remarks) add("note", "Note.", text + ".");
  const warnings = trace.warnings.filter(w => w.code !== "outline"),
    outline = trace.warnings.find(w => w.code === "outline");
  for (const w of warnings.slice(0, 3)) add("note", "Warning.", w.text, stepOfWarning(trace, w));
  if (warnings.length > 3) add("note", "Warning.", `${warnings.length - 3} more are in the trace.`);
  if (outline) add("", "Note.", outline.text);
}

// A value is a loss where an optimizer works on it; without one, or from several lines, nothing says that they belong together.
function lossText(trace) {
  const lines = [...lossesOf(trace).values()],
    trained = trace.events.some(e => e.ev === "step");
  if (lines.length !== 1) return "";
  const first = numberText(lines[0][0].y),
    last = numberText(lines[0].at(-1).y);
  return (trained ? "loss " : "value ") + (lines[0].length > 1 ? `${first} → ${last}` : first);
}

// "all agree" is said only where every check does.
function checksText({ok, kink, skipped, bad}) {
  const count = ok + kink + skipped + bad;
  if (!count) return "no checks";
  if (ok === count) return `checks: all ${ok} agree`;
  const parts = [
    [bad, "failed"],
    [ok, "agree"],
    [kink, kink === 1 ? "at a kink" : "at kinks"],
    [skipped, "skipped"],
  ];
  return `checks: ${parts
    .filter(([n]) => n)
    .map(([n, words]) => `${n} ${words}`)
    .join(", ")}`;
}

function summary({trace, against, extra}) {
  const $ = id => document.getElementById(id);
  const program = (trace.header.program || "").split("/").pop() || extra.name;
  const checks = countChecks(trace),
    bad = checks.bad;
  const many = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;
  const words = [
    many(trace.tapes.size, "tape"),
    many(trace.walks.size, "walk"),
    lossText(trace),
    checksText(checks),
  ].filter(Boolean);
  $("program").textContent = program + (against ? " against " + extra.against : "");
  $("summary").textContent = words.join(" · ");
  document.title = program + " · backprop, step by step";
  $("legend-bad").hidden = !bad;
  $("legend-guilty").hidden = !guilty(trace).length;
  if (bad) $("tab-checks").append(h("span", {class: "count bad", text: String(bad)}));
}
