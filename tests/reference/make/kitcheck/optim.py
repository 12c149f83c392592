"""Checks optim/: the path of each optimizer."""
import os

import numpy as np
import torch

from kitgen import optim as torch_optim

from . import numpy_layers as layers
from .compare import T, counted, guarded, same
from .reader import Folder, need, read_json


def check_optim(root, manifest):
    folder, index = Folder(os.path.join(root, "optim")), read_json(os.path.join(root, "optim/optim.json"))
    get = lambda n: folder.get("optim.safetensors", n)
    counted(manifest, "optim", len(index["cases"]))
    problems = {}
    for name, p in index["problems"].items():
        consts, start = ({k: get(v) for k, v in p[g].items()} for g in ("constants", "start"))
        problems[name] = (start, *layers.problem(name, consts, p["scalars"]))
    for case in index["cases"]:
        guarded(case["name"], check_trajectory, case, get, problems)
    T.ok("files", not folder.orphans(), f"optim: unused tensors {folder.orphans()[:5]}")


class FromNumpy(torch.autograd.Function):
    """A loss whose value and gradient come from numpy, for torch's optimizers."""

    @staticmethod
    def forward(ctx, loss, gradient, *params):
        arrays = [p.detach().numpy() for p in params]
        ctx.save = [torch.from_numpy(np.asarray(g)) for g in gradient(arrays)]
        return torch.tensor(float(loss(arrays)))

    @staticmethod
    def backward(ctx, up):
        return (None, None, *[up * g for g in ctx.save])


def check_trajectory(case, get, problems):
    name, tol = case["name"], (case["rtol"], case["atol"])
    start, loss, gradient = problems[case["problem"]]
    path = {k: get(v) for k, v in case["trajectory"].items()}
    losses = get(case["loss"])
    need(all(len(v) == case["steps"] + 1 for v in [losses, *path.values()]), f"{name}: length")
    for i in range(case["steps"] + 1):
        here = [v[i] for v in path.values()]
        same("optim: loss", f"{name} step {i}", loss(here), losses[i], 1e-10, 1e-12)
    extras = {k: case[k] for k in ("groups", "lr_change", "missing_grad") if k in case}
    again, _, averages = torch_optim.trajectory(case["optimizer"], case["hyper"], extras, start, lambda p: FromNumpy.apply(loss, gradient, *p))
    for (k, v), t in zip(path.items(), again):
        same("optim: torch trajectory", f"{name} {k}", v, t.numpy(), *tol)
    if case["optimizer"] == "LBFGS":
        return
    rows, numpy_averages = layers.optimize(case, list(start.values()), gradient)
    for k, v in path.items():
        same("optim: numpy trajectory", f"{name} {k}", np.stack([r[list(path).index(k)] for r in rows]), v, *tol)
    for i, n in enumerate(case.get("averages", {}).values()):
        same("optim: averages", name, np.stack([r[i] for r in numpy_averages]), get(n), *tol)
        same("optim: averages", name, averages[i].numpy(), get(n), *tol)
