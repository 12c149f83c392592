"""Matrix products and einsum."""
from .common import case, permuted, strided


def matmul_shapes(d):
    a, b, m, k, n = d.dims(5, 2, 6)
    return {
        "1d_1d": ((k,), (k,)), "1d_2d": ((k,), (k, n)), "2d_1d": ((m, k), (k,)), "2d_2d": ((m, k), (k, n)), "1d_3d": ((k,), (b, k, n)),
        "3d_1d": ((b, m, k), (k,)), "3d_2d": ((b, m, k), (k, n)), "2d_3d": ((m, k), (b, k, n)), "3d_3d": ((b, m, k), (b, k, n)),
        "broadcast_batch_of_1": ((1, m, k), (b, k, n)), "4d_broadcast": ((a, 1, m, k), (b, k, n)), "4d_both_broadcast": ((a, 1, m, k), (1, b, k, n)),
        "row_times_column": ((1, k), (k, 1)), "column_times_row": ((m, 1), (1, n)), "1x1": ((1, 1), (1, 1)),
        "transposed_lhs": ((m, k), (k, n)), "transposed_rhs": ((m, k), (k, n)), "transposed_both": ((m, k), (k, n)),
        "transposed_batched_rhs": ((b, m, k), (b, k, n)), "permuted_heads": ((a, b, m, k), (a, b, k, n)), "strided_lhs": ((m, k), (k, n)),
        "expanded_rhs": ((b, m, k), (b, k, n)),
    }


def matmul(draw):
    for kind in matmul_shapes(draw("any")):
        name = f"matmul/{kind}"
        d = draw(name)
        sx, sy = matmul_shapes(d)[kind]
        x, y, views = d.normal(*sx), d.normal(*sy), {}
        if kind in ("transposed_lhs", "transposed_both"):
            x, views["x"] = permuted(x, [1, 0])
        if kind in ("transposed_rhs", "transposed_both"):
            y, views["y"] = permuted(y, [1, 0])
        if kind == "transposed_batched_rhs":
            y, views["y"] = permuted(y, [0, 2, 1])
        if kind == "permuted_heads":
            x, views["x"] = permuted(x, [0, 2, 1, 3])
            y, views["y"] = permuted(y, [0, 3, 1, 2])
        if kind == "strided_lhs":
            x, views["x"] = strided(d, x)
        if kind == "expanded_rhs":
            y, views["y"] = y[:1].copy(), {"kind": "expand", "shape": list(sy)}
        yield case(name, "matmul", {"x": x, "y": y}, views=views)
    d = draw("matmul/wide")
    m, k, n = d.dims(3, 15, 35)
    yield case("matmul/wide", "matmul", {"x": d.normal(m, k), "y": d.normal(k, n)}, hvp=False, note="sizes that are no multiple of a tile")

EINSUM = {  # label: (equation, per-operand index letters are taken from it)
    "matmul": "ij,jk->ik", "batch_matmul": "bij,bjk->bik", "outer": "i,j->ij", "dot": "i,i->", "trace": "ii->", "diagonal": "ii->i",
    "transpose": "ij->ji", "sum_axis": "ijk->ik", "attention_scores": "bhqd,bhkd->bhqk", "bilinear": "bi,oij,bj->bo",
    "hadamard_sum": "ij,ij->i", "three_chain": "ij,jk,kl->il", "broadcast": "bij,j->bi", "outer_batch": "bi,bj->bij",
}


def einsum(draw):
    for label, eq in EINSUM.items():
        name = f"einsum/{label}"
        d = draw(name)
        letters = sorted(set(eq) - set(",->"))
        size = dict(zip(letters, d.dims(len(letters), 2, 5)))
        terms = eq.split("->")[0].split(",")
        yield case(name, "einsum", {f"x{i}": d.normal(*[size[c] for c in t]) for i, t in enumerate(terms)}, {"equation": eq})
