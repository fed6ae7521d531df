"""The one list of preparation settings: what makes a clip unusable, and how the clips are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sonic.errors import ConfigError
from sonic.motion.space import FRAME_RATE
from sonic.train.prepare.tracks import SHORTEST


def _setting(default: float, help: str) -> Any:  # noqa: A002 - the word for it
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class PrepareSettings:
    """Limits of the quality filters and the form of the output; the command line is derived from it.

    The limits drop what is unusable and nothing else: footage is scarce, and a model that has seen blurred or
    turned faces copes with them. None of them is asked while videos are watched, so that changing one costs
    only the later stages.
    """

    shortest: float = _setting(0.8, "Shortest clip, seconds.")
    longest: float = _setting(60.0, "Longer stretches are cut into equal clips below this, seconds.")
    smallest_face: float = _setting(48.0, "Narrowest face, pixels.")
    least_inside: float = _setting(0.85, "Share of the face that must lie in the picture.")
    least_sharp: float = _setting(0.004, "Lowest sharpness, variance of the Laplacian over variance.")
    largest_yaw: float = _setting(50.0, "Furthest turn to a side, degrees.")
    largest_pitch: float = _setting(40.0, "Furthest turn up or down, degrees.")
    lowest_score: float = _setting(0.7, "Lowest certainty of the landmarks; a covered face scores low.")
    largest_wobble: float = _setting(0.06, "Largest shaking of the landmarks, eye distances a frame.")
    quietest: float = _setting(-55.0, "Lowest loudness of the sound, decibels of full scale.")
    least_rhythm: float = _setting(0.15, "Lowest share of syllables in the loudness; hum and hiss have none.")
    shared_correlation: float = _setting(
        0.2, "Lowest correlation of lips and sound in a source whose clips agree on the offset."
    )
    own_correlation: float = _setting(0.35, "The same for a clip that found its offset by itself.")
    largest_offset: float = _setting(7.0, "Largest offset that is corrected, frames.")
    shard_size: float = _setting(256.0, "Largest shard, megabytes.")
    seed: int = _setting(0, "Of the disturbed sound variants.")

    def __post_init__(self) -> None:
        if self.shortest < SHORTEST / FRAME_RATE:
            raise ConfigError(
                f"shortest is {self.shortest:g} s; faces seen for less than {SHORTEST / FRAME_RATE:g} s "
                "are not followed, so give that or more."
            )
        if self.longest < 2 * self.shortest:
            raise ConfigError(
                f"longest is {self.longest:g} s; "
                f"give twice the shortest clip, {2 * self.shortest:g} s, or more."
            )
        if self.shard_size <= 0:
            raise ConfigError(f"shard_size is {self.shard_size:g} MB; give more than 0, usually 100 to 1000.")
