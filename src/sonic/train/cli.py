"""The commands `sonic train prepare | sync | motion | mouth | distill | export`."""

from __future__ import annotations

import json
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from sonic.errors import DependencyError
from sonic.train.distill.commands import distill
from sonic.train.options import progress, run_options

_FOLDER = click.Path(file_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, path_type=Path)


@click.group("train")
def train() -> None:
    """Learn motion from unlabelled videos of people talking.

    Needs the train extra: pip install 'sonic-portrait[train]'.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("sonic").setLevel(logging.INFO)
    for name in ("lightning_fabric", "onnx", "onnxscript", "scipy", "tensorboard", "torch"):
        if find_spec(name) is None:
            raise DependencyError(f"Training needs {name}: pip install 'sonic-portrait[train]' brings it.")


def _prepare_options(command: Any) -> Any:
    """One option for each setting of preparation."""
    from dataclasses import fields

    from sonic.train.prepare.settings import PrepareSettings

    for setting in reversed(fields(PrepareSettings)):
        flag = "--" + setting.name.replace("_", "-")
        details = {"type": type(setting.default), "default": setting.default, "show_default": True}
        command = click.option(flag, setting.name, help=setting.metadata["help"], **details)(command)
    return command


@train.command()
@click.argument("clips", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for the training data.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--ray", is_flag=True, help="Work on a Ray cluster; all its machines must see the same files.")
@_prepare_options
def prepare(clips: Path, output: Path, workers: int, ray: bool, **settings: Any) -> None:
    """Turn videos into shards of clips whose lips follow their sound.

    CLIPS is a folder of videos or a TSV with the columns file, source, person, split. What is already done
    is kept, so a stopped run goes on where it was; limits can be changed without watching the videos again.
    """
    from sonic.train.prepare.manifest import read_manifest
    from sonic.train.prepare.settings import PrepareSettings
    from sonic.train.prepare.stages import Crew
    from sonic.train.prepare.stages import prepare as run_stages
    from sonic.train.prepare.summary import summarise

    crew = Crew(workers=workers, ray=ray, tell=progress(every=50))
    click.echo(summarise(run_stages(read_manifest(clips), output, PrepareSettings(**settings), crew)))


@train.command()
@click.argument("data", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for checkpoints and logs.")
@click.option(
    "--batch-scale", type=float, default=1.0, show_default=True, help="More or fewer clips a batch."
)
@click.option("--width", type=int, default=160, show_default=True, help="Channels of the network.")
@click.option("--dropout", type=float, default=0.2, show_default=True, help="Share of channels left out.")
@click.option(
    "--no-speech", type=click.FloatRange(0, 1), default=0.15, show_default=True, help="Share of deaf clips."
)
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Of the people.")
@click.option("--as-muxed", is_flag=True, help="Ignore the offsets that preparation found.")
@click.option("--sync", type=_EXISTING, help="Run of a sync network that watches the lips while they learn.")
@click.option(
    "--sync-weight", type=click.FloatRange(min=0), help="How much its verdict counts.  [default: 0.06]"
)
@run_options()
def motion(data: Path, output: Path, **settings: Any) -> None:
    """Train the motion network on prepared DATA; goes on from a checkpoint in the output folder."""
    from sonic.train.motion.command import MotionSettings, train_motion
    from sonic.train.options import loop_config

    loop, rest = loop_config(settings)
    train_motion(data, output, MotionSettings(**rest), loop)


@train.command()
@click.argument("data", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for checkpoints, logs and report.")
@click.option("--sound", type=click.Choice(["speech", "mel"]), default="speech", show_default=True)
@click.option("--see", type=click.Choice(["lips", "mouth", "both"]), default="both", show_default=True)
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Of the people.")
@click.option("--judge", is_flag=True, help="Train the judge: log-mel, lips, people of the judge split.")
@click.option("--curve", multiple=True, type=_EXISTING, help="Run on a smaller share, for a learning curve.")
@click.option("--batch", type=int, default=12, show_default=True, help="Clips a batch.")
@run_options(steps=3000, learning_rate=2e-3)
def sync(
    data: Path,
    output: Path,
    sound: str,
    see: str,
    share: float,
    judge: bool,
    curve: tuple[Path, ...],
    batch: int,
    **loop: Any,
) -> None:
    """Train the audio-visual sync network on prepared DATA and measure it on the people of the dev split.

    Writes report.md, report.json and offsets.png; goes on from a checkpoint in the output folder.
    """
    from dataclasses import replace

    from sonic.train.engine import LoopConfig
    from sonic.train.sync.command import JUDGE, add_curve, train_sync, write_towers
    from sonic.train.sync.stage import SyncSettings

    chosen = SyncSettings(sound=sound, landmarks=see != "mouth", pixels=see != "lips")  # type: ignore[arg-type]
    settings = replace(JUDGE if judge else chosen, share=share, batch=batch)
    report = train_sync(data, output, settings, LoopConfig(average=0.995, **loop))
    if judge:
        click.echo(write_towers(output, report, "judge"))
    elif settings.sound == "speech" and settings.landmarks:
        click.echo(write_towers(output, report, "sync"))
    if curve:
        add_curve(output, curve)
    click.echo((output / "report.md").read_text(encoding="utf-8"))


@train.command()
@click.argument("data", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for checkpoints, logs and report.")
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True, help="Frames a batch.")
@click.option(
    "--person", multiple=True, help="Whose way of showing teeth is exported; several are averaged, else all."
)
@run_options(steps=2600, learning_rate=1.5e-3)
def mouth(data: Path, output: Path, batch: int, person: tuple[str, ...], **loop: Any) -> None:
    """Train the network that lights mouths inside, on prepared DATA, and measure it on the dev split.

    Writes mouth.onnx for a model folder, report.md and report.json; goes on from a checkpoint.
    """
    from sonic.train.engine import LoopConfig
    from sonic.train.mouth.command import train_mouth

    course: dict[str, Any] = {"warm_up": 50, "weight_decay": 1e-4, "betas": (0.5, 0.98), "average": 0.995}
    click.echo(train_mouth(data, output, batch, LoopConfig(**course, **loop), person))


@train.command()
@click.argument("data", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for mixtures and checkpoints.")
@click.option("--minutes", type=float, default=180.0, show_default=True, help="Of mixtures to hear.")
@click.option("--batch", type=click.IntRange(1), default=12, show_default=True, help="Windows a batch.")
@click.option("--window", type=int, default=240, show_default=True, help="Features a window.")
@click.option("--model", default="sonic-base", show_default=True, help="Whose lips matter.")
@run_options(steps=1600, learning_rate=1.2e-3)
def repair(
    data: Path, output: Path, minutes: float, batch: int, window: int, model: str, **loop: Any
) -> None:
    """Train the network that hears through noise on the sound of prepared DATA.

    Writes feature_repair.onnx; goes on from a checkpoint in the output folder.
    """
    from sonic.train.engine import LoopConfig
    from sonic.train.repair.command import FILE, train_repair

    course: dict[str, Any] = {"warm_up": 100, "weight_decay": 0.03, "average": 0.995}
    parity = train_repair(
        data, output, LoopConfig(**course, **loop), minutes=minutes, batch=batch, window=window, model=model
    )
    click.echo(f"{output / FILE}: off by {parity.error:.2g} of its outputs' spread")


@train.command()
@click.argument("run", type=_EXISTING)
@click.argument("data", type=_EXISTING)
@click.option("-o", "--output", type=_FOLDER, required=True, help="Model folder to write.")
@click.option("--name", default="sonic-base", show_default=True, help="Name of the model.")
@click.option("--sampler", default="{}", help="Sampler settings as JSON, e.g. '{\"guidance\": 1.2}'.")
@click.option(
    "--precision",
    type=click.Choice(["fp32", "fp16", "int8"]),
    default="fp16",
    show_default=True,
    help="Of the weights; int8 also calculates its matrix products in 8 bits.",
)
@click.option(
    "--licence", default="Apache-2.0", show_default=True, help="Of the weights, for the model card."
)
@click.option("--figures", type=_EXISTING, help="Folder of sonic evaluate -o, for the model card.")
def export(run: Path, data: Path, output: Path, sampler: str, **options: Any) -> None:
    """Write the averaged weights of a motion RUN trained on DATA as a model folder with a model card.

    The files are compared with the network, and int8 also in the lips it makes. Without --figures first, then
    sonic evaluate MODEL DATA -o FIGURES, then again with --figures FIGURES, gives a card with figures.
    """
    from sonic.train.export.command import export_run

    for line in export_run(run, data, output, sampler=_sampler_config(sampler), **options):
        click.echo(line)


train.add_command(distill)


def _sampler_config(text: str) -> Any:
    from sonic.errors import ConfigError
    from sonic.motion.sampler import SamplerConfig

    try:
        return SamplerConfig.from_dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"--sampler {text!r} does not describe a sampler ({error}).") from error
