"""The node that listens to a recording before it is spoken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import package
from .parts import CATEGORY, SonicVoiceType, voices
from .widgets import overrides, voice_widgets

if TYPE_CHECKING:
    from sonic import AudioReport

    from .parts import Voice


class SonicVoice(io.ComfyNode):
    """Prepares recordings: how much of it, whose voice, what is done about noise, and what is in it."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """One or several recordings, with the options that are about recordings."""
        return io.Schema(
            node_id="SonicVoice",
            display_name="Sonic voice",
            category=CATEGORY,
            description="Prepares a recording: cleaning, length and whose voice moves the lips; says who "
            "speaks when, how loud and how noisy it is. Listening takes about 4 s for each minute.",
            inputs=[
                io.Audio.Input("audio", tooltip="Speech of any length and language."),
                *voice_widgets(),
            ],
            outputs=[
                SonicVoiceType.Output(display_name="voice", is_output_list=True),
                io.Float.Output(
                    display_name="seconds", tooltip="Length of the video it makes.", is_output_list=True
                ),
                io.Int.Output(
                    display_name="speakers", tooltip="How many voices were told apart.", is_output_list=True
                ),
                io.String.Output(display_name="report", is_output_list=True),
            ],
        )

    @classmethod
    def execute(cls, audio: dict[str, Any], **widgets: Any) -> io.NodeOutput:
        """Listen to every recording."""
        package.require()
        from sonic.cli.inspect_audio import describe

        options = overrides(widgets)
        given = [replace(voice, options=options) for voice in voices(audio)]
        reports = [listen(voice) for voice in given]
        return io.NodeOutput(
            given,
            [length(report, options.get("duration")) for report in reports],
            [len(report.speakers) for report in reports],
            ["\n".join(describe(report)) for report in reports],
        )


def listen(voice: Voice) -> AudioReport:
    """What is in the recording; raises what is wrong with it."""
    import sonic

    return sonic.inspect_audio((voice.samples, voice.sample_rate))


def length(report: AudioReport, asked: float | None) -> float:
    """Seconds of video: as many as asked for, never more than the recording has."""
    return report.duration if asked is None else min(asked, report.duration)
