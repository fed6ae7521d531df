from __future__ import annotations

import io
import json

import av
import numpy as np
import pytest
from PIL import Image

import sonic
from sonic.errors import (
    Cancelled,
    ConfigError,
    JobNotFoundError,
    OutputExistsError,
    RateLimitError,
    ServiceError,
    UnauthorizedError,
)

pytest.importorskip("httpx_sse")


@pytest.fixture(scope="module")
def client(live):
    with sonic.Client(str(live.base_url)) as client:
        yield client


def test_a_video_from_order_to_file(client, small_jpeg, speech_path, tmp_path, tiny):
    options = tiny | {"seed": 31, "duration": 3.0, "fps": 25.0}
    video = client.generate(image=io.BytesIO(small_jpeg), audio=speech_path, **options)
    assert video.status in {"queued", "running"}
    reports = []
    assert video.wait(on_progress=reports.append).status == "succeeded"
    assert {report.stage for report in reports} & {"portrait", "frames"}
    assert all(report.eta is None or report.eta >= 0 for report in reports)
    path = video.download(tmp_path / "talk.mp4")
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == 75
    with pytest.raises(OutputExistsError):
        video.download(path, overwrite=False)
    assert [entry.name for entry in tmp_path.iterdir()] == ["talk.mp4"]
    assert video.seed == 31
    assert client.video(video.id).document == video.document
    video.delete()
    with pytest.raises(JobNotFoundError):
        client.video(video.id)


def test_paths_and_configs(client, portrait_path, small_wav, tmp_path, tiny):
    (tmp_path / "voice.wav").write_bytes(small_wav)
    config = sonic.GenerateConfig(seed=32, **tiny)
    video = client.generate(
        image=portrait_path,
        audio=tmp_path / "voice.wav",
        config=config,
        format="gif",
        consent={"statement": "Yes.", "by": "Ada"},
    )
    assert video.document["input"]["config"] == config.to_dict() | {
        "label": "visible"
    }  # the service's default
    assert video.document["input"]["format"] == "gif"
    assert video.document["consent"]["by"] == "Ada"
    video.delete()


def test_mistakes_are_the_errors_of_the_sdk(client, small_jpeg, small_wav, tmp_path):
    with pytest.raises(ConfigError, match="did you mean"):
        client.generate(image=small_jpeg, audio=small_wav, presett="high")
    with pytest.raises(sonic.ImageError):
        client.generate(image=b"no picture", audio=small_wav)
    with pytest.raises(sonic.SonicError, match="does not exist"):
        client.generate(image=tmp_path / "nothing.jpg", audio=small_wav)
    with pytest.raises(sonic.InputError, match="one of the two"):
        client.inspect()
    with pytest.raises(ServiceError) as caught:
        client.generate(image=small_jpeg, audio=small_wav, format="avi")
    assert (caught.value.code, caught.value.status) == ("invalid_request", 400)


def test_why_a_job_failed_is_raised(client, small_wav, tiny):
    stream = io.BytesIO()
    Image.fromarray(np.full((128, 128, 3), 128, np.uint8)).save(stream, "PNG")
    with pytest.raises(sonic.NoFaceError):
        client.generate(image=stream.getvalue(), audio=small_wav, seed=33, **tiny).wait()


def test_cancelling_and_listing(serve, small_jpeg, small_wav, tiny):
    client = sonic.Client(str(serve().base_url))
    videos = [client.generate(image=small_jpeg, audio=small_wav, seed=seed, **tiny) for seed in range(3)]
    assert videos[0].cancel().status == "canceled"
    with pytest.raises(Cancelled):
        videos[0].wait()
    assert [video.id for video in client.videos()] == [video.id for video in reversed(videos)]
    assert [video.id for video in client.videos(status="canceled")] == [videos[0].id]
    client.close()


def test_tokens_and_limits(serve):
    guarded = serve(token="word")
    address = str(guarded.base_url)
    with sonic.Client(address) as stranger, pytest.raises(UnauthorizedError):
        list(stranger.videos())
    with sonic.Client(address, "word") as known:
        assert list(known.videos()) == []
    _, token = guarded.service.keys.create("slow", requests_per_minute=1)
    with sonic.Client(address, token) as slow:
        list(slow.videos())
        with pytest.raises(RateLimitError) as caught:
            list(slow.videos())
        assert caught.value.retry_after >= 1


def test_nobody_there():
    with sonic.Client("http://127.0.0.1:9") as client, pytest.raises(ServiceError) as caught:
        list(client.videos())
    assert caught.value.code == "unreachable"


def test_a_broken_connection_is_made_again(receiver):
    """The upload that nobody answered is sent again with the same key, and so makes one video."""
    document = {"id": "vid_1", "status": "queued"}
    receiver.answers = [
        (202, {"Content-Length": "100000"}, b"{"),
        (202, {"Content-Type": "application/json"}, json.dumps(document).encode()),
    ]
    with sonic.Client(receiver.url, timeout=5) as client:
        assert client.generate(image=b"image", audio=b"audio").id == "vid_1"
    keys = {headers["Idempotency-Key"] for _, headers, _ in receiver.received}
    assert (len(receiver.received), len(keys)) == (2, 1)


def test_what_is_no_service(receiver):
    receiver.answers = [(500, {"Content-Type": "text/html"}, b"<h1>Proxy</h1>")]
    with sonic.Client(receiver.url) as client, pytest.raises(ServiceError, match="answered 500"):
        client.video("vid_1")
