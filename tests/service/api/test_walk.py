"""From upload to webhook, as an engineer would go."""

from __future__ import annotations

import io
import json

import av
import pytest
from PIL import Image

from sonic.service.api.documents import Video


def events_of(client, job, **headers):
    """Pairs of kind and data, read to the end of the stream."""
    story = []
    with client.stream("GET", job["urls"]["events"], headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name in {"event", "id", "data"}:
                story.append((name, value))
    kinds = [value for name, value in story if name == "event"]
    numbers = [int(value) for name, value in story if name == "id"]
    return kinds, numbers, [json.loads(value) for name, value in story if name == "data"]


def test_from_upload_to_webhook(live, order, receiver, speech_path):
    standardwebhooks = pytest.importorskip("standardwebhooks")
    answer = order(
        live,
        audio=speech_path.read_bytes(),
        config={"seed": 11, "duration": 3.0, "fps": 25},
        webhook=receiver.url + "/hook",
        webhook_events=["start", "completed"],
        consent={"statement": "I agree.", "by": "Ada"},
    )
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["location"] == job["urls"]["self"]
    assert (job["status"], job["output"], job["input"]["config"]["seed"]) == ("queued", None, 11)
    assert set(job["consent"]) == {"statement", "by", "at", "inputs"}

    kinds, numbers, data = events_of(live, job)
    assert kinds[0] == "start"
    assert kinds[-1] == "completed"
    assert "progress" in kinds
    assert numbers == sorted(set(numbers))
    assert data[-1]["video"]["status"] == "succeeded"
    assert events_of(live, job, **{"Last-Event-ID": str(numbers[-2])})[0] == ["completed"]

    done = live.get(job["urls"]["self"]).json()
    Video.model_validate(done)
    content = live.get(done["output"]["url"])
    assert content.headers["content-type"] == "video/mp4"
    assert len(content.content) == done["output"]["bytes"]
    with av.open(io.BytesIO(content.content)) as container:
        assert len(list(container.decode(video=0))) == 75
    thumbnail = Image.open(io.BytesIO(live.get(job["urls"]["thumbnail"]).content))
    assert thumbnail.size == (256, 256)

    messages = receiver.wait_for(2)
    assert [json.loads(body)["type"] for _, _, body in messages] == ["video.started", "video.succeeded"]

    webhook = standardwebhooks.Webhook(live.service.settings.webhook_secret)
    for _, headers, body in messages:
        payload = webhook.verify(body, {name.lower(): value for name, value in headers.items()})
        assert payload["data"]["id"] == job["id"]
