// f against steps, for any number of runs, as large as its place allows.
"use strict";

study.chart = page => {
  const box = document.getElementById("chart");
  if (!box) return {redraw() {}, moveTo() {}};
  const {svgNode, show} = page,
    caption = box.parentElement.querySelector("figcaption"),
    words = caption ? caption.textContent : "";
  let px = null,
    cursor = null,
    frame = null;

  function redraw() {
    box.replaceChildren();
    const {runs, last, isLong, share} = page,
      shown = runs.filter(r => r.shown);
    const wide = Math.max(280, Math.min(900, box.parentElement.clientWidth - 28)),
      tall = innerHeight < 800 ? 164 : 212;
    box.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    const [left, top, width, height] = (frame = [50, 8, wide - 62, tall - 48]);
    const all = shown
      .flatMap(r => r.f)
      .filter(Number.isFinite)
      .map(f => f - page.lowest);
    const isLog = page.log && all.some(f => f > 0) && all.every(f => f > -1e-9);
    const floor = Math.max(1e-16, Math.min(...all.filter(f => f > 0)));
    const scale = f => (isLog ? Math.log10(Math.max(f - page.lowest, floor)) : f);
    const values = shown.flatMap(r => r.f.map(scale)).filter(Number.isFinite);
    let low = Math.min(...values),
      high = Math.max(...values);
    if (isLog) (low = Math.floor(low)), (high = Math.ceil(high));
    if (!(high > low)) high = low + 1;
    px = s => left + share(s) * width;
    const py = f => top + ((high - scale(f)) / (high - low)) * height;
    const label = (x, y, anchor, text, more = {}) => {
      svgNode("text", {x, y, "text-anchor": anchor, ...more}, box).textContent = text;
    };
    const stride = isLog ? Math.max(1, Math.ceil((high - low) / 5)) : (high - low) / 4;
    for (let v = low; v <= high + 1e-9; v += stride) {
      const y = top + ((high - v) / (high - low)) * height;
      svgNode("path", {class: "grid", d: `M${left} ${y}h${width}`}, box);
      label(left - 6, y + 4, "end", isLog ? `1e${v}` : show(+v.toPrecision(3)));
    }
    const marks = isLong
      ? [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6].filter(s => s <= last)
      : [0, 0.25, 0.5, 0.75, 1].map(s => Math.round(s * last)).filter((s, i, a) => a.indexOf(s) === i);
    for (const s of marks) label(px(s), top + height + 16, "middle", s.toLocaleString("en"));
    label(left + width, top + height + 32, "end", isLong ? "steps, log scale" : "steps", {class: "axis"});
    if (caption) caption.textContent = words + (isLog ? " · log scale" : "");
    const cut = svgNode(
      "svg",
      {x: left, y: top - 4, width, height: height + 8, viewBox: `${left} ${top - 4} ${width} ${height + 8}`},
      box,
    );
    for (const run of shown) {
      const points = run.f.map((f, k) => `${px(run.step[k]).toFixed(1)},${page.near(py(f)).toFixed(1)}`).join(" ");
      svgNode("polyline", {class: `run c${run.colour}`, "stroke-width": 2, points}, cut);
    }
    cursor = svgNode("path", {class: "cursor"}, box);
  }
  return {redraw, moveTo: s => cursor && cursor.setAttribute("d", `M${px(s)} ${frame[1]}v${frame[3]}`)};
};
