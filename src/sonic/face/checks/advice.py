"""The list of everything that can be found about a portrait: how grave it is and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonic.face.checks.report import BEST, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

GRAVEST_FIRST = ("refuse", "warning", "info")


@dataclass(frozen=True)
class Rule:
    """How grave a finding is, how many points of the score it costs, and what to do about it."""

    severity: str
    cost: int
    advice: str


RULES = {
    "turned": Rule(
        "warning", 15, "The head is turned far to the side: a picture from the front moves better."
    ),
    "looking_up": Rule("warning", 10, "The head is tipped back: take the picture at the height of the eyes."),
    "looking_down": Rule("warning", 10, "The head is lowered: take the picture at the height of the eyes."),
    "leaning": Rule("warning", 10, "The head leans to the side: turn the picture until the eyes are level."),
    "small_face": Rule(
        "warning",
        20,
        "The face is only {value:.0f} pixels wide and stays soft: use a larger or closer picture, "
        "or restore it (restore).",
    ),
    "blurred": Rule(
        "warning", 20, "The face is out of focus or shaken: use a sharper picture, or restore it (restore)."
    ),
    "too_dark": Rule("warning", 15, "The face is too dark: use a picture with more light on it."),
    "overexposed": Rule("warning", 20, "Parts of the face are pure white: use a picture with less light."),
    "side_light": Rule(
        "warning",
        10,
        "One half of the face is in shadow, which shows when the head turns: use even light from the front.",
    ),
    "mouth_covered": Rule(
        "refuse",
        BEST,
        "A mask, or something else that is no skin, covers the mouth: use a picture with a free mouth.",
    ),
    "mouth_hidden": Rule(
        "warning",
        30,
        "Something is in front of the mouth or chin (a hand, a microphone) and would move with the lips: "
        "use a picture with a free mouth.",
    ),
    "eye_hidden": Rule(
        "warning", 15, "An eye is shut or covered (hair, a hand, deep shadow): it will not blink well."
    ),
    "sunglasses": Rule("warning", 8, "Sunglasses: the eyes stay as they are, without blinks or glances."),
    "glasses": Rule("info", 3, "Glasses: brows move less, so that the frames stay in shape."),
    "open_mouth": Rule("info", 2, "The mouth is open: it is closed first, and its inside is drawn anew."),
    "teeth": Rule("info", 0, "Teeth show: a broad smile keeps its own, others are drawn."),
    "heavy_makeup": Rule("info", 2, "Strong make-up: its colours stretch with lips and lids."),
    "several_faces": Rule(
        "warning",
        5,
        "The portrait shows {value:.0f} faces: the largest is animated, face_index chooses.",
    ),
    "drawn": Rule(
        "info",
        5,
        "This looks drawn, painted or rendered: if lips or lids move in the wrong place, "
        "place them by hand (sonic annotate).",
    ),
}


def finding(code: str, value: float) -> Finding:
    """The finding `code` with the figure that decided it."""
    rule = RULES[code]
    return Finding(code, rule.severity, round(value, 3), rule.advice.format(value=value))


def refusal(code: str, message: str) -> Finding:
    """What no portrait check measures: the picture cannot be used at all, and `message` says why."""
    return Finding(code, "refuse", 0.0, message)


def score(findings: Iterable[Finding]) -> int:
    """100 less what the findings cost; 0 as soon as one refuses."""
    found = tuple(findings)
    if any(one.severity == "refuse" for one in found):
        return 0
    return max(1, BEST - sum(RULES[one.code].cost for one in found))


def sort(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest findings first, otherwise in the order in which they were found."""
    return tuple(sorted(findings, key=lambda one: GRAVEST_FIRST.index(one.severity)))
