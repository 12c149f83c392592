"""Checks modules/: each step of each layer."""
import os

import numpy as np
import torch

from kitgen import modules as torch_modules

from . import numpy_layers as layers
from .compare import T, counted, guarded, same, slope_agrees
from .reader import Folder, need, read_json


def check_module(case, folder):
    name, cls, cfg, tol = case["name"], case["module"], case["config"], (case["rtol"], case["atol"])
    got = lambda group: {k: folder.get(case["file"], n) for k, n in group.items()}
    m = torch_modules.construct(cls, cfg)
    state = got(case["state"])
    m.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in state.items()}, strict=True)
    buffers = {k for k, _ in m.named_buffers()}
    for i, step in enumerate(case["steps"]):
        label = f"{name} step {i}"
        x, outs, cots = got(step["inputs"]), got(step["outputs"]), got(step["cotangents"])
        grads = {**got(step["input_grads"]), **got(step["param_grads"])}
        need(set(step["param_grads"]) == {k for k, _ in m.named_parameters()}, f"{label}: parameter names")
        m.train(step["training"])
        t = lambda group: {k: torch.from_numpy(np.array(v, order="C")) for k, v in group.items()}
        touts, dx, dp = torch_modules.step_gradients(m, cls, cfg, t(x), t(cots))
        before = dict(state)
        nouts = layers.forward(cls, state, cfg, x, step["training"])
        need(set(nouts) == set(outs) == set(cots), f"{label}: output names")
        for k in outs:
            same("modules: torch value", f"{label} {k}", outs[k], touts[k].detach().numpy(), 1e-12, 1e-14)
            same("modules: numpy value", f"{label} {k}", nouts[k], outs[k], *tol)
        for k, v in {**dx, **dp}.items():
            same("modules: torch gradient", f"{label} {k}", grads[k], v.numpy(), 1e-12, 1e-14)
        after = got(step.get("buffers_after", {}))
        need(set(after) == buffers, f"{label}: buffers")
        for k, v in after.items():
            same("modules: running statistics", f"{label} {k}", state[k], v, *tol)
        rng = np.random.default_rng(i)
        size = max([1.0] + [float(np.abs(v).max()) for v in grads.values()])
        no_grad_row = cfg.get("padding_idx")
        for k, g in grads.items():
            u = rng.standard_normal(g.shape)
            if no_grad_row is not None:
                u[no_grad_row] = 0

            def loss(s):
                moved = lambda group: {j: v + s * u if j == k else v for j, v in group.items()}
                o = layers.forward(cls, moved(before), cfg, moved(x), step["training"])
                return sum(float((o[j] * cots[j]).sum()) for j in o)

            slope_agrees("modules: finite difference", f"{label} {k}", loss, float((g * u).sum()), 1e-6 * size)


def check_modules(root, manifest):
    folder, index = Folder(os.path.join(root, "modules")), read_json(os.path.join(root, "modules/modules.json"))
    counted(manifest, "modules", len(index["cases"]))
    for case in index["cases"]:
        guarded(case["name"], check_module, case, folder)
    T.ok("files", not folder.orphans(), f"modules: unused tensors {folder.orphans()[:5]}")
