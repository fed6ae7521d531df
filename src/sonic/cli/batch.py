"""`sonic batch`: many videos of a list or a folder, resumable."""

from __future__ import annotations

import dataclasses
import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sonic.batch.items import FORMATS
from sonic.cli.generate import config_options
from sonic.cli.sections import SectionedCommand
from sonic.cli.signals import stopping_at_once

if TYPE_CHECKING:
    from sonic.batch.outcome import Outcome
    from sonic.batch.run import Summary
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
@click.option("--format", "suffix", type=click.Choice(FORMATS), default="mp4",
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
    with stopping_at_once():
        from sonic.batch.front import Means, make_batch
        from sonic.batch.run import Listeners
        from sonic.cli.progress import progress_bar

    means = Means(workers, shard, fail_fast, ray, gpus, device)
    given = {name: value for name, value in values.items() if value is not None}
    with nullcontext() if quiet else progress_bar() as on_progress:
        listeners = Listeners() if quiet else Listeners(_note, _tell, on_progress)
        summary = make_batch(
            source, output, means=means, format=suffix, model=model, listeners=listeners, **given
        )
    click.echo(_json(summary) if as_json else _line(summary))
    context.exit(1 if summary.failed else 0)


def _note(sentence: str) -> None:
    click.echo(f"note: {sentence}", err=True)


def _tell(outcome: Outcome) -> None:
    if outcome.error is not None:
        click.echo(f"error: row {outcome.row}: {outcome.error['message']}", err=True)


def _line(summary: Summary) -> str:
    return (
        f"{summary.made} made, {summary.skipped} were there, {summary.failed} failed, "
        f"of {summary.total} in {summary.seconds:.0f} s: {summary.results}"
    )


def _json(summary: Summary) -> str:
    return json.dumps(dataclasses.asdict(summary), default=str)
