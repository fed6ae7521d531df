"""The inside of the mouth: teeth fixed to skull and jaw, tongue, and the dark behind them."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from sonic.motion.easing import smoothstep
from sonic.render.mouth_colours import lip_colour, skin_colour
from sonic.render.mouth_network import blend, enlarge, fade, mix
from sonic.render.mouth_place import LOWER_LIP_MIDDLE, MILLIMETRE, UPPER_LIP_MIDDLE, MouthPlace
from sonic.render.mouth_rule import light_by_rule, teeth_light
from sonic.render.smile import Smile
from sonic.render.teeth import Palette, draw_arch, place_arch

if TYPE_CHECKING:
    from sonic.render.mouth_network import MouthNetwork
    from sonic.render.pixels import Array, Picture, Window
    from sonic.render.rig import FaceRig, PosedFace
    from sonic.render.slit import Edges

TEETH_SHOW = (0.6, 3.5)  # millimetres of opening between which light reaches the teeth


class MouthInterior:
    """Paints the mouth of one portrait; a smiling picture's own teeth are kept and laid over drawn ones.

    Args:
        rig: the portrait's mesh.
        picture: source pixels of the crop, uint8 `[size, size, 3]`.
        network: says how the inside looks; without one it is lit by rule.
    """

    def __init__(self, rig: FaceRig, picture: Picture, network: MouthNetwork | None = None) -> None:
        self.rig, self.network = rig, network
        self.skin = skin_colour(rig.vertices, picture, rig.unit)
        self.lips = lip_colour(rig.vertices, picture, rig.unit)
        self.palette = Palette.of(self.skin, self.lips)
        scale = max(1.5, 1.25 * rig.unit * MILLIMETRE)
        self.upper = draw_arch(self.palette, scale, upper=True)
        self.lower = draw_arch(self.palette, scale, upper=False)
        self.centre, self.from_camera = _frame_of(rig)
        self.seam = _seam(self.lips)
        self.smile = Smile.find(rig, picture, self.skin)

    def worn_by(self, rig: FaceRig, skin: Array, lips: Array) -> MouthInterior:
        """The same drawn teeth in another frame's face, with its colours of skin and lips, RGB in 0..255."""
        other = copy(self)
        other.rig, other.skin, other.lips = rig, skin, lips
        other.centre, other.from_camera = _frame_of(rig)
        other.seam = _seam(lips)
        return other

    def place(self, posed: PosedFace) -> MouthPlace:
        """Where the mouth is in a posed face."""
        origin = self.rig.place(posed, self.centre[None])[0]
        axes = (posed.rotation @ self.rig.to_camera)[:2]
        return MouthPlace(origin, axes, self.from_camera @ posed.from_neutral[LOWER_LIP_MIDDLE])

    def paint(self, window: Window, posed: PosedFace, edges: Edges) -> Array:
        """Colours of the window's pixels, float32 `[height, width, 3]` in 0..255."""
        lit = _lit_share(edges, self.rig.unit)
        if lit == 0:
            return np.broadcast_to(self.seam, (window.height, window.width, 3))
        colours = self._inside(window, self.place(posed), edges)
        if self.smile is not None:
            kept, alpha = self.smile.place(window, posed)
            colours += (kept * teeth_light(edges, window)[..., None] - colours) * alpha[..., None]
        colours = fade(colours, lit, self.rig.unit)
        return np.asarray(self.seam + (colours - self.seam) * np.float32(lit), np.float32)

    def _inside(self, window: Window, place: MouthPlace, edges: Edges) -> Array:
        shape = (window.height, window.width)
        upper, lower = (
            place_arch(arch, place.within(window).teeth(upper=above), shape)
            for arch, above in ((self.upper, True), (self.lower, False))
        )
        drawn = light_by_rule(window, edges, upper if self.smile is None else None, lower, self.palette)
        if self.network is None:
            return drawn
        maps = self.network.maps(place, edges, self.skin, self.lips)
        seen = blend(enlarge(maps, place, window), upper, lower, self.palette, self.skin)
        teeth = lower[1] if self.smile is not None else np.maximum(upper[1], lower[1])
        return mix(drawn, seen, teeth, self.rig.unit)


def _frame_of(rig: FaceRig) -> tuple[Array, Array]:
    """The middle of the closed lips in the head frame `[3]`, and camera axes to it `[3, 3]`."""
    return rig.neutral[[UPPER_LIP_MIDDLE, LOWER_LIP_MIDDLE]].mean(0), np.linalg.inv(rig.to_camera)


def _seam(lips: Array) -> Array:
    return (0.5 * lips).astype(np.float32)


def _lit_share(edges: Edges, unit: float) -> float:
    """How far the mouth is open enough to show more than the dark seam between the lips, 0..1."""
    open_by = float(np.hypot(*(edges.lower - edges.upper).T).max()) / unit / MILLIMETRE
    share = (open_by - TEETH_SHOW[0]) / (TEETH_SHOW[1] - TEETH_SHOW[0])
    return float(smoothstep(np.array(share)))
