"""Runs the tasks of a batch that are not done yet, and counts what becomes of them."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonic.batch.dispatch import dispatch
from sonic.batch.outcome import FAILED, SUCCEEDED
from sonic.media.staging import clear_leftovers
from sonic.progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from sonic.batch.dispatch import Crew
    from sonic.batch.outcome import Outcome
    from sonic.batch.results import Results
    from sonic.batch.tasks import Plan, Task
    from sonic.progress import OnProgress


def _unheard(_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Listeners:
    """Who is told what.

    Attributes:
        on_note: sentences about what is left out.
        on_outcome: each outcome after it is written down.
        on_progress: the stage "videos"; what it raises ends the batch.
    """

    on_note: Callable[[str], None] = _unheard
    on_outcome: Callable[[Outcome], None] = _unheard
    on_progress: OnProgress | None = None


@dataclass(frozen=True)
class Summary:
    """How a batch ended: what was made, was there already, or failed.

    Attributes:
        total: videos that were asked for.
        made, skipped, failed: how many of them.
        seconds: on the clock.
        results: the file with a line for each outcome.
    """

    total: int
    made: int
    skipped: int
    failed: int
    seconds: float
    results: Path


def run_batch(
    plan: Plan,
    results: Results,
    crew: Callable[[], Crew],
    listeners: Listeners,
    *,
    fail_fast: bool = False,
) -> Summary:
    """Make what is missing.

    Args:
        plan: what the list asks for.
        results: what earlier runs made; gets a line for each outcome.
        crew: who makes it; asked for only when there is something to make.
        listeners: who is told of it.
        fail_fast: whether the first failure ends everything.
    """
    started = time.perf_counter()
    for folder in {task.target.parent for task in plan.tasks}:
        clear_leftovers(folder)  # of runs that were killed with all their workers
    missing = [task for task in plan.tasks if not results.has(task)]
    if skipped := len(plan.tasks) - len(missing):
        listeners.on_note(f"{skipped} of {plan.total} videos are there already.")
    counts = {SUCCEEDED: 0, FAILED: 0}
    reporter = Reporter(listeners.on_progress)
    with results, closing(_outcomes(plan, missing, crew, reporter)) as outcomes:
        for outcome in outcomes:
            results.add(outcome)
            counts[outcome.status] += 1
            listeners.on_outcome(outcome)
            if fail_fast and outcome.status == FAILED:
                break
    return Summary(
        total=plan.total,
        made=counts[SUCCEEDED],
        skipped=skipped,
        failed=counts[FAILED],
        seconds=time.perf_counter() - started,
        results=results.path,
    )


def _outcomes(
    plan: Plan, missing: Sequence[Task], crew: Callable[[], Crew], reporter: Reporter
) -> Generator[Outcome]:
    """First what was refused, which takes no time and tells nothing of how long the rest will take."""
    yield from plan.refused
    reporter.begin("videos", len(missing))
    if not missing:
        return
    with closing(dispatch(missing, crew())) as outcomes:
        for done, outcome in enumerate(outcomes, start=1):
            yield outcome
            reporter.step(done)
