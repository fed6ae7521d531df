"""`sonic evaluate`: how good a model or a finished video is."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sonic.cli.sections import Section, SectionedCommand
from sonic.cli.signals import stopping_at_once
from sonic.errors import ConfigError, DependencyError

if TYPE_CHECKING:
    from sonic.cli.app import Settings
    from sonic.evaluate.performance import Performer
    from sonic.evaluate.runs import Outcome
    from sonic.evaluate.showing import Plan
    from sonic.progress import OnProgress

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_EXAMPLES = """\b
Examples:
  sonic evaluate my-model data -o figures              against people it never saw
  sonic evaluate sonic-base --voices voices            closures of m, b and p in voices with known phones
  sonic evaluate ours.mp4 theirs.mp4 -o figures        finished videos side by side
  sonic evaluate talk.mp4 --reference real.mp4 --portrait face.jpg
"""


@click.command(cls=SectionedCommand, epilog=_EXAMPLES)
@click.argument("targets", nargs=-1, required=True, metavar="MODEL [DATA] | VIDEO...")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              help="Write evaluation.json, evaluation.md and plots there.")  # fmt: skip
@click.option("--voices", cls=Section, section="A model", type=_FOLDER, metavar="FOLDER",
              help="Voices with known phones: NAME.wav beside NAME.tsv (start, end, phone).")  # fmt: skip
@click.option("--quick", cls=Section, section="A model", is_flag=True,
              help="Two clips a person, 10 steps, 3 samples.")  # fmt: skip
@click.option("--steps", cls=Section, section="A model", type=click.IntRange(1, 100),
              help="Solver steps; 25 if not given.")  # fmt: skip
@click.option("--samples", cls=Section, section="A model", type=click.IntRange(1, 64),
              help="Samples that the mean is taken of; 8 if not given.")  # fmt: skip
@click.option("--sampler", cls=Section, section="A model", metavar="JSON",
              help="Sampler settings instead of the model's own.")  # fmt: skip
@click.option("--bare", cls=Section, section="A model", is_flag=True,
              help="The network alone, without the smoothing and timing that videos get.")  # fmt: skip
@click.option("--audio", cls=Section, section="Finished videos", type=_FILE,
              help="The sound that the faces should follow; a video's own if not given.")  # fmt: skip
@click.option("--reference", cls=Section, section="Finished videos", type=_FILE,
              help="The real video of the same words: adds the columns that need the truth.")  # fmt: skip
@click.option("--portrait", cls=Section, section="Finished videos", type=_FILE,
              help="The picture that the videos were made from.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no notes.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_obj
def evaluate(
    settings: Settings,
    /,
    targets: tuple[str, ...],
    output: Path | None,
    *,
    as_json: bool,
    quiet: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Judge a MODEL on prepared DATA or voices, or finished VIDEOs of any system, by figures.

    docs/evaluation.md explains every figure.
    """
    settings.debug, settings.json = debug, as_json
    videos = _are_videos(targets)
    _check_options(options, videos=videos)
    with stopping_at_once():
        from sonic.cli.progress import progress_bar
        from sonic.evaluate.output import open_folder

    folder = None if output is None else open_folder(output)
    with nullcontext() if quiet else progress_bar() as on_progress:
        run = _judge_films if videos else _judge_model
        outcome = run(targets, options, on_progress)
    click.echo(json.dumps(outcome.content, allow_nan=False) if as_json else outcome.report)
    notes = [*outcome.notes, *(() if folder is None else _write(outcome, folder))]
    for note in () if quiet else notes:
        click.echo(f"note: {note}", err=True)


def _are_videos(targets: tuple[str, ...]) -> bool:
    """Whether the targets are files; a model is a folder or a name."""
    return all(os.path.isfile(target) for target in targets)  # noqa: PTH113 - Path.is_file raises on long names


def _check_options(options: dict[str, Any], *, videos: bool) -> None:
    """Refuse options of the other kind of target."""
    of_models = ("voices", "quick", "steps", "samples", "sampler", "bare")
    unused = of_models if videos else ("audio", "reference", "portrait")
    for name in unused:
        if options[name]:
            kind = "a model, and files were given" if videos else "finished videos, and a model was given"
            raise ConfigError(f"--{name} is for {kind}: leave it out.")


def _judge_model(
    targets: tuple[str, ...], options: dict[str, Any], on_progress: OnProgress | None
) -> Outcome:
    with stopping_at_once():
        from sonic.evaluate.runs import judge_model
    from sonic.hub import find_model

    if len(targets) > 2 or (len(targets) == 1 and options["voices"] is None):
        raise ConfigError(
            f"{len(targets)} targets were given for a model: give MODEL DATA, or MODEL with --voices FOLDER."
        )
    plan = _plan(options)
    performer = _load(find_model(targets[0]), plan.steps, options["sampler"])
    data = Path(targets[1]) if len(targets) == 2 else None
    return judge_model(
        performer, data, options["voices"], plan, quick=options["quick"], on_progress=on_progress
    )


def _judge_films(
    targets: tuple[str, ...], options: dict[str, Any], on_progress: OnProgress | None
) -> Outcome:
    with stopping_at_once():
        from sonic.evaluate.films import judge_films

    return judge_films(
        [Path(target) for target in targets],
        audio=options["audio"],
        reference=options["reference"],
        portrait=options["portrait"],
        on_progress=on_progress,
    )


def _plan(options: dict[str, Any]) -> Plan:
    from dataclasses import replace

    from sonic.evaluate.runs import QUICK
    from sonic.evaluate.showing import Plan

    given = {name: options[name] for name in ("steps", "samples") if options[name] is not None}
    return replace(QUICK if options["quick"] else Plan(), bare=options["bare"], **given)


def _load(folder: Path, steps: int, settings: str | None) -> Performer:
    from sonic.evaluate.performance import Performer

    try:
        return Performer.load(folder, steps, None if settings is None else json.loads(settings))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"--sampler {settings!r} does not describe a sampler ({error}).") from error


def _write(outcome: Outcome, folder: Path) -> list[str]:
    """Write tables and pictures; returns what could not be drawn and why."""
    from sonic.evaluate.output import write_evaluation

    write_evaluation(folder, outcome.content, outcome.report)
    try:
        for draw in outcome.drawings:
            draw(folder)
    except DependencyError as error:
        return [str(error)]
    return []
