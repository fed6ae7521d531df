"""Judge finished videos of any system, side by side: what needs no truth, and more beside a real video."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sonic.evaluate import plots
from sonic.evaluate.judge import SHORTEST
from sonic.evaluate.lags import correlation
from sonic.evaluate.lips import amplitude, closures_met, concordance, largest_error, offset
from sonic.evaluate.liveliness import blinks, head_speed, jerk, tremor
from sonic.evaluate.pixels import background_leakage, flicker, mouth_sharpness, upper_face_likeness
from sonic.evaluate.report import number, plain, table
from sonic.evaluate.rest import envelope_agreement, heard_frames, opening_speed, silences
from sonic.evaluate.runs import Outcome, find_judge
from sonic.evaluate.statistics import UNKNOWN
from sonic.evaluate.watching import portrait_face, watch
from sonic.face.topology import CHIN, canonical_vertices
from sonic.motion.eyes import lid_closure
from sonic.motion.head import fit_head, rotation_vectors
from sonic.motion.mouth import lip_opening, mouth_width
from sonic.motion.regions import LIPS, STABLE
from sonic.motion.space import FRAME_RATE
from sonic.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sonic.evaluate.judge import SyncJudge
    from sonic.evaluate.watching import Grey, Watched
    from sonic.motion.head import Array
    from sonic.progress import OnProgress


@dataclass(frozen=True)
class FilmFigures:
    """What a finished video shows; NaN where it cannot be told.

    Attributes:
        seconds: length.
        face_found: share of the frames with a face.
        judge_offset: frames of 40 ms by which the sound comes late, according to the judge of sync.
        judge_confidence: how much better the judge likes that offset than others.
        envelope: best correlation of lip opening with loudness, both at 1 to 10 Hz.
        speed_in_silence: how fast the lips open and close in silence, IOD a second.
        speed_in_speech: the same while somebody speaks.
        opening_spread: standard deviation of lip opening, IOD.
        blinks_per_minute: closures of both lids for 80 to 500 ms.
        blink_seconds: their median length.
        head_speed: mean angular speed over 0.2 s, degrees a second.
        tremor_lips: share of the lip opening's power above 8 Hz.
        tremor_head: the same for the head's rotation.
        jerk_lips: mean third difference of lip opening, IOD a second^3.
        jerk_head: the same for the head's rotation, radians a second^3.
        sharpness: detail of the mouth against that of the eyes, over the portrait's (or own closed mouth's).
        leakage: change outside the face over change inside it.
        flicker: change along the picture's edge beyond what the codec always does, grey levels.
        drift: how far the head's rigid points move in the head frame between beginning and end, IOD.
        likeness: correlation of the upper face with the portrait's or the first frame's, at the same pose.
        opening: correlation of lip opening with the reference video's, zero lag.
        width: the same for mouth width.
        jaw: the same for jaw drop.
        concordance: Lin's concordance of lip opening with the reference's.
        lip_error: lip vertex error over that of a still face.
        amplitude: standard deviation of lip opening over the reference's.
        offset: frames by which the lips come after the reference's.
        closures: share of the reference's closures met.
        true_closures: share of the video's closures that are the reference's too.
    """

    seconds: float
    face_found: float
    judge_offset: float
    judge_confidence: float
    envelope: float
    speed_in_silence: float
    speed_in_speech: float
    opening_spread: float
    blinks_per_minute: float
    blink_seconds: float
    head_speed: float
    tremor_lips: float
    tremor_head: float
    jerk_lips: float
    jerk_head: float
    sharpness: float
    leakage: float
    flicker: float
    drift: float
    likeness: float
    opening: float = UNKNOWN
    width: float = UNKNOWN
    jaw: float = UNKNOWN
    concordance: float = UNKNOWN
    lip_error: float = UNKNOWN
    amplitude: float = UNKNOWN
    offset: float = UNKNOWN
    closures: float = UNKNOWN
    true_closures: float = UNKNOWN


@dataclass(frozen=True)
class Seen:
    """A watched video's face in numbers at 25 a second.

    Attributes:
        watched: what was seen.
        points: the face in the head frame, IOD, [T, 478, 3].
        readings: lip opening (shut is 0), mouth width and chin, IOD, [T, 3].
        rotation: of the head, radians, [T, 3].
        lids: closure of the right and left eye, [T, 2].
    """

    watched: Watched
    points: Array
    readings: Array
    rotation: Array
    lids: Array

    @classmethod
    def of(cls, watched: Watched) -> Seen:
        """Separate head and face."""
        pose, points = fit_head(watched.landmarks, canonical_vertices())
        opening = lip_opening(points)
        readings = np.stack([opening - np.percentile(opening, 3), mouth_width(points), points[:, CHIN, 1]], 1)
        turned = np.einsum("ij,tik->tjk", pose.rotation[0], pose.rotation)
        return cls(watched, points, readings, rotation_vectors(turned), lid_closure(points))


def judge_films(
    paths: Sequence[Path],
    *,
    audio: Path | None = None,
    reference: Path | None = None,
    portrait: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Judge videos; with a reference, which gets the last row, also against the truth.

    Raises:
        InputError and its children: a file cannot be used.
    """
    judge, notes = find_judge()
    reporter = Reporter(on_progress)
    reporter.begin("films", len(paths) + (reference is not None))
    face = None if portrait is None else portrait_face(portrait)
    truth = None if reference is None else Seen.of(watch(reference, audio))
    rows: dict[str, FilmFigures] = {}
    openings: dict[str, tuple[Array, Array]] = {}
    for done, path in enumerate(paths):
        seen = Seen.of(watch(path, audio))
        figures = measure_film(seen, judge, face)
        name = _unused(path.name, rows)
        rows[name] = figures if truth is None else compare(figures, seen, truth)
        openings[name] = seen.readings[:, 0], _level(seen)[0]
        reporter.step(done + 1)
    if truth is not None and reference is not None:
        rows[f"reference {reference.name}"] = measure_film(truth, judge, face)
    content = {"format": 1, "videos": plain({name: asdict(row) for name, row in rows.items()})}
    return Outcome(film_report(rows), content, (lambda folder: plots.draw_films(openings, folder),), notes)


def measure_film(seen: Seen, judge: SyncJudge | None, face: Grey | None) -> FilmFigures:
    """What needs no truth; `face` is the portrait's upright face."""
    watched, opening = seen.watched, seen.readings[:, :1]
    level, silent = _level(seen)
    speed = opening_speed(opening[:, 0])
    found = blinks(seen.lids)
    late, sure = _judged(seen, judge)
    return FilmFigures(
        seconds=len(watched) / FRAME_RATE,
        face_found=float(watched.found.mean()),
        judge_offset=late,
        judge_confidence=sure,
        envelope=UNKNOWN if watched.sound is None else envelope_agreement(opening[:, 0], level).correlation,
        speed_in_silence=_mean(speed[silent]),
        speed_in_speech=_mean(speed[~silent]),
        opening_spread=float(opening.std()),
        blinks_per_minute=len(found) / (len(watched) / FRAME_RATE / 60),
        blink_seconds=float(np.median(found)) / FRAME_RATE if found else UNKNOWN,
        head_speed=head_speed(seen.rotation, 5),
        tremor_lips=float(tremor(opening)[0]),
        tremor_head=float(tremor(seen.rotation).mean()),
        jerk_lips=jerk(opening),
        jerk_head=jerk(seen.rotation),
        sharpness=mouth_sharpness(watched.faces[watched.found], opening[watched.found, 0], face),
        leakage=background_leakage(watched.changes),
        flicker=flicker(watched.changes),
        drift=shape_drift(seen.points),
        likeness=upper_face_likeness(watched.faces[watched.found], seen.rotation[watched.found], face),
    )


def compare(figures: FilmFigures, seen: Seen, truth: Seen) -> FilmFigures:
    """The same figures with those that need the truth, over the frames that both videos have."""
    length = min(len(seen.points), len(truth.points))
    made, real = seen.readings[:length], truth.readings[:length]
    lips = [_moved(one.points[:length], one.readings[:length, 0]) for one in (seen, truth)]
    opening, width, jaw = (correlation(made[:, k], real[:, k]) for k in range(3))
    return replace(
        figures,
        opening=opening,
        width=width,
        jaw=jaw,
        concordance=concordance(made[:, 0], real[:, 0]),
        lip_error=largest_error(lips[0] - lips[1]) / max(largest_error(lips[1]), 1e-9),
        amplitude=amplitude(made[:, 0], real[:, 0]),
        offset=offset(made[:, 0], real[:, 0]),
        closures=closures_met(made[:, 0], real[:, 0]),
        true_closures=closures_met(real[:, 0], made[:, 0]),
    )


def shape_drift(points: Array) -> float:
    """Mean distance between the rigid points' medians in the first and the last quarter of a video, IOD."""
    quarter = max(1, len(points) // 4)
    first, last = (np.median(part[:, STABLE], axis=0) for part in (points[:quarter], points[-quarter:]))
    return float(np.linalg.norm(first - last, axis=-1).mean())


def film_report(rows: Mapping[str, FilmFigures]) -> str:
    """One row a video; figures that no video has are left out."""
    names = [item.name for item in fields(FilmFigures)]
    known = [name for name in names if any(np.isfinite(getattr(row, name)) for row in rows.values())]
    cells = ([title, *(number(getattr(row, name)) for name in known)] for title, row in rows.items())
    return "## Videos\n\n" + table(["video", *(name.replace("_", " ") for name in known)], cells)


def _moved(points: Array, opening: Array) -> Array:
    """Lip points [T, L, 3] relative to the face with its mouth shut."""
    shut = points[np.argsort(opening)[: max(1, len(points) // 10)]]
    moved: Array = points[:, LIPS] - shut[:, LIPS].mean(0)
    return moved


def _level(seen: Seen) -> tuple[Array, Any]:
    """Loudness of each frame and where it is silent; without sound nothing is."""
    frames, sound = len(seen.watched), seen.watched.sound
    if sound is None:
        return np.full(frames, -60.0), np.zeros(frames, bool)
    level, heard = heard_frames(sound, 0.0, frames)
    return level, silences(heard)


def _judged(seen: Seen, judge: SyncJudge | None) -> tuple[float, float]:
    sound = seen.watched.sound
    if judge is None or sound is None or len(sound) < SHORTEST * 640:
        return UNKNOWN, UNKNOWN
    result = judge.score(sound, seen.watched.landmarks)
    return result.offset_frames, result.confidence


def _unused(name: str, rows: Mapping[str, FilmFigures]) -> str:
    """A row's name; videos of the same name are counted."""
    same = sum(row == name or row.startswith(f"{name} (") for row in rows)
    return f"{name} ({same + 1})" if same else name


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else UNKNOWN
