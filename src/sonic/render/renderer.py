"""One portrait, ready to be drawn in any pose: the layers, and the paste-back into the whole picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonic.face.topology import (
    INNER_LIPS_LOWER,
    INNER_LIPS_UPPER,
    LEFT_EYE_LOWER,
    LEFT_EYE_UPPER,
    RIGHT_EYE_LOWER,
    RIGHT_EYE_UPPER,
)
from sonic.render.canvas import Canvas
from sonic.render.eyes import Eyeball
from sonic.render.lids import LidSkin
from sonic.render.mouth import MouthInterior
from sonic.render.rig import FaceRig
from sonic.render.scene import Scene
from sonic.render.slit import Slit
from sonic.render.warp import CropWarp, still_border

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.face.portrait import Portrait
    from sonic.motion.space import FaceMotion, MotionSpace
    from sonic.render.mouth_network import MouthNetwork

# Edges of the openings run from the left of the picture to its right; the left eye is listed the other way.
RIGHT_EDGES = (np.array(RIGHT_EYE_UPPER, np.int32), np.array(RIGHT_EYE_LOWER, np.int32))
LEFT_EDGES = (np.array(LEFT_EYE_UPPER[::-1], np.int32), np.array(LEFT_EYE_LOWER[::-1], np.int32))
MOUTH_EDGES = (np.array(INNER_LIPS_UPPER, np.int32), np.array(INNER_LIPS_LOWER, np.int32))
MOUTH_REACH, EYE_REACH = 0.28, 0.16  # eye distances of skin redrawn around the openings
LASHES = 0.03  # eye distances above the lid's edge that do not stretch when it falls


class Renderer:
    """Draws frames of one portrait.

    Args:
        portrait: what the analysis found in the picture.
        space: the model's motion space, which knows heads and how mouths close.
        resolution: side of the animated square in pixels.
        crop: "full" pastes the square back into the whole picture, "face" gives the square alone.
        mouth: how mouths look inside; a plain rule if not given.
        eyewear: "none", "glasses", whose frames lids do not pull along, or "sunglasses", on which no eyes are
            drawn.
    """

    def __init__(
        self,
        portrait: Portrait,
        space: MotionSpace,
        *,
        resolution: int,
        crop: str = "full",
        mouth: MouthNetwork | None = None,
        eyewear: str = "none",
    ) -> None:
        self.canvas = Canvas(portrait, resolution, crop)
        picture, person = self.canvas.portrait(), self.canvas.cut(portrait.person)
        self.rig = FaceRig(self.canvas.to_crop(portrait.landmarks), space, framed=eyewear != "none")
        still = still_border(self.canvas.side, self.canvas.open_sides)
        self.scene = Scene(picture, person, self.rig.unit)
        self.warp = CropWarp(self.rig, still, self.scene.alpha)
        self.mouth = Slit(self.rig, picture, still, edges=MOUTH_EDGES, reach=MOUTH_REACH)
        self.interior = MouthInterior(self.rig, picture, mouth)
        self.eyes = [
            (
                Slit(self.rig, picture, still, edges=edges, reach=EYE_REACH, rigid=LASHES, fineness=400),
                Eyeball(self.rig, picture, np.concatenate([edges[0], edges[1][-2:0:-1]])),
                LidSkin(self.rig, picture, edges, eye),
            )
            for eye, edges in enumerate((RIGHT_EDGES, LEFT_EDGES) if eyewear != "sunglasses" else ())
        ]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels; both even."""
        return self.canvas.size

    def render(self, motion: FaceMotion, index: int) -> npt.NDArray[np.uint8]:
        """Draw frame `index` of the motion: uint8 RGB `[height, width, 3]`."""
        posed = self.rig.pose(motion, index)
        crop = self.scene.compose(self.warp.backward(posed), self.warp.window)
        for slit, eyeball, lid in self.eyes:
            slit.draw(crop, posed, eyeball)
            lid.draw(crop, posed)
        self.mouth.draw(crop, posed, self.interior)
        return self.canvas.paste(crop)
