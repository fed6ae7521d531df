"""What noise costs the lips, and what denoising brings back: benchmarks/noise.py VOICES [--clips DATA].

VOICES is a folder of clean recordings, DATA what `sonic train prepare` wrote. For every kind and loudness of
noise, the table shows how the lip opening made from the mixture correlates with the one made from clean sound
(same seed); with DATA also its correlation with the real lips of the dev split, as a share of what clean
sound gets.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import Report
from mixtures import KINDS, RATE, make_noise, mix, read_voices

from sonic.clips import SAMPLES_PER_FRAME, load_clips
from sonic.config import GenerateConfig
from sonic.driver import Driver
from sonic.hub import find_model
from sonic.media.audio import AudioSource
from sonic.motion.controls import Controls
from sonic.motion.sampler import MotionSampler
from sonic.speech.encoder import SpeechEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from mixtures import Sound

    from sonic.clips import Clip

    Opening = npt.NDArray[np.float32]

SEED = 1
CHOICES = ("off", "on", "auto")
_LONG_ENOUGH = 60  # frames; the correlation of a shorter clip is a matter of luck


@dataclass(frozen=True)
class Lips:
    """A model that opens its mouth to any sound."""

    sampler: MotionSampler
    encoder: SpeechEncoder
    steps: int

    def follow(self, sound: Sound, denoise: str) -> Opening:
        """Lip opening [T] at 25 frames a second."""
        driver = driver_of(sound, denoise)
        frames = len(sound) // SAMPLES_PER_FRAME
        features = driver.features(self.encoder, len(sound) / RATE)
        blocks = self.sampler.stream(
            features, frames=frames, seed=SEED, steps=self.steps, controls=Controls()
        )
        return self.sampler.space.opening(np.concatenate(list(blocks)))


def driver_of(sound: Sound, denoise: str) -> Driver:
    """What `generate` would listen to."""
    audio = AudioSource.open((sound, RATE))
    return Driver.of(audio, audio.probe(), GenerateConfig(denoise=denoise))


def measure(
    lips: Lips, sound: Sound, others: list[Sound], ratios: list[float], truth: Opening | None
) -> Iterator[tuple[tuple[str, float], dict[str, float]]]:
    """Kind and ratio of every mixture of one recording, with what was measured by name."""
    clean = lips.follow(sound, "off")
    mixtures = {
        (kind, ratio): mix(sound, make_noise(kind, len(sound), others, SEED), ratio)
        for kind in KINDS
        for ratio in ratios
    }
    for place, mixture in {("none", np.inf): sound, **mixtures}.items():
        made = {choice: lips.follow(mixture, choice) for choice in ("off", "on")}
        cleaned = driver_of(mixture, "auto").denoised
        made["auto"] = made["on" if cleaned else "off"]
        found = {"cleaned": float(cleaned)}
        for choice, opening in made.items():
            found[f"like clean, {choice}"] = correlation(opening, clean)
            if truth is not None:
                found[f"like real, {choice}"] = correlation(opening, truth)
        yield place, found


def correlation(made: Opening, wanted: Opening) -> float:
    """Pearson's, over the frames that both have."""
    length = min(len(made), len(wanted))
    return float(np.corrcoef(made[:length], wanted[:length])[0, 1])


def clips_of(folder: Path, longest: float, count: int) -> Iterator[tuple[Sound, Clip]]:
    """Some clips of the dev split, at most two a person, with the sound that belongs to their motion."""
    people: dict[str, int] = defaultdict(int)
    chosen = []
    for clip in load_clips(folder, "dev", augmented=False):
        people[clip.person] += 1
        if len(clip.motion) >= _LONG_ENOUGH and people[clip.person] <= 2:
            chosen.append(clip)
    for clip in chosen[:: max(1, len(chosen) // count)][:count]:
        first = round(clip.start * SAMPLES_PER_FRAME)
        sound = np.pad(np.asarray(clip.sound), (max(0, -first), 0))[max(0, first) :]
        yield sound[: min(round(longest * RATE), len(clip.motion) * SAMPLES_PER_FRAME)], clip


def tabulate(found: dict[tuple[str, float], list[dict[str, float]]]) -> list[dict[str, object]]:
    """One row a mixture, means over all recordings; what is like real lips, as a share of clean sound."""
    base = np.mean(
        [values["like real, off"] for values in found["none", np.inf] if "like real, off" in values]
    )
    rows = []
    for (kind, ratio), measured in found.items():
        row: dict[str, object] = {"noise": kind, "dB": "" if np.isinf(ratio) else f"{ratio:g}"}
        for name in sorted({name for values in measured for name in values}, key=_order):
            mean = float(np.mean([values[name] for values in measured if name in values]))
            row[name.replace("like real", "share of real")] = mean / base if "real" in name else mean
        rows.append(row)
    return rows


def _order(name: str) -> tuple[int, int]:
    choice = name.rpartition(" ")[2]
    return ("like clean" in name) + 2 * (name == "cleaned"), CHOICES.index(choice) if choice in CHOICES else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", type=Path, help="folder of clean recordings")
    parser.add_argument("--clips", type=Path, help="folder of prepared clips, for the real lips")
    parser.add_argument("--ratios", type=float, nargs="+", default=[0, 5, 10, 20], help="dB (%(default)s)")
    parser.add_argument("--count", type=int, default=10, help="recordings and clips each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each at most (%(default)s)")
    parser.add_argument("--steps", type=int, default=12, help="solver steps (%(default)s)")
    parser.add_argument("--model", default="sonic-base", help="name or folder (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    arguments = parser.parse_args()

    lips = Lips(MotionSampler(find_model(arguments.model)), SpeechEncoder(), arguments.steps)
    voices = read_voices(arguments.voices, 15.0)
    length = round(arguments.seconds * RATE)
    found: dict[tuple[str, float], list[dict[str, float]]] = defaultdict(list)
    for name, voice in list(voices.items())[:: max(1, len(voices) // arguments.count)][: arguments.count]:
        others = [other for key, other in voices.items() if key != name]
        for place, values in measure(lips, voice[:length], others, arguments.ratios, None):
            found[place].append(values)
    if arguments.clips is not None:
        for sound, clip in clips_of(arguments.clips, arguments.seconds, arguments.count):
            truth = lips.sampler.space.opening(clip.motion)
            for place, values in measure(lips, sound, list(voices.values()), arguments.ratios, truth):
                found[place].append(values)
    settings = {"recordings": len(found["none", np.inf]), "steps": arguments.steps, "seed": SEED}
    Report("Lips in noise", settings, tabulate(found)).show(as_json=arguments.json)


if __name__ == "__main__":
    main()
