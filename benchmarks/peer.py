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
class Contestant:
    """Milliseconds per frame, turn by turn: by the clock, and of all cores together."""

    name: str
    turn: Callable[[], int]  # draws some frames and says how many
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take_turn(self) -> None:
        """Run once and note the figures."""
        wall, cpu = time.perf_counter(), time.process_time()
        frames = self.turn()
        self.wall.append(1e3 * (time.perf_counter() - wall) / frames)
        self.cpu.append(1e3 * (time.process_time() - cpu) / frames)


def main() -> None:
    arguments = _parse()
    load = common.load_before()
    _use_threads(arguments.threads)
    network = _peer()
    with tempfile.TemporaryDirectory() as folder, common.serial_pipeline(), torch.inference_mode():
        audio = common.looped_speech(Path(folder), arguments.seconds)
        model = sonic.load_model(arguments.model)
        ours = [_ours(model, audio, resolution) for resolution in arguments.resolution]
        peers = [_theirs(network, batch) for batch in BATCHES]
        compete([*ours, *peers], arguments.rounds)
    settings = {
        "torch": torch.__version__,
        "threads": f"{arguments.threads} for torch and OpenCV; Sonic's networks use 1",
        "peer": f"{count_parameters(network) / 1e6:.1f} M parameters, {FACE}x{FACE}, random weights, float32",
        "rounds": f"{arguments.rounds}, after one to warm up",
        "ours": f"{arguments.seconds:g} s of audio, {common.STEPS} steps: features, motion and drawing",
        "load before": load,
    }
    note = (
        "PyTorch's threads wait for each other: where other programs take part of the cores, the peer "
        "loses far more than they take, and only `--threads 1` compares fairly."
    )
    report = common.Report("Against a Wav2Lip-shaped network", settings, _rows(ours, peers), [note])
    report.show(as_json=arguments.json)


def compete(contestants: list[Contestant], rounds: int) -> None:
    """Let everyone take turns, so that whatever else the machine does hits all alike; one more to warm up."""
    for contestant in contestants:
        contestant.turn()
    for _ in range(rounds):
        for contestant in contestants:
            contestant.take_turn()


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
    network: Wav2LipShape = Wav2LipShape().eval()
    parameters = count_parameters(network)
    assert abs(parameters / PARAMETERS - 1) < 0.02, f"the peer has {parameters} parameters"
    return network


def _theirs(network: Wav2LipShape, batch: int) -> Contestant:
    mel = torch.rand(batch, 1, MEL_BANDS, MEL_FRAMES)
    faces = torch.rand(batch, 6, FACE, FACE)

    def turn() -> int:
        for _ in range(PEER_FRAMES // batch):
            network(mel, faces)
        return PEER_FRAMES

    return Contestant(f"Wav2Lip's shape, 96x96, batch {batch}", turn)


def _ours(model: sonic.Model, audio: Path, resolution: int) -> Contestant:
    video = common.generate(model, audio, resolution)
    return Contestant(f"Sonic, {resolution}x{resolution}", lambda: sum(1 for _ in video.frames()))


def _rows(ours: list[Contestant], peers: list[Contestant]) -> list[dict[str, Any]]:
    """One row for each contestant, with its time as a multiple of each of ours."""
    rows = []
    for contestant in (*ours, *peers):
        middle = statistics.median(contestant.wall)
        ratios = {f"times {own.name}": middle / statistics.median(own.wall) for own in ours}
        rows.append(
            {
                "what": contestant.name,
                **common.spread("ms a frame", contestant.wall),
                "CPU ms a frame, median": statistics.median(contestant.cpu),
                "frames/s, median": 1e3 / middle,
                **ratios,
            }
        )
    return rows


if __name__ == "__main__":
    main()
