"""All marks of one video together: which it gets, and frames with them on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonic.marks.aigc import Label, produce_id
from sonic.marks.payload import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sonic.config import GenerateConfig
    from sonic.media.film import Frame

logger = logging.getLogger(__name__)

UNLABELLED = (
    "label 'none': the video does not say that it is AI-generated; telling viewers is up to you, and many "
    "countries ask for it."
)


@dataclass(frozen=True)
class Marks:
    """What a video is marked with; None stands for a mark that is switched off.

    Attributes:
        label: for machines, in the file.
        language: of the words that viewers read.
        watermark: 8 hexadecimal digits, the beginning of the label's number.
    """

    label: Label | None
    language: str | None
    watermark: str | None

    @classmethod
    def of(cls, config: GenerateConfig, provenance: dict[str, Any]) -> Marks:
        """What the options ask for; a video without labels is logged.

        Raises:
            ConfigError: the producer's code in the environment cannot be in a label.
        """
        if config.label == "none":
            logger.info("video %s gets no label: label 'none'", produce_id(provenance))
        return cls(
            label=None if config.label == "none" else Label.of(provenance),
            language=config.label_language if config.label == "visible" else None,
            watermark=produce_id(provenance)[:DIGITS] if config.watermark else None,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What leaving out a label means."""
        return () if self.label is not None else (UNLABELLED,)

    def on(self, frames: Iterable[Frame], fps: float) -> Iterator[Frame]:
        """The frames `[H, W, 3]`, words on the first seconds and the watermark on all; copies, if changed."""
        from sonic.marks.visible import SECONDS, VisibleLabel
        from sonic.marks.watermark import Watermark

        watermark = None if self.watermark is None else Watermark(self.watermark)
        words: VisibleLabel | None = None
        for index, frame in enumerate(frames):
            if self.language is not None and index < SECONDS * fps:
                words = words or VisibleLabel((frame.shape[1], frame.shape[0]), self.language)
                frame = words.on(frame)  # noqa: PLW2901 - each mark goes on top of the one before
            yield frame if watermark is None else watermark.on(frame)
