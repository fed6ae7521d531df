"""How commands print the marks of a video: label, credentials, watermark."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sonic.marks.aigc import Label
    from sonic.marks.credentials import Credentials
    from sonic.marks.detect import Detection

_STATES = {
    "none": "no",
    "unchecked": "not checked: pip install 'sonic-portrait[provenance]'",
    "trusted": "valid, by a trusted signer",
    "untrusted": "valid, by a signer that no trust list vouches for",
    "tampered": "INVALID: the file was changed after signing",
}


def label_lines(label: Label | None) -> Iterator[str]:
    """What the label for machines says."""
    if label is None:
        yield "label     none"
        return
    yield f"label     {label.meaning}, by {label.producer}, number {label.produce_id}"
    if label.propagator:
        yield f"spread    by {label.propagator}, number {label.propagate_id}"


def credential_lines(credentials: Credentials) -> Iterator[str]:
    """Whether the file is signed, and what was signed."""
    yield f"signed    {_STATES[credentials.state]}"
    if credentials.signer:
        yield f"signer    {credentials.signer}"
    if credentials.tool:
        means = credentials.source_type.rpartition("/")[2] or "by unknown means"
        yield f"made by   {credentials.tool}, {means}"
    for name, digest in (credentials.inputs or {}).items():
        yield f"  {name} sha256 {digest}"


def watermark_line(watermark: Detection) -> str:
    """Whether there is a watermark, and how sure that is."""
    if not watermark.found:
        return "watermark none found"
    chance = "less than 1 in 10^100" if watermark.probability < 1e-100 else f"{watermark.probability:.0e}"
    number = watermark.mark or "not readable"
    cropped = f", {watermark.visible:.0%} of the short side left" if watermark.visible < 0.97 else ""
    return f"watermark number {number}, by chance {chance}{cropped}"
