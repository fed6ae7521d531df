from __future__ import annotations

import json
import logging
import sys

from sonic.service.logs import JsonLines, PlainLines


def record(**details):
    made = logging.LogRecord("sonic.service", logging.INFO, "here.py", 1, "done in %d s", (3,), None)
    vars(made).update(details)
    return made


def test_a_line_for_programs():
    line = json.loads(JsonLines().format(record(fields={"path": "/v1/videos\n", "key": None})))
    assert (line["level"], line["message"], line["path"]) == ("info", "done in 3 s", "/v1/videos\n")
    assert line["at"].endswith("Z")


def test_a_failure_comes_with_its_traceback():
    try:
        int("reason")
    except ValueError:
        failed = record(exc_info=sys.exc_info())
    assert "ValueError" in json.loads(JsonLines().format(failed))["error"]


def test_a_line_for_people_stays_one_line():
    line = PlainLines().format(record(fields={"path": "/x\n2026 forged", "status": 200, "key": None}))
    assert "\n" not in line
    assert line.endswith("done in 3 s path='/x\\n2026 forged' status=200")
