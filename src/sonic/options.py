"""What an option is: its help, default and range; the check of a value, and advice about it.

Command line, documents, forms and settings are derived from these.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import typing
from dataclasses import dataclass, field
from typing import Any

from sonic.errors import ConfigError

_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


@dataclass(frozen=True)
class Option:
    """What there is to know about one option.

    `below` and `above` say what suffers outside the `recommended` range; `minimum` and `maximum` are hard.
    With `counted`, a whole number from 1 to `maximum` may be given in place of one of the `choices`.
    """

    help: str
    effect: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    recommended: tuple[float, float] | None = None
    below: str = ""
    above: str = ""
    choices: tuple[str, ...] = ()
    counted: bool = False
    name: str = ""
    kind: type = str
    optional: bool = False
    default: Any = None

    def describe_range(self) -> str:
        """The allowed values in words, such as `0 to 2` or `full or face`."""
        if self.choices:
            numbers = [f"1 to {number(self.maximum)}"] if self.counted else []
            return " or ".join([*self.choices, *numbers])
        if self.kind is bool:
            return "true or false"
        if self.maximum is None:
            return f"at least {self.minimum:g}"
        return f"{number(self.minimum)} to {number(self.maximum)}"


def number(value: float | None) -> str:
    """A number without trailing zeros, in full digits."""
    if value is None:
        return "none"
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def declare(default: Any, help: str, effect: str = "", *, shown: bool = True, **details: Any) -> Any:  # noqa: A002 - the word for it
    """A dataclass field that is an option; see `Option`. Secret ones are not `shown` when it is printed."""
    told = Option(help=help, effect=effect, **details)
    return field(default=default, repr=shown, metadata={"option": told})


def described(owner: Any) -> tuple[Option, ...]:
    """The options of a dataclass whose fields `declare` makes, in order, with name, type and default."""
    hints = typing.get_type_hints(owner)
    found = []
    for entry in dataclasses.fields(owner):
        kinds = [
            kind
            for kind in (*typing.get_args(hints[entry.name]), hints[entry.name])
            if isinstance(kind, type)
        ]
        found.append(
            dataclasses.replace(
                entry.metadata["option"],
                name=entry.name,
                kind=kinds[0],
                optional=type(None) in kinds,
                default=entry.default,
            )
        )
    return tuple(found)


def from_text(option: Option, text: str) -> Any:
    """What text, such as a cell of a table or an environment variable, means for an option.

    Text that means nothing comes back as it is: `check_option` says what is wrong with it.
    """
    text = text.strip()
    if option.kind is bool:
        return _TRUTH.get(text.lower(), text)
    try:
        return option.kind(text)
    except ValueError:
        return text


def check_option(option: Option, value: Any) -> Any:
    """`value` as the option's plain Python type.

    Raises:
        ConfigError: it has the wrong type or is outside the allowed range.
    """
    if value is None and option.optional:
        return None
    if option.counted and type(value).__name__ != "bool" and isinstance(value, numbers.Integral):
        value = str(value)
    value = _convert(option, value)
    if option.choices and value not in option.choices and not _is_count(option, value):
        raise ConfigError(f"{option.name} is {value!r}: choose {option.describe_range()}.")
    if option.choices:
        return value
    too_low = option.minimum is not None and value < option.minimum
    too_high = option.maximum is not None and value > option.maximum
    if too_low or too_high:
        unit = f" {option.unit}" if option.unit else ""
        raise ConfigError(
            f"{option.name} is {number(value)}, outside its range: choose {option.describe_range()}{unit}."
        )
    return value


def _is_count(option: Option, value: str) -> bool:
    return option.counted and value.isdecimal() and 1 <= int(value) <= (option.maximum or 0)


def _convert(option: Option, value: Any) -> Any:
    """`value` as the option's plain Python type; NumPy's scalars are welcome, booleans are no numbers."""
    boolean = isinstance(value, bool) or type(value).__name__ in {"bool", "bool_"}
    if option.kind is bool and boolean:
        return bool(value)
    if option.kind is int and isinstance(value, numbers.Integral) and not boolean:
        return int(value)
    if option.kind is float and isinstance(value, numbers.Real) and not boolean and math.isfinite(value):
        return float(value)
    if option.kind is str and isinstance(value, str):
        return value
    wanted = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a word"}
    raise ConfigError(
        f"{option.name} is {value!r}, but must be {wanted[option.kind]}: choose {option.describe_range()}."
    )


def advice(option: Option, value: Any) -> str:
    """What will suffer from a value outside the recommended range, in one sentence; empty inside of it."""
    if option.recommended is None or value is None:
        return ""
    low, high = option.recommended
    if low <= value <= high:
        return ""
    suffers = option.below if value < low else option.above
    side = "below" if value < low else "above"
    return (
        f"{option.name} {number(value)} is {side} the recommended {number(low)} to {number(high)}: {suffers}."
    )
