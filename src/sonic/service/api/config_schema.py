"""`GenerateConfig` as JSON Schema, derived from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sonic.config import options
from sonic.options import number

if TYPE_CHECKING:
    from sonic.options import Option

TITLE = "GenerateConfig"
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def config_schema() -> dict[str, Any]:
    """The schema of an object that holds any of the options."""
    return {
        "type": "object",
        "title": TITLE,
        "description": "Options of the video; what is left out keeps its default.",
        "properties": {option.name: _schema(option) for option in options()},
        "additionalProperties": False,
    }


def _schema(option: Option) -> dict[str, Any]:
    kinds = [_TYPES[option.kind], *(["null"] if option.optional else [])]
    schema: dict[str, Any] = {
        "type": kinds if option.optional else kinds[0],
        "default": option.default,
        "description": f"{option.help} {option.effect}".strip(),
    }
    if option.counted:
        schema["pattern"] = f"^({'|'.join(option.choices)}|[1-9]|1[0-9]|{number(option.maximum)})$"
    elif option.choices:
        schema["enum"] = list(option.choices)
    else:
        bounds = {"minimum": option.minimum, "maximum": option.maximum}
        schema |= {name: _exact(option, bound) for name, bound in bounds.items() if bound is not None}
    return schema | ({"x-unit": option.unit} if option.unit else {})


def _exact(option: Option, bound: float) -> float:
    return int(bound) if option.kind is int else bound
