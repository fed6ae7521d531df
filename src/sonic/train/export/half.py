"""Half-precision weights in an ONNX file; the runtime widens them once when it loads."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

_SMALLEST = 512  # numbers; below this halving saves nothing


def halve_weights(model: Any) -> Any:
    """Store every large float32 weight of an ONNX model as float16 with a cast; changes it in place."""
    graph = model.graph
    large = [weight for weight in graph.initializer if _is_large(weight)]
    for weight in large:
        values = numpy_helper.to_array(weight).astype(np.float16)
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(values, f"{weight.name}.half"))
    casts = [
        helper.make_node("Cast", [f"{weight.name}.half"], [weight.name], to=TensorProto.FLOAT)
        for weight in large
    ]
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
    return model


def _is_large(weight: Any) -> bool:
    """The quantiser's scales are too small numbers for half precision."""
    number = int(np.prod(weight.dims))
    return (
        weight.data_type == TensorProto.FLOAT and number >= _SMALLEST and not weight.name.endswith("_scale")
    )
