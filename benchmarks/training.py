"""How fast the motion stage trains, on made-up clips: speed does not depend on what is learned.

Needs the train extra. The steps are real ones, losses, moving average and logs included.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import common
import numpy as np

import sonic
from sonic.clips import Clip
from sonic.motion.space import MotionSpace
from sonic.train.engine import LoopConfig, run
from sonic.train.motion.dataset import Sampler
from sonic.train.motion.network import NetworkConfig
from sonic.train.motion.stage import MotionStage

if TYPE_CHECKING:
    from sonic.train.motion.flow import Batch

CLIPS, FRAMES, FEATURES = 60, 160, 384
WARM = 5  # steps that do not count


class TimedStage(MotionStage):
    """Notes when each step begins and when its batch is ready."""

    def batch(self, step: int) -> Batch:
        self.begun: list[tuple[float, float]] = getattr(self, "begun", [])
        self.ready: list[tuple[float, float]] = getattr(self, "ready", [])
        self.begun.append(_clocks())
        made = super().batch(step)
        self.ready.append(_clocks())
        return made


def _clocks() -> tuple[float, float]:
    """Seconds by the wall and by the processor; the second ignores other programs, and what a GPU does."""
    return time.perf_counter(), time.process_time()


def main() -> None:
    arguments = _parse()
    load = common.load_before()
    rows = [_measure(width, arguments) for width in arguments.width]
    settings = {
        "device": arguments.device,
        "threads": arguments.threads,
        "steps": arguments.steps,
        "batch_scale": arguments.batch_scale,
        "load before": load,
    }
    notes = ["A batch is 48 windows of 34 frames, 24 of 75 or 12 of 150, times batch_scale."]
    common.Report("Training", settings, rows, notes).show(as_json=arguments.json)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, nargs="+", default=[160], help="of the network (%(default)s)")
    parser.add_argument("--steps", type=int, default=60, help="to time (%(default)s)")
    parser.add_argument("--batch-scale", type=float, default=1.0, help="(%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="(%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    return parser.parse_args()


def _measure(width: int, arguments: argparse.Namespace) -> dict[str, float]:
    space = MotionSpace.load(Path(sonic.__file__).parent / "assets" / "sonic-base" / "space.safetensors")
    clips = [_clip(index, space) for index in range(CLIPS)]
    sampler = Sampler(clips, space, seed=common.SEED, batch_scale=arguments.batch_scale)
    config = NetworkConfig(motion_dim=space.dim, feature_dim=FEATURES, width=width)
    stage = TimedStage(config, sampler, clips[:1])
    loop = LoopConfig(
        steps=arguments.steps + WARM,
        threads=arguments.threads,
        device=arguments.device,
        picture_every=0,
        save_every=0,
    )
    with tempfile.TemporaryDirectory() as folder:
        run(stage, loop, Path(folder))
    begun, ready = np.array(stage.begun[WARM:]), np.array(stage.ready[WARM:])
    batch, step = 1e3 * (ready - begun).mean(0), 1e3 * np.diff(begun, axis=0).mean(0)
    return {
        "width": width,
        "million parameters": sum(value.numel() for value in stage.objective.network.parameters()) / 1e6,
        "batch, CPU ms": float(batch[1]),
        "step with batch, CPU ms": float(step[1]),
        "step with batch, ms": float(step[0]),
        "steps a second": float(1e3 / step[0]),
    }


def _clip(index: int, space: MotionSpace) -> Clip:
    rng = np.random.default_rng([common.SEED, index])
    frames = FRAMES if index % 3 else FRAMES // 4
    motion = (rng.normal(size=(frames, space.dim)) * space.spread + space.mean).astype(np.float32)
    features = rng.normal(size=(2 * frames + 20, FEATURES)).astype(np.float32)
    return Clip(str(index), str(index % 10), "made up", motion, {"clean": features}, {"clean": 1.0}, 0.0)


if __name__ == "__main__":
    main()
