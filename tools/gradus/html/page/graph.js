// The picture of a tape: drawn once for each layout, then only coloured.
"use strict";

const svgNamespace = document.querySelector("svg").namespaceURI; // spelt nowhere: no address is in this page

function svg(tag, attributes, ...children) {
  const e = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes || {})) if (value !== undefined) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

function curve(points) {
  const [first, ...rest] = points,
    at = p => `${p.x.toFixed(1)} ${p.y.toFixed(1)}`;
  if (rest.length < 2) return `M${at(first)}L${at(rest[0])}`;
  let d = `M${at(first)}`;
  for (let i = 0; i < rest.length - 1; ++i) {
    const middle =
      i === rest.length - 2 ? rest[i + 1] : {x: (rest[i].x + rest[i + 1].x) / 2, y: (rest[i].y + rest[i + 1].y) / 2};
    d += `Q${at(rest[i])} ${at(middle)}`;
  }
  return d;
}

// Along straight pieces, with round corners.
function bent(points) {
  const at = p => `${p.x.toFixed(1)} ${p.y.toFixed(1)}`;
  let d = `M${at(points[0])}`;
  for (let i = 1; i + 1 < points.length; ++i) {
    const p = points[i],
      toward = q => {
        const length = Math.hypot(q.x - p.x, q.y - p.y),
          r = Math.min(8, length / 2);
        return length ? {x: p.x + ((q.x - p.x) / length) * r, y: p.y + ((q.y - p.y) / length) * r} : p;
      };
    d += `L${at(toward(points[i - 1]))}Q${at(p)} ${at(toward(points[i + 1]))}`;
  }
  return d + `L${at(points.at(-1))}`;
}

function marker(id) {
  return svg(
    "marker",
    {
      id,
      viewBox: "0 0 8 8",
      refX: 6.5,
      refY: 4,
      markerWidth: 8,
      markerHeight: 8,
      markerUnits: "userSpaceOnUse",
      orient: "auto-start-reverse",
    },
    svg("path", {d: "M0 .6 8 4 0 7.4z"}),
  );
}

// Draws a layout; what is returned colours it.
function drawGraph(layout, on) {
  const picture = svg("svg", {
    class: "net",
    role: "group",
    "aria-label": "The tape as a graph",
    viewBox: `0 0 ${layout.width} ${layout.height}`,
  });
  picture.append(svg("defs", {}, marker("tip"), marker("tip-done"), marker("tip-hot")));
  const drawn = {picture, layout, boxes: [], edges: []};
  for (const f of layout.frames) picture.append(drawFrame(f, on));
  for (const e of layout.edges) {
    const path = svg("path", {d: e.bent ? bent(e.points) : curve(e.points), class: "edge"});
    picture.append(path);
    drawn.edges.push({...e, path});
  }
  for (const b of layout.boxes) drawn.boxes.push(drawBox(b, on));
  picture.append(...drawn.boxes.map(b => b.element));
  return drawn;
}

function pressable(element, act) {
  element.addEventListener("click", act);
  element.addEventListener("keydown", e => {
    if (e.key !== "Enter" && e.key !== " ") return;
    e.preventDefault(), e.stopPropagation();
    act();
  });
  return element;
}

function drawFrame(f, on) {
  const x = f.x - f.width / 2,
    y = f.y - f.height / 2;
  return pressable(
    svg(
      "g",
      {
        class: "module",
        tabindex: 0,
        role: "button",
        "aria-expanded": "true",
        "aria-label": `module ${f.group.label}, open`,
      },
      svg("rect", {x, y, width: f.width, height: f.height, rx: 10}),
      Object.assign(svg("text", {x: x + 10, y: y + 15}), {textContent: (f.again ? "… " : "") + cut(f.group.label, 26)}),
    ),
    () => on.toggle(f.group, false),
  );
}

function drawBox(b, on) {
  const x = b.x - b.width / 2,
    y = b.y - b.height / 2,
    e = svg("g", {tabindex: 0, role: "button"});
  const text = (cls, dy, value) => Object.assign(svg("text", {class: cls, x: b.x, y: y + dy}), {textContent: value});
  e.append(svg("rect", {class: "ring", x: x - 5, y: y - 5, width: b.width + 10, height: b.height + 10, rx: 12}));
  if (b.group) e.append(svg("rect", {class: "under", x: x + 4, y: y + 4, width: b.width, height: b.height, rx: 8}));
  e.append(
    svg("rect", {class: "box", x, y, width: b.width, height: b.height, rx: b.node && b.node.kind !== "op" ? 13 : 7}),
    text("title", 18.5, b.title),
    text("size", 34, b.size),
  );
  const badgeText = Object.assign(svg("text", {x: 0, y: 11.5}), {textContent: ""}),
    badgeBox = svg("rect", {x: 0, y: 0, height: 16, rx: 8});
  const badge = svg("g", {class: "badge", visibility: "hidden"}, badgeBox, badgeText);
  const strip = b.strip ? drawStrip(b) : null;
  if (strip) e.append(strip.element);
  e.append(badge, svg("circle", {class: "stop", cx: x + 2, cy: y + 2, r: 6}));
  pressable(e, () => (b.group ? on.toggle(b.group, true) : on.select(b.node.id)));
  const say = words => {
    badge.setAttribute("visibility", words ? "visible" : "hidden");
    if (badgeText.textContent === words) return;
    const width = words.length * 6.4 + 12;
    badgeText.textContent = words;
    badgeBox.setAttribute("width", width);
    badgeText.setAttribute("x", width / 2);
    badge.setAttribute("transform", `translate(${b.x + b.width / 2 - width + 8} ${y - 9})`);
  };
  return {...b, element: e, say, show: strip ? strip.show : () => {}};
}

// Colours the drawing by the state after a step.
function colourGraph(trace, drawn, state, event, ui) {
  const walk = state.walk,
    hot = hotEdges(event, state);
  const current = event ? (event.ev === "contribution" ? event.from : event.node) : undefined,
    target = event && event.ev === "contribution" ? event.to : undefined;
  for (const b of drawn.boxes) {
    const about = b.group ? aboutGroup(trace, b.group, state, current, target) : aboutNode(trace, b.node, state);
    const ids = b.ids,
      shows = b.node || b.result,
      s = shows && state.nodes.get(shows.id);
    const names = ["node", b.group ? "group" : b.node.kind, about.state];
    if (ids.includes(current)) names.push("current");
    if (ids.includes(target)) names.push("target");
    if (about.guilty) names.push("guilty");
    if (ids.includes(ui.selected)) names.push("selected");
    if (ids.some(id => ui.breaks.has(id))) names.push("break");
    b.element.setAttribute("class", names.join(" "));
    b.element.setAttribute(
      "aria-label",
      about.label + (names.includes("current") ? ", this step" : "") + (names.includes("break") ? ", breakpoint" : ""),
    );
    b.say(about.badge);
    b.show(s && s.recorded ? shows.value : null, s ? s.grad : null);
  }
  for (const e of drawn.edges) {
    const isHot = e.gives.some(g => hot.has(g.from + "/" + g.slot));
    const isDone = e.gives.some(g => state.given.has(g.from + "/" + g.slot));
    const future = !e.gives.some(g => state.nodes.get(g.from) && state.nodes.get(g.from).recorded);
    e.path.setAttribute("class", "edge" + (isHot ? " hot" : isDone ? " done" : future ? " future" : ""));
    const back = isDone || (isHot && event.ev !== "op"),
      tip = `url(#tip${isHot ? "-hot" : isDone ? "-done" : ""})`;
    e.path.setAttribute("marker-end", back ? "none" : tip);
    e.path.setAttribute("marker-start", back ? tip : "none");
  }
}

function hotEdges(event, state) {
  if (!event) return new Set();
  if (event.ev === "contribution") return new Set([event.from + "/" + event.slot]);
  if (event.ev === "op") return new Set(event.inputs.map((id, slot) => event.node + "/" + slot));
  return new Set();
}

function expected(trace, walk, id) {
  const given = walk && walk.given.get(id);
  return given ? trace.events[given[0]].of : 0;
}

function aboutNode(trace, n, state) {
  const s = state.nodes.get(n.id) || {recorded: false, k: 0, of: 0, visited: false},
    of = s.of || expected(trace, state.walk, n.id);
  const shape = n.value ? (n.value.shape.length ? n.value.shape.join(" by ") : "one number") : "unknown";
  const name = `${longName(n)}${n.kind === "leaf" ? ", leaf" : ""}, shape ${shape}`;
  if (!s.recorded) return {state: "future", badge: "", label: name + ", not computed yet"};
  const start = state.walk && state.walk.from === n.id;
  const complete = s.visited || (of > 0 && s.k === of);
  const badge = of ? `∇ ${s.k}/${of}` : start && s.visited ? "∇" : "";
  const words = of ? `, gradient ${s.k} of ${of}` : "";
  if (complete && badNode(state.walk, n.id)) {
    return {
      state: "bad",
      badge: badge + "!",
      label: name + words + ", check failed",
      guilty: isGuilty(state.walk, n.id),
    };
  }
  if (isGuilty(state.walk, n.id) && s.visited)
    return {state: "bad", badge: badge + "!", label: name + words + ", rule failed its check", guilty: true};
  if (complete) return {state: "done", badge, label: name + words + ", complete"};
  return {state: s.k > 0 ? "partial" : "waiting", badge, label: name + words};
}

function aboutGroup(trace, group, state) {
  let done = 0,
    all = 0,
    recorded = 0,
    bad = false;
  for (const id of group.nodes) {
    const s = state.nodes.get(id),
      of = expected(trace, state.walk, id) || (state.walk && state.walk.from === id ? 1 : 0);
    if (s && s.recorded) ++recorded;
    if (of) ++all;
    if (!s || !s.visited) continue;
    ++done;
    bad = bad || Boolean(badNode(state.walk, id));
  }
  const label =
    `${group.run ? "operations" : "module"} ${group.label}, ${group.nodes.length} nodes, folded` +
    (all ? `, ${done} of ${all} gradients complete` : "");
  const name = bad ? "bad" : !recorded ? "future" : all && done === all ? "done" : done ? "partial" : "waiting";
  return {state: name, badge: all ? `∇ ${done}/${all}${bad ? "!" : ""}` : "", label};
}
