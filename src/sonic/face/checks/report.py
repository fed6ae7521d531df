"""What a portrait check says: findings with stable codes, the figures behind them and one score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BEST = 100  # the score of a portrait that nothing was found about


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed about a portrait.

    Attributes:
        code: what it is; stable between releases, listed in `docs/portraits.md`.
        severity: "info" changes nothing, "warning" will show in the video, "refuse" cannot work.
        value: the figure that decided it; its unit is in `docs/portraits.md`.
        advice: one sentence for the person who brought the portrait.
    """

    code: str
    severity: str
    value: float
    advice: str


@dataclass(frozen=True)
class Box:
    """An upright rectangle in the picture's pixels; `x` and `y` are its top-left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Measures:
    """The figures of one face.

    Attributes:
        yaw, pitch, roll: degrees; turned to the picture's right, looking down, leaning clockwise.
        face_width: pixels across the face.
        sharpness: 0..1 of what a sharp picture of this size shows; the steepest edges of eyes and lips.
        brightness: lightness (CIE L*) of the brightest parts of the face, 0..100.
        clipped: share of the face that is pure white, 0..1.
        side_light: how much brighter one half of the face is than the other, photographic stops.
    """

    yaw: float
    pitch: float
    roll: float
    face_width: float
    sharpness: float
    brightness: float
    clipped: float
    side_light: float


@dataclass(frozen=True)
class PortraitReport:
    """The result of looking at one portrait before it is animated.

    Attributes:
        size: width and height of the picture, pixels.
        faces: how many faces it shows.
        measures: the figures of the face that would be animated; None when there is none.
        findings: what was noticed, the gravest first.
        score: 0 (cannot be animated) to 100 (nothing to improve).
        face_box: around the face that would be animated, from brows to chin; None when there is none.
        crop: the square that would be animated; None when the face is missing, too small, cut or turned away.
        face_points: where the named points of that face are, `[x, y]` in pixels, as `generate` takes them:
            those that were given by hand, and a guess for the others. None when there is no face.
    """

    size: tuple[int, int]
    faces: int
    measures: Measures | None
    findings: tuple[Finding, ...]
    score: int
    face_box: Box | None = None
    crop: Box | None = None
    face_points: Mapping[str, tuple[float, float]] | None = None

    @property
    def usable(self) -> bool:
        """Whether `generate` takes this portrait."""
        return not any(finding.severity == "refuse" for finding in self.findings)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all findings, the gravest first."""
        return tuple(finding.code for finding in self.findings)

    @property
    def eyewear(self) -> str:
        """What is worn before the eyes: "none", "glasses" or "sunglasses"."""
        return next((code for code in self.codes if code in {"glasses", "sunglasses"}), "none")

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, ready for JSON."""
        return {**asdict(self), "usable": self.usable}
