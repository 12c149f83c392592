// Plays paths over the picture that the page already holds: every line here only adds to it.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const runs = data.runs;
  if (!runs.length) return;

  const byId = (id) => document.getElementById(id);
  const svgNode = (name, attributes, parent) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', name);
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

  const show = (v) => {
    if (v === 0 || !Number.isFinite(v)) return String(v);
    const size = Math.abs(v);
    return size >= 1e5 || size < 1e-3 ? v.toExponential(2).replace('e+', 'e') : String(+v.toPrecision(5));
  };
  const pair = (a, b) => `(${show(a)}, ${show(b)})`;

  // ---- steps and places. A very long path has a place for some of its steps only. ----

  const last = Math.max(...runs.map((r) => r.step[r.step.length - 1]));
  const placeAt = (run, step) => {
    let low = 0, high = run.step.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (run.step[middle] <= step) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  // Long runs are shown on a scale that gives the first steps room.
  const isLong = last > 400;
  const share = (step) => isLong ? Math.log1p(step) / Math.log1p(last) : step / last;
  const stepOf = (s) => Math.round(isLong ? Math.expm1(s * Math.log1p(last)) : s * last);

  const frame = data.frame, view = data.window;
  const place = (x, y) => [
    frame[0] + (x - view[0]) / (view[1] - view[0]) * frame[2],
    frame[1] + (view[3] - y) / (view[3] - view[2]) * frame[3],
  ];
  const near = (v) => Math.max(-5000, Math.min(5000, v));
  for (const run of runs) {
    run.pixels = run.x.map((x, i) => place(x, run.y[i]).map(near));
    run.points = run.pixels.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
    run.shown = true;
  }

  // ---- what moves ----

  const panels = [...document.querySelectorAll('.plots figure')].map((figure, k) => {
    const svg = figure.querySelector('svg'), live = svg.querySelector('.live');
    const members = data.panels[k].map((i) => {
      const run = runs[i], group = svgNode('g', {}, live);
      return {
        run, group,
        trail: svgNode('polyline', {class: `run c${run.colour}`, 'stroke-width': run.width}, group),
        slope: svgNode('path', {class: 'slope'}, group),
        update: svgNode('path', {class: 'update'}, group),
        dot: svgNode('circle', {class: `dot f${run.colour}`, r: 6}, group),
      };
    });
    const ring = svgNode('circle', {class: 'ring off', r: 7}, live);
    return {figure, svg, members, ring};
  });

  const arrow = (from, dx, dy) => {
    const length = Math.hypot(dx, dy);
    if (!(length > 2)) return '';
    const [x, y] = [from[0] + dx, from[1] + dy], [u, v] = [dx / length * 5, dy / length * 5];
    return `M${from[0]} ${from[1]}L${x} ${y}M${x - u - v * .6} ${y - v + u * .6}L${x} ${y}L${x - u + v * .6} ${y - v - u * .6}`;
  };

  const chart = makeChart();
  let step = 0, playing = false;

  function draw() {
    document.body.classList.toggle('moving', step < last || playing);
    for (const panel of panels) {
      for (const m of panel.members) {
        const run = m.run, i = placeAt(run, step), at = run.pixels[i];
        m.trail.setAttribute('points', run.points.slice(0, i + 1).join(' '));
        m.dot.setAttribute('cx', at[0]);
        m.dot.setAttribute('cy', at[1]);
        const ended = i === run.step.length - 1;
        // Downhill, as a direction on the paper; and the step that comes next, as long as it is.
        const dx = -run.gx[i] * frame[2] / (view[1] - view[0]), dy = run.gy[i] * frame[3] / (view[3] - view[2]);
        const size = Math.hypot(dx, dy);
        m.slope.setAttribute('d', size > 0 && !ended ? arrow(at, dx / size * 34, dy / size * 34) : '');
        const next = ended ? at : run.pixels[i + 1];
        m.update.setAttribute('d', ended ? '' : arrow(at, next[0] - at[0], next[1] - at[1]));
      }
    }
    for (const run of runs) {
      const i = placeAt(run, step);
      if (run.label) run.label.textContent = `step ${run.step[i].toLocaleString('en')} · f ${show(run.f[i])}`;
    }
    byId('where').textContent = `step ${step.toLocaleString('en')} of ${last.toLocaleString('en')}`;
    slider.value = isLong ? Math.round(share(step) * 1000) : step;
    chart.moveTo(step);
  }

  function go(to) {
    step = Math.max(0, Math.min(last, to));
    draw();
  }

  // ---- the player ----

  const slider = byId('slider');
  slider.max = isLong ? 1000 : last;
  slider.addEventListener('input', () => {
    pause();
    go(isLong ? stepOf(slider.value / 1000) : +slider.value);
  });

  const speeds = [1, 2, 4, 0.25, 0.5];
  let speed = 0, since = 0, from = 0;
  function play() {
    if (step >= last) step = 0;
    playing = true;
    since = performance.now();
    from = share(step);
    byId('play').setAttribute('aria-label', 'pause');
    byId('play').firstElementChild.firstElementChild.setAttribute('d', 'M3 2h4v12H3zM9 2h4v12H9z');
    requestAnimationFrame(tick);
  }
  function pause() {
    playing = false;
    byId('play').setAttribute('aria-label', 'play');
    byId('play').firstElementChild.firstElementChild.setAttribute('d', 'M3 1.5v13l11-6.5z');
  }
  function tick(now) {
    if (!playing) return;
    // All of it in nine seconds; a short run in fewer.
    const seconds = 9 * Math.min(1, Math.max(0.15, last / 30));
    const s = from + (now - since) / 1000 / seconds * speeds[speed];
    if (s >= 1) pause();
    go(s >= 1 ? last : stepOf(s));
    if (playing) requestAnimationFrame(tick);
  }
  const moves = {
    play: () => playing ? (pause(), draw()) : play(),
    back: () => (pause(), go(step - 1)),
    next: () => (pause(), go(step + 1)),
    first: () => (pause(), go(0)),
    end: () => (pause(), go(last)),
  };
  for (const [id, move] of Object.entries(moves)) if (byId(id)) byId(id).addEventListener('click', move);
  byId('speed').addEventListener('click', () => {
    speed = (speed + 1) % speeds.length;
    byId('speed').textContent = `×${speeds[speed]}`;
    since = performance.now();
    from = share(step);
  });
  const keys = {ArrowRight: 'next', ArrowLeft: 'back', ' ': 'play', Home: 'first', End: 'end'};
  document.addEventListener('keydown', (event) => {
    const isButton = event.target instanceof HTMLButtonElement && event.key === ' ';
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || isButton) return;
    event.preventDefault();
    moves[keys[event.key]]();
  });

  // ---- the list of runs ----

  document.querySelectorAll('.runs button').forEach((button, i) => {
    runs[i].label = button.querySelector('.now');
    button.addEventListener('click', () => {
      runs[i].shown = !runs[i].shown;
      button.setAttribute('aria-pressed', runs[i].shown);
      for (const node of document.querySelectorAll(`[data-run="${i}"]`)) node.classList.toggle('off', !runs[i].shown);
      for (const panel of panels)
        for (const m of panel.members)
          if (m.run === runs[i]) m.group.classList.toggle('off', !runs[i].shown);
    });
  });

  // ---- what a place says when pointed at ----

  const tip = byId('tip');
  function tell(panel, event) {
    const matrix = panel.svg.getScreenCTM().inverse();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    let best = null, distance = 24;
    for (const {run} of panel.members) {
      if (!run.shown) continue;
      run.pixels.forEach(([x, y], i) => {
        const d = Math.hypot(x - at.x, y - at.y);
        if (d < distance) distance = d, best = {run, i, x, y};
      });
    }
    tip.hidden = !best;
    panel.ring.classList.toggle('off', !best);
    if (!best) return;
    panel.ring.setAttribute('cx', best.x);
    panel.ring.setAttribute('cy', best.y);
    const {run, i} = best, rows = [
      [`${data.axes[0]}, ${data.axes[1]}`, pair(run.x[i], run.y[i])],
      ['f', show(run.f[i])],
    ];
    if (run.gx.length) rows.push(['∇f', pair(run.gx[i], run.gy[i])]);
    if (i + 1 < run.step.length && run.step[i + 1] === run.step[i] + 1)
      rows.push(['update', pair(run.x[i + 1] - run.x[i], run.y[i + 1] - run.y[i])]);
    for (const [name, values] of Object.entries(run.state))
      if (values[i]) rows.push([name, pair(values[i][0], values[i][1])]);
    tip.replaceChildren();
    textNode('b', `${run.name}, step ${run.step[i].toLocaleString('en')}`, tip);
    const table = textNode('table', '', tip);
    for (const [key, value] of rows) {
      const row = textNode('tr', '', table);
      textNode('th', key, row);
      textNode('td', value, row);
    }
    const left = event.pageX + 16, width = tip.offsetWidth, room = document.documentElement.clientWidth;
    tip.style.left = `${Math.max(8, left + width > room - 8 ? event.pageX - width - 16 : left)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  }
  for (const panel of panels) {
    panel.svg.addEventListener('pointermove', (event) => tell(panel, event));
    panel.svg.addEventListener('pointerdown', (event) => tell(panel, event));
    panel.svg.addEventListener('pointerleave', () => {
      tip.hidden = true;
      panel.ring.classList.add('off');
    });
  }

  // ---- f against steps ----

  function makeChart() {
    const box = byId('chart');
    if (!box) return {moveTo() {}};
    const [left, top, width, height] = [44, 8, 336, 172];
    const all = runs.flatMap((r) => r.f).filter(Number.isFinite).map((f) => f - data.lowest);
    const isLog = data.log && all.some((f) => f > 0);
    const floor = Math.max(1e-16, Math.min(...all.filter((f) => f > 0)));
    const scale = (f) => isLog ? Math.log10(Math.max(f - data.lowest, floor)) : f;
    let values = runs.flatMap((r) => r.f.map(scale)).filter(Number.isFinite);
    let low = Math.min(...values), high = Math.max(...values);
    if (isLog) low = Math.floor(low), high = Math.ceil(high);
    if (!(high > low)) high = low + 1;
    const px = (s) => left + share(s) * width, py = (f) => top + (high - scale(f)) / (high - low) * height;
    const line = (d, kind) => svgNode('path', {class: kind, d}, box);
    const label = (x, y, anchor, text) => {
      svgNode('text', {x, y, 'text-anchor': anchor}, box).textContent = text;
    };
    const stride = isLog ? Math.max(1, Math.ceil((high - low) / 5)) : (high - low) / 4;
    for (let v = low; v <= high + 1e-9; v += stride) {
      const y = top + (high - v) / (high - low) * height;
      line(`M${left} ${y}h${width}`, 'grid');
      label(left - 6, y + 4, 'end', isLog ? `1e${v}` : show(+v.toPrecision(3)));
    }
    const marks = isLong ? [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((s) => s <= last)
                         : [0, 0.25, 0.5, 0.75, 1].map((s) => Math.round(s * last)).filter((s, i, a) => a.indexOf(s) === i);
    for (const s of marks) label(px(s), top + height + 16, 'middle', s.toLocaleString('en'));
    const cut = svgNode('svg', {x: left, y: top - 4, width, height: height + 8, viewBox: `${left} ${top - 4} ${width} ${height + 8}`}, box);
    runs.forEach((run, i) => {
      const points = run.f.map((f, k) => `${px(run.step[k]).toFixed(1)},${near(py(f)).toFixed(1)}`).join(' ');
      svgNode('polyline', {class: `run c${run.colour}`, 'stroke-width': 2, points, 'data-run': i}, cut);
    });
    const cursor = line('', 'cursor');
    return {moveTo: (s) => cursor.setAttribute('d', `M${px(s)} ${top}v${height}`)};
  }

  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches || location.hash === '#last';
  step = calm ? last : 0;
  pause();
  draw();
  if (!calm) play();
})();
