"""Frames of talking mouths with what a renderer would know of them from another frame of the same clip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from sonic.errors import InputError
from sonic.face.topology import INNER_LIPS_LOWER, INNER_LIPS_UPPER
from sonic.motion.head import fit_head
from sonic.motion.mouth import lip_opening
from sonic.render import mouth_view
from sonic.render.mouth_colours import lip_colour, skin_colour
from sonic.render.mouth_place import LOWER_LIP_MIDDLE, MouthPlace
from sonic.render.mouth_view import (
    VIEW_HEIGHT,
    VIEW_WIDTH,
    brightness,
    conditions,
    in_view,
    plain_arch,
    view_planes,
)
from sonic.render.pixels import LUMA
from sonic.render.slit import Edges
from sonic.render.teeth import Palette, place_arch
from sonic.train.prepare import crops

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from torch import Tensor

    from sonic.clips import Clip
    from sonic.motion.head import Array
    from sonic.motion.space import MotionSpace

# The view is this part of a crop.
CORNER = (round(crops.LIP_COLUMN - mouth_view.LIP_COLUMN), round(crops.LIP_ROW - mouth_view.LIP_ROW))
_LEAST_OPENING = 0.04  # eye distances; what is less open shows nothing
_CLOSED_GAP = 0.03  # eye distances; trackers report gaps up to this on lips that are shut
_SHARPEST, _SOFTEST = 1.0, 0.3  # source pixels per crop pixel that count fully, and that still count
_UPSAMPLING_BLUR = 0.6  # crop pixels of blur per pixel that a coarser source lacks


@dataclass(frozen=True)
class Mouth:
    """One frame: what is known of the mouth, what drawn layers it has, and what it really looks like.

    Colours are divided by the skin's brightness. Of one frame, or with a leading batch axis.

    Attributes:
        planes: the network's picture, [9, 64, 96].
        conditions: the numbers beside it, [11].
        upper, lower: drawn teeth, premultiplied RGB and coverage, [4, 64, 96].
        tongue, cavity: plain colours, [3].
        truth: the frame, [3, 64, 96].
        hole: coverage of the opening between the lips, [1, 64, 96].
        blur: how coarse the footage is, standard deviation in pixels, [].
        person: number of who it is, [].
    """

    planes: Tensor
    conditions: Tensor
    upper: Tensor
    lower: Tensor
    tongue: Tensor
    cavity: Tensor
    truth: Tensor
    hole: Tensor
    blur: Tensor
    person: Tensor


class MouthClip:
    """The geometry of one clip's mouth, frame by frame.

    Args:
        clip: with landmarks and mouth crops.
        space: motion space, which knows the head frame and how mouths close.
        person: number of who speaks.
    """

    def __init__(self, clip: Clip, space: MotionSpace, person: int = 0) -> None:
        self.clip, self.person = clip, person
        pose, points = fit_head(clip.landmarks, space.template)
        neutral = space.clip_neutral(points)
        affine = crops.crop_affine(pose, neutral)
        self.points = crops.to_crop(clip.landmarks, affine)
        self.jaw = points[:, LOWER_LIP_MIDDLE] - neutral[LOWER_LIP_MIDDLE]
        depth = pose.scale[:, None] * pose.rotation[:, :2, 2]
        self.axes = np.concatenate([affine[:, :, :2] * crops.PIXELS_PER_EYE_DISTANCE, depth[..., None]], 2)
        self.fineness = float(np.median(np.linalg.norm(affine[:, :, 0], axis=1)))
        opening = lip_opening(points)
        self.opening = opening - np.clip(np.percentile(opening, 3), 0, _CLOSED_GAP)
        self.usable = np.flatnonzero((self.opening > _LEAST_OPENING) & self._inside())

    def _inside(self) -> npt.NDArray[np.bool_]:
        lips = self.points[:, list(INNER_LIPS_UPPER + INNER_LIPS_LOWER)] - np.array(CORNER, np.float32)
        fits = ((lips > 1) & (lips < [VIEW_WIDTH - 2, VIEW_HEIGHT - 2])).all((1, 2))
        return np.asarray(fits, np.bool_)

    @property
    def weight(self) -> float:
        """How often the clip is looked at: sharp footage more than coarse, long more than short."""
        fine = float(np.clip(self.fineness, _SOFTEST, _SHARPEST))
        return fine**2 * float(np.sqrt(len(self.usable)))

    def edges(self, frame: int) -> Edges:
        """The lips' edges in the view."""
        points = self.points[frame] - np.array(CORNER, np.float32)
        return Edges.through(points[list(INNER_LIPS_UPPER)], points[list(INNER_LIPS_LOWER)])

    def place(self, frame: int) -> MouthPlace:
        """Where the mouth is in the view."""
        return in_view(MouthPlace(np.zeros(2, np.float32), self.axes[frame], self.jaw[frame]))

    def colours(self, reference: int, tint: Tint | None = None) -> tuple[Array, Array]:
        """Skin and lips of a frame, RGB in 0..255."""
        crop = (tint or Tint()).apply(self.clip.crops(reference, 1)[0])
        points, unit = self.points[reference], crops.PIXELS_PER_EYE_DISTANCE
        return skin_colour(points, crop, unit), lip_colour(points, crop, unit)

    def mouth(self, frame: int, reference: int, tint: Tint | None = None) -> Mouth:
        """A frame, with the colours of skin and lips taken from the `reference` frame."""
        skin, lips = self.colours(reference, tint)
        shown = (tint or Tint()).apply(self.clip.crops(frame, 1)[0])
        place, edges = self.place(frame), self.edges(frame)
        x, y = CORNER
        view = shown[y : y + VIEW_HEIGHT, x : x + VIEW_WIDTH]
        planes = view_planes(place, edges)
        palette, light = Palette.of(skin, lips), np.float32(brightness(skin))
        coarse = max(0.0, 1 / max(self.fineness, _SOFTEST) ** 2 - 1)
        return Mouth(
            planes=torch.from_numpy(planes),
            conditions=torch.from_numpy(conditions(place, edges, skin, lips)),
            upper=torch.from_numpy(_teeth(palette, light, place, upper=True)),
            lower=torch.from_numpy(_teeth(palette, light, place, upper=False)),
            tongue=torch.from_numpy(palette.tongue / light),
            cavity=torch.from_numpy(palette.cavity / light),
            truth=torch.from_numpy(np.ascontiguousarray(view.transpose(2, 0, 1)) / light),
            hole=torch.from_numpy(planes[:1]),
            blur=torch.tensor(_UPSAMPLING_BLUR * coarse**0.5),
            person=torch.tensor(self.person),
        )


@dataclass(frozen=True)
class Tint:
    """A change of light that a frame and its reference share: gains of red, green and blue, and greyness."""

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    grey: float = 0.0

    @classmethod
    def draw(cls, generator: np.random.Generator) -> Tint:
        """A random one: any exposure, somewhat warm or cold, now and then without colour."""
        gains = generator.uniform(0.45, 1.15) * generator.uniform(0.9, 1.1, 3)
        grey = float(generator.choice([0.0, generator.uniform(0, 1), 1.0], p=[0.7, 0.2, 0.1]))
        return cls((float(gains[0]), float(gains[1]), float(gains[2])), grey)

    def apply(self, picture: npt.NDArray[np.uint8]) -> Array:
        """The picture in that light, float32 in 0..255."""
        colours = picture.astype(np.float32)
        luma = colours @ LUMA
        colours += (luma[..., None] - colours) * np.float32(self.grey)
        return np.asarray(np.minimum(colours * np.array(self.gains, np.float32), 255), np.float32)


class Mouths:
    """Draws batches of frames, people equally often, wide mouths more than narrow ones.

    Args:
        clips: of one split.
        space: motion space.
        batch_size: frames of a batch.
        seed: of everything that is drawn.

    Raises:
        InputError: no clip shows an open mouth.
    """

    def __init__(self, clips: Sequence[Clip], space: MotionSpace, *, batch_size: int, seed: int) -> None:
        self.people = sorted({clip.person for clip in clips})
        followed = (MouthClip(clip, space, self.people.index(clip.person)) for clip in clips)
        self.clips = [clip for clip in followed if len(clip.usable)]
        if not self.clips:
            raise InputError(f"None of {len(clips)} clips shows an open mouth; prepare more of them.")
        self.batch_size, self.seed = batch_size, seed
        people = np.array([clip.person for clip in self.clips])
        weights = np.array([clip.weight for clip in self.clips])
        # A person counts as the root of what there is of them.
        totals = np.bincount(people, weights)
        weights = weights / np.sqrt(totals[people])
        self.chances = weights / weights.sum()

    def batch(self, step: int) -> Mouth:
        """The batch of a step."""
        generator = np.random.default_rng([self.seed, step])
        return collate([self._draw(generator) for _ in range(self.batch_size)])

    def _draw(self, generator: np.random.Generator) -> Mouth:
        clip = self.clips[generator.choice(len(self.clips), p=self.chances)]
        wide = clip.opening[clip.usable]
        frame = int(generator.choice(clip.usable, p=wide / wide.sum()))
        reference = int(generator.integers(len(clip.points)))
        mouth = clip.mouth(frame, reference, Tint.draw(generator))
        return mirrored(mouth) if generator.random() < 0.5 else mouth


def collate(mouths: Sequence[Mouth]) -> Mouth:
    """Frames as one batch."""
    names = Mouth.__dataclass_fields__
    return Mouth(**{name: torch.stack([getattr(mouth, name) for mouth in mouths]) for name in names})


def mirrored(mouth: Mouth) -> Mouth:
    """The frame as seen in a mirror."""
    flipped = {name: getattr(mouth, name) for name in Mouth.__dataclass_fields__}
    for name in ("planes", "upper", "lower", "truth", "hole"):
        flipped[name] = flipped[name].flip(-1)
    sign = torch.ones(mouth_view.PLANES, 1, 1)
    sign[mouth_view.COLUMN_PLANE] = -1
    turn = torch.ones(mouth_view.CONDITIONS)
    turn[mouth_view.TURN_CONDITION] = -1
    return Mouth(**{**flipped, "planes": flipped["planes"] * sign, "conditions": mouth.conditions * turn})


def _teeth(palette: Palette, light: np.float32, place: MouthPlace, *, upper: bool) -> Array:
    """A drawn row of teeth in the view, `[4, 64, 96]`."""
    white, gums = (plain_arch(upper=upper, gum=gum) for gum in (0.0, 1.0))
    pixels = white.pixels.copy()
    pixels[..., :3] = white.pixels[..., :3] * palette.enamel + gums.pixels[..., :3] * palette.gum
    arch = replace(white, pixels=pixels)
    colours, alpha = place_arch(arch, place.teeth(upper=upper), (VIEW_HEIGHT, VIEW_WIDTH))
    layers: Array = np.concatenate([colours / light, alpha[..., None]], 2).transpose(2, 0, 1)
    return np.ascontiguousarray(layers)
