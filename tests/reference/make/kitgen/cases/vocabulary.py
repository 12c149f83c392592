"""Cases of special functions, of order and selection, and of linear algebra."""
import numpy as np

from .common import INF, NAN, case, permuted, strided

SPECIAL = {"floor": "off_grid", "ceil": "off_grid", "round": "off_grid", "log2": "positive", "asin": "inside", "acos": "inside", "atan": "any",
           "sinh": "any", "cosh": "any", "lgamma": "gamma", "digamma": "gamma"}


TRIGAMMA = dict(rtol=1e-8, atol=1e-9)  # torch 1.13's polygamma(1, x) is off by up to 1e-9


def special_values(kind, d, shape):
    return {"off_grid": lambda: np.floor(d.uniform(shape, -6, 6)) / 2 + d.uniform(shape, 0.1, 0.4), "positive": lambda: d.uniform(shape, 0.2, 4),
            "inside": lambda: d.uniform(shape, -0.9, 0.9), "any": lambda: d.normal(*shape, scale=1.5), "gamma": lambda: d.uniform(shape, 0.4, 6)}[kind]()


def special(draw):
    for op, values in SPECIAL.items():
        for kind in ("3d", "0d", "permuted", "strided"):
            name = f"{op}/{kind}"
            d = draw(name)
            shape = {"3d": d.dims(3), "0d": [], "permuted": d.dims(3), "strided": d.dims(2)}[kind]
            x, views = special_values(values, d, shape), {}
            if kind == "permuted":
                x, views["x"] = permuted(x, d.perm(3))
            if kind == "strided":
                x, views["x"] = strided(d, x)
                fill = special_values(values, d, x[..., ::2].shape)  # what the op does not see
                x[..., ::2] = fill
            yield case(name, op, {"x": x}, views=views, **(TRIGAMMA if values == "gamma" else {}))
    for op in ("lgamma", "digamma"):
        d = draw(f"{op}/negative")
        yield case(f"{op}/negative", op, {"x": -np.floor(d.uniform((12,), 0, 6)) - d.uniform((12,), 0.2, 0.8)}, **TRIGAMMA)
    for n in range(4):
        d = draw(f"polygamma/{n}")
        yield case(f"polygamma/{n}", "polygamma", {"x": d.uniform(d.dims(2), 0.6, 5)}, {"n": n}, **TRIGAMMA)
    for op in ("floor", "ceil", "round"):
        yield case(f"{op}/halves", op, {"x": np.array([-2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5, 1e300, INF, -INF, NAN])}, diff=False,
                   note="round takes halves to the even neighbour")
    yield case("asin/at_one", "asin", {"x": np.array([-1.0, 0.0, 1.0])}, smooth=False, note="derivative +inf at -1 and 1")
    yield case("acos/at_one", "acos", {"x": np.array([-1.0, 0.0, 1.0])}, smooth=False, note="derivative -inf at -1 and 1")
    yield case("asin/outside", "asin", {"x": np.array([-1.5, 2.0, NAN])}, diff=False)
    yield case("lgamma/poles", "lgamma", {"x": np.array([0.0, -1.0, -7.0, INF, 1e-300, NAN])}, diff=False, note="+inf at 0, -1, -2, ...")
    yield case("digamma/zero", "digamma", {"x": np.array([0.0, -0.0, 1e-9, 1e9, NAN])}, diff=False, note="-inf at 0, +inf at -0")
    yield case("log2/powers", "log2", {"x": 2.0 ** np.arange(-20, 21)}, rtol=0.0, atol=0.0, smooth=False, diff=False, note="exact")
    for kind in ("broadcast", "permuted", "negative_divisor"):
        name = f"remainder/{kind}"
        d = draw(name)
        a, b = d.dims(2)
        y = d.uniform((b,) if kind == "broadcast" else (a, b), 0.5, 2) * (-1 if kind == "negative_divisor" else 1)
        x, views = y * (d.ints((a, b), -3, 4) + d.uniform((a, b), 0.1, 0.9)), {}
        if kind == "permuted":
            x, views["x"] = permuted(x, [1, 0])
        yield case(name, "remainder", {"x": x, "y": y}, views=views)
    yield case("remainder/signs", "remainder", {"x": np.array([5.0, -5.0, 5.0, -5.0, 0.3, -1e-300]), "y": np.array([3.0, 3.0, -3.0, -3.0, 0.1, 1.0])}, diff=False)
    yield case("remainder/integers", "remainder", {"x": np.array([7, -7, 7, -7, 6]), "y": np.array([3, 3, -3, -3, 3])}, diff=False)
    for kind in ("2d", "broadcast"):
        d = draw(f"atan2/{kind}")
        a, b = d.dims(2)
        yield case(f"atan2/{kind}", "atan2", {"x": d.away((a, b), margin=0.3), "y": d.away((b,) if kind == "broadcast" else (a, b), margin=0.3)})
    yield case("atan2/axes", "atan2", {"x": np.array([0.0, -0.0, 1.0, -1.0, 0.0, 0.0, 1e300]), "y": np.array([-1.0, -1.0, 0.0, 0.0, 1.0, 0.0, 1e300])}, diff=False)
    at = np.array([NAN, INF, -INF, 0.0, 1.0])
    yield case("isnan/all", "isnan", {"x": at}, diff=False)
    yield case("isfinite/all", "isfinite", {"x": at}, diff=False)
    for op in ("logical_and", "logical_or"):
        d = draw(f"{op}/broadcast")
        a, b = d.dims(2)
        yield case(f"{op}/broadcast", op, {"x": d.bools(a, b), "y": d.bools(b)}, diff=False)


def select(draw):
    for kind, dim in (("dim0", 0), ("middle", 1), ("last", -1)):
        d = draw(f"cumprod/{kind}")
        yield case(f"cumprod/{kind}", "cumprod", {"x": d.away(d.dims(3), margin=0.3)}, {"dim": dim})
    d = draw("cumprod/zeros")
    x = d.away([4, 6], margin=0.3)
    x[0, 2] = x[1, 0] = x[2, 5] = x[3, 1] = x[3, 4] = 0
    yield case("cumprod/zeros", "cumprod", {"x": x}, {"dim": 1}, note="the gradient does not divide by x")
    for kind, dim, down in (("dim0", 0, False), ("last", -1, False), ("descending", 1, True)):
        d = draw(f"sort/{kind}")
        yield case(f"sort/{kind}", "sort", {"x": d.distinct(*d.dims(3))}, {"dim": dim, "descending": down})
    yield case("sort/ties", "sort", {"x": np.array([2.0, 1.0, 2.0, 1.0, NAN, 0.0, INF])}, {"dim": 0, "descending": False}, diff=False,
               note="stable; NaN counts as the largest")
    yield case("sort/ties_descending", "sort", {"x": np.array([2.0, 1.0, 2.0, 1.0, NAN, 0.0, INF])}, {"dim": 0, "descending": True}, diff=False)
    for kind, largest in (("largest", True), ("smallest", False)):
        d = draw(f"topk/{kind}")
        yield case(f"topk/{kind}", "topk", {"x": d.distinct(3, d.dim(4, 7))}, {"k": d.dim(1, 3), "dim": -1, "largest": largest})
    for kind, dim in (("dim0", 0), ("dim1", 1)):
        d = draw(f"scatter/{kind}")
        s = d.dims(2, 3, 6)
        i = [d.dim(1, n) for n in s]
        order = [d.perm(s[dim])[: i[dim]] for _ in range(i[1 - dim])]  # each place at most once
        index = np.array(order).reshape(i[1 - dim], i[dim])
        index = index if dim == 1 else index.T
        yield case(f"scatter/{kind}", "scatter", {"x": d.normal(*s), "index": np.ascontiguousarray(index), "src": d.normal(*i)}, {"dim": dim})
    for kind in ("same", "broadcast", "none"):
        d = draw(f"masked_select/{kind}")
        a, b = d.dims(2)
        mask = np.zeros((a, b), bool) if kind == "none" else d.bools(*((b,) if kind == "broadcast" else (a, b)))
        yield case(f"masked_select/{kind}", "masked_select", {"x": d.normal(a, b), "mask": mask})
    d = draw("index/list")
    s = d.dims(2)
    yield case("index/list", "index", {"x": d.normal(*s), "index": d.ints(d.dims(2), -s[0], s[0])}, note="negative indices count from the end")
    d = draw("index/mask")
    s = d.dims(3)
    yield case("index/mask", "index", {"x": d.normal(*s), "index": d.bools(*s[:2])})
    d = draw("bincount/plain")
    yield case("bincount/plain", "bincount", {"x": d.ints((20,), 0, d.dim(3, 6))}, {"minlength": d.dim(0, 9)}, diff=False)
    for kind, shape, k in (("vector", 1, 0), ("vector_above", 1, 2), ("vector_below", 1, -1), ("matrix", 2, 0), ("matrix_above", 2, 1), ("matrix_below", 2, -2)):
        d = draw(f"diag/{kind}")
        yield case(f"diag/{kind}", "diag", {"x": d.normal(*d.dims(shape, 3, 6))}, {"diagonal": k})
    for kind, offset, dims in (("plain", 0, (0, 1)), ("above", 1, (1, 2)), ("below", -1, (-1, 0)), ("outside", 9, (0, 2))):
        d = draw(f"diagonal/{kind}")
        x, views = d.normal(*d.dims(3)), {}
        if kind == "above":
            x, views["x"] = permuted(x, [2, 0, 1])
        yield case(f"diagonal/{kind}", "diagonal", {"x": x}, {"offset": offset, "dim1": dims[0], "dim2": dims[1]}, views=views)
    d = draw("trace/2d")
    yield case("trace/2d", "trace", {"x": d.normal(*d.dims(2))})
    d = draw("outer/1d")
    a, b = d.dims(2)
    yield case("outer/1d", "outer", {"x": d.normal(a), "y": d.normal(b)})
    for kind, dim in (("last", -1), ("first", 0)):
        d = draw(f"cross/{kind}")
        s = [d.dim(), 3] if dim == -1 else [3, d.dim()]
        yield case(f"cross/{kind}", "cross", {"x": d.normal(*s), "y": d.normal(*s)}, {"dim": dim})
    for op in ("any", "all"):
        d = draw(f"{op}/dim")
        yield case(f"{op}/dim", op, {"x": d.bools(4, 5, p=0.3 if op == "any" else 0.8)}, {"dim": 1}, diff=False)
    for kind, p, dims in (("2", 2.0, [1]), ("1", 1.0, [0, 2]), ("3", 3.0, [-1]), ("half", 0.5, [1]), ("infinite", INF, [1]), ("0", 0.0, [1])):
        d = draw(f"norm/{kind}")
        x = d.distinct(2, 3, 4) + d.real(0.05, 0.07)
        attrs = {"dims": dims, "keepdim": d.choice([True, False])}
        yield case(f"norm/{kind}", "norm", {"x": x}, {**attrs, "p": "inf"} if p == INF else {**attrs, "p": p})
    yield case("norm/of_zeros", "norm", {"x": np.zeros((2, 3))}, {"dims": [1], "keepdim": False, "p": 2.0}, smooth=False, note="subgradient 0")
    for kind, k in (("plain", 0), ("above", 1), ("below", -1)):
        d = draw(f"pack_tril/{kind}")
        yield case(f"pack_tril/{kind}", "pack_tril", {"x": d.normal(2, 4, 4)}, {"diagonal": k})
    d = draw("unpack_tril/plain")
    yield case("unpack_tril/plain", "unpack_tril", {"x": d.normal(2, 6)}, {"n": 3, "diagonal": 0})


def regular(d, *shape):
    """Matrices with an inverse that is not too large."""
    n = shape[-1]
    return d.uniform(shape, -0.4, 0.4) + np.eye(n) * d.uniform(shape, 1.5, 2.5) * (2 * d.ints(shape, 0, 2) - 1)


def linalg(draw):
    def batches(op):
        for kind in ("2d", "batched", "1x1", "permuted"):
            name = f"{op}/{kind}"
            d = draw(name)
            n = 1 if kind == "1x1" else d.dim(3, 5)
            shape = {"batched": [2, 3, n, n], "permuted": [2, n, n]}.get(kind, [n, n])
            yield name, d, shape, kind == "permuted"

    for op in ("cholesky", "inverse", "det", "logabsdet"):
        for name, d, shape, turned in batches(op):
            x, views = regular(d, *shape), {}
            if op == "cholesky":
                x = x @ np.swapaxes(x, -1, -2)
            if turned:
                x, views["x"] = permuted(x, [0, 2, 1])
            yield case(name, op, {"x": x}, views=views)
    for name, d, shape, turned in batches("slogdet"):
        yield case(name, "slogdet", {"x": regular(d, *shape)}, diff=False)
    d = draw("det/singular")
    x = regular(d, 4, 4)
    x[2] = 0
    yield case("det/singular", "det", {"x": x}, diff=False, note="torch 1.13 gives 0 for the gradient, which is the matrix of cofactors")
    yield case("slogdet/singular", "slogdet", {"x": np.array([[1.0, 2.0], [2.0, 4.0]])}, diff=False, note="0 and -inf")
    for kind, attrs in (("lower", {}), ("upper", {"upper": True}), ("right", {"left": False}), ("upper_right", {"upper": True, "left": False}),
                        ("unit", {"unitriangular": True}), ("batched", {}), ("broadcast", {"upper": True}), ("permuted", {"upper": True})):
        name = f"solve_triangular/{kind}"
        d = draw(name)
        n, k = d.dim(3, 5), d.dim(1, 4)
        attrs = {"upper": False, "left": True, "unitriangular": False, **attrs}
        a, views = regular(d, *([2, n, n] if kind in ("batched", "broadcast", "permuted") else [n, n])), {}
        if kind == "permuted":
            a, views["x"] = permuted(a, [0, 2, 1])
        b = d.normal(*([2] if kind in ("batched", "permuted") else []), *((n, k) if attrs["left"] else (k, n)))
        yield case(name, "solve_triangular", {"x": a, "y": b}, attrs, views=views)
    for kind in ("2d", "vector", "batched", "broadcast", "batch_of_vectors", "permuted"):
        name = f"solve/{kind}"
        d = draw(name)
        n, k = d.dim(3, 5), d.dim(1, 4)
        a, views = regular(d, *([2, n, n] if kind in ("batched", "broadcast", "batch_of_vectors", "permuted") else [n, n])), {}
        if kind == "permuted":
            a, views["x"] = permuted(a, [0, 2, 1])
        b = {"vector": (n,), "batched": (2, n, k), "permuted": (2, n, k), "batch_of_vectors": (2, n)}.get(kind, (n, k))
        yield case(name, "solve", {"x": a, "y": d.normal(*b)}, views=views)
