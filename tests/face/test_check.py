from __future__ import annotations

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

from sonic.errors import MouthCoveredError
from sonic.face.check import inspect_picture, inspect_portrait, refuse
from sonic.face.checks.advice import RULES, finding, refusal, score, sort
from sonic.face.points import POINTS, REQUIRED, FacePoints

SEED = 11  # a blue mask

ALTERATIONS = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "alterations.py"))


@pytest.fixture(scope="module")
def large(picture):
    """The example portrait at twice its size: a face of 180 pixels."""
    return cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def plain(large):
    return inspect_picture(large)


@pytest.fixture(scope="module")
def altered(large, portrait):
    """Draws one of the alterations onto the example portrait and inspects it."""

    def make(name):
        landmarks = portrait.landmarks * np.float32(2)
        return inspect_picture(ALTERATIONS[name](large, landmarks, np.random.default_rng(SEED)))

    return make


def test_the_example_has_an_open_smile_and_nothing_else(plain):
    assert set(plain.codes) <= {"open_mouth", "teeth"}
    assert plain.usable
    assert plain.score > 90
    assert plain.faces == 1
    assert plain.size == (1024, 1024)


def test_the_figures_are_those_of_the_portrait(portrait):
    report = inspect_portrait(portrait)
    assert report.measures.yaw == pytest.approx(portrait.yaw, abs=0.1)
    assert report.measures.pitch == pytest.approx(portrait.pitch, abs=0.1)
    assert report.measures.roll == pytest.approx(portrait.roll, abs=0.1)
    assert report.measures.sharpness > 0.6
    assert report.measures.side_light < 1
    assert report.codes[0] == "small_face"


@pytest.mark.parametrize(
    "name",
    [
        "leaning", "lying", "dark", "overexposed", "side_lit", "blurred", "small", "masked",
        "with_microphone", "with_covered_eye", "with_sunglasses", "with_glasses", "made_up",
        "beside_another", "as_cartoon",
    ],
)  # fmt: skip
def test_what_was_done_to_the_portrait_is_found(altered, plain, name):
    report = altered(name)
    expected = next(codes for alter, codes in ALTERATIONS["EXPECTED"].items() if alter.__name__ == name)
    assert set(report.codes) & set(expected)
    assert report.score < plain.score


def test_a_mask_is_refused(altered):
    report = altered("masked")
    assert not report.usable
    assert report.score == 0
    assert report.codes[0] == "mouth_covered"
    with pytest.raises(MouthCoveredError, match="covers the mouth"):
        refuse(report)


def test_fingers_over_the_mouth_are_seen(altered):
    assert {"mouth_hidden", "mouth_covered"} & set(altered("handed").codes)


def test_no_face_is_a_finding_and_no_error():
    report = inspect_picture(np.full((300, 200, 3), 90, np.uint8))
    assert report.codes == ("no_face",)
    assert report.measures is None
    assert report.faces == 0
    assert not report.usable


def test_what_generate_refuses_is_a_finding_beside_the_figures(picture):
    report = inspect_picture(cv2.resize(picture, (150, 150), interpolation=cv2.INTER_AREA))
    assert report.codes[0] == "face_too_small"
    assert "48 are needed" in report.findings[0].advice
    assert report.measures.face_width < 48
    assert report.face_box is not None
    assert report.crop is None


def test_the_report_says_where_the_face_is_and_what_is_animated(large, plain):
    face, crop = plain.face_box, plain.crop
    assert crop.x <= face.x <= face.x + face.width <= crop.x + crop.width <= large.shape[1]
    assert crop.y <= face.y <= face.y + face.height <= crop.y + crop.height <= large.shape[0]
    assert inspect_picture(large, expand_ratio=0.0).crop.width < crop.width


def test_one_face_that_was_chosen_is_not_one_of_several(picture):
    pair = np.hstack([picture, picture])
    assert "several_faces" in inspect_picture(pair).codes
    assert "several_faces" not in inspect_picture(pair, face_index=1).codes


def test_points_by_hand_are_taken_as_they_are(large, portrait):
    points = FacePoints.of(portrait.landmarks * np.float32(2))
    report = inspect_picture(large, face_points=points)
    assert report.measures.yaw == pytest.approx(portrait.yaw, abs=10)
    assert "mouth_covered" not in report.codes


def test_the_report_guesses_the_points_that_were_not_placed(large, plain, portrait):
    whole = FacePoints.of(portrait.landmarks * np.float32(2)).places
    placed = {name: whole[name] for name in REQUIRED}
    report = inspect_picture(large, face_points=FacePoints(placed))
    assert list(report.face_points) == list(plain.face_points) == list(POINTS)
    assert {name: report.face_points[name] for name in placed} == placed
    eyes = np.subtract(whole["left_eye_outer"], whole["right_eye_outer"])[0]
    for name in POINTS:
        assert np.hypot(*np.subtract(report.face_points[name], whole[name])) < 0.35 * eyes


def test_whoever_places_points_has_seen_the_mouth(large, portrait):
    landmarks = portrait.landmarks * np.float32(2)
    masked = ALTERATIONS["masked"](large, landmarks, np.random.default_rng(SEED))
    report = inspect_picture(masked, face_points=FacePoints.of(landmarks))
    assert report.usable
    assert report.score > 0


def test_the_report_is_ready_for_json(plain):
    content = plain.to_dict()
    assert content["usable"] is True
    assert content["measures"]["face_width"] > 100
    assert {"code", "severity", "value", "advice"} == set(content["findings"][0])


def test_findings_are_sorted_and_cost_points():
    found = [finding("teeth", 0.5), finding("blurred", 0.2), refusal("no_face", "none")]
    assert [one.severity for one in sort(found)] == ["refuse", "warning", "info"]
    assert score(found) == 0
    assert score(found[:2]) == 100 - RULES["blurred"].cost
    assert score([]) == 100
    assert score([finding(code, 1.0) for code, rule in RULES.items() if rule.severity != "refuse"]) == 1


def test_advice_is_one_sentence_with_its_value():
    for code in RULES:
        assert finding(code, 3.0).advice.endswith(".")
        assert "{" not in finding(code, 3.0).advice
    assert "shows 3 faces" in finding("several_faces", 3.0).advice
