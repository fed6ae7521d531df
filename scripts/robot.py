"""Draws a face that is all corners, in which no face is found: for points placed by hand."""

from __future__ import annotations

from PIL import Image, ImageDraw

SIDE = 640  # pixels

# Where its eight required points are, in the order in which they are asked for.
SPOTS = [(185, 290), (285, 290), (355, 290), (455, 290), (320, 375), (230, 460), (410, 460), (320, 555)]


def draw_robot() -> Image.Image:
    picture = Image.new("RGB", (SIDE, SIDE), "#f4e3c1")
    draw = ImageDraw.Draw(picture)
    draw.line([320, 140, 320, 70], fill="#2b3a42", width=8)
    draw.ellipse([300, 40, 340, 80], fill="#c7654a")
    draw.rectangle([130, 140, 510, 560], fill="#9fb7c4", outline="#2b3a42", width=8)
    for x in (235, 405):
        draw.rectangle([x - 50, 250, x + 50, 330], fill="#f7e26b", outline="#2b3a42", width=6)
        draw.rectangle([x - 14, 272, x + 14, 308], fill="#2b3a42")
    draw.polygon([(320, 350), (295, 395), (345, 395)], fill="#c7654a")
    draw.rectangle([230, 430, 410, 490], fill="#2b3a42")
    return picture
