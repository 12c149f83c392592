#!/usr/bin/python3
"""selftest.py DIR [--count N] - check.py must fail on damaged copies of the kit DIR.

First damages files under the old manifest (caught by checksums), then changes
single values and indexes under a fresh manifest (caught by what they mean).
"""
import argparse
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from kitgen.store import walk, write_manifest

HERE = os.path.dirname(os.path.abspath(__file__))


def passes(root):
    return subprocess.run([sys.executable, os.path.join(HERE, "check.py"), root], capture_output=True, text=True).returncode == 0


def spans(path):
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__")
    return data, 8 + n, header


def tensor_files(root):
    """Files with expected values (errors.safetensors holds only inputs of calls that fail)."""
    return [os.path.join(f, n) for f, _, ns in os.walk(root) for n in sorted(ns) if n.endswith(".safetensors") and n != "errors.safetensors"]


def results(header):
    """Names of expected values (an input may happen not to matter: the v of a constant function, attention's key bias)."""
    return [k for k, v in header.items() if v["data_offsets"][0] < v["data_offsets"][1] and not any(p in k for p in ("/in.", "/in0", "/in1", "/in2", "/v.", "/cot", ".cot.", ".in.", "/state."))]


def change_value(root, r):
    """One element of one tensor, by a part in a thousand (or 1e-3, or the next integer, or the other truth value)."""
    path = r.choice(tensor_files(root))
    data, base, header = spans(path)
    name = r.choice(results(header))
    info = header[name]
    width = {"F64": 8, "I64": 8, "F32": 4, "BOOL": 1}[info["dtype"]]
    count = (info["data_offsets"][1] - info["data_offsets"][0]) // width
    at = base + info["data_offsets"][0] + width * r.randrange(count)
    code = {"F64": "<d", "I64": "<q", "F32": "<f", "BOOL": "<B"}[info["dtype"]]
    (old,) = struct.unpack_from(code, data, at)
    new = old * 1.001 + 1e-3 * (abs(old) < 1e-6) if code in ("<d", "<f") else 1 - old if code == "<B" else old + 1
    if new == old or new != new:
        new = 0.5
    data = bytearray(data)
    struct.pack_into(code, data, at, new)
    open(path, "wb").write(bytes(data))
    return f"{os.path.relpath(path, root)} {name}: {old} -> {new}"


def swap_names(root, r):
    """Two tensors of one file and shape trade places."""
    path = r.choice(tensor_files(root))
    data, base, header = spans(path)
    for _ in range(1000):
        a, b = r.sample(results(header), 2)
        ia, ib = (header[k]["data_offsets"] for k in (a, b))
        if header[a]["shape"] == header[b]["shape"] and header[a]["dtype"] == header[b]["dtype"] and data[base + ia[0]:base + ia[1]] != data[base + ib[0]:base + ib[1]]:
            header[a], header[b] = header[b], header[a]
            text = json.dumps(header, separators=(",", ":")).encode()
            text += b" " * (-len(text) % 8)
            open(path, "wb").write(struct.pack("<Q", len(text)) + text + data[base:])
            return f"{os.path.relpath(path, root)}: {a} <-> {b}"
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("dir")
    p.add_argument("--count", type=int, default=40)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    r, missed, done = random.Random(a.seed), [], 0
    assert passes(a.dir), "the kit itself fails"
    with tempfile.TemporaryDirectory() as tmp:
        root = os.path.join(tmp, "kit")
        files = [os.path.relpath(os.path.join(f, n), a.dir) for f, _, ns in walk(a.dir) for n in ns]
        for rel in r.sample(files, 4):  # byte damage, truncation, loss, surplus
            for how in ("flip", "cut", "remove", "extra"):
                shutil.rmtree(root, ignore_errors=True)
                shutil.copytree(a.dir, root, ignore=shutil.ignore_patterns("make"))
                path = os.path.join(root, rel)
                data = bytearray(open(path, "rb").read())
                if how == "flip":
                    data[r.randrange(len(data))] ^= 64
                if how == "cut":
                    data = data[:-3]
                open(path if how != "extra" else path + ".copy", "wb").write(bytes(data))
                if how == "remove":
                    os.remove(path)
                done += 1
                if passes(root):
                    missed.append(f"{rel}: {how}")
        for i in range(a.count):
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(a.dir, root, ignore=shutil.ignore_patterns("make"))
            what = (swap_names if i % 5 == 4 else change_value)(root, r)
            if what is None:
                continue
            old = json.load(open(os.path.join(root, "manifest.json")))
            write_manifest(root, {k: v for k, v in old.items() if k != "files"})
            done += 1
            if passes(root):
                missed.append(what)
    for m in missed:
        print("NOT NOTICED", m)
    print(f"{done - len(missed)} passed, {len(missed)} failed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
