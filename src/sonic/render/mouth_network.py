"""The learned part of a mouth: which light falls on teeth and tongue, and how much of them shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from sonic.errors import WeightsError
from sonic.inference import Network, asset
from sonic.render.mouth_view import (
    CONDITIONS,
    PLANES,
    VIEW_HEIGHT,
    VIEW_WIDTH,
    brightness,
    conditions,
    in_view,
    to_view,
    view_affine,
    view_planes,
)
from sonic.render.pixels import LUMA, blur
from sonic.render.slit import Edges
from sonic.render.teeth import colourfulness

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from sonic.render.mouth_place import MouthPlace
    from sonic.render.pixels import Array, Window
    from sonic.render.teeth import Palette

FILE = "mouth.onnx"
MAPS = 9
_SOFT = 0.025  # eye distances; light that changes more slowly is the network's
_LEARNED = 0.75  # its share of that
_WHITE, _FLESH = 0.4, 0.7  # of its tint is taken from teeth, and from tongue and dark
_AT_ONCE = 3  # maps that are enlarged together; OpenCV takes up to four


class MouthNetwork:
    """Reads how a mouth looks inside from how it is open, from light and colours; see `sonic.train.mouth`.

    Args:
        source: the ONNX file.
        threads: cores that one call may use.

    Raises:
        WeightsError: the file is missing, damaged, or of another kind of network.
    """

    def __init__(self, source: Traversable | Path, *, threads: int = 1) -> None:
        self._network = Network(source, threads=threads)
        planes = np.zeros((1, PLANES, VIEW_HEIGHT, VIEW_WIDTH), np.float32)
        if len(self._network.input_names) != 2:
            raise WeightsError(f"{source.name} is no mouth network; export the mouth stage again.")
        self._run(planes, np.zeros((1, CONDITIONS), np.float32))

    def _run(self, planes: Array, numbers: Array) -> Array:
        maps: Array = self._network(planes, numbers)[0][0]
        return maps

    def maps(self, place: MouthPlace, edges: Edges, skin: Array, lips: Array) -> Array:
        """What the mouth in a picture looks like, in its view: float32 `[64, 96, 9]`.

        Visibility of upper teeth, lower teeth and tongue (0..1), the light on them (0..2), and what is added
        to red, green and blue, in shares of the skin's brightness.
        """
        affine = view_affine(place)
        seen, lines = in_view(place), Edges(to_view(edges.upper, affine), to_view(edges.lower, affine))
        planes, numbers = view_planes(seen, lines), conditions(seen, lines, skin, lips)
        return np.ascontiguousarray(self._run(planes[None], numbers[None]).transpose(1, 2, 0))


def mouth_of(folder: Path) -> MouthNetwork:
    """The mouth network of a model's folder; the one that comes with the package if it has none."""
    own = folder / FILE
    return MouthNetwork(own if own.is_file() else asset(FILE))


def enlarge(maps: Array, place: MouthPlace, window: Window) -> Array:
    """Maps of a view as they lie over a window of the picture, `[height, width, 9]`."""
    affine = view_affine(place.within(window)).astype(np.float64)
    size, flags = (window.width, window.height), cv2.INTER_CUBIC
    parts = [
        cv2.warpAffine(
            maps[..., first : first + _AT_ONCE], affine, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        for first in range(0, MAPS, _AT_ONCE)
    ]
    return np.concatenate(parts, axis=2).astype(np.float32)


def blend(
    maps: Array, upper: tuple[Array, Array], lower: tuple[Array, Array], palette: Palette, skin: Array
) -> Array:
    """Colours `[h, w, 3]`, 0..255, that the maps `[h, w, 9]` make of drawn teeth, tongue and dark.

    Args:
        maps: at the window's size.
        upper, lower: premultiplied colours `[h, w, 3]` and coverage `[h, w]` of the rows of teeth.
        palette: of the portrait.
        skin: its colour.
    """
    shown, light = np.clip(maps[..., :3], 0, 1), maps[..., 3:6]
    colours = (palette.cavity + (palette.tongue - palette.cavity) * shown[..., 2:]) * light[..., 2:]
    for index, (teeth, coverage) in ((1, lower), (0, upper)):
        share, lit = shown[..., index : index + 1], light[..., index : index + 1]
        colours += share * (lit * teeth - colours * coverage[..., None])
    return np.asarray(colours + np.float32(brightness(skin)) * _tinted(maps[..., 6:], skin), np.float32)


def mix(drawn: Array, seen: Array, teeth: Array, unit: float) -> Array:
    """Drawn colours in the light that the network has `seen`, `[h, w, 3]`.

    The network knows where light and dark lie; where it is not sure it is soft and has the colour of all that
    may be there. Drawn teeth are crisp and white, drawn tongues red. So its slow light is taken, with less of
    its colour, and drawn detail fades with the light.

    Args:
        drawn, seen: colours `[h, w, 3]`.
        teeth: how much of a pixel is teeth, 0..1 `[h, w]`.
        unit: an eye distance in pixels.
    """
    soft = max(0.8, _SOFT * unit)
    base = blur(drawn, soft)
    light = base + np.float32(_LEARNED) * (blur(seen, soft) - base)
    gain = ((light @ LUMA) / np.maximum(base @ LUMA, 1e-3))[..., None]
    share = _FLESH + np.float32(_WHITE - _FLESH) * blur(teeth, soft)[..., None]
    light += (base * gain - light) * share
    return np.asarray(light + (drawn - base) * np.clip(gain, 0, 1) ** 2, np.float32)


def fade(colours: Array, share: float, unit: float) -> Array:
    """Colours `[h, w, 3]` with `share` of their detail: lines between teeth go before the teeth do."""
    if share >= 1:
        return colours
    base = blur(colours, max(0.8, _SOFT * unit))
    return np.asarray(base + (colours - base) * np.float32(share), np.float32)


def _tinted(added: Array, skin: Array) -> Array:
    """What is added to the colours, without colour where the picture has none."""
    grey = added.mean(axis=-1, keepdims=True)
    return np.asarray(grey + (added - grey) * np.float32(colourfulness(skin)), np.float32)
