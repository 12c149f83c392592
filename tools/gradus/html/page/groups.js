// Which nodes of a tape stand in the picture by themselves and which are folded into their module. Long stretches without
// modules are folded into runs of operations.
"use strict";

const mostNodes = 150,
  run = 40;

function groupsOf(t) {
  const root = {id: "", label: "", kids: [], parent: null, nodes: []},
    byPath = new Map([["", root]]);
  const group = path => {
    if (byPath.has(path)) return byPath.get(path);
    const cut = path.lastIndexOf("."),
      parent = group(cut < 0 ? "" : path.slice(0, cut));
    const g = {id: path, label: path.slice(cut + 1), kids: [], parent, nodes: []};
    parent.kids.push(g);
    byPath.set(path, g);
    return g;
  };
  for (const n of inOrder(t)) group(n.scope || "").kids.push(n.id);
  root.kids = root.kids.map(tidy).flat();
  fill(root);
  if (root.nodes.length > mostNodes) chop(root);
  return root;
}

// Constants stand before the operation that uses them first.
function inOrder(t) {
  const place = new Map();
  for (const n of t.nodes.values()) {
    for (const id of n.inputs) if (id < 0 && !place.has(id)) place.set(id, n.id - 0.5);
  }
  const at = n => (n.id < 0 ? (place.get(n.id) ?? -0.5) : n.id);
  return [...t.nodes.values()].sort((a, b) => at(a) - at(b) || b.id - a.id);
}

// A module in a module and nothing else: one box. A single node needs none.
function tidy(g) {
  if (typeof g !== "object") return [g];
  g.kids = g.kids.map(tidy).flat();
  if (g.kids.length === 1) {
    const only = g.kids[0];
    if (typeof only === "object") only.label = g.label + "." + only.label;
    return [only];
  }
  return g.kids.length ? [g] : [];
}

function fill(g) {
  for (const kid of g.kids) {
    if (typeof kid === "object") (kid.parent = g), fill(kid), g.nodes.push(...kid.nodes);
    else g.nodes.push(kid);
  }
}

function chop(g) {
  for (const kid of g.kids) if (typeof kid === "object") chop(kid);
  if (g.kids.length <= run) return;
  const parts = Math.min(run, Math.ceil(g.kids.length / run)),
    size = Math.ceil(g.kids.length / parts),
    kids = [];
  for (let at = 0; at < g.kids.length; at += size) {
    const part = {id: `${g.id}#${at}`, label: "", kids: g.kids.slice(at, at + size), parent: g, nodes: [], run: true};
    fill(part);
    part.label = runLabel(part.nodes);
    chop(part);
    kids.push(part);
  }
  g.kids = kids;
}

function runLabel(ids) {
  const own = ids.filter(id => id >= 0);
  return own.length ? `t${Math.min(...own)} … t${Math.max(...own)}` : "constants";
}

// "99 nodes: mul, add": a run has no name, but what it does most.
function runText(t, ids) {
  const counts = new Map();
  for (const id of ids) {
    const op = nodeOf(t, id).op;
    if (op) counts.set(op, (counts.get(op) || 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 2);
  return `${ids.length} nodes${most.length ? ": " : ""}${most.map(([op]) => op).join(", ")}`;
}

// The groups that are open: as many as fit (`most` boxes), the outer ones first; those that hold the nodes of this step; and what the
// reader has opened, less what the reader has folded. `counts` says whether a node has a box.
function openGroups(root, follow, chosen, most, counts) {
  const open = new Set([root]),
    size = g => g.kids.filter(k => typeof k === "object" || counts(k)).length,
    all = root.nodes.filter(counts).length;
  let shown = size(root);
  for (let level = [root]; level.length; ) {
    const inner = level
      .flatMap(g => g.kids.filter(k => typeof k === "object"))
      .sort((a, b) => a.kids.length - b.kids.length);
    level = [];
    for (const g of inner) {
      if (all > most && (g.run || shown + size(g) > most * 0.6)) continue;
      open.add(g), level.push(g);
      shown += size(g) - 1;
    }
  }
  const path = (g, id) => {
    const kid = g.kids.find(k => (typeof k === "object" ? k.nodes.includes(id) : k === id));
    if (typeof kid === "object") open.add(kid), path(kid, id);
  };
  for (const id of follow) path(root, id);
  const each = g => {
    for (const kid of g.kids) {
      if (typeof kid !== "object") continue;
      if (chosen.get(kid.id) === true) open.add(kid);
      if (chosen.get(kid.id) === false) open.delete(kid);
      each(kid);
    }
  };
  each(root);
  return open;
}
