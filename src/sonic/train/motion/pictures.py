"""Pictures of a network in training: lips as they were and as it moves them, along one clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from sonic.face.topology import FACE_OVAL, INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor, nn

    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

    Picture = npt.NDArray[np.uint8]

_STEPS = 8  # of Euler; enough to see what is learned
_WHITE, _GREY = (255, 255, 255), (200, 200, 200)
_REAL, _MADE = (40, 40, 40), (220, 60, 30)  # RGB
_CURVE_HEIGHT, _FRAME_WIDTH = 160, 6  # pixels
_OUTLINES = {FACE_OVAL: _GREY, RIGHT_EYE: _GREY, LEFT_EYE: _GREY, OUTER_LIPS: None, INNER_LIPS: None}
_WIDEST = 0.4  # IOD at the top of the curve
_FACE, _FACE_SCALE = 160, 52.0  # pixels of a drawn face, and of an IOD
_SHIFT = 4  # bits of sub-pixel positions


def make_motion(network: nn.Module, features: Array, space: MotionSpace) -> Array:
    """Motion vectors [T, dim] for speech features [2 T, F], by a motion network and a few solver steps."""
    device = next(network.parameters()).device
    sound = torch.from_numpy(features)[None].to(device)
    speech = network.condition(sound, torch.zeros(1, dtype=torch.bool, device=device))
    motion = torch.randn(1, speech.shape[1], space.dim).to(device)
    for step in range(_STEPS):
        guess = _guess(network, motion, step / _STEPS, speech)
        motion = motion + (guess - motion) / (_STEPS - step)
    made: Array = motion[0].float().cpu().numpy() * space.spread + space.mean
    return made


def _guess(network: nn.Module, motion: Tensor, time: float, speech: Tensor) -> Tensor:
    nothing = torch.zeros_like(motion)
    style = motion.new_zeros(1, 2 * network.config.style_dim)
    return network.flow(motion, motion.new_full((1,), time), speech, nothing, nothing[..., :1], style)


def draw_openings(real: Array, made: Array) -> Picture:
    """Lip opening [T] in IOD over time: as it was in black, as it was made in red; a line at every 0.1."""
    canvas = np.full((_CURVE_HEIGHT, _FRAME_WIDTH * len(real), 3), 255, np.uint8)
    for level in np.arange(0, _WIDEST, 0.1):
        _draw_line(canvas, np.array([[0, _height(level)], [canvas.shape[1], _height(level)]]), _GREY)
    for opening, colour in ((real, _REAL), (made, _MADE)):
        columns = _FRAME_WIDTH * (np.arange(len(opening)) + 0.5)
        _draw_line(canvas, np.stack([columns, _height(opening)], 1), colour)
    return canvas


def _height(opening: Array | float) -> Array:
    return np.asarray((_CURVE_HEIGHT - 12) * (1 - np.asarray(opening) / _WIDEST))


def draw_faces(real: Array, made: Array, space: MotionSpace, count: int = 8) -> Picture:
    """Faces at `count` moments of motion [T, dim]: as they were above, as they were made below."""
    moments = np.linspace(0, len(real) - 1, count).round().astype(int)
    rows = [
        np.concatenate([_draw_face(points, colour) for points in _faces(motion[moments], space)], axis=1)
        for motion, colour in ((real, _REAL), (made, _MADE))
    ]
    return np.concatenate(rows)


def _faces(motion: Array, space: MotionSpace) -> Array:
    return space.template + space.decode(motion).displacement


def _draw_face(points: Array, colour: tuple[int, int, int]) -> Picture:
    canvas = np.full((_FACE, _FACE, 3), _WHITE, np.uint8)
    centre = points[list(FACE_OVAL), :2].mean(0)
    places = (points[:, :2] - centre) * _FACE_SCALE + _FACE / 2
    for outline, shade in _OUTLINES.items():
        _draw_line(canvas, places[[*outline, outline[0]]], shade or colour)
    return canvas


def _draw_line(canvas: Picture, places: Array, colour: tuple[int, int, int]) -> None:
    corners = np.round(places * 2**_SHIFT).astype(np.int32)
    cv2.polylines(canvas, [corners], isClosed=False, color=colour, lineType=cv2.LINE_AA, shift=_SHIFT)
