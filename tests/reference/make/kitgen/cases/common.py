"""What every group of cases uses: case(), views, draws that finite differences can confirm."""
import math

import numpy as np

INF, NAN = math.inf, math.nan
F64 = dict(rtol=1e-10, atol=1e-12)
F32 = dict(rtol=1e-5, atol=1e-6, dtype="F32")


def case(name, op, ins, attrs=None, *, views=None, const=(), diff=True, smooth=True, hvp=None,
         dtype="F64", rtol=1e-10, atol=1e-12, note=None):
    """One case. ins: {argument name: array}, in call order.

    const: float arguments that get no gradient. diff: whether there are gradients
    at all. smooth: whether finite differences can confirm them here (no kink, tie,
    overflow or NaN). hvp: whether second derivatives are stored (default: smooth).
    """
    return dict(name=name, op=op, ins=ins, attrs=attrs or {}, views=views or {}, const=tuple(const), diff=diff,
                smooth=smooth and diff, hvp=(smooth if hvp is None else hvp) and diff,
                dtype=dtype, rtol=rtol, atol=atol, note=note)


def permuted(x, perm):
    """Storage and view such that the op sees x with x's axes moved in memory."""
    inverse = [int(i) for i in np.argsort(perm)]
    return np.ascontiguousarray(np.transpose(x, perm)), {"kind": "permute", "dims": inverse}


def strided(d, x):
    """Storage with gaps, of which the op sees x through a slice with step 2 in the last axis."""
    big = d.normal(*x.shape[:-1], 2 * x.shape[-1] + 1)
    big[..., 1::2] = x
    return big, {"kind": "slice", "ranges": [[0, n, 1] for n in x.shape[:-1]] + [[1, big.shape[-1], 2]]}


def spread(make, axes, least=0.4):
    """make() until no group of values (along axes) lies too close together for finite differences."""
    while True:
        x = make()
        if x.std(axis=axes).min() >= least:
            return x
