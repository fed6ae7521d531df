from __future__ import annotations

import operator
import os
import threading
import time

import pytest

from sonic.errors import ImageError, ServiceError
from sonic.media.probe import probe_picture
from sonic.service.sandbox import Sandbox

MEMORY = 2**29


@pytest.fixture
def sandbox():
    sandbox = Sandbox(memory=MEMORY, seconds=20.0, patience=20.0)
    yield sandbox
    sandbox.close()


def test_a_task_runs_in_another_process_that_stays(sandbox):
    first, second = sandbox.run(os.getpid), sandbox.run(os.getpid)
    assert first == second != os.getpid()


def test_our_errors_come_back_as_they_are(sandbox, speech_path):
    with pytest.raises(ImageError, match="not a picture"):
        sandbox.run(probe_picture, speech_path)
    assert sandbox.run(operator.truediv, 6, 3) == 2


def test_other_errors_are_the_files_fault(sandbox):
    with pytest.raises(ServiceError) as caught:
        sandbox.run(operator.truediv, 1, 0)
    assert caught.value.code == "decoder_failed"
    assert "ZeroDivisionError" in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="memory is limited on POSIX alone")
def test_a_task_that_wants_too_much_memory_is_ended(sandbox):
    with pytest.raises(ServiceError, match="512 MB") as caught:
        sandbox.run(bytearray, 2 * MEMORY)
    assert caught.value.code == "decoder_limit"
    assert sandbox.run(operator.truediv, 6, 3) == 2


def test_a_task_that_kills_its_process_is_survived(sandbox):
    with pytest.raises(ServiceError) as caught:
        sandbox.run(os._exit, 1)
    assert caught.value.code == "decoder_limit"
    assert sandbox.run(operator.truediv, 6, 3) == 2


def test_a_task_that_takes_too_long_is_ended():
    sandbox = Sandbox(memory=MEMORY, seconds=0.2)
    with pytest.raises(ServiceError, match=r"0\.2 s"):
        sandbox.run(time.sleep, 60)
    sandbox.close()


def test_whoever_waits_too_long_for_a_turn_is_sent_away():
    sandbox = Sandbox(memory=MEMORY, seconds=20.0, patience=0.05)
    running = threading.Thread(target=sandbox.run, args=(time.sleep, 1.0))
    running.start()
    while not sandbox._turn.locked():
        time.sleep(0.001)
    with pytest.raises(ServiceError) as caught:
        sandbox.run(operator.truediv, 6, 3)
    assert (caught.value.code, caught.value.retry_after) == ("busy", 0.05)
    running.join()
    sandbox.close()


def test_processes_are_replaced_before_they_grow_old():
    sandbox = Sandbox(memory=MEMORY, seconds=20.0, tasks_per_child=1)
    assert sandbox.run(os.getpid) != sandbox.run(os.getpid)
    sandbox.close()
