"""Checks ops/: values, gradients and second derivatives against torch, numpy and differences."""
import os

import numpy as np
import torch

from kitgen.ops import derivatives
from kitgen.torch_ops import run_op

from . import numpy_losses, numpy_ops, numpy_vocabulary  # noqa: F401  (they register themselves)
from .compare import T, counted, guarded, same, slope, worst
from .reader import Folder, need, read_json

COORDINATES = 64  # checked one by one in a case; the rest through a random direction


def tensors_of(case, folder):
    get = lambda n: folder.get(case["file"], n)
    return dict(zip(case["args"], map(get, case["inputs"]))), get


def as_torch(x):
    t = torch.from_numpy(np.array(x, order="C"))
    return t.double() if t.dtype == torch.float32 else t


def check_op(case, folder):
    name, rtol, atol = case["name"], case["rtol"], case["atol"]
    stored, get = tensors_of(case, folder)
    views = dict(zip(case["args"], case.get("views", [])))
    outs, cots, grads = ([get(n) for n in case[k]] for k in ("output", "cotangent", "grads"))
    need(len(grads) == len(stored) and len(cots) == len(outs), f"{name}: lists of different lengths")
    f32 = case["dtype"] == "F32"
    for k, x in stored.items():
        need(x.dtype.kind != "f" or (x.dtype == np.float32) == f32, f"{name}: dtype of {k}")
    # torch again; F32 values were computed in double and rounded once
    own = (1e-7, 1e-44) if f32 else (1e-12, 1e-14)  # another BLAS rounds otherwise
    in_dtype = lambda v: np.asarray(v, np.float32) if f32 and np.asarray(v).dtype.kind == "f" else np.asarray(v)
    diff = [k for k, g in zip(case["args"], grads) if g is not None]
    hvp = case.get("hvp")
    vs = {k: as_torch(get(v)) for k, v in zip(case["args"], hvp["v"]) if v} if hvp else None
    tins = {k: as_torch(v) for k, v in stored.items()}
    tcots = [None if c is None else as_torch(c) for c in cots]
    if diff:
        touts, tgrads, thvp, tjvp = derivatives(case["op"], tins, case["attrs"], views, diff, tcots, vs)
    else:
        touts = run_op(case["op"], tins, case["attrs"], views)
    need(len(touts) == len(outs), f"{name}: number of outputs")
    for i, (t, o) in enumerate(zip(touts, outs)):
        same("ops: torch value", f"{name} out{i}", o, in_dtype(t.detach().numpy()), *own)
    for k, g in zip(case["args"], grads):
        if g is not None:
            need(g.shape == stored[k].shape, f"{name}: gradient of {k} has shape {g.shape}")
            same("ops: torch gradient", f"{name} {k}", g, tgrads[k].detach().numpy(), *own)
    if hvp:
        for k, r in zip(case["args"], hvp["result"]):
            if r:
                same("ops: torch hvp", f"{name} {k}", get(r), thvp[k].numpy(), *own)
        for i, r in enumerate(hvp["jvp"]):
            if r:
                same("ops: torch jvp", f"{name} {i}", get(r), tjvp[i].numpy(), *own)
    if f32:  # the tolerance must suit a float32 implementation: torch's own
        native = run_op(case["op"], {k: torch.from_numpy(np.array(v, order="C")) for k, v in stored.items()}, case["attrs"], views)
        for t, o in zip(native, outs):
            same("ops: native float32", name, t.numpy(), o, rtol, atol)
    # numpy
    x = {k: v.astype(float) if v.dtype == np.float32 else v for k, v in stored.items()}
    for i, (r, o) in enumerate(zip(numpy_ops.run(case["op"], x, case["attrs"], views), outs)):
        same("ops: numpy value", f"{name} out{i}", in_dtype(r), o, rtol, atol)
    if case["smooth"]:
        finite_differences(case, x, views, diff, cots, dict(zip(case["args"], grads)), hvp, get, f32, tins, tcots)


def finite_differences(case, x, views, diff, cots, grads, hvp, get, f32, tins, tcots):
    name, g = case["name"], np.random.default_rng(0)
    tol = 3e-6 if f32 else 2e-8

    def loss(changed):
        outs = numpy_ops.run(case["op"], {**x, **changed}, case["attrs"], views)
        return sum((o * c).sum() for o, c in zip(outs, cots) if c is not None)

    size = max([1.0] + [float(np.abs(v).max()) for k, v in grads.items() if v is not None and v.size] + [abs(float(loss({})))])
    for k in diff:
        if not x[k].size:
            continue
        for i in g.permutation(x[k].size)[:COORDINATES]:
            e = np.zeros(x[k].size)
            e[i] = 1
            e = e.reshape(x[k].shape)
            d = slope(lambda t: loss({k: x[k] + t * e}))
            T.ok("ops: finite difference", abs(d - grads[k].reshape(-1)[i]) <= tol * size, f"{name} {k}[{i}]: {d} against {grads[k].reshape(-1)[i]}")
    u = {k: g.standard_normal(x[k].shape) for k in diff}
    d = slope(lambda t: loss({k: x[k] + t * u[k] for k in diff}))
    want = sum(float((grads[k] * u[k]).sum()) for k in diff)
    T.ok("ops: finite difference", abs(d - want) <= 10 * tol * size, f"{name} along a direction: {d} against {want}")
    if not hvp:
        return
    v = {k: get(n).astype(float) for k, n in zip(case["args"], hvp["v"]) if n}
    for i, n in enumerate(hvp["jvp"]):
        if n:
            want = get(n)
            d = slope(lambda t: numpy_ops.run(case["op"], {**x, **{k: x[k] + t * v[k] for k in diff}}, case["attrs"], views)[i])
            w = worst(d, want, 10 * tol, 10 * tol * max(1.0, float(np.abs(want).max(initial=0))))
            T.ok("ops: finite difference jvp", w <= 1, f"{name}: off by {w:.3g}")
    want = {k: get(n) for k, n in zip(case["args"], hvp["result"]) if n}
    scale = max([1.0] + [float(np.abs(w).max()) for w in want.values() if w.size] + [size])

    def gradient(t, k):
        moved = {j: tins[j] + t * torch.from_numpy(np.asarray(v[j])) if j in v else tins[j] for j in tins}
        return derivatives(case["op"], moved, case["attrs"], views, diff, tcots)[1][k].detach().numpy()

    for k in diff:
        w = worst(slope(lambda t: gradient(t, k)), want[k], 10 * tol, 10 * tol * scale)
        T.ok("ops: finite difference hvp", w <= 1, f"{name} {k}: off by {w:.3g}")


def check_ops(root, manifest):
    folder, index = Folder(os.path.join(root, "ops")), read_json(os.path.join(root, "ops/ops.json"))
    names = [c["name"] for c in index["cases"]]
    T.ok("files", len(set(names)) == len(names), "ops.json: names repeat")
    per_group = {}
    for case in index["cases"]:
        key = "ops/" + case["file"].rsplit(".", 1)[0]
        per_group[key] = per_group.get(key, 0) + 1
        guarded(case["name"], check_op, case, folder)
    for key, n in per_group.items():
        counted(manifest, key, n)
    errors = read_json(os.path.join(root, "ops/errors.json"))["cases"]
    counted(manifest, "ops/errors", len(errors))
    for case in errors:
        stored, _ = tensors_of(case, folder)
        try:
            run_op(case["op"], {k: as_torch(v) for k, v in stored.items()}, case["attrs"])
            T.ok("ops: errors", False, f"{case['name']}: torch accepts it")
        except (RuntimeError, IndexError, ValueError):
            T.ok("ops: errors", True, "")
    T.ok("files", not folder.orphans(), f"ops: unused tensors {folder.orphans()[:5]}")
