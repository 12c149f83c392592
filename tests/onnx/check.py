#!/usr/bin/env python3
"""check.py FILE.onnx...: each is valid by onnx's checker with shape inference, of opset 17 and IR 8, and its batch is open."""
import sys

import onnx
from onnx import numpy_helper, shape_inference

for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    stamp = (model.ir_version, [(o.domain, o.version) for o in model.opset_import])
    if stamp != (8, [("", 17)]):
        sys.exit(f"{path}: IR and opset {stamp}")
    for node in model.graph.node:
        schema = onnx.defs.get_schema(node.op_type, 17, "")
        if schema.deprecated:
            sys.exit(f"{path}: {node.op_type} is deprecated")
        if node.op_type == "Reshape":
            shapes = [i for i in model.graph.initializer if i.name == node.input[1]]
            if shapes and list(numpy_helper.to_array(shapes[0])).count(-1) > 1:
                sys.exit(f"{path}: {node.name} has more than one -1")
    for port in model.graph.input:
        if [d.dim_param for d in port.type.tensor_type.shape.dim].count("N") != 1:
            sys.exit(f"{path}: input {port.name} has no axis N")
    shape_inference.infer_shapes(model, strict_mode=True)
print(f"{len(sys.argv) - 1} files are valid")
