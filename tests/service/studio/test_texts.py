"""The page's two languages are complete: page, options, findings and errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sonic
from sonic.config import options
from sonic.errors import SonicError
from sonic.face.checks.advice import RULES
from sonic.progress import STAGES

PAGE = Path(sonic.__file__).parent / "service" / "studio"
HEARING = Path(sonic.__file__).parent / "hearing.py"
LEFT_TO_THE_SERVER = ("option.", "finding.", "error.")  # in English


def dictionary(tag):
    def unique(pairs):
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), "a text is there twice"
        return dict(pairs)

    return json.loads((PAGE / "languages" / f"{tag}.json").read_text("utf-8"), object_pairs_hook=unique)


ENGLISH, CHINESE = dictionary("en"), dictionary("zh-CN")


def used_keys():
    """Keys that the page or its modules name literally."""
    markup = (PAGE / "index.html").read_text("utf-8")
    yield from re.findall(r'data-(?:text|label|alt)="([\w.]+)"', markup)
    for path in PAGE.rglob("*.js"):
        source = path.read_text("utf-8")
        yield from re.findall(r'\btext\("([\w.]+)"', source)
        yield from re.findall(r'"((?:stage|voice|portrait)\.(?!jpg|wav)\w+)"', source)
        yield from (f"error.{code}" for code in re.findall(r'new Problem\("(\w+)"', source))


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE], ids=["en", "zh-CN"])
def test_every_text_that_the_page_names_is_there(texts):
    missing = {
        key for key in used_keys() if key not in texts and key not in {"error.audio", "error.cancelled"}
    }
    assert not missing


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE], ids=["en", "zh-CN"])
def test_every_stage_of_the_work_has_a_name(texts):
    assert not {f"work.{stage}" for stage in STAGES} - texts.keys()


def test_chinese_says_whatever_english_says():
    assert not ENGLISH.keys() - CHINESE.keys()
    extra = {key for key in CHINESE.keys() - ENGLISH.keys() if not key.startswith(LEFT_TO_THE_SERVER)}
    assert not extra


def test_both_languages_fill_in_the_same_values():
    for key in ENGLISH:
        blanks = [sorted(re.findall(r"\{\w+\}", texts[key])) for texts in (ENGLISH, CHINESE)]
        assert blanks[0] == blanks[1], key


@pytest.mark.parametrize("option", options(), ids=lambda option: option.name)
def test_every_option_is_explained_in_chinese(option):
    fields = [
        "label",
        *(field for field in ("help", "effect", "unit", "below", "above") if getattr(option, field)),
    ]
    wanted = {f"option.{option.name}.{field}" for field in fields}
    wanted |= {f"option.{option.name}.choice.{choice}" for choice in option.choices}
    assert not wanted - CHINESE.keys()


def test_every_finding_is_explained_in_chinese():
    heard = re.findall(r'Advice\(\s*"(\w+)"', HEARING.read_text("utf-8"))
    refusals = ["no_face", "face_too_small", "face_cut", "profile"]
    assert len(heard) > 5
    assert not {f"finding.{code}" for code in [*RULES, *heard, *refusals]} - CHINESE.keys()


def all_errors(error=SonicError):
    return [error, *(found for child in error.__subclasses__() for found in all_errors(child))]


def test_every_error_is_one_sentence_in_chinese():
    missing = {error.code for error in all_errors() if f"error.{error.code}" not in CHINESE}
    assert not missing


def test_every_problem_of_the_service_is_one_sentence_in_chinese():
    problems = pytest.importorskip("sonic.service.api.problems", exc_type=ImportError)
    assert not {code for code in problems.STATUSES if f"error.{code}" not in CHINESE}
