"""Convolution, pooling, normalisation and attention."""
import math

from .common import case, permuted, spread


def conv(draw):
    for kind in ("plain", "no_bias", "stride", "padding", "dilation", "groups", "depthwise", "pointwise", "kernel_covers_all", "everything", "permuted"):
        name = f"conv1d/{kind}"
        d = draw(name)
        attrs, groups, cin, cout = conv_attrs(kind, d)
        k = {"pointwise": 1, "kernel_covers_all": 5}.get(kind, d.dim(2, 3))
        length = 5 if kind == "kernel_covers_all" else d.dim(7, 10)
        ins = {"x": d.normal(2, cin, length), "weight": d.normal(cout, cin // groups, k), "bias": d.normal(cout)}
        if kind in ("no_bias", "depthwise"):
            del ins["bias"]
        views = {}
        if kind == "permuted":
            ins["x"], views["x"] = permuted(ins["x"], [0, 2, 1])
        yield case(name, "conv1d", ins, {k_: v[0] if isinstance(v, list) else v for k_, v in attrs.items()}, views=views)
    for kind in ("plain", "no_bias", "stride", "stride_hw", "padding", "padding_hw", "dilation", "groups", "depthwise", "pointwise",
                 "kernel_covers_all", "everything", "batch_of_1", "permuted", "rows_unused"):
        name = f"conv2d/{kind}"
        d = draw(name)
        attrs, groups, cin, cout = conv_attrs(kind, d)
        k = {"pointwise": [1, 1], "kernel_covers_all": [4, 5]}.get(kind, d.dims(2, 2, 3))
        size = [4, 5] if kind == "kernel_covers_all" else d.dims(2, 5, 7)
        if kind == "rows_unused":
            attrs["stride"], k, size = [3, 3], [2, 2], [7, 6]
        n = 1 if kind == "batch_of_1" else 2
        ins = {"x": d.normal(n, cin, *size), "weight": d.normal(cout, cin // groups, *k), "bias": d.normal(cout)}
        if kind in ("no_bias", "depthwise"):
            del ins["bias"]
        views = {}
        if kind == "permuted":
            ins["x"], views["x"] = permuted(ins["x"], [0, 2, 3, 1])
            ins["weight"], views["weight"] = permuted(ins["weight"], [1, 0, 3, 2])
        yield case(name, "conv2d", ins, attrs, views=views)
    for kind in ("plain", "no_bias", "stride", "stride_hw", "padding", "output_padding", "dilation", "groups", "everything"):
        name = f"conv_transpose2d/{kind}"
        d = draw(name)
        attrs, groups, cin, cout = conv_attrs(kind, d)
        attrs["padding"] = [min(p, 1) for p in attrs["padding"]]
        attrs["output_padding"] = [0, 0]
        if kind in ("output_padding", "everything"):
            attrs["stride"], attrs["output_padding"] = [2, 3], [1, d.dim(1, 2)]
        k = d.dims(2, 2, 3)
        ins = {"x": d.normal(2, cin, *d.dims(2, 3, 4)), "weight": d.normal(cin, cout // groups, *k), "bias": d.normal(cout)}
        if kind == "no_bias":
            del ins["bias"]
        yield case(name, "conv_transpose2d", ins, attrs)


def conv_attrs(kind, d):
    """attrs (with [h, w] lists), groups, input channels, output channels."""
    every = kind == "everything"
    groups = {"groups": 2, "everything": 2, "depthwise": 3}.get(kind, 1)
    cin = 3 if kind == "depthwise" else groups * d.dim(1, 3)
    cout = 6 if kind == "depthwise" else groups * d.dim(1, 3)
    s, p, q = d.dim(2, 3), d.dim(1, 2), 2
    attrs = {"stride": [s, s] if kind == "stride" else d.dims(2, 1, 3) if kind == "stride_hw" or every else [1, 1],
             "padding": [p, p] if kind == "padding" else d.dims(2, 0, 2) if kind == "padding_hw" or every else [0, 0],
             "dilation": [q, q] if kind == "dilation" or every else [1, 1], "groups": groups}
    return attrs, groups, cin, cout


def pool(draw):
    for kind in ("plain", "overlapping", "padding", "dilation", "ceil", "hw", "whole", "permuted", "ties"):
        name = f"max_pool2d/{kind}"
        d = draw(name)
        n, c, h, w = 2, d.dim(1, 3), d.dim(5, 7), d.dim(5, 7)
        attrs = {"kernel": [2, 2], "stride": [2, 2], "padding": [0, 0], "dilation": [1, 1], "ceil_mode": kind == "ceil"}
        if kind in ("overlapping", "padding", "ties"):
            attrs["kernel"], attrs["stride"] = [3, 3], [d.dim(1, 2), d.dim(1, 2)]
        if kind == "padding":
            attrs["padding"] = [1, d.dim(0, 1)]
        if kind == "dilation":
            attrs["dilation"], attrs["stride"] = [2, 2], [1, 1]
        if kind == "ceil":
            h, w, attrs["kernel"] = 5, 6, [2, 4]
            attrs["stride"] = [2, 3]
        if kind == "hw":
            attrs["kernel"], attrs["stride"] = [d.dim(1, 2), 3], [2, d.dim(1, 3)]
        if kind == "whole":
            attrs["kernel"] = attrs["stride"] = [h, w]
        x = d.ints((n, c, h, w), 0, 2).astype(float) if kind == "ties" else d.distinct(n, c, h, w, gap=0.05)
        views = {}
        if kind == "permuted":
            x, views["x"] = permuted(x, [0, 2, 3, 1])
        yield case(name, "max_pool2d", {"x": x}, attrs, views=views, smooth=kind != "ties")
    d = draw("max_pool2d/all_negative_padding")
    yield case("max_pool2d/all_negative_padding", "max_pool2d", {"x": -5 - d.distinct(1, 1, 4, 4, gap=0.05)},
               {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1], "dilation": [1, 1], "ceil_mode": False}, note="the padding is -inf, not 0")
    for kind in ("plain", "overlapping", "padding", "padding_not_counted", "ceil", "ceil_padding", "hw", "permuted"):
        name = f"avg_pool2d/{kind}"
        d = draw(name)
        attrs = {"kernel": [2, 2], "stride": [2, 2], "padding": [0, 0], "ceil_mode": kind.startswith("ceil"), "count_include_pad": kind != "padding_not_counted"}
        h, w = d.dim(5, 7), d.dim(5, 7)
        if kind == "overlapping" or "padding" in kind:
            attrs["kernel"], attrs["stride"] = [3, 3], [d.dim(1, 2), d.dim(1, 2)]
        if "padding" in kind:
            attrs["padding"] = [1, d.dim(0, 1)]
        if kind == "ceil":
            h, w, attrs["kernel"], attrs["stride"] = 5, 6, [2, 4], [2, 3]
        if kind == "ceil_padding":
            h, w, attrs["stride"], attrs["padding"] = 6, 6, [2, 2], [1, 1]
        if kind == "hw":
            attrs["kernel"], attrs["stride"] = [d.dim(1, 2), 3], [2, d.dim(1, 3)]
        x, views = d.normal(2, d.dim(1, 3), h, w), {}
        if kind == "permuted":
            x, views["x"] = permuted(x, [0, 2, 3, 1])
        yield case(name, "avg_pool2d", {"x": x}, attrs, views=views)
    for kind in ("1x1", "divides", "uneven", "upsamples", "identity"):
        name = f"adaptive_avg_pool2d/{kind}"
        d = draw(name)
        h, w = {"divides": (6, 4)}.get(kind, (d.dim(5, 7), d.dim(4, 7)))
        out = {"1x1": [1, 1], "divides": [3, 2], "uneven": [3, d.dim(2, 3)], "upsamples": [h + 2, w], "identity": [h, w]}[kind]
        yield case(name, "adaptive_avg_pool2d", {"x": d.normal(2, d.dim(1, 3), h, w)}, {"output_size": out})


def norm(draw):
    for kind in ("last", "two_axes", "no_affine", "weight_only", "3d", "permuted", "size1", "large_offset", "tiny_variance"):
        name = f"layer_norm/{kind}"
        d = draw(name)
        s = d.dims(3 if kind in ("two_axes", "3d") else 2, 2, 5)
        if kind == "size1":
            s[-1] = 1
        ns = s[1:] if kind == "two_axes" else s[-1:]
        x = d.normal(*s) if kind == "size1" else spread(lambda: d.normal(*s), tuple(range(-len(ns), 0)))
        x = x * {"tiny_variance": 1e-4}.get(kind, 1.3) + {"large_offset": 1e4}.get(kind, 0.5)
        ins = {"x": x, "weight": d.normal(*ns, shift=1), "bias": d.normal(*ns)}
        views = {}
        if kind == "no_affine":
            del ins["weight"]
        if kind in ("no_affine", "weight_only"):
            del ins["bias"]
        if kind == "permuted":
            ins["x"], views["x"] = permuted(ins["x"], [1, 0])
        yield case(name, "layer_norm", ins, {"normalized_shape": ns, "eps": d.choice([1e-5, 1e-3, 1e-6])}, views=views,
                   smooth=kind not in ("large_offset", "tiny_variance"),
                   **({"rtol": 1e-8, "atol": 1e-9} if kind in ("large_offset", "tiny_variance") else {}))
    for kind in ("3d", "4d", "one_group", "group_per_channel", "no_affine", "2d"):
        name = f"group_norm/{kind}"
        d = draw(name)
        g, per = {"one_group": (1, 4), "group_per_channel": (3, 1)}.get(kind, (d.dim(2, 3), 2))
        tail = {"4d": [d.dim(2, 3), d.dim(2, 3)], "2d": []}.get(kind, [d.dim(3, 4)])
        x = spread(lambda: d.normal(2, g, per * math.prod(tail)), 2) if per * math.prod(tail) > 1 else d.normal(2, g)
        ins = {"x": x.reshape(2, g * per, *tail) * 1.3 + 0.5, "weight": d.normal(g * per, shift=1), "bias": d.normal(g * per)}
        if kind == "no_affine":
            del ins["weight"], ins["bias"]
        yield case(name, "group_norm", ins, {"num_groups": g, "eps": d.choice([1e-5, 1e-3])})
    for kind in ("train_2d", "train_3d", "train_4d", "train_no_affine", "eval_2d", "eval_4d", "eval_no_affine"):
        name = f"batch_norm/{kind}"
        d = draw(name)
        c = d.dim(2, 4)
        tail = {"train_3d": [4], "train_4d": [2, 3], "eval_4d": [2, 3]}.get(kind, [])
        n = d.dim(4, 6) if not tail else 2
        x = spread(lambda: d.normal(n, c, *tail), (0, *range(2, 2 + len(tail))))
        ins = {"x": x * 1.4 + 0.6, "running_mean": d.normal(c), "running_var": d.uniform((c,), 0.5, 2),
               "weight": d.normal(c, shift=1), "bias": d.normal(c)}
        if kind.endswith("no_affine"):
            del ins["weight"], ins["bias"]
        yield case(name, "batch_norm", ins, {"training": kind.startswith("train"), "momentum": d.real(0.05, 0.4), "eps": d.choice([1e-5, 1e-3])},
                   const=["running_mean", "running_var"])
    for kind in ("2d", "3d", "no_weight", "permuted"):
        name = f"rms_norm/{kind}"
        d = draw(name)
        s = d.dims(3 if kind == "3d" else 2)
        ins, views = {"x": d.normal(*s), "weight": d.normal(s[-1], shift=1)}, {}
        if kind == "no_weight":
            del ins["weight"]
        if kind == "permuted":
            ins["x"], views["x"] = permuted(ins["x"], [1, 0])
        yield case(name, "rms_norm", ins, {"eps": d.choice([1e-6, 1e-5, 1e-3])}, views=views)


def attention(draw):
    op = "scaled_dot_product_attention"
    for kind in ("plain", "causal", "cross", "causal_more_keys", "causal_more_queries", "scale", "bool_mask", "float_mask", "2d", "heads_permuted", "large_scores"):
        name = f"{op}/{kind}"
        d = draw(name)
        lead = {"2d": [], "heads_permuted": [2, 3]}.get(kind, d.dims(2, 1, 3))
        length, e, ev = d.dims(3, 3, 5)
        s = {"cross": length + 2, "causal_more_keys": length + 2, "causal_more_queries": length - 1}.get(kind, length)
        ins = {"q": d.normal(*lead, length, e), "k": d.normal(*lead, s, e), "v": d.normal(*lead, s, ev)}
        views = {}
        attrs = {"is_causal": kind.startswith("causal")}
        if kind == "scale":
            attrs["scale"] = d.real(0.1, 1)
        if kind == "bool_mask":
            m = d.bools(length, s, p=0.6)
            m[:, 0] = True
            ins["mask"] = m
        if kind == "float_mask":
            ins["mask"] = d.normal(*lead[1:], length, s)
        if kind == "large_scores":
            ins["q"] *= 100
        if kind == "heads_permuted":
            for k in ("q", "k", "v"):
                ins[k], views[k] = permuted(ins[k], [0, 2, 1, 3])
        yield case(name, op, ins, attrs, views=views, smooth=kind != "large_scores", hvp=True, rtol=1e-9 if kind == "large_scores" else 1e-10)
