from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from sonic.errors import ExportError
from sonic.inference import Network
from sonic.train.engine import seeded
from sonic.train.export.onnx_file import TOLERANCE, export_onnx


class TwoHeads(nn.Module):
    """Pictures and times in, two answers out."""

    def __init__(self):
        super().__init__()
        self.picture = nn.Conv2d(3, 8, 3, padding=1)
        self.words = nn.Sequential(nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 32))

    def forward(self, picture, words):
        return self.picture(picture), self.words(words)


@pytest.fixture(scope="module")
def module():
    with seeded(0):
        return TwoHeads().eval()


def inputs(frames, clips=2):
    with seeded(frames):
        return {"picture": torch.randn(clips, 3, 8, 8), "words": torch.randn(clips, frames, 32)}


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_every_precision_says_the_same_on_other_lengths(module, tmp_path, precision):
    path = tmp_path / "model" / "heads.onnx"
    parity = export_onnx(
        module,
        inputs(10),
        path,
        precision=precision,
        outputs=("painted", "said"),
        check=inputs(17, clips=3),
        notes={"made": "for a test"},
    )
    assert 0 <= parity.error < TOLERANCE[precision]
    network = Network(path)
    assert network.input_names == ("picture", "words")
    assert network.output_names == ("painted", "said")
    assert network.metadata == {"made": "for a test"}
    assert b".py" not in path.read_bytes()
    assert [file.name for file in path.parent.iterdir()] == ["heads.onnx"]


def test_fewer_bits_make_smaller_files(module, tmp_path):
    sizes = []
    for precision in ("fp32", "fp16", "int8"):
        path = tmp_path / f"{precision}.onnx"
        export_onnx(module, inputs(10), path, precision=precision, outputs=("painted", "said"))
        sizes.append(path.stat().st_size)
    assert sizes == sorted(sizes, reverse=True)


def test_weights_that_half_precision_cannot_hold_are_refused(tmp_path):
    module = nn.Linear(32, 32)
    with torch.no_grad():
        module.weight.fill_(1e-9)
        module.bias.zero_()
    words = {
        "words": torch.from_numpy(np.random.default_rng(0).normal(size=(2, 4, 32)).astype(np.float32) * 1e4)
    }
    with pytest.raises(ExportError, match="higher --precision"):
        export_onnx(module, words, tmp_path / "model.onnx")
