"""Drawn teeth: two arches as small textures, in the light and colours of a portrait."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sonic.render.pixels import LUMA, Array, affine, blur, resize

# Crown widths from the midline outwards (incisors, canine, premolars, molar) and lengths, in millimetres of
# an average adult; an eye distance is about 63 mm. Sideways the arch turns away: outer teeth look narrow.
UPPER_WIDTHS = (8.4, 6.6, 6.6, 5.2, 4.2, 3.6)
UPPER_LENGTHS = (10.2, 9.2, 9.9, 8.6, 8.0, 7.4)
LOWER_WIDTHS = (5.3, 5.8, 6.0, 5.2, 4.4, 4.0)
LOWER_LENGTHS = (8.8, 9.0, 9.6, 8.6, 8.0, 7.6)
_GUM_BAND = 3.0  # millimetres of gum drawn beyond the crowns


@dataclass(frozen=True)
class Palette:
    """Colours of a mouth, RGB floats in 0..255."""

    enamel: Array
    gum: Array
    tongue: Array
    cavity: Array

    @classmethod
    def of(cls, skin: Array, lips: Array) -> Palette:
        """Match the portrait's light: bright teeth on bright skin, grey on grey, warm in warm light."""
        light, tint = float(skin @ LUMA), skin - skin @ LUMA
        flesh = 0.55 * lips + 0.45 * skin
        colourful = colourfulness(skin)
        enamel = (
            (0.64 * light + 76) * np.array([1, 1, 1], np.float32)
            + 0.38 * tint
            + colourful * np.array([3, 1, -7], np.float32)
        )
        red = colourful * np.array([10, -10, -6], np.float32)
        return cls(
            enamel=np.clip(enamel, 20, 232).astype(np.float32),
            gum=np.clip(0.72 * flesh + red, 0, 255).astype(np.float32),
            tongue=np.clip(0.68 * flesh + red, 0, 255).astype(np.float32),
            cavity=np.clip(0.13 * flesh + 0.4 * red, 4, 60).astype(np.float32),
        )


def colourfulness(skin: Array) -> float:
    """How much colour a picture has, judged by its skin: 0 for grey, 1 for any photograph in colour."""
    tint = skin - skin @ LUMA
    return float(np.clip(np.abs(tint).max() / 18, 0, 1))


@dataclass(frozen=True)
class Arch:
    """A row of teeth as a picture: premultiplied RGB with alpha, float32 `[height, width, 4]`.

    `scale` is pixels per millimetre; the biting edge of the front teeth lies on row `edge`, the midline on
    column `middle`.
    """

    pixels: Array
    scale: float
    edge: float
    middle: float


def draw_arch(palette: Palette, scale: float, *, upper: bool) -> Arch:
    """Draw the upper or lower row of teeth at `scale` pixels per millimetre."""
    widths, lengths = (UPPER_WIDTHS, UPPER_LENGTHS) if upper else (LOWER_WIDTHS, LOWER_LENGTHS)
    half = sum(widths) + 1.0
    tall = max(lengths) + _GUM_BAND + 1.5
    fine = scale * 2
    canvas = _gum(palette, round(half * 2 * fine), round(tall * fine), fine)
    x = 0.0
    for number, (width, length) in enumerate(zip(widths, lengths, strict=True)):
        shade = 1.0 - 0.055 * number - 0.012 * number**2
        for side in (-1, 1):
            left = half + x if side > 0 else half - x - width
            _tooth(canvas, palette.enamel * shade, (left, 1.0, width, length), fine, side * number)
        x += width
    small = resize(canvas, canvas.shape[1] // 2, canvas.shape[0] // 2, cv2.INTER_AREA)
    edge = small.shape[0] - scale if upper else scale
    return Arch(np.ascontiguousarray(small[::-1] if upper else small), scale, edge, half * scale)


def _gum(palette: Palette, width: int, height: int, scale: float) -> Array:
    canvas = np.zeros((height, width, 4), np.float32)
    gaps, gum = round(2.6 * scale), round(max(UPPER_LENGTHS) * 0.72 * scale)
    canvas[gaps:, :, :3] = palette.enamel * 0.6
    canvas[gum:, :, :3] = palette.gum
    canvas[gaps:, :, 3] = 1
    return blur(canvas, 0.35 * scale)


def _tooth(
    canvas: Array, colour: Array, box: tuple[float, float, float, float], scale: float, number: int
) -> None:
    """Lay one tooth on the canvas: its edge at the top of `box` (left, top, width, length; millimetres)."""
    left, top, width, length = (value * scale for value in box)
    y, x = np.mgrid[0 : canvas.shape[0], 0 : canvas.shape[1]].astype(np.float32)
    u = (x + 0.5 - left - width / 2) / (width / 2)
    v = (y + 0.5 - top) / length
    narrow = 1.0 - 0.11 * np.clip(v, 0, 1) ** 2
    sharp = 1.6 if abs(number) == 2 else 0.0  # canines come to a blunt point
    round_edge = (np.abs(u) ** 3.2) * 0.07 + sharp * 0.05 * np.abs(u)
    inside = np.minimum(
        (narrow - np.abs(u)) * width / 2, np.minimum(v - round_edge, 1 - v + 0.10 * u**2) * length
    )
    alpha = np.clip(inside / (0.32 * scale) + 0.5, 0, 1)
    groove = 1 - 0.16 * np.clip(1 - (narrow - np.abs(u)) * width / 2 / (0.7 * scale), 0, 1)
    body = 1.0 - 0.10 * np.clip(v, 0, 1) ** 1.5 - 0.10 * np.clip(1 - v * length / (1.1 * scale), 0, 1)
    gloss = 1 + 0.05 * np.exp(-((u + 0.15) ** 2) * 6 - ((v - 0.45) ** 2) * 18)
    warm = np.array([1.0, 0.985, 0.95], np.float32) ** np.clip(v, 0, 1)[..., None]
    shade = (groove * body * gloss)[..., None] * colour * warm
    canvas[..., :3] = canvas[..., :3] * (1 - alpha[..., None]) + shade * alpha[..., None]
    canvas[..., 3] = np.maximum(canvas[..., 3], alpha)


def place_arch(arch: Arch, anchors: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Warp an arch into a window of `shape` (height, width).

    Args:
        arch: the drawn row of teeth.
        anchors: window pixels `[3, 2]` of the biting edge's middle, of a point 10 mm to the picture's right
            of it, and of a point 10 mm above it.
        shape: height and width of the window.

    Returns:
        Premultiplied colours `[height, width, 3]` and alpha `[height, width]`.
    """
    reach = 10 * arch.scale
    source = np.array(
        [[arch.middle, arch.edge], [arch.middle + reach, arch.edge], [arch.middle, arch.edge - reach]],
        np.float32,
    )
    placed = affine(arch.pixels, source, anchors, shape, extend=False)
    return placed[..., :3], placed[..., 3]
