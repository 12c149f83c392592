"""Elementwise ops of one and two tensors, and comparisons."""
import numpy as np

from .common import INF, NAN, case, permuted, strided


def pair_shapes(d):
    a, b, c = d.dims(3)
    return {
        "same": ((a, b, c), (a, b, c)), "row": ((a, b), (b,)), "col": ((a, b), (a, 1)), "outer": ((a, 1), (1, b)),
        "rank_up": ((b,), (a, b)), "batch": ((a, 1, c), (b, 1)), "scalar_rhs": ((a, b), ()), "scalar_lhs": ((), (a, b)),
        "both_0d": ((), ()), "size1": ((1,), (1, 1)), "permuted_lhs": ((a, b, c), (b, c)), "permuted_both": ((a, b), (a, b)),
        "strided": ((a, b), (a, b)), "expanded": ((a, b), (a, b)),
    }


def pair_values(op, d, sx, sy):
    if op == "div":
        return d.normal(*sx), d.away(sy, margin=0.4)
    if op == "pow":
        return d.uniform(sx, 0.3, 2.2), d.uniform(sy, -2, 3)
    if op in ("maximum", "minimum"):
        while True:
            x, y = d.normal(*sx), d.normal(*sy)
            if np.abs(x - y).min() > 0.01:
                return x, y
    return d.normal(*sx), d.normal(*sy)


def binary(draw):
    for op in ("add", "sub", "mul", "div", "pow", "maximum", "minimum"):
        for kind in pair_shapes(draw("any")):
            name = f"{op}/{kind}"
            d = draw(name)
            sx, sy = pair_shapes(d)[kind]
            views = {}
            if kind == "expanded":
                x, y = pair_values(op, d, (sx[0], 1), sy)
                views["x"] = {"kind": "expand", "shape": list(sx)}
            else:
                x, y = pair_values(op, d, sx, sy)
            if kind.startswith("permuted"):
                x, views["x"] = permuted(x, d.perm(3) if x.ndim == 3 else [1, 0])
            if kind == "permuted_both":
                y, views["y"] = permuted(y, [1, 0])
            if kind == "strided":
                x, views["x"] = strided(d, x)
            yield case(name, op, {"x": x, "y": y}, views=views)
    for op in ("maximum", "minimum"):
        name = f"{op}/ties"
        d = draw(name)
        x, y = d.ints((4, 5), -2, 3).astype(float), d.ints((4, 5), -2, 3).astype(float)
        y[0, :2] = x[0, :2]
        yield case(name, op, {"x": x, "y": y}, smooth=False, note="equal elements: half the gradient to each side")
    name = "pow/zero_base"
    d = draw(name)
    yield case(name, "pow", {"x": np.zeros(6), "y": np.array([0.0, 1.0, 2.0, 3.0, 0.5, d.real(1.2, 2.8)])}, smooth=False,
               note="0**0 = 1; gradients 0 where y == 0, and no NaN for y")
    name = "pow/negative_base_integer_exponent"
    d = draw(name)
    yield case(name, "pow", {"x": -d.uniform((6,), 0.3, 2), "y": np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])}, const=["y"])
    yield case("div/by_zero", "div", {"x": np.array([1.0, -2.0, 0.0]), "y": np.zeros(3)}, diff=False)

    name = "where/same"
    d = draw(name)
    s = d.dims(2)
    yield case(name, "where", {"cond": d.bools(*s), "x": d.normal(*s), "y": d.normal(*s)})
    name = "where/broadcast"
    d = draw(name)
    a, b, c = d.dims(3)
    yield case(name, "where", {"cond": d.bools(b, 1), "x": d.normal(a, 1, c), "y": d.normal()})
    name = "where/nan_in_the_branch_not_taken"
    yield case(name, "where", {"cond": np.array([True, False, True]), "x": np.array([1.0, NAN, 2.0]), "y": np.array([NAN, 5.0, INF])},
               hvp=False, smooth=False, note="the branch not taken must not leak NaN into value or gradient")
    name = "masked_fill/broadcast"
    d = draw(name)
    a, b = d.dims(2)
    yield case(name, "masked_fill", {"x": d.normal(a, b), "mask": d.bools(b)}, {"value": d.real(-3, 3)})


def compare(draw):
    for op in ("eq", "ne", "lt", "le", "gt", "ge"):
        for kind in ("same", "batch", "scalar_rhs", "permuted_lhs"):
            name = f"{op}/{kind}"
            d = draw(name)
            sx, sy = pair_shapes(d)[kind]
            x, y = d.ints(sx, -1, 2).astype(float), d.ints(sy, -1, 2).astype(float)
            views = {}
            if kind == "permuted_lhs":
                x, views["x"] = permuted(x, d.perm(3))
            yield case(name, op, {"x": x, "y": y}, views=views, diff=False)
        yield case(f"{op}/nonfinite", op, {"x": np.array([NAN, NAN, INF, -INF, INF, 0.0]), "y": np.array([NAN, 1.0, INF, INF, 1e308, -0.0])},
                   diff=False)

UNARY = {  # op: how to draw its input
    "neg": "any", "sqrt": "positive", "rsqrt": "positive", "reciprocal": "nonzero", "square": "any", "exp": "any",
    "log": "positive", "log1p": "above_minus_1", "expm1": "any", "sin": "any", "cos": "any", "tan": "within_1.2", "tanh": "any",
    "sigmoid": "any", "log_sigmoid": "any", "erf": "any", "softplus": "any", "relu": "nonzero", "leaky_relu": "nonzero",
    "elu": "nonzero", "gelu_none": "any", "gelu_tanh": "any", "silu": "any", "mish": "any", "abs": "nonzero", "sign": "nonzero",
    "dropout": "any",
}


def unary_values(kind, d, shape):
    return {"any": lambda: d.normal(*shape, scale=1.5), "positive": lambda: d.uniform(shape, 0.2, 4),
            "nonzero": lambda: d.away(shape), "above_minus_1": lambda: d.uniform(shape, -0.8, 4),
            "within_1.2": lambda: d.uniform(shape, -1.2, 1.2)}[kind]()


def unary_attrs(name, d):
    """Op and drawn attrs for a row of UNARY."""
    if name.startswith("gelu"):
        return "gelu", {"approximate": name[5:]}
    return name, {"softplus": lambda: {"beta": d.real(0.5, 3), "threshold": 20.0},
                  "leaky_relu": lambda: {"negative_slope": d.real(0.01, 0.4)}, "elu": lambda: {"alpha": d.real(0.5, 2)},
                  "dropout": lambda: {"p": d.real(0.1, 0.9), "training": False}}.get(name, dict)()


def unary(draw):
    for row, values in UNARY.items():
        for kind in ("3d", "0d", "permuted", "strided"):
            name = f"{row}/{kind}"
            d = draw(name)
            op, attrs = unary_attrs(row, d)
            shape = {"3d": d.dims(3), "0d": [], "permuted": d.dims(3), "strided": d.dims(2)}[kind]
            x, views = unary_values(values, d, shape), {}
            if kind == "permuted":
                x, views["x"] = permuted(x, d.perm(3))
            if kind == "strided":
                x, views["x"] = strided(d, x)
                if values in ("positive", "above_minus_1"):
                    x = np.abs(x) + 0.2
            yield case(name, op, {"x": x}, attrs, views=views)
    # the conventions at a kink
    at = np.array([-1.0, -0.0, 0.0, 1.0])
    for row in ("relu", "leaky_relu", "elu", "abs", "sign"):
        d = draw(f"{row}/at_zero")
        op, attrs = unary_attrs(row, d)
        yield case(f"{row}/at_zero", op, {"x": at}, attrs, smooth=False)
    yield case("sqrt/at_zero", "sqrt", {"x": np.array([0.0, 1.0])}, smooth=False, note="derivative +inf at 0")
    # far out: no overflow, no NaN, no cancellation
    far = np.array([-1000.0, -100.0, -40.0, -20.5, -8.0, -1e-9, 1e-9, 8.0, 20.5, 40.0, 100.0, 1000.0])
    for row in ("tanh", "sigmoid", "log_sigmoid", "softplus", "relu", "leaky_relu", "elu", "gelu_none", "gelu_tanh", "silu", "mish", "erf"):
        name = f"{row}/far"
        d = draw(name)
        op, attrs = unary_attrs(row, d)
        if row == "softplus":
            attrs["beta"] = 1.0
        yield case(name, op, {"x": far * (1 + d.uniform(far.shape, 0, 0.01))}, attrs, smooth=False, hvp=True)
    name = "gelu_none/tails"
    d = draw(name)
    yield case(name, "gelu", {"x": np.sort(d.uniform((16,), -9, 9))}, {"approximate": "none"}, smooth=False, hvp=True)
    yield case("log1p/tiny", "log1p", {"x": np.array([1e-18, -1e-15, 1e-12, 1e-8, -1e-5])}, atol=0.0, smooth=False)
    yield case("expm1/tiny", "expm1", {"x": np.array([1e-18, -1e-15, 1e-12, 1e-8, -1e-5])}, atol=0.0, smooth=False)
    yield case("exp/extremes", "exp", {"x": np.array([-800.0, -700.0, 0.0, 700.0, 800.0, INF, -INF])}, diff=False)
    yield case("log/extremes", "log", {"x": np.array([0.0, 1e-308, 1e308, INF, -1.0])}, diff=False, note="log(0) = -inf, log(-1) = NaN")
    for row in ("relu", "abs", "sigmoid", "tanh", "sqrt"):
        yield case(f"{row}/nonfinite", row, {"x": np.array([NAN, INF, -INF])}, diff=False)

    for kind, at_ in (("both", (-0.7, 0.8)), ("min_only", (-0.4, None)), ("max_only", (None, 0.5))):
        name = f"clamp/{kind}"
        d = draw(name)
        lo, hi = (None if v is None else round(v + d.real(-0.3, 0.3), 3) for v in at_)
        kinks = [v for v in (lo, hi) if v is not None]
        yield case(name, "clamp", {"x": d.away(d.dims(2), kinks=kinks, margin=0.03)},
                   {k: v for k, v in (("min", lo), ("max", hi)) if v is not None})
    yield case("clamp/at_bounds", "clamp", {"x": np.array([-2.0, -1.0, 0.0, 1.0, 2.0])}, {"min": -1.0, "max": 1.0}, smooth=False,
               note="gradient 1 at the bounds themselves")
    yield case("clamp/nan", "clamp", {"x": np.array([NAN, INF, -INF])}, {"min": -1.0, "max": 1.0}, diff=False)

    for op in ("add_scalar", "mul_scalar", "rsub_scalar", "div_scalar", "rdiv_scalar"):
        d = draw(f"{op}/2d")
        yield case(f"{op}/2d", op, {"x": d.away(d.dims(2), margin=0.3)}, {"scalar": d.real(0.5, 3)})
    for label, e in (("2", 2.0), ("3", 3.0), ("half", 0.5), ("minus_1", -1.0), ("1", 1.0), ("0", 0.0), ("real", None)):
        name = f"pow_scalar/{label}"
        d = draw(name)
        shape = d.dims(2)
        e = d.real(-2.5, 3.5) if e is None else e
        x = d.away(shape, margin=0.3) if e == int(e) else d.uniform(shape, 0.3, 3)
        yield case(name, "pow_scalar", {"x": x}, {"exponent": e})
    yield case("pow_scalar/0_at_zero", "pow_scalar", {"x": np.array([0.0, 1.0, -1.0])}, {"exponent": 0.0}, smooth=False)
    yield case("pow_scalar/2_at_zero", "pow_scalar", {"x": np.array([0.0, 1.0, -1.0])}, {"exponent": 2.0})
    yield case("pow_scalar/3_at_zero", "pow_scalar", {"x": np.array([0.0, 1.0, -1.0])}, {"exponent": 3.0})
    d = draw("rpow_scalar/2d")
    yield case("rpow_scalar/2d", "rpow_scalar", {"x": d.normal(*d.dims(2))}, {"base": d.real(0.3, 3)})
