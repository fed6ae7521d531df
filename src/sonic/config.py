"""The one list of generation options: defaults, units, ranges and what each of them does."""

from __future__ import annotations

import dataclasses
import difflib
import math
import numbers
import typing
from dataclasses import dataclass, field
from typing import Any

from sonic.errors import ConfigError

_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
HEAD_MOTION = {"natural": 1.0, "calm": 0.5, "lively": 1.3, "still": 0.0}  # times the head's movement
LANGUAGES = ("en", "zh", "ja", "ko", "de", "fr", "es")  # of the visible label
PRESETS = {"preview": 384, "standard": 512, "high": 1024, "max": 2048}  # min_resolution


@dataclass(frozen=True)
class Option:
    """What there is to know about one option; command line, documents and forms are derived from it.

    `below` and `above` say what suffers outside the `recommended` range; `minimum` and `maximum` are hard.
    With `counted`, a whole number from 1 to `maximum` may be given in place of one of the `choices`.
    """

    help: str
    effect: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    recommended: tuple[float, float] | None = None
    below: str = ""
    above: str = ""
    choices: tuple[str, ...] = ()
    counted: bool = False
    name: str = ""
    kind: type = str
    optional: bool = False
    default: Any = None

    def describe_range(self) -> str:
        """The allowed values in words, such as `0 to 2` or `full or face`."""
        if self.choices:
            numbers = [f"1 to {number(self.maximum)}"] if self.counted else []
            return " or ".join([*self.choices, *numbers])
        if self.kind is bool:
            return "true or false"
        if self.maximum is None:
            return f"at least {self.minimum:g}"
        return f"{number(self.minimum)} to {number(self.maximum)}"


def number(value: float | None) -> str:
    """A number without trailing zeros, in full digits."""
    if value is None:
        return "none"
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def _option(default: Any, help: str, effect: str, **details: Any) -> Any:  # noqa: A002 - the word for it
    return field(default=default, metadata={"option": Option(help=help, effect=effect, **details)})


@dataclass(frozen=True)
class GenerateConfig:
    """How to generate a video: validated when made, never changed afterwards.

    Raises:
        ConfigError: a value has the wrong type or is outside its allowed range.
    """

    duration: float | None = _option(
        None,
        "Length of the video; the length of the audio if not given.",
        "A shorter value trims the audio; a longer one is cut to the audio, which never runs out of step.",
        unit="seconds",
        minimum=0.2,
    )
    preset: str = _option(
        "standard",
        "How finely to draw: a quick draft, the usual, or more detail.",
        "Sets `min_resolution` where that is not given: "
        + ", ".join(f"`{name}` {side}" for name, side in PRESETS.items())
        + " pixels. The motion is the same at all of them, so what was approved in a preview is what comes.",
        choices=tuple(PRESETS),
    )
    min_resolution: int | None = _option(
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
    expand_ratio: float = _option(
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
    inference_steps: int = _option(
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
    dynamic_scale: float = _option(
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
    motion_scale: float = _option(
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
    lip_sync_refinement: bool = _option(
        True,
        "Aligns lips and sound below the length of a frame.",
        "Measures the offset between opening lips and sound and takes it out, by 0.05 s at most.",
    )
    temporal_smoothing: bool = _option(
        True,
        "Removes jitter between frames.",
        "A filter without delay that leaves closing lips and blinks sharp.",
    )
    denoise: str = _option(
        "auto",
        "Takes noise out of the sound that moves the lips.",
        "`auto` does it when the recording is noisy. The file keeps the sound as it is; see `export_audio`.",
        choices=("auto", "on", "off"),
    )
    export_audio: str = _option(
        "original",
        "Which sound goes into the file.",
        "`original` is the recording as it came, `clean` the same without noise: one channel up to 8 kHz.",
        choices=("original", "clean"),
    )
    speaker: str = _option(
        "all",
        "Whose voice moves the lips, in recordings of several people.",
        "`main` is the one who speaks most, a number one of the others, by how long they speak. While others "
        "speak, the face listens. `sonic inspect` says who speaks when.",
        choices=("all", "main"),
        counted=True,
        maximum=20,
    )
    compensation: bool = _option(
        True,
        "Moves the mouth more where noise or a dull recording would make it mumble.",
        "Raises `dynamic_scale`, at most to 1.2, and `motion_scale` half as far, where they are 1; a warning "
        "says how far.",
    )
    seed: int | None = _option(
        None,
        "Start of the random numbers; drawn and recorded in the video if not given.",
        "The same seed, inputs and model give the same frames.",
        minimum=0,
        maximum=2**64 - 1,
    )
    fps: float = _option(
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
    crop: str = _option(
        "full",
        "`full` pastes the face back into the whole picture, `face` gives the square crop.",
        "`full` scales the picture so that the animated crop measures `min_resolution`; `face` is quicker.",
        choices=("full", "face"),
    )
    blink: bool = _option(
        True,
        "Lets the eyes blink.",
        "Off keeps the lids at rest, also during silence.",
    )
    emotion: str = _option(
        "neutral",
        "Mood of the face.",
        "Moves brows, lids, cheeks and the corners of the mouth a little; lips still close.",
        choices=("neutral", "happy", "sad", "angry", "surprised", "fearful", "disgusted"),
    )
    intensity: float = _option(
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
    head_motion: str = _option(
        "natural",
        "Temper of the head's movement.",
        "`still` holds the head and keeps brows, eyes and lips alive; multiplies with `motion_scale`.",
        choices=tuple(HEAD_MOTION),
    )
    gaze: str = _option(
        "natural",
        "Where the eyes look.",
        "`camera` keeps them on the viewer while the head turns, `still` fixes them in the head.",
        choices=("natural", "camera", "still"),
    )
    blink_rate: float | None = _option(
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
    restore: str = _option(
        "off",
        "Draws detail into small or blurred faces.",
        "`auto` does it where the portrait check finds the face small or blurred. A super-resolution network "
        "looks at the face once, for 2 to 12 seconds on two cores; what a picture does not show is guessed.",
        choices=("off", "auto", "on"),
    )
    face_index: int | None = _option(
        None,
        "Which face to animate, counted from 0 for the largest; the largest if not given.",
        "For pictures with several people.",
        minimum=0,
        maximum=99,
    )
    label: str = _option(
        "auto",
        "Whether the video says that it was made by AI.",
        "`auto` writes a label into the file's metadata; services show it as well. `visible` also writes "
        "words on the first 3 seconds of the picture. `none` leaves both out: telling viewers is then up to "
        "you.",
        choices=("auto", "visible", "none"),
    )
    label_language: str = _option(
        "en",
        "Language of the visible label.",
        "The words are written at 5 % of the picture's short side or larger, on a dark plate.",
        choices=LANGUAGES,
    )
    watermark: bool = _option(
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
        sentences = (_advise(option, getattr(self, option.name)) for option in options())
        return tuple(sentence for sentence in sentences if sentence)

    def to_dict(self) -> dict[str, Any]:
        """All options by name, ready for JSON."""
        return dataclasses.asdict(self)


def options(of: type | None = None) -> tuple[Option, ...]:
    """Every option of `GenerateConfig`, or of a like dataclass, in order, with name, type and default."""
    owner: Any = of or GenerateConfig
    hints = typing.get_type_hints(owner)
    described = []
    for entry in dataclasses.fields(owner):
        kinds = [
            kind
            for kind in (*typing.get_args(hints[entry.name]), hints[entry.name])
            if isinstance(kind, type)
        ]
        described.append(
            dataclasses.replace(
                entry.metadata["option"],
                name=entry.name,
                kind=kinds[0],
                optional=type(None) in kinds,
                default=entry.default,
            )
        )
    return tuple(described)


def _unknown(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"did you mean '{nearest[0]}'?" if nearest else f"the options are {', '.join(known)}."
    return f"Unknown option '{name}': {remedy}"


def from_text(option: Option, text: str) -> Any:
    """What text, such as a cell of a table or an environment variable, means for an option.

    Text that means nothing comes back as it is: `check_option` says what is wrong with it.
    """
    text = text.strip()
    if option.kind is bool:
        return _TRUTH.get(text.lower(), text)
    try:
        return option.kind(text)
    except ValueError:
        return text


def check_option(option: Option, value: Any) -> Any:
    """`value` as the option's plain Python type.

    Raises:
        ConfigError: it has the wrong type or is outside the allowed range.
    """
    if value is None and option.optional:
        return None
    if option.counted and type(value).__name__ != "bool" and isinstance(value, numbers.Integral):
        value = str(value)
    value = _convert(option, value)
    if option.choices and value not in option.choices and not _is_count(option, value):
        raise ConfigError(f"{option.name} is {value!r}: choose {option.describe_range()}.")
    if option.choices:
        return value
    too_low = option.minimum is not None and value < option.minimum
    too_high = option.maximum is not None and value > option.maximum
    if too_low or too_high:
        unit = f" {option.unit}" if option.unit else ""
        raise ConfigError(
            f"{option.name} is {number(value)}, outside its range: choose {option.describe_range()}{unit}."
        )
    return value


def _is_count(option: Option, value: str) -> bool:
    return option.counted and value.isdecimal() and 1 <= int(value) <= (option.maximum or 0)


def _convert(option: Option, value: Any) -> Any:
    """`value` as the option's plain Python type; NumPy's scalars are welcome, booleans are no numbers."""
    boolean = isinstance(value, bool) or type(value).__name__ in {"bool", "bool_"}
    if option.kind is bool and boolean:
        return bool(value)
    if option.kind is int and isinstance(value, numbers.Integral) and not boolean:
        return int(value)
    if option.kind is float and isinstance(value, numbers.Real) and not boolean and math.isfinite(value):
        return float(value)
    if option.kind is str and isinstance(value, str):
        return value
    wanted = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a word"}
    raise ConfigError(
        f"{option.name} is {value!r}, but must be {wanted[option.kind]}: choose {option.describe_range()}."
    )


def _advise(option: Option, value: Any) -> str:
    if option.recommended is None or value is None:
        return ""
    low, high = option.recommended
    if low <= value <= high:
        return ""
    suffers = option.below if value < low else option.above
    side = "below" if value < low else "above"
    return (
        f"{option.name} {number(value)} is {side} the recommended {number(low)} to {number(high)}: {suffers}."
    )
