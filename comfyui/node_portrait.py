"""The node that looks at a portrait before it is animated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui
from comfy_execution.graph import ExecutionBlocker

from . import package, tensors
from .parts import CATEGORY, Portrait, SonicPortraitType
from .sketch import sketch
from .widgets import overrides, portrait_widgets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonic.face.checks.report import PortraitReport


class SonicPortrait(io.ComfyNode):
    """Prepares portraits: which face, how much around it, and what the check says of it."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """One or several pictures, with the options that are about pictures."""
        return io.Schema(
            node_id="SonicPortrait",
            display_name="Sonic portrait",
            category=CATEGORY,
            description="Prepares a portrait and shows the face that was found, the part that will be "
            "animated, and what the check says. A batch of images gives one portrait each.",
            inputs=[
                io.Image.Input("image", tooltip="A picture with a face that looks towards the camera."),
                *portrait_widgets(),
                io.String.Input(
                    "face_points",
                    default="",
                    optional=True,
                    tooltip="For drawings in which no face is found: the JSON that sonic annotate writes.",
                    extra_dict={"advanced": True},
                ),
            ],
            outputs=[
                SonicPortraitType.Output(display_name="portrait", is_output_list=True),
                io.Image.Output(display_name="preview", is_output_list=True),
                io.String.Output(display_name="report", is_output_list=True),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, image: Any, face_points: str = "", **widgets: Any) -> io.NodeOutput:
        """Look at every picture."""
        package.require()
        options, points = overrides(widgets), read_points(face_points)
        looks = [look(picture, options, points) for picture in tensors.pictures(image)]
        previews = [one.preview for one in looks]
        return io.NodeOutput(
            [one.portrait for one in looks],
            previews,
            [one.report for one in looks],
            ui=merged([ui.PreviewImage(preview, cls=cls) for preview in previews]),
        )


@dataclass(frozen=True)
class Look:
    """What the node gives out for one picture."""

    portrait: Portrait | ExecutionBlocker
    preview: Any
    report: str


def read_points(text: str) -> dict[str, Any] | None:
    """Points placed by hand from JSON text; None for an empty one."""
    if not text.strip():
        return None
    from sonic import FacePointsError

    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise FacePointsError(
            f"The face points are no JSON ({error}): paste what sonic annotate wrote."
        ) from error


def look(picture: NDArray[np.uint8], options: dict[str, Any], points: dict[str, Any] | None) -> Look:
    """Look at one picture `[H, W, C]`: where the face and the crop are, and what the check says."""
    from sonic.cli.inspect_image import describe
    from sonic.face.check import inspect_picture
    from sonic.face.points import FacePoints
    from sonic.media.image import load_image

    read = None if points is None else FacePoints.read(points)
    report = inspect_picture(load_image(picture), face_points=read, **options)
    preview = tensors.images([sketch(picture, report)])
    return Look(usable(Portrait(picture, options, points), report), preview, "\n".join(describe(report)))


def usable(portrait: Portrait, report: PortraitReport) -> Portrait | ExecutionBlocker:
    """The portrait, or the reason why it cannot speak for whatever is connected."""
    if report.usable:
        return portrait
    return ExecutionBlocker(report.findings[0].advice)


def merged(previews: list[ui.PreviewImage]) -> dict[str, Any]:
    """Several previews as one, because a node shows one list of pictures."""
    return {"images": [entry for preview in previews for entry in preview.as_dict()["images"]]}
