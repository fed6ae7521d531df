from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sonic.config import PRESETS, GenerateConfig, options
from sonic.errors import ConfigError


def test_defaults_are_valid_and_give_no_advice():
    assert GenerateConfig().advice() == ()


def test_every_option_says_what_it_is():
    for option in options():
        assert option.help.endswith(".")
        assert option.effect.endswith(".")
        if option.recommended:
            assert option.below
            assert option.above
            low, high = option.recommended
            assert option.minimum <= low < high <= option.maximum
            assert option.default is None or low <= option.default <= high


def test_the_options_are_the_documented_ones():
    assert [option.name for option in options()] == [
        "duration", "preset", "min_resolution", "expand_ratio", "inference_steps", "dynamic_scale",
        "motion_scale", "lip_sync_refinement", "temporal_smoothing", "smoothing_filter", "denoise",
        "export_audio", "speaker", "compensation", "seed", "fps", "crop", "blink", "emotion",
        "intensity", "head_motion", "gaze", "blink_rate", "restore", "face_index", "label",
        "label_language", "watermark",
    ]  # fmt: skip


@pytest.mark.parametrize("option", [o for o in options() if o.minimum is not None], ids=lambda o: o.name)
def test_values_outside_the_range_are_refused(option):
    assert (
        getattr(GenerateConfig.build(**{option.name: option.kind(option.minimum)}), option.name) is not None
    )
    with pytest.raises(ConfigError, match=option.name):
        GenerateConfig.build(**{option.name: option.kind(option.minimum) - option.kind(1)})
    if option.maximum is not None:
        with pytest.raises(ConfigError, match=option.name):
            GenerateConfig.build(**{option.name: option.kind(option.maximum) + option.kind(1)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inference_steps", 20.5),
        ("inference_steps", True),
        ("inference_steps", None),
        ("blink", 1),
        ("dynamic_scale", "1.0"),
        ("dynamic_scale", float("nan")),
        ("fps", float("inf")),
        ("crop", "half"),
        ("crop", 3),
        ("seed", "7"),
    ],
)
def test_wrong_types_are_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        GenerateConfig.build(**{name: value})


def test_a_counted_option_takes_a_word_or_a_number():
    assert [GenerateConfig(speaker=value).speaker for value in ("main", "2", 2, np.int64(3))] == [
        "main", "2", "2", "3",
    ]  # fmt: skip
    for wrong in (0, 21, "0", "two", True, 1.5):
        with pytest.raises(ConfigError, match="speaker"):
            GenerateConfig(speaker=wrong)


def test_numpy_scalars_become_plain_numbers():
    config = GenerateConfig(min_resolution=np.int64(640), fps=np.float32(30), blink=np.bool_(False))
    assert (type(config.min_resolution), type(config.fps), type(config.blink)) == (int, float, bool)


def test_an_unknown_option_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'inference_steps'"):
        GenerateConfig.build(inference_step=3)
    with pytest.raises(ConfigError, match="the options are duration, "):
        GenerateConfig.build(zzz=3)


def test_overrides_go_on_top_of_a_config():
    config = GenerateConfig.build(GenerateConfig(seed=3, fps=30), seed=4)
    assert (config.seed, config.fps) == (4, 30.0)
    with pytest.raises(ConfigError, match="GenerateConfig"):
        GenerateConfig.build({"seed": 3})


@pytest.mark.parametrize("option", [o for o in options() if o.recommended], ids=lambda o: o.name)
def test_leaving_the_recommended_range_says_what_suffers(option):
    for value, suffers in ((option.minimum, option.below), (option.maximum, option.above)):
        advice = GenerateConfig.build(**{option.name: option.kind(value)}).advice()
        inside = option.recommended[0] <= value <= option.recommended[1]
        assert advice == () if inside else suffers in advice[0]


def test_configs_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        GenerateConfig().seed = 3


def test_a_preset_says_the_resolution_where_it_is_not_given():
    assert GenerateConfig().resolution == PRESETS["standard"]
    assert GenerateConfig(preset="high").resolution == PRESETS["high"]
    assert GenerateConfig(preset="high", min_resolution=640).resolution == 640
    assert [name for name, side in sorted(PRESETS.items(), key=lambda item: item[1])] == list(PRESETS)
