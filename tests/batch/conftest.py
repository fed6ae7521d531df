from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from sonic.batch.folder import read_folder
from sonic.batch.tasks import Order, plan

QUICK = {"preset": "preview", "crop": "face", "inference_steps": 2, "fps": 10, "duration": 0.5}
FLAGS = [
    "--preset",
    "preview",
    "--crop",
    "face",
    "--inference-steps",
    "2",
    "--fps",
    "10",
    "--duration",
    "0.5",
]


@pytest.fixture(scope="session")
def quick_flags():
    return FLAGS


@pytest.fixture
def folder(tmp_path, portrait_path, wav, tone):
    """One portrait and two recordings."""
    source = tmp_path / "in"
    source.mkdir()
    shutil.copy(portrait_path, source / "anna.jpg")
    for name, hertz in (("high", 300.0), ("low", 150.0)):
        (source / f"{name}.wav").write_bytes(wav(tone(0.6, hertz=hertz)))
    return source


@pytest.fixture(scope="session")
def lines():
    """The outcomes in a folder's `results.jsonl`."""

    def read(folder, name="results.jsonl"):
        return [json.loads(line) for line in (folder / name).read_text().splitlines()]

    return read


@pytest.fixture
def order(tmp_path):
    return Order(tmp_path / "out", dict(QUICK), "mp4", "0" * 64)


@pytest.fixture
def tasks(folder, order):
    """Tasks for the items of `folder`."""
    order.folder.mkdir()
    return plan(read_folder(folder)[0], order).tasks


@pytest.fixture
def long_folder(folder, wav, tone):
    """The same with a third recording that takes a long time."""
    noise = np.random.default_rng(0).normal(0, 0.02, 16_000 * 120).astype(np.float32)
    (folder / "zz.wav").write_bytes(wav(tone(120.0) * 0.5 + noise))
    return folder
