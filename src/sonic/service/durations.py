"""How long jobs waited and worked, counted in the database: right for any number of servers and restarts."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import sqlalchemy

from sonic.service import schema
from sonic.service.jobs import CANCELED, FINAL

if TYPE_CHECKING:
    from datetime import datetime

    from sonic.service.database import Database, Transaction

WAIT, RUN = "wait", "run"  # from its creation to its first start, and from that to its end
STARTED, CACHED = "started", "cached"  # ends of a wait; a job can also be canceled in it
OUTCOMES = {WAIT: (STARTED, CACHED, CANCELED), RUN: FINAL}
LIMITS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0, 7200.0, math.inf)


@dataclass(frozen=True)
class Spread:
    """The durations of one measure that ended in one way, since the database was made.

    Attributes:
        jobs: how many took no longer than each of `LIMITS`, seconds.
        seconds: of all together.
    """

    jobs: tuple[int, ...]
    seconds: float


def count(transaction: Transaction, measure: str, outcome: str, since: datetime) -> None:
    """Count a duration that ends now; jobs are deleted after a while, and these figures stay."""
    table = schema.durations
    seconds = max(0.0, (transaction.now - since).total_seconds())
    limit = next(limit for limit in LIMITS if seconds <= limit)
    row = {"measure": measure, "outcome": outcome, "seconds_limit": str(limit)}
    more = {"jobs": table.c.jobs + 1, "seconds": table.c.seconds + seconds}
    insert = transaction.upsert(table, **row, jobs=1, seconds=seconds)
    statement = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=more)
    transaction.execute_last(tuple(row.values()), statement)


def read_durations(database: Database, measure: str) -> dict[str, Spread]:
    """The durations of a measure by outcome; every outcome is there."""
    table = schema.durations
    query = sqlalchemy.select(table).where(table.c.measure == measure)
    jobs: dict[tuple[str, float], int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    with database.read() as transaction:
        for row in transaction.execute(query):
            jobs[row.outcome, float(row.seconds_limit)] = row.jobs
            seconds[row.outcome] += row.seconds
    return {
        outcome: Spread(tuple(accumulate(jobs[outcome, limit] for limit in LIMITS)), seconds[outcome])
        for outcome in OUTCOMES[measure]
    }
