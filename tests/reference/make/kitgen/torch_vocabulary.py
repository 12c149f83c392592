"""What the ops of special functions, order, selection and linear algebra mean, in torch."""
import torch

from .torch_ops import op

for name, doc in [("floor", "the largest whole number up to x; gradient 0"), ("ceil", "the smallest whole number from x on; gradient 0"),
                  ("round", "the nearest whole number, halves to the even one; gradient 0"), ("log2", "log to base 2"), ("asin", "inverse sine"),
                  ("acos", "inverse cosine"), ("atan", "inverse tangent"), ("sinh", "hyperbolic sine"), ("cosh", "hyperbolic cosine"),
                  ("lgamma", "log |gamma(x)|"), ("digamma", "derivative of lgamma"), ("isnan", "BOOL, no gradient"),
                  ("isfinite", "BOOL, no gradient")]:
    op(name, f"x -> {doc}", lambda t, a, fn=getattr(torch, name): fn(t["x"]))
op("polygamma", "x; attr n -> n-th derivative of digamma", lambda t, a: torch.polygamma(a["n"], t["x"]) if a["n"] else torch.digamma(t["x"]))
op("remainder", "x, y -> x - y floor(x / y) (broadcast), with the sign of y; also I64", lambda t, a: torch.remainder(t["x"], t["y"]))
op("atan2", "x, y -> angle of the point (y, x), from -pi to pi (broadcast)", lambda t, a: torch.atan2(t["x"], t["y"]))
for name in ("logical_and", "logical_or"):
    op(name, "x, y (BOOL, broadcast) -> BOOL", lambda t, a, fn=getattr(torch, name): fn(t["x"], t["y"]))

op("cumprod", "x; attr dim -> inclusive running product; the gradient is right with zeros in x", lambda t, a: t["x"].cumprod(a["dim"]))
op("sort", "x; attrs dim, descending -> values, indices (I64); stable; NaN counts as the largest",
   lambda t, a: tuple(torch.sort(t["x"], dim=a["dim"], descending=a["descending"], stable=True)))
op("topk", "x; attrs k, dim, largest -> values, indices (I64) of the k largest, the largest first, or the k smallest",
   lambda t, a: tuple(torch.topk(t["x"], a["k"], a["dim"], a["largest"], True)))
op("scatter", "x, index (I64), src; attr dim: out = x; out[index[i][j]][j] = src[i][j] for dim 0", lambda t, a: t["x"].scatter(a["dim"], t["index"], t["src"]))
op("masked_select", "x, mask (BOOL, broadcast) -> the elements where the mask is true, 1-D", lambda t, a: torch.masked_select(t["x"], t["mask"]))
op("index", "x, index: I64 of any rank: entries along axis 0; BOOL of x's leading axes: entries where it is true", lambda t, a: t["x"][t["index"]])
op("bincount", "x (I64, 1-D); attr minlength -> I64 counts of 0, 1, 2, ..", lambda t, a: torch.bincount(t["x"], minlength=a["minlength"]))
op("diag", "x; attr diagonal: of a vector the matrix with it on this diagonal, of a matrix the diagonal", lambda t, a: torch.diag(t["x"], a["diagonal"]))
op("diagonal", "x; attrs offset, dim1, dim2: elements [i, i + offset] of the two axes, as a last axis",
   lambda t, a: torch.diagonal(t["x"], a["offset"], a["dim1"], a["dim2"]))
op("trace", "x (matrix) -> sum of its diagonal", lambda t, a: torch.trace(t["x"]))
op("outer", "x, y (vectors) -> x[i] y[j]", lambda t, a: torch.outer(t["x"], t["y"]))
op("cross", "x, y; attr dim (of size 3) -> vector product", lambda t, a: torch.cross(t["x"], t["y"], dim=a["dim"]))
for name in ("any", "all"):
    op(name, "x (BOOL); attr dim -> BOOL", lambda t, a, fn=getattr(torch, name): fn(t["x"], a["dim"]))
op("norm", "x; attrs p (a number or \"inf\"), dims, keepdim -> (sum |x|^p)^(1/p), max |x| for \"inf\", the count of x != 0 for 0; gradient 0 where "
   "the norm is 0", lambda t, a: torch.linalg.vector_norm(t["x"], float(a["p"]), a["dims"], a["keepdim"]))


def places(n, diagonal):
    return torch.tril_indices(n, n, diagonal)


def unpack_tril(t, a):
    i, j = places(a["n"], a["diagonal"])
    y = torch.zeros(*t["x"].shape[:-1], a["n"], a["n"])
    return y.index_put((torch.arange(len(y))[:, None], i[None], j[None]), t["x"])


def pack_tril(t, a):
    i, j = places(t["x"].shape[-1], a["diagonal"])
    return t["x"][..., i, j]


op("pack_tril", "x (.., n, n); attr diagonal -> the elements that tril keeps, row by row, (.., count)", pack_tril)
op("unpack_tril", "x (N, count); attrs n, diagonal -> (N, n, n), the transpose of pack_tril", unpack_tril)

op("cholesky", "x -> lower triangular L with L L^T = (x + x^T) / 2, for matrices (.., n, n)",
   lambda t, a: torch.linalg.cholesky((t["x"] + t["x"].transpose(-1, -2)) / 2))
op("inverse", "x (.., n, n)", lambda t, a: torch.linalg.inv(t["x"]))
op("det", "x (.., n, n) -> (..)", lambda t, a: torch.linalg.det(t["x"]))
op("logabsdet", "x (.., n, n) -> log |det x|", lambda t, a: torch.linalg.slogdet(t["x"])[1])
op("slogdet", "x (.., n, n) -> sign, log |det x|; no gradient asked", lambda t, a: tuple(torch.linalg.slogdet(t["x"])))
op("solve_triangular", "x (.., n, n), y; attrs upper, left, unitriangular -> z with x z = y, or z x = y for left = false; reads one triangle of x",
   lambda t, a: torch.linalg.solve_triangular(t["x"], t["y"], upper=a["upper"], left=a["left"], unitriangular=a["unitriangular"]))
op("solve", "x (.., n, n), y (.., n, k), or vectors (n), (.., n) of x's batch -> z with x z = y", lambda t, a: torch.linalg.solve(t["x"], t["y"]))
