"""Understands the Range, If-Range and If-None-Match headers of RFC 9110, for one range at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonic.service.api.problems import refused

if TYPE_CHECKING:
    from collections.abc import Mapping

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True)
class Span:
    """Bytes `start` up to but without `stop`, of `total`."""

    start: int
    stop: int
    total: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.stop - self.start

    @property
    def whole(self) -> bool:
        """Whether that is everything."""
        return self.length == self.total

    @property
    def header(self) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.stop - 1}/{self.total}"


def asked_span(headers: Mapping[str, str], total: int, etag: str) -> Span | None:
    """The bytes that a request asks for, None for all of them.

    Units and lists of ranges that are not understood count as no range at all, as RFC 9110 allows.

    Raises:
        ServiceError: `range_not_satisfiable`, nothing of the range is there.
    """
    match = _RANGE.fullmatch(headers.get("range", "").strip())
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    start = int(first) if first else max(0, total - int(last))
    stop = min(total, int(last) + 1) if first and last else total
    if start >= total or (first and last and int(last) < start):
        raise refused(
            "range_not_satisfiable", f"The content has {total} bytes, and none of them was asked for."
        )
    return Span(start, stop, total)


def is_current(headers: Mapping[str, str], etag: str) -> bool:
    """Whether the client has this version already (If-None-Match)."""
    known = {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}
    return etag in known or "*" in known
