from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonic.clips import load_clips
from sonic.evaluate.judge import SyncJudge
from sonic.evaluate.report import plain, weights_content, weights_report
from sonic.evaluate.runs import in_space
from sonic.evaluate.showing import Plan, lips_only
from sonic.evaluate.weights import evaluate, quick_choice
from sonic.motion.probe import LipProbe
from sonic.motion.sampler import MotionSampler


@pytest.fixture(scope="module")
def result(prepared, model):
    clips = load_clips(prepared, "dev", augmented=False)
    probe = LipProbe.load(prepared / "probe.safetensors")
    return evaluate(MotionSampler(model.folder), probe, clips, Plan(steps=1, samples=2))


def test_every_performer_is_a_row_of_every_group(result):
    groups = result.groups()
    assert list(groups) == ["street", "studio", "all", "people"]
    assert set(groups["people"]) == {"sample", "mean", "ridge", "still", "wrong", "real"}
    assert result.sizes()["all"] == (4, 3)


def test_truth_and_stillness_are_where_they_belong(result):
    rows = result.groups()["all"]
    assert rows["real"]["opening"].value > 0.99
    assert rows["real"]["amplitude"].value == pytest.approx(1, abs=0.05)
    assert rows["still"]["opening"].value == 0
    assert rows["still"]["lip_error"].value == pytest.approx(1)
    assert np.isfinite(rows["sample"]["wrong_gain"].value)
    assert np.isnan(rows["ridge"]["wrong_gain"].value)


def test_the_judge_looks_at_everyone_but_the_still_face(prepared, model):
    clips = load_clips(prepared, "dev", augmented=False)[:2]
    probe = LipProbe.load(prepared / "probe.safetensors")
    found = evaluate(
        MotionSampler(model.folder), probe, clips, Plan(steps=1, samples=1), judge=SyncJudge.load()
    )
    known = {score.performer: np.isfinite(score.figures.judge_confidence) for score in found.scores}
    assert known.pop("still") is np.False_
    assert all(known.values())
    assert "judge: confidence" in weights_report(found)


def test_liveliness_of_real_faces_is_read_off_them(result):
    real = result.lively["real"]
    assert real["blinks_per_minute"] == pytest.approx(4 / (4 * 64 / 25 / 60))
    assert real["blink_seconds"] == pytest.approx(0.12)
    assert real["speed_in_silence"] < 0.1 * real["speed_in_speech"]


def test_the_report_shows_all_of_it(result):
    text = weights_report(result)
    for words in ("still face", "| people | 4 | 3 |", "blinks_per_minute", "made / real"):
        assert words in text
    content = weights_content(result)
    assert content["groups"]["people"]["real"]["opening"]["value"] > 0.99
    assert content["groups"]["people"]["ridge"]["wrong_gain"]["value"] is None


def test_the_same_seeds_give_the_same_figures(prepared, result, model):
    clips = load_clips(prepared, "dev", augmented=False)
    probe = LipProbe.load(prepared / "probe.safetensors")
    again = evaluate(MotionSampler(model.folder), probe, clips, Plan(steps=1, samples=2))
    assert plain(list(again.scores)) == plain(list(result.scores))


def test_data_of_another_space_is_read_in_the_models_own(prepared, space, tmp_path):
    clips = load_clips(prepared, "dev", augmented=False)[:1]
    assert in_space(clips, prepared / "space.safetensors", space)[0].motion is clips[0].motion
    other = replace(space, mouth_basis=2 * space.mouth_basis)
    other.save(tmp_path / "space.safetensors")
    motion = in_space(clips, tmp_path / "space.safetensors", space)[0].motion
    assert np.corrcoef(space.opening(motion), space.opening(clips[0].motion))[0, 1] > 0.99


def test_a_quick_look_takes_two_clips_a_person(prepared):
    clips = load_clips(prepared, "dev", augmented=False)
    assert len(quick_choice([*clips, *clips])) == 6


def test_lips_alone_say_what_they_were_given(space):
    readings = np.random.default_rng(0).normal(0, 0.1, (7, 3)).astype(np.float32)
    motion = lips_only(readings, space)
    assert motion[:, space.groups["mouth"]] @ space.mouth_readout() == pytest.approx(readings, abs=1e-4)
    assert not motion[:, space.groups["head"]].any()
