from __future__ import annotations

import datetime as dt
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


@pytest.fixture(scope="session")
def certified(tmp_path_factory):
    """A chain of certificates and its key, as PEM files, issued by an authority that nobody trusts."""
    pytest.importorskip("c2pa")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def named(name):
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )

    def issue(subject, issuer, key, signing_key, *, authority):
        now = dt.datetime.now(dt.timezone.utc)
        usage = dict.fromkeys(
            ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"], False,
        )  # fmt: skip
        usage |= {"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True}
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
            )
        )
        if not authority:
            purposes = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
        return builder.sign(signing_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = issue("Test authority", "Test authority", root_key, root_key, authority=True)
    leaf = issue("Test studio", "Test authority", key, root_key, authority=False)
    folder = tmp_path_factory.mktemp("certified")
    (folder / "chain.pem").write_bytes(leaf + root)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "chain.pem", folder / "key.pem"


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
