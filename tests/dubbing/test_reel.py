from __future__ import annotations

import itertools

import av
import numpy as np
import pytest

from sonic.dubbing import reel
from sonic.dubbing.reel import to_and_fro


@pytest.fixture
def counting(tmp_path):
    """Thirty frames that tell their number by their brightness, with a key frame every seventh."""
    path = tmp_path / "counting.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "7", "crf": "4"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(30):
            picture = np.full((64, 64, 3), 20 + 7 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("held", [64_000_000, 1])  # bytes: all at once, or in the shortest stretches
def test_the_video_runs_to_its_end_and_back_and_on(counting, monkeypatch, held):
    monkeypatch.setattr(reel, "_HELD", held)
    frames = itertools.islice(to_and_fro(counting, 25.0), 70)
    numbers = [round((float(frame.mean()) - 20) / 7) for frame in frames]
    assert numbers == [*range(30), *range(28, -1, -1), *range(1, 12)]
