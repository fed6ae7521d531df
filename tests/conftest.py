from __future__ import annotations

import io
import os
import signal
import wave
from pathlib import Path

# Two busy cores and spinning threads do not go together; this must be set before any library starts its own.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Started in the background, this process may have been told to ignore signals, and its children would inherit
# that; a handler of our own becomes the default action in them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="session")
def portrait_path():
    return EXAMPLES / "portrait.jpg"


@pytest.fixture(scope="session")
def speech_path():
    return EXAMPLES / "speech.wav"


@pytest.fixture(scope="session")
def wav():
    """Makes the bytes of a 16-bit WAV file from float samples `[N]` or `[N, C]`."""

    def make(samples, rate=16_000):
        stream = io.BytesIO()
        with wave.open(stream, "wb") as file:
            file.setparams((1 if samples.ndim == 1 else samples.shape[1], 2, rate, 0, "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def tone():
    """A sine of amplitude 0.5 that fades in and out, float32 `[N]`."""

    def make(seconds, rate=16_000, hertz=440.0):
        time = np.arange(round(seconds * rate)) / rate
        fade = np.minimum(1, np.minimum(time, seconds - time) / 0.02)
        return (0.5 * np.sin(2 * np.pi * hertz * time) * fade).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def model():
    """The model that the package ships, loaded once."""
    import sonic

    return sonic.load_model("sonic-base")


@pytest.fixture(scope="session")
def quick():
    """Options that make a small video quickly."""
    return {"min_resolution": 256, "crop": "face", "inference_steps": 2, "seed": 7}


@pytest.fixture(scope="module")
def ray_cluster():
    """A Ray on this machine that believes in two cores."""
    ray = pytest.importorskip("ray", reason="the scale extra is not installed")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S", "0.2")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        object_store_memory=100 * 2**20,
    )
    yield
    ray.shutdown()
