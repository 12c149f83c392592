// What a program prints, as elements: text, tables of claims, and pictures. Lines that begin with a record separator are for pages.
"use strict";

const svg = (name, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

// Numbers for an axis: 1, 2 or 5 of a power of ten apart.
function axisTicks(low, high, most) {
  const raw = (high - low) / most,
    power = 10 ** Math.floor(Math.log10(raw)),
    step = [1, 2, 5, 10].find(k => k * power >= raw) * power,
    all = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k)
    all.push(Number((k * step).toPrecision(12)));
  return all;
}

const markClass = mark => ({"*": "s-main", ".": "s-thin", o: "s-other", O: "s-point"})[mark] || "s-letter";

// The mark of a caption, "(*)", as what stands in the picture.
function markKey(series, mark) {
  const key = svg("svg", {viewBox: "0 0 22 12", class: "key", role: "img", "aria-label": "drawn like this"}),
    s = series.find(one => one.mark === mark);
  key.append(
    s && s.curve
      ? svg("path", {d: "M1 6H21", class: `curve ${markClass(mark)}`})
      : svg("circle", {cx: 11, cy: 6, r: 4, class: `dot ${markClass(mark)}`}),
  );
  return key;
}

function captionOf(text, series) {
  const known = new Set(series.map(s => s.mark));
  return h(
    "figcaption",
    {},
    ...text.split(/(\([*.oO]\)|(?<=\s)[*o](?= f\d))/).map(part => {
      const mark = part.replace(/[()]/g, "");
      return part && part.length <= 3 && known.has(mark) && /^(\(.\)|[*o])$/.test(part) ? markKey(series, mark) : part;
    }),
  );
}

function plotOf({plot, window: [left, right, bottom, top], series}) {
  const width = 640,
    height = 320,
    from = {x: 52, y: 12},
    to = {x: width - 12, y: height - 30};
  const x = v => from.x + ((v - left) / (right - left)) * (to.x - from.x),
    y = v => to.y - ((v - bottom) / (top - bottom)) * (to.y - from.y);
  const picture = svg("svg", {viewBox: `0 0 ${width} ${height}`, class: "picture", role: "img", "aria-label": plot});
  for (const v of axisTicks(left, right, 8))
    picture.append(
      svg("line", {x1: x(v), x2: x(v), y1: from.y, y2: to.y, class: "gridline"}),
      svg("text", {x: x(v), y: to.y + 19, class: "tick middle"}, numberOf(v)),
    );
  for (const v of axisTicks(bottom, top, 5))
    picture.append(
      svg("line", {x1: from.x, x2: to.x, y1: y(v), y2: y(v), class: "gridline"}),
      svg("text", {x: from.x - 8, y: y(v) + 4, class: "tick end"}, numberOf(v)),
    );
  const inside = svg("svg", {
    x: from.x,
    y: from.y,
    width: to.x - from.x,
    height: to.y - from.y,
    viewBox: `${from.x} ${from.y} ${to.x - from.x} ${to.y - from.y}`,
    class: "inside",
  });
  for (const {mark, curve, xy} of series) {
    const style = markClass(mark);
    if (curve) {
      let path = "",
        down = false;
      for (let i = 0; i < xy.length; i += 2) {
        if (xy[i + 1] === null) {
          down = false;
          continue;
        }
        path += `${down ? "L" : "M"}${x(xy[i]).toFixed(2)} ${Math.max(-2000, Math.min(2000, y(xy[i + 1]))).toFixed(2)}`;
        down = true;
      }
      inside.append(svg("path", {d: path, class: `curve ${style}`}));
    } else
      for (let i = 0; i < xy.length; i += 2)
        if (xy[i + 1] !== null) {
          if (style === "s-letter")
            inside.append(
              svg("circle", {cx: x(xy[i]), cy: y(xy[i + 1]), r: 12, class: "dot s-letter"}),
              svg("text", {x: x(xy[i]), y: y(xy[i + 1]) + 5, class: "letter middle"}, mark),
            );
          else
            inside.append(
              svg("circle", {cx: x(xy[i]), cy: y(xy[i + 1]), r: style === "s-point" ? 5.5 : 3, class: `dot ${style}`}),
            );
        }
  }
  picture.append(inside);
  return h("figure", {}, picture, captionOf(plot, series));
}
const numberOf = v => String(v).replace("-", "−");

// Takes lines as they come. `asks` makes an element of a question; `inputs` hears of each input.
function makeOutput(box, {asks = () => null, inputs = () => {}} = {}) {
  let pre = null,
    table = null;
  function close() {
    if (pre) {
      const text = pre.textContent.replace(/^\n+|\n+$/g, "");
      pre.textContent = text;
      if (!text) pre.remove();
      if (!text.includes("\n")) pre.classList.add("sentence"); // a sentence, which may be broken
    }
    pre = table = null;
  }

  function claim({check, predicted, measured, pass}) {
    if (!table) {
      close();
      table = h("tbody");
      box.append(
        h(
          "div",
          {class: "scroll"},
          h(
            "table",
            {class: "claims"},
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                h("th", {scope: "col", text: "claim"}),
                h("th", {scope: "col", class: "number", text: "predicted"}),
                h("th", {scope: "col", class: "number", text: "measured"}),
                h("th", {scope: "col", "aria-label": "verdict"}),
              ),
            ),
            table,
          ),
        ),
      );
    }
    table.append(
      h(
        "tr",
        {class: pass ? "pass" : "fail"},
        h("td", {text: check.trim(), class: /^ /.test(check) ? "inner" : null}),
        h("td", {class: "number", text: predicted}),
        h("td", {class: "number", text: measured}),
        h("td", {class: "mark", text: pass ? "✓" : "✗", title: pass ? "as predicted" : "not as predicted"}),
      ),
    );
  }

  function event(e) {
    if ("input" in e) return inputs(e);
    if ("check" in e) return claim(e);
    close();
    if ("plot" in e) box.append(plotOf(e));
    if ("ask" in e) {
      const element = asks(e);
      if (element) box.append(element);
    }
    if ("passed" in e)
      box.append(
        h(
          "p",
          {class: e.failed ? "tally fail" : "tally"},
          e.failed ? `${e.passed} as predicted, ${e.failed} not.` : `All ${e.passed} are as predicted.`,
        ),
      );
  }

  return {
    lines(lines) {
      for (const {text, trouble} of lines) {
        if (text.startsWith("\x1e")) {
          let e = null;
          try {
            e = JSON.parse(text.slice(1));
          } catch (error) {
            e = null;
          }
          if (e) event(e);
          continue;
        }
        if (!pre || pre.classList.contains("trouble") !== Boolean(trouble)) {
          if (!text.trim()) continue;
          close();
          pre = h("pre", {class: trouble ? "said trouble" : "said"});
          box.append(pre);
        }
        pre.append(text + "\n");
      }
    },
    end: close,
  };
}
