"""The label that viewers read: words on a plate in the first seconds of a video."""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sonic.marks.wording import WORDING

if TYPE_CHECKING:
    import numpy.typing as npt

    from sonic.media.film import Frame

    Mask: TypeAlias = npt.NDArray[np.float32]

SECONDS = 3.0  # GB 45438-2025 asks for 2 at least
HEIGHT = (
    0.055  # of the short side, of the lowest letter that is no lower-case one; the standard asks for 0.05
)
MARGIN = 0.03  # of the short side, between plate and border
_PLATE = 0.6  # how much of the picture the plate hides: white words stay above 5:1 on any background
_FIRST_EAST_ASIAN = 0x2E80
_PROBE = 200  # pixels, of the fonts that are measured


class VisibleLabel:
    """White words on a dark plate in the lower left corner; made for one size of picture.

    The height of its letters, `ink` pixels, is that of a capital or of a Chinese character without the space
    around it.
    """

    def __init__(self, size: tuple[int, int], language: str) -> None:
        side = min(size)
        text = WORDING[language]
        self.ink = math.ceil(HEIGHT * side)
        words = _write(text, self.ink)
        padding = max(2, round(0.02 * side))
        words = np.pad(words, padding)
        width = min(words.shape[1], size[0])
        words = words[:, :width]
        left = min(round(MARGIN * side), size[0] - width)
        bottom = size[1] - round(MARGIN * side)
        self._rows = slice(bottom - words.shape[0], bottom)
        self._columns = slice(left, left + width)
        self._words = words[:, :, None]

    def on(self, frame: Frame) -> Frame:
        """A copy of a frame `[H, W, 3]` with the label on it."""
        marked = frame.copy()
        place = marked[self._rows, self._columns]
        plated = place * (1 - _PLATE)
        place[:] = np.rint(plated + (255 - plated) * self._words).astype(np.uint8)
        return marked


def _write(text: str, ink: int) -> Mask:
    """Words as coverage `[h, w]` in 0..1; capitals and characters are `ink` pixels high or a little more."""
    runs = _runs(text)
    fonts = [_font(east_asian=east_asian, ink=ink) for east_asian, _ in runs]
    pairs = list(zip(fonts, [letters for _, letters in runs], strict=True))
    width = math.ceil(sum(font.getlength(letters) for font, letters in pairs)) + 2
    height = math.ceil(1.8 * ink)
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    x = 1.0
    for font, letters in pairs:
        draw.text((x, 1.25 * ink), letters, fill=255, font=font, anchor="ls")
        x += font.getlength(letters)
    left, top, right, bottom = image.getbbox() or (0, 0, width, height)
    return np.asarray(np.asarray(image.crop((left, top, right, bottom))) / 255, np.float32)


def _runs(text: str) -> list[tuple[bool, str]]:
    """The text cut where its font changes: whether a piece is East Asian, and its letters."""
    runs: list[tuple[bool, str]] = []
    for letter in text:
        east_asian = ord(letter) >= _FIRST_EAST_ASIAN
        if runs and runs[-1][0] == east_asian:
            runs[-1] = (east_asian, runs[-1][1] + letter)
        else:
            runs.append((east_asian, letter))
    return runs


def _font(*, east_asian: bool, ink: int) -> ImageFont.FreeTypeFont:
    """The font whose reference letter is `ink` pixels high."""
    _, top, _, bottom = _load(_PROBE, east_asian=east_asian).getbbox("成" if east_asian else "A")
    return _load(math.ceil(_PROBE * (ink + 1) / (bottom - top)), east_asian=east_asian)


@cache
def _load(size: int, *, east_asian: bool) -> ImageFont.FreeTypeFont:
    if not east_asian:
        font = ImageFont.load_default(size)  # Pillow's own, public domain
        assert isinstance(font, ImageFont.FreeTypeFont), "Pillow's wheels come with FreeType"
        return font
    with resources.as_file(resources.files("sonic") / "assets" / "label_glyphs.ttf") as path:
        return ImageFont.truetype(str(path), size)
