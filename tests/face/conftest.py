from __future__ import annotations

import pytest

from sonic.face.portrait import analyse_portrait
from sonic.media.image import load_image


@pytest.fixture(scope="session")
def picture(portrait_path):
    """The example portrait, uint8 RGB [512, 512, 3]."""
    return load_image(portrait_path)


@pytest.fixture(scope="session")
def portrait(picture):
    return analyse_portrait(picture)
