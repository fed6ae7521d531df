"""The hook in examples/blocklist.py, with a plain stand-in for the network that operators bring."""

from __future__ import annotations

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

from sonic.media.image import load_image

EXAMPLE = Path(__file__).parents[1] / "examples" / "blocklist.py"


@pytest.fixture
def blocklist(tmp_path, monkeypatch):
    """The functions of the example; faces are told apart by their light and shade alone."""
    monkeypatch.setenv("BLOCKLIST", str(tmp_path / "list.npz"))
    functions = runpy.run_path(str(EXAMPLE))

    def shade(pictures):
        assert pictures.shape == (1, 3, 112, 112)
        grey = cv2.resize(pictures[0].mean(axis=0), (12, 12), interpolation=cv2.INTER_AREA)
        return [(grey - grey.mean())[None]]

    functions["embed"].__globals__["network"] = lambda: shade
    return functions


def test_whoever_is_on_the_list_is_refused_in_any_picture(blocklist, portrait_path):
    picture = load_image(portrait_path)
    blocklist["check"](picture)
    blocklist["add"]("A. Person", str(portrait_path))
    smaller = cv2.resize(picture, (420, 420), interpolation=cv2.INTER_AREA)[40:, 60:]
    with pytest.raises(blocklist["BlockedPersonError"], match="asked not to be"):
        blocklist["check"](np.ascontiguousarray(smaller))


def test_others_pass(blocklist, portrait_path):
    blocklist["add"]("A. Person", str(portrait_path))
    upside = 255 - load_image(portrait_path)  # a negative: the same shape, other light and shade
    blocklist["check"](np.ascontiguousarray(upside))
    blocklist["check"](np.zeros((300, 300, 3), np.uint8))
