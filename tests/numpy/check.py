#!/usr/bin/env python3
"""check.py GRADUS FOLDER: files of NumPy through gradus convert and back, array by array."""
import io, json, struct, subprocess, sys, zipfile
import numpy as np

gradus, folder = sys.argv[1], sys.argv[2]
random = np.random.default_rng(1)
passed = 0


def path(name):
    return f"{folder}/{name}"


def run(*arguments):
    return subprocess.run([gradus, *arguments], capture_output=True, text=True, timeout=60)


def check(condition, what):
    global passed
    if not condition:
        sys.exit(f"FAILED: {what}")
    passed += 1


def safetensors(file):
    """The tensors of a safetensors file, by the format's own rules."""
    with open(file, "rb") as f:
        bytes_ = f.read()
    length = struct.unpack("<Q", bytes_[:8])[0]
    header = json.loads(bytes_[8:8 + length])
    header.pop("__metadata__", None)
    dtypes = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "BOOL": "?"}
    data = bytes_[8 + length:]
    return {name: np.frombuffer(data[e["data_offsets"][0]:e["data_offsets"][1]], dtypes[e["dtype"]]).reshape(e["shape"])
            for name, e in header.items()}


def same(a, b):
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def converted(file, what):
    ran = run("convert", file, path("out.safetensors"))
    check(ran.returncode == 0, f"{what}: {ran.stderr}")
    return safetensors(path("out.safetensors"))


def refused(file, part):
    ran = run("convert", file, path("never.safetensors"))
    check(ran.returncode == 3 and part in ran.stderr, f"{file} should be refused for {part!r}: {ran.returncode} {ran.stderr}")


def array(dtype, shape):
    numbers = random.integers(0, 2 if dtype == "?" else 100, size=shape)
    return (numbers - (0 if dtype[-2:-1] in "u?" else 50)).astype(dtype) if dtype != "?" else numbers.astype(bool)


# Every dtype, shape and order that NumPy writes.
arrays = {}
for dtype in ["?", "i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
    for shape in [(), (3,), (2, 3), (2, 0, 3), (2, 3, 4)]:
        for order in "CF":
            arrays[f"{dtype}/{shape}/{order}"] = np.asarray(array(dtype, shape), order=order)
arrays["special"] = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
arrays["strided"] = np.arange(24.0).reshape(4, 6)[::2, ::3]
arrays["m\u00fcnchen \u2713"] = np.arange(3.0)
for name, save in [("stored", np.savez), ("deflated", np.savez_compressed)]:
    save(path(name + ".npz"), **arrays)
    got = converted(path(name + ".npz"), name)
    check(got.keys() == arrays.keys(), f"{name}: the names")
    for key, want in arrays.items():
        check(same(got[key], want), f"{name}: {key}")
for i, (key, want) in enumerate(arrays.items()):
    if i % 7 == 0:
        np.save(path("one.npy"), want)
        check(same(converted(path("one.npy"), key)["x"], want), f"npy: {key}")
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(path("v.npy"), "wb") as f:
        np.lib.format.write_array(f, arrays["strided"], version=version)
    check(same(converted(path("v.npy"), str(version))["x"], arrays["strided"]), f"version {version}")

# Archives that zipfile can make.
def npy(x):
    f = io.BytesIO()
    np.save(f, x)
    return f.getvalue()


class Pipe(io.RawIOBase):
    """A stream that cannot seek: zipfile writes data descriptors."""
    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


x = np.arange(1000.0)
for method in [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]:
    with open(path("piped.npz"), "wb") as f, zipfile.ZipFile(Pipe(f), "w", method) as z:
        with z.open("x.npy", "w", force_zip64=True) as member:
            member.write(npy(x))
        z.writestr("y.npy", npy(x + 1))
    got = converted(path("piped.npz"), "data descriptors")
    check(same(got["x"], x) and same(got["y"], x + 1), "data descriptors")
with zipfile.ZipFile(path("bare.npz"), "w") as z:
    z.writestr("folder/", b"")
    z.writestr("bare", npy(x))
    z.comment = b"a comment"
check(same(converted(path("bare.npz"), "without .npy")["bare"], x), "a member without .npy")
with zipfile.ZipFile(path("twice.npz"), "w") as z:
    z.writestr("a", npy(x))
    z.writestr("a.npy", npy(x))
refused(path("twice.npz"), 'two arrays have the name "a"')
with zipfile.ZipFile(path("text.npz"), "w") as z:
    z.writestr("a.npy", npy(x))
    z.writestr("readme.txt", b"not an array")
refused(path("text.npz"), 'member "readme.txt" is not an array')
check(run("convert", path("text.npz"), path("part.npz"), "--only", "a").returncode == 0, "only the array")

# What scipy.sparse.save_npz and pandas users write.
np.savez(path("sparse.npz"), indices=np.arange(3, dtype="i4"), indptr=np.arange(2, dtype="i4"), format=b"csr", shape=np.array([1, 3]), data=np.ones(3))
refused(path("sparse.npz"), 'array "format": dtype "|S3" cannot be read')
check(run("convert", path("sparse.npz"), path("sparse.safetensors"), "--only", "[ids]*a*").returncode == 0, "parts of a sparse matrix")
np.savez(path("columns.npz"), values=np.ones((2, 2)), columns=np.array(["a", "b"], dtype=object))
refused(path("columns.npz"), "objects are never read")
np.savez(path("records.npz"), r=np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
refused(path("records.npz"), "each field as an array of its own")
for dtype in ["<u8", "<c8", "<U3", "<M8[s]"]:
    np.save(path("odd.npy"), np.zeros(2, dtype=dtype))
    refused(path("odd.npy"), "cannot be read")

# NumPy opens what gradus writes, and the same arrays give the same bytes.
kept = {name: a for name, a in arrays.items() if a.dtype.str in ("<f4", "<f8", "<i8", "|b1")}
np.savez(path("kept.npz"), **kept)
check(run("convert", path("kept.npz"), path("ours.npz")).returncode == 0, "to .npz")
with np.load(path("ours.npz"), allow_pickle=False) as ours:
    check(sorted(ours.files) == sorted(kept), "the names that NumPy sees")
    for name, want in kept.items():
        check(ours[name].dtype == want.dtype and same(ours[name], want), f"NumPy reads {name}")
check(zipfile.ZipFile(path("ours.npz")).testzip() is None, "checksums")
np.savez_compressed(path("kept.npz"), **dict(reversed(kept.items())))
check(run("convert", path("kept.npz"), path("again.npz")).returncode == 0, "to .npz again")
with open(path("ours.npz"), "rb") as a, open(path("again.npz"), "rb") as b:
    check(a.read() == b.read(), "the same bytes in another order")
check(run("convert", path("kept.npz"), path("ours.npy"), "--only", "special").returncode == 0, "to .npy")
check(same(np.load(path("ours.npy"), allow_pickle=False), arrays["special"]), "NumPy reads .npy")

# gradus show computes what NumPy computes.
np.savez(path("random.npz"), r=random.normal(3, 2, 10_000), z=np.array([0.0, 0.0, 1.0]))
shown = {t["name"]: t for t in json.loads(run("show", "--json", path("random.npz")).stdout)["tensors"]}
with np.load(path("random.npz")) as file:
    for name in file.files:
        a = file[name]
        want = {"min": a.min(), "max": a.max(), "mean": a.mean(), "std": a.std(), "norm": np.linalg.norm(a), "zeros": (a == 0).sum()}
        for what, number in want.items():
            check(np.isclose(shown[name][what], number, rtol=1e-12), f"show: {what} of {name}")
print(f"NumPy {np.__version__}: {passed} checks passed")
