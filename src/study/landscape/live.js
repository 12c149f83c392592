// What the reader changes: the start, by dragging it, and the options of optimizers. The paths are computed here, by the rules of
// optimizers.js. A path that this page does not compute to the same numbers as the library did is left as it was.
"use strict";
(() => {
  const page = study.page;
  if (!page || !page.data.program) return;
  const {data, runs, panels, svgNode, textNode, show} = page,
    view = data.window,
    frame = data.frame;
  const at = study.formula(data.program),
    steps = page.last;
  let start = [runs[0].x[0], runs[0].y[0]];

  // ---- which paths this page can compute ----

  const agrees = (run, mine) =>
    run.step
      .slice(0, 25)
      .every(
        (s, i) =>
          mine.step[i] === s &&
          Math.abs(run.x[i] - mine.x[i]) <= 1e-6 * (1 + Math.abs(run.x[i])) &&
          Math.abs(run.y[i] - mine.y[i]) <= 1e-6 * (1 + Math.abs(run.y[i])),
      );
  for (const run of runs) {
    run.spec = study.optimizers.parse(run.spec);
    if (run.spec && !agrees(run, study.optimizers.path(at, run.spec, [run.x[0], run.y[0]], 25))) run.spec = null;
  }
  const isLive = run => run.spec !== null;

  function compute(run) {
    const from = [...start];
    Object.assign(run, study.optimizers.path(at, run.spec, from, steps));
    page.measure(run);
    const i = runs.indexOf(run),
      k = run.step.length - 1;
    for (const node of document.querySelectorAll(`[data-run="${i}"]`)) node.remove(); // the path that the file came with
    const where = data.curve ? `x = ${show(run.x[k])}` : page.pair(run.x[k], run.y[k]);
    const fate = run.gone
      ? `left for infinity at step ${run.goneAt.toLocaleString("en")}`
      : `f ${show(run.f[k])} at ${where} after ${run.step[k].toLocaleString("en")} steps`;
    if (run.item) {
      run.item.querySelector(".name").textContent = run.name = study.optimizers.describe(run.spec);
      run.item.querySelector(".fate").textContent = fate;
      run.item.querySelector(".verdict")?.remove();
    }
    for (const panel of panels)
      if (panel.members.some(m => m.run === run)) {
        const below = panel.figure.querySelector(".below");
        if (below) below.textContent = fate;
        panel.figure.querySelector(".verdict")?.remove();
      }
  }

  let asked = 0;
  function recompute(changed) {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => {
      for (const run of changed) compute(run);
      page.changed();
    });
  }

  // ---- the start ----

  function moveStart(to) {
    start = data.curve ? [to[0], 0] : to;
    if (!Number.isFinite(at(...start).f)) return;
    for (const node of document.querySelectorAll(".plots .start")) node.remove();
    for (const run of runs)
      if (!isLive(run))
        for (const node of [...document.querySelectorAll(`[data-run="${runs.indexOf(run)}"]`)])
          node.classList.add("off");
    for (const panel of panels)
      for (const m of panel.members)
        if (!isLive(m.run)) m.group.classList.add("off"), m.run.item?.classList.add("stale");
    placeHandles();
    recompute(runs.filter(isLive));
  }
  const paper = p => [
    frame[0] + ((p[0] - view[0]) / (view[1] - view[0])) * frame[2],
    frame[1] + ((view[3] - p[1]) / (view[3] - view[2])) * frame[3],
  ];
  const handles = panels.map(panel => {
    const handle = svgNode("circle", {class: "handle", r: 10, tabindex: 0, role: "button"}, panel.live);
    const inside = event => {
      const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(panel.svg.getScreenCTM().inverse());
      const share = (v, low, size) => Math.max(0, Math.min(1, (v - low) / size));
      return [
        view[0] + share(p.x, frame[0], frame[2]) * (view[1] - view[0]),
        view[3] - share(p.y, frame[1], frame[3]) * (view[3] - view[2]),
      ];
    };
    handle.addEventListener("pointerdown", event => {
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
      page.go(page.last);
    });
    handle.addEventListener("pointermove", event => {
      if (handle.hasPointerCapture(event.pointerId)) moveStart(inside(event));
    });
    handle.addEventListener("keydown", event => {
      const by = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
      if (!by) return;
      event.preventDefault(), event.stopPropagation();
      moveStart([start[0] + (by[0] * (view[1] - view[0])) / 50, start[1] + (by[1] * (view[3] - view[2])) / 50]);
    });
    return handle;
  });
  function placeHandles() {
    const [x, y] = paper(data.curve ? [start[0], at(...start).f] : start);
    for (const handle of handles) {
      handle.setAttribute("cx", x);
      handle.setAttribute("cy", Math.max(frame[1], Math.min(frame[1] + frame[3], y)));
      handle.setAttribute(
        "aria-label",
        `start ${data.curve ? show(start[0]) : page.pair(...start)}: drag it, or move it with the arrow keys`,
      );
    }
  }

  // ---- options ----

  // Between which numbers an option may be set; the rate on a logarithmic scale.
  const ranges = {momentum: [0, 0.99], rho: [0, 0.99], alpha: [0.5, 0.999], weight_decay: [0, 0.5]};
  const names = {lr: "rate (log)", "betas/0": "β₁", "betas/1": "β₂"};
  function slider(box, run, key, part) {
    const get = () => (part === undefined ? run.spec.options[key] : run.spec.options[key][part]);
    const set = v => (part === undefined ? (run.spec.options[key] = v) : (run.spec.options[key][part] = v));
    const isLog = key === "lr",
      [low, high] = isLog
        ? [Math.log10(get()) - 2, Math.log10(get()) + 2]
        : part === undefined
          ? ranges[key]
          : [0, 0.9999];
    // Near 1 the last digits matter: betas are set by 1 - β on a logarithmic scale.
    const fromBar = s =>
      isLog
        ? 10 ** (low + s * (high - low))
        : part === undefined
          ? low + s * (high - low)
          : s === 0
            ? 0
            : 1 - 10 ** (-4 * s);
    const toBar = v =>
      isLog
        ? (Math.log10(v) - low) / (high - low)
        : part === undefined
          ? (v - low) / (high - low)
          : -Math.log10(1 - v) / 4;
    const label = textNode("label", "", box),
      input = document.createElement("input");
    textNode("span", names[part === undefined ? key : `${key}/${part}`] || key, label);
    const value = textNode("output", show(+get().toPrecision(4)), label);
    Object.assign(input, {type: "range", min: 0, max: 1, step: 0.001, value: Math.max(0, Math.min(1, toBar(get())))});
    input.dataset.option = part === undefined ? key : `${key}/${part}`;
    label.insertBefore(input, value);
    input.addEventListener("input", () => {
      set(+fromBar(+input.value).toPrecision(4));
      value.textContent = show(get());
      recompute([run]);
    });
  }
  function addSliders(run) {
    if (!run.item || !isLive(run)) return;
    const box = document.createElement("div");
    box.className = "options";
    for (const key of ["lr", "momentum", "rho", "alpha"])
      if (key in run.spec.options && !(run.spec.name === "asgd" && key === "alpha")) slider(box, run, key);
    if ("betas" in run.spec.options) slider(box, run, "betas", 0), slider(box, run, "betas", 1);
    run.item.append(box);
  }

  // ---- one more optimizer ----

  function add(name) {
    const run = {spec: study.optimizers.parse(name), colour: runs.length % 8, width: 2, shown: true};
    const item = document.createElement("li"),
      list = document.querySelector(".runs"),
      button = document.createElement("button");
    Object.assign(button, {type: "button"});
    button.setAttribute("aria-pressed", "true");
    const swatch = svgNode("svg", {class: "swatch", viewBox: "0 0 12 12"}, button);
    svgNode("circle", {class: `f${run.colour}`, cx: 6, cy: 6, r: 6}, swatch);
    for (const kind of ["name", "now", "fate"]) textNode("span", "", button).className = kind;
    item.append(button);
    list.append(item);
    runs.push(run);
    page.listen(run, item);
    panels[0].members.push(panels[0].member(run));
    compute(run);
    addSliders(run);
    page.changed();
  }
  const adding = document.getElementById("adding");
  if (adding) {
    const choice = adding.querySelector("select");
    for (const name of Object.keys(study.optimizers.all)) textNode("option", name, choice).value = name;
    adding.querySelector("button").addEventListener("click", () => {
      if (runs.length < 12) add(choice.value);
    });
    adding.hidden = false;
  }

  if (!runs.some(isLive) && !adding) return;
  document.body.classList.add("live-page");
  for (const run of runs) addSliders(run);
  placeHandles();
  for (const panel of panels) panel.live.append(handles[panels.indexOf(panel)]);
  study.live = {moveStart, add, compute};
})();
