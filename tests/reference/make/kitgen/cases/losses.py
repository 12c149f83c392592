"""Losses."""
import numpy as np

from .common import case


def loss(draw):
    def drawn(name):
        return draw(name)

    for red in ("none", "mean", "sum"):
        for op in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"):
            name = f"{op}/{red}"
            d = draw(name)
            s = d.dims(2)
            knob = {"huber_loss": "delta", "smooth_l1_loss": "beta"}.get(op)
            attrs = {"reduction": red}
            edge = 1.0
            if knob:
                edge = attrs[knob] = d.real(0.5, 1.6)
            target = d.normal(*s)
            diff = d.away(s, kinks=[0.0, edge, -edge], margin=0.02)
            yield case(name, op, {"input": target + diff, "target": target}, attrs)
        for kind in ("", "_weight"):
            name = f"bce_loss/{red}{kind}"
            d = draw(name)
            s = d.dims(2)
            ins = {"input": d.uniform(s, 0.05, 0.95), "target": d.uniform(s, 0, 1)}
            if kind:
                ins["weight"] = d.uniform((s[1],), 0.5, 2)
            yield case(name, "bce_loss", ins, {"reduction": red}, const=["target", "weight"])
        for kind in ("", "_weight", "_pos_weight", "_both"):
            name = f"bce_with_logits_loss/{red}{kind}"
            d = draw(name)
            s = d.dims(2)
            ins = {"input": d.normal(*s, scale=2), "target": d.bools(*s).astype(float)}
            if kind in ("_weight", "_both"):
                ins["weight"] = d.uniform((s[1],), 0.5, 2)
            if kind in ("_pos_weight", "_both"):
                ins["pos_weight"] = d.uniform((s[1],), 0.5, 3)
            yield case(name, "bce_with_logits_loss", ins, {"reduction": red}, const=["target", "weight", "pos_weight"])
        for weight in ("", "_weight"):
            for smoothing in ("", "_smoothing"):
                for ignore in ("", "_ignore"):
                    name = f"cross_entropy/{red}{weight}{smoothing}{ignore}"
                    d = draw(name)
                    n, c = d.dim(4, 7), d.dim(3, 6)
                    attrs = {"reduction": red, "label_smoothing": d.real(0.05, 0.4) if smoothing else 0.0, "ignore_index": -100}
                    target = d.ints((n,), 0, c)
                    if ignore:
                        attrs["ignore_index"] = d.choice([-100, -1, int(target[0])])
                        target[0] = target[2] = attrs["ignore_index"]
                        target[1] = (attrs["ignore_index"] + 1) % c
                    ins = {"input": d.normal(n, c, scale=2), "target": target}
                    if weight:
                        ins["weight"] = d.uniform((c,), 0.3, 2)
                    yield case(name, "cross_entropy", ins, attrs, const=["weight"])
        name = f"cross_entropy/{red}_2d_image"
        d = draw(name)
        n, c, h, w = 2, d.dim(3, 5), d.dim(2, 3), d.dim(2, 3)
        yield case(name, "cross_entropy", {"input": d.normal(n, c, h, w), "target": d.ints((n, h, w), 0, c), "weight": d.uniform((c,), 0.3, 2)},
                   {"reduction": red, "label_smoothing": d.real(0, 0.3), "ignore_index": -100}, const=["weight"])
        for kind in ("", "_weight_smoothing"):
            name = f"cross_entropy/{red}_probabilities{kind}"
            d = draw(name)
            n, c = d.dims(2, 3, 6)
            ins = {"input": d.normal(n, c, scale=2), "target": d.g.dirichlet(np.ones(c), n)}
            if kind:
                ins["weight"] = d.uniform((c,), 0.3, 2)
            yield case(name, "cross_entropy", ins, {"reduction": red, "label_smoothing": d.real(0.05, 0.3) if kind else 0.0}, const=["target", "weight"])
        for kind in ("", "_weight_ignore", "_2d_image"):
            name = f"nll_loss/{red}{kind}"
            d = draw(name)
            c = d.dim(3, 6)
            lead, tail = (2, [3, 2]) if "image" in kind else (d.dim(4, 7), [])
            target = d.ints((lead, *tail), 0, c)
            attrs = {"reduction": red, "ignore_index": -100}
            ins = {"input": np.log(np.moveaxis(d.g.dirichlet(np.ones(c), (lead, *tail)), -1, 1)), "target": target}
            if "ignore" in kind:
                attrs["ignore_index"] = int(target[0])
                target[1] = (target[0] + 1) % c
                ins["weight"] = d.uniform((c,), 0.3, 2)
            yield case(name, "nll_loss", ins, attrs, const=["weight"])
    for red in ("none", "mean", "sum", "batchmean"):
        for log_target in (False, True):
            name = f"kl_div/{red}" + ("_log_target" if log_target else "")
            d = draw(name)
            n, c = d.dims(2, 3, 6)
            p, q = d.g.dirichlet(np.ones(c), n), d.g.dirichlet(np.ones(c), n)
            yield case(name, "kl_div", {"input": np.log(p), "target": np.log(q) if log_target else q}, {"reduction": red, "log_target": log_target},
                       const=["target"])
    yield case("kl_div/zero_target", "kl_div", {"input": np.log(np.array([[0.2, 0.3, 0.5]])), "target": np.array([[0.0, 0.4, 0.6]])},
               {"reduction": "sum", "log_target": False}, const=["target"], note="0*log(0) counts as 0")
    for red in ("none", "mean", "sum"):
        d = draw(f"hinge_loss/{red}")
        s = d.dims(1, 4, 9)
        y = np.where(d.bools(*s), 1.0, -1.0)
        yield case(f"hinge_loss/{red}", "hinge_loss", {"input": y * d.away(s, kinks=[1.0], margin=0.02), "target": y}, {"reduction": red}, const=["target"])
        d = draw(f"hinge_embedding_loss/{red}")
        s = d.dims(1, 4, 9)
        m = d.real(0.5, 1.5)
        yield case(f"hinge_embedding_loss/{red}", "hinge_embedding_loss",
                   {"input": d.away(s, kinks=[m], margin=0.02), "target": np.where(d.bools(*s), 1.0, -1.0)}, {"margin": m, "reduction": red}, const=["target"])
        d = draw(f"cosine_embedding_loss/{red}")
        n, e, margin = d.dim(4, 7), d.dim(3, 5), d.real(-0.3, 0.3)
        while True:
            x1, x2 = d.normal(n, e), d.normal(n, e)
            cos = (x1 * x2).sum(1) / np.sqrt((x1 * x1).sum(1) * (x2 * x2).sum(1))
            if np.abs(cos - margin).min() > 0.02:
                break
        yield case(f"cosine_embedding_loss/{red}", "cosine_embedding_loss",
                   {"x1": x1, "x2": x2, "target": np.where(d.bools(n), 1.0, -1.0)}, {"margin": margin, "reduction": red}, const=["target"])
        for swap in (False, True):
            name = f"triplet_margin_loss/{red}" + ("_swap" if swap else "")
            d = draw(name)
            n, e, margin = d.dim(4, 7), d.dim(3, 5), d.real(0.5, 2)
            dist = lambda u, v: np.sqrt(((u - v) ** 2).sum(1))
            while True:
                anchor, positive, negative = (d.normal(n, e) for _ in range(3))
                near, far, other = dist(anchor, positive), dist(anchor, negative), dist(positive, negative)
                gap = near - (np.minimum(far, other) if swap else far) + margin
                if min(np.abs(gap).min(), np.abs(far - other).min()) > 0.02:
                    break
            yield case(name, "triplet_margin_loss", {"anchor": anchor, "positive": positive, "negative": negative},
                       {"margin": margin, "p": 2.0, "eps": 1e-6, "swap": swap, "reduction": red})
    # stability and conventions
    d = draw("bce_with_logits_loss/far")
    x = np.array([-100.0, -100.0, 100.0, 100.0, 0.0, -1000.0, 1000.0, 30.0])
    yield case("bce_with_logits_loss/far", "bce_with_logits_loss", {"input": x, "target": np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.25])},
               {"reduction": "none"}, const=["target"], smooth=False, hvp=True)
    yield case("bce_loss/at_0_and_1", "bce_loss", {"input": np.array([0.0, 1.0, 0.0, 1.0]), "target": np.array([0.0, 1.0, 1.0, 0.0])},
               {"reduction": "none"}, const=["target"], diff=False, note="the logs are cut off at -100")
    for kind, scale in (("logits_1e4", 1e4), ("logits_100", 100.0)):
        d = draw(f"cross_entropy/{kind}")
        c = d.dim(3, 6)
        yield case(f"cross_entropy/{kind}", "cross_entropy", {"input": d.normal(4, c, scale=scale), "target": d.ints((4,), 0, c)},
                   {"reduction": "none", "label_smoothing": 0.0, "ignore_index": -100}, smooth=False, hvp=True, rtol=1e-9)
    d = draw("cross_entropy/unbatched")
    yield case("cross_entropy/unbatched", "cross_entropy", {"input": d.normal(5), "target": np.array(3)},
               {"reduction": "mean", "label_smoothing": 0.0, "ignore_index": -100})
    yield case("cross_entropy/all_ignored", "cross_entropy", {"input": d.normal(3, 4), "target": np.full(3, -100)},
               {"reduction": "mean", "label_smoothing": 0.0, "ignore_index": -100}, diff=False, note="0/0 = NaN")
    for op in ("l1_loss", "huber_loss", "smooth_l1_loss"):
        attrs = {"reduction": "none", **({"huber_loss": {"delta": 1.0}, "smooth_l1_loss": {"beta": 1.0}}.get(op, {}))}
        yield case(f"{op}/at_kinks", op, {"input": np.array([0.0, 1.0, -1.0, 3.0]), "target": np.zeros(4)}, attrs, smooth=False)
    yield case("hinge_loss/at_kink", "hinge_loss", {"input": np.array([1.0, -1.0, 0.5]), "target": np.array([1.0, -1.0, 1.0])}, {"reduction": "none"},
               const=["target"], smooth=False, note="composed with clamp(min=0): gradient passes at the kink")
