"""Layer forwards and optimizer and scheduler rules in numpy, from the README's words."""
import bisect
import math

import numpy as np

from .numpy_ops import OPS, log_softmax, sigmoid, softmax


# --- layers: (state, config, inputs, training) -> outputs -------------------------------------
def linear(p, x, prefix=""):
    y = x @ p[prefix + "weight"].T
    return y + p[prefix + "bias"] if prefix + "bias" in p else y


def cell_rnn(gi, gh, h, c):
    return np.tanh(gi + gh), None


def cell_lstm(gi, gh, h, c):
    i, f, g, o = np.split(gi + gh, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def cell_gru(gi, gh, h, c):
    (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3, -1), np.split(gh, 3, -1)
    r, z = sigmoid(ri + rh), sigmoid(zi + zh)
    return (1 - z) * np.tanh(ni + r * nh) + z * h, None


def recurrent(cls, p, cfg, t):
    cell = {"RNN": cell_rnn, "LSTM": cell_lstm, "GRU": cell_gru}[cls]
    x = np.swapaxes(t["x"], 0, 1) if cfg["batch_first"] else t["x"]
    zeros = np.zeros((cfg["num_layers"], x.shape[1], cfg["hidden_size"]))
    h0, c0, last_h, last_c = t.get("h0", zeros), t.get("c0", zeros), [], []
    for layer in range(cfg["num_layers"]):
        h, c, out = h0[layer], c0[layer], []
        bias = lambda k: p.get(f"bias_{k}_l{layer}", 0.0)
        for step in x:
            h, c = cell(step @ p[f"weight_ih_l{layer}"].T + bias("ih"), h @ p[f"weight_hh_l{layer}"].T + bias("hh"), h, c)
            out.append(h)
        x = np.stack(out)
        last_h.append(h)
        last_c.append(c)
    y = np.swapaxes(x, 0, 1) if cfg["batch_first"] else x
    return {"y": y, "hn": np.stack(last_h), **({"cn": np.stack(last_c)} if cls == "LSTM" else {})}


def attention(p, cfg, t, prefix=""):
    e, heads = cfg["embed_dim"], cfg["num_heads"]
    q, k, v = t["query"], t["key"], t["value"]
    if not cfg["batch_first"]:
        q, k, v = (np.swapaxes(a, 0, 1) for a in (q, k, v))
    if prefix + "in_proj_weight" in p:
        ws = np.split(p[prefix + "in_proj_weight"], 3)
    else:
        ws = [p[f"{prefix}{n}_proj_weight"] for n in "qkv"]
    bs = np.split(p[prefix + "in_proj_bias"], 3) if prefix + "in_proj_bias" in p else [0.0] * 3
    q, k, v = ((a @ w.T + b).reshape(*a.shape[:2], heads, e // heads).swapaxes(1, 2) for a, w, b in zip((q, k, v), ws, bs))
    score = q @ np.swapaxes(k, -1, -2) / math.sqrt(e // heads)
    if "attn_mask" in t:
        m = t["attn_mask"]
        score = np.where(m, -np.inf, score) if m.dtype == bool else score + m
    if "key_padding_mask" in t:
        score = np.where(t["key_padding_mask"][:, None, None], -np.inf, score)
    w = softmax(score, -1)
    y = linear(p, (w @ v).swapaxes(1, 2).reshape(q.shape[0], -1, e), prefix + "out_proj.")
    return {"y": y if cfg["batch_first"] else np.swapaxes(y, 0, 1), "weights": w.mean(1) if cfg["average_attn_weights"] else w}


def encoder_layer(p, cfg, t):
    norm = lambda x, n: OPS["layer_norm"]({"x": x, "weight": p[n + ".weight"], "bias": p[n + ".bias"]},
                                          {"normalized_shape": [cfg["d_model"]], "eps": cfg["layer_norm_eps"]})
    act = (lambda x: np.maximum(x, 0)) if cfg["activation"] == "relu" else (lambda x: OPS["gelu"]({"x": x}, {"approximate": "none"}))
    acfg = {"embed_dim": cfg["d_model"], "num_heads": cfg["nhead"], "batch_first": cfg["batch_first"], "average_attn_weights": True}
    mask = {"attn_mask": t["src_mask"]} if "src_mask" in t else {}
    attend = lambda x: attention(p, acfg, {"query": x, "key": x, "value": x, **mask}, "self_attn.")["y"]
    feed = lambda x: linear(p, act(linear(p, x, "linear1.")), "linear2.")
    x = t["src"]
    if cfg["norm_first"]:
        x = x + attend(norm(x, "norm1"))
        return {"y": x + feed(norm(x, "norm2"))}
    x = norm(x + attend(x), "norm1")
    return {"y": norm(x + feed(x), "norm2")}


def batch_norm(p, cfg, t, training):
    """Changes the running statistics in p."""
    x = t["x"]
    ins = {"x": x, "running_mean": np.zeros(x.shape[1]), "running_var": np.ones(x.shape[1]), **p}
    momentum = cfg["momentum"]
    if training and cfg["track_running_stats"]:
        p["num_batches_tracked"] = p["num_batches_tracked"] + 1
        if momentum is None:
            momentum = 1 / p["num_batches_tracked"]
    batch = training or not cfg["track_running_stats"]
    out = OPS["batch_norm"]({k: v for k, v in ins.items() if k != "num_batches_tracked"},
                            {"training": batch, "momentum": 0.0 if momentum is None else momentum, "eps": cfg["eps"]})
    if batch and cfg["track_running_stats"]:
        p["running_mean"], p["running_var"] = out[1:]
    return {"y": out[0] if batch else out}


def forward(cls, p, cfg, t, training):
    if cls in ("RNN", "LSTM", "GRU"):
        return recurrent(cls, p, cfg, t)
    if cls == "MultiheadAttention":
        return attention(p, cfg, t)
    if cls == "TransformerEncoderLayer":
        return encoder_layer(p, cfg, t)
    if cls.startswith("BatchNorm"):
        return batch_norm(p, cfg, t, training)
    if cls == "Linear":
        return {"y": linear(p, t["x"])}
    if cls == "Embedding":
        return {"y": p["weight"][t["indices"]]}
    if cls.startswith("Conv"):
        return {"y": OPS["conv2d"]({**t, **p}, cfg)}
    return {"y": OPS[{"LayerNorm": "layer_norm", "GroupNorm": "group_norm"}[cls]]({**t, **p}, cfg)}


# --- optimizers: one parameter's update, s = its state ------------------------------------------
def sgd(p, g, s, h):
    g = g + h["weight_decay"] * p
    if h["momentum"]:
        s["buf"] = g if "buf" not in s else h["momentum"] * s["buf"] + (1 - h["dampening"]) * g
        g = g + h["momentum"] * s["buf"] if h["nesterov"] else s["buf"]
    return p - h["lr"] * g


def moments(g, s, b1, b2):
    s["t"] = s.get("t", 0) + 1
    s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0.0) + (1 - b2) * g * g
    return s["t"], s["m"], s["v"]


def adam(p, g, s, h, decoupled=False):
    b1, b2 = h["betas"]
    if decoupled:
        p = p * (1 - h["lr"] * h["weight_decay"])
    else:
        g = g + h["weight_decay"] * p
    t, m, v = moments(g, s, b1, b2)
    if h["amsgrad"]:
        v = s["vmax"] = np.maximum(s.get("vmax", 0.0), v)
    return p - h["lr"] / (1 - b1 ** t) * m / (np.sqrt(v) / math.sqrt(1 - b2 ** t) + h["eps"])


def nadam(p, g, s, h, torch113=False):
    b1, b2 = h["betas"]
    t, m, v = moments(g + h["weight_decay"] * p, s, b1, b2)
    g = g + h["weight_decay"] * p
    mu, nxt = (b1 * (1 - 0.5 * 0.96 ** (k * h["momentum_decay"])) for k in (t, t + 1))
    s["prod"] = s.get("prod", 1.0) * mu
    den = np.sqrt(v / (1 - b2 ** t)) + h["eps"]
    following = s["prod"] * nxt * (mu if torch113 else 1)
    return p - h["lr"] * (1 - mu) / (1 - s["prod"]) * g / den - h["lr"] * nxt / (1 - following) * m / den


def radam(p, g, s, h):
    b1, b2 = h["betas"]
    t, m, v = moments(g + h["weight_decay"] * p, s, b1, b2)
    rho_inf = 2 / (1 - b2) - 1
    rho = rho_inf - 2 * t * b2 ** t / (1 - b2 ** t)
    m = m / (1 - b1 ** t)
    if rho <= 5:
        return p - h["lr"] * m
    rect = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
    return p - h["lr"] * m * rect * math.sqrt(1 - b2 ** t) / (np.sqrt(v) + h["eps"])


def adamax(p, g, s, h):
    b1, b2 = h["betas"]
    g = g + h["weight_decay"] * p
    s["t"] = s.get("t", 0) + 1
    s["m"] = b1 * s.get("m", 0.0) + (1 - b1) * g
    s["u"] = np.maximum(b2 * s.get("u", 0.0), np.abs(g) + h["eps"])
    return p - h["lr"] / (1 - b1 ** s["t"]) * s["m"] / s["u"]


def adagrad(p, g, s, h):
    g = g + h["weight_decay"] * p
    s["t"] = s.get("t", 0) + 1
    s["sum"] = s.get("sum", h["initial_accumulator_value"]) + g * g
    return p - h["lr"] / (1 + (s["t"] - 1) * h["lr_decay"]) * g / (np.sqrt(s["sum"]) + h["eps"])


def adadelta(p, g, s, h):
    g, r = g + h["weight_decay"] * p, h["rho"]
    s["v"] = r * s.get("v", 0.0) + (1 - r) * g * g
    d = np.sqrt(s.get("d", 0.0) + h["eps"]) / np.sqrt(s["v"] + h["eps"]) * g
    s["d"] = r * s.get("d", 0.0) + (1 - r) * d * d
    return p - h["lr"] * d


def rmsprop(p, g, s, h):
    g, a = g + h["weight_decay"] * p, h["alpha"]
    s["v"] = a * s.get("v", 0.0) + (1 - a) * g * g
    v = s["v"]
    if h["centered"]:
        s["g"] = a * s.get("g", 0.0) + (1 - a) * g
        v = v - s["g"] ** 2
    step = g / (np.sqrt(v) + h["eps"])
    if h["momentum"]:
        step = s["buf"] = h["momentum"] * s.get("buf", 0.0) + step
    return p - h["lr"] * step


def rprop(p, g, s, h):
    lo, hi = h["etas"]
    sign = np.sign(g * s.get("prev", 0.0))
    s["size"] = np.clip(s.get("size", h["lr"]) * np.where(sign > 0, hi, np.where(sign < 0, lo, 1.0)), *h["step_sizes"])
    s["prev"] = np.where(sign < 0, 0.0, g)
    return p - np.sign(s["prev"]) * s["size"]


def asgd(p, g, s, h):
    g = g + h["weight_decay"] * p
    t = s["t"] = s.get("t", 0) + 1
    eta, mu = s.get("eta", h["lr"]), s.get("mu", 1.0)
    p = p * (1 - h["lambd"] * eta) - eta * g
    s["ax"] = p if mu == 1 else s["ax"] + mu * (p - s["ax"])
    s["eta"] = h["lr"] / (1 + h["lambd"] * h["lr"] * t) ** h["alpha"]
    s["mu"] = 1 / max(1, t - h["t0"])
    return p


def lion(p, g, s, h):
    b1, b2 = h["betas"]
    m = s.get("m", 0.0)
    s["m"] = b2 * m + (1 - b2) * g
    return p - h["lr"] * (np.sign(b1 * m + (1 - b1) * g) + h["weight_decay"] * p)

RULES = {"SGD": sgd, "Adam": adam, "AdamW": lambda p, g, s, h: adam(p, g, s, h, True), "NAdam": nadam,
         "NAdam_torch113": lambda p, g, s, h: nadam(p, g, s, h, True), "RAdam": radam, "Adamax": adamax, "Adagrad": adagrad,
         "Adadelta": adadelta, "RMSprop": rmsprop, "Rprop": rprop, "ASGD": asgd, "Lion": lion}


def problem(name, consts, scalars):
    """(loss, gradient) of a parameter list."""
    if name == "quadratic":
        a, y = consts["A"], consts["Y"]
        residual = lambda p: a @ p[0] + p[1] - y
        return (lambda p: (residual(p) ** 2).sum() / (2 * len(a)), lambda p: [a.T @ residual(p) / len(a), residual(p).sum(0) / len(a)])
    ra, rb = scalars["a"], scalars["b"]
    valley = lambda p: p[0][1] - p[0][0] ** 2
    return (lambda p: (ra - p[0][0]) ** 2 + rb * valley(p) ** 2,
            lambda p: [np.array([-2 * (ra - p[0][0]) - 4 * rb * p[0][0] * valley(p), 2 * rb * valley(p)])])


def optimize(case, start, gradient):
    """Trajectory as a list of parameter lists, and ASGD's averages."""
    p, states = [np.array(v) for v in start], [{} for _ in start]
    groups = case.get("groups", [{}] * len(p))
    hyper = [{**case["hyper"], **g} for g in groups]
    rows, averages = [p], []
    for k in range(case["steps"]):
        if case.get("lr_change", {}).get("before_step") == k:
            for h in hyper:
                h["lr"] *= case["lr_change"]["factor"]
        g = gradient(p)
        missing = case.get("missing_grad", {"param": -1, "steps": []})
        # maximize: the objective is -f, the optimizer negates its gradient again
        p = [v if (i == missing["param"] and k in missing["steps"]) else RULES[case["optimizer"]](v, gi, states[i], hyper[i])
             for i, (v, gi) in enumerate(zip(p, g))]
        rows.append(p)
        averages.append([s.get("ax") for s in states])
    return rows, averages


# --- schedulers: closed forms, lr at step k ----------------------------------------------------------
def cosine(k, top, low, period):
    return low + (top - low) * (1 + math.cos(math.pi * k / period)) / 2


def restarts(k, a):
    period = a["T_0"]
    while k >= period:
        k, period = k - period, period * a["T_mult"]
    return k, period


def anneal(a, lo, hi, pct):
    return (hi - lo) * pct + lo if a["anneal_strategy"] == "linear" else hi + (lo - hi) / 2 * (math.cos(math.pi * pct) + 1)


def one_cycle(k, a, low, high, last):
    """low -> high -> last (three_phase: low -> high -> low -> last)."""
    up = a["pct_start"] * a["total_steps"] - 1
    ends = [up, 2 * up, a["total_steps"] - 1] if a["three_phase"] else [up, a["total_steps"] - 1]
    values = [low, high, low, last] if a["three_phase"] else [low, high, last]
    i = next((j for j, e in enumerate(ends) if k <= e), len(ends) - 1)
    begin = ends[i - 1] if i else 0
    return anneal(a, values[i], values[i + 1], (k - begin) / (ends[i] - begin))


def cyclic(k, a):
    """Position 0..1 in the triangle times the mode's scale."""
    up, down = a["step_size_up"], a["step_size_down"] or a["step_size_up"]
    cycle, at = divmod(k, up + down)
    height = at / up if at <= up else (up + down - at) / down
    return height * {"triangular": 1.0, "triangular2": 0.5 ** cycle, "exp_range": a["gamma"] ** k}[a["mode"]]


def lr_at(k, scheduler, a, base):
    if scheduler == "StepLR":
        return base * a["gamma"] ** (k // a["step_size"])
    if scheduler == "MultiStepLR":
        return base * a["gamma"] ** bisect.bisect_right(a["milestones"], k)
    if scheduler == "ExponentialLR":
        return base * a["gamma"] ** k
    if scheduler == "CosineAnnealingLR":
        return cosine(k, base, a["eta_min"], a["T_max"])
    if scheduler == "CosineAnnealingWarmRestarts":
        at, period = restarts(k, a)
        return cosine(at, base, a["eta_min"], period)
    if scheduler == "LinearLR":
        return base * (a["start_factor"] + (a["end_factor"] - a["start_factor"]) * min(k, a["total_iters"]) / a["total_iters"])
    if scheduler == "PolynomialLR":
        return base * (1 - min(k, a["total_iters"]) / a["total_iters"]) ** a["power"]
    if scheduler == "ConstantLR":
        return base * (a["factor"] if k < a["total_iters"] else 1)
    if scheduler == "OneCycleLR":
        start = a["max_lr"] / a["div_factor"]
        return one_cycle(k, a, start, a["max_lr"], start / a["final_div_factor"])
    if scheduler == "CyclicLR":
        return a["base_lr"] + (a["max_lr"] - a["base_lr"]) * cyclic(k, a)
    if scheduler == "LambdaLR":
        if a["lambda"] == "inverse_sqrt":
            return base * min((k + 1) ** -0.5, (k + 1) * a["warmup"] ** -1.5)
        return base * max(a["gamma"] ** k, a["floor"])
    if scheduler == "SequentialLR":
        i = bisect.bisect_right(a["milestones"], k)
        part = a["schedulers"][i]
        return lr_at(k - (a["milestones"][i - 1] if i else 0), part["scheduler"], part["args"], base)
    raise KeyError(scheduler)


def momentum_at(k, scheduler, a):
    if scheduler == "OneCycleLR":
        return one_cycle(k, a, a["max_momentum"], a["base_momentum"], a["max_momentum"])
    return a["max_momentum"] - (a["max_momentum"] - a["base_momentum"]) * cyclic(k, a)


def plateau(a, base, metric):
    lr, best, bad, cool, out = base, math.inf if a["mode"] == "min" else -math.inf, 0, 0, [base]
    for m in metric:
        t = a["threshold"]
        if a["threshold_mode"] == "rel":
            better = m < best * (1 - t) if a["mode"] == "min" else m > best * (1 + t)
        else:
            better = m < best - t if a["mode"] == "min" else m > best + t
        best, bad = (m, 0) if better else (best, bad + 1)
        if cool > 0:
            cool, bad = cool - 1, 0
        if bad > a["patience"]:
            new = max(lr * a["factor"], a["min_lr"])
            lr = new if lr - new > a["eps"] else lr
            cool, bad = a["cooldown"], 0
        out.append(lr)
    return out


# --- the MLP of train/, with its backward by hand --------------------------------------------------------
def mlp_run(case, w, x, y, batches):
    act, dact = {"tanh": (np.tanh, lambda h: 1 - h * h), "relu": (lambda z: np.maximum(z, 0), lambda h: (h > 0) * 1.0)}[case["config"]["activation"]]
    w, state, losses = {k: np.array(v) for k, v in w.items()}, {k: {} for k in w}, []
    for idx in batches:
        hs = [x[idx]]
        for i in (0, 1):
            hs.append(act(hs[-1] @ w[f"{i}.weight"].T + w[f"{i}.bias"]))
        logp = log_softmax(hs[-1] @ w["2.weight"].T + w["2.bias"], -1)
        n = len(idx)
        losses.append(-logp[np.arange(n), y[idx]].mean())
        d = np.exp(logp)
        d[np.arange(n), y[idx]] -= 1
        d, grads = d / n, {}
        for i in (2, 1, 0):
            grads[f"{i}.weight"], grads[f"{i}.bias"] = d.T @ hs[i], d.sum(0)
            if i:
                d = d @ w[f"{i}.weight"] * dact(hs[i])
        w = {k: RULES[case["optimizer"]](w[k], grads[k], state[k], case["hyper"]) for k in w}
    return np.array(losses), w
