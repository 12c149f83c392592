"""The forward of every loss in numpy, written from the README's words alone."""
import numpy as np

from .numpy_ops import OPS, log_sigmoid, log_softmax, ref


def reduced(x, a, count=None):
    if a["reduction"] in ("none", "sum"):
        return x.sum() if a["reduction"] == "sum" else x
    if a["reduction"] == "batchmean":
        count = len(x)
    return x.sum() / np.float64(x.size if count is None else count)


def elementwise_loss(fn):
    return lambda t, a: reduced(fn(t, a), a)


def bce(t, a):
    cut = lambda p: np.maximum(np.log(p), -100)
    return -t.get("weight", 1.0) * (t["target"] * cut(t["input"]) + (1 - t["target"]) * cut(1 - t["input"]))


def bce_logits(t, a):
    x, y = t["input"], t["target"]
    return -t.get("weight", 1.0) * (t.get("pos_weight", 1.0) * y * log_sigmoid(x) + (1 - y) * log_sigmoid(-x))


def huber(t, a):
    d = np.abs(t["input"] - t["target"])
    return np.where(d <= a["delta"], d * d / 2, a["delta"] * (d - a["delta"] / 2))


def smooth_l1(t, a):
    d = np.abs(t["input"] - t["target"])
    return np.where(d < a["beta"], d * d / (2 * a["beta"]), d - a["beta"] / 2)


def kl(t, a):
    y = t["target"]
    if a["log_target"]:
        return np.exp(y) * (y - t["input"])
    return np.where(y > 0, y * (np.log(y) - t["input"]), 0)


def distance(u, v, a):
    return (np.abs(u - v + a["eps"]) ** a["p"]).sum(-1) ** (1 / a["p"])


def triplet(t, a):
    far = distance(t["anchor"], t["negative"], a)
    if a["swap"]:
        far = np.minimum(far, distance(t["positive"], t["negative"], a))
    return np.maximum(0, distance(t["anchor"], t["positive"], a) - far + a["margin"])


def cosine(t, a):
    u, v = t["x1"], t["x2"]
    c = (u * v).sum(-1) / np.sqrt(((u * u).sum(-1) + 1e-12) * ((v * v).sum(-1) + 1e-12))
    return np.where(t["target"] == 1, 1 - c, np.maximum(0, c - a["margin"]))


for name_, fn_ in dict(mse_loss=lambda t, a: (t["input"] - t["target"]) ** 2, l1_loss=lambda t, a: np.abs(t["input"] - t["target"]), huber_loss=huber, smooth_l1_loss=smooth_l1,
                       bce_loss=bce, bce_with_logits_loss=bce_logits, kl_div=kl, hinge_loss=lambda t, a: np.maximum(0, 1 - t["target"] * t["input"]),
                       hinge_embedding_loss=lambda t, a: np.where(t["target"] == 1, t["input"], np.maximum(0, a["margin"] - t["input"])),
                       triplet_margin_loss=triplet, cosine_embedding_loss=cosine).items():
    OPS[name_] = elementwise_loss(fn_)


def pick(logp, t, a):
    """Weighted -logp[target], the weights used, class axis last."""
    y, c = t["target"], logp.shape[-1]
    w = t.get("weight", np.ones(c))
    keep = y != a["ignore_index"]
    y = np.where(keep, y, 0)
    return -np.take_along_axis(logp, y[..., None], -1)[..., 0] * w[y] * keep, w[y] * keep, keep


@ref
def nll_loss(t, a):
    loss, used, _ = pick(np.moveaxis(t["input"], 1, -1), t, a)
    return reduced(loss, a, used.sum())


@ref
def cross_entropy(t, a):
    x, eps = t["input"], a["label_smoothing"]
    logp = log_softmax(x if x.ndim == 1 else np.moveaxis(x, 1, -1), -1)
    c = logp.shape[-1]
    w = t.get("weight", np.ones(c))
    if t["target"].dtype.kind == "f":
        y = (t["target"] if x.ndim == 1 else np.moveaxis(t["target"], 1, -1)) * (1 - eps) + eps / c
        loss = -(w * y * logp).sum(-1)
        return reduced(loss, a)
    loss, used, keep = pick(logp, t, a)
    return reduced((1 - eps) * loss - eps / c * (w * logp).sum(-1) * keep, a, used.sum())
