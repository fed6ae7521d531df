from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def clip(model, portrait_path, speech_path, tmp_path_factory):
    """Two seconds of the example portrait that talks and moves its head, at 20 frames a second."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    options = {"duration": 2.0, "crop": "face", "min_resolution": 320, "inference_steps": 2, "seed": 3}
    video = model.generate(audio=speech_path, image=portrait_path, fps=20, motion_scale=1.5, **options)
    return video.export(path)
