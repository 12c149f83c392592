"""Random small graphs, and calls that must fail."""
import numpy as np
import torch

from ..torch_ops import run_op
from .common import case

PROGRAM_UNARY = [("tanh", {}), ("sigmoid", {}), ("sin", {}), ("cos", {}), ("softplus", {"beta": 1.0, "threshold": 20.0}), ("silu", {}), ("square", {}),
                 ("gelu", {"approximate": "none"}), ("mul_scalar", {"scalar": 0.7}), ("add_scalar", {"scalar": 0.3}), ("neg", {}), ("erf", {})]


def random_program(d):
    """Inputs and steps: fan-out, diamonds, dead branches and operands used twice."""
    n = d.dim(2, 4)
    ins = {"x0": d.normal(n, n), "x1": d.normal(n, n), "x2": d.normal(n), "x3": d.normal()}
    kinds, steps = {"x0": "m", "x1": "m", "x2": "r", "x3": "s"}, []  # matrix, row, scalar

    def pick(kind="mrs"):
        names = [k for k, v in kinds.items() if v in kind]
        return names[-1 - min(int(d.g.exponential(2.5)), len(names) - 1)]  # the newest values are likelier

    def add(op, ins_, attrs, kind):
        out = f"t{len(steps)}"
        steps.append({"out": out, "op": op, "in": ins_, "attrs": attrs})
        kinds[out] = kind
        return out

    def bounded(v):
        return add("tanh", {"x": v}, {}, kinds[v])

    for _ in range(d.dim(6, 14)):
        r = d.dim(0, 9)
        if r <= 2:
            v = pick()
            op, attrs = d.choice(PROGRAM_UNARY)
            add(op, {"x": v}, attrs, kinds[v])
        elif r <= 5:
            v, w = pick(), pick()
            kind = "m" if "m" in (kinds[v], kinds[w]) else "r" if "r" in (kinds[v], kinds[w]) else "s"
            out = add(d.choice(["add", "sub", "mul", "mul"]), {"x": v, "y": w}, {}, kind)
            if d.dim(0, 1):
                bounded(out)
        elif r == 6:
            bounded(add("matmul", {"x": pick("m"), "y": pick("m")}, {}, "m"))
        elif r == 7:
            add(d.choice(["softmax", "log_softmax"]), {"x": pick("m")}, {"dim": d.dim(-2, -1)}, "m")
        elif r == 8:
            add(d.choice(["sum", "mean", "logsumexp"]), {"x": pick("m")}, {"dims": [d.dim(0, 1)], "keepdim": False}, "r")
        else:
            add("transpose", {"x": pick("m")}, {"dim0": 0, "dim1": 1}, "m")
    v = steps[-1]["out"]
    add("mul", {"x": v, "y": v}, {}, kinds[v])
    return ins, steps


def program(draw, count=24):
    for i in range(count):
        name = f"program/{i:02d}"
        d = draw(name)
        while True:  # until no value on the way is so large that finite differences suffer
            ins, steps = random_program(d)
            values = run_op("program", {k: torch.from_numpy(np.array(v)) for k, v in ins.items()}, {"steps": steps, "results": [s["out"] for s in steps]})
            if max(float(v.abs().max()) for v in values) < 8:
                break
        results = [steps[-1]["out"]] + ([steps[len(steps) // 2]["out"]] if i % 3 == 0 else [])
        yield case(name, "program", ins, {"steps": steps, "results": results}, rtol=1e-9, atol=1e-10)


def errors(draw):
    """(name, op, inputs, attrs): torch refuses each of these."""
    z = lambda *s: np.zeros(s)
    conv_ = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "groups": 1}
    ce = {"reduction": "mean", "label_smoothing": 0.0, "ignore_index": -100}
    rows = [
        ("add/shape_mismatch", "add", {"x": z(2, 3), "y": z(4)}, {}), ("mul/shape_mismatch", "mul", {"x": z(2, 3), "y": z(3, 2)}, {}),
        ("matmul/inner_mismatch", "matmul", {"x": z(2, 3), "y": z(4, 2)}, {}), ("matmul/batch_mismatch", "matmul", {"x": z(2, 2, 3), "y": z(3, 3, 2)}, {}),
        ("matmul/0d", "matmul", {"x": z(), "y": z(2, 2)}, {}),
        ("reshape/wrong_count", "reshape", {"x": z(2, 3)}, {"shape": [4, 2]}), ("reshape/two_inferred", "reshape", {"x": z(2, 3)}, {"shape": [-1, -1]}),
        ("reshape/indivisible", "reshape", {"x": z(2, 3)}, {"shape": [4, -1]}), ("expand/not_size_1", "expand", {"x": z(2, 3)}, {"shape": [4, 3]}),
        ("permute/repeated", "permute", {"x": z(2, 3)}, {"dims": [0, 0]}), ("transpose/out_of_range", "transpose", {"x": z(2, 3)}, {"dim0": 0, "dim1": 2}),
        ("sum/axis_out_of_range", "sum", {"x": z(2, 3)}, {"dims": [2], "keepdim": False}),
        ("sum/repeated_axis", "sum", {"x": z(2, 3)}, {"dims": [1, 1], "keepdim": False}),
        ("max/empty", "max", {"x": z(0)}, {"keepdim": False}), ("argmax/empty", "argmax", {"x": z(0)}, {"keepdim": False}),
        ("concat/shape_mismatch", "concat", {"x0": z(2, 3), "x1": z(2, 4)}, {"dim": 0}), ("stack/shape_mismatch", "stack", {"x0": z(2), "x1": z(3)}, {"dim": 0}),
        ("split/wrong_sum", "split", {"x": z(5)}, {"sizes": [2, 2], "dim": 0}), ("select/out_of_range", "select", {"x": z(3)}, {"dim": 0, "index": 3}),
        ("index_select/out_of_range", "index_select", {"x": z(3), "index": np.array([3])}, {"dim": 0}),
        ("gather/out_of_range", "gather", {"x": z(3, 2), "index": np.array([[3]])}, {"dim": 0}),
        ("embedding/out_of_range", "embedding", {"weight": z(3, 2), "indices": np.array([3])}, {}),
        ("conv2d/channel_mismatch", "conv2d", {"x": z(1, 2, 4, 4), "weight": z(3, 3, 2, 2)}, conv_),
        ("conv2d/kernel_too_large", "conv2d", {"x": z(1, 1, 2, 2), "weight": z(1, 1, 3, 3)}, conv_),
        ("conv2d/groups_indivisible", "conv2d", {"x": z(1, 3, 4, 4), "weight": z(2, 1, 2, 2)}, {**conv_, "groups": 2}),
        ("max_pool2d/pad_over_half_kernel", "max_pool2d", {"x": z(1, 1, 4, 4)},
         {"kernel": [2, 2], "stride": [2, 2], "padding": [2, 2], "dilation": [1, 1], "ceil_mode": False}),
        ("layer_norm/shape_mismatch", "layer_norm", {"x": z(2, 3)}, {"normalized_shape": [4], "eps": 1e-5}),
        ("group_norm/indivisible", "group_norm", {"x": z(2, 3, 2)}, {"num_groups": 2, "eps": 1e-5}),
        ("cross_entropy/target_out_of_range", "cross_entropy", {"input": z(2, 3), "target": np.array([0, 3])}, ce),
        ("cross_entropy/batch_mismatch", "cross_entropy", {"input": z(2, 3), "target": np.array([0, 1, 2])}, ce),
        ("bce_loss/outside_0_1", "bce_loss", {"input": np.array([1.5]), "target": np.array([1.0])}, {"reduction": "mean"}),
        ("bce_with_logits_loss/shape_mismatch", "bce_with_logits_loss", {"input": z(3), "target": z(4)}, {"reduction": "mean"}),
        ("einsum/size_mismatch", "einsum", {"x0": z(2, 3), "x1": z(4, 2)}, {"equation": "ij,jk->ik"}),
    ]
    for name, op, ins, attrs in rows:
        yield case(f"error/{name}", op, ins, attrs, diff=False)
