"""Motion out of speech: a flow solved window by window, seamless over any length and in constant memory."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.errors import WeightsError
from sonic.inference import Network
from sonic.motion.controls import apply, scale_opening
from sonic.motion.easing import ramp
from sonic.motion.pauses import speaking
from sonic.motion.probe import CLOSING, FEATURES_PER_FRAME, MOUTH, LipProbe
from sonic.motion.solver import Problem, Solver
from sonic.motion.space import MotionSpace
from sonic.motion.stream import MadeBlock
from sonic.motion.sync import SyncTowers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sonic.motion.controls import Controls
    from sonic.motion.head import Array

FORMAT = 1
_NOISE_BLOCK = 64  # frames whose noise is drawn together
_WIDE_OPEN = 0.05  # IOD; from this lip opening on, the probe has its full share
_SHORTEST_WINDOW = 24  # frames; the networks never saw less


@dataclass(frozen=True)
class SamplerConfig:
    """How windows are cut and how freely each kind of motion varies; stored beside the weights.

    Attributes:
        window: frames solved at once.
        context: frames of them that are already known from the window before.
        lookahead: frames of them that are only there so that the frames before hear what follows.
        guidance: how strongly speech is followed, 1 = as learned; more costs twice the time.
        temperature: per group of motion, how much of the learned variety is used, 1 = all of it.
        style: how far the mouth opens and how much the head moves, in spreads around the average speaker.
        listening: share of the linear probe in lip opening, mouth width and jaw drop. The probe errs in other
            places than the flow, so that the two together follow the sound more closely than either.
    """

    window: int = 150
    context: int = 30
    lookahead: int = 12
    guidance: float = 1.0
    temperature: dict[str, float] | None = None
    style: tuple[float, ...] = (0.0, 0.0)
    listening: float = 0.0

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SamplerConfig:
        """From parsed JSON; raises TypeError for unknown names."""
        return cls(**values | ({"style": tuple(values["style"])} if "style" in values else {}))

    @property
    def hop(self) -> int:
        """Frames that a window adds."""
        return self.window - self.context - self.lookahead


class MotionSampler:
    """A trained motion model.

    Its folder holds `config.json`, `trunk.onnx`, `motion.onnx`, `space.safetensors`, `probe.safetensors` and
    perhaps `student.onnx`, which takes over for as few steps as it was made for.
    """

    def __init__(self, folder: Path, *, device: str = "cpu", threads: int = 1) -> None:
        self.space = MotionSpace.load(folder / "space.safetensors")
        self.config = read_config(folder / "config.json")
        self._probe = LipProbe.load(folder / "probe.safetensors")
        self._trunk = Network(folder / "trunk.onnx", device=device, threads=threads)
        self.solver = Solver(folder, device=device, threads=threads)
        self._temperature = self._per_number(self.config.temperature or {})

    def with_config(self, config: SamplerConfig) -> MotionSampler:
        """The same networks, sampled in another way."""
        other = copy(self)
        other.config = config
        other._temperature = other._per_number(config.temperature or {})  # noqa: SLF001 - one of us
        return other

    def stream(
        self,
        features: Iterable[Array],
        *,
        frames: int,
        seed: int,
        steps: int,
        controls: Controls | None = None,
    ) -> Iterator[Array]:
        """Motion vectors at 25 frames a second, in blocks [n, dim] that add up to `frames`.

        Args:
            features: blocks [n, F] of speech features at 50 Hz; held at the end if they run out.
            frames: how many to make.
            seed: the same seed gives the same motion.
            steps: solver steps; each costs one pass of the network.
            controls: how to change the motion; as it comes if not given.
        """
        blocks = self._blocks(FeatureBuffer(features), frames, seed, steps)
        if controls is None:
            return (block.motion for block in blocks)
        return apply(blocks, controls, self.space, self.towers if controls.lip_sync else None)

    @cached_property
    def towers(self) -> SyncTowers:
        """What times lips: the sync network that comes with the package."""
        return SyncTowers.shipped()

    def _blocks(self, sound: FeatureBuffer, frames: int, seed: int, steps: int) -> Iterator[MadeBlock]:
        known = np.zeros((0, self.space.dim), np.float32)
        tail = known
        position = 0
        while position < frames:
            end = min(position + self.config.hop + self.config.lookahead, frames)
            start, past = position - len(known), len(known)
            features = sound.take(start, end)
            noise = frame_noise(seed, start, max(end, start + _SHORTEST_WINDOW), self.space.dim)
            window = self._solve(features, known, noise * self._temperature, steps)[past:]
            count = end - position if end == frames else self.config.hop
            fresh = crossfade(tail, window[:count])
            heard = self._probe.read(features)
            spoken = speaking(heard[:, 0])[past : past + count]
            heard = heard[past : past + count]
            motion = self._listen(fresh * self.space.spread + self.space.mean, heard[:, :MOUTH])
            speech = features[past * FEATURES_PER_FRAME :][: count * FEATURES_PER_FRAME]
            yield MadeBlock(scale_opening(motion, spoken, self.space), heard[:, CLOSING], speech)
            tail = window[count:]
            known = np.concatenate([known, fresh])[-self.config.context :]
            position += count
            sound.forget(position - len(known))

    def _listen(self, motion: Array, heard: Array) -> Array:
        """Motion [n, dim] whose mouth is drawn towards what the probe heard, [n, 3], by the least change.

        A line never quite reaches a closed mouth, so lips that the flow closes stay closed.
        """
        mouth, readout = self.space.groups["mouth"], self.space.mouth_readout()
        made = motion[:, mouth] @ readout
        missing = self.config.listening * (heard - made)
        missing[:, 0] *= ramp(made[:, 0], 0.0, _WIDE_OPEN)
        motion[:, mouth] += missing @ np.linalg.pinv(readout)
        return motion

    def _solve(self, features: Array, known: Array, noise: Array, steps: int) -> Array:
        """Normalised motion [T, dim] for the features [2 T, F] of one window whose first frames are known.

        The noise may be longer than the sound; the sound is then held.
        """
        length, guidance = len(features) // FEATURES_PER_FRAME, self.config.guidance
        missing = len(noise) - length
        features = np.pad(features, ((0, missing * FEATURES_PER_FRAME), (0, 0)), mode="edge")
        speech = self._trunk(features[None].astype(np.float32))[0]
        problem = Problem(
            speech=speech if guidance == 1 else np.concatenate([speech, self._silence(speech)]),
            known=np.pad(known, ((0, length + missing - len(known)), (0, 0))),
            is_known=(np.arange(length + missing) < len(known)).astype(np.float32)[:, None],
            style=self._style(),
            guidance=guidance,
        )
        return self.solver.solve(noise, problem, steps)[:length]

    def _silence(self, speech: Array) -> Array:
        """The condition that stands for "no speech given", shaped like the trunk's output."""
        vector = np.array(json.loads(self._trunk.metadata["silence"]), np.float32)
        silence: Array = np.broadcast_to(vector, speech.shape)
        return silence

    def _style(self) -> Array:
        style = np.array(self.config.style, np.float32)
        return np.concatenate([style, np.ones_like(style)])

    def _per_number(self, groups: dict[str, float]) -> Array:
        values = np.ones(self.space.dim, np.float32)
        for name, value in groups.items():
            values[self.space.groups[name]] = value
        return values


class FeatureBuffer:
    """Speech features by video frame out of a stream of blocks, holding only what is still needed."""

    def __init__(self, blocks: Iterable[Array]) -> None:
        self._blocks = iter(blocks)
        self._held: Array | None = None
        self._first = 0  # feature index of the first row held

    def take(self, start: int, end: int) -> Array:
        """Features [2 (end - start), F] of frames start..end; the last row is held past the end."""
        begin, stop = (frame * FEATURES_PER_FRAME - self._first for frame in (start, end))
        while self._held is None or len(self._held) < stop:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held = block if self._held is None else np.concatenate([self._held, block])
        assert self._held is not None, "there is at least one block of speech features"
        assert len(self._held), "speech features are never empty"
        return self._held[np.minimum(np.arange(begin, stop), len(self._held) - 1)]

    def forget(self, start: int) -> None:
        """Let go of everything before frame `start`, except the last row."""
        if self._held is not None:
            drop = min(start * FEATURES_PER_FRAME - self._first, len(self._held) - 1)
            self._held = self._held[max(0, drop) :]
            self._first += max(0, drop)


def frame_noise(seed: int, start: int, end: int, dim: int) -> Array:
    """Gaussian noise [end - start, dim] that depends on the seed and each frame's number only."""
    blocks = range(start // _NOISE_BLOCK, (end - 1) // _NOISE_BLOCK + 1)
    drawn = [
        np.random.default_rng([seed, block]).standard_normal((_NOISE_BLOCK, dim), np.float32)
        for block in blocks
    ]
    first = start - blocks.start * _NOISE_BLOCK
    return np.concatenate(drawn)[first : first + end - start]


def crossfade(tail: Array, fresh: Array) -> Array:
    """`fresh` [n, dim], begun with what the window before had in mind for the same frames, [m, dim]."""
    length = min(len(tail), len(fresh))
    # Eased at both ends: a straight fade bends the path of a calm head where it starts and stops.
    share = ramp(np.arange(1, length + 1, dtype=np.float32), 0, length + 1)[:, None]
    faded = tail[:length] * (1 - share) + fresh[:length] * share
    return np.concatenate([faded, fresh[length:]])


def read_config(path: Path) -> SamplerConfig:
    """The sampler's part of a model's `config.json`; raises WeightsError when it is damaged or too new."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version, values = content["format"], content["sampler"]
        if version == FORMAT:
            return SamplerConfig.from_dict(values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{path.name} of the model is damaged ({error}); install the model again."
        ) from error
    raise WeightsError(f"The model has format {version}, this Sonic reads {FORMAT}; get a matching model.")
