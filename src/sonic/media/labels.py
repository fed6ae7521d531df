"""Where the field `AIGC` of GB 45438-2025 sits in files that have no tags of their own: GIF and PNG."""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, unescape

if TYPE_CHECKING:
    from pathlib import Path

FIELD = "AIGC"  # also the name of the tag in MP4 and WebM

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/">'
    "<TC260:AIGC>{}</TC260:AIGC></rdf:Description></rdf:RDF></x:xmpmeta>"
)
_XMP_FIELD = re.compile(rb"TC260:AIGC(?:>([^<]*)<|='([^']*)'|=\"([^\"]*)\")")
_QUOTES = {"&quot;": '"', "&apos;": "'"}

# XMP lies unblocked in a GIF; the descending bytes lead a reader from anywhere in it to its end.
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
_GIF_MAGIC = bytes([1, *range(0xFF, -1, -1), 0])

_PNG_HEADER = 8 + 25  # bytes of the signature and of the first chunk, which all others follow


def append_gif_label(path: Path, label: str) -> None:
    """Put XMP that holds `label` before the trailer byte that ends a GIF."""
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(_GIF_XMP + _XMP.format(escape(label)).encode("ascii") + _GIF_MAGIC + b"\x3b")


def gif_label(path: Path) -> str:
    """The label in a GIF's XMP, empty if there is none."""
    with path.open("rb") as file:
        content = file.read()
    found = _XMP_FIELD.search(content, max(0, content.find(_GIF_XMP)))
    return (
        unescape(next(filter(None, found.groups()), b"").decode("utf-8", "replace"), _QUOTES) if found else ""
    )


def with_png_label(content: bytes, label: str) -> bytes:
    """A PNG file with `label` in a text chunk behind its header."""
    chunk = b"tEXt" + FIELD.encode() + b"\x00" + label.encode("ascii")
    packed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:_PNG_HEADER] + packed + content[_PNG_HEADER:]
