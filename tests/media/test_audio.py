from __future__ import annotations

import io
import itertools
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from sonic.errors import AudioError, AudioTooShortError, NoAudioTrackError, SilentAudioError
from sonic.media.audio import AudioSource


def encode(samples, rate, container, codec):
    """Samples `[N]` as a compressed file, made like any encoder would."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track = output.add_stream(codec, rate=rate, layout="mono")
        track.bit_rate = 128_000
        pieces = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(samples[None], "fltp", "mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for same in av.AudioResampler(track.codec_context.format or "fltp", "mono", rate).resample(frame):
            pieces.write(same)
        for piece in [*pieces.read_many(track.codec_context.frame_size or 1024, partial=True), None]:
            output.mux(track.encode(piece))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("wav", "pcm_s16le", 22_050),
        ("wav", "pcm_s24le", 48_000),
        ("flac", "flac", 44_100),
        ("mp3", "libmp3lame", 44_100),
        ("mp4", "aac", 44_100),
        ("ipod", "aac", 48_000),
        ("ogg", "libopus", 48_000),
        ("webm", "libopus", 48_000),
    ],
)
def test_clicks_stay_where_they_were_and_the_length_is_kept(container, codec, rate):
    samples = np.zeros(2 * rate + 77, np.float32)
    clicks = [rate // 10, rate, 2 * rate - rate // 10]
    for click in clicks:
        samples[click - 8 : click + 8] = np.hanning(16) * 0.9
    source = AudioSource.open(encode(samples, rate, container, codec))
    decoded = np.abs(source.read(rate))
    for click in clicks:
        around = decoded[click - rate // 20 : click + rate // 20]
        assert abs(int(around.argmax()) - rate // 20) <= rate * 0.001
    assert abs(len(decoded) - len(samples)) <= rate * 0.001
    assert source.probe().duration == pytest.approx(len(decoded) / rate)


def test_probe_of_the_example(speech_path):
    info = AudioSource.open(speech_path).probe()
    assert (info.duration, info.sample_rate, info.channels) == (6.4, 24_000, 1)
    assert -30 < info.loudness < -15


def test_pauses_do_not_make_a_recording_quieter(tone):
    alone = AudioSource.open((tone(2.0), 16_000)).probe().loudness
    with_pauses = np.concatenate([np.zeros(160_000), tone(2.0), np.full(320_000, 1e-4)])
    assert AudioSource.open((with_pauses, 16_000)).probe().loudness == pytest.approx(alone, abs=0.5)


def test_reading_again_gives_the_same(speech_path):
    for source in (speech_path, speech_path.read_bytes(), io.BytesIO(speech_path.read_bytes())):
        audio = AudioSource.open(source)
        np.testing.assert_array_equal(audio.read(), audio.read())


def test_resampling_keeps_a_tone(tone):
    source = AudioSource.open((tone(1.0, 44_100), 44_100))
    resampled = source.read(16_000)
    assert len(resampled) == 16_000
    assert np.abs(resampled - tone(1.0, 16_000)).max() < 1e-3


def test_blocks_are_of_the_asked_size(tone):
    source = AudioSource.open((tone(2.3), 16_000))
    blocks = list(source.blocks(16_000, block_seconds=0.5))
    assert [len(block) for block in blocks] == [8000] * 4 + [4800]
    assert blocks[0].dtype == np.float32
    np.testing.assert_allclose(np.concatenate(blocks), tone(2.3), atol=1e-6)


@pytest.mark.parametrize("duration", [0.5, 1.0, 3.21])
def test_a_duration_is_kept_to_the_sample(tone, duration):
    source = AudioSource.open((tone(1.0, 22_050), 22_050))
    samples = source.read(48_000, 2, duration=duration)
    assert samples.shape == (round(duration * 48_000), 2)
    assert not samples[48_100:].any()


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float64])
def test_samples_of_any_type(tone, kind):
    samples = tone(0.5)
    if kind is np.uint8:
        converted = ((samples + 1) * 128).round().astype(kind)
    elif np.issubdtype(kind, np.integer):
        converted = (samples.astype(float) * np.iinfo(kind).max).astype(kind)
    else:
        converted = samples.astype(kind)
    assert np.abs(AudioSource.open(converted, 16_000).read() - samples).max() < 0.01


def test_channels_are_mixed_and_spread(tone, wav):
    stereo = np.stack([tone(0.5), np.zeros(8000, np.float32)], axis=1)
    for source in (
        AudioSource.open((stereo, 16_000)),
        AudioSource.open((stereo.T, 16_000)),
        AudioSource.open(wav(stereo)),
    ):
        assert source.probe().channels == 2
        np.testing.assert_allclose(source.read(), tone(0.5) / 2, atol=1e-4)
        np.testing.assert_allclose(source.read(16_000, 2), stereo, atol=1e-4)
    mono = AudioSource.open((tone(0.5), 16_000)).read(16_000, 2)
    np.testing.assert_array_equal(mono[:, 0], mono[:, 1])


def test_surround_sound(tone):
    six = np.repeat(tone(0.5)[:, None], 6, axis=1)
    content = io.BytesIO()
    with av.open(content, "w", format="wav") as output:
        track = output.add_stream("pcm_s16le", rate=16_000, layout="5.1")
        frame = av.AudioFrame.from_ndarray((six * 32767).astype(np.int16).reshape(1, -1), "s16", "5.1")
        frame.sample_rate = 16_000
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    source = AudioSource.open(content.getvalue())
    assert source.probe().channels == 6
    assert np.corrcoef(source.read(), tone(0.5))[0, 1] > 0.999


def test_memory_does_not_grow_with_length():
    class Hours:
        """Ten hours of sound that exist only block by block."""

        sample_rate, channels = 44_100, 1

        def blocks(self, channels):
            return itertools.repeat(np.full((44_100, channels), 0.1, np.float32), 36_000)

    blocks = AudioSource(Hours(), "hours").blocks(16_000, duration=36_000)
    assert sum(len(block) for block in itertools.islice(blocks, 50)) == 50 * 16_000


def test_a_video_without_sound_is_refused(tmp_path):
    with av.open(str(tmp_path / "mute.mp4"), "w") as output:
        track = output.add_stream("libx264", rate=25)
        track.width = track.height = 64
        output.mux(track.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        output.mux(track.encode(None))
    with pytest.raises(NoAudioTrackError, match="sound"):
        AudioSource.open(tmp_path / "mute.mp4").probe()


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (np.zeros(16_000, np.float32), SilentAudioError, "silent"),
        (np.full(1600, 0.5, np.float32), AudioTooShortError, r"0\.100 s"),
        (np.zeros(0, np.float32), AudioTooShortError, r"0\.000 s"),
    ],
)
def test_unusable_recordings(samples, error, message, wav):
    for source in ((samples, 16_000), wav(samples)):
        with pytest.raises(error, match=message):
            AudioSource.open(source).probe()


def test_things_that_are_no_recording(tmp_path, wav, tone):
    (tmp_path / "note.wav").write_text("hello")
    (tmp_path / "empty.mp3").touch()
    corrupt = bytearray(encode(tone(2.0, 44_100), 44_100, "mp4", "aac"))
    corrupt[200:] = np.random.default_rng(0).integers(0, 256, len(corrupt) - 200, np.uint8).tobytes()
    for source, message in [
        (tmp_path / "note.wav", "cannot be decoded"),
        (tmp_path / "empty.mp3", "empty"),
        (tmp_path / "missing.wav", "does not exist"),
        (tmp_path, "not a file"),
        (b"", "empty"),
        (bytes(corrupt), "cannot be decoded|corrupt"),
        (wav(tone(1.0))[:30], "cannot be decoded"),
        (np.zeros(16_000), "need their rate"),
        ((np.zeros(16_000), 10), "4000 to 384000 Hz"),
        ((np.zeros(16_000), "16000"), "4000 to 384000 Hz"),
        (encode(np.full(16_000, np.nan, np.float32), 16_000, "wav", "pcm_f32le"), "NaN"),
        ((np.zeros((2, 2, 100)), 16_000), "shape"),
        ((np.full(16_000, np.nan), 16_000), "NaN"),
        ((np.zeros(16_000, complex), 16_000), "complex"),
        (3, "give a path"),
        (None, "give a path"),
    ]:
        with pytest.raises(AudioError, match=message):
            AudioSource.open(source).probe()


def test_a_truncated_recording_gives_what_is_there(wav, tone):
    content = wav(tone(2.0))
    assert AudioSource.open(content[: len(content) // 2]).probe().duration == pytest.approx(1.0, abs=0.01)


def test_a_few_damaged_packets_are_skipped(tone):
    content = bytearray(encode(tone(4.0, 44_100), 44_100, "mp3", "libmp3lame"))
    content[20_000:20_400] = bytes(400)
    assert AudioSource.open(bytes(content)).probe().duration == pytest.approx(4.0, abs=0.15)


def test_a_wrong_length_in_the_header_is_no_trap(wav, tone):
    content = bytearray(wav(tone(1.0)))
    content[40:44] = struct.pack("<I", 0x7FFFFFF0)
    assert AudioSource.open(bytes(content)).probe().duration == pytest.approx(1.0)
