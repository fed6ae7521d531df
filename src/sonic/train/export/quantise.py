"""8-bit weights in an ONNX file; activations are scaled while it runs, so that no calibration is needed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import onnx

from sonic.train.export.half import halve_weights


def quantise_weights(model: Any) -> Any:
    """The ONNX model with its matrix products in 8 bits; other large weights are stored in half precision."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # The exporter has inferred shapes and folded constants already; unmarked, the quantiser asks for that.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quantised.onnx"
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            # Seven bits: with eight, sums overflow on CPUs without 8-bit dot products, which is most laptops.
            reduce_range=True,
        )
        return halve_weights(onnx.load(str(path)))
