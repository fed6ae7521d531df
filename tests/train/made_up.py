"""A made-up set of talking videos: one drawn face in many guises whose lips open with a buzzing voice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import sonic
from sonic.face.portrait import analyse_portrait
from sonic.media.audio import AudioSource
from sonic.media.film import Film
from sonic.media.image import load_image
from sonic.media.mux import open_writer
from sonic.motion.space import MotionSpace
from sonic.render.renderer import Renderer
from sonic.train.prepare.manifest import read_manifest

RATE = 16_000
SAMPLES = RATE // 25
SIDE = 256
PEOPLE, FRAMES, LATE = 7, 64, 3
LEVELS, WIDEST = 24, 0.22  # lip openings that are drawn, eye distances
SPLITS = {"person0": "dev", "person1": "dev", "late": "judge"}  # the others train
PORTRAIT = Path(__file__).parents[2] / "examples" / "portrait.jpg"


@dataclass(frozen=True)
class Take:
    """Frames, uint8 RGB [T, H, W, 3], and the sound that goes with them."""

    frames: np.ndarray
    sound: np.ndarray


def syllables(rng, frames=FRAMES):
    """How far the mouth opens, 0..1, [T]: four or five syllables a second with a short pause now and then."""
    opening = np.zeros(frames)
    middle = rng.uniform(2, 5)
    while middle < frames:
        height = rng.uniform(0.4, 1)
        opening = np.maximum(opening, height * np.maximum(0, np.cos((np.arange(frames) - middle) / 1.9)) ** 2
                             * (np.abs(np.arange(frames) - middle) < 3))  # fmt: skip
        middle += rng.uniform(4.5, 7) + 6 * (rng.random() < 0.12)
    return opening


def voice(opening, rng):
    """A pulse train through two resonances; the first and the loudness rise as the mouth opens."""
    pitch = rng.uniform(95, 210)
    samples = len(opening) * SAMPLES
    wide = np.interp(np.arange(samples) / SAMPLES - 0.5, np.arange(len(opening)), opening)
    phase = np.cumsum(pitch * (1 + 0.05 * np.sin(np.arange(samples) / 5000)) / RATE)
    sound = np.zeros(samples)
    for harmonic in range(1, 24):
        hertz = harmonic * pitch
        first, second = 300 + 500 * wide, 1300 + 300 * wide
        gain = 1 / (1 + ((hertz - first) / 90) ** 2) + 0.4 / (1 + ((hertz - second) / 140) ** 2)
        sound += gain * np.sin(2 * np.pi * harmonic * phase)
    return (0.25 * wide * sound + rng.normal(0, 0.002, samples)).astype(np.float32)


class Studio:
    """Films one portrait as different people."""

    def __init__(self):
        folder = Path(sonic.__file__).parent / "assets" / "sonic-base"
        space = MotionSpace.load(folder / "space.safetensors")
        motion = np.zeros((LEVELS, space.dim), np.float32)
        motion[:, space.groups["mouth"]] = np.outer(np.linspace(0, WIDEST, LEVELS), space.opening_direction())
        renderer = Renderer(analyse_portrait(load_image(PORTRAIT)), space, resolution=SIDE, crop="face")
        # Drawing takes longer than anything else here: each opening is drawn once and moved about afterwards.
        self.faces = [renderer.render(space.decode(motion), level) for level in range(LEVELS)]

    def film(self, seed, frames=FRAMES):
        """A take of the person number `seed`."""
        rng = np.random.default_rng(seed)
        opening = syllables(rng, frames)
        disguise = Disguise(rng)
        levels = np.round(opening * (LEVELS - 1)).astype(int)
        pictures = [disguise(self.faces[level], time) for time, level in enumerate(levels)]
        return Take(np.stack(pictures), voice(opening, rng))


class Disguise:
    """Makes one face look like another: tinted, stretched, maybe mirrored, swaying in its own way."""

    def __init__(self, rng):
        self.tint = rng.uniform(0.75, 1.15, 3)
        self.zoom = rng.uniform(0.8, 1, 2) * (rng.choice([-1, 1]), 1)
        self.pace = rng.uniform(7, 12, 3)

    def __call__(self, frame, time):
        lean, *shift = np.sin(time / self.pace) * (0.05, 3, 2)
        turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]]) * self.zoom
        middle = np.full(2, SIDE / 2)
        matrix = np.column_stack([turn, middle + shift - turn @ middle])
        moved = cv2.warpAffine(frame, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        return np.clip(moved * self.tint, 0, 255).astype(np.uint8)


def write_video(path, frames, sound):
    """Write frames and sound at 16 kHz as an MP4."""
    size = (frames.shape[2], frames.shape[1])
    film = Film(size, 25.0, len(frames), AudioSource.open((sound, RATE)), {})
    with open_writer(path, film, overwrite=True) as writer:
        for frame in frames:
            writer.write(np.ascontiguousarray(frame))


def make_videos(folder):
    """Write the whole set with its manifest, `clips.tsv`; returns the rows.

    Seven people, and `cut` (two of them, one after the other), `pair` (person3 speaks, person4 moves the lips
    to something else), `silent`, `faceless` and `late` (the sound comes three frames too late).
    """
    studio = Studio()
    takes = [studio.film(seed) for seed in range(PEOPLE)]
    videos = {f"person{number}": take for number, take in enumerate(takes)}
    videos |= odd_videos(takes)
    lines = ["file\tsource\tsplit"]
    for name, take in videos.items():
        write_video(folder / f"{name}.mp4", take.frames, take.sound)
        lines.append(f"{name}.mp4\t{name}\t{SPLITS.get(name, 'train')}")
    table = folder / "clips.tsv"
    table.write_text("\n".join(lines) + "\n")
    return read_manifest(table)


def odd_videos(takes):
    """Videos that preparation has to look at twice."""
    half = FRAMES // 2
    silence = np.zeros(FRAMES * SAMPLES, np.float32)
    rng = np.random.default_rng(99)
    clouds = [cv2.GaussianBlur(rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8), (0, 0), 9) for _ in range(4)]
    first, second = takes[2], takes[4]
    late = np.concatenate([silence[: LATE * SAMPLES], takes[6].sound])[: FRAMES * SAMPLES]
    return {
        "cut": Take(
            np.concatenate([first.frames[:half], second.frames[half:]]),
            np.concatenate([first.sound[: half * SAMPLES], second.sound[half * SAMPLES :]]),
        ),
        "pair": Take(np.concatenate([takes[3].frames, takes[4].frames], axis=2), takes[3].sound),
        "silent": Take(takes[5].frames, silence),
        "faceless": Take(np.stack(clouds * (FRAMES // 4)), takes[5].sound),
        "late": Take(takes[6].frames, late),
    }
