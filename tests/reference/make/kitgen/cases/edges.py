"""Empty tensors, float32, and sizes beyond vector lanes, tiles and blocks."""
import numpy as np

from .common import F32, case, permuted


def empty(draw):
    d = draw("empty")
    none, rows = np.zeros((0,)), np.zeros((0, 3))
    yield case("add/empty", "add", {"x": rows, "y": d.normal(3)}, note="the broadcast side gets gradient 0")
    yield case("mul/empty_with_0d", "mul", {"x": none, "y": d.normal()})
    yield case("mul/empty_broadcast_1", "mul", {"x": np.zeros((2, 0)), "y": d.normal(2, 1)})
    yield case("exp/empty", "exp", {"x": rows})
    yield case("sum/empty", "sum", {"x": none}, {"keepdim": False})
    yield case("sum/empty_axis", "sum", {"x": np.zeros((2, 0, 3))}, {"dims": [1], "keepdim": False}, note="zeros of shape (2,3)")
    yield case("sum/empty_other_axis", "sum", {"x": np.zeros((2, 0, 3))}, {"dims": [0], "keepdim": True})
    yield case("mean/empty", "mean", {"x": none}, {"keepdim": False}, diff=False, note="NaN")
    yield case("prod/empty", "prod", {"x": none}, {"keepdim": False}, diff=False, note="1")
    yield case("logsumexp/empty", "logsumexp", {"x": np.zeros((2, 0))}, {"dims": [1], "keepdim": False}, diff=False, note="-inf")
    yield case("cumsum/empty", "cumsum", {"x": none}, {"dim": 0})
    yield case("softmax/empty_rows", "softmax", {"x": rows}, {"dim": 1})
    yield case("matmul/empty_rows", "matmul", {"x": rows, "y": d.normal(3, 2)})
    yield case("matmul/empty_inner", "matmul", {"x": np.zeros((2, 0)), "y": np.zeros((0, 3))}, note="zeros of shape (2,3)")
    yield case("matmul/empty_batch", "matmul", {"x": np.zeros((0, 2, 3)), "y": d.normal(3, 2)})
    yield case("reshape/empty", "reshape", {"x": rows}, {"shape": [3, 0]})
    yield case("transpose/empty", "transpose", {"x": rows}, {"dim0": 0, "dim1": 1})
    yield case("expand/to_empty", "expand", {"x": d.normal(1, 3)}, {"shape": [0, 3]})
    yield case("concat/all_empty", "concat", {"x0": rows, "x1": rows}, {"dim": 0})
    yield case("relu/empty", "relu", {"x": rows})
    yield case("embedding/empty", "embedding", {"weight": d.normal(4, 2), "indices": np.zeros((0,), np.int64)}, hvp=False)
    yield case("mse_loss/empty_sum", "mse_loss", {"input": none, "target": none}, {"reduction": "sum"})


def float32(draw):
    def one(name, op, ins, attrs=None, **kw):
        return case(f"{name}", op, ins, attrs, hvp=kw.pop("hvp", False), **{**F32, **kw})

    d = draw("f32")
    a, b, c = d.dims(3, 3, 7)
    yield one("f32/add", "add", {"x": d.normal(a, b), "y": d.normal(b)})
    yield one("f32/mul_permuted", "mul", {"x": d.normal(b, a), "y": d.normal(a, b)}, views={"x": {"kind": "permute", "dims": [1, 0]}})
    yield one("f32/div", "div", {"x": d.normal(a, b), "y": d.away((a, 1), margin=0.5)})
    yield one("f32/exp_overflow", "exp", {"x": np.array([-110.0, -80.0, 80.0, 88.0, 89.0, 100.0])}, diff=False, note="inf from about 88.73 on")
    yield one("f32/tanh", "tanh", {"x": d.normal(a, b, scale=2)})
    yield one("f32/gelu", "gelu", {"x": d.normal(a, b, scale=2)}, {"approximate": "none"})
    yield one("f32/sigmoid_far", "sigmoid", {"x": np.array([-100.0, -20.0, 20.0, 100.0])})
    yield one("f32/softplus_far", "softplus", {"x": np.array([-100.0, -20.0, 19.0, 100.0])}, {"beta": 1.0, "threshold": 20.0})
    yield one("f32/sum_many", "sum", {"x": d.uniform((2, d.dim(3000, 5000)), 0, 1)}, {"dims": [1], "keepdim": False}, rtol=1e-5,
              note="needs pairwise, blocked or double accumulation; a plain loop is off by more")
    yield one("f32/mean", "mean", {"x": d.normal(a, b, c)}, {"dims": [0, 2], "keepdim": True})
    yield one("f32/var_offset", "var", {"x": 100 + d.normal(3, 64)}, {"dims": [1], "keepdim": False, "correction": 1}, rtol=1e-4, atol=1e-4)
    yield one("f32/logsumexp_large", "logsumexp", {"x": 1e3 + d.normal(3, 5)}, {"dims": [1], "keepdim": False}, rtol=1e-5)
    yield one("f32/softmax_1e4", "softmax", {"x": d.normal(3, 5, scale=1e4)}, {"dim": 1}, rtol=1e-3, atol=1e-5)
    yield one("f32/log_softmax", "log_softmax", {"x": d.normal(a, b, scale=3)}, {"dim": 1})
    yield one("f32/matmul", "matmul", {"x": d.normal(a, 31), "y": d.normal(31, b)}, rtol=1e-5, atol=1e-5)
    yield one("f32/matmul_batched", "matmul", {"x": d.normal(a, b, c), "y": d.normal(c, b)}, atol=5e-6)
    yield one("f32/conv2d", "conv2d", {"x": d.normal(2, 3, a + 3, b + 3), "weight": d.normal(4, 3, 3, 2), "bias": d.normal(4)},
              {"stride": [1, 2], "padding": [1, 1], "dilation": [1, 1], "groups": 1}, atol=1e-5)
    yield one("f32/max_pool2d", "max_pool2d", {"x": d.distinct(1, 2, 6, 6)},
              {"kernel": [2, 2], "stride": [2, 2], "padding": [0, 0], "dilation": [1, 1], "ceil_mode": False})
    yield one("f32/layer_norm", "layer_norm", {"x": d.normal(a, 16), "weight": d.normal(16, shift=1), "bias": d.normal(16)},
              {"normalized_shape": [16], "eps": 1e-5}, rtol=2e-5, atol=5e-6)
    yield one("f32/cross_entropy", "cross_entropy", {"input": d.normal(a, b, scale=3), "target": d.ints((a,), 0, b)},
              {"reduction": "mean", "label_smoothing": 0.1, "ignore_index": -100})
    yield one("f32/bce_with_logits_far", "bce_with_logits_loss", {"input": np.array([-100.0, 100.0, 3.0]), "target": np.array([1.0, 0.0, 1.0])},
              {"reduction": "none"}, const=["target"])
    m, k, n = d.dim(50, 70), d.dim(150, 220), d.dim(40, 60)
    yield one("f32/matmul_large", "matmul", {"x": d.normal(m, k), "y": d.normal(k, n)}, rtol=1e-5, atol=5e-5)
    yield one("f32/embedding", "embedding", {"weight": d.normal(6, 3), "indices": d.ints((4, 2), 0, 6)})


def large(draw):
    def one(name, op, build):
        d = draw(f"large/{name}")
        ins, attrs, views = build(d)
        return case(f"large/{name}", op, ins, attrs, views=views, hvp=False, rtol=1e-9, atol=1e-10)

    def matmul_(d, kind):
        m, k, n = d.dim(60, 75), d.dim(110, 140), d.dim(65, 85)
        x, y, views = d.normal(m, k), d.normal(k, n), {}
        if kind == "transposed":
            x, views["x"] = permuted(x, [1, 0])
            y, views["y"] = permuted(y, [1, 0])
        return {"x": x, "y": y}, {}, views

    yield one("matmul", "matmul", lambda d: matmul_(d, ""))
    yield one("matmul_transposed", "matmul", lambda d: matmul_(d, "transposed"))
    yield one("matmul_batched", "matmul", lambda d: ({"x": d.normal(3, 1, d.dim(20, 30), 37), "y": d.normal(d.dim(2, 4), 37, d.dim(18, 26))}, {}, {}))
    yield one("matvec", "matmul", lambda d: ({"x": d.normal(d.dim(60, 90), 151), "y": d.normal(151)}, {}, {}))
    yield one("add_broadcast", "add", lambda d: ({"x": d.normal(d.dim(17, 23), 1, 33), "y": d.normal(d.dim(15, 19), 1)}, {}, {}))

    def mul_permuted(d):
        x, view = permuted(d.normal(d.dim(15, 19), 13, d.dim(21, 27)), [2, 0, 1])
        return {"x": x, "y": d.normal(x.shape[0])}, {}, {"x": view}  # the view's last axis is the storage's first

    yield one("mul_permuted", "mul", mul_permuted)
    yield one("tanh", "tanh", lambda d: ({"x": d.normal(3, d.dim(900, 1100))}, {}, {}))
    yield one("gelu", "gelu", lambda d: ({"x": d.normal(d.dim(900, 1100), scale=2)}, {"approximate": "none"}, {}))
    for name, dims in (("all", None), ("outer", [0]), ("inner", [2]), ("middle", [1]), ("outer_and_inner", [0, 2])):
        yield one(f"sum_{name}", "sum", lambda d: ({"x": d.normal(d.dim(17, 21), 13, d.dim(22, 29))}, {**({} if dims is None else {"dims": dims}), "keepdim": False}, {}))
    yield one("softmax", "softmax", lambda d: ({"x": d.normal(d.dim(15, 20), d.dim(150, 210), scale=3)}, {"dim": 1}, {}))
    yield one("softmax_dim0", "softmax", lambda d: ({"x": d.normal(d.dim(120, 150), d.dim(15, 20), scale=3)}, {"dim": 0}, {}))
    yield one("layer_norm", "layer_norm", lambda d: (lambda n: ({"x": d.normal(d.dim(15, 20), n), "weight": d.normal(n), "bias": d.normal(n)},
                                                               {"normalized_shape": [n], "eps": 1e-5}, {}))(d.dim(90, 130)))
    yield one("cross_entropy", "cross_entropy", lambda d: ({"input": d.normal(40, 70, scale=3), "target": d.ints((40,), 0, 70)},
                                                         {"reduction": "mean", "label_smoothing": 0.1, "ignore_index": -100}, {}))
    yield one("conv2d", "conv2d", lambda d: ({"x": d.normal(2, 8, d.dim(15, 19), d.dim(15, 19)), "weight": d.normal(12, 8, 3, 3), "bias": d.normal(12)},
                                           {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1}, {}))
    yield one("conv2d_stride_groups", "conv2d", lambda d: ({"x": d.normal(2, 8, d.dim(15, 19), d.dim(15, 19)), "weight": d.normal(12, 4, 5, 3), "bias": d.normal(12)},
                                                         {"stride": [2, 1], "padding": [2, 0], "dilation": [1, 2], "groups": 2}, {}))
    yield one("max_pool2d", "max_pool2d", lambda d: ({"x": d.distinct(2, 5, d.dim(15, 21), d.dim(15, 21), gap=0.05)},
                                                   {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1], "dilation": [1, 1], "ceil_mode": False}, {}))
    yield one("embedding", "embedding", lambda d: ({"weight": d.normal(60, 33), "indices": d.ints((9, d.dim(15, 20)), 0, 60)}, {}, {}))
