"""Nodes with the names and sockets of the ComfyUI_Sonic wrapper: its graphs run on Sonic's own engine."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import package
from .filming import Room
from .parts import portraits, voices
from .watch import Watch

if TYPE_CHECKING:
    from sonic import Model, Video

    from .parts import Portrait, Voice

logger = logging.getLogger(__name__)

CATEGORY = "video/sonic/compatible"
NOTE = (
    "Opens graphs of the ComfyUI_Sonic wrapper and runs them on Sonic's own engine: no SVD checkpoint, no "
    "CLIP vision, no VAE. What differs is in the help page of this node."
)
UNUSED = "Not used: Sonic's engine brings its own networks. Whatever is connected here does not run."
ModelType = io.Custom("MODEL_SONIC")
PrecisionType = io.Custom("DTYPE")
PreparedType = io.Custom("SONIC_PREDATA")
STEPS = 100  # most that the engine takes
RATES = (10.0, 60.0)  # frames a second that it takes
SMALLEST = 256  # pixels that it draws


@dataclass(frozen=True)
class Prepared:
    """What `SONIC_PreData` hands to `SONICSampler`."""

    portrait: Portrait
    voice: Voice
    options: dict[str, Any]


def free_nodes() -> list[type[io.ComfyNode]]:
    """Those of our nodes whose names no other pack has taken; one that is loaded later replaces ours."""
    import nodes

    ours = (SonicWrapperLoader, SonicWrapperPrepare, SonicWrapperSampler)
    return [node for node in ours if node.define_schema().node_id not in nodes.NODE_CLASS_MAPPINGS]


class SonicWrapperLoader(io.ComfyNode):
    """Loads the engine where the wrapper would load its networks."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The wrapper's sockets and widgets."""
        return io.Schema(
            node_id="SONICTLoader",
            display_name="SONICTLoader (Sonic engine)",
            category=CATEGORY,
            description=NOTE,
            inputs=[
                io.Model.Input("model", optional=True, lazy=True, tooltip=UNUSED),
                io.Combo.Input("sonic_unet", options=["none", "unet.pth"], default="none", tooltip=UNUSED),
                io.Float.Input(
                    "ip_audio_scale", default=1.0, min=0.5, max=2.0, step=0.1,
                    tooltip="How much the mouth moves: times dynamic_scale, between 0 and 2 together.",
                ),
                io.Boolean.Input("use_interframe", default=True, tooltip="Not used: any rate is smooth."),
                io.Combo.Input("dtype", options=["fp16", "fp32", "bf16"], default="fp16", tooltip=UNUSED),
            ],
            outputs=[
                ModelType.Output(display_name="model"),
                PrecisionType.Output(display_name="weight_dtype"),
            ],
        )  # fmt: skip

    @classmethod
    def check_lazy_status(cls, **_: Any) -> list[str]:
        """Nothing that is connected needs to run."""
        return []

    @classmethod
    def validate_inputs(cls, sonic_unet: str) -> bool:
        """Any file name that a saved graph holds is fine."""
        return isinstance(sonic_unet, str)

    @classmethod
    def execute(cls, ip_audio_scale: float, dtype: str, **_: Any) -> io.NodeOutput:
        """Load the default model."""
        from .models import load

        return io.NodeOutput((load("sonic-base", "auto"), ip_audio_scale), dtype)


class SonicWrapperPrepare(io.ComfyNode):
    """Takes a portrait and a recording as the wrapper does."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The wrapper's sockets and widgets."""
        return io.Schema(
            node_id="SONIC_PreData",
            display_name="SONIC_PreData (Sonic engine)",
            category=CATEGORY,
            description=NOTE,
            inputs=[
                io.ClipVision.Input("clip_vision", optional=True, lazy=True, tooltip=UNUSED),
                io.Vae.Input("vae", optional=True, lazy=True, tooltip=UNUSED),
                io.Audio.Input("audio", tooltip="Speech."),
                io.Image.Input("image", tooltip="A portrait; of a batch the first."),
                PrecisionType.Input("weight_dtype", optional=True, lazy=True, tooltip=UNUSED),
                io.Int.Input(
                    "min_resolution", default=512, min=128, max=2048, step=64,
                    tooltip="Short side of the animated crop, pixels; 256 at least.",
                ),
                io.Float.Input(
                    "duration", default=10.0, min=1.0, max=1e11, step=0.1,
                    tooltip="Seconds at most; a shorter recording ends the video.",
                ),
                io.Float.Input(
                    "expand_ratio", default=0.5, min=0.1, max=1.0, step=0.1,
                    tooltip="Room around the head in the animated crop, in head sizes.",
                ),
            ],
            outputs=[PreparedType.Output(display_name="data_dict")],
        )  # fmt: skip

    @classmethod
    def check_lazy_status(cls, **_: Any) -> list[str]:
        """Nothing of the other engine needs to run."""
        return []

    @classmethod
    def execute(
        cls, audio: Any, image: Any, min_resolution: int, duration: float, expand_ratio: float, **_: Any
    ) -> io.NodeOutput:
        """Keep everything for the sampler, which checks it."""
        portrait, voice = portraits(image)[0], voices(audio)[0]
        options = {"min_resolution": max(SMALLEST, min_resolution), "expand_ratio": expand_ratio}
        if duration < len(voice.samples) / voice.sample_rate:
            options["duration"] = duration
        return io.NodeOutput(Prepared(portrait, voice, options))


class SonicWrapperSampler(io.ComfyNode):
    """Draws frames as the wrapper's sampler does."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The wrapper's sockets and widgets."""
        return io.Schema(
            node_id="SONICSampler",
            display_name="SONICSampler (Sonic engine)",
            category=CATEGORY,
            description=NOTE,
            inputs=[
                ModelType.Input("model", tooltip="From SONICTLoader."),
                PreparedType.Input("data_dict", tooltip="From SONIC_PreData."),
                io.Int.Input(
                    "seed", default=0, min=0, max=2**31 - 1, control_after_generate=True,
                    tooltip="The same seed gives the same frames; 0 is a seed like any other.",
                ),
                io.Int.Input(
                    "inference_steps", default=25, min=1, max=1024,
                    tooltip="Solver steps of the motion; more than 100 count as 100.",
                ),
                io.Float.Input(
                    "dynamic_scale", default=1.0, min=0.5, max=2.0, step=0.1,
                    tooltip="How much the mouth moves.",
                ),
                io.Float.Input(
                    "fps", default=25.0, min=5.0, max=120.0, step=0.5,
                    tooltip="Frames a second, 10 to 60; the motion keeps its speed.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image"), io.Float.Output(display_name="fps")],
        )  # fmt: skip

    @classmethod
    def execute(
        cls,
        model: tuple[Model, float],
        data_dict: Prepared,
        seed: int,
        inference_steps: int,
        dynamic_scale: float,
        fps: float,
    ) -> io.NodeOutput:
        """Draw all frames into one IMAGE, as graphs of the wrapper expect."""
        package.require()
        engine, audio_scale = model
        watch = Watch(1)
        video = engine.generate(
            audio=(data_dict.voice.samples, data_dict.voice.sample_rate),
            image=data_dict.portrait.image,
            crop="face",
            seed=seed,
            inference_steps=min(inference_steps, STEPS),
            dynamic_scale=min(dynamic_scale * audio_scale, 2.0),
            fps=min(max(fps, RATES[0]), RATES[1]),
            on_progress=watch.progress,
            **data_dict.options,
        )
        for warning in video.warnings:
            logger.warning(warning)
        return io.NodeOutput(collected(video, watch), video.fps)


def collected(video: Video, watch: Watch) -> Any:
    """All frames as one IMAGE."""
    room = Room.of(video)
    for frame in video.frames():
        watch.frame(frame)
        room.add(frame)
    return room.images
