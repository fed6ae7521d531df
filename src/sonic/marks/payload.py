"""What the watermark says: four bytes of a video's number, and one that tells a slip of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGITS = 8  # hexadecimal, of the number
_POLYNOMIAL = 0x07  # CRC-8 of ITU-T I.432.1


def to_symbols(mark: str) -> tuple[int, ...]:
    """Bytes to write for `mark`, 8 hexadecimal digits: those four and their check."""
    content = bytes.fromhex(mark)
    assert len(content) == DIGITS // 2, mark
    return (*content, _check(content))


def from_symbols(symbols: Sequence[int]) -> str | None:
    """The digits that were written, None if the check says that a byte was misread."""
    *content, check = symbols
    return bytes(content).hex() if _check(bytes(content)) == check else None


def _check(content: bytes) -> int:
    rest = 0x5A  # so that four zeros are not followed by a fifth
    for byte in content:
        rest ^= byte
        for _ in range(8):
            rest = (rest << 1 ^ _POLYNOMIAL if rest & 0x80 else rest << 1) & 0xFF
    return rest
