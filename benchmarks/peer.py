"""Sonic against a network of Wav2Lip's shape on the same cores, taking turns in one process.

The peer's figure is its network alone on 96x96 pixels: no face detection, no mel spectrogram, no pasting
back. Ours is everything from the sound to the finished frame, the encoder aside. Needs the `train` extra.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import common
import cv2

import sonic

try:
    import torch
    from wav2lip_shape import FACE, MEL_BANDS, MEL_FRAMES, PARAMETERS, Wav2LipShape, count_parameters
except ImportError:
    sys.exit("This benchmark runs its peer in PyTorch: install it with pip install '.[train]'.")

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

BATCHES = (1, 8)
PEER_FRAMES = 16  # in each turn of each batch size


@dataclass
class Turns:
    """Milliseconds per frame of one contestant, turn by turn."""

    name: str
    turn: Callable[[], int]
    figures: list[float] = field(default_factory=list)

    def take(self) -> None:
        """Run once; the first call only warms up and is dropped by the caller."""
        started = time.perf_counter()
        frames = self.turn()
        self.figures.append(1e3 * (time.perf_counter() - started) / frames)


def main() -> None:
    arguments = _parse()
    load = common.load_before()
    _use_threads(arguments.threads)
    network = _peer()
    with tempfile.TemporaryDirectory() as folder, common.serial_pipeline(), torch.inference_mode():
        audio = common.looped_speech(Path(folder), arguments.seconds)
        model = sonic.load_model(arguments.model)
        ours = [_ours(model, audio, resolution) for resolution in arguments.resolution]
        peers = [_peer_turns(network, batch) for batch in BATCHES]
        for round_number in range(arguments.rounds + 1):
            for contestant in (*ours, *peers):
                contestant.take()
                if round_number == 0:
                    contestant.figures.clear()
    settings = {
        "torch": torch.__version__,
        "threads": f"{arguments.threads} for torch and OpenCV; Sonic's networks use 1",
        "peer": f"{count_parameters(network) / 1e6:.1f} M parameters, {FACE}x{FACE}, random weights, float32",
        "rounds": f"{arguments.rounds}, after one to warm up",
        "ours": f"{arguments.seconds:g} s of audio, {common.STEPS} steps: features, motion and drawing",
        "load before": load,
    }
    report = common.Report("Against a Wav2Lip-shaped network", settings, _rows(ours, peers))
    report.show(as_json=arguments.json)


def _parse() -> argparse.Namespace:
    parser = common.options(__doc__, seconds=6.4, resolutions=(512,))
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="cores to use (%(default)s)")
    return parser.parse_args()


def _use_threads(count: int) -> None:
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
    torch.set_flush_denormal(True)  # random weights make denormal numbers, which are slow and unfair


def _peer() -> Wav2LipShape:
    torch.manual_seed(common.SEED)
    network = Wav2LipShape().eval()
    parameters = count_parameters(network)
    assert abs(parameters / PARAMETERS - 1) < 0.02, f"the peer has {parameters} parameters"
    return network


def _peer_turns(network: Wav2LipShape, batch: int) -> Turns:
    mel = torch.rand(batch, 1, MEL_BANDS, MEL_FRAMES)
    faces = torch.rand(batch, 6, FACE, FACE)

    def turn() -> int:
        for _ in range(PEER_FRAMES // batch):
            network(mel, faces)
        return PEER_FRAMES

    return Turns(f"Wav2Lip's shape, 96x96, batch {batch}", turn)


def _ours(model: sonic.Model, audio: Path, resolution: int) -> Turns:
    video = common.generate(model, audio, resolution)
    return Turns(f"Sonic, {resolution}x{resolution}", lambda: sum(1 for _ in video.frames()))


def _rows(ours: list[Turns], peers: list[Turns]) -> list[dict[str, Any]]:
    """One row for each contestant, with its time as a multiple of each of ours."""
    rows = []
    for contestant in (*ours, *peers):
        middle = statistics.median(contestant.figures)
        ratios = {f"x {own.name}": middle / statistics.median(own.figures) for own in ours}
        rows.append(
            {
                "what": contestant.name,
                "ms a frame (min / median)": common.low_and_middle(contestant.figures, 1),
                "frames/s (median)": 1e3 / middle,
                **ratios,
            }
        )
    return rows


if __name__ == "__main__":
    main()
