#!/usr/bin/python3
"""generate.py --seed S --out DIR - writes one kit of reference vectors, computed by torch.

The same seed gives the same bytes; another seed gives other shapes, attributes,
hyperparameters and values under the same case names.
"""
import argparse
import os
import shutil
import sys
import warnings

import numpy as np
import torch

from kitgen import modules, ops, optim, readme, sched, small, train
from kitgen.store import write_manifest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", required=True)
    a = parser.parse_args()
    torch.set_default_dtype(torch.float64)  # also for the scalars that NAdam and ASGD keep in tensors
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if os.path.exists(a.out) and os.listdir(a.out) and not os.path.exists(os.path.join(a.out, "manifest.json")):
        sys.exit(f"{a.out} exists and is not a kit")
    if os.path.exists(os.path.join(a.out, "make")):
        sys.exit(f"{a.out} holds this generator: write to a new folder and copy from it")
    work = a.out.rstrip("/") + ".partial"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    head = {"format": "oracle-kit 1", "seed": str(a.seed), "torch": torch.__version__, "numpy": np.__version__}
    counts = {}
    for write in (ops.write, modules.write, optim.write, sched.write, small.write_clip, small.write_init, train.write):
        counts.update(write(work, a.seed, head))
    readme.write(work, head, counts)
    files = write_manifest(work, {**head, "counts": counts})
    shutil.rmtree(a.out, ignore_errors=True)
    os.rename(work, a.out)
    print(f"{a.out}: {len(files) + 1} files, {sum(counts.values())} cases, {sum(f['bytes'] for f in files.values())} bytes")


if __name__ == "__main__":
    main()
