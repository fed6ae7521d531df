from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import sonic
from sonic.motion.head import HeadPose, rotation_matrices
from sonic.motion.mouth import lip_opening, mouth_width
from sonic.motion.space import MotionSpace
from sonic.speech.encoder import SpeechEncoder
from sonic.train.prepare.shards import write_shards

RATE, FRAMES = 16_000, 64
SHIPPED = Path(sonic.__file__).parent / "assets" / "sonic-base"
PEOPLE = (("anna", "studio"), ("anna", "studio"), ("bela", "studio"), ("carl", "street"))


@pytest.fixture(scope="session")
def space():
    return MotionSpace.load(SHIPPED / "space.safetensors")


@pytest.fixture(scope="session")
def buzz():
    """A vowel-like sound whose loudness follows an opening [T] at 25 frames a second, float32."""

    def make(opening, pitch=120.0):
        time = np.arange(len(opening) * 640) / RATE
        gain = np.interp(time * 25, np.arange(len(opening)), opening)
        tones = sum(
            np.sin(2 * np.pi * pitch * k * time) / (1 + abs(pitch * k - 600) / 300) for k in range(1, 20)
        )
        return (0.2 * gain / max(gain.max(), 1e-6) * tones).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, space, buzz, wav):
    """A prepared folder of four made-up clips of three people, all in the dev split."""
    folder = tmp_path_factory.mktemp("prepared")
    encoder = SpeechEncoder()
    clips = [_clip(seed, *who, space, buzz, wav, encoder) for seed, who in enumerate(PEOPLE)]
    write_shards(folder / "shards", "dev", clips, 10**8)
    for name in ("probe.safetensors", "space.safetensors"):
        shutil.copy(SHIPPED / name, folder)
    return folder


def _clip(seed, person, source, space, buzz, wav, encoder):
    rng, time = np.random.default_rng(seed), np.arange(FRAMES)
    opening = 0.2 * np.maximum(0, np.sin(time * rng.uniform(0.5, 0.9) + seed))
    opening[40:55] = 0
    motion = np.zeros((FRAMES, space.dim), np.float32)
    motion[:, space.groups["mouth"]] = np.outer(opening, space.opening_direction())
    motion[20:23, space.groups["lids"]] = 1
    motion[:, space.groups["head"]][:, 0] = 0.05 * np.sin(time / 9)
    points = space.template + space.decode(motion).displacement
    turned = rotation_matrices(motion[:, space.groups["head"]][:, :3])
    pose = HeadPose(np.full(FRAMES, 60.0), turned, np.tile([128.0, 100.0, 0.0], (FRAMES, 1)))
    sound = buzz(opening, 100 + 20 * seed)
    mouth = np.stack([lip_opening(points), mouth_width(points), points[:, 152, 1]], axis=1)
    about = {
        "format": 1, "name": f"{person}{seed}", "person": person, "source": source, "start": 0.0,
        "stretch": {"clean": 1.0},
    }  # fmt: skip
    return about["name"], {
        "json": json.dumps(about).encode(),
        "motion.npy": _npy(motion),
        "features.clean.npy": _npy(encoder.encode(sound)),
        "landmarks.npy": _npy(pose.place(points)),
        "mouth.npy": _npy(mouth.astype(np.float32)),
        "sound.wav": wav(sound),
    }


def _npy(values):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(values), version=(1, 0))
    return stream.getvalue()


@pytest.fixture(scope="session")
def voices(tmp_path_factory, buzz, wav):
    """Two short voices in two made-up languages: two syllables with an m before each, a pause between."""
    folder = tmp_path_factory.mktemp("voices")
    phones = [
        (0, 8, "_"),
        (8, 11, "m"),
        (11, 17, "a"),
        (17, 29, "_"),
        (29, 32, "b"),
        (32, 38, "a"),
        (38, 46, "_"),
    ]
    opening = np.zeros(46)
    for first, last, phone in phones:
        opening[first:last] = {"_": 0.0, "m": 0.1, "b": 0.02, "a": 1.0}[phone]
    for name in ("xx_one", "yy_two"):
        (folder / f"{name}.wav").write_bytes(wav(buzz(opening)))
        rows = [f"{first / 25}\t{last / 25}\t{phone}\n" for first, last, phone in phones]
        (folder / f"{name}.tsv").write_text("start\tend\tphone\n" + "".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def video(model, portrait_path, speech_path, quick, tmp_path_factory):
    """Two seconds of the example portrait talking."""
    made = model.generate(audio=speech_path, image=portrait_path, duration=2, **quick)
    return made.export(tmp_path_factory.mktemp("video") / "talk.mp4")
