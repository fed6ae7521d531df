"""`sonic batch`: many videos of a list or a folder, resumable."""

from __future__ import annotations

import dataclasses
import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sonic.cli.generate import config_options
from sonic.cli.sections import SectionedCommand
from sonic.cli.signals import stopping_at_once
from sonic.errors import ConfigError, ManifestError, OutputPathError

if TYPE_CHECKING:
    from sonic.batch.dispatch import Crew
    from sonic.batch.items import Item
    from sonic.batch.outcome import Outcome
    from sonic.batch.run import Summary
    from sonic.batch.tasks import Plan
    from sonic.cli.app import Settings

_EXAMPLES = """\b
Examples:
  sonic batch folder -o videos                     anna.jpg + anna.wav, ben.jpg + ben.mp3 ...
  sonic batch list.jsonl -o videos --workers 2     {"image": "anna.jpg", "audio": "hello.wav", "seed": 7}
  sonic batch list.csv -o videos --shard 2/8       the second of eight machines
  sonic batch list.jsonl -o /shared/videos --ray   on a Ray cluster
"""


def _part(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """`2/8` as the pair (2, 8): the second of eight parts."""
    if text is None:
        return None
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        message = f"'{text}' is no part of a whole: write 2/8 for the second of eight."
        raise click.BadParameter(message, context, parameter)
    return int(index), int(count)


@click.command(cls=SectionedCommand, epilog=_EXAMPLES)
@click.argument("source", metavar="MANIFEST|FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, metavar="FOLDER",
              type=click.Path(file_okay=False, path_type=Path),
              help="Where the videos and results.jsonl go; made if missing.")  # fmt: skip
@click.option("--format", "suffix", type=click.Choice(["mp4", "webm", "gif"]), default="mp4",
              show_default=True, help="Of videos whose names the list does not give.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), metavar="N",
              help="Processes, each with its own model [default: 1; with --ray, all cores].")  # fmt: skip
@click.option("--shard", callback=_part, metavar="I/N",
              help="Make only part I of N, as on one of N machines.")  # fmt: skip
@click.option("--fail-fast", is_flag=True, help="Stop at the first video that fails.")
@click.option("--ray", is_flag=True, help="Work on a Ray cluster (needs the scale extra).")
@click.option("--gpus", type=click.FloatRange(min=0), default=0.0, metavar="X",
              help="With --ray: share of a GPU for each worker [default: 0].")  # fmt: skip
@click.option("--model", default="sonic-base", metavar="NAME", show_default=True,
              help="Name or folder of the model.")  # fmt: skip
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), help="Where the networks run; cpu if not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no errors of single videos.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@config_options
@click.pass_context
def batch(
    context: click.Context,
    /,
    source: Path,
    output: Path,
    *,
    suffix: str,
    workers: int | None,
    shard: tuple[int, int] | None,
    fail_fast: bool,
    ray: bool,
    gpus: float,
    model: str,
    device: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
    **values: Any,
) -> None:
    """Make all videos of a MANIFEST (.jsonl, .csv) or a FOLDER; what is made already is skipped.

    The exit code is 0 when all are there, 1 when some failed. docs/batch.md explains lists and results.
    """
    settings: Settings = context.obj
    settings.debug, settings.json = debug, as_json
    if gpus and not ray:
        raise ConfigError("--gpus is for workers on a cluster: add --ray, or leave it out.")
    with stopping_at_once():
        from sonic.batch.results import Results
        from sonic.batch.run import run_batch
        from sonic.cli.progress import progress_bar

    given = {name: value for name, value in values.items() if value is not None}
    folder = _open_folder(output, source)
    plan = _plan(_read(source, shard, quiet=quiet), folder, given, suffix=suffix, model=model)
    results = Results(folder / _results_name(shard))
    with nullcontext() if quiet else progress_bar() as on_progress:
        summary = run_batch(
            plan,
            results,
            lambda: _crew(model, device, workers, ray=ray, gpus=gpus),
            fail_fast=fail_fast,
            on_outcome=_say_nothing if quiet else _say,
            on_progress=on_progress,
        )
    click.echo(_json(summary, results.path) if as_json else _line(summary, results.path))
    context.exit(1 if summary.failed else 0)


def _open_folder(output: Path, source: Path) -> Path:
    """The output folder; it may not be the one that is read, whose videos would count as recordings."""
    if source.is_dir() and output.exists() and output.samefile(source):
        raise OutputPathError(f"'{output}' is the folder that is read: choose another for the videos.")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputPathError(
            f"The folder '{output}' cannot be made ({error.strerror}): choose another."
        ) from error
    return output.absolute()


def _read(source: Path, part: tuple[int, int] | None, *, quiet: bool) -> list[Item]:
    from sonic.batch.folder import read_folder
    from sonic.batch.items import shard
    from sonic.batch.manifest import LISTS, read_manifest

    if source.is_dir():
        items, notes = read_folder(source)
        for note in () if quiet else notes:
            click.echo(f"note: {note}", err=True)
    elif source.suffix.lower() in LISTS:
        items = read_manifest(source)
    else:
        raise ManifestError(f"'{source}' is no list: give a .jsonl or .csv file, or a folder.")
    return shard(items, *(part or (1, 1)))


def _plan(items: list[Item], folder: Path, options: dict[str, Any], *, suffix: str, model: str) -> Plan:
    from sonic.batch.tasks import Order, plan
    from sonic.config import GenerateConfig
    from sonic.digests import weights_digest
    from sonic.hub import find_model

    GenerateConfig.build(**options)  # a mistake on the command line is one of all items
    return plan(items, Order(folder, options, suffix, weights_digest(find_model(model))))


def _results_name(shard: tuple[int, int] | None) -> str:
    return "results.jsonl" if shard is None else f"results-{shard[0]}-of-{shard[1]}.jsonl"


def _crew(model: str, device: str | None, workers: int | None, *, ray: bool, gpus: float) -> Crew:
    from sonic.batch.maker import Equipment
    from sonic.hub import find_model

    # Processes elsewhere may have another working directory, and would find no relative folder.
    path = Path(model).expanduser()
    equipment = Equipment(str(find_model(model).absolute()) if path.is_dir() else model, device)
    if ray:
        from sonic.batch.ray import RayCrew

        return RayCrew(equipment, workers, gpus=gpus)
    from sonic.batch.processes import ProcessCrew

    return ProcessCrew(equipment, workers or 1)


def _say(outcome: Outcome) -> None:
    if outcome.error is not None:
        click.echo(f"error: row {outcome.row}: {outcome.error['message']}", err=True)


def _say_nothing(outcome: Outcome) -> None:  # noqa: ARG001 - the signature of listeners
    return


def _line(summary: Summary, path: Path) -> str:
    return (
        f"{summary.made} made, {summary.skipped} were there, {summary.failed} failed, "
        f"of {summary.total} in {summary.seconds:.0f} s: {path}"
    )


def _json(summary: Summary, path: Path) -> str:
    return json.dumps(dataclasses.asdict(summary) | {"results": str(path)})
