"""The forward of special functions, order, selection and linear algebra in numpy, from the README's words."""
import itertools
import math

import numpy as np

from .numpy_ops import OPS, ref, simple


def digamma(x):
    if x == 0:
        return -math.copysign(math.inf, x)
    if x < 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * x)
    s = 0.0
    while x < 30:
        s, x = s - 1 / x, x + 1
    return s + math.log(x) - 1 / (2 * x) - 1 / (12 * x ** 2) + 1 / (120 * x ** 4) - 1 / (252 * x ** 6)


def polygamma(n, x):
    if n == 0:
        return digamma(x)
    s, a, total = n + 1, x, 0.0
    while a < 100:
        total, a = total + a ** -s, a + 1
    tail = a ** (1 - s) / (s - 1) + a ** -s / 2 + s * a ** (-s - 1) / 12 - s * (s + 1) * (s + 2) * a ** (-s - 3) / 720 + math.prod(s + i for i in range(5)) * a ** (-s - 5) / 30240
    return (-1) ** s * math.factorial(n) * (total + tail)


def lgamma(x):
    return math.inf if x <= 0 and x > -math.inf and x == math.floor(x) or x == math.inf else math.lgamma(x)


for name_, fn_ in dict(floor=np.floor, ceil=np.ceil, round=np.rint, log2=np.log2, asin=np.arcsin, acos=np.arccos, atan=np.arctan, sinh=np.sinh, cosh=np.cosh,
                       lgamma=np.vectorize(lgamma, otypes=[float]), digamma=np.vectorize(digamma, otypes=[float]), isnan=np.isnan, isfinite=np.isfinite,
                       remainder=np.mod, atan2=np.arctan2, logical_and=np.logical_and, logical_or=np.logical_or, trace=np.trace, outer=np.outer,
                       inverse=np.linalg.inv, det=np.linalg.det).items():
    simple(name_, fn_)
OPS.update(polygamma=lambda t, a: np.vectorize(lambda x: polygamma(a["n"], x), otypes=[float])(t["x"]), cumprod=lambda t, a: np.cumprod(t["x"], a["dim"]),
           masked_select=lambda t, a: t["x"][np.broadcast_to(t["mask"], t["x"].shape)], index=lambda t, a: t["x"][t["index"]],
           bincount=lambda t, a: np.bincount(t["x"], minlength=a["minlength"]), diag=lambda t, a: np.diag(t["x"], a["diagonal"]),
           diagonal=lambda t, a: np.diagonal(t["x"], a["offset"], a["dim1"], a["dim2"]), cross=lambda t, a: np.cross(t["x"], t["y"], axis=a["dim"]),
           any=lambda t, a: np.any(t["x"], a["dim"]), all=lambda t, a: np.all(t["x"], a["dim"]), logabsdet=lambda t, a: np.linalg.slogdet(t["x"])[1],
           slogdet=lambda t, a: tuple(map(np.asarray, np.linalg.slogdet(t["x"]))),
           cholesky=lambda t, a: np.linalg.cholesky((t["x"] + np.swapaxes(t["x"], -1, -2)) / 2))


def ordered(x, dim, descending):
    """Places along dim, stable, NaN as the largest."""
    out = np.empty(x.shape, np.int64)
    moved = lambda y: np.moveaxis(y, dim, -1)
    for i in np.ndindex(*moved(x).shape[:-1]):
        row = moved(x)[i]
        rank = [(math.inf if np.isnan(v) else v, bool(np.isnan(v))) for v in row]
        moved(out)[i] = sorted(range(len(row)), key=lambda k: (tuple(-v for v in rank[k]) if descending else rank[k], k))
    return out


@ref
def sort(t, a):
    at = ordered(t["x"], a["dim"], a["descending"])
    return np.take_along_axis(t["x"], at, a["dim"]), at


@ref
def topk(t, a):
    at = np.take(ordered(t["x"], a["dim"], a["largest"]), range(a["k"]), a["dim"])
    return np.take_along_axis(t["x"], at, a["dim"]), at


@ref
def scatter(t, a):
    y = t["x"].copy()
    for p in np.ndindex(*t["index"].shape):
        q = list(p)
        q[a["dim"]] = t["index"][p]
        y[tuple(q)] = t["src"][p]
    return y


@ref
def norm(t, a):
    x, axes = np.abs(t["x"]), tuple(a["dims"])
    if a["p"] == "inf":
        return x.max(axes, keepdims=a["keepdim"])
    if a["p"] == 0:
        return (x != 0).sum(axes, keepdims=a["keepdim"]).astype(float)
    return (x ** a["p"]).sum(axes, keepdims=a["keepdim"]) ** (1 / a["p"])


def places(n, diagonal):
    return zip(*[(i, j) for i, j in itertools.product(range(n), range(n)) if j - i <= diagonal])


@ref
def pack_tril(t, a):
    i, j = places(t["x"].shape[-1], a["diagonal"])
    return t["x"][..., i, j]


@ref
def unpack_tril(t, a):
    y = np.zeros((*t["x"].shape[:-1], a["n"], a["n"]))
    i, j = places(a["n"], a["diagonal"])
    y[..., i, j] = t["x"]
    return y


@ref
def solve_triangular(t, a):
    x = np.triu(t["x"]) if a["upper"] else np.tril(t["x"])
    if a["unitriangular"]:
        n = x.shape[-1]
        x = x * (1 - np.eye(n)) + np.eye(n)
    return np.linalg.inv(x) @ t["y"] if a["left"] else t["y"] @ np.linalg.inv(x)


@ref
def solve(t, a):
    x, y = t["x"], t["y"]
    vector = y.ndim == 1 or y.shape == x.shape[:-1]
    z = np.linalg.inv(x) @ (y[..., None] if vector else y)
    return z[..., 0] if vector else z
