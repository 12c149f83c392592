// The optimizers that treat each number by itself, as in src/optim: one step of one number. A test holds each against the library.
"use strict";

study.optimizers = (() => {
  const sized = {lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, maximize: false};
  const descent = (p, g, o) => (o.maximize ? -g : g) + o.weight_decay * p;
  const average = (old, x, beta) => beta * old + (1 - beta) * x;
  const raised = (base, t) => 1 - base ** t;

  // `shrinks`: weight decay of the number itself, before the step.
  function adam(p, g, s, o, t, decay) {
    const d = (o.maximize ? -g : g) + decay * p;
    s.exp_avg = average(s.exp_avg, d, o.betas[0]);
    s.exp_avg_sq = average(s.exp_avg_sq, d * d, o.betas[1]);
    let size = s.exp_avg_sq;
    if (o.amsgrad) size = s.max_exp_avg_sq = Math.max(s.max_exp_avg_sq, size);
    return ((o.lr / raised(o.betas[0], t)) * s.exp_avg) / (Math.sqrt(size / raised(o.betas[1], t)) + o.eps);
  }

  // Each: its options with their defaults; the state of a number; and what a step t makes of the number p with the slope g. `all` is state that
  // the numbers share: `before` changes it once a step.
  const all = {
    sgd: {
      options: {lr: 1e-3, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false, maximize: false},
      state: o => (o.momentum ? {momentum_buffer: 0} : {}),
      step(p, g, s, o, t) {
        const d = descent(p, g, o);
        if (!o.momentum) return p - o.lr * d;
        s.momentum_buffer = o.momentum * s.momentum_buffer + (t === 1 ? 1 : 1 - o.dampening) * d;
        return p - o.lr * (o.nesterov ? d + o.momentum * s.momentum_buffer : s.momentum_buffer);
      },
    },
    adam: {
      options: {...sized, amsgrad: false},
      state: o => ({exp_avg: 0, exp_avg_sq: 0, ...(o.amsgrad ? {max_exp_avg_sq: 0} : {})}),
      step: (p, g, s, o, t) => p - adam(p, g, s, o, t, o.weight_decay),
    },
    adamw: {
      options: {...sized, weight_decay: 0.01, amsgrad: false},
      state: o => ({exp_avg: 0, exp_avg_sq: 0, ...(o.amsgrad ? {max_exp_avg_sq: 0} : {})}),
      step: (p, g, s, o, t) => p * (1 - o.lr * o.weight_decay) - adam(p, g, s, o, t, 0),
    },
    nadam: {
      options: {...sized, lr: 2e-3, momentum_decay: 4e-3, decoupled_weight_decay: false},
      state: () => ({exp_avg: 0, exp_avg_sq: 0}),
      shared: () => ({product: 1}),
      before(all, o, t) {
        const mu = time => o.betas[0] * (1 - 0.5 * 0.96 ** (time * o.momentum_decay));
        all.now = mu(t);
        all.next = mu(t + 1);
        all.product *= all.now;
      },
      step(p, g, s, o, t, all) {
        if (o.decoupled_weight_decay) p *= 1 - o.lr * o.weight_decay;
        const d = o.decoupled_weight_decay ? descent(0, g, o) : descent(p, g, o);
        s.exp_avg = average(s.exp_avg, d, o.betas[0]);
        s.exp_avg_sq = average(s.exp_avg_sq, d * d, o.betas[1]);
        const ahead = d * ((1 - all.now) / (1 - all.product)) + s.exp_avg * (all.next / (1 - all.product * all.next));
        return p - (o.lr * ahead) / (Math.sqrt(s.exp_avg_sq / raised(o.betas[1], t)) + o.eps);
      },
    },
    radam: {
      options: {...sized, decoupled_weight_decay: false},
      state: () => ({exp_avg: 0, exp_avg_sq: 0}),
      step(p, g, s, o, t) {
        if (o.decoupled_weight_decay) p *= 1 - o.lr * o.weight_decay;
        const d = o.decoupled_weight_decay ? descent(0, g, o) : descent(p, g, o);
        s.exp_avg = average(s.exp_avg, d, o.betas[0]);
        s.exp_avg_sq = average(s.exp_avg_sq, d * d, o.betas[1]);
        const decay = o.betas[1] ** t,
          rate = o.lr / raised(o.betas[0], t);
        const limit = 2 / (1 - o.betas[1]) - 1,
          rho = limit - (2 * t * decay) / (1 - decay);
        if (rho <= 5) return p - rate * s.exp_avg;
        const r = Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
        return p - (rate * r * Math.sqrt(1 - decay) * s.exp_avg) / (Math.sqrt(s.exp_avg_sq) + o.eps);
      },
    },
    adamax: {
      options: {...sized, lr: 2e-3},
      state: () => ({exp_avg: 0, exp_inf: 0}),
      step(p, g, s, o, t) {
        const d = descent(p, g, o);
        s.exp_avg = average(s.exp_avg, d, o.betas[0]);
        s.exp_inf = Math.max(s.exp_inf * o.betas[1], Math.abs(d) + o.eps);
        return p - ((o.lr / raised(o.betas[0], t)) * s.exp_avg) / s.exp_inf;
      },
    },
    adagrad: {
      options: {lr: 1e-2, lr_decay: 0, weight_decay: 0, initial_accumulator_value: 0, eps: 1e-10, maximize: false},
      state: o => ({sum: o.initial_accumulator_value}),
      step(p, g, s, o, t) {
        const d = descent(p, g, o);
        s.sum += d * d;
        return p - ((o.lr / (1 + (t - 1) * o.lr_decay)) * d) / (Math.sqrt(s.sum) + o.eps);
      },
    },
    adadelta: {
      options: {lr: 1, rho: 0.9, eps: 1e-6, weight_decay: 0, maximize: false},
      state: () => ({square_avg: 0, acc_delta: 0}),
      step(p, g, s, o) {
        const d = descent(p, g, o);
        s.square_avg = average(s.square_avg, d * d, o.rho);
        const x = (Math.sqrt(s.acc_delta + o.eps) / Math.sqrt(s.square_avg + o.eps)) * d;
        s.acc_delta = average(s.acc_delta, x * x, o.rho);
        return p - o.lr * x;
      },
    },
    rmsprop: {
      options: {lr: 1e-2, alpha: 0.99, eps: 1e-8, weight_decay: 0, momentum: 0, centered: false, maximize: false},
      state: o => ({square_avg: 0, ...(o.momentum ? {momentum_buffer: 0} : {}), ...(o.centered ? {grad_avg: 0} : {})}),
      step(p, g, s, o) {
        const d = descent(p, g, o);
        s.square_avg = average(s.square_avg, d * d, o.alpha);
        let size = s.square_avg;
        if (o.centered) {
          s.grad_avg = average(s.grad_avg, d, o.alpha);
          size -= s.grad_avg * s.grad_avg;
        }
        let x = d / (Math.sqrt(size) + o.eps);
        if (o.momentum) x = s.momentum_buffer = s.momentum_buffer * o.momentum + x;
        return p - o.lr * x;
      },
    },
    rprop: {
      options: {lr: 1e-2, etas: [0.5, 1.2], step_sizes: [1e-6, 50], maximize: false},
      state: o => ({prev: 0, step_size: o.lr}),
      step(p, g, s, o) {
        const d = o.maximize ? -g : g,
          agreement = d * s.prev;
        const size = s.step_size * (agreement < 0 ? o.etas[0] : agreement > 0 ? o.etas[1] : 1);
        s.step_size = Math.min(Math.max(size, o.step_sizes[0]), o.step_sizes[1]);
        s.prev = agreement < 0 ? 0 : d;
        return p - Math.sign(s.prev) * s.step_size;
      },
    },
    asgd: {
      options: {lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weight_decay: 0, maximize: false},
      state: () => ({ax: 0}),
      shared: o => ({eta: o.lr, following: o.lr}),
      before(all, o, t) {
        all.eta = all.following;
        all.following = o.lr / (1 + o.lambd * o.lr * t) ** o.alpha;
      },
      step(p, g, s, o, t, all) {
        const share = 1 / Math.max(1, t - 1 - o.t0),
          to = p * (1 - o.lambd * all.eta) - all.eta * descent(p, g, o);
        s.ax = share === 1 ? to : s.ax + (to - s.ax) * share;
        return to;
      },
    },
    lion: {
      options: {lr: 1e-4, betas: [0.9, 0.99], weight_decay: 0, maximize: false},
      state: () => ({exp_avg: 0}),
      step(p, g, s, o) {
        const d = o.maximize ? -g : g,
          to = p * (1 - o.lr * o.weight_decay) - o.lr * Math.sign(s.exp_avg * o.betas[0] + d * (1 - o.betas[0]));
        s.exp_avg = average(s.exp_avg, d, o.betas[1]);
        return to;
      },
    },
    schedule_free: {
      options: {...sized, lr: 2.5e-3, warmup_steps: 0, r: 0},
      state: (o, p) => ({z: p, exp_avg_sq: 0}),
      shared: () => ({total: 0, fastest: 0}),
      before(all, o, t) {
        all.rate = o.warmup_steps > 0 ? o.lr * Math.min(1, t / o.warmup_steps) : o.lr;
        all.fastest = Math.max(all.rate, all.fastest);
        const weight = t ** o.r * all.fastest ** 2;
        all.total += weight;
        all.share = all.total > 0 ? weight / all.total : 0;
      },
      step(p, g, s, o, t, all) {
        const d = o.maximize ? -g : g,
          beta = o.betas[0];
        s.exp_avg_sq = average(s.exp_avg_sq, d * d, o.betas[1]);
        const step = d / (Math.sqrt(s.exp_avg_sq / raised(o.betas[1], t)) + o.eps) + o.weight_decay * p;
        const x = (p - s.z * (1 - beta)) / beta;
        s.z -= all.rate * step;
        return (x * (1 - all.share) + s.z * all.share) * beta + s.z * (1 - beta);
      },
    },
  };

  // "sgd:lr=0.1,momentum=0.9" as {name, options}; null if the page cannot compute it.
  function parse(text) {
    const [name, ...rest] = text.split(":");
    if (!Object.hasOwn(all, name)) return null;
    const options = structuredClone(all[name].options);
    for (const part of rest.join(":").split(",").filter(Boolean)) {
      const [key, value] = part.split("=");
      if (!Object.hasOwn(options, key)) return null;
      const old = options[key];
      options[key] =
        typeof old === "boolean"
          ? value === undefined || value === "true"
          : Array.isArray(old)
            ? value.split("/").map(Number)
            : Number(value);
    }
    return {name, options};
  }

  // "sgd lr=0.1 momentum=0.9": the rate, and what is not the default.
  function describe({name, options}) {
    const usual = all[name].options,
      same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    const show = v =>
      Array.isArray(v)
        ? v.map(x => +x.toPrecision(4)).join("/")
        : typeof v === "number"
          ? String(+v.toPrecision(4))
          : String(v);
    return [
      name,
      ...Object.keys(options)
        .filter(k => k === "lr" || !same(options[k], usual[k]))
        .map(k => `${k}=${show(options[k])}`),
    ].join(" ");
  }

  // Steps from a start along the slopes of `at`, as the library takes them: the places, and whether the path left for infinity.
  function path(at, {name, options}, start, steps) {
    const rule = all[name],
      p = [...start],
      s = p.map(x => rule.state(options, x)),
      shared = rule.shared ? rule.shared(options) : null;
    const run = {step: [], x: [], y: [], f: [], gx: [], gy: [], state: {}, gone: false};
    const keep = 500,
      stride = steps > 2500 ? Math.ceil((steps - keep) / 2000) : 1;
    for (const key of Object.keys(s[0])) run.state[key] = [];
    for (let t = 0; ; ++t) {
      const here = at(p[0], p[1]);
      const isGone = !Number.isFinite(here.f) || !(Math.abs(p[0]) <= 1e6 && Math.abs(p[1]) <= 1e6);
      if (isGone) (run.gone = true), (run.goneAt = t);
      if (!isGone && (t < keep || t % stride === 0 || t === steps)) {
        run.step.push(t),
          run.x.push(p[0]),
          run.y.push(p[1]),
          run.f.push(here.f),
          run.gx.push(here.g[0]),
          run.gy.push(here.g[1]);
        for (const key of Object.keys(run.state)) run.state[key].push(t ? s.map(one => one[key]) : null);
      }
      if (isGone || t === steps) return run;
      if (rule.before) rule.before(shared, options, t + 1);
      for (let k = 0; k < 2; ++k) p[k] = rule.step(p[k], here.g[k], s[k], options, t + 1, shared);
    }
  }

  return {all, parse, describe, path};
})();
