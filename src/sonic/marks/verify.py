"""Reads every mark of a file back and says what they prove together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonic.errors import InputError
from sonic.marks.aigc import Label
from sonic.marks.credentials import Credentials, read_credentials
from sonic.marks.detect import Detection, detect
from sonic.media.glance import glance
from sonic.media.metadata import read_info

if TYPE_CHECKING:
    import os

    from typing_extensions import Self

_LOOKED_AT = 12  # frames


@dataclass(frozen=True)
class Verification:
    """The marks of a file.

    Attributes:
        label: what its metadata say to machines, None without a label.
        origin: model, seed and options, if the metadata name Sonic.
        credentials: what is signed.
        watermark: what is in its pixels.
    """

    label: Label | None
    origin: dict[str, Any] | None
    credentials: Credentials
    watermark: Detection

    @property
    def synthetic(self) -> bool:
        """Whether any mark says that the file was generated."""
        signed = self.credentials.state in {"trusted", "untrusted"}
        return self.watermark.found or self.label is not None or self.origin is not None or signed

    @property
    def intact(self) -> bool:
        """Whether the marks agree with each other and nothing was changed after signing."""
        number, mark = self.label and self.label.produce_id, self.watermark.mark
        return self.credentials.state != "tampered" and (not number or not mark or number.startswith(mark))

    @classmethod
    def of(cls, path: Path, trust: Path | None = None) -> Self:
        """Read a file; see `verify`."""
        try:
            info = read_info(path)
        except InputError:  # one picture, or a folder of pictures that somebody else wrote
            label, origin = None, None
        else:
            label, origin = Label.of_field(info.label), info.provenance
        return cls(label, origin, read_credentials(path, trust), detect(glance(path, _LOOKED_AT)))


def verify(path: str | os.PathLike[str], *, trust: str | os.PathLike[str] | None = None) -> Verification:
    """Look for labels, signed credentials and the watermark in a video, a picture or a folder of pictures.

    `trust` is a file with certificates (PEM) of authorities whose signers are trusted.

    Raises:
        InputError: there is nothing with pictures at `path`.
        CertificateError: the trusted certificates cannot be read.
    """
    return Verification.of(Path(path).expanduser(), None if trust is None else Path(trust))
