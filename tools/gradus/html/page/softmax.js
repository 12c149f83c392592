// The sums behind one number of a softmax, of its logarithm, or of a cross-entropy.
"use strict";

// The numbers of x along one axis through the element at `index`.
function along(x, axis, index) {
  return range(x.shape[axis]).map(k =>
    item(
      x,
      flatOf(
        x.shape,
        index.map((at, d) => (d === axis ? k : at)),
      ),
    ),
  );
}

// ln of the sum of e^x, without an overflow.
function logSumExp(all) {
  const most = Math.max(...all);
  return most + Math.log(all.reduce((s, v) => s + Math.exp(v - most), 0));
}

const signed = x => (x < 0 ? `(${numberText(x)})` : numberText(x));
const power = x => `e^${signed(x)}`;

// "a + b + … 3 more", of which as many are shown as there is room for.
function joined(all, sign = " + ") {
  const shown = all.slice(0, mostTerms);
  if (all.length > mostTerms) shown.push(`… ${all.length - mostTerms} more`);
  return shown.join(sign);
}

function softmaxForward(n, [x], i) {
  const axis = n.attributes.axis,
    index = unflat(x.shape, i),
    all = along(x, axis, index),
    own = item(x, i),
    sum = logSumExp(all);
  if (n.op === "log_softmax")
    return {
      value: own - sum,
      size: Math.abs(own) + Math.abs(sum),
      text: `${signed(own)} − ln(${joined(all.map(power))})`,
      words: `itself, less the logarithm of the sum of e^x along axis ${axis}`,
    };
  return {
    value: Math.exp(own - sum),
    size: 1,
    text: `${power(own)} / (${joined(all.map(power))})`,
    words: `its share of the sum of e^x along axis ${axis}`,
  };
}

function softmaxBackward(n, g, i) {
  const axis = n.attributes.axis,
    y = n.value,
    index = unflat(y.shape, i),
    ys = along(y, axis, index),
    gs = along(g, axis, index),
    own = item(y, i),
    given = item(g, i);
  if (n.op === "log_softmax") {
    const sum = gs.reduce((s, v) => s + v, 0),
      size = gs.reduce((s, v) => s + Math.abs(v), 0);
    return {
      value: given - Math.exp(own) * sum,
      size: size,
      text: `${signed(given)} − ${power(own)} · (${joined(gs.map(signed))})`,
      words: "incoming, less e^y times the sum of all that comes in along the axis",
    };
  }
  const mean = gs.reduce((s, v, k) => s + v * ys[k], 0),
    size = own * (Math.abs(given) + gs.reduce((s, v, k) => s + Math.abs(v * ys[k]), 0));
  return {
    value: own * (given - mean),
    size,
    text: `${signed(own)} · (${signed(given)} − (${joined(gs.map((v, k) => `${signed(v)} · ${signed(ys[k])}`))}))`,
    words: "y times (incoming, less the mean of all that comes in, weighted by y)",
  };
}

function crossEntropyForward(n, [x, label], i) {
  const index = [i, item(label, i)],
    all = along(x, 1, index),
    own = item(x, flatOf(x.shape, index)),
    sum = logSumExp(all);
  return {
    value: sum - own,
    size: Math.abs(own) + Math.abs(sum),
    text: `ln(${joined(all.map(power))}) − ${signed(own)}`,
    words: `of class ${index[1]}: the logarithm of the sum of e^x, less its own x`,
  };
}

function crossEntropyBackward([x, label], g, index) {
  const [row, c] = index,
    all = along(x, 1, index),
    p = Math.exp(item(x, flatOf(x.shape, index)) - logSumExp(all)),
    hit = item(label, row) === c ? 1 : 0,
    given = item(g, row);
  return {
    value: given * (p - hit),
    size: Math.abs(given),
    text: `${signed(given)} · (${signed(p)} − ${hit})`,
    words: hit ? "incoming times (its softmax − 1): this is the class of the label" : "incoming times its softmax",
  };
}
