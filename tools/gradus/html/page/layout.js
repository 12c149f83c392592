// Where each box of the picture stands: layers from dagre, then cut into columns that use the pane.
"use strict";

const layouts = new Map();
const plumbing = new Set(["reshape", "expand"]); // they move numbers and change none

const ruler = document.createElement("canvas").getContext("2d");
function widthOf(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}
const sans = () => getComputedStyle(document.body).fontFamily;

function cut(text, most) {
  return [...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text;
}

const shapeWords = n => (n.value ? (n.value.shape.length ? n.value.shape.join("×") : "scalar") : "?");

function nodeText(n) {
  if (n.kind === "op")
    return n.name
      ? {title: cut(n.name, 20), size: `${n.op} · ${shapeWords(n)}`}
      : {title: cut(n.op, 20), size: `${shortName(n)} · ${shapeWords(n)}`};
  if (n.kind === "constant")
    return n.name
      ? {title: cut(n.name, 20), size: `constant · ${shapeWords(n)}`}
      : {title: "constant", size: `${shortName(n)} · ${shapeWords(n)}`};
  return {title: cut(shortName(n), 20), size: shapeWords(n)};
}

// What stands in the picture: boxes (nodes and folded groups), frames (open groups) and edges between boxes. A box of a node may
// also stand for the plumbing behind it.
function pictureOf(t, root, open, plain) {
  const boxes = [],
    frames = [],
    inside = new Map(),
    hidden = [];
  const walkGroup = (g, frame) => {
    for (const kid of g.kids) {
      if (typeof kid !== "object") {
        const n = nodeOf(t, kid);
        if (plain && n.kind === "op" && plumbing.has(n.op)) hidden.push(n);
        else boxes.push({key: "n" + kid, node: n, ids: [kid], ...nodeText(n), frame}), inside.set(kid, "n" + kid);
      } else if (open.has(kid)) {
        frames.push({key: "f" + kid.id, group: kid, frame});
        walkGroup(kid, "f" + kid.id);
      } else {
        boxes.push({
          key: "g" + kid.id,
          group: kid,
          ids: kid.nodes,
          title: cut(kid.label, 22),
          size: kid.run ? cut(runText(t, kid.nodes), 30) : `${kid.nodes.length} nodes`,
          frame,
          result: nodeOf(t, Math.max(...kid.nodes)),
        });
        for (const id of kid.nodes) inside.set(id, "g" + kid.id);
      }
    }
  };
  walkGroup(root, null);
  const byKey = new Map(boxes.map(b => [b.key, b]));
  for (const n of hidden.sort((a, b) => a.id - b.id)) {
    const key = inside.get(n.inputs[0]);
    if (!key) continue;
    inside.set(n.id, key);
    byKey.get(key).ids = [...byKey.get(key).ids, n.id];
  }
  const edges = new Map();
  for (const n of t.nodes.values()) {
    n.inputs.forEach((id, slot) => {
      const a = inside.get(id),
        b = inside.get(n.id);
      if (!a || !b || a === b) return;
      const key = a[0] === "n" && b[0] === "n" ? `${a} ${b} ${slot}` : `${a} ${b}`;
      if (!edges.has(key)) edges.set(key, {key, a, b, gives: []});
      edges.get(key).gives.push({from: n.id, slot, to: id});
    });
  }
  const kept = new Set(boxes.map(b => b.frame)),
    around = new Map(frames.map(f => [f.key, f.frame]));
  for (const f of [...kept]) for (let up = around.get(f); up; up = around.get(up)) kept.add(up);
  return {boxes, frames: frames.filter(f => kept.has(f.key)), edges: [...edges.values()]};
}

function layers(picture, slim) {
  const g = new dagre.graphlib.Graph({multigraph: true, compound: true});
  g.setGraph({
    rankdir: "TB",
    nodesep: 16,
    edgesep: 8,
    ranksep: 26,
    marginx: 14,
    marginy: 16,
    ranker: "tight-tree",
    align: "UL",
  });
  g.setDefaultEdgeLabel(() => ({}));
  for (const b of picture.boxes) {
    b.strip = stripOf(b.node || b.result, slim);
    b.width = Math.ceil(
      Math.max(
        72,
        widthOf(b.title, "600 13px " + sans()) + 26,
        widthOf(b.size, "11px monospace") + 22,
        stripWidth(b.strip, b.node || b.result),
      ),
    );
    b.height = 43 + stripHeight(b.strip);
    g.setNode(b.key, {width: b.width, height: b.height});
  }
  for (const f of picture.frames) g.setNode(f.key, {});
  for (const b of [...picture.boxes, ...picture.frames]) if (b.frame) g.setParent(b.key, b.frame);
  for (const e of picture.edges) g.setEdge(e.a, e.b, {weight: 1}, e.key);
  dagre.layout(g);
  for (const b of picture.boxes) Object.assign(b, pick(g.node(b.key)));
  for (const f of picture.frames) Object.assign(f, pick(g.node(f.key)));
  for (const f of picture.frames) Object.assign(f, fitted(f, picture.frames, picture.boxes));
  for (const e of picture.edges) e.points = g.edge({v: e.a, w: e.b, name: e.key}).points;
  return {...picture, width: Math.ceil(g.graph().width), height: Math.ceil(g.graph().height)};
}

const within = (box, frame, frames) => {
  for (let k = box.frame; k; k = (frames.find(f => f.key === k) || {}).frame) if (k === frame.key) return true;
  return false;
};
const depthOf = (key, frames) => {
  let d = 0;
  for (const f of frames) if (f.frame === key) d = Math.max(d, 1 + depthOf(f.key, frames));
  return d;
};
const headOf = (frame, frames) => 24 + 18 * depthOf(frame.key, frames),
  footOf = (frame, frames) => 10 + 8 * depthOf(frame.key, frames);
const topOf = b => b.y - b.height / 2,
  bottomOf = b => b.y + b.height / 2;

// From a name's height above the first box of a frame to below its last: the layers may leave more, and less for the name.
function fitted(frame, frames, boxes) {
  const own = boxes.filter(b => within(b, frame, frames));
  const top = Math.min(...own.map(topOf)) - headOf(frame, frames),
    bottom = Math.max(...own.map(bottomOf)) + footOf(frame, frames);
  const from = Math.max(top, topOf(frame) - 9),
    to = Math.min(bottom, bottomOf(frame) + 5);
  return {y: (from + to) / 2, height: to - from};
}

const pick = n => ({x: n.x, y: n.y, width: n.width, height: n.height});

// Tapes of a training loop are alike: one layout serves them all.
function layoutOf(t, open, root, plain, pane) {
  if (t.key === null) {
    t.key = [...t.nodes.values()]
      .map(n => [n.id, n.kind, n.name, n.op, n.inputs, n.scope, n.value && n.value.shape].join("|"))
      .join("\n");
  }
  const slim = pane.width < 520,
    key = t.key + "\n\n" + slim + plain + [...open].map(g => g.id).join(" ");
  if (!layouts.has(key)) {
    if (layouts.size > 200) layouts.clear();
    layouts.set(key, {flat: layers(pictureOf(t, root, open, plain), slim), arranged: new Map()});
  }
  const {flat, arranged} = layouts.get(key),
    shape = Math.round(pane.width / 40) + "x" + Math.round(pane.height / 40);
  if (!arranged.has(shape)) arranged.set(shape, inColumns(flat, pane));
  return arranged.get(shape);
}

const scaleFor = (layout, pane) => Math.min(1.1, (pane.width - 6) / layout.width, (pane.height - 6) / layout.height);

// What of the picture is shown: all of it if that is readable, else without plumbing, else with modules folded. What the reader has chosen stays.
// Laying out costs most: what cannot be readable, by the room of its boxes or by how small a like picture was, is not tried.
const readable = 0.72,
  boxRoom = 11500;
function readableLayout(t, root, follow, ui, pane) {
  const room = (pane.width * pane.height) / readable ** 2,
    tried = [];
  const hopeless = (boxes, bare) =>
    boxes * boxRoom > (boxes > 40 ? 0.75 : 1.5) * room ||
    tried.some(t => t.bare === bare && 1.2 * t.scale * t.boxes < readable * boxes);
  let best = null;
  for (const most of [mostNodes, 90, 60, 40, 24, 14]) {
    for (const bare of ui.plain === null ? [false, true] : [ui.plain]) {
      const counts = id => !bare || !plumbing.has(nodeOf(t, id).op),
        open = openGroups(root, follow, ui.folded, most, counts);
      const boxes = [...open].reduce(
        (sum, g) => sum + g.kids.filter(k => (typeof k === "object" ? !open.has(k) : counts(k))).length,
        0,
      );
      if (most > 14 && hopeless(boxes, bare)) continue;
      const layout = layoutOf(t, open, root, bare, pane),
        scale = scaleFor(layout, pane);
      tried.push({boxes, bare, scale});
      if (!best || scale > best.scale) best = {layout, bare, scale};
      if (scale >= readable) return best;
    }
    if (best && best.scale > 0.62 && most <= 24) return best;
  }
  return best;
}

// The number of columns that shows the boxes largest; more of them must be worth it.
function inColumns(flat, pane) {
  let best = flat,
    size = scaleFor(flat, pane);
  const gaps = gapsOf(flat);
  for (let count = 2; count <= 8 && count <= gaps.length; ++count) {
    const split = columns(flat, cutsFor(flat, gaps, count)),
      scale = scaleFor(split, pane);
    if (scale > 1.12 * size) (best = split), (size = scale);
  }
  return best;
}

// Heights at which no box would be cut, each with the number of edges that cross it.
function gapsOf(flat) {
  const boxes = [...flat.boxes].sort((a, b) => a.y - a.height / 2 - (b.y - b.height / 2)),
    gaps = [];
  let bottom = -Infinity;
  for (const b of boxes) {
    const top = b.y - b.height / 2;
    if (bottom > 0 && top - bottom > 12) gaps.push({y: (top + bottom) / 2});
    bottom = Math.max(bottom, b.y + b.height / 2);
  }
  for (const gap of gaps)
    gap.crossed = flat.edges.filter(e => e.points[0].y <= gap.y && e.points.at(-1).y > gap.y).length;
  return gaps;
}

// Columns of about one height, cut where few edges cross.
function cutsFor(flat, gaps, count) {
  const cuts = [],
    part = flat.height / count;
  for (let k = 1; k < count; ++k) {
    const after = cuts.length ? cuts.at(-1) : 0,
      free = gaps.filter(g => g.y > after + 1);
    if (!free.length) break;
    const cost = g => Math.abs(g.y - k * part) / part + 0.06 * g.crossed;
    cuts.push(free.reduce((a, b) => (cost(b) < cost(a) ? b : a)).y);
  }
  return cuts;
}

function columns(flat, cuts) {
  const columnOf = y => cuts.filter(c => c < y).length;
  const boxes = flat.boxes.map(b => ({...b, column: columnOf(b.y)})),
    byKey = new Map(boxes.map(b => [b.key, b]));
  const parts = flat.frames.flatMap(f => partsOf(f, flat.frames, boxes, cuts, columnOf));
  const edges = flat.edges.map(e => ({...e, from: byKey.get(e.a), into: byKey.get(e.b)}));
  // What lies in a column decides how wide it is; edges that leave it get lanes beside it.
  const extent = cuts.concat(0).map((_, c) => {
    const xs = [...boxes, ...parts].filter(b => b.column === c).flatMap(b => [b.x - b.width / 2, b.x + b.width / 2]);
    for (const e of edges) if (e.from.column === c && e.into.column === c) xs.push(...e.points.map(p => p.x));
    return [Math.min(...xs), Math.max(...xs)];
  });
  const lanes = extent.map(() => new Map()),
    across = new Map();
  const lane = (map, key) => (map.has(key) ? map.get(key) : map.set(key, map.size).get(key));
  for (const e of edges) {
    if (e.from.column === e.into.column) continue;
    lane(lanes[e.from.column], e.a);
    if (e.into.column > e.from.column + 1) lane(lanes[e.into.column - 1], e.a), lane(across, e.a);
  }
  const margin = 14,
    roof = 16 + 7 * across.size,
    shift = [];
  let x = margin;
  extent.forEach(([left, right], c) => {
    const first = Math.min(...[...boxes, ...parts].filter(b => b.column === c).map(topOf));
    shift.push({x: x - left, y: c ? roof + 14 - first : roof, gutter: x + right - left});
    x += right - left + (c < cuts.length ? 26 + 7 * lanes[c].size : margin);
  });
  for (const b of [...boxes, ...parts]) (b.x += shift[b.column].x), (b.y += shift[b.column].y);
  for (const e of edges) {
    const c = e.from.column,
      laneAt = k => shift[k].gutter + 14 + 7 * lane(lanes[k], e.a);
    if (c === e.into.column) e.points = e.points.map(p => ({x: p.x + shift[c].x, y: p.y + shift[c].y}));
    else
      (e.points = detour(e, laneAt, roof - 14 - 7 * (across.get(e.a) ?? 0), doorOf(e.into, parts, flat.frames))),
        (e.bent = true);
  }
  const height = Math.max(...[...boxes, ...parts].map(bottomOf), ...edges.flatMap(e => e.points.map(p => p.y))) + 14;
  return {boxes, frames: parts, edges, width: Math.ceil(x), height: Math.ceil(height)};
}

// An open module whose boxes are in several columns has a frame in each of them.
function partsOf(frame, frames, boxes, cuts, columnOf) {
  const own = boxes.filter(b => within(b, frame, frames)),
    pad = footOf(frame, frames),
    parts = [];
  for (const c of new Set(own.map(b => b.column))) {
    const of = own.filter(b => b.column === c),
      cutAbove = columnOf(topOf(frame) + 1) !== c,
      ends = columnOf(bottomOf(frame) - 1) === c;
    const left = Math.min(...of.map(b => b.x - b.width / 2)) - pad,
      right = Math.max(...of.map(b => b.x + b.width / 2)) + pad;
    const top = cutAbove ? Math.min(...of.map(topOf)) - headOf(frame, frames) : topOf(frame),
      bottom = ends ? bottomOf(frame) : Math.max(...of.map(bottomOf)) + pad;
    const width = Math.max(right - left, widthOf(cut(frame.group.label, 26), "600 11.5px " + sans()) + 22);
    parts.push({
      ...frame,
      column: c,
      x: (left + right) / 2,
      y: (top + bottom) / 2,
      width,
      height: bottom - top,
      again: own.some(b => b.column < c),
    });
  }
  return parts;
}

// The height at which an edge from another column turns to a box: above the names of the modules that begin there.
function doorOf(box, parts, frames) {
  const near = parts.filter(
    f => f.column === box.column && topOf(box) > topOf(f) - 7 && topOf(box) - topOf(f) < headOf(f, frames) + 4,
  );
  return Math.min(topOf(box) - 13, ...near.map(f => topOf(f) - 7));
}

// From the bottom of a box by the lane beside its column, and where it must over the top, to the top of another box.
function detour(e, laneAt, roof, door) {
  const out = {x: e.from.x, y: e.from.y + e.from.height / 2},
    end = {x: e.into.x, y: e.into.y - e.into.height / 2};
  const first = laneAt(e.from.column),
    last = laneAt(e.into.column - 1),
    points = [out, {x: out.x, y: out.y + 11}, {x: first, y: out.y + 11}];
  if (first !== last) points.push({x: first, y: roof}, {x: last, y: roof});
  return [...points, {x: last, y: door}, {x: end.x, y: door}, end];
}
