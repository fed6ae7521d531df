from __future__ import annotations

import sys

import pytest

pytest.importorskip("sqlalchemy", reason="the serve extra is not installed")

from sonic.errors import DependencyError
from sonic.service.executor import Together, open_executor
from sonic.service.settings import ServiceSettings


class Part:
    def __init__(self, name, log):
        self.name, self.log = name, log

    def start(self):
        self.log.append(f"start {self.name}")

    def stop(self):
        self.log.append(f"stop {self.name}")


def test_several_executors_start_in_order_and_stop_in_reverse():
    log = []
    both = Together(Part("a", log), Part("b", log))
    both.start()
    both.stop()
    assert log == ["start a", "start b", "stop b", "stop a"]


def test_without_ray_the_message_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "sonic.service.ray", raising=False)
    with pytest.raises(DependencyError, match=r"sonic-portrait\[scale\]"):
        open_executor(ServiceSettings(data=str(tmp_path)), ray=True)
