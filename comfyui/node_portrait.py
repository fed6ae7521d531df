"""The node that looks at a portrait before it is animated."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui
from comfy_execution.graph import ExecutionBlocker

from . import package, tensors
from .parts import CATEGORY, Portrait, SonicPortraitType, portraits
from .sketch import sketch
from .widgets import overrides, portrait_widgets

if TYPE_CHECKING:
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
        given = [replace(one, options=options, face_points=points) for one in portraits(image)]
        reports = [look(portrait) for portrait in given]
        previews = [
            tensors.images([sketch(one.image, report)]) for one, report in zip(given, reports, strict=True)
        ]
        return io.NodeOutput(
            [usable(portrait, report) for portrait, report in zip(given, reports, strict=True)],
            previews,
            ["\n".join(lines(report)) for report in reports],
            ui=merged([ui.PreviewImage(preview, cls=cls) for preview in previews]),
        )


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


def look(portrait: Portrait) -> PortraitReport:
    """The report on a picture, with the place of the face and of the crop."""
    from sonic.face.check import inspect_picture
    from sonic.face.points import FacePoints
    from sonic.media.image import load_image

    points = None if portrait.face_points is None else FacePoints.read(portrait.face_points)
    return inspect_picture(load_image(portrait.image), face_points=points, **portrait.options)


def usable(portrait: Portrait, report: PortraitReport) -> Portrait | ExecutionBlocker:
    """The portrait, or the reason why it cannot speak for whatever is connected."""
    if report.usable or (portrait.face_points is not None and report.codes[0] == "mouth_covered"):
        return portrait
    return ExecutionBlocker(report.findings[0].advice)


def lines(report: PortraitReport) -> list[str]:
    """The report for people."""
    from sonic.cli.inspect_image import describe

    return list(describe(report))


def merged(previews: list[ui.PreviewImage]) -> dict[str, Any]:
    """Several previews as one, because a node shows one list of pictures."""
    return {"images": [entry for preview in previews for entry in preview.as_dict()["images"]]}
