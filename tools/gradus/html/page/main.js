// The page: where it is, what was pressed, and how it looks then. The whole is drawn from `ui` and nothing else.
"use strict";

(() => {
  const $ = id => document.getElementById(id),
    data = id => JSON.parse($(id).textContent);
  const trace = readTrace(data("trace")),
    extra = data("extra"),
    second = data("against");
  const against = second ? readTrace(second) : null,
    first = against ? firstDifference(trace, against) : null;
  const most = Math.max(trace.steps.length, against ? against.steps.length : 0),
    tabs = ["graph", "tape", "parameters", "training", "checks"];
  const ui = {
    step: 0,
    selected: null,
    breaks: new Set(),
    tab: "graph",
    folded: new Map(),
    zoom: "auto",
    plain: null,
    bare: false,
    predict: false,
    answers: new Map(),
    reply: null,
  };

  const eventAt = (tr, k) => (k > 0 && k <= tr.steps.length ? tr.events[tr.steps[k - 1]] : null);
  const tapeNow = () =>
    trace.tapeAt[Math.min(trace.steps.length, Math.max(1, ui.step)) - 1] || [...trace.tapes.values()][0] || null;
  const roots = new Map();
  const rootOf = t => roots.get(t) || roots.set(t, groupsOf(t)).get(t);
  const settled = k => ["right", "shown", "skipped"].includes((ui.answers.get(k) || {}).kind);
  const asking = () => ui.predict && predictable(eventAt(trace, ui.step)) && !settled(ui.step);

  const act = {
    go(k) {
      ui.step = Math.max(0, Math.min(most, k));
      ui.reply = null;
      try {
        history.replaceState(null, "", "#step=" + ui.step);
      } catch (e) {
        /* the address is a convenience */
      }
      render();
    },
    select(id) {
      ui.selected = ui.selected === id ? null : id;
      render();
      if (ui.selected !== null) $("step").querySelector(".pinned")?.scrollIntoView({block: "nearest"});
    },
    unselect() {
      ui.selected = null;
      render();
    },
    toggle(group, open) {
      ui.folded.set(group.id, open);
      render();
      pane.refocus(group.id);
    },
    toggleBreak() {
      const event = eventAt(trace, ui.step),
        id = ui.selected ?? (event ? nodesOfEvent(event)[0] : undefined);
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
      const kind = k => (k > 0 && eventAt(trace, k) ? phases[eventAt(trace, k).ev] : "");
      let k = ui.step + way;
      if (way < 0) while (k > 1 && kind(k) === kind(ui.step)) --k;
      if (way > 0) while (k < most && kind(k) === kind(ui.step)) ++k;
      else while (k > 1 && kind(k - 1) === kind(k)) --k;
      act.go(k);
    },
    // Predicting: an answer is right or was shown; a wrong one only counts; one may be left out.
    answered(text) {
      ui.reply = text;
      render();
      $("next").focus();
    },
    scored() {
      $("score").textContent = scoreText(ui.answers);
    },
    skip(k) {
      ui.answers.set(k, {kind: "skipped", tries: 0, wrong: []});
      act.go(k + 1);
    },
    predict() {
      ui.predict = !ui.predict && !against;
      if (ui.predict && !predictable(eventAt(trace, ui.step))) {
        const next = trace.steps.findIndex((i, k) => k + 1 > ui.step && predictable(trace.events[i]));
        if (next >= 0) return act.go(next + 1);
      }
      render();
    },
    again() {
      ui.answers.clear();
      act.go(firstSight(trace));
    },
    hidePlumbing() {
      ui.plain = !ui.bare;
      render();
    },
    large() {
      document.body.classList.toggle("large");
      $("large").setAttribute("aria-pressed", document.body.classList.contains("large"));
      render();
    },
    save() {
      if (pane.picture())
        saveText(
          `${$("program").textContent}-step-${ui.step}.svg`,
          "image/svg+xml",
          graphFile(pane.picture(), `${$("program").textContent}, step ${ui.step}`),
        );
    },
  };
  const player = makePlayer(
    $("play"),
    $("speed"),
    () => ui.step < most && !asking(),
    () => act.go(ui.step + 1),
  );
  const pane = makePane(trace, ui, rootOf, act);

  function render() {
    const open = asking(),
      shown = Math.min(ui.step - (open ? 1 : 0), trace.steps.length);
    const t = tapeNow(),
      event = eventAt(trace, ui.step),
      state = t ? stateAt(trace, t, shown) : null;
    renderCard(t, state, event, open);
    if (t) renderView(t, state, event, open);
    $("slider").value = ui.step;
    $("slider").setAttribute("aria-valuetext", `step ${ui.step} of ${most}`);
    $("position").textContent = `step ${ui.step} of ${most}`;
    $("phase").textContent = event ? phaseName[phases[event.ev]] : "";
    $("predict").setAttribute("aria-pressed", ui.predict);
    $("score").hidden = !ui.predict;
    act.scored();
    for (const [id, off] of [
      ["first", ui.step === 0],
      ["back", ui.step === 0],
      ["next", ui.step === most],
      ["last", ui.step === most],
    ])
      $(id).disabled = off;
  }

  // The card in the roomiest form that shows all of it.
  function renderCard(t, state, event, open) {
    const card = $("step"),
      large = document.body.classList.contains("large"),
      forms = densities.slice(0, against || narrow.matches ? 1 : large ? 4 : densities.length);
    for (const room of forms) {
      card.replaceChildren(...articles(t, event, open, room));
      if (card.scrollHeight <= card.clientHeight + 1) break;
    }
    card.scrollTop = 0;
    card.querySelector("h1").setAttribute("aria-live", "polite");
    if (ui.selected !== null && t) card.append(pinnedArticle(trace, t, state, ui.selected, ui, extra, act));
    if (ui.predict && ui.step === most && ui.answers.size) card.append(scoreArticle(ui.answers, act.again));
  }

  function articles(t, event, open, room) {
    if (open) return [questionArticle(trace, t, ui.step, extra, ui.answers, act, {room})];
    const told = describe(trace, Math.min(ui.step, trace.steps.length)),
      pick = (part, i) => showSum(t, event, part, i);
    if (against) {
      const other = describe(against, Math.min(ui.step, against.steps.length));
      return [
        stepArticle(told, extra, {which: "A · " + extra.name, other, room}),
        stepArticle(
          other,
          {...extra, sources: extra.sources_against},
          {which: "B · " + extra.against, other: told, room},
        ),
      ];
    }
    const reply = ui.reply
      ? [h("p", {class: "reply right", role: "status", text: `${ui.reply} ${scoreText(ui.answers)}.`})]
      : [];
    return [...reply, stepArticle(told, extra, {room, pick: event ? pick : null})];
  }

  // Where a number of this step comes from.
  function showSum(t, event, part, i) {
    const card = $("step"),
      made = madeOf(trace, t, event, part.role, i);
    card.querySelector(".sum")?.remove();
    const close = () => card.querySelector(".sum")?.remove();
    card.append(
      made
        ? sumView(made, part.label, i, close)
        : h(
            "div",
            {class: "sum", role: "status"},
            h(
              "p",
              {},
              `${part.label} ${indexText(part.tensor.shape, i)} = ${numberText(part.tensor.data[i])} `,
              h("button", {type: "button", class: "link", text: "close", onclick: close}),
            ),
          ),
    );
  }

  function renderView(t, state, event, open) {
    const view = $("view"),
      graph = ui.tab === "graph";
    for (const name of tabs) {
      $("tab-" + name).setAttribute("aria-selected", name === ui.tab);
      $("tab-" + name).tabIndex = name === ui.tab ? 0 : -1;
    }
    view.setAttribute("aria-labelledby", "tab-" + ui.tab);
    view.classList.toggle("graph", graph);
    $("zoom").hidden = $("legend").hidden = !graph;
    if (graph) return pane.render(t, state, event);
    pane.forget();
    const top = view.scrollTop,
      views = {
        tape: () => tapeView(trace, t, state, event, act),
        parameters: () => parametersView(trace, ui, act),
        training: () => trainingView(trace, t, state, ui, act),
        checks: () => checksView(trace, t, act),
      };
    const hidden = open && (ui.tab === "checks" || ui.tab === "training");
    view.replaceChildren(
      hidden
        ? h("div", {class: "pane"}, h("p", {text: "Hidden until you have answered: it would give the answer away."}))
        : views[ui.tab](),
    );
    view.scrollTop = top;
  }

  function openSearch() {
    $("search-text").value = "";
    findNodes();
    $("search").showModal();
  }
  function findNodes() {
    const t = tapeNow(),
      wanted = $("search-text").value.trim().toLowerCase(),
      list = $("search-results");
    const found = t
      ? inOrder(t)
          .filter(n => [shortName(n), n.op, n.scope].some(x => x.toLowerCase().includes(wanted)))
          .slice(0, 50)
      : [];
    const choose = id => {
      $("search").close();
      ui.selected = null;
      act.select(id);
    };
    list.replaceChildren(
      ...found.map(n =>
        h(
          "li",
          {},
          h(
            "button",
            {type: "button", onclick: () => choose(n.id)},
            h("span", {class: "name", text: longName(n)}),
            h("span", {class: "more", text: [n.scope, placeText(n.loc)].filter(Boolean).join(" · ")}),
          ),
        ),
      ),
    );
    if (!found.length) list.append(h("li", {class: "none", text: "No node has such a name, operation or module."}));
  }

  const keys = {
    ArrowRight: () => act.go(ui.step + 1),
    ArrowLeft: () => act.go(ui.step - 1),
    Home: () => act.go(0),
    End: () => act.go(most),
    PageDown: () => act.phase(1),
    PageUp: () => act.phase(-1),
    c: () => act.run(1),
    C: () => act.run(-1),
    b: act.toggleBreak,
    "/": openSearch,
    "?": () => $("help").showModal(),
    "+": () => pane.scaleBy(1.2),
    "-": () => pane.scaleBy(1 / 1.2),
    0: () => pane.scaleBy(0),
    Escape: act.unselect,
    " ": player.toggle,
    p: act.predict,
    h: act.hidePlumbing,
    l: act.large,
    s: act.save,
  };
  const moves = ["ArrowRight", "ArrowLeft", "Home", "End", "PageDown", "PageUp", "c", "C"];
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]") || !(e.key in keys || asking()))
      return;
    if (e.target.getAttribute && e.target.getAttribute("role") === "tab" && e.key.startsWith("Arrow")) return;
    if (e.key === " " && e.target.closest && e.target.closest("button, [role=button]")) return;
    if (asking() && "0123456789.-".includes(e.key))
      return $("step").querySelector(".answer :is(input, textarea)").focus();
    if (!(e.key in keys)) return;
    e.preventDefault();
    if (moves.includes(e.key)) player.pause();
    keys[e.key]();
  });
  const press = {
    first: keys.Home,
    back: keys.ArrowLeft,
    next: keys.ArrowRight,
    last: keys.End,
    continue: keys.c,
    "search-open": openSearch,
    "help-open": keys["?"],
    "zoom-in": keys["+"],
    "zoom-out": keys["-"],
    "zoom-fit": keys[0],
    predict: act.predict,
    plumbing: act.hidePlumbing,
    large: act.large,
    save: act.save,
  };
  for (const [id, does] of Object.entries(press))
    $(id).addEventListener("click", () => {
      player.pause();
      does();
    });
  tabs.forEach((name, i) => {
    $("tab-" + name).addEventListener("click", () => {
      ui.tab = name;
      render();
    });
    $("tab-" + name).addEventListener("keydown", e => {
      if (e.key !== "ArrowRight" && e.key !== "ArrowLeft") return;
      ui.tab = tabs[(i + (e.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
      render();
      $("tab-" + ui.tab).focus();
    });
  });
  $("slider").max = most;
  $("slider").addEventListener("input", () => {
    player.pause();
    act.go(Number($("slider").value));
  });
  $("search-text").addEventListener("input", findNodes);
  $("search-text").addEventListener("keydown", e => {
    if (e.key === "Enter") $("search-results").querySelector("button")?.click();
  });
  const readAddress = () => {
    const m = /^#step=(\d+)$/.exec(location.hash);
    return m ? Number(m[1]) : null;
  };
  addEventListener("hashchange", () => {
    const k = readAddress();
    if (k !== null && k !== ui.step) act.go(k);
  });
  const top = {trace, against, first, most, extra, go: act.go};
  addEventListener("resize", () => {
    render();
    pane.zoom();
    drawBands(top);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawBands(top);
    render();
  });
  document.body.classList.toggle("two", Boolean(against));
  $("predict").hidden = Boolean(against) || !trace.steps.some(i => predictable(trace.events[i]));
  summary(top);
  banners(top);
  ui.step = Math.min(most, readAddress() ?? (first ? first.step : firstSight(trace)));
  render();
  drawBands(top);
  // Two frames on, it has been painted: how long that took since the page was asked for, in milliseconds.
  const painted = () => {
    document.documentElement.dataset.ready = Math.round(performance.now());
  };
  requestAnimationFrame(() => requestAnimationFrame(painted));
})();
