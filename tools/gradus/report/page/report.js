// Draws the curves of runs, and tells their numbers where they are pointed at.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const hidden = new Set(); // runs that are switched off

  const svgNode = (name, attributes, parent) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (parent) parent.append(node);
    return node;
  };
  const textNode = (name, text, parent) => {
    const node = document.createElement(name);
    node.textContent = text;
    parent.append(node);
    return node;
  };

  // ---- numbers ----

  const show = v => {
    if (v === 0 || !Number.isFinite(v)) return String(v);
    const size = Math.abs(v);
    if (size >= 1e4 && size < 1e9) return brief(v);
    return size >= 1e5 || size < 1e-3 ? v.toExponential(2).replace("e+", "e") : String(+v.toPrecision(4));
  };
  const count = n => n.toLocaleString("en");
  const brief = n =>
    Math.abs(n) >= 1e6
      ? `${+(n / 1e6).toPrecision(4)}M`
      : Math.abs(n) >= 1e4
        ? `${+(n / 1e3).toPrecision(4)}k`
        : count(n);
  const power = v => {
    const e = Math.round(v);
    return e >= -3 && e <= 3 ? String(+(10 ** e).toPrecision(1)) : `1e${e}`;
  };
  // Round numbers, about `wanted` of them, between two ends.
  const ticks = (low, high, wanted) => {
    const raw = (high - low) / wanted,
      size = 10 ** Math.floor(Math.log10(raw));
    const stride = [1, 2, 2.5, 5, 10].find(m => m * size >= raw * 0.999) * size;
    const list = [];
    for (let k = Math.ceil(low / stride - 1e-9); k * stride <= high + stride * 1e-9 && list.length < 20; ++k)
      list.push(k * stride);
    return list;
  };

  // The mean of what came before, with less and less weight.
  const smooth = values => {
    const keep = 1 - 1 / Math.max(1, Math.min(20, values.length / 12));
    let sum = 0,
      weight = 0;
    return values.map(v => {
      sum = keep * sum + (1 - keep) * v;
      weight = keep * weight + (1 - keep);
      return sum / weight;
    });
  };

  // ---- one chart ----

  const [left, top, width, height] = [52, 8, 358, 194];
  const charts = [];

  function makeChart(figure, chart) {
    const svg = figure.querySelector("svg"),
      button = figure.querySelector(".scale");
    const positive = chart.curves.some(c => c.mean.some(v => v > 0));
    const self = {figure, svg, chart, log: chart.log && positive, tips: [], draw, point, leave};
    for (const c of chart.curves) {
      c.line = c.smoothed && c.mean.length > 24 ? smooth(c.mean) : c.mean;
      c.colour = c.depth === undefined ? `c${c.run % 8}` : `d${c.depth}`;
      c.dash = c.dots ? "dashed" : c.depth === undefined && c.run >= 8 ? "dotted" : "";
    }
    button.hidden = !positive || chart.share;
    button.addEventListener("click", () => {
      self.log = !self.log;
      draw();
    });

    function scales() {
      const seen = chart.curves.filter(c => !hidden.has(c.run));
      const at = v => (self.log ? (v > 0 ? Math.log10(v) : NaN) : v);
      let [first, last, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
      for (const c of seen) {
        first = Math.min(first, c.step[0]);
        last = Math.max(last, c.step[c.step.length - 1]);
        for (const v of c.line.length === c.mean.length ? c.mean : c.line) {
          const y = at(v);
          if (Number.isFinite(y)) (low = Math.min(low, y)), (high = Math.max(high, y));
        }
      }
      if (chart.guide !== undefined && Number.isFinite(at(chart.guide)))
        (low = Math.min(low, at(chart.guide))), (high = Math.max(high, at(chart.guide)));
      if (!(low <= high)) [low, high] = [0, 1];
      if (chart.share && !self.log) (low = Math.min(low, 0)), (high = Math.max(high, high > 0.5 ? 1 : 0.1));
      if (!self.log && low > 0 && low < high * 0.5) low = 0;
      if (high - low < 1e-12 * Math.max(1, Math.abs(high))) {
        const room = self.log ? 0.5 : Math.abs(high) * 0.1 || 1;
        (low -= room), (high += room);
      }
      const room = (high - low) * 0.04;
      if (!chart.share && low !== 0) low -= room;
      high += chart.share ? 0 : room;
      if (!(first <= last)) [first, last] = [0, 1];
      if (first === last) first -= 1;
      Object.assign(self, {
        seen,
        first,
        last,
        low,
        high,
        x: s => left + ((s - first) / (last - first)) * width,
        y: v =>
          top + ((high - Math.max(low, Math.min(high, Number.isFinite(at(v)) ? at(v) : low))) / (high - low)) * height,
      });
    }

    function axes() {
      const label = (x, y, anchor, text) => {
        svgNode("text", {x, y, "text-anchor": anchor}, svg).textContent = text;
      };
      let rows = ticks(self.low, self.high, 4);
      if (self.log) {
        const from = Math.ceil(self.low - 1e-9),
          to = Math.floor(self.high + 1e-9);
        const stride = Math.max(1, Math.ceil((to - from) / 5));
        rows = [];
        for (let v = from; v <= to; v += stride) rows.push(v);
        if (rows.length < 2) rows = ticks(self.low, self.high, 3);
      }
      for (const v of rows) {
        const y = top + ((self.high - v) / (self.high - self.low)) * height;
        if (y < top - 1 || y > top + height + 1) continue;
        svgNode("path", {class: "grid", d: `M${left} ${y.toFixed(1)}h${width}`}, svg);
        const exact = Math.abs(v - Math.round(v)) < 1e-9;
        label(
          left - 6,
          y + 4,
          "end",
          self.log
            ? exact
              ? power(v)
              : show(+(10 ** v).toPrecision(2))
            : chart.share
              ? `${+(100 * v).toPrecision(3)} %`
              : show(+v.toPrecision(3)),
        );
      }
      const steps = ticks(self.first, self.last, 5).filter(s => Number.isInteger(s));
      for (const s of steps) label(self.x(s), top + height + 18, "middle", brief(s));
      label(left + width, top + height + 31, "end", "step");
    }

    const path = (c, values) => {
      let d = "",
        pen = "M";
      values.forEach((v, i) => {
        if (self.log && !(v > 0)) {
          pen = "M";
          return;
        }
        d += `${pen}${self.x(c.step[i]).toFixed(1)} ${self.y(v).toFixed(1)}`;
        pen = "L";
      });
      return d;
    };

    function curve(c, cut) {
      const group = svgNode("g", {"data-run": c.run}, cut);
      if (c.low && c.depth === undefined) {
        const above = c.high.map((v, i) => `${self.x(c.step[i]).toFixed(1)},${self.y(v).toFixed(1)}`);
        const below = c.low.map((v, i) => `${self.x(c.step[i]).toFixed(1)},${self.y(v).toFixed(1)}`).reverse();
        svgNode("polygon", {class: `band f${c.run % 8}`, points: above.concat(below).join(" ")}, group);
      }
      if (c.line !== c.mean) svgNode("path", {class: `run faint ${c.colour}`, d: path(c, c.mean)}, group);
      c.node = svgNode("path", {class: `run ${c.dash} ${c.colour}`, d: path(c, c.line)}, group);
      if (c.dots || c.line.length === 1) {
        c.line.forEach((v, i) => {
          const kind = c.depth === undefined ? `f${c.run % 8}` : "f7";
          if (c.line.length <= 60)
            svgNode("circle", {class: `point ${kind}`, cx: self.x(c.step[i]), cy: self.y(v), r: 3.2}, group);
        });
      }
      if (c.missing !== undefined) {
        const x = self.x(Math.min(self.last, Math.max(self.first, c.missing))),
          y = top + height - 7;
        svgNode("path", {class: "missing-at", d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`}, group);
      }
    }

    function draw() {
      svg.replaceChildren();
      scales();
      axes();
      const cut = svgNode(
        "svg",
        {x: left, y: top - 4, width, height: height + 8, viewBox: `${left} ${top - 4} ${width} ${height + 8}`},
        svg,
      );
      if (chart.guide !== undefined) {
        const y = self.y(chart.guide).toFixed(1);
        svgNode("path", {class: "guide", d: `M${left} ${y}h${width}`}, cut);
        svgNode("text", {x: left + 4, y: y - 4}, cut).textContent = show(chart.guide);
      }
      for (const c of self.seen) curve(c, cut);
      if (chart.title === "Loss" && chart === data.common[0]) {
        for (const m of data.marks) {
          if (hidden.has(m.run) || m.step > self.last) continue;
          const x = self.x(Math.max(m.step, self.first)),
            y = top + height;
          const mark = svgNode("path", {class: "mark", d: `M${x} ${y - 9}l5 9h-10z`}, svg);
          svgNode("title", {}, mark).textContent = `${m.code}, step ${count(m.step)}`;
        }
      }
      self.cursor = svgNode("path", {class: "cursor"}, svg);
      button.textContent = self.log ? "log" : "linear";
    }

    // ---- what a chart says when pointed at ----

    const nearest = (c, step) => {
      let low = 0,
        high = c.step.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (c.step[middle] < step) low = middle + 1;
        else high = middle;
      }
      return low > 0 && step - c.step[low - 1] < c.step[low] - step ? low - 1 : low;
    };

    function point(event) {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const step = self.first + ((at.x - left) / width) * (self.last - self.first);
      if (!self.seen.length || at.x < left - 6 || at.x > left + width + 6) return leave();
      const found = self.seen.map(c => {
        const i = nearest(c, step);
        return {c, i, away: Math.abs(self.y(c.line[i]) - at.y)};
      });
      found.sort((a, b) => a.away - b.away);
      for (const f of self.seen) f.node.classList.remove("near");
      if (found.length > 1) found[0].c.node.classList.add("near");
      const where = found
        .map(f => f.c.step[f.i])
        .reduce((best, s) => (Math.abs(s - step) < Math.abs(best - step) ? s : best));
      for (const other of charts) other.cursorAt(where);
      const shown = found.slice(0, found.length > 10 ? 5 : 10);
      if (found.length <= 10) shown.sort((a, b) => self.seen.indexOf(a.c) - self.seen.indexOf(b.c));
      tell(
        event,
        `step ${count(where)}`,
        shown.map(({c, i}) => {
          const many = data.runs.length > 1 && c.depth === undefined;
          const same = c.step[i] === where ? "" : ` (step ${count(c.step[i])})`;
          const value = chart.share ? `${+(100 * c.mean[i]).toPrecision(4)} %` : show(c.mean[i]);
          return [(many ? `${data.runs[c.run]} · ${c.label}` : c.label) + same, value];
        }),
      );
    }
    function leave() {
      tip.hidden = true;
      for (const c of self.seen) c.node.classList.remove("near");
      for (const other of charts) other.cursorAt(NaN);
    }
    self.cursorAt = step => {
      const inside = step >= self.first && step <= self.last;
      self.cursor.setAttribute("d", inside ? `M${self.x(step).toFixed(1)} ${top}v${height}` : "");
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", leave);
    draw();
    charts.push(self);
  }

  const tip = document.getElementById("tip");
  function tell(event, title, rows) {
    tip.replaceChildren();
    textNode("b", title, tip);
    const table = textNode("table", "", tip);
    for (const [key, value] of rows) {
      const row = textNode("tr", "", table);
      textNode("th", key.length > 48 ? `${key.slice(0, 47)}…` : key, row);
      textNode("td", value, row);
    }
    tip.hidden = false;
    const beside = event.pageX + 16,
      wide = tip.offsetWidth,
      room = document.documentElement.clientWidth;
    tip.style.left = `${Math.max(8, beside + wide > room - 8 ? event.pageX - wide - 16 : beside)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  }

  const figures = [...document.querySelectorAll("figure.chart")];
  [data.common, ...data.own].flat().forEach((chart, i) => makeChart(figures[i], chart));

  document.querySelectorAll("#runs button").forEach((button, r) => {
    button.addEventListener("click", () => {
      hidden.has(r) ? hidden.delete(r) : hidden.add(r);
      button.setAttribute("aria-pressed", !hidden.has(r));
      for (const node of document.querySelectorAll(`main [data-run="${r}"]`))
        node.classList.toggle("off", hidden.has(r));
      for (const chart of charts) chart.draw();
    });
  });
  document.documentElement.dataset.ready = "";
})();
