"""The forward of every op in numpy, written from the README's words alone."""
import itertools
import math

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])
OPS = {}


def ref(fn):
    OPS[fn.__name__.rstrip("_")] = fn
    return fn


def view(x, v):
    if v is None:
        return x
    if v["kind"] == "permute":
        return np.transpose(x, v["dims"])
    if v["kind"] == "slice":
        return x[tuple(slice(*r) for r in v["ranges"])]
    return np.broadcast_to(x, v["shape"])


def run(op, tensors, attrs, views=None):
    seen = {k: view(x, (views or {}).get(k)) for k, x in tensors.items()}
    with np.errstate(all="ignore"):
        out = OPS[op](seen, attrs)
    return out if isinstance(out, tuple) else (out,)


def xs(t):
    return [t[f"x{i}"] for i in range(len(t))]


def simple(name, fn):
    OPS[name] = lambda t, a: fn(*t.values())


for name_, fn_ in dict(add=np.add, sub=np.subtract, mul=np.multiply, div=np.divide, pow=np.power, maximum=np.maximum, minimum=np.minimum, eq=np.equal,
                       ne=np.not_equal, lt=np.less, le=np.less_equal, gt=np.greater, ge=np.greater_equal, where=np.where, neg=np.negative, sqrt=np.sqrt,
                       rsqrt=lambda x: x ** -0.5, reciprocal=lambda x: 1 / x, square=np.square, exp=np.exp, log=np.log, log1p=np.log1p, expm1=np.expm1,
                       sin=np.sin, cos=np.cos, tan=np.tan, tanh=np.tanh, erf=erf, abs=np.abs, sign=np.sign, matmul=np.matmul).items():
    simple(name_, fn_)


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def log_sigmoid(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


simple("sigmoid", sigmoid)
simple("log_sigmoid", log_sigmoid)
simple("relu", lambda x: np.where(x < 0, 0, x))
simple("silu", lambda x: x * sigmoid(x))
simple("mish", lambda x: x * np.tanh(-log_sigmoid(-x)))
for name_, fn_ in dict(masked_fill=lambda t, a: np.where(t["mask"], a["value"], t["x"]), add_scalar=lambda t, a: t["x"] + a["scalar"],
                       mul_scalar=lambda t, a: t["x"] * a["scalar"], rsub_scalar=lambda t, a: a["scalar"] - t["x"],
                       div_scalar=lambda t, a: t["x"] / a["scalar"], rdiv_scalar=lambda t, a: a["scalar"] / t["x"],
                       pow_scalar=lambda t, a: t["x"] ** a["exponent"], rpow_scalar=lambda t, a: a["base"] ** t["x"],
                       dropout=lambda t, a: t["x"], leaky_relu=lambda t, a: np.where(t["x"] > 0, t["x"], a["negative_slope"] * t["x"]),
                       elu=lambda t, a: np.where(t["x"] > 0, t["x"], a["alpha"] * np.expm1(t["x"])),
                       softplus=lambda t, a: np.where(a["beta"] * t["x"] > a["threshold"], t["x"], -log_sigmoid(-a["beta"] * t["x"]) / a["beta"])).items():
    OPS[name_] = fn_


@ref
def clamp(t, a):
    x = t["x"]
    if "min" in a:
        x = np.where(x < a["min"], a["min"], x)
    return np.where(x > a["max"], a["max"], x) if "max" in a else x


@ref
def gelu(t, a):
    x = t["x"]
    if a["approximate"] == "none":
        return 0.5 * x * erfc(-x / math.sqrt(2))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


# --- reductions ----------------------------------------------------------------------------
def axes(t, a):
    return tuple(a["dims"]) if "dims" in a else tuple(range(t["x"].ndim))


def reduction(fn):
    return lambda t, a: fn(t["x"], axis=axes(t, a), keepdims=a["keepdim"])


def logsumexp(x, axis, keepdims):
    m = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    m = np.where(np.isfinite(m), m, 0)
    s = np.log(np.sum(np.exp(x - m), axis=axis, keepdims=True)) + m
    return s if keepdims else np.squeeze(s, axis=axis)


def variance(t, a):
    x, ax = t["x"], axes(t, a)
    n = math.prod(x.shape[i] for i in ax)
    return ((x - x.mean(axis=ax, keepdims=True)) ** 2).sum(axis=ax, keepdims=a["keepdim"]) / (n - a["correction"])


def mean(x, axis, keepdims):
    return x.sum(axis=axis, keepdims=keepdims) / np.float64(math.prod(x.shape[i] for i in axis))


OPS.update(sum=reduction(np.sum), mean=reduction(mean), prod=reduction(np.prod), max=reduction(np.max), min=reduction(np.min), logsumexp=reduction(logsumexp),
           var=variance, std=lambda t, a: np.sqrt(variance(t, a)))


def extreme(pick):
    def fn(t, a):
        i = pick(t["x"], axis=a["dim"], keepdims=True)
        v = np.take_along_axis(t["x"], i, a["dim"])
        return (v, i) if a["keepdim"] else (v.squeeze(a["dim"]), i.squeeze(a["dim"]))
    return fn


OPS.update(max_dim=extreme(np.argmax), min_dim=extreme(np.argmin), argmax=lambda t, a: np.argmax(t["x"], axis=a.get("dim"), keepdims=a["keepdim"]),
           argmin=lambda t, a: np.argmin(t["x"], axis=a.get("dim"), keepdims=a["keepdim"]), cumsum=lambda t, a: np.cumsum(t["x"], axis=a["dim"]))


def log_softmax(x, dim):
    m = x - x.max(axis=dim, keepdims=True)
    return m - np.log(np.exp(m).sum(axis=dim, keepdims=True))


def softmax(x, dim):
    e = np.exp(x - x.max(axis=dim, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=dim, keepdims=True)


OPS.update(softmax=lambda t, a: softmax(t["x"], a["dim"]), log_softmax=lambda t, a: log_softmax(t["x"], a["dim"]),
           einsum=lambda t, a: np.einsum(a["equation"], *xs(t)))

# --- shape and index -------------------------------------------------------------------------
OPS.update(
    reshape=lambda t, a: t["x"].reshape(a["shape"]), transpose=lambda t, a: np.swapaxes(t["x"], a["dim0"], a["dim1"]), permute=lambda t, a: np.transpose(t["x"], a["dims"]),
    squeeze=lambda t, a: t["x"].squeeze() if "dim" not in a else t["x"].squeeze(a["dim"]) if t["x"].shape[a["dim"]] == 1 else t["x"],
    unsqueeze=lambda t, a: np.expand_dims(t["x"], a["dim"]), slice=lambda t, a: t["x"][tuple(slice(*r) for r in a["ranges"])],
    select=lambda t, a: np.take(t["x"], a["index"], axis=a["dim"]), concat=lambda t, a: np.concatenate(xs(t), a["dim"]), stack=lambda t, a: np.stack(xs(t), a["dim"]),
    flip=lambda t, a: np.flip(t["x"], a["dims"]), roll=lambda t, a: np.roll(t["x"], a["shifts"], a["dims"]), repeat=lambda t, a: np.tile(t["x"], a["repeats"]),
    tril=lambda t, a: np.tril(t["x"], a["diagonal"]), triu=lambda t, a: np.triu(t["x"], a["diagonal"]),
    index_select=lambda t, a: np.take(t["x"], t["index"], axis=a["dim"]), embedding=lambda t, a: t["weight"][t["indices"]])


@ref
def expand(t, a):
    shape, x = list(a["shape"]), t["x"]
    for i in range(1, x.ndim + 1):
        if shape[-i] == -1:
            shape[-i] = x.shape[-i]
    return np.broadcast_to(x, shape)


@ref
def split(t, a):
    n = t["x"].shape[a["dim"]]
    sizes = a.get("sizes") or [min(a["size"], n - i) for i in range(0, n, a["size"])]
    return tuple(np.split(t["x"], np.cumsum(sizes)[:-1], axis=a["dim"]))


@ref
def pad(t, a):
    x = t["x"]
    if a["mode"] != "constant":
        return np.pad(x, a["pad"], mode={"reflect": "reflect", "replicate": "edge"}[a["mode"]])
    x = x[tuple(slice(max(-lo, 0), n - max(-hi, 0)) for (lo, hi), n in zip(a["pad"], x.shape))]
    return np.pad(x, [(max(lo, 0), max(hi, 0)) for lo, hi in a["pad"]], constant_values=a["value"])


def positions(index, dim):
    """(position in index, the same position with the axis replaced by the index)."""
    for p in itertools.product(*map(range, index.shape)):
        q = list(p)
        q[dim] = int(index[p])
        yield p, tuple(q)


@ref
def gather(t, a):
    out = np.empty(t["index"].shape)
    for p, q in positions(t["index"], a["dim"]):
        out[p] = t["x"][q]
    return out


@ref
def scatter_add(t, a):
    out = t["x"].copy()
    for p, q in positions(t["index"], a["dim"]):
        out[q] += t["src"][p]
    return out


# --- convolution and pooling: loops over output positions ------------------------------------------
def conv_nd(t, a):
    x, w = t["x"], t["weight"]
    rank = x.ndim - 2
    s, p, d = ([a[k]] * rank if isinstance(a[k], int) else a[k] for k in ("stride", "padding", "dilation"))
    x = np.pad(x, [(0, 0), (0, 0)] + [(q, q) for q in p])
    size = [(x.shape[2 + i] - d[i] * (w.shape[2 + i] - 1) - 1) // s[i] + 1 for i in range(rank)]
    out = np.zeros((x.shape[0], w.shape[0], *size))
    g, per_in, per_out = a["groups"], w.shape[1], w.shape[0] // a["groups"]
    for k in itertools.product(*map(range, w.shape[2:])):
        window = x[(slice(None), slice(None)) + tuple(slice(d[i] * k[i], d[i] * k[i] + s[i] * (size[i] - 1) + 1, s[i]) for i in range(rank))]
        tap = w[(slice(None), slice(None)) + k]
        for j in range(g):
            out[:, j * per_out:(j + 1) * per_out] += np.einsum("nc...,oc->no...", window[:, j * per_in:(j + 1) * per_in], tap[j * per_out:(j + 1) * per_out])
    return out + t["bias"].reshape(-1, *[1] * rank) if "bias" in t else out


OPS.update(conv1d=conv_nd, conv2d=conv_nd)


@ref
def conv_transpose2d(t, a):
    x, w, (sh, sw), (ph, pw), (dh, dw), g = t["x"], t["weight"], a["stride"], a["padding"], a["dilation"], a["groups"]
    n, c, h, wd = x.shape
    per_out, (kh, kw) = w.shape[1], w.shape[2:]
    full = np.zeros((n, per_out * g, (h - 1) * sh + dh * (kh - 1) + 1 + a["output_padding"][0], (wd - 1) * sw + dw * (kw - 1) + 1 + a["output_padding"][1]))
    for i, j, u, v in itertools.product(range(h), range(wd), range(kh), range(kw)):
        for q in range(g):
            full[:, q * per_out:(q + 1) * per_out, i * sh + u * dh, j * sw + v * dw] += x[:, q * c // g:(q + 1) * c // g, i, j] @ w[q * c // g:(q + 1) * c // g, :, u, v]
    out = full[:, :, ph:full.shape[2] - ph, pw:full.shape[3] - pw]
    return out + t["bias"].reshape(-1, 1, 1) if "bias" in t else out


def pooled_size(n, k, s, p, ceil):
    """Output size; with ceil, the last window must start inside the input or the left padding."""
    out = (math.ceil if ceil else math.floor)((n + 2 * p - k) / s) + 1
    return out - 1 if ceil and (out - 1) * s >= n + p else out


@ref
def max_pool2d(t, a):
    x = t["x"]
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = a["kernel"], a["stride"], a["padding"], a["dilation"]
    n, c, h, w = x.shape
    oh, ow = pooled_size(h, dh * (kh - 1) + 1, sh, ph, a["ceil_mode"]), pooled_size(w, dw * (kw - 1) + 1, sw, pw, a["ceil_mode"])
    out = np.full((n, c, oh, ow), -np.inf)
    for i, j, u, v in itertools.product(range(oh), range(ow), range(kh), range(kw)):
        y, z = i * sh - ph + u * dh, j * sw - pw + v * dw
        if 0 <= y < h and 0 <= z < w:
            out[:, :, i, j] = np.maximum(out[:, :, i, j], x[:, :, y, z])
    return out


@ref
def avg_pool2d(t, a):
    x = t["x"]
    (kh, kw), (sh, sw), (ph, pw) = a["kernel"], a["stride"], a["padding"]
    n, c, h, w = x.shape
    oh, ow = pooled_size(h, kh, sh, ph, a["ceil_mode"]), pooled_size(w, kw, sw, pw, a["ceil_mode"])
    out = np.zeros((n, c, oh, ow))
    for i, j in itertools.product(range(oh), range(ow)):
        y0, z0 = i * sh - ph, j * sw - pw
        y1, z1 = min(y0 + kh, h + ph), min(z0 + kw, w + pw)
        count = (y1 - y0) * (z1 - z0)
        real = x[:, :, max(y0, 0):min(y1, h), max(z0, 0):min(z1, w)]
        out[:, :, i, j] = real.sum((2, 3)) / (count if a["count_include_pad"] else real.shape[2] * real.shape[3])
    return out


@ref
def adaptive_avg_pool2d(t, a):
    x, (oh, ow) = t["x"], a["output_size"]
    h, w = x.shape[2:]
    out = np.zeros((*x.shape[:2], oh, ow))
    for i, j in itertools.product(range(oh), range(ow)):
        out[:, :, i, j] = x[:, :, i * h // oh:-(-(i + 1) * h // oh), j * w // ow:-(-(j + 1) * w // ow)].mean((2, 3))
    return out


# --- normalisation --------------------------------------------------------------------------------------
def standardized(x, ax, eps):
    return (x - x.mean(ax, keepdims=True)) / np.sqrt(x.var(ax, keepdims=True) + eps)


def per_channel(v, x):
    return v.reshape(1, -1, *[1] * (x.ndim - 2))


def scaled(y, t, shape=lambda v, y: v):
    if "weight" in t:
        y = y * shape(t["weight"], y)
    return y + shape(t["bias"], y) if "bias" in t else y


@ref
def layer_norm(t, a):
    return scaled(standardized(t["x"], tuple(range(-len(a["normalized_shape"]), 0)), a["eps"]), t)


@ref
def group_norm(t, a):
    x = t["x"]
    return scaled(standardized(x.reshape(x.shape[0], a["num_groups"], -1), 2, a["eps"]).reshape(x.shape), t, per_channel)


@ref
def batch_norm(t, a):
    x = t["x"]
    ax = (0, *range(2, x.ndim))
    if not a["training"]:
        return scaled((x - per_channel(t["running_mean"], x)) / np.sqrt(per_channel(t["running_var"], x) + a["eps"]), t, per_channel)
    n, m = x.size // x.shape[1], a["momentum"]
    return (scaled(standardized(x, ax, a["eps"]), t, per_channel), (1 - m) * t["running_mean"] + m * x.mean(ax),
            (1 - m) * t["running_var"] + m * x.var(ax) * n / (n - 1))


@ref
def rms_norm(t, a):
    return scaled(t["x"] / np.sqrt((t["x"] ** 2).mean(-1, keepdims=True) + a["eps"]), t)


@ref
def scaled_dot_product_attention(t, a):
    q, k = t["q"], t["k"]
    score = q @ np.swapaxes(k, -1, -2) * a.get("scale", q.shape[-1] ** -0.5)
    rows, cols = np.indices(score.shape[-2:])
    if a["is_causal"]:
        score = np.where(cols <= rows, score, -np.inf)
    if "mask" in t:
        score = np.where(t["mask"], score, -np.inf) if t["mask"].dtype == bool else score + t["mask"]
    return softmax(score, -1) @ t["v"]


@ref
def program(t, a):
    env = dict(t)
    for s in a["steps"]:
        env[s["out"]] = run(s["op"], {k: env[v] for k, v in s["in"].items()}, s["attrs"])[0]
    return tuple(env[r] for r in a["results"])
