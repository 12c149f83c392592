#!/usr/bin/python3
"""check.py DIR - verifies a kit: containers, indexes, every value.

Each stored value is confirmed twice: against torch, run again from the stored
inputs, and against numpy code written from the README's words (kitcheck/), whose
forward is also differentiated numerically to confirm gradients. Exit status 0
only if nothing is wrong.
"""
import argparse
import hashlib
import json
import os
import sys
import time
import warnings

import torch

from kitcheck.compare import T, guarded
from kitcheck.modules import check_modules
from kitcheck.ops import check_ops
from kitcheck.optim import check_optim
from kitcheck.small import check_clip, check_init, check_sched, check_train
from kitgen.store import walk

MAX_BYTES = 8_000_000


def check_files(root):
    manifest = json.load(open(os.path.join(root, "manifest.json")))
    found, total = set(), 0
    for folder, _, names in walk(root):
        for n in names:
            rel = os.path.relpath(os.path.join(folder, n), root)
            total += os.path.getsize(os.path.join(folder, n))
            if rel != "manifest.json":
                found.add(rel)
    T.ok("files", found == set(manifest["files"]), f"manifest and directory differ: {sorted(found ^ set(manifest['files']))}")
    for rel in sorted(found & set(manifest["files"])):
        data = open(os.path.join(root, rel), "rb").read()
        T.ok("files", hashlib.sha256(data).hexdigest() == manifest["files"][rel]["sha256"], f"{rel}: checksum")
    T.ok("files", total <= MAX_BYTES, f"kit has {total} bytes")
    return manifest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir")
    root = parser.parse_args().dir
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    begin = time.time()
    manifest = {"files": {}, "counts": {}}
    try:
        manifest = check_files(root)
    except Exception as e:
        T.ok("files", False, f"manifest: {type(e).__name__}: {e}")
    for part in (check_ops, check_modules, check_optim, check_sched, check_clip, check_init, check_train):
        guarded(part.__name__, part, root, manifest)
    for kind, n in sorted(T.checks.items()):
        print(f"{n:7d}  {kind}")
    for p in T.problems[:40]:
        print("PROBLEM", p)
    passed = sum(T.checks.values()) - len(T.problems)
    print(f"{root}: {passed} passed, {len(T.problems)} failed ({time.time() - begin:.0f} s)")
    sys.exit(1 if T.problems else 0)


if __name__ == "__main__":
    main()
