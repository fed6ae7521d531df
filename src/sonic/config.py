"""The one list of generation options: defaults, units, ranges and what each of them does."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Any

from sonic.errors import ConfigError
from sonic.options import Option, advice, check_option, declare, described

HEAD_MOTION = {"natural": 1.0, "calm": 0.5, "lively": 1.3, "still": 0.0}  # times the head's movement
LANGUAGES = ("en", "zh", "ja", "ko", "de", "fr", "es")  # of the visible label
PRESETS = {"preview": 384, "standard": 512, "high": 1024, "max": 2048}  # min_resolution


@dataclass(frozen=True)
class GenerateConfig:
    """How to generate a video: validated when made, never changed afterwards.

    Raises:
        ConfigError: a value has the wrong type or is outside its allowed range.
    """

    duration: float | None = declare(
        None,
        "Length of the video; the length of the audio if not given.",
        "A shorter value trims the audio; a longer one is cut to the audio, which never runs out of step.",
        unit="seconds",
        minimum=0.2,
    )
    preset: str = declare(
        "standard",
        "How finely to draw: a quick draft, the usual, or more detail.",
        "Sets `min_resolution` where that is not given: "
        + ", ".join(f"`{name}` {side}" for name, side in PRESETS.items())
        + " pixels. The motion is the same at all of them, so what was approved in a preview is what comes.",
        choices=tuple(PRESETS),
    )
    min_resolution: int | None = declare(
        None,
        "Short side of the animated crop at which the face is drawn; by preset if not given.",
        "Higher is sharper and slower: the cost grows with the square.",
        unit="pixels",
        minimum=256,
        maximum=2048,
        recommended=(512, 1024),
        below="lips, teeth and lids lose detail",
        above="it is far slower than real time, and few portraits hold that much detail",
    )
    expand_ratio: float = declare(
        0.2,
        "How far the animated crop reaches beyond the head on every side.",
        "More leaves room for neck and hair to follow the head; less puts more pixels on the face.",
        unit="of the head's size",
        minimum=0.0,
        maximum=1.0,
        recommended=(0.15, 0.2),
        below="hair and chin may be cut at the border of the crop when the head moves",
        above="the face gets fewer pixels and looks softer",
    )
    inference_steps: int = declare(
        25,
        "Solver steps of the motion model.",
        "More steps follow the model more exactly; the time of the motion stage grows in proportion. A model "
        "may bring a student for few steps (`student` in its `config.json`): it takes over up to the number "
        "of steps that it was taught.",
        unit="steps",
        minimum=1,
        maximum=100,
        recommended=(8, 30),
        below="heads and lids move less than they should, unless the model brings a student for so few",
        above="it takes longer with hardly any gain",
    )
    dynamic_scale: float = declare(
        1.0,
        "Amplitude of the mouth's motion.",
        "Scales lips and jaw around the closed mouth, so that m, b and p stay shut.",
        unit="times",
        minimum=0.0,
        maximum=2.0,
        recommended=(1.0, 1.2),
        below="speech looks mumbled",
        above="the mouth opens wider than the portrait's teeth and lips can follow naturally",
    )
    motion_scale: float = declare(
        1.0,
        "Amplitude of everything but the mouth: head, brows and gaze.",
        "0 holds the head still; blinks stay unless `blink` is off.",
        unit="times",
        minimum=0.0,
        maximum=2.0,
        recommended=(1.0, 1.1),
        below="the head looks stiff",
        above="head turns may show what the portrait does not, and edges of the hair may smear",
    )
    lip_sync_refinement: bool = declare(
        True,
        "Aligns lips and sound below the length of a frame.",
        "Measures the offset between opening lips and sound and takes it out, by 0.05 s at most.",
    )
    temporal_smoothing: bool = declare(
        True,
        "Removes jitter between frames.",
        "A filter for each part of the face that leaves closing lips and blinks sharp.",
    )
    smoothing_filter: str = declare(
        "zero-phase",
        "Which filter removes the jitter.",
        "`zero-phase` looks at the frames before and after and delays nothing. `ema`, the exponential moving "
        "average of the frames before, trails: the lips by 0.01 s, the head by 0.06 s.",
        choices=("zero-phase", "ema"),
    )
    denoise: str = declare(
        "auto",
        "Takes noise out of the sound that moves the lips.",
        "`auto` does it when the recording is noisy. The file keeps the sound as it is; see `export_audio`.",
        choices=("auto", "on", "off"),
    )
    export_audio: str = declare(
        "original",
        "Which sound goes into the file.",
        "`original` is the recording as it came, `clean` the same without noise: one channel up to 8 kHz.",
        choices=("original", "clean"),
    )
    speaker: str = declare(
        "all",
        "Whose voice moves the lips, in recordings of several people.",
        "`main` is the one who speaks most, a number one of the others, by how long they speak. While others "
        "speak, the face listens. `sonic inspect` says who speaks when.",
        choices=("all", "main"),
        counted=True,
        maximum=20,
    )
    compensation: bool = declare(
        True,
        "Moves the mouth more where noise or a dull recording would make it mumble.",
        "Raises `dynamic_scale`, at most to 1.2, and `motion_scale` half as far, where they are 1; a warning "
        "says how far.",
    )
    seed: int | None = declare(
        None,
        "Start of the random numbers; drawn and recorded in the video if not given.",
        "The same seed, inputs and model give the same frames.",
        minimum=0,
        maximum=2**64 - 1,
    )
    fps: float = declare(
        25.0,
        "Frame rate of the video.",
        "Motion is generated at 25 frames a second and resampled to other rates.",
        unit="frames per second",
        minimum=10.0,
        maximum=60.0,
        recommended=(24.0, 30.0),
        below="fast lip closures fall between the frames",
        above="it takes longer and adds frames, but no motion detail",
    )
    crop: str = declare(
        "full",
        "`full` pastes the face back into the whole picture, `face` gives the square crop.",
        "`full` scales the picture so that the animated crop measures `min_resolution`; `face` is quicker.",
        choices=("full", "face"),
    )
    blink: bool = declare(
        True,
        "Lets the eyes blink.",
        "Off keeps the lids at rest, also during silence.",
    )
    emotion: str = declare(
        "neutral",
        "Mood of the face.",
        "Moves brows, lids, cheeks and the corners of the mouth a little; lips still close.",
        choices=("neutral", "happy", "sad", "angry", "surprised", "fearful", "disgusted"),
    )
    intensity: float = declare(
        0.7,
        "Strength of `emotion`.",
        "Mild on purpose: 1 is as much as a face shows in conversation.",
        unit="of the full mood",
        minimum=0.0,
        maximum=1.0,
        recommended=(0.3, 1.0),
        below="the mood is hardly seen",
        above="there is no more",
    )
    head_motion: str = declare(
        "natural",
        "Temper of the head's movement.",
        "`still` holds the head and keeps brows, eyes and lips alive; multiplies with `motion_scale`.",
        choices=tuple(HEAD_MOTION),
    )
    gaze: str = declare(
        "natural",
        "Where the eyes look.",
        "`camera` keeps them on the viewer while the head turns, `still` fixes them in the head.",
        choices=("natural", "camera", "still"),
    )
    blink_rate: float | None = declare(
        None,
        "Blinks a minute; as the model makes them if not given.",
        "People blink 10 to 25 times a minute, with uneven pauses.",
        unit="blinks a minute",
        minimum=0.0,
        maximum=60.0,
        recommended=(8.0, 30.0),
        below="the eyes look glassy",
        above="the face looks nervous",
    )
    restore: str = declare(
        "off",
        "Draws detail into small or blurred faces.",
        "`auto` does it where the portrait check finds the face small or blurred. A super-resolution network "
        "looks at the face once, for 2 to 12 seconds on two cores; what a picture does not show is guessed.",
        choices=("off", "auto", "on"),
    )
    face_index: int | None = declare(
        None,
        "Which face to animate, counted from 0 for the largest; the largest if not given.",
        "For pictures with several people.",
        minimum=0,
        maximum=99,
    )
    label: str = declare(
        "auto",
        "Whether the video says that it was made by AI.",
        "`auto` writes a label into the file's metadata; services show it as well. `visible` also writes "
        "words on the first 3 seconds of the picture. `none` leaves both out: telling viewers is then up to "
        "you.",
        choices=("auto", "visible", "none"),
    )
    label_language: str = declare(
        "en",
        "Language of the visible label.",
        "The words are written at 5 % of the picture's short side or larger, on a dark plate.",
        choices=LANGUAGES,
    )
    watermark: bool = declare(
        True,
        "Hides a mark in the pixels that `sonic verify` finds again.",
        "It survives compression, scaling and cropping, and cannot be seen at normal size.",
    )

    def __post_init__(self) -> None:
        for option in options():
            checked = check_option(option, getattr(self, option.name))
            object.__setattr__(self, option.name, checked)

    @classmethod
    def build(cls, config: GenerateConfig | None = None, **overrides: Any) -> GenerateConfig:
        """`config`, or the defaults, with `overrides` on top; an unknown name raises with the nearest one."""
        if config is not None and not isinstance(config, GenerateConfig):
            raise ConfigError(
                f"config is a {type(config).__name__}, not a GenerateConfig: pass options as **options."
            )
        known = [option.name for option in options()]
        for name in overrides:
            if name not in known:
                raise ConfigError(_unknown(name, known))
        return dataclasses.replace(config or cls(), **overrides)

    @property
    def resolution(self) -> int:
        """Pixels of the animated crop's short side: `min_resolution`, or what the preset says."""
        return PRESETS[self.preset] if self.min_resolution is None else self.min_resolution

    def advice(self) -> tuple[str, ...]:
        """One sentence for each option outside its recommended range, saying what will suffer."""
        sentences = (advice(option, getattr(self, option.name)) for option in options())
        return tuple(sentence for sentence in sentences if sentence)

    def to_dict(self) -> dict[str, Any]:
        """All options by name, ready for JSON."""
        return dataclasses.asdict(self)


def options() -> tuple[Option, ...]:
    """Every option of `GenerateConfig` in order, with name, type and default."""
    return described(GenerateConfig)


def _unknown(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"did you mean '{nearest[0]}'?" if nearest else f"the options are {', '.join(known)}."
    return f"Unknown option '{name}': {remedy}"
