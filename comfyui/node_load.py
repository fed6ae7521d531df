"""The node that loads a model of Sonic."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from . import models
from .parts import CATEGORY, SonicModelType


class SonicLoadModel(io.ComfyNode):
    """Loads a model by name; ComfyUI keeps it between runs and lets it go with its other results."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Names of models, and where they run."""
        return io.Schema(
            node_id="SonicLoadModel",
            display_name="Load Sonic model",
            category=CATEGORY,
            description="Loads a Sonic model: one of the package, or a folder in models/sonic_talk.",
            inputs=[
                io.Combo.Input(
                    "model_name",
                    options=models.names() or ["sonic-base"],
                    tooltip="sonic-base comes with the package; others are folders with a config.json in "
                    "models/sonic_talk.",
                ),
                io.Combo.Input(
                    "device",
                    options=list(models.DEVICES),
                    default="auto",
                    tooltip="auto takes ComfyUI's card if ONNX Runtime can use it too, else the CPU.",
                ),
            ],
            outputs=[SonicModelType.Output(display_name="model")],
        )

    @classmethod
    def execute(cls, model_name: str, device: str) -> io.NodeOutput:
        """Load the model."""
        return io.NodeOutput(models.load(model_name, device))

    @classmethod
    def fingerprint_inputs(cls, model_name: str, device: str) -> Any:
        """A model that was trained anew under the same name is loaded again."""
        return [model_name, device, *models.state(model_name)]
