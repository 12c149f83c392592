// The page: where it is, what was pressed, and how it looks then. The whole is drawn from `ui` and nothing else.
"use strict";

(() => {
  const $ = id => document.getElementById(id), data = id => JSON.parse($(id).textContent);
  const trace = readTrace(data("trace")), extra = data("extra"), second = data("against");
  const against = second ? readTrace(second) : null, first = against ? firstDifference(trace, against) : null;
  const most = Math.max(trace.steps.length, against ? against.steps.length : 0);
  const ui = {step: 0, selected: null, breaks: new Set(), tab: "graph", folded: new Map(), zoom: 0};
  let drawn = null;

  const eventAt = (tr, k) => k > 0 && k <= tr.steps.length ? tr.events[tr.steps[k - 1]] : null;
  const tapeNow = () => trace.tapeAt[Math.min(trace.steps.length, Math.max(1, ui.step)) - 1] || [...trace.tapes.values()][0] || null;
  const roots = new Map();
  const rootOf = t => roots.get(t) || roots.set(t, groupsOf(t)).get(t);

  const act = {
    go(k) {
      ui.step = Math.max(0, Math.min(most, k));
      try { history.replaceState(null, "", "#step=" + ui.step); } catch (e) { /* the address is a convenience */ }
      render();
    },
    select(id) { ui.selected = ui.selected === id ? null : id; render(); if (ui.selected !== null) $("step").querySelector(".pinned")?.scrollIntoView({block: "nearest"}); },
    unselect() { ui.selected = null; render(); },
    toggle(group, open) { ui.folded.set(group.id, open); render(); refocus(group.id); },
    toggleBreak() {
      const event = eventAt(trace, ui.step), id = ui.selected ?? (event ? nodesOfEvent(event)[0] : undefined);
      if (id === undefined || id === null) return;
      if (!ui.breaks.delete(id)) ui.breaks.add(id);
      render();
    },
    run(way) {
      let k = ui.step + way;
      while (k > 0 && k < most && !nodesOfEvent(eventAt(trace, k) || {}).some(id => ui.breaks.has(id))) k += way;
      act.go(k);
    },
    phase(way) {
      const kind = k => k > 0 && eventAt(trace, k) ? phases[eventAt(trace, k).ev] : "";
      let k = ui.step + way;
      if (way < 0) while (k > 1 && kind(k) === kind(ui.step)) --k;
      if (way > 0) while (k < most && kind(k) === kind(ui.step)) ++k;
      else while (k > 1 && kind(k - 1) === kind(k)) --k;
      act.go(k);
    },
  };

  function refocus(id) {
    if (!drawn) return;
    const box = drawn.boxes.find(b => b.group && b.group.id === id) || drawn.boxes.find(b => b.frame === "f" + id);
    if (box) box.element.focus({preventScroll: true});
  }

  function render() {
    const t = tapeNow(), event = eventAt(trace, ui.step), state = t ? stateAt(trace, t, Math.min(ui.step, trace.steps.length)) : null;
    renderCard(t, state);
    if (t) renderView(t, state, event);
    $("slider").value = ui.step;
    $("slider").setAttribute("aria-valuetext", `step ${ui.step} of ${most}`);
    $("position").textContent = `step ${ui.step} of ${most}`;
    $("phase").textContent = event ? phaseName[phases[event.ev]] : "";
    for (const [id, off] of [["first", ui.step === 0], ["back", ui.step === 0], ["next", ui.step === most], ["last", ui.step === most]]) $(id).disabled = off;
  }

  function renderCard(t, state) {
    const told = describe(trace, Math.min(ui.step, trace.steps.length)), card = $("step");
    if (!against) card.replaceChildren(stepArticle(told, extra));
    else {
      const other = describe(against, Math.min(ui.step, against.steps.length));
      card.replaceChildren(stepArticle(told, extra, {which: "A · " + extra.name, other}), stepArticle(other, extra, {which: "B · " + extra.against, other: told}));
    }
    card.querySelector("h1").setAttribute("aria-live", "polite");
    if (ui.selected !== null && t) card.append(pinnedArticle(trace, t, state, ui.selected, ui, extra, act));
  }

  function renderView(t, state, event) {
    const view = $("view"), graph = ui.tab === "graph";
    for (const name of ["graph", "tape", "parameters", "checks"]) {
      $("tab-" + name).setAttribute("aria-selected", name === ui.tab);
      $("tab-" + name).tabIndex = name === ui.tab ? 0 : -1;
    }
    view.setAttribute("aria-labelledby", "tab-" + ui.tab);
    view.classList.toggle("graph", graph);
    $("zoom").hidden = $("legend").hidden = !graph;
    if (graph) return renderGraph(t, state, event);
    drawn = null;
    const top = view.scrollTop;
    view.replaceChildren(ui.tab === "tape" ? tapeView(trace, t, state, event, act) : ui.tab === "parameters" ? parametersView(trace, ui, act) : checksView(trace, t, act));
    view.scrollTop = top;
  }

  function renderGraph(t, state, event) {
    const follow = event ? event.ev === "contribution" ? [event.from, event.to] : nodesOfEvent(event) : [];
    const layout = layoutOf(t, openGroups(rootOf(t), follow, ui.folded), rootOf(t));
    if (!drawn || drawn.layout !== layout) {
      const held = drawn && document.activeElement ? drawn.boxes.find(b => b.element === document.activeElement) : null;
      drawn = drawGraph(layout, act);
      $("view").replaceChildren(drawn.picture);
      const again = held && drawn.boxes.find(b => b.key === held.key);
      if (again) again.element.focus({preventScroll: true});
      zoom();
    }
    colourGraph(trace, drawn, state, event, ui);
    reveal(follow);
  }

  // The whole picture if that leaves it readable, else a window that follows the steps.
  function zoom() {
    if (!drawn) return;
    const view = $("view"), {width, height} = drawn.layout;
    const fit = Math.min(1.1, (view.clientWidth - 4) / width, (view.clientHeight - 4) / height);
    const scale = ui.zoom || Math.max(0.62, fit);
    drawn.scale = scale;
    drawn.picture.setAttribute("width", Math.floor(width * scale));
    drawn.picture.setAttribute("height", Math.floor(height * scale));
  }

  function reveal(ids) {
    const boxes = drawn.boxes.filter(b => ids.some(id => b.group ? b.group.nodes.includes(id) : b.node.id === id)), view = $("view");
    if (!boxes.length) return;
    const left = Math.min(...boxes.map(b => b.x - b.width / 2)) * drawn.scale, right = Math.max(...boxes.map(b => b.x + b.width / 2)) * drawn.scale;
    const top = Math.min(...boxes.map(b => b.y - 40)) * drawn.scale, bottom = Math.max(...boxes.map(b => b.y + 40)) * drawn.scale;
    if (top < view.scrollTop || bottom > view.scrollTop + view.clientHeight) view.scrollTop = (top + bottom - view.clientHeight) / 2;
    if (left < view.scrollLeft || right > view.scrollLeft + view.clientWidth) view.scrollLeft = (left + right - view.clientWidth) / 2;
  }

  function scaleBy(factor) {
    if (!drawn) return;
    ui.zoom = factor ? Math.max(0.25, Math.min(2.5, drawn.scale * factor)) : 0;
    zoom();
  }

  // What each step is, as a coloured line under the slider.
  function drawBands() {
    const canvas = $("bands"), style = getComputedStyle(document.documentElement), width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    const paint = {forward: style.getPropertyValue("--edge"), walk: style.getPropertyValue("--here"), update: style.getPropertyValue("--done")};
    canvas.width = width;
    canvas.height = 8;
    const context = canvas.getContext("2d");
    for (let x = 0; x < width; ++x) {
      const event = eventAt(trace, Math.min(trace.steps.length, 1 + Math.floor(x / width * most)));
      context.globalAlpha = event && event.ev === "visit" ? 0.75 : 0.5;
      context.fillStyle = event ? paint[phases[event.ev]] : paint.forward;
      context.fillRect(x, 0, 1, 8);
    }
    if (first) {
      context.globalAlpha = 1;
      context.fillStyle = style.getPropertyValue("--bad");
      context.fillRect(Math.min(width - 3, (first.step - 0.5) / most * width), 0, 3, 8);
    }
  }

  function banners() {
    const box = $("banners"), add = (kind, strong, text, step, word) => box.append(h("p", {class: "banner " + kind}, h("b", {text: strong}), h("span", {}, text + " ",
      step ? h("button", {type: "button", class: "link", text: word || "Go there", onclick: () => act.go(step)}) : null)));
    for (const g of guilty(trace)) {
      add("bad", `${g.check.op}'s rule is wrong.`, `${placeText(g.node.loc)}: for input ${g.check.slot} it gives ${numberText(g.check.analytic)} where ${numberText(g.check.numeric)} is measured. What lies above it inherits the error.`,
          stepOfEvent(trace, g.walk.visits.get(g.check.node) ?? g.walk.first));
    }
    if (against) add(first ? "note" : "", first ? "The two runs differ." : "The two runs are alike.", first ? `First at step ${first.step}: ${first.what}.` : "Every step has the same numbers.", first && first.step);
    for (const text of extra.remarks) add("note", "Note.", text + ".");
    const warnings = trace.warnings.filter(w => w.code !== "outline"), outline = trace.warnings.find(w => w.code === "outline");
    for (const w of warnings.slice(0, 3)) add("note", "Warning.", w.text);
    if (warnings.length > 3) add("note", "Warning.", `${warnings.length - 3} more are in the trace.`);
    if (outline) add("", "Note.", outline.text);
  }

  function summary() {
    const program = (trace.header.program || "").split("/").pop() || extra.name;
    let ok = 0, bad = 0;
    for (const w of trace.walks.values()) for (const c of [...w.local.values(), ...w.checks.values()]) c.verdict === "bad" ? ++bad : c.verdict === "ok" ? ++ok : 0;
    const many = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`, last = [...trace.walks.values()].filter(w => typeof w.value === "number");
    const words = [many(trace.tapes.size, "tape"), many(trace.walks.size, "walk")];
    if (last.length > 1) words.push(`loss ${numberText(last[0].value)} → ${numberText(last[last.length - 1].value)}`);
    else if (last.length) words.push(`loss ${numberText(last[0].value)}`);
    words.push(ok + bad ? bad ? `checks: ${bad} of ${ok + bad} failed` : `checks: all ${ok} agree` : "no checks");
    $("program").textContent = program + (against ? " against " + extra.against : "");
    $("summary").textContent = words.join(" · ");
    document.title = program + " · backprop, step by step";
    $("legend-bad").hidden = !bad;
    $("legend-guilty").hidden = !guilty(trace).length;
    if (bad) $("tab-checks").append(h("span", {class: "count bad", text: String(bad)}));
  }

  function openSearch() {
    $("search-text").value = "";
    findNodes();
    $("search").showModal();
  }
  function findNodes() {
    const t = tapeNow(), wanted = $("search-text").value.trim().toLowerCase(), list = $("search-results");
    const found = t ? inOrder(t).filter(n => [shortName(n), n.op, n.scope].some(x => x.toLowerCase().includes(wanted))).slice(0, 50) : [];
    const choose = id => { $("search").close(); ui.selected = null; act.select(id); };
    list.replaceChildren(...found.map(n => h("li", {}, h("button", {type: "button", onclick: () => choose(n.id)},
      h("span", {class: "name", text: longName(n)}), h("span", {class: "more", text: [n.scope, placeText(n.loc)].filter(Boolean).join(" · ")})))));
    if (!found.length) list.append(h("li", {class: "none", text: "No node has such a name, operation or module."}));
  }

  const keys = {
    ArrowRight: () => act.go(ui.step + 1), ArrowLeft: () => act.go(ui.step - 1), Home: () => act.go(0), End: () => act.go(most),
    PageDown: () => act.phase(1), PageUp: () => act.phase(-1), c: () => act.run(1), C: () => act.run(-1), b: act.toggleBreak,
    "/": openSearch, "?": () => $("help").showModal(), "+": () => scaleBy(1.2), "-": () => scaleBy(1 / 1.2), 0: () => scaleBy(0), Escape: act.unselect,
  };
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]") || !(e.key in keys)) return;
    if (e.target.getAttribute && e.target.getAttribute("role") === "tab" && e.key.startsWith("Arrow")) return;
    e.preventDefault();
    keys[e.key]();
  });
  const press = {first: keys.Home, back: keys.ArrowLeft, next: keys.ArrowRight, last: keys.End, continue: keys.c, "search-open": openSearch,
                 "help-open": keys["?"], "zoom-in": keys["+"], "zoom-out": keys["-"], "zoom-fit": keys[0]};
  for (const [id, does] of Object.entries(press)) $(id).addEventListener("click", does);
  const tabs = ["graph", "tape", "parameters", "checks"];
  tabs.forEach((name, i) => {
    $("tab-" + name).addEventListener("click", () => { ui.tab = name; render(); });
    $("tab-" + name).addEventListener("keydown", e => {
      if (e.key !== "ArrowRight" && e.key !== "ArrowLeft") return;
      ui.tab = tabs[(i + (e.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
      render();
      $("tab-" + ui.tab).focus();
    });
  });
  $("slider").max = most;
  $("slider").addEventListener("input", () => act.go(Number($("slider").value)));
  $("search-text").addEventListener("input", findNodes);
  $("search-text").addEventListener("keydown", e => { if (e.key === "Enter") $("search-results").querySelector("button")?.click(); });
  const readAddress = () => { const m = /^#step=(\d+)$/.exec(location.hash); return m ? Number(m[1]) : null; };
  addEventListener("hashchange", () => { const k = readAddress(); if (k !== null && k !== ui.step) act.go(k); });
  addEventListener("resize", () => { zoom(); render(); drawBands(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { drawBands(); render(); });
  dragging($("view"));

  function dragging(view) {
    let from = null;
    view.addEventListener("pointerdown", e => { if (e.pointerType === "mouse" && ui.tab === "graph" && !e.target.closest("[role=button]")) from = {x: e.clientX + view.scrollLeft, y: e.clientY + view.scrollTop}; });
    addEventListener("pointermove", e => { if (from) view.classList.add("dragging"), view.scrollLeft = from.x - e.clientX, view.scrollTop = from.y - e.clientY; });
    addEventListener("pointerup", () => { from = null; view.classList.remove("dragging"); });
  }

  document.body.classList.toggle("two", Boolean(against));
  summary();
  banners();
  ui.step = Math.min(most, readAddress() ?? (first ? first.step : 0));
  render();
  drawBands();
  // Two frames on, it has been painted: how long that took since the page was asked for, in milliseconds.
  const painted = () => { document.documentElement.dataset.ready = Math.round(performance.now()); };
  requestAnimationFrame(() => requestAnimationFrame(painted));
})();
