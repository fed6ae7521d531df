"""Says who speaks when: pieces of speech whose voices are alike belong to one speaker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sonic.speech.activity import Span
    from sonic.speech.voices import Pieces

ALIKE = 0.6  # mean cosine of two groups of pieces from which on they are one speaker
MOST_GROUPS = 400  # that are compared with each other, whatever the length of the recording
LEAST_SHARE, LEAST_SECONDS = 0.04, 1.2  # of all speech, and at all, that make a speaker of a group
_SWITCH, _SWITCH_AT_PAUSE = 0.25, 0.05  # cosine that a change of speaker must bring, and after a pause


@dataclass(frozen=True)
class Turn:
    """A stretch in which one speaker speaks: number, 1 for who speaks most, begin and end in seconds."""

    speaker: int
    start: float
    end: float


def find_turns(pieces: Pieces, spans: Sequence[Span]) -> tuple[Turn, ...]:
    """The turns of all speakers in order; every stretch of speech in `spans` is somebody's.

    Overlapping speech goes to the louder voice.
    """
    if not len(pieces.starts):
        return tuple(Turn(1, span.start, span.end) for span in spans)
    labels = smoothed(pieces, centroids(pieces, group(pieces)))
    turns = list(_joined(_labelled(pieces, labels, spans)))
    return tuple(_by_length(turns))


def group(pieces: Pieces) -> NDArray[np.int64]:
    """A number for each piece, alike for alike voices, [n], by agglomerative clustering with mean linkage."""
    owners = _neighbourhoods(pieces)
    sizes = np.bincount(owners).astype(np.float64)
    sums = np.zeros((len(sizes), pieces.voices.shape[1]))
    np.add.at(sums, owners, pieces.voices)
    names = np.arange(len(sizes))
    while len(sizes) > 1:
        likeness = (sums @ sums.T) / np.outer(sizes, sizes)
        np.fill_diagonal(likeness, -1)
        first, second = sorted(np.unravel_index(int(likeness.argmax()), likeness.shape))
        if likeness[first, second] < ALIKE:
            break
        sums[first] += sums[second]
        sizes[first] += sizes[second]
        sums, sizes = np.delete(sums, second, 0), np.delete(sizes, second)
        names[names == second] = first
        names[names > second] -= 1
    return names[owners]


def centroids(pieces: Pieces, groups: NDArray[np.int64]) -> NDArray[np.float32]:
    """Unit vectors [speakers, 256] of the groups that are long enough to be speakers; one at least."""
    lengths = np.bincount(groups, weights=pieces.ends - pieces.starts)
    least = max(LEAST_SECONDS, LEAST_SHARE * float(lengths.sum()))
    chosen = np.flatnonzero(lengths >= min(least, lengths.max()))
    means = np.stack([pieces.voices[groups == number].mean(axis=0) for number in chosen])
    units: NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
    return units


def smoothed(pieces: Pieces, speakers: NDArray[np.float32]) -> NDArray[np.int64]:
    """The speaker of each piece, [n]: the likeliest sequence when changes must be worth it (Viterbi)."""
    likeness = pieces.voices @ speakers.T
    best, origins = likeness[0].astype(np.float64), []
    for index in range(1, len(likeness)):
        pause = pieces.spans[index] != pieces.spans[index - 1]
        changed = best.max() - (_SWITCH_AT_PAUSE if pause else _SWITCH)
        origins.append(np.where(best >= changed, np.arange(len(best)), best.argmax()))
        best = np.maximum(best, changed) + likeness[index]
    path = [int(best.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1])


def _neighbourhoods(pieces: Pieces) -> NDArray[np.int64]:
    """Numbers of at most about `MOST_GROUPS` groups of successive pieces of one stretch, [n]."""
    size = -(-len(pieces.starts) // MOST_GROUPS)
    first = np.r_[0, np.flatnonzero(np.diff(pieces.spans)) + 1]
    place = np.arange(len(pieces.spans)) - np.repeat(first, np.diff(np.r_[first, len(pieces.spans)]))
    return np.cumsum(place % size == 0) - 1


def _labelled(pieces: Pieces, labels: NDArray[np.int64], spans: Sequence[Span]) -> Iterator[Turn]:
    """Turns of the pieces; stretches too short to have pieces go to the speaker of the nearest one."""
    middles = (pieces.starts + pieces.ends) / 2
    for number, span in enumerate(spans):
        own = np.flatnonzero(pieces.spans == number)
        if len(own):
            yield from (Turn(int(labels[k]), float(pieces.starts[k]), float(pieces.ends[k])) for k in own)
        else:
            nearest = int(np.abs(middles - (span.start + span.end) / 2).argmin())
            yield Turn(int(labels[nearest]), span.start, span.end)


def _joined(turns: Iterator[Turn]) -> Iterator[Turn]:
    """The same, with what touches and has one speaker as one."""
    held: Turn | None = None
    for turn in turns:
        if held is not None and turn.speaker == held.speaker and turn.start - held.end < 1e-6:
            held = Turn(held.speaker, held.start, turn.end)
            continue
        if held is not None:
            yield held
        held = turn
    if held is not None:
        yield held


def _by_length(turns: list[Turn]) -> Iterator[Turn]:
    """The same, with speakers numbered from 1 by how long they speak."""
    seconds: dict[int, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.end - turn.start
    ranking = sorted(seconds, key=lambda speaker: -seconds[speaker])
    yield from (Turn(ranking.index(turn.speaker) + 1, turn.start, turn.end) for turn in turns)
