from __future__ import annotations

from dataclasses import replace

import pytest

from sonic.batch.items import Item
from sonic.batch.outcome import Outcome
from sonic.batch.results import Results
from sonic.batch.tasks import plan
from sonic.errors import ManifestError


@pytest.fixture
def item(folder):
    return Item(1, folder / "anna.jpg", folder / "high.wav")


def only(item, order):
    (task,) = plan([item], order).tasks
    return task


def test_the_row_goes_before_the_command_line(item, order):
    task = only(replace(item, options={"fps": 12, "emotion": "sad"}), order)
    assert (task.config.fps, task.config.emotion, task.config.duration) == (12.0, "sad", 0.5)


def test_names_tell_the_inputs_and_the_content(item, order):
    task = only(item, order)
    assert task.output == f"anna-high-{task.key[:10]}.mp4"
    assert task.target == order.folder / task.output
    same = replace(item, audio=item.audio.rename(item.audio.with_name("anna.wav")))
    assert only(same, order).output == f"anna-{task.key[:10]}.mp4"
    assert only(replace(same, output="talks/one.webm"), order).target == order.folder / "talks" / "one.webm"
    assert only(replace(same, output="one"), order).output == "one.mp4"


def test_the_key_depends_on_content_and_not_on_names(item, order, folder):
    key = only(item, order).key
    moved = replace(item, image=item.image.rename(folder / "other.jpg"))
    assert only(moved, order).key == key
    changes = [
        (replace(moved, audio=folder / "low.wav"), order),
        (replace(moved, options={"seed": 3}), order),
        (moved, replace(order, weights="1" * 64)),
        (moved, replace(order, format="gif")),
    ]
    assert len({only(*change).key for change in changes} | {key}) == 5


def test_the_seed_comes_of_the_content(item, order):
    assert only(item, order).config.seed == only(item, order).config.seed
    assert only(replace(item, options={"seed": 3}), order).config.seed == 3


def test_what_is_wrong_with_an_item_refuses_that_item(item, order, folder):
    items = [
        replace(item, row=1, image=folder / "nobody.jpg"),
        replace(item, row=2, audio=folder / "nothing.wav"),
        replace(item, row=3, options={"fps": "fast"}),
        replace(item, row=4, output="../out.mp4"),
        replace(item, row=5, output="/elsewhere/out.mp4"),
        replace(item, row=6, output="out.avi"),
        replace(item, row=7, reference_video=folder / "nothing.mp4"),
        replace(item, row=8),
    ]
    planned = plan(items, order)
    assert [task.item.row for task in planned.tasks] == [8]
    assert [(outcome.row, outcome.error["code"]) for outcome in planned.refused] == [
        (1, "image"), (2, "audio"), (3, "config"), (4, "manifest"), (5, "manifest"), (6, "manifest"),
        (7, "video"),
    ]  # fmt: skip
    assert planned.total == 8


def test_twins_are_made_once_and_strangers_need_different_names(item, order, folder):
    assert len(plan([item, replace(item, row=2)], order).tasks) == 1
    one, two = replace(item, output="a.mp4"), replace(item, row=2, output="a.mp4", audio=folder / "low.wav")
    with pytest.raises(ManifestError, match="Rows 1 and 2"):
        plan([one, two], order)


def done(task, size):
    return Outcome(1, "succeeded", "a", "b", key=task.key, output=task.output, output_bytes=size)


def test_results_know_what_is_made(tasks, order):
    one, two = tasks
    one.target.write_bytes(b"video")
    with Results(order.folder / "results.jsonl") as results:
        assert not results.has(one)
        results.add(done(one, 5))
        results.add(Outcome.failed(two.item, ValueError("broken"), task=two))
    again = Results(order.folder / "results-1-of-2.jsonl")
    assert (again.has(one), again.has(two)) == (True, False)
    assert not again.has(replace(one, key="other"))
    one.target.write_bytes(b"cut")
    assert not again.has(one)
    one.target.unlink()
    assert not again.has(one)


def test_the_latest_line_of_a_name_counts(tasks, order):
    one, _ = tasks
    one.target.write_bytes(b"video")
    with Results(order.folder / "results.jsonl") as results:
        results.add(done(one, 5))
        results.add(done(replace(one, key="newer"), 5))
    assert not Results(order.folder / "results.jsonl").has(one)


def test_a_torn_line_costs_only_itself(tasks, order):
    path = order.folder / "results.jsonl"
    tasks[0].target.write_bytes(b"video")
    with Results(path) as results:
        results.add(done(tasks[0], 5))
    with path.open("a") as file:
        file.write('{"row": 2, "status": "succ')
    with Results(path) as results:
        results.add(done(tasks[1], 5))
    whole = Results(path)
    assert whole.has(tasks[0])
    assert path.read_text().count("\n") == 3
    assert path.read_text().splitlines()[2].startswith('{"row": 1')
