"""How well speakers are told apart: python benchmarks/speakers.py VOICES, a folder of one-speaker recordings.

Two voices take turns of 1.5 to 4 s with short pauses. The diarisation error rate is missed speech, speech
heard where nobody speaks, and speech given to the wrong speaker, as shares of all speech; 0.25 s around the
begin and end of each turn do not count, and pauses within a turn are nobody's.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import Report
from mixtures import NOBODY, RATE, STEP, read_voices, take_turns

import sonic

if TYPE_CHECKING:
    import numpy.typing as npt
    from mixtures import Dialogue

    from sonic.hearing import AudioReport

    Labels = npt.NDArray[np.int64]

COLLAR = 0.25  # seconds


def judged(dialogue: Dialogue) -> npt.NDArray[np.bool_]:
    """Which frames of 10 ms are far enough from the ends of turns to count."""
    counts, reach = np.ones(len(dialogue.speaking), bool), round(COLLAR * RATE / STEP)
    for edge in dialogue.edges:
        counts[max(0, edge - reach) : edge + reach] = False
    return counts


def found_labels(report: AudioReport, length: int) -> Labels:
    """Who was heard in each frame."""
    labels = np.full(length, NOBODY)
    for turn in report.turns:
        labels[round(turn.start * RATE / STEP) : round(turn.end * RATE / STEP)] = turn.speaker - 1
    return labels


def errors(real: Labels, found: Labels) -> dict[str, float]:
    """The parts of the diarisation error rate; the speakers found get the names that fit best."""
    numbers = range(max(2, found.max() + 1))
    speech = (real != NOBODY).sum()
    right = max(
        sum(int(((real == voice) & (found == number)).sum()) for voice, number in enumerate(names))
        for names in itertools.permutations(numbers, 2)
    )
    both = ((real != NOBODY) & (found != NOBODY)).sum()
    return {
        "missed": float(((real != NOBODY) & (found == NOBODY)).sum() / speech),
        "false alarm": float(((real == NOBODY) & (found != NOBODY)).sum() / speech),
        "confusion": float((both - right) / speech),
    }


def judge(names: tuple[str, str], dialogue: Dialogue) -> dict[str, object]:
    """One row: a mixture, what was found in it, and what is wrong with that."""
    started = time.process_time()
    report = sonic.inspect_audio((dialogue.sound, RATE))
    seconds = time.process_time() - started
    counts, found = judged(dialogue), found_labels(report, len(dialogue.speaking))
    wrong = errors(dialogue.speaking[counts], found[counts])
    return {
        "mixture": " + ".join(names),
        "seconds": report.duration,
        "turns": len(dialogue.edges) // 2,
        "speakers": len(report.speakers),
        **{name: 100 * value for name, value in wrong.items()},
        "error rate %": 100 * sum(wrong.values()),
        "CPU s per minute": 60 * seconds / report.duration,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", type=Path, help="folder of recordings, each of another person")
    parser.add_argument("--leave-out", nargs="*", default=[], help="names of recordings that are no speech")
    parser.add_argument("--count", type=int, default=16, help="mixtures (%(default)s)")
    parser.add_argument("--seed", type=int, default=3, help="of pairs and turns (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    arguments = parser.parse_args()

    voices = read_voices(arguments.voices, 60.0)
    usable = [name for name, sound in voices.items() if len(sound) > 7 * RATE]
    pairs = list(itertools.combinations([name for name in usable if name not in arguments.leave_out], 2))
    rng = np.random.default_rng(arguments.seed)
    chosen = [pairs[k] for k in rng.permutation(len(pairs))[: arguments.count]]
    rows = [judge(pair, take_turns([voices[name] for name in pair], rng)) for pair in chosen]
    mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != "mixture"}
    settings = {"seed": arguments.seed, "collar": f"{COLLAR} s"}
    Report("Two speakers in turn", settings, [*rows, {"mixture": "mean", **mean}]).show(
        as_json=arguments.json
    )


if __name__ == "__main__":
    main()
