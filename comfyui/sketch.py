"""Draws what was found in a portrait: the face, the part that will be animated, and the check's advice."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonic.face.checks.report import Box, Finding, PortraitReport

SIDE = 768  # pixels of the longer side of the picture
MARGIN, TEXT, LEADING = 16, 18, 1.4  # pixels, pixels, lines
LETTERS = 0.47  # of the text's height, width of a letter
PAPER, INK = (24, 26, 31), (232, 234, 237)
GOOD, DOUBTFUL, BAD = (94, 204, 138), (240, 190, 90), (240, 110, 100)
COLOURS = {"info": INK, "warning": DOUBTFUL, "refuse": BAD}
FACE, CROP = (120, 190, 255), GOOD


def sketch(image: NDArray[np.uint8], report: PortraitReport) -> NDArray[np.uint8]:
    """The picture `[H, W, C]` with face box and crop, and the findings below it; uint8 RGB `[H', W', 3]`."""
    width, height = report.size  # large pictures were looked at in a smaller copy
    scale = SIDE / max(width, height)
    size = round(width * scale), round(height * scale)
    picture = Image.fromarray(image[..., :3]).resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    outline(draw, report.crop, scale, CROP)
    outline(draw, report.face_box, scale, FACE)
    return np.vstack([np.asarray(picture), caption(report, size[0])])


def outline(draw: ImageDraw.ImageDraw, box: Box | None, scale: float, colour: tuple[int, int, int]) -> None:
    """Draw a box of the picture, if there is one."""
    if box is not None:
        corners = (box.x, box.y, box.x + box.width, box.y + box.height)
        draw.rectangle([round(scale * place) for place in corners], outline=colour, width=3)


def caption(report: PortraitReport, width: int) -> NDArray[np.uint8]:
    """Score and findings as a picture of that width."""
    written = [*verdict(report)]
    letters = max(20, int((width - 2 * MARGIN) / (LETTERS * TEXT)))
    for finding in report.findings:
        written.extend((line, COLOURS[finding.severity]) for line in wrapped(finding, letters))
    height = round(2 * MARGIN + LEADING * TEXT * len(written))
    paper = Image.new("RGB", (width, height), PAPER)
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(TEXT)
    for row, (line, colour) in enumerate(written):
        draw.text((MARGIN, MARGIN + LEADING * TEXT * row), line, colour, font)
    return np.asarray(paper)


def verdict(report: PortraitReport) -> list[tuple[str, tuple[int, int, int]]]:
    """The first line: the score, or that the portrait cannot speak."""
    if not report.usable:
        return [("cannot be animated", BAD)]
    return [(f"score {report.score} of 100", GOOD if report.score >= 70 else DOUBTFUL)]


def wrapped(finding: Finding, letters: int) -> list[str]:
    """One finding in lines of so many letters."""
    return textwrap.wrap(finding.advice, letters, initial_indent="- ", subsequent_indent="  ")
