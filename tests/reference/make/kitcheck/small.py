"""Checks sched/, clip/, init/ and train/."""
import math
import os

import numpy as np
import torch

from kitgen import sched as torch_sched
from kitgen import small as torch_small
from kitgen import train as torch_train

from . import numpy_layers as layers
from .compare import T, counted, guarded, same, slope_agrees
from .reader import Folder, need, read_json


def check_sched(root, manifest):
    folder, index = Folder(os.path.join(root, "sched")), read_json(os.path.join(root, "sched/sched.json"))
    counted(manifest, "sched", len(index["cases"]))
    for case in index["cases"]:
        guarded(case["name"], check_schedule, case, lambda n: folder.get("sched.safetensors", n))
    T.ok("files", not folder.orphans(), f"sched: unused tensors {folder.orphans()[:5]}")


def check_schedule(case, get):
    name, s, a, tol = case["name"], case["scheduler"], case["args"], (case["rtol"], case["atol"])
    lr, metric = get(case["lr"]), get(case.get("metric"))
    need(len(lr) == case["steps"] + 1, f"{name}: length")
    tl, tm = torch_sched.sequence(s, a, case["base_lr"], case["base_momentum"], metric)
    same("sched: torch", name, lr, tl.numpy(), 1e-14, 0)
    own = layers.plateau(a, case["base_lr"], metric) if metric is not None else [layers.lr_at(k, s, a, case["base_lr"]) for k in range(len(lr))]
    same("sched: numpy", name, own, lr, *tol)
    if "momentum" in case:
        same("sched: torch", f"{name} momentum", get(case["momentum"]), tm.numpy(), 1e-14, 0)
        same("sched: numpy", f"{name} momentum", [layers.momentum_at(k, s, a) for k in range(len(lr))], get(case["momentum"]), *tol)


def check_clip(root, manifest):
    folder, index = Folder(os.path.join(root, "clip")), read_json(os.path.join(root, "clip/clip.json"))
    counted(manifest, "clip", len(index["cases"]))
    get = lambda n: folder.get("clip.safetensors", n)
    for case in index["cases"]:
        a, grads, clipped = case["attrs"], [get(n) for n in case["grads"]], [get(n) for n in case["clipped"]]
        ttotal, tclipped = torch_small.clip(a, grads)
        with np.errstate(all="ignore"):
            if a["kind"] == "value":
                own = [np.clip(g, -a["clip_value"], a["clip_value"]) for g in grads]
            else:
                flat, p = np.abs(np.concatenate([g.reshape(-1) for g in grads])), float(a["norm_type"])
                total = flat.max() if math.isinf(p) else (flat ** p).sum() ** (1 / p)
                same("clip: norm", case["name"], total, get(case["total_norm"]), case["rtol"], case["atol"])
                same("clip: torch", case["name"], get(case["total_norm"]), ttotal.numpy(), 1e-15, 0)
                factor = a["max_norm"] / (total + 1e-6)
                own = [g * (1.0 if factor > 1 else factor) for g in grads]
        for o, c, t in zip(own, clipped, tclipped):
            same("clip: numpy", case["name"], o, c, case["rtol"], case["atol"])
            same("clip: torch", case["name"], c, t.numpy(), 1e-15, 0)
    T.ok("files", not folder.orphans(), f"clip: unused tensors {folder.orphans()[:5]}")


def check_init(root, manifest):
    index = read_json(os.path.join(root, "init/init.json"))
    counted(manifest, "init", len(index["cases"]))
    formulas = {"linear": lambda p: 1, "conv2d": lambda p: 1, "sigmoid": lambda p: 1, "tanh": lambda p: 5 / 3, "relu": lambda p: math.sqrt(2),
                "leaky_relu": lambda p: math.sqrt(2 / (1 + (0.01 if p is None else p) ** 2)), "selu": lambda p: 0.75}
    for g in index["gains"]:
        same("init: gain", g["nonlinearity"], formulas[g["nonlinearity"]](g.get("param")), g["gain"], 1e-14, 0)
    torch.manual_seed(11)
    for c in index["cases"]:
        guarded(c["name"], check_initialiser, c, formulas)


def check_initialiser(c, formulas):
    name, a, shape = c["name"], c["args"], c["shape"]
    w = torch.empty(shape)
    if "fan_in" in c:
        field = math.prod(shape[2:])
        fan_in, fan_out = shape[1] * field, shape[0] * field
        same("init: fans", name, [fan_in, fan_out], [c["fan_in"], c["fan_out"]], 0, 0)
        if c["init"].startswith("xavier"):
            std = a["gain"] * math.sqrt(2 / (fan_in + fan_out))
        else:
            std = formulas[a["nonlinearity"]](a["a"]) / math.sqrt(fan_in if a["mode"] == "fan_in" else fan_out)
        same("init: std", name, std, c["std"], 1e-13, 0)
        if "bound" in c:
            same("init: std", name, std * math.sqrt(3), c["bound"], 1e-13, 0)
        getattr(torch.nn.init, c["init"] + "_")(w, **a)
    elif c["init"] == "orthogonal":
        torch.nn.init.orthogonal_(w, a["gain"])
        m = w.reshape(shape[0], -1).numpy()
        gram = m @ m.T if c["identity"] == "rows" else m.T @ m
        same("init: orthogonal", name, gram, c["diagonal"] * np.eye(len(gram)), 0, c["atol"])
        return
    elif c["init"] == "trunc_normal":
        torch.nn.init.trunc_normal_(w, **a)
        grid = np.linspace(a["a"], a["b"], 200001)
        density = np.exp(-0.5 * ((grid - a["mean"]) / a["std"]) ** 2)
        density[[0, -1]] /= 2  # trapezoidal rule
        mean = (grid * density).sum() / density.sum()
        same("init: truncated normal", name, [mean, math.sqrt(((grid - mean) ** 2 * density).sum() / density.sum())], [c["mean"], c["std"]], 1e-6, 1e-7)
        T.ok("init: bounds", bool((w >= c["lowest"]).all() and (w <= c["highest"]).all()), name)
    elif c["init"] == "default_normal":
        w = torch.nn.Embedding(*shape).weight.detach()
    else:
        layer, key = name.split("/")[1].split(".")
        i = {"Linear": 1, "Conv2d": 1}.get(layer)
        inner = round(1 / c["bound"] ** 2)
        m = {"Linear": lambda: torch.nn.Linear(inner, shape[0]), "Conv2d": lambda: torch.nn.Conv2d(inner // 9, shape[0], 3),
             "LSTM": lambda: torch.nn.LSTM(shape[-1], inner), "GRU": lambda: torch.nn.GRU(4, inner)}[layer]()
        w = dict(m.named_parameters())[key].detach()
        need(list(w.shape) == shape, f"{name}: shape")
    same("init: sample", f"{name} mean", float(w.mean()), c["mean"], 0, c["mean_tolerance"])
    same("init: sample", f"{name} std", float(w.std()), c["std"], 0, c["std_tolerance"])
    if "bound" in c:
        T.ok("init: bounds", float(w.abs().max()) <= c["bound"], name)


def check_train(root, manifest):
    folder, index = Folder(os.path.join(root, "train")), read_json(os.path.join(root, "train/train.json"))
    counted(manifest, "train", len(index["cases"]))
    get = lambda n: folder.get("train.safetensors", n)
    for c in index["cases"]:
        group = lambda k: {n: get(t) for n, t in c[k].items()}
        x, y, batches, w0, final, losses, tol = get(c["x"]), get(c["y"]), get(c["batches"]), group("initial"), group("final"), get(c["losses"]), (c["rtol"], c["atol"])
        run = {**c, "data": (x, y), "batches": batches, "weights": w0}
        tl, first, after1, tfinal, logits = torch_train.train(run)
        same("train: torch", f"{c['name']} losses", losses, tl.numpy(), *tol)
        same("train: torch", f"{c['name']} logits", get(c["final_logits"]), logits.numpy(), *tol)
        for k in w0:
            same("train: torch", f"{c['name']} {k}", final[k], tfinal[k].numpy(), *tol)
            same("train: torch", f"{c['name']} first gradient {k}", group("first_grads")[k], first[k].numpy(), *tol)
            same("train: torch", f"{c['name']} after step 1 {k}", group("after_step_1")[k], after1[k].numpy(), *tol)
        if c["model"] == "mlp":
            nl, nw = layers.mlp_run(c, w0, x, y, batches)
            same("train: numpy", f"{c['name']} losses", nl, losses, *tol)
            for k in nw:
                same("train: numpy", f"{c['name']} {k}", nw[k], final[k], *tol)
        g, rng = group("first_grads"), np.random.default_rng(0)
        for k in g:
            u = torch.from_numpy(rng.standard_normal(g[k].shape))
            i = torch.from_numpy(np.array(batches[0]))

            def loss(s):
                w = {n: torch.from_numpy(np.array(v)) + (s * u if n == k else 0) for n, v in w0.items()}
                return float(torch.nn.functional.cross_entropy(torch_train.MODELS[c["model"]](w, torch.from_numpy(np.array(x))[i], c["config"]), torch.from_numpy(np.array(y))[i]))

            slope_agrees("train: finite difference", f"{c['name']} {k}", loss, float((u.numpy() * g[k]).sum()), 1e-7)
    T.ok("files", not folder.orphans(), f"train: unused tensors {folder.orphans()[:5]}")
