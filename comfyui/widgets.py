"""Turns the options of `GenerateConfig` into widgets, and what is in the widgets back into options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonic.options import Option

PORTRAIT_OPTIONS = ("face_index", "expand_ratio")
VOICE_OPTIONS = ("duration", "denoise", "export_audio", "speaker", "compensation")
EVERYDAY = ("preset", "seed", "crop", "emotion", "dynamic_scale", "motion_scale", "fps", *VOICE_OPTIONS)
SEED = "seed"
UNBOUNDED = 1_000_000.0  # ComfyUI wants a maximum where an option has none


def portrait_widgets() -> list[io.Input]:
    """Widgets of the options that are about the picture."""
    return [widget(option) for option in package.options() if option.name in PORTRAIT_OPTIONS]


def voice_widgets() -> list[io.Input]:
    """Widgets of the options that are about the recording."""
    return [widget(option) for option in package.options() if option.name in VOICE_OPTIONS]


def video_widgets() -> list[io.Input]:
    """Widgets of all other options, the everyday ones first."""
    ours = [option for option in package.options() if option.name not in (*PORTRAIT_OPTIONS, *VOICE_OPTIONS)]
    return [widget(option) for option in sorted(ours, key=lambda option: option.name not in EVERYDAY)]


def widget(option: Option, **changes: Any) -> io.Input:
    """The widget of one option, with its default, range and explanation; `changes` replace some of these."""
    details: dict[str, Any] = {"default": first_value(option), "tooltip": explain(option)}
    if option.name not in EVERYDAY:
        details["extra_dict"] = {"advanced": True}
    if option.choices:
        return io.Combo.Input(option.name, **{"options": choices(option), **details, **changes})
    if option.kind is bool:
        return io.Boolean.Input(option.name, **{**details, **changes})
    details.update(min=lowest(option), max=highest(option), step=step(option))
    if option.name == SEED:
        details["control_after_generate"] = True
    kind = io.Int if option.kind is int else io.Float
    return kind.Input(option.name, **{**details, **changes})


def named(name: str, **changes: Any) -> list[io.Input]:
    """The widget of the option `name` in a list, empty without the package."""
    return [widget(option, **changes) for option in package.options() if option.name == name]


def overrides(values: Mapping[str, Any]) -> dict[str, Any]:
    """Options by name from what is in the widgets; a number that stands for "not given" becomes None."""
    return {
        option.name: None if is_unset(option, values[option.name]) else values[option.name]
        for option in package.options()
        if option.name in values
    }


def choices(option: Option) -> list[str]:
    """What a drop-down offers; a counted option also offers its numbers."""
    numbers = range(1, int(option.maximum or 0) + 1) if option.counted else ()
    return [*option.choices, *map(str, numbers)]


def explain(option: Option) -> str:
    """The tooltip: what the option is, what it does, and which values are recommended or special."""
    sentences = [option.help, option.effect]
    if option.recommended:
        low, high = option.recommended
        sentences.append(f"Recommended: {low:g} to {high:g}.")
    if can_be_unset(option):
        sentences.append(f"{unset(option):g}: not given.")
    return " ".join(sentences).replace("`", "")


def can_be_unset(option: Option) -> bool:
    """Whether the widget has a number for "not given"; a seed is always given, to repeat runs by."""
    return option.optional and option.name != SEED


def unset(option: Option) -> float:
    """The number that stands for "not given": 0 where that is no allowed value, else -1."""
    number: float = option.kind(0 if (option.minimum or 0) > 0 else -1)
    return number


def is_unset(option: Option, value: Any) -> bool:
    """Whether `value` of the widget stands for "not given"."""
    return can_be_unset(option) and value == unset(option)


def first_value(option: Option) -> Any:
    """What the widget holds at first."""
    if option.default is not None:
        return option.default
    return 0 if option.name == SEED else unset(option)


def lowest(option: Option) -> float:
    """The widget's smallest number."""
    return unset(option) if can_be_unset(option) else option.kind(option.minimum)


def highest(option: Option) -> float:
    """The widget's largest number."""
    number: float = option.kind(UNBOUNDED if option.maximum is None else option.maximum)
    return number


def step(option: Option) -> float:
    """What one click on an arrow changes: fine for factors and shares, coarse for rates and seconds."""
    if option.kind is int:
        return 1
    return 0.01 if highest(option) <= 2 else 0.1
