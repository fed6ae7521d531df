"""How long people wait for a video: a queueing model, and a simulation of the same load that checks it.

Arrivals are a Poisson stream, jobs are taken in order by the first free worker, and service times are drawn
from what `service_times.py` measured, for recordings whose lengths are log-normal. Each worker has a core of
its own, so that its seconds of computing are those on the clock. The model is M/G/c: Erlang's C formula for
the chance of waiting, and Allen and Cunneen's correction for service times that are not exponential.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import common
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MEASURED = Path(__file__).parent / "service_times.json"
USERS = (10, 1_000, 100_000)
VIDEOS_PER_DAY = 3.0  # of one user; assumed
BUSY_HOUR = 0.15  # share of a day's videos that fall into its busiest hour; assumed
MEDIAN_LENGTH, LENGTH_SPREAD = 20.0, 0.6  # seconds, and the standard deviation of the logarithm; assumed
SHORTEST, LONGEST = 3.0, 300.0  # seconds
TARGET = 10.0  # seconds that people may wait on average before their video is begun
SIZES = (10.0, 20.0, 30.0, 60.0)  # seconds of audio in the sizing table
PRICE = 0.04  # of a core hour, in dollars; assumed
ROOMY = 0.85  # share of the time that workers are busy in a service that can take a sudden rush
BATCHES, STUDENT = 20, 2.09  # of a simulation, for the interval around its mean
WARM_UP = 0.1  # of the simulated jobs, before the queue is in its usual state


@dataclass(frozen=True)
class ServiceTimes:
    """Seconds for a video of `length` seconds: `start + rate * length`, times the scatter measured."""

    start: float
    rate: float
    scatter: Floats

    @classmethod
    def fitted(cls, lengths: Floats, seconds: Floats) -> ServiceTimes:
        """A line through measurements, by least squares."""
        rate, start = np.polyfit(lengths, seconds, 1)
        return cls(float(start), float(rate), seconds / (start + rate * lengths))

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """Service times [count] of recordings of random lengths."""
        lengths = MEDIAN_LENGTH * np.exp(LENGTH_SPREAD * random.standard_normal(count))
        lengths = np.clip(lengths, SHORTEST, LONGEST)
        return (self.start + self.rate * lengths) * random.choice(self.scatter, count)


@dataclass(frozen=True)
class Waiting:
    """What people meet: share of jobs that wait at all, mean and 95th percentile of the wait in seconds."""

    chance: float
    mean: float
    late: float


def erlang_c(workers: int, load: float) -> float:
    """Chance that all `workers` are busy when a job comes; `load` is arrival rate times mean service time."""
    if load >= workers:
        return 1.0
    blocked = 1.0  # Erlang's B, by its recursion: factorials of thousands would overflow
    for count in range(1, workers + 1):
        blocked = load * blocked / (count + load * blocked)
    busy = load / workers
    return blocked / (1 - busy + busy * blocked)


def predicted(rate: float, mean: float, variation: float, workers: int) -> Waiting:
    """Allen and Cunneen's approximation for M/G/c.

    Args:
        rate: jobs a second.
        mean: seconds of service.
        variation: squared coefficient of variation of the service time; 1 is exponential, 0 constant.
        workers: how many.
    """
    load = rate * mean
    if load >= workers:
        return Waiting(1.0, math.inf, math.inf)
    chance = erlang_c(workers, load)
    wait = chance * mean / (workers - load) * (1 + variation) / 2
    late = max(0.0, math.log(chance / 0.05) * wait / chance) if chance > 0 else 0.0
    return Waiting(chance, wait, late)


def simulated(rate: float, services: Floats, workers: int, random: np.random.Generator) -> Floats:
    """Seconds that each job waits, in order of arrival, with the first part left out."""
    arrivals = np.cumsum(random.exponential(1 / rate, len(services)))
    free = [0.0] * workers  # when each worker is free; a heap
    waits = np.empty(len(services))
    for index, (arrival, service) in enumerate(zip(arrivals.tolist(), services.tolist(), strict=True)):
        start = max(arrival, free[0])
        heapq.heapreplace(free, start + service)
        waits[index] = start - arrival
    return waits[int(WARM_UP * len(waits)) :]


def fewest(rate: float, mean: float, variation: float, target: float) -> int:
    """The smallest number of workers at which the predicted mean wait is at most `target` seconds."""
    workers = max(1, math.floor(rate * mean) + 1)
    while predicted(rate, mean, variation, workers).mean > target:
        workers += 1
    return workers


def sizing(times: ServiceTimes) -> list[dict[str, float]]:
    """What one core makes in an hour, and what a minute of video costs at `PRICE` with `ROOMY` workers."""
    rows = []
    for length in SIZES:
        seconds = times.start + times.rate * length
        rows.append(
            {
                "audio s": length,
                "core s": round(seconds, 1),
                "videos/h and core": round(3600 / seconds),
                "minutes of video/h and core": round(60 * length / seconds, 1),
                "cents a minute of video": 100 * PRICE / 3600 * seconds / length * 60 / ROOMY,
            }
        )
    return rows


def table(times: ServiceTimes, jobs: int, target: float) -> list[dict[str, object]]:
    """For each number of users the fewest workers that will do, and as many as leave room for more."""
    random = np.random.default_rng(0)
    services = times.draw(jobs, random)
    mean = float(services.mean())
    variation = float(services.var()) / mean**2
    rows = []
    for users in USERS:
        rate = users * VIDEOS_PER_DAY * BUSY_HOUR / 3600
        enough = fewest(rate, mean, variation, target)
        for workers in sorted({enough, max(enough, math.ceil(rate * mean / ROOMY))}):
            model = predicted(rate, mean, variation, workers)
            waits = simulated(rate, services, workers, random)
            busy = rate * mean / workers
            rows.append({"users": users, "videos/h": round(rate * 3600, 1), "workers": workers, "busy": busy})
            rows[-1] |= _compared(model, waits)
    return rows


def _compared(model: Waiting, waits: Floats) -> dict[str, object]:
    """Model and simulation side by side; the mean wait with its 95 % interval, of batch means."""
    means = [batch.mean() for batch in np.array_split(waits, BATCHES)]
    spread = STUDENT * float(np.std(means, ddof=1)) / math.sqrt(BATCHES)
    return {
        "must wait, model": model.chance,
        "must wait, simulated": float((waits > 0).mean()),
        "mean wait s, model": model.mean,
        "mean wait s, simulated": f"{waits.mean():.2f} ± {spread:.2f}",
        "95 % wait s, model": model.late,
        "95 % wait s, simulated": float(np.quantile(waits, 0.95)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=Path, default=MEASURED, help="of service_times.py (%(default)s)")
    parser.add_argument("--jobs", type=int, default=400_000, help="simulated jobs a row (%(default)s)")
    parser.add_argument("--target", type=float, default=TARGET, help="seconds of mean wait (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of Markdown")
    arguments = parser.parse_args()
    measured = json.loads(arguments.times.read_text(encoding="utf-8"))["jobs"]
    lengths, seconds = (np.array([job[name] for job in measured]) for name in ("audio s", "cpu s"))
    times = ServiceTimes.fitted(lengths, seconds)
    rows = table(times, arguments.jobs, arguments.target)
    assumed = {"price": f"{PRICE:g} dollars a core hour, busy for {ROOMY:.0%} of the time"}
    common.Report("Sizing", assumed, sizing(times)).show(as_json=arguments.json)
    common.Report("Waiting times", _settings(times, arguments.jobs), rows).show(as_json=arguments.json)


def _settings(times: ServiceTimes, jobs: int) -> dict[str, str]:
    services = times.draw(jobs, np.random.default_rng(0))
    variation = services.var() / services.mean() ** 2
    spread = f"log-normal with {LENGTH_SPREAD:g}, {SHORTEST:g} to {LONGEST:g} s"
    return {
        "service times": f"{times.start:.2f} s + {times.rate:.3f} s for each second of audio",
        "lengths": f"median {MEDIAN_LENGTH:g} s, {spread}",
        "mean service": f"{services.mean():.1f} s, squared variation {variation:.2f}",
        "load": f"{VIDEOS_PER_DAY:g} videos a user a day, {BUSY_HOUR:.0%} of them in the busiest hour",
        "simulated jobs": f"{jobs} a row, {WARM_UP:.0%} of them left out",
    }


if __name__ == "__main__":
    main()
