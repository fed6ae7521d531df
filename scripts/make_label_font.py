"""Cuts the glyphs that visible labels need out of Droid Sans Fallback (Apache-2.0) into a font of a few kB.

    pip install fonttools
    python scripts/make_label_font.py DroidSansFallback.ttf

The font is in Debian's package fonts-droid-fallback; its Latin letters live elsewhere, and labels take theirs
from Pillow's own font.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset

from sonic.marks.wording import WORDING

TARGET = Path(__file__).parents[1] / "src" / "sonic" / "assets" / "label_glyphs.ttf"


def main(source: str) -> None:
    options = subset.Options(name_IDs=["*"], notdef_outline=True, hinting=False, recalc_timestamp=False)
    font = subset.load_font(source, options)
    cutter = subset.Subsetter(options)
    cutter.populate(
        text="".join(letter for text in WORDING.values() for letter in text if ord(letter) > 0x2E7F)
    )
    cutter.subset(font)
    subset.save_font(font, str(TARGET), options)
    print(TARGET, TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main(sys.argv[1])
