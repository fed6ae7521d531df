from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from sonic.errors import DependencyError, WeightsError
from sonic.inference import Network, asset, load_asset, read_asset


def test_a_network_runs_and_knows_its_ports():
    network = load_asset("person_mask.onnx")
    (mask,) = network(np.zeros((1, 256, 256, 3), np.float32))
    assert network.input_names == ("image",)
    assert mask.shape == (1, 256, 256, 1)


def test_a_missing_network(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.onnx cannot be read"):
        Network(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("damage", [b"", b"not a network", b"\x08\x08" * 400])
def test_a_damaged_network(tmp_path, damage):
    path = tmp_path / "broken.onnx"
    path.write_bytes(damage)
    with pytest.raises(WeightsError, match=r"broken\.onnx is damaged"):
        Network(path)


def test_a_truncated_network(tmp_path):
    path = tmp_path / "short.onnx"
    path.write_bytes(read_asset("person_mask.onnx")[:100_000])
    with pytest.raises(WeightsError, match=r"short\.onnx is damaged"):
        Network(path)


def test_an_unknown_device():
    with pytest.raises(DependencyError, match=r"'abacus' is not available.*onnxruntime-gpu .*\."):
        load_asset("person_mask.onnx", device="abacus")


def test_the_assets_are_the_ones_that_their_list_describes():
    listed = re.findall(r"`(\w+\.(?:onnx|npz))` \| `([0-9a-f]{64})`", asset("README.md").read_text())
    shipped = {entry.name for entry in asset("").iterdir() if entry.name.endswith((".onnx", ".npz"))}
    assert {name for name, _ in listed} == shipped
    for name, digest in listed:
        assert hashlib.sha256(read_asset(name)).hexdigest() == digest, name


def test_nothing_is_kept_about_the_user(tmp_path):
    code = "from sonic.inference import load_asset; load_asset('mouth.onnx')"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    subprocess.run([sys.executable, "-c", code], env=environment | {"HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.rglob("*")) == []
