"""Reductions and softmax."""
import numpy as np

from .common import INF, NAN, case, permuted, spread, strided


def reduction_axes(d):
    n = 3
    i, j = d.perm(n)[:2]
    return {"all": None, "all_keepdim": None, "first": [0], "last_keepdim": [-1], "middle": [1], "two": sorted([i, j]),
            "two_negative_keepdim": [i - n, j - n], "listed": [0, 1, 2], "permuted": [d.dim(0, 2)], "strided": [1], "size1": [1]}


def reduce(draw):
    for op in ("sum", "mean", "prod", "max", "min", "var", "std", "logsumexp"):
        for kind in reduction_axes(draw("any")):
            name = f"{op}/{kind}"
            d = draw(name)
            dims = reduction_axes(d)[kind]
            shape = d.dims(3, 2, 5)
            views = {}
            attrs = {} if dims is None else {"dims": dims}
            attrs["keepdim"] = kind.endswith("keepdim")
            if kind == "size1":
                shape[1] = 1
            if op in ("var", "std"):
                attrs["correction"] = 0 if kind == "size1" else d.dim(0, 1)
            if op == "std" and kind != "size1":
                x = spread(lambda: d.normal(*shape), None if dims is None else tuple(dims), 0.2)
            else:
                x = d.distinct(*shape) if op in ("max", "min") else d.away(shape, margin=0.2) if op == "prod" else d.normal(*shape)
            if kind == "permuted":
                x, views["x"] = permuted(x, d.perm(3))
            if kind == "strided":
                x, views["x"] = strided(d, x)
            flat_std = op == "std" and kind == "size1"
            yield case(name, op, {"x": x}, attrs, views=views, smooth=not flat_std,
                       note="std of one element: value 0, gradient 0" if flat_std else None)
        if op not in ("var", "std"):
            d = draw(f"{op}/0d")
            yield case(f"{op}/0d", op, {"x": d.normal() + 2}, {"keepdim": False})
    for op in ("max", "min"):
        name = f"{op}/ties"
        d = draw(name)
        x = d.ints((4, 6), 0, 3).astype(float)
        yield case(name, op, {"x": x}, {"dims": [1], "keepdim": False}, smooth=False, note="equal shares of the gradient")
        yield case(f"{op}/ties_all", op, {"x": x}, {"keepdim": False}, smooth=False, note="equal shares of the gradient")
        yield case(f"{op}/nan", op, {"x": np.array([[1.0, NAN, 3.0], [4.0, 5.0, INF]])}, {"dims": [1], "keepdim": False}, diff=False)
    for zeros in (1, 2):
        name = f"prod/{zeros}_zero"
        d = draw(name)
        x = d.away((d.dim(3, 5),), margin=0.3)
        x[:zeros] = 0
        yield case(name, "prod", {"x": x}, {"keepdim": False}, note="gradient is the product of the others")
    d = draw("prod/zero_in_one_row")
    x = d.away((3, 4), margin=0.3)
    x[1, 2] = 0
    yield case("prod/zero_in_one_row", "prod", {"x": x}, {"dims": [1], "keepdim": True})
    d = draw("var/large_offset")
    yield case("var/large_offset", "var", {"x": 1e6 + d.normal(3, 40)}, {"dims": [1], "keepdim": False, "correction": 1}, smooth=False,
               rtol=1e-8, atol=1e-10, note="needs two passes or Welford; E[x^2]-E[x]^2 keeps only about 4 digits here")
    d = draw("std/constant_row")
    yield case("std/constant_row", "std", {"x": np.vstack([np.full(4, 2.5), d.normal(4)])},
               {"dims": [1], "keepdim": False, "correction": 1}, smooth=False, note="gradient 0 where std is 0")
    d = draw("sum/many_terms")
    yield case("sum/many_terms", "sum", {"x": d.normal(2, d.dim(500, 900)) * 1e3}, {"dims": [1], "keepdim": False}, hvp=False)
    for label, scale in (("large", 1e4), ("very_negative", -1e4), ("mixed", 700.0)):
        name = f"logsumexp/{label}"
        d = draw(name)
        x = d.normal(3, 5) + scale if label != "mixed" else d.normal(3, 5, scale=scale)
        yield case(name, "logsumexp", {"x": x}, {"dims": [1], "keepdim": False}, smooth=False, hvp=True)
    yield case("logsumexp/minus_inf", "logsumexp", {"x": np.array([[-INF, 1.0, 2.0], [-INF, -INF, 0.5]])}, {"dims": [1], "keepdim": False},
               smooth=False, note="-inf entries get gradient 0")
    yield case("logsumexp/all_minus_inf", "logsumexp", {"x": np.full(3, -INF)}, {"keepdim": False}, diff=False, note="-inf, not NaN")

    for op in ("max_dim", "min_dim"):
        for kind in ("first", "last_keepdim", "permuted", "ties"):
            name = f"{op}/{kind}"
            d = draw(name)
            shape = d.dims(3, 2, 5)
            x, views = d.distinct(*shape), {}
            if kind == "permuted":
                x, views["x"] = permuted(x, d.perm(3))
            if kind == "ties":
                x = d.ints((4, 6), 0, 3).astype(float)
            yield case(name, op, {"x": x}, {"dim": {"first": 0, "last_keepdim": -1, "permuted": 1, "ties": 1}[kind],
                                            "keepdim": kind == "last_keepdim"}, views=views, smooth=kind != "ties")
    for op in ("argmax", "argmin"):
        for kind in ("flat", "first", "last_keepdim", "ties"):
            name = f"{op}/{kind}"
            d = draw(name)
            x = d.ints((4, 6), 0, 3).astype(float) if kind == "ties" else d.distinct(*d.dims(3, 2, 5))
            attrs = {"keepdim": kind == "last_keepdim"}
            if kind != "flat":
                attrs["dim"] = {"first": 0, "last_keepdim": -1, "ties": 1}[kind]
            yield case(name, op, {"x": x}, attrs, diff=False)
    for kind in ("1d", "first", "middle", "last_permuted"):
        name = f"cumsum/{kind}"
        d = draw(name)
        x, views = d.normal(*d.dims(1 if kind == "1d" else 3)), {}
        if kind == "last_permuted":
            x, views["x"] = permuted(x, d.perm(3))
        yield case(name, "cumsum", {"x": x}, {"dim": {"1d": 0, "first": 0, "middle": 1, "last_permuted": -1}[kind]}, views=views)


def softmax(draw):
    for op in ("softmax", "log_softmax"):
        for kind in ("1d", "dim0", "dim1", "last", "permuted", "size1"):
            name = f"{op}/{kind}"
            d = draw(name)
            shape = d.dims(1 if kind == "1d" else 3)
            if kind == "size1":
                shape[1] = 1
            x, views = d.normal(*shape, scale=1.5), {}
            if kind == "permuted":
                x, views["x"] = permuted(x, d.perm(3))
            yield case(name, op, {"x": x}, {"dim": {"1d": 0, "dim0": 0, "dim1": 1, "last": -1, "permuted": 1, "size1": 1}[kind]}, views=views)
        name = f"{op}/logits_1e4"
        d = draw(name)
        yield case(name, op, {"x": d.normal(3, d.dim(3, 6), scale=1e4)}, {"dim": 1}, smooth=False, hvp=True, rtol=1e-9)
        name = f"{op}/shifted_1e4"
        d = draw(name)
        yield case(name, op, {"x": 1e4 + d.normal(3, d.dim(3, 6))}, {"dim": 1}, smooth=False, hvp=True, rtol=1e-9)
        name = f"{op}/far_apart"
        d = draw(name)
        yield case(name, op, {"x": np.array([[-750.0, 0.0, 710.0], [1e5, -1e5, 0.0]])}, {"dim": -1}, smooth=False, hvp=True)
    yield case("softmax/masked", "softmax", {"x": np.array([[0.3, -INF, 1.0], [-INF, -INF, 2.0]])}, {"dim": -1}, smooth=False,
               note="-inf entries: probability 0, gradient 0")
    yield case("softmax/all_masked", "softmax", {"x": np.full((1, 3), -INF)}, {"dim": -1}, diff=False, note="NaN, as in torch")
