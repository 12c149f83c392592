// The value and the slope of a formula, from the same instructions that the library runs: numbers that carry their derivatives.
"use strict";
const study = {};

study.formula = (() => {
  // [f, ∂f/∂x, ∂f/∂y]
  const constant = c => [c, 0, 0];
  const chain = (f, slope, a) => [f, slope * a[1], slope * a[2]];
  const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
  const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const mul = (a, b) => [a[0] * b[0], a[1] * b[0] + a[0] * b[1], a[2] * b[0] + a[0] * b[2]];
  const div = (a, b) => {
    const f = a[0] / b[0];
    return [f, (a[1] - f * b[1]) / b[0], (a[2] - f * b[2]) / b[0]];
  };
  const isConstant = a => a[1] === 0 && a[2] === 0;
  const sigmoid = x => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

  // Powers of whole numbers are products, as in the library.
  function power(a, b) {
    const n = b[0];
    if (isConstant(b) && Number.isInteger(n) && n >= 1 && n <= 16) {
      let square = a,
        result = null;
      for (let k = n; k > 0; k = Math.floor(k / 2)) {
        if (k % 2) result = result ? mul(result, square) : square;
        if (k > 1) square = mul(square, square);
      }
      return result;
    }
    const f = a[0] ** n;
    const byBase = n === 0 ? 0 : n * a[0] ** (n - 1),
      byPower = isConstant(b) ? 0 : f * Math.log(a[0]);
    return [f, byBase * a[1] + byPower * b[1], byBase * a[2] + byPower * b[2]];
  }
  const middle = (a, b) => [a[0], (a[1] + b[1]) / 2, (a[2] + b[2]) / 2]; // at a tie each has half

  const unary = {
    neg: a => [-a[0], -a[1], -a[2]],
    sin: a => chain(Math.sin(a[0]), Math.cos(a[0]), a),
    cos: a => chain(Math.cos(a[0]), -Math.sin(a[0]), a),
    tan: a => chain(Math.tan(a[0]), 1 + Math.tan(a[0]) ** 2, a),
    exp: a => chain(Math.exp(a[0]), Math.exp(a[0]), a),
    log: a => chain(Math.log(a[0]), 1 / a[0], a),
    ln: a => chain(Math.log(a[0]), 1 / a[0], a),
    sqrt: a => chain(Math.sqrt(a[0]), 1 / (2 * Math.sqrt(a[0])), a),
    abs: a => chain(Math.abs(a[0]), Math.sign(a[0]), a),
    tanh: a => chain(Math.tanh(a[0]), 1 - Math.tanh(a[0]) ** 2, a),
    sigmoid: a => chain(sigmoid(a[0]), sigmoid(a[0]) * (1 - sigmoid(a[0])), a),
    square: a => chain(a[0] * a[0], 2 * a[0], a),
  };
  const binary = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": div,
    "^": power,
    min: (a, b) => (a[0] < b[0] ? a : b[0] < a[0] ? b : middle(a, b)),
    max: (a, b) => (a[0] > b[0] ? a : b[0] > a[0] ? b : middle(a, b)),
  };

  // {f, g: [∂f/∂x, ∂f/∂y]} at a point.
  return program => (x, y) => {
    const stack = [];
    for (const word of program) {
      if (typeof word === "number") stack.push(constant(word));
      else if (word === "x") stack.push([x, 1, 0]);
      else if (word === "y") stack.push([y, 0, 1]);
      else if (word in unary) stack.push(unary[word](stack.pop()));
      else {
        const b = stack.pop(),
          a = stack.pop();
        stack.push(binary[word](a, b));
      }
    }
    const [f, gx, gy] = stack[0];
    return {f, g: [gx, gy]};
  };
})();
