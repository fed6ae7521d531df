"""Points placed by hand, in the studio and on the page of `sonic annotate`: one board, the same points."""

from __future__ import annotations

import json
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonic.cli.annotate import render_page
from sonic.face.fitting import average_landmarks
from sonic.face.guess import guess_points
from sonic.face.points import POINTS, REQUIRED, FacePoints

ROBOT = runpy.run_path(str(Path(__file__).parents[3] / "scripts" / "robot.py"))
SIDE, SPOTS = ROBOT["SIDE"], ROBOT["SPOTS"]
SHORT = {"duration": 0.6, "fps": 10, "inference_steps": 1, "min_resolution": 256, "crop": "face", "seed": 5}


@pytest.fixture(scope="session")
def robot(tmp_path_factory):
    """A drawing in which no face is found."""
    path = tmp_path_factory.mktemp("drawings") / "robot.png"
    ROBOT["draw_robot"]().save(path)
    return path


def open_dialog(page, picture):
    page.set_input_files("#portrait-file", picture)
    page.click("#portrait-place")
    page.wait_for_selector("#placing[open]")


def spot(page, place):
    """Where a place of the picture is on the screen."""
    box = page.locator("#placing .board-sheet").bounding_box()
    return box["x"] + place[0] * box["width"] / SIDE, box["y"] + place[1] * box["height"] / SIDE


def place_all(page):
    for place in SPOTS:
        page.mouse.click(*spot(page, place))
    page.wait_for_selector("#placing-use:not([hidden])")


def labels(page):
    handles = page.locator("#placing .point")
    return handles.evaluate_all("all => all.map(one => [one.dataset.name, one.getAttribute('aria-label')])")


def shown(page):
    """The points on the board by name, in whole pixels."""
    return {name: tuple(map(int, re.findall(r"\d+", text)[-2:])) for name, text in labels(page)}


def test_the_page_knows_the_points_of_the_engine(untouched):
    names, required, average = untouched.evaluate(
        """async () => { const { AVERAGE, NAMES, REQUIRED } = await import("/studio/modules/facepoints.js");
        return [NAMES, REQUIRED, AVERAGE]; }"""
    )
    assert names == list(POINTS)
    assert required == list(REQUIRED)
    places = FacePoints.of(average_landmarks(np.array([50.0, 50.0]), 76.0)).places
    for name, place in places.items():
        assert average[name] == pytest.approx(place, abs=0.1)


def test_a_guess_follows_what_was_placed(untouched):
    guesses = untouched.evaluate(
        """async () => { const { AVERAGE, suggest } = await import("/studio/modules/facepoints.js");
        const turned = ([x, y]) => [300 - 2 * y, 100 + 2 * x];
        const two = { right_eye_outer: turned(AVERAGE.right_eye_outer), chin: turned(AVERAGE.chin) };
        const nose = (placed, size) => suggest("nose_tip", placed, size);
        return [nose({}, [200, 400]), nose(two, [400, 400]), turned(AVERAGE.nose_tip),
                suggest("chin", { nose_tip: [190, 390] }, [200, 400])]; }"""
    )
    assert guesses[0] == pytest.approx([100, 200], abs=1)
    assert guesses[1] == pytest.approx(guesses[2], abs=0.1)
    assert guesses[3] == pytest.approx([190, 399], abs=0.1)


def test_a_drawing_speaks_by_points_placed_in_the_page(visit, address, robot, speech_path, tmp_path):
    page = visit(address)
    page.set_input_files("#portrait-file", robot)
    page.wait_for_selector("#portrait-advice .advice-refuse")
    assert "main" in page.get_attribute("#portrait-place", "class")
    open_dialog(page, robot)
    assert page.inner_text("#placing-count") == "1 of 8"
    place_all(page)
    assert page.inner_text("#placing-count") == "9 of 23"
    assert list(shown(page)) == list(POINTS)
    page.click("#placing-use")
    page.wait_for_selector("#portrait-overlay .box-crop")
    assert page.locator("#portrait-overlay .box-point").count() == len(POINTS)
    assert page.locator("#portrait-advice .advice-refuse").count() == 0

    page.set_input_files("#voice-file", speech_path)
    page.wait_for_selector("#voice-advice p:not(.waiting), #voice-advice li")
    page.click(".advanced > summary")
    for name, value in SHORT.items():
        control = page.locator(f"[data-name={name}] .option-head :is(select, input[type=number])")
        control.select_option(value) if isinstance(value, str) else control.fill(str(value))
    page.check("#consent")
    page.click("#generate")
    page.wait_for_selector("#stage-done:not([hidden])")
    job = page.evaluate("fetch('/v1/videos').then(answer => answer.json())")["data"][0]
    points = FacePoints.read(job["input"]["face_points"]).places
    for name, place in zip(REQUIRED, SPOTS, strict=True):
        assert points[name] == pytest.approx(place, abs=1)

    page.evaluate("document.querySelectorAll('.folded').forEach(part => { part.open = true; })")
    line, code, file = page.locator(".equal code").all_inner_texts()
    assert shlex.split(line)[6:8] == ["--face-points", "points.json"]
    assert 'face_points="points.json"' in code
    (tmp_path / "points.json").write_text(file)
    assert FacePoints.read(tmp_path / "points.json").places == points

    page.select_option(".rerun-inputs select", "happy")
    page.click(".rerun .button")
    page.wait_for_selector("#stage-work:not([hidden])")
    page.wait_for_selector("#stage-done:not([hidden])")
    again = page.evaluate("fetch('/v1/videos').then(answer => answer.json())")["data"][0]
    assert again["id"] != job["id"]
    assert again["input"]["face_points"] == job["input"]["face_points"]
    with page.expect_download():
        page.click("[data-format=gif]")
    other = page.evaluate("fetch('/v1/videos').then(answer => answer.json())")["data"][0]
    assert (other["input"]["format"], other["input"]["face_points"]) == ("gif", job["input"]["face_points"])

    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.locator(".history-tools button").first.click()
    page.wait_for_selector("#portrait-overlay .box-point >> nth=22", state="attached")
    page.click("#portrait-unplace")
    page.wait_for_selector("#portrait-advice .advice-refuse")


def test_the_keyboard_alone_places_the_points(visit, address, robot):
    page = visit(address)
    open_dialog(page, robot)
    assert page.evaluate("document.activeElement.dataset.name") == "right_eye_outer"
    start = shown(page)["right_eye_outer"]
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowDown")
    moved = shown(page)["right_eye_outer"]
    assert moved == (start[0] - 10, start[1] + 1)
    assert page.inner_text("#placing-said") == f"{moved[0]} across, {moved[1]} down"
    page.keyboard.press("Control+z")
    assert shown(page)["right_eye_outer"] == start
    for count in range(2, 9):
        page.keyboard.press("Enter")
        assert page.inner_text("#placing-count") == f"{count} of 8"
    assert page.evaluate("document.activeElement.dataset.name") == "chin"
    page.keyboard.press("Enter")
    page.wait_for_selector("#placing-use:not([hidden])")
    for _ in range(len(POINTS) - len(REQUIRED)):
        page.keyboard.press("Enter")
    page.wait_for_selector("#portrait-overlay .box-point", state="attached")
    assert page.evaluate("document.activeElement.id") == "portrait-place"


def test_what_was_placed_outlives_escape_and_can_be_taken_back(visit, address, robot):
    page = visit(address)
    open_dialog(page, robot)
    for place in SPOTS[:3]:
        page.mouse.click(*spot(page, place))
    page.keyboard.press("Escape")
    page.wait_for_selector("#placing", state="hidden")
    assert page.locator("#portrait-overlay .box-point").count() == 0
    page.click("#portrait-place")
    assert page.inner_text("#placing-count") == "4 of 8"
    page.click("#placing-undo")
    assert page.inner_text("#placing-count") == "3 of 8"
    page.click("#placing-back")
    assert page.inner_text("#placing-prompt") == "Inner corner of the eye on the left"
    page.mouse.click(*spot(page, (300, 280)))
    assert page.inner_text("#placing-count") == "3 of 8"
    assert shown(page)["right_eye_inner"] == pytest.approx((300, 280), abs=1)
    page.click("#placing-again")
    assert page.inner_text("#placing-count") == "1 of 8"
    page.click("#placing-undo")
    assert page.inner_text("#placing-count") == "3 of 8"


def test_points_are_dragged_under_a_magnifier(visit, address, robot):
    page = visit(address)
    open_dialog(page, robot)
    place_all(page)
    before = shown(page)
    page.mouse.move(*spot(page, before["nose_tip"]))
    page.mouse.down()
    page.mouse.move(*spot(page, (340, 400)), steps=4)
    assert page.is_visible("#placing .magnifier")
    page.mouse.up()
    assert not page.is_visible("#placing .magnifier")
    after = shown(page)
    assert after["nose_tip"] == pytest.approx((340, 400), abs=2)
    assert {**after, "nose_tip": None} == {**before, "nose_tip": None}
    page.click("#placing-undo")
    assert shown(page) == before
    width = page.locator("#placing .board-sheet").bounding_box()["width"]
    page.click("#placing-larger")
    assert page.locator("#placing .board-sheet").bounding_box()["width"] == pytest.approx(1.5 * width, abs=1)
    page.click("#placing-smaller")
    assert page.locator("#placing .board-sheet").bounding_box()["width"] == pytest.approx(width, abs=1)


def test_points_of_a_face_that_was_found_are_corrected(visit, address, portrait_path):
    page = visit(address)
    open_dialog(page, portrait_path)
    assert page.inner_text("#placing-count") == "1 of 23"
    assert list(shown(page)) == list(POINTS)
    page.keyboard.press("Shift+ArrowLeft")
    moved = shown(page)
    page.click("#placing-close")
    assert page.get_attribute("#portrait-place", "class") == "plain"
    page.click("#portrait-place")
    assert shown(page) == moved
    near = page.locator("#placing .board-sheet").bounding_box()["width"]
    page.click("#placing-again")
    assert page.inner_text("#placing-count") == "1 of 8"
    assert page.locator("#placing .board-sheet").bounding_box()["width"] < near


def test_fingers_place_points_on_a_chinese_phone(visit, address, robot):
    page = visit(
        address, viewport={"width": 360, "height": 740}, locale="zh-CN", has_touch=True, is_mobile=True
    )
    open_dialog(page, robot)
    for place in SPOTS:
        page.touchscreen.tap(*spot(page, place))
    page.wait_for_selector("#placing-use:not([hidden])")
    for name, place in zip(REQUIRED, SPOTS, strict=True):
        assert shown(page)[name] == pytest.approx(place, abs=2)
    assert not re.findall(
        r"[A-Za-z]{2,}", page.inner_text("#placing") + "".join(text for _, text in labels(page))
    )
    size = page.evaluate(
        "[document.documentElement.scrollWidth, document.getElementById('placing').scrollHeight]"
    )
    assert size[0] <= 360
    assert size[1] <= 740


def test_points_that_cannot_be_a_face_are_told_in_the_dialog(visit, address, robot):
    page = visit(address)
    open_dialog(page, robot)
    for place in [(300, 300), (310, 300), (320, 300), (301, 301), *SPOTS[4:]]:
        page.mouse.click(*spot(page, place))
    page.wait_for_selector("#placing-failure:not([hidden])")
    assert "outer eye corners" in page.inner_text("#placing-failure")
    assert page.is_hidden("#placing-use")


def test_the_page_of_annotate_works_without_a_server(visit, robot, tmp_path):
    picture = np.asarray(Image.open(robot))
    points, _ = guess_points(picture)
    path = tmp_path / "points.html"
    path.write_text(render_page(picture, points, "points.json"), encoding="utf-8")
    page = visit(path.as_uri(), ready=False)
    box = page.locator(".board-sheet").bounding_box()
    scale = box["width"] / SIDE
    start = [box[axis] + points.places["nose_tip"][index] * scale for index, axis in enumerate("xy")]
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 40 * scale, start[1] + 20 * scale, steps=4)
    page.mouse.up()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+ArrowLeft")
    page.fill("#x-chin", "300")
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.click("#save")
    saved = FacePoints.read(json.loads(download.value.path().read_text())).places
    assert saved["nose_tip"] == pytest.approx(np.add(points.places["nose_tip"], (40, 20)), abs=1)
    assert saved["mouth_right"][0] == pytest.approx(points.places["mouth_right"][0] - 10, abs=0.1)
    assert saved["chin"][0] == 300
