// The sums behind one number of a convolution or of a pooling: which cells of the image a window sees, and the reverse.
"use strict";

// Window k of an axis has its cell u at stride k + dilation u - padding of the image.
function windowsOf(options, image, window, places) {
  return {
    image: image.slice(-2),
    window,
    places: places.slice(-2),
    stride: options.stride,
    padding: options.padding,
    dilation: options.dilation || [1, 1],
  };
}

// The cells of window [i, j] that lie on the image. Those on the padding are 0.
function cellsUnder(geo, place) {
  const [rows, columns] = [0, 1].map(axis =>
    range(geo.window[axis])
      .map(u => [u, place[axis] * geo.stride[axis] + u * geo.dilation[axis] - geo.padding[axis]])
      .filter(([, at]) => at >= 0 && at < geo.image[axis]),
  );
  return rows.flatMap(([u, h]) => columns.map(([v, w]) => ({u, v, h, w})));
}

// The windows that see cell [h, w], each with its own cell [u, v] that lies there.
function windowsOver(geo, cell) {
  const [rows, columns] = [0, 1].map(axis =>
    range(geo.window[axis])
      .map(u => [u, (cell[axis] + geo.padding[axis] - u * geo.dilation[axis]) / geo.stride[axis]])
      .filter(([, k]) => Number.isInteger(k) && k >= 0 && k < geo.places[axis]),
  );
  return rows.flatMap(([u, i]) => columns.map(([v, j]) => ({u, v, i, j})));
}

const images = (...all) => all.every(x => x && x.data && x.shape.length === 4);
const at4 = (x, ...index) => item(x, flatOf(x.shape, index));

// Which channels of x the output channel o sees: `of` of them, from `first` on.
function channelsOf(w, groups, o) {
  return {first: Math.floor(o / (w.shape[0] / groups)) * w.shape[1], of: w.shape[1]};
}

function convForward(n, inputs, i) {
  const [x, w, bias] = inputs,
    options = n.attributes,
    [image, o, ...place] = unflat(n.value.shape, i);
  if (!images(x, w) || (bias && bias.data.length !== n.value.data.length)) return null;
  const geo = windowsOf(options, x.shape, w.shape.slice(2), n.value.shape),
    channels = channelsOf(w, options.groups, o),
    cells = cellsUnder(geo, place);
  const terms = range(channels.of).flatMap(c =>
    cells.map(k => ({a: at4(x, image, channels.first + c, k.h, k.w), b: at4(w, o, c, k.u, k.v)})),
  );
  return {
    terms: bias ? [{a: item(bias, i)}, ...terms] : terms,
    words: (bias ? "the bias, and " : "") + "a window of the image times the weights of this channel",
  };
}

function convBackward(n, inputs, g, slot, index, i) {
  const [x, w] = inputs,
    options = n.attributes;
  if (slot === 2) return g.data.length > i ? {terms: [{a: item(g, i)}], words: "incoming, as it is"} : null;
  if (!images(x, w, g)) return null;
  const geo = windowsOf(options, x.shape, w.shape.slice(2), g.shape);
  if (slot === 0) {
    const [image, channel, ...cell] = index,
      per = w.shape[0] / options.groups,
      group = Math.floor(channel / w.shape[1]),
      c = channel % w.shape[1],
      over = windowsOver(geo, cell);
    return {
      terms: range(per).flatMap(k =>
        over.map(s => ({a: at4(g, image, group * per + k, s.i, s.j), b: at4(w, group * per + k, c, s.u, s.v)})),
      ),
      words: "incoming times the weight, for each window that sees this number",
    };
  }
  const [o, c, u, v] = index,
    channel = channelsOf(w, options.groups, o).first + c,
    terms = [];
  const one = {
    ...geo,
    window: [1, 1],
    padding: [geo.padding[0] - u * geo.dilation[0], geo.padding[1] - v * geo.dilation[1]],
  };
  for (const image of range(x.shape[0]))
    for (const a of range(g.shape[2]))
      for (const b of range(g.shape[3])) {
        for (const k of cellsUnder(one, [a, b]))
          terms.push({a: at4(g, image, o, a, b), b: at4(x, image, channel, k.h, k.w)});
      }
  return {terms, words: "incoming times the number of the image under this weight, for each window"};
}

function poolForward(n, [x], i) {
  if (!images(x)) return null;
  const options = n.attributes,
    [image, channel, ...place] = unflat(n.value.shape, i),
    geo = windowsOf(options, x.shape, options.window, n.value.shape);
  const cells = cellsUnder(geo, place),
    terms = cells.map(k => ({a: at4(x, image, channel, k.h, k.w)}));
  if (n.op === "max_pool2d") return {terms, greatest: true, words: `the largest of ${terms.length} in its window`};
  return {terms, times: 1 / divisorOf(geo, options, place), words: "the mean of its window"};
}

// By how many cells the sum of a window is divided: the padding counts or does not.
function divisorOf(geo, options, place) {
  const sides = [0, 1].map(axis => {
    const pad = options.count_include_pad ? geo.padding[axis] : 0,
      first = place[axis] * geo.stride[axis] - geo.padding[axis];
    return Math.min(first + geo.window[axis], geo.image[axis] + pad) - Math.max(first, -pad);
  });
  return sides[0] * sides[1];
}

function poolBackward(n, [x], g, [image, channel, ...cell]) {
  if (!images(x, g)) return null;
  const options = n.attributes,
    geo = windowsOf(options, x.shape, options.window, g.shape),
    over = windowsOver(geo, cell);
  const given = s => at4(g, image, channel, s.i, s.j);
  if (n.op === "avg_pool2d")
    return {
      terms: over.map(s => ({a: given(s), b: 1 / divisorOf(geo, options, [s.i, s.j])})),
      words: "incoming divided by the size of the window, for each window that sees this number",
    };
  const largestOf = s =>
    cellsUnder(geo, [s.i, s.j]).reduce((best, k) =>
      at4(x, image, channel, k.h, k.w) > at4(x, image, channel, best.h, best.w) ? k : best,
    );
  const won = over.filter(s => {
    const k = largestOf(s);
    return k.h === cell[0] && k.w === cell[1];
  });
  return {
    terms: won.map(s => ({a: given(s)})),
    words: won.length
      ? "incoming of each window of which this is the largest number"
      : "it is not the largest number of any window",
  };
}

// Window k of an adaptive pooling: from ⌊size k / count⌋ to ⌈size (k + 1) / count⌉.
const adaptive = (size, count, k) => [Math.floor((size * k) / count), Math.ceil((size * (k + 1)) / count)];

function adaptiveForward(n, [x], i) {
  if (!images(x)) return null;
  const [image, channel, a, b] = unflat(n.value.shape, i),
    [top, bottom] = adaptive(x.shape[2], n.value.shape[2], a),
    [left, right] = adaptive(x.shape[3], n.value.shape[3], b);
  const terms = range(bottom - top).flatMap(h =>
    range(right - left).map(w => ({a: at4(x, image, channel, top + h, left + w)})),
  );
  return {terms, times: 1 / terms.length, words: `the mean of ${terms.length} in its window`};
}

function adaptiveBackward(x, g, [image, channel, h, w]) {
  if (!images(x, g)) return null;
  const terms = [],
    within = (k, [from, to]) => from <= k && k < to;
  for (const a of range(g.shape[2]))
    for (const b of range(g.shape[3])) {
      const rows = adaptive(x.shape[2], g.shape[2], a),
        columns = adaptive(x.shape[3], g.shape[3], b);
      if (within(h, rows) && within(w, columns))
        terms.push({a: at4(g, image, channel, a, b), b: 1 / ((rows[1] - rows[0]) * (columns[1] - columns[0]))});
    }
  return {terms, words: "incoming divided by the size of the window, for each window that sees this number"};
}
