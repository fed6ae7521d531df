"""The script behind the table of groups of people in the model card."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from sonic.face.portrait import analyse_portrait
from sonic.media.image import load_image

SCRIPT = Path(__file__).parents[1] / "scripts" / "group_table.py"


@pytest.fixture(scope="module")
def table():
    return runpy.run_path(str(SCRIPT))


def test_one_portrait_does_what_it_is_asked_for(table, portrait_path, speech_path, monkeypatch):
    monkeypatch.setitem(table["Stage"].__init__.__globals__, "FRAMES", 25)
    stage = table["Stage"](table["find_model"]("sonic-base"), speech_path)
    figures = table["measure"](portrait_path, stage)
    assert figures["usable"] == 1
    assert figures["lips"] > 0.8
    assert figures["lids"] > 0.4


def test_what_cannot_be_used_counts_as_such(table, tmp_path):
    from PIL import Image

    Image.fromarray(np.full((200, 200, 3), 128, np.uint8)).save(tmp_path / "nobody.png")
    assert table["measure"](tmp_path / "nobody.png", None) == {"usable": 0.0}


def test_darker_skin_has_a_smaller_angle(table, portrait_path):
    portrait = analyse_portrait(load_image(portrait_path))
    angle = table["typology_angle"]
    dimmed = (portrait.image * 0.55).astype(np.uint8)
    assert angle(portrait) > angle(analyse_portrait(dimmed)) + 10
    assert table["tone"](55.0).startswith("light")
    assert table["tone"](-30.0).startswith("brown")
    assert table["tone"](None) == ""


def test_people_are_averaged_by_group_and_held_out_clips_by_person(table, tmp_path):
    (tmp_path / "groups.tsv").write_text("name\tsex\na\twomen\nb\twomen\nc\tmen\nd\t\n", encoding="utf-8")
    clips = [
        {"person": "a", "performer": "sample", "figures": {"opening": 0.6, "closures": None}},
        {"person": "a", "performer": "sample", "figures": {"opening": 0.8, "closures": 1.0}},
        {"person": "a", "performer": "ridge", "figures": {"opening": 0.1, "closures": 0.0}},
    ]
    (tmp_path / "evaluation.json").write_text(json.dumps({"clips": clips}), encoding="utf-8")
    people = table["read_groups"](tmp_path / "groups.tsv")
    held_out = table["read_evaluation"](tmp_path / "evaluation.json")
    assert held_out == {"a": {"opening": pytest.approx(0.7), "closures": 1.0}}
    for person, score in zip(people, (90.0, 70.0, 50.0, 0.0), strict=True):
        person.figures |= {"usable": float(score > 0), "score": score} | held_out.get(person.name, {})
    every, men, women = table["rows"](people)
    assert every[:3] == ["**all**", "4", "3"]
    assert men[:4] == ["sex: men", "1", "1", "50"]
    assert women[3].startswith("80 (70 to 90)")
    assert women[-3:] == ["1", "0.70", "1.00"]
