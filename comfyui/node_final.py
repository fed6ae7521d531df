"""The node that draws an approved preview again in full."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from . import package
from .filming import Take, blocked, draw_all, images_input, outputs
from .parts import CATEGORY, SonicTakeType
from .watch import Watch
from .widgets import named, overrides

FINAL_PRESET = "high"


class SonicFinal(io.ComfyNode):
    """Draws the same performance in other detail once it is approved."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """A take, whether it is approved, and how finely to draw it."""
        return io.Schema(
            node_id="SonicFinal",
            display_name="Sonic preview to final",
            category=CATEGORY,
            description="Draws what Sonic generate made again, with the same motion in more detail. Watch "
            "the preview, turn on 'approved' and queue once more: nothing else runs again.",
            inputs=[
                SonicTakeType.Input("take", tooltip="From Sonic generate."),
                io.Boolean.Input(
                    "approved",
                    default=False,
                    tooltip="Off: this node and all behind it wait. Keep the seed fixed meanwhile.",
                ),
                images_input(),
                *named("preset", default=FINAL_PRESET),
                *named("min_resolution"),
            ],
            outputs=outputs(),
        )

    @classmethod
    def execute(cls, take: Take, *, approved: bool, images: bool, **widgets: Any) -> io.NodeOutput:
        """Wait, or draw."""
        package.require()
        if not approved:
            return blocked()
        final = take.video.final(**overrides(widgets))
        return draw_all([Take(final, take.voice)], Watch(1), images=images)
