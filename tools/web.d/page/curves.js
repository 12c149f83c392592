// The loss of each step and of the two parts of the data, over the steps.
"use strict";

function makeHistory() {
  const history = {steps: [], train: [], test: [], at: []},
    most = 4000;
  // Every second one goes when there are too many.
  const halve = lists => {
    for (const list of lists) for (let i = 0, k = 0; i < list.length; i += 2, ++k) list[k] = list[i];
    for (const list of lists) list.length = Math.ceil(list.length / 2);
  };
  let stride = 1,
    seen = 0;
  return {
    history,
    clear() {
      for (const list of Object.values(history)) list.length = 0;
      stride = 1;
      seen = 0;
    },
    losses(losses, lastStep) {
      losses.forEach((loss, i) => {
        if (++seen % stride) return;
        history.steps.push([lastStep - losses.length + 1 + i, loss]);
        if (history.steps.length > most) {
          halve([history.steps]);
          stride *= 2;
        }
      });
    },
    parts(step, train, test) {
      history.at.push(step);
      history.train.push(train);
      history.test.push(test);
      if (history.at.length > most) halve([history.at, history.train, history.test]);
    },
  };
}

// Ticks of a logarithmic axis: 1, 2, 5 of each power, or powers alone.
function logTicks(low, high) {
  const all = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power)
    for (const first of high / low > 200 ? [1] : [1, 2, 5]) all.push(first * 10 ** power);
  return all.filter(t => t >= low && t <= high);
}

const tickText = x =>
  x >= 1e-3 && x < 1e4 ? String(Number(x.toPrecision(1))) : x.toExponential(0).replace("-", "−").replace("+", "");

function drawCurves(canvas, history) {
  const width = canvas.clientWidth,
    height = canvas.clientHeight,
    pen = sharp(canvas, width, height),
    {soft, line, here, above, edge} = palette();
  const left = 44,
    right = width - 8,
    top = 8,
    bottom = height - 22,
    finite = x => Number.isFinite(x) && x > 0;
  const all = [...history.train, ...history.test].filter(finite),
    every = history.steps.map(s => s[1]).filter(finite);
  pen.font = "11px system-ui, sans-serif";
  if (!every.length) {
    pen.fillStyle = rgb(soft);
    pen.fillText("The curves begin with the first step.", left, height / 2);
    return;
  }
  const sorted = [...every].sort((a, b) => a - b),
    heights = [
      ...all,
      ...(sorted.length ? [sorted[Math.floor(sorted.length * 0.02)], sorted[Math.ceil(sorted.length * 0.98) - 1]] : []),
    ];
  let low = Math.min(...heights),
    high = Math.max(...heights);
  if (high / low < 1.5) [low, high] = [low / 1.25, high * 1.25];
  const last = Math.max(1, history.at.at(-1) || 0, history.steps.length ? history.steps.at(-1)[0] : 0);
  const x = step => left + (step / last) * (right - left),
    y = v =>
      bottom -
      ((Math.log(Math.max(low, Math.min(high, v))) - Math.log(low)) / (Math.log(high) - Math.log(low))) *
        (bottom - top);
  pen.fillStyle = rgb(soft);
  pen.lineWidth = 1;
  pen.textAlign = "right";
  for (const tick of logTicks(low, high)) {
    pen.strokeStyle = rgb(line);
    pen.beginPath();
    pen.moveTo(left, Math.round(y(tick)) + 0.5);
    pen.lineTo(right, Math.round(y(tick)) + 0.5);
    pen.stroke();
    pen.fillText(tickText(tick), left - 6, y(tick) + 4);
  }
  pen.fillText(last === 1 ? "1 step" : `${last.toLocaleString("en")} steps`, right, height - 6);
  pen.textAlign = "left";
  const draw = (points, colour, wide) => {
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    pen.lineJoin = "round";
    pen.beginPath();
    let down = false;
    for (const [step, v] of points) {
      if (!finite(v)) {
        down = false;
        continue;
      }
      if (down) pen.lineTo(x(step), y(v));
      else pen.moveTo(x(step), y(v));
      down = true;
    }
    pen.stroke();
  };
  draw(history.steps, rgb(edge, 0.55), 0.8);
  draw(
    history.at.map((s, i) => [s, history.train[i]]),
    rgb(here),
    2,
  );
  draw(
    history.at.map((s, i) => [s, history.test[i]]),
    rgb(above),
    2,
  );
}
