"""`sonic inspect` of a recording: prints who speaks when, and cuts it into files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from sonic.hearing import inspect_audio as hear
from sonic.media.audio import AudioSource
from sonic.media.cutting import write_cuts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sonic.hearing import AudioReport


def inspect_audio(path: Path, *, cut: Path | None, as_json: bool) -> None:
    """Print the report on the recording at `path`, and write each turn to a WAV file in the folder `cut`.

    Raises:
        AudioError and its children: it is no recording.
        OutputPathError, OutputExistsError: the files cannot be written there.
    """
    source = AudioSource.open(path)
    report = hear(source)
    files = [] if cut is None else write_cuts(source, cut, _names(report))
    if as_json:
        click.echo(json.dumps(report.to_dict() | {"files": [str(file) for file in files]}))
        return
    for line in describe(report):
        click.echo(line)
    for file in files:
        click.echo(str(file))


def describe(report: AudioReport) -> Iterator[str]:
    """The report as lines for people."""
    ratio = "unknown" if report.noise_ratio is None else f"{report.noise_ratio:.0f} dB above the noise"
    yield f"length    {report.duration:.2f} s, {report.channels} channels at {report.sample_rate} Hz"
    yield f"loudness  {report.loudness:.1f} dB, peak {report.peak:.2f}"
    yield f"speech    {report.speech:.2f} s, {ratio}"
    for speaker, seconds in report.speakers.items():
        yield f"speaker {speaker} {seconds:.2f} s"
    for turn in report.turns:
        yield f"  {turn.start:8.2f} to {turn.end:8.2f}  speaker {turn.speaker}"
    for advice in report.advice:
        yield f"advice    {advice.message} [{advice.code}]"


def _names(report: AudioReport) -> dict[str, tuple[float, float]]:
    """Name of the file of each turn, begin and end in seconds; they sort by time within a speaker."""
    return {
        f"speaker-{turn.speaker}-{turn.start:08.2f}-{turn.end:08.2f}.wav": (turn.start, turn.end)
        for turn in report.turns
    }
