"""Writing the kit: safetensors files, JSON indexes, the manifest."""
import hashlib
import json
import os
import struct

import numpy as np

DTYPES = {"float64": "F64", "float32": "F32", "int64": "I64", "bool": "BOOL"}
SIZES = {"F64": 8, "F32": 4, "I64": 8, "BOOL": 1}


def write_safetensors(path, tensors, metadata):
    """tensors: {name: ndarray}; metadata: {str: str}.

    Wide dtypes come first, names are sorted inside a dtype, so that every
    tensor starts at a multiple of its element size and files are reproducible.
    """
    arrays = {}
    for name, value in tensors.items():
        value = np.asarray(value)
        if value.dtype.name not in DTYPES:
            raise TypeError(f"{name}: no safetensors dtype for {value.dtype}")
        arrays[name] = value
    order = sorted(arrays, key=lambda n: (-SIZES[DTYPES[arrays[n].dtype.name]],
                                          DTYPES[arrays[n].dtype.name], n))
    header = {"__metadata__": {str(k): str(v) for k, v in metadata.items()}}
    chunks, offset = [], 0
    for name in order:
        a = arrays[name]
        raw = a.astype(a.dtype.newbyteorder("<")).tobytes(order="C")
        header[name] = {"dtype": DTYPES[a.dtype.name], "shape": list(a.shape),
                        "data_offsets": [offset, offset + len(raw)]}
        chunks.append(raw)
        offset += len(raw)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)))
        f.write(text)
        f.write(b"".join(chunks))


def write_json(path, head, cases):
    """An index: one object with the keys of `head` and "cases", one case a line."""
    with open(path, "w") as f:
        f.write("{\n")
        for k, v in head.items():
            f.write(f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)},\n")
        f.write('"cases": [\n')
        f.write(",\n".join(json.dumps(c, allow_nan=False) for c in cases))
        f.write("\n]\n}\n")


class Shelf:
    """The tensors of one .safetensors file, filled case by case."""

    def __init__(self):
        self.tensors = {}

    def put(self, name, value):
        if hasattr(value, "detach"):
            value = value.detach().numpy()
        assert name not in self.tensors, name
        self.tensors[name] = np.array(value)
        return name

    def save(self, path, metadata):
        write_safetensors(path, self.tensors, metadata)


def walk(root):
    """os.walk without the folder `make`: these programs may lie in the kit that they made."""
    for folder, below, names in os.walk(root):
        if folder == root and "make" in below:
            below.remove("make")
        yield folder, below, names


def write_manifest(root, head):
    files = {}
    for folder, _, names in sorted(walk(root)):
        for n in sorted(names):
            p = os.path.join(folder, n)
            rel = os.path.relpath(p, root)
            if rel == "manifest.json":
                continue
            data = open(p, "rb").read()
            files[rel] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    with open(os.path.join(root, "manifest.json"), "w") as f:
        json.dump({**head, "files": files}, f, indent=1, sort_keys=True)
        f.write("\n")
    return files
