from __future__ import annotations

import json

import pytest

from sonic.errors import ConfigError
from sonic.marks.aigc import Label, produce_id

KEYS = [
    "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID",
    "ReservedCode2",
]  # fmt: skip
PROVENANCE = {"generator": "sonic 0.0", "seed": 7}


def test_the_label_has_the_seven_keys_of_the_standard_as_strings():
    label = Label.of(PROVENANCE)
    found = json.loads(label.to_json())
    assert list(found) == KEYS
    assert all(isinstance(value, str) for value in found.values())
    assert (found["Label"], found["ContentProducer"]) == ("1", "sonic-portrait")
    assert Label.of_field(found) == label


def test_the_number_depends_on_what_made_the_video():
    assert produce_id(PROVENANCE) == produce_id(dict(reversed(PROVENANCE.items())))
    assert produce_id(PROVENANCE) != produce_id(PROVENANCE | {"seed": 8})


def test_operators_put_in_their_own_code(monkeypatch):
    monkeypatch.setenv("SONIC_PRODUCER", "001191110102MACQD9K64010000")
    assert Label.of(PROVENANCE).producer == "001191110102MACQD9K64010000"
    monkeypatch.setenv("SONIC_PRODUCER", "有限公司")
    with pytest.raises(ConfigError, match="printable ASCII"):
        Label.of(PROVENANCE)


@pytest.mark.parametrize("values", [("4", "a", "b"), ("1", "", "b"), ("1", "a", ""), ("1", "a b", "c")])
def test_labels_that_the_standard_does_not_know_are_refused(values):
    with pytest.raises(ConfigError):
        Label(*values)
    assert Label.of_field(dict(zip(KEYS, values, strict=False))) is None


def test_a_file_without_a_label_has_none():
    assert Label.of_field(None) is None
    assert Label.of_field({"Label": "1"}) is None
