"""Shapes, views and indexing."""
import numpy as np

from .common import case, permuted, strided


def shape(draw):
    def one(name, op, dims, attrs, view=None):
        d = draw(name)
        s = d.dims(dims, 2, 5) if isinstance(dims, int) else dims(d)
        x = d.normal(*s)
        views = {}
        if view == "permuted":
            x, views["x"] = permuted(x, [int(i) for i in range(x.ndim)][::-1])
        if view == "strided":
            x, views["x"] = strided(d, x)
        return case(name, op, {"x": x}, attrs(d, s) if callable(attrs) else attrs, views=views)

    yield one("reshape/flatten", "reshape", 3, {"shape": [-1]})
    yield one("reshape/merge_first", "reshape", 3, lambda d, s: {"shape": [s[0] * s[1], s[2]]})
    yield one("reshape/infer_middle", "reshape", 3, lambda d, s: {"shape": [s[2], -1, s[0]]})
    yield one("reshape/of_permuted", "reshape", 3, lambda d, s: {"shape": [s[1], -1]}, "permuted")
    yield one("reshape/of_strided", "reshape", 2, {"shape": [-1]}, "strided")
    yield one("reshape/to_0d", "reshape", lambda d: [1, 1], {"shape": []})
    yield one("reshape/from_0d", "reshape", lambda d: [], {"shape": [1, 1, 1]})
    yield one("transpose/2d", "transpose", 2, {"dim0": 0, "dim1": 1})
    yield one("transpose/negative", "transpose", 4, {"dim0": -1, "dim1": 1})
    yield one("transpose/of_permuted", "transpose", 3, {"dim0": 0, "dim1": 1}, "permuted")
    yield one("permute/3d", "permute", 3, lambda d, s: {"dims": [2, 0, 1]})
    yield one("permute/4d", "permute", 4, lambda d, s: {"dims": d.perm(4)})
    yield one("permute/negative", "permute", 3, {"dims": [-1, 0, -2]})
    yield one("squeeze/all", "squeeze", lambda d: [1, d.dim(), 1, d.dim()], {})
    yield one("squeeze/one", "squeeze", lambda d: [d.dim(), 1, d.dim(), 1], {"dim": 1})
    yield one("squeeze/negative", "squeeze", lambda d: [d.dim(), 1, d.dim(), 1], {"dim": -1})
    yield one("squeeze/not_size_1", "squeeze", lambda d: [d.dim(), 1], {"dim": 0})
    yield one("unsqueeze/front", "unsqueeze", 2, {"dim": 0})
    yield one("unsqueeze/back", "unsqueeze", 2, {"dim": -1})
    yield one("unsqueeze/of_0d", "unsqueeze", lambda d: [], {"dim": 0})
    yield one("expand/size1", "expand", lambda d: [d.dim(), 1, d.dim()], lambda d, s: {"shape": [s[0], d.dim(), s[2]]})
    yield one("expand/new_axes", "expand", 1, lambda d, s: {"shape": [d.dim(), d.dim(), s[0]]})
    yield one("expand/keep", "expand", lambda d: [1, d.dim()], lambda d, s: {"shape": [d.dim(), -1]})
    yield one("expand/of_0d", "expand", lambda d: [], lambda d, s: {"shape": d.dims(2)})
    yield one("slice/1d_step", "slice", lambda d: [d.dim(7, 11)], lambda d, s: {"ranges": [[1, s[0], d.dim(2, 3)]]})
    yield one("slice/2d", "slice", lambda d: d.dims(2, 5, 8), lambda d, s: {"ranges": [[1, s[0] - 1, 1], [0, s[1], 2]]})
    yield one("slice/leading_axis_only", "slice", 3, lambda d, s: {"ranges": [[1, s[0], 1]]})
    yield one("slice/negative_bounds", "slice", lambda d: d.dims(2, 5, 8), {"ranges": [[-4, -1, 1], [-3, 100, 1]]})
    yield one("slice/step_past_end", "slice", lambda d: d.dims(2, 4, 7), {"ranges": [[0, 3, 5], [1, 100, 3]]})
    yield one("slice/of_permuted", "slice", lambda d: d.dims(3, 4, 6), {"ranges": [[1, 4, 2], [0, 3, 1], [1, 4, 2]]}, "permuted")
    yield one("slice/empty", "slice", 2, {"ranges": [[1, 1, 1]]})
    yield one("select/middle", "select", 3, lambda d, s: {"dim": 1, "index": d.dim(0, s[1] - 1)})
    yield one("select/negative", "select", 2, {"dim": -1, "index": -1})
    yield one("select/to_0d", "select", 1, lambda d, s: {"dim": 0, "index": d.dim(0, s[0] - 1)})
    yield one("flip/one", "flip", 3, {"dims": [1]})
    yield one("flip/two", "flip", 3, {"dims": [0, -1]})
    yield one("flip/of_permuted", "flip", 2, {"dims": [0]}, "permuted")
    yield one("roll/one", "roll", 2, lambda d, s: {"shifts": [d.dim(1, 7)], "dims": [1]})
    yield one("roll/two", "roll", 2, lambda d, s: {"shifts": [-1, d.dim(1, 3)], "dims": [0, 1]})
    yield one("repeat/same_rank", "repeat", 2, lambda d, s: {"repeats": [d.dim(1, 3), 2]})
    yield one("repeat/higher_rank", "repeat", 2, lambda d, s: {"repeats": [2, 1, d.dim(2, 3)]})
    for op in ("tril", "triu"):
        for k in (0, 1, -1, 2):
            yield one(f"{op}/diagonal_{k}".replace("-", "minus_"), op, 2, {"diagonal": k})
        yield one(f"{op}/batched", op, 3, lambda d, s: {"diagonal": d.dim(-1, 1)})
    yield one("pad/constant_2d", "pad", 2, lambda d, s: {"pad": [d.dims(2, 0, 3), d.dims(2, 0, 3)], "mode": "constant", "value": d.real(-1, 1)})
    yield one("pad/constant_last_axis", "pad", 3, {"pad": [[0, 0], [0, 0], [2, 1]], "mode": "constant", "value": 0.0})
    yield one("pad/crop", "pad", lambda d: d.dims(2, 4, 6), {"pad": [[-1, 2], [1, -2]], "mode": "constant", "value": 0.0})
    for mode in ("reflect", "replicate"):
        yield one(f"pad/{mode}_1d", "pad", lambda d: [2, 3, d.dim(4, 6)], lambda d, s, m=mode: {"pad": [[0, 0], [0, 0], [2, d.dim(1, 3)]], "mode": m})
        yield one(f"pad/{mode}_2d", "pad", lambda d: [2, 2, d.dim(4, 5), d.dim(4, 5)],
                  lambda d, s, m=mode: {"pad": [[0, 0], [0, 0], [1, 2], [d.dim(0, 3), 1]], "mode": m})

    for kind in ("dim0", "dim1", "negative", "one_operand", "with_empty", "permuted"):
        name = f"concat/{kind}"
        d = draw(name)
        a, b, c = d.dims(3)
        sizes = {"dim0": [2, 3, 1], "one_operand": [3], "with_empty": [2, 0, 1]}.get(kind, [c, 1])
        dim = {"dim1": 1, "negative": -1, "permuted": 1}.get(kind, 0)
        xs, views = [], {}
        for i, n in enumerate(sizes):
            x = d.normal(*([n, b] if dim == 0 else [a, n]))
            if kind == "permuted" and i == 0:
                x, views["x0"] = permuted(x, [1, 0])
            xs.append(x)
        yield case(name, "concat", {f"x{i}": x for i, x in enumerate(xs)}, {"dim": dim}, views=views)
    for kind, dim, n in (("dim0", 0, 3), ("last", -1, 2), ("middle", 1, 2)):
        name = f"stack/{kind}"
        d = draw(name)
        s = d.dims(2)
        yield case(name, "stack", {f"x{i}": d.normal(*s) for i in range(n)}, {"dim": dim})
    d = draw("stack/0d")
    yield case("stack/0d", "stack", {f"x{i}": d.normal() for i in range(4)}, {"dim": 0})
    d = draw("split/size")
    s = [d.dim(5, 9), d.dim()]
    yield case("split/size", "split", {"x": d.normal(*s)}, {"size": 3, "dim": 0})
    d = draw("split/sizes")
    s = d.dims(3, 1, 4)
    yield case("split/sizes", "split", {"x": d.normal(2, sum(s), 2)}, {"sizes": s, "dim": 1})
    d = draw("split/negative_dim")
    yield case("split/negative_dim", "split", {"x": d.normal(d.dim(), 6)}, {"sizes": [1, 0, 5], "dim": -1})


def index(draw):
    for kind, dim in (("dim0", 0), ("dim1", 1), ("negative", -1)):
        name = f"index_select/{kind}"
        d = draw(name)
        s = d.dims(3)
        yield case(name, "index_select", {"x": d.normal(*s), "index": d.ints((d.dim(3, 8),), 0, s[dim])}, {"dim": dim})
    d = draw("index_select/permuted")
    x, view = permuted(d.normal(*d.dims(2)), [1, 0])
    yield case("index_select/permuted", "index_select", {"x": x, "index": np.array([1, 0, 1, 1])}, {"dim": 0}, views={"x": view})
    d = draw("index_select/empty")
    yield case("index_select/empty", "index_select", {"x": d.normal(3, 2), "index": np.zeros(0, np.int64)}, {"dim": 0})
    for kind, dim in (("dim0", 0), ("dim1", 1), ("last", -1)):
        name = f"gather/{kind}"
        d = draw(name)
        s = d.dims(3, 3, 6)
        i = [d.dim(1, n) for n in s]
        i[dim] = d.dim(2, 8)
        yield case(name, "gather", {"x": d.normal(*s), "index": d.ints(i, 0, s[dim])}, {"dim": dim})
    d = draw("gather/pick_column")
    n, c = d.dims(2)
    yield case("gather/pick_column", "gather", {"x": d.normal(n, c), "index": d.ints((n, 1), 0, c)}, {"dim": 1})
    for kind, dim in (("dim0", 0), ("dim1", 1)):
        name = f"scatter_add/{kind}"
        d = draw(name)
        s = d.dims(2, 3, 6)
        i = [d.dim(2, n) for n in s]
        i[dim] = d.dim(2, 7)
        yield case(name, "scatter_add", {"x": d.normal(*s), "index": d.ints(i, 0, s[dim]), "src": d.normal(*i)}, {"dim": dim})
    d = draw("scatter_add/1d_all_to_one")
    yield case("scatter_add/1d_all_to_one", "scatter_add", {"x": d.normal(3), "index": np.full(5, 1), "src": d.normal(5)}, {"dim": 0})
    for kind in ("1d", "2d", "padding_idx", "0d"):
        name = f"embedding/{kind}"
        d = draw(name)
        v, e = d.dim(4, 9), d.dim()
        shape_ = {"1d": (6,), "0d": ()}.get(kind, tuple(d.dims(2)))
        idx, attrs = d.ints(shape_, 0, v), {}
        if kind == "padding_idx":
            attrs["padding_idx"] = int(idx.flat[0])
        yield case(name, "embedding", {"weight": d.normal(v, e), "indices": idx}, attrs, smooth=kind != "padding_idx",
                   note="not a true gradient: the padding row's is forced to 0" if kind == "padding_idx" else None)
