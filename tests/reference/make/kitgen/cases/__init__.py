"""The table of op cases: one generator function per group (= per .safetensors file).

Every function takes `draw`, which turns a case name into that case's own seeded
stream, and yields case(...) dicts. Sizes and attributes come from the stream, so
another seed gives other shapes and hyperparameters under the same case names.
"""
from .edges import empty, float32, large
from .elementwise import binary, compare, unary
from .layers import attention, conv, norm, pool
from .losses import loss
from .products import einsum, matmul
from .programs import errors, program
from .reductions import reduce, softmax
from .shapes import index, shape
from .vocabulary import linalg, select, special

GROUPS = {"binary": binary, "compare": compare, "unary": unary, "reduce": reduce, "softmax": softmax, "matmul": matmul, "einsum": einsum,
          "shape": shape, "index": index, "conv": conv, "pool": pool, "norm": norm, "attention": attention, "loss": loss, "empty": empty,
          "float32": float32, "large": large, "program": program, "special": special, "select": select, "linalg": linalg}

__all__ = ["GROUPS", "errors"]
