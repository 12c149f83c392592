// The run as curves: the loss of each walk, norms of parameters' gradients and updates over all steps, and gradients along the tape.
"use strict";

const chartSize = {width: 640, height: 190, left: 58, right: 14, top: 12, bottom: 26};

// What the events say over the run: for each series its points {step, y}, where step is a step of this page.
function curvesOf(trace) {
  if (trace.curves) return trace.curves;
  const norms = new Map(),
    ratios = new Map(),
    names = new Map();
  const put = (map, key, point) => {
    if (Number.isFinite(point.y)) push(map, key, point);
  };
  trace.events.forEach((e, i) => {
    if (e.ev === "leaf" && e.name && e.tensor !== undefined) names.set(e.tensor, e.name);
    if (e.ev === "accumulate")
      put(norms, names.get(e.tensor) || "parameter " + (e.tensor ?? e.node), {
        step: stepOfEvent(trace, i),
        y: normOf(e.grad),
      });
    if (e.ev === "step") put(ratios, e.parameter, {step: stepOfEvent(trace, i), y: numberOf(e.ratio)});
  });
  const losses = [...lossesOf(trace)].map(([place, points]) => [
    place || "loss",
    points.filter(p => Number.isFinite(p.y)),
  ]);
  trace.curves = {losses: losses.filter(([, points]) => points.length > 1), norms, ratios};
  return trace.curves;
}

function trainingView(trace, t, state, ui, act) {
  const {losses, norms, ratios} = curvesOf(trace),
    box = h("div", {class: "pane curves"});
  const at = ui.step,
    several = map => [...map].filter(([, points]) => points.length > 1);
  if (losses.length)
    box.append(
      chart("Loss at each backward()", losses, {at, act, log: logWorth(losses.flatMap(([, points]) => points))}),
    );
  const grown = several(norms);
  if (grown.length) box.append(chart("Norm of each parameter's .grad()", grown, {at, act, log: true}));
  const moved = several(ratios);
  if (moved.length)
    box.append(chart("Update / weight: how far each step moves a parameter", moved, {at, act, log: true}));
  const along = inOrder(t)
    .filter(n => n.kind === "op" || n.kind === "leaf")
    .map(n => ({n, s: state.nodes.get(n.id)}))
    .filter(x => x.s && x.s.grad);
  if (along.length) box.append(bars(along, act, trace));
  if (!box.children.length)
    box.append(
      h("p", {text: "Curves need two steps of training or more; bars need a gradient: step on into the walk."}),
    );
  return box;
}

// A logarithmic scale is for what spans more than a power of ten and is never zero or less.
function logWorth(points) {
  const ys = points.map(p => p.y);
  return Math.min(...ys) > 0 && Math.max(...ys) / Math.min(...ys) > 30;
}

function ticksOf(low, high, log) {
  if (log) {
    const all = range(Math.floor(high) - Math.ceil(low) + 1).map(k => Math.ceil(low) + k),
      every = Math.max(1, Math.ceil(all.length / 5));
    return all.filter((_, k) => k % every === 0).map(v => ({v, text: "1e" + v}));
  }
  const rough = (high - low) / 4 || 1,
    power = 10 ** Math.floor(Math.log10(rough)),
    step = power * [1, 2, 5, 10].find(m => m * power >= rough);
  return range(Math.floor(high / step) - Math.ceil(low / step) + 1)
    .map(k => (Math.ceil(low / step) + k) * step)
    .map(v => ({v, text: String(+v.toPrecision(6))}));
}

function chart(title, series, {at, act, log}) {
  const {width, height, left, right, top, bottom} = chartSize,
    to = y => (log ? Math.log10(y) : y);
  series = series
    .map(([name, points]) => [name, log ? points.filter(p => p.y > 0) : points])
    .filter(([, points]) => points.length);
  const all = series.flatMap(([, points]) => points);
  if (!all.length) return h("p", {text: title + ": all are zero."});
  const first = Math.min(...all.map(p => p.step)),
    last = Math.max(...all.map(p => p.step)),
    ys = all.map(p => to(p.y));
  let low = Math.min(...ys),
    high = Math.max(...ys);
  if (log && Math.floor(high) < Math.ceil(low)) (low = Math.floor(low)), (high = Math.ceil(high));
  if (!(high > low)) (low -= 0.5), (high += 0.5);
  const x = step => left + ((step - first) / Math.max(1, last - first)) * (width - left - right),
    y = v => top + ((high - v) / (high - low)) * (height - top - bottom);
  const picture = svg("svg", {
    class: "chart",
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": series
      .map(
        ([name, points]) =>
          `${series.length > 1 ? name : title}, from ${numberText(points[0].y)} to ${numberText(points.at(-1).y)}`,
      )
      .join("; "),
  });
  const text = (px, py, anchor, words, cls) =>
    picture.append(Object.assign(svg("text", {x: px, y: py, "text-anchor": anchor, class: cls}), {textContent: words}));
  for (const tick of ticksOf(low, high, log)) {
    picture.append(svg("path", {class: "grid", d: `M${left} ${y(tick.v).toFixed(1)}H${width - right}`}));
    text(left - 8, y(tick.v) + 4, "end", tick.text);
  }
  text(width - right, height - 6, "end", "step " + last);
  text(left, height - 6, "start", "step " + first);
  series.forEach(([name, points], k) => {
    const line = svg("polyline", {
      class: "line s" + (k % 8),
      points: points.map(p => `${x(p.step).toFixed(1)},${y(to(p.y)).toFixed(1)}`).join(" "),
    });
    line.append(Object.assign(svg("title", {}), {textContent: name}));
    picture.append(line);
    if (points.length < 40)
      for (const p of points)
        picture.append(
          svg("circle", {class: "dot s" + (k % 8), cx: x(p.step).toFixed(1), cy: y(to(p.y)).toFixed(1), r: 2.4}),
        );
  });
  if (at >= first && at <= last)
    picture.append(svg("path", {class: "cursor", d: `M${x(at).toFixed(1)} ${top}V${height - bottom}`}));
  picture.addEventListener("click", e => {
    const box = picture.getBoundingClientRect(),
      wanted =
        first + ((((e.clientX - box.left) / box.width) * width - left) / (width - left - right)) * (last - first);
    act.go(all.reduce((a, b) => (Math.abs(b.step - wanted) < Math.abs(a.step - wanted) ? b : a)).step);
  });
  const names =
    series.length > 1
      ? h(
          "ul",
          {class: "names"},
          ...series.map(([name, points], k) =>
            h(
              "li",
              {class: "s" + (k % 8)},
              h("span", {text: name}),
              h("span", {class: "now", text: numberText(points.at(-1).y)}),
            ),
          ),
        )
      : null;
  return h(
    "figure",
    {class: "curve"},
    h("figcaption", {}, h("b", {text: title}), log ? " · log scale" : "", " · click to go there"),
    picture,
    names,
  );
}

// The size of the gradient along the tape, from what was computed last: where it vanishes or explodes is seen at a glance.
function bars(along, act, trace) {
  const rows = along
      .reverse()
      .slice(0, 120)
      .map(({n, s}) => ({n, norm: normOf(s.grad)})),
    sizes = rows.map(r => r.norm).filter(v => v > 0 && Number.isFinite(v));
  const low = Math.log10(Math.min(...sizes)) - 0.3,
    high = Math.log10(Math.max(...sizes));
  const share = v =>
    v > 0 && Number.isFinite(v) ? Math.max(1, (100 * (Math.log10(v) - low)) / Math.max(0.3, high - low)) : 0;
  const body = rows.map(({n, norm}) => {
    const bar = h("span", {class: "bar" + (n.kind === "leaf" ? " leaf" : "")});
    bar.style.width = share(norm) + "%";
    return h(
      "tr",
      {},
      h(
        "td",
        {class: "free"},
        h("button", {type: "button", class: "link", text: longName(n), onclick: () => act.select(n.id)}),
      ),
      h("td", {class: "bars"}, bar),
      h("td", {class: "number", text: numberText(norm)}),
    );
  });
  return h(
    "figure",
    {class: "curve"},
    h("figcaption", {}, h("b", {text: "Norm of the gradient along the walk"}), " · log scale"),
    h("table", {class: "list of-norms"}, h("tbody", {}, ...body)),
  );
}
