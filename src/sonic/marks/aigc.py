"""The label for machines: the `AIGC` field that GB 45438-2025 asks for, one to a file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from dataclasses import dataclass
from typing import Any

from sonic.errors import ConfigError

PRODUCER = "sonic-portrait"
PRODUCER_VARIABLE = "SONIC_PRODUCER"  # operators have a code of their own
_KINDS = {"1": "AI-generated", "2": "possibly AI-generated", "3": "suspected to be AI-generated"}
_PRINTABLE = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True)
class Label:
    """Who made a video and who spread it; every value is printable ASCII without spaces.

    Attributes:
        kind: "1" generated, "2" possibly, "3" suspected to be generated.
        producer: code of who generated it.
        produce_id: the producer's number of the video.
        reserved_1: for the producer's own checks of integrity.
        propagator: code of who spreads it; theirs to fill in.
        propagate_id: their number.
        reserved_2: for their own checks.
    """

    kind: str
    producer: str
    produce_id: str
    reserved_1: str = ""
    propagator: str = ""
    propagate_id: str = ""
    reserved_2: str = ""

    def __post_init__(self) -> None:
        for value in dataclasses.astuple(self):
            if not _PRINTABLE.fullmatch(value):
                raise ConfigError(f"'{value}' cannot be in a label: use printable ASCII without spaces.")
        if self.kind not in _KINDS or not self.producer or not self.produce_id:
            raise ConfigError("A label needs a kind of 1 to 3, a producer and a number: fill them in.")

    @classmethod
    def of(cls, provenance: dict[str, Any]) -> Label:
        """The label of a video that Sonic makes; its number is a digest of what made it.

        Raises:
            ConfigError: the producer's code in SONIC_PRODUCER is not printable ASCII.
        """
        return cls("1", os.environ.get(PRODUCER_VARIABLE) or PRODUCER, produce_id(provenance))

    @property
    def meaning(self) -> str:
        """What the kind says, in words."""
        return _KINDS[self.kind]

    def to_json(self) -> str:
        """The value of the field, one line of JSON with the seven keys of the standard."""
        return json.dumps(
            {
                "Label": self.kind,
                "ContentProducer": self.producer,
                "ProduceID": self.produce_id,
                "ReservedCode1": self.reserved_1,
                "ContentPropagator": self.propagator,
                "PropagateID": self.propagate_id,
                "ReservedCode2": self.reserved_2,
            },
            separators=(",", ":"),
        )

    @classmethod
    def of_field(cls, found: dict[str, Any] | None) -> Label | None:
        """The label that the field of a file holds, None if there is none or it is not one."""
        try:
            return (
                None
                if found is None
                else cls(
                    str(found["Label"]),
                    str(found["ContentProducer"]),
                    str(found["ProduceID"]),
                    str(found.get("ReservedCode1", "")),
                    str(found.get("ContentPropagator", "")),
                    str(found.get("PropagateID", "")),
                    str(found.get("ReservedCode2", "")),
                )
            )
        except (KeyError, ConfigError):
            return None


def produce_id(provenance: dict[str, Any]) -> str:
    """The number of a video, 32 hexadecimal digits: the same for the same inputs, options and model."""
    story = json.dumps(provenance, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(story.encode()).hexdigest()[:32]
