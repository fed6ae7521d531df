"""The commands `sonic train distill motion | speech`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sonic.train.options import progress, run_options

_FOLDER = click.Path(file_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)

_tell = progress(every=10)


@click.group()
def distill() -> None:
    """Teach small students: motion in one to four steps, speech features without waiting."""


@distill.command()
@click.argument("teacher", type=_EXISTING)
@click.argument("data", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for lessons, checkpoints and logs.")
@click.option(
    "--steps-of-student",
    type=click.Choice(["1", "2", "4"]),
    default="2",
    show_default=True,
    help="Solver steps that the student is made for.",
)
@click.option("--recordings", type=click.IntRange(1), default=160, show_default=True, help="Of the teacher.")
@click.option("--batch", type=click.IntRange(1), default=6, show_default=True, help="Windows a batch.")
@run_options(steps=150, learning_rate=5e-4)
def motion(
    teacher: Path, data: Path, output: Path, steps_of_student: str, recordings: int, batch: int, **loop: Any
) -> None:
    """Teach a student of the TEACHER, a model folder, what its flow makes of the sound in DATA's train split.

    Writes OUTPUT/model: the teacher's folder with the student beside it, which takes over whenever no more
    steps are asked for than it was taught. What is already done is kept.
    """
    from sonic.clips import load_clips
    from sonic.motion.sampler import MotionSampler
    from sonic.train.distill.lessons import record_lessons
    from sonic.train.distill.motion_stage import MotionStage
    from sonic.train.distill.ship import ship_student
    from sonic.train.distill.teacher import fingerprint, read_flow
    from sonic.train.engine import LoopConfig, run

    network, config = read_flow(teacher)
    clips, mark = load_clips(data, "train"), fingerprint(teacher)
    lessons = record_lessons(
        teacher,
        clips,
        output / "lessons" / mark,
        count=recordings,
        seed=loop["seed"],
        report=_tell,
    )
    sampler = MotionSampler(teacher)
    stage = MotionStage(
        network,
        config,
        sampler.space,
        lessons,
        teacher=mark,
        steps=int(steps_of_student),
        seed=loop["seed"],
        batch=batch,
    )
    run(stage, LoopConfig(warm_up=20, weight_decay=0.02, average=0.99, save_every=50, **loop), output)
    parity = ship_student(output, teacher, output / "model", guidance=sampler.config.guidance)
    click.echo(f"{output / 'model'}: the student is off by {parity.error:.2g} of its outputs' spread")


@distill.command()
@click.argument("data", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for reels, checkpoints and report.")
@click.option("--minutes", type=float, default=100.0, show_default=True, help="Of disturbed sound to hear.")
@click.option("--width", type=int, default=160, show_default=True, help="Channels of the student.")
@click.option("--lookahead", type=int, default=8, show_default=True, help="Features of 20 ms to wait for.")
@click.option("--batch", type=click.IntRange(1), default=6, show_default=True, help="Windows a batch.")
@click.option("--window", type=int, default=288, show_default=True, help="Features a window.")
@click.option("--model", default="sonic-base", show_default=True, help="Whose lips the report looks at.")
@run_options(steps=1450, learning_rate=2.5e-3)
def speech(
    data: Path,
    output: Path,
    minutes: float,
    width: int,
    lookahead: int,
    batch: int,
    window: int,
    model: str,
    **loop: Any,
) -> None:
    """Teach a causal student of the speech encoder on the sound of DATA's train split.

    Writes OUTPUT/speech_encoder_causal.onnx, and report.md with what the lips lose on the dev split.
    """
    from sonic.clips import load_clips
    from sonic.evaluate.output import write_text
    from sonic.hub import find_model
    from sonic.motion.probe import LipProbe
    from sonic.motion.sampler import MotionSampler
    from sonic.speech.causal import FILE, CausalSpeechEncoder
    from sonic.speech.encoder import SpeechEncoder
    from sonic.train.distill.reels import record_reels
    from sonic.train.distill.report import compare_encoders
    from sonic.train.distill.ship import ship_encoder
    from sonic.train.distill.speech_network import CausalConfig
    from sonic.train.distill.speech_stage import SpeechStage
    from sonic.train.engine import LoopConfig, run

    seed, teacher = loop["seed"], SpeechEncoder()
    sounds = [clip.sound for clip in load_clips(data, "train", augmented=False)]
    reels = record_reels(sounds, teacher, output / "reels", minutes=minutes, seed=seed, report=_tell)
    probe, config = LipProbe.load(data / "probe.safetensors"), CausalConfig(width=width, lookahead=lookahead)
    stage = SpeechStage(reels, probe, config, seed=seed, batch=batch, window=window)
    run(stage, LoopConfig(warm_up=50, weight_decay=0.02, average=0.998, save_every=50, **loop), output)
    ship_encoder(output, output / FILE)
    student = CausalSpeechEncoder(output / FILE)
    report = compare_encoders(
        teacher, student, load_clips(data, "dev", augmented=False), MotionSampler(find_model(model))
    )
    write_text(output / "report.md", report)
    click.echo(report)
