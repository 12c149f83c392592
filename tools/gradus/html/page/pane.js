// The pane of the graph: which layout it has, how large it is drawn, and what of it is seen.
"use strict";

// `act` is what a press in the picture does, `rootOf` the modules of a tape.
function makePane(trace, ui, rootOf, act) {
  const view = document.getElementById("view"),
    plumbingButton = document.getElementById("plumbing");
  let drawn = null;

  function render(t, state, event) {
    const follow = event ? (event.ev === "contribution" ? [event.from, event.to] : nodesOfEvent(event)) : [];
    const {layout, bare} = readableLayout(t, rootOf(t), follow, ui, {
      width: view.clientWidth,
      height: view.clientHeight,
    });
    if (!drawn || drawn.layout !== layout) draw(layout);
    colourGraph(trace, drawn, state, event, ui);
    reveal(follow);
    plumbingButton.setAttribute("aria-pressed", bare);
    ui.bare = bare;
    plumbingButton.hidden = ![...t.nodes.values()].some(n => plumbing.has(n.op));
  }

  // A box that had the focus has it again.
  function draw(layout) {
    const held = drawn && document.activeElement ? drawn.boxes.find(b => b.element === document.activeElement) : null;
    drawn = drawGraph(layout, act);
    view.replaceChildren(drawn.picture);
    const again = held && drawn.boxes.find(b => b.key === held.key);
    if (again) again.element.focus({preventScroll: true});
    zoom();
  }

  // The whole picture if that leaves it nearly readable, else a window that follows the steps. Fit shows the whole, however small.
  function zoom() {
    if (!drawn) return;
    const {width, height} = drawn.layout,
      fit = scaleFor(drawn.layout, {width: view.clientWidth, height: view.clientHeight}),
      least = view.clientWidth < 520 ? 0.45 : 0.55; // phones have finer pixels
    drawn.scale = ui.zoom === "fit" ? fit : ui.zoom === "auto" ? (fit > least ? fit : least + 0.1) : ui.zoom;
    drawn.picture.setAttribute("width", Math.floor(width * drawn.scale));
    drawn.picture.setAttribute("height", Math.floor(height * drawn.scale));
  }

  function scaleBy(factor) {
    if (!drawn) return;
    ui.zoom = factor ? Math.max(0.15, Math.min(2.5, drawn.scale * factor)) : "fit";
    zoom();
  }

  function reveal(ids) {
    const boxes = drawn.boxes.filter(b => ids.some(id => b.ids.includes(id)));
    if (!boxes.length) return;
    const left = Math.min(...boxes.map(b => b.x - b.width / 2)) * drawn.scale,
      right = Math.max(...boxes.map(b => b.x + b.width / 2)) * drawn.scale;
    const top = Math.min(...boxes.map(b => b.y - 44)) * drawn.scale,
      bottom = Math.max(...boxes.map(b => b.y + 44)) * drawn.scale;
    if (top < view.scrollTop || bottom > view.scrollTop + view.clientHeight)
      view.scrollTop = (top + bottom - view.clientHeight) / 2;
    if (left < view.scrollLeft || right > view.scrollLeft + view.clientWidth)
      view.scrollLeft = (left + right - view.clientWidth) / 2;
  }

  // The box of a module, open or folded, has the focus.
  function refocus(id) {
    const box =
      drawn && (drawn.boxes.find(b => b.group && b.group.id === id) || drawn.boxes.find(b => b.frame === "f" + id));
    if (box) box.element.focus({preventScroll: true});
  }

  // The mouse drags the picture.
  function dragging() {
    let from = null;
    view.addEventListener("pointerdown", e => {
      if (e.pointerType === "mouse" && ui.tab === "graph" && !e.target.closest("[role=button]"))
        from = {x: e.clientX + view.scrollLeft, y: e.clientY + view.scrollTop};
    });
    addEventListener("pointermove", e => {
      if (!from) return;
      view.classList.add("dragging");
      view.scrollLeft = from.x - e.clientX;
      view.scrollTop = from.y - e.clientY;
    });
    addEventListener("pointerup", () => {
      from = null;
      view.classList.remove("dragging");
    });
  }

  dragging();
  return {
    render,
    zoom,
    scaleBy,
    refocus,
    picture: () => drawn && drawn.picture,
    forget: () => {
      drawn = null;
    },
  };
}
