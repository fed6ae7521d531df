"""One page that shows what preparation kept, what it dropped, and why."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from sonic.evaluate.output import write_text
from sonic.train.prepare.shards import mixed_order
from sonic.train.prepare.summary import dropped, groups_of, minutes
from sonic.train.prepare.tracks import load_thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sonic.motion.head import Array
    from sonic.train.prepare.index import PreparedClip

_KEPT_SHOWN, _DROPPED_SHOWN = 48, 24  # faces; of those dropped for each reason
_WIDTH, _HEIGHT, _FLOOR = 420, 120, 18  # pixels of a histogram, and of the numbers below it
_STYLE = """
:root { color-scheme: light dark;
  --ink: #1c1e21; --faint: #6b7076; --line: #d9dce0; --bar: #2f6fb0; --back: #fff }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6e8ea; --faint: #9aa0a6; --line: #3a3f45; --bar: #6ea8dc; --back: #17191c } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back);
  max-width: 960px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
h3 { font-size: 1rem; margin-bottom: .4rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line) }
th { text-align: left; color: var(--faint); font-weight: 500 } .number { text-align: right }
td.number { font-variant-numeric: tabular-nums }
.charts { display: flex; flex-wrap: wrap; gap: 2rem }
svg { max-width: 100% } rect { fill: var(--bar) } line { stroke: var(--line) }
svg text { fill: var(--faint); font-size: 11px } p, figcaption { color: var(--faint) }
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(80px, 1fr)); gap: .5rem }
figure { margin: 0; font-size: 11px; line-height: 1.3; overflow: hidden }
figure img { width: 100%; aspect-ratio: 1; border-radius: 4px; background: var(--line); display: block }
figcaption { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
"""


def write_report(clips: Sequence[PreparedClip], folder: Path) -> Path:
    """Write `folder/report.html`, which needs nothing but itself; faces come from `folder/tracks`."""
    kept = [clip for clip in clips if clip.kept]
    sections = [
        f"<h1>{len(kept)} of {len(clips)} clips kept, {minutes(kept):.1f} minutes</h1>",
        "<h2>Sources</h2>",
        _sources(clips),
        "<h2>Dropped</h2>",
        _reasons(clips),
        _charts(clips),
        "<h2>Kept</h2>",
        _faces(kept, _KEPT_SHOWN, folder),
        "<h2>Dropped faces</h2>",
        *(_dropped_faces(row.reason, clips, folder) for row in dropped(clips)),
    ]
    path = folder / "report.html"
    write_text(path, _page("Training clips", "\n".join(sections)))
    return path


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]], words: int) -> str:
    """A table whose first `words` columns hold words and whose others hold numbers, which stand right."""
    marks = ["" if column < words else ' class="number"' for column in range(len(heads))]
    return (
        f'<div class="scroll"><table>{_row("th", marks, heads)}'
        + "".join(_row("td", marks, [str(cell) for cell in row]) for row in rows)
        + "</table></div>"
    )


def _row(tag: str, marks: Sequence[str], cells: Sequence[str]) -> str:
    joined = (f"<{tag}{mark}>{escape(cell)}</{tag}>" for mark, cell in zip(marks, cells, strict=True))
    return f"<tr>{''.join(joined)}</tr>\n"


def _sources(clips: Sequence[PreparedClip]) -> str:
    heads = ("source", "split", "people", "kept", "of", "minutes", "offset, frames", "correlation")
    rows = [
        (
            *(group.source, group.split, group.people, group.kept, group.clips),
            *(f"{group.minutes:.1f}", f"{group.offset:+.2f}", f"{group.correlation:.2f}"),
        )
        for group in groups_of(clips)
    ]
    return _table(heads, rows, words=2)


def _reasons(clips: Sequence[PreparedClip]) -> str:
    rows = [(row.reason, row.clips, f"{row.minutes:.1f}") for row in dropped(clips)]
    return _table(("reason", "clips", "minutes"), rows, words=1) if rows else "<p>Nothing was dropped.</p>"


def _charts(clips: Sequence[PreparedClip]) -> str:
    offsets = [clip.offset for clip in clips if clip.kept]
    matched = [clip.correlation for clip in clips if clip.correlation]
    return (
        '<div class="charts">'
        + _histogram("Offset of kept clips, frames (sound late)", offsets, np.arange(-7, 7.01, 0.5))
        + _histogram("Correlation of lips and sound", matched, np.arange(-0.2, 1.01, 0.05))
        + "</div>"
    )


def _histogram(title: str, values: Sequence[float], edges: Array) -> str:
    """Bars as SVG, with the range and the highest count written beside them."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    bars = "".join(
        _bar(int(count), (edges[index], edges[index + 1]), index / len(counts), 1 / len(counts), counts.max())
        for index, count in enumerate(counts)
    )
    names = "".join(
        f'<text x="{share * _WIDTH:.0f}" y="{_HEIGHT + 14}" text-anchor="{anchor}">'
        f"{edges[0] + share * (edges[-1] - edges[0]):g}</text>"
        for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    )
    return (
        f'<div><h3>{escape(title)}</h3><svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FLOOR}" width="{_WIDTH}" '
        f'role="img" aria-label="{escape(title)}">{bars}'
        f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>{names}</svg>'
        f"<p>{len(values)} clips, highest bar {counts.max()}</p></div>"
    )


def _bar(count: int, span: tuple[float, float], left: float, width: float, most: int) -> str:
    height = _HEIGHT * count / max(1, most)
    return (
        f'<rect x="{left * _WIDTH + 1:.1f}" y="{_HEIGHT - height:.1f}" width="{width * _WIDTH - 2:.1f}" '
        f'height="{height:.1f}" rx="1"><title>{span[0]:.2f} to {span[1]:.2f}: {count}</title></rect>'
    )


def _dropped_faces(reason: str, clips: Sequence[PreparedClip], folder: Path) -> str:
    members = [clip for clip in clips if not clip.kept and clip.reason == reason]
    return f"<h3>{escape(reason)} ({len(members)})</h3>" + _faces(members, _DROPPED_SHOWN, folder)


def _faces(clips: Sequence[PreparedClip], most: int, folder: Path) -> str:
    """A sheet of faces, drawn from all clips alike."""
    chosen = sorted(clips, key=lambda clip: mixed_order(clip.name))[:most]
    return '<div class="faces">' + "\n".join(_face(clip, folder) for clip in chosen) + "</div>"


def _face(clip: PreparedClip, folder: Path) -> str:
    content = load_thumbnail(folder / "tracks" / f"{clip.video}.npz", clip.track)
    picture = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
    known = ", ".join(f"{name} {value:.2f}" for name, value in clip.measures.items())
    figures = f"{clip.correlation:.2f} at {clip.offset:+.1f}" if clip.correlation else f"{clip.frames} frames"
    return (
        f'<figure title="{escape(f"{clip.name}: {known}", quote=True)}"><img alt="" src="{picture}">'
        f"<figcaption>{escape(clip.name)}<br>{figures}</figcaption></figure>"
    )
