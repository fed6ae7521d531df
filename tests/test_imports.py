from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sonic

SOURCE = Path(sonic.__file__).parent

# What each part may import of ours; everything else is an arrow that points up.
ALLOWED = {
    "errors": set(),
    "progress": set(),
    "options": {"errors"},
    "config": {"options", "errors"},
    "hub": {"errors"},
    "inference": {"errors"},
    "cluster": {"errors"},
    "media": {"media", "errors"},
    "marks": {"marks", "media", "config", "errors"},
    "face": {"face", "inference", "media", "errors"},
    "speech": {"speech", "inference", "media", "errors"},
    "motion": {"motion", "inference", "face.topology", "errors"},
    "render": {"render", "face", "motion", "inference", "errors"},
    "hearing": {"driver", "speech", "media", "errors"},
    "driver": {"speech", "motion", "media", "config", "errors"},
    "prefetch": set(),
    "reference": {"face", "media", "motion", "errors", "progress"},
    "subject": {"face", "motion", "render", "media", "config", "errors"},
    "dubbing": {
        "dubbing", "subject", "reference", "prefetch", "face", "motion", "render", "media", "config",
        "errors", "progress",
    },
    "portraits": {"subject", "face", "media", "motion", "render", "config", "progress"},
    "pipeline": {
        "driver", "hearing", "reference", "portraits", "subject", "dubbing", "prefetch", "face", "speech",
        "motion", "render", "media", "config", "errors", "progress",
    },
    "video": {"marks", "media", "config", "errors", "progress"},
    "model": {
        "pipeline", "portraits", "hub", "config", "video", "marks", "media", "face", "motion", "render",
        "speech", "errors", "progress", "",
    },
    "clips": {"motion", "errors"},
    "evaluate": {
        "evaluate", "clips", "driver", "pipeline", "motion", "speech", "face", "media", "inference", "config",
        "errors", "progress",
    },
    "batch": {
        "batch", "cluster", "digests", "face", "hub", "media.digest", "media.staging", "model", "video",
        "config", "options", "errors", "progress",
    },
    "train": {
        "train", "evaluate", "clips", "cluster", "driver", "pipeline", "face", "speech", "motion", "render",
        "media", "inference", "hub", "config", "errors", "progress", "",
    },
    "cli": {
        "cli", "batch", "config", "digests", "errors", "evaluate", "face", "hearing", "hub", "marks",
        "media", "model", "options", "progress", "service", "video", "train.cli", "",
    },
    "digests": {"media.digest", ""},
    "service": {
        "service", "cluster", "config", "digests", "errors", "face", "hub", "marks", "media", "model",
        "options", "progress", "video", "",
    },
    "client": {"remote", "config", "media.source", "errors"},
    "remote": {"remote", "media.source", "media.output", "errors", "progress"},
    "__init__": {
        "client", "config", "errors", "hearing", "hub", "marks", "media.metadata", "model", "progress",
        "video",
    },
    "__main__": {"cli"},
}  # fmt: skip


def our_imports(path):
    """Modules of ours that a file imports, without the leading `sonic.`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names = [node.module]
        yield from (name.partition(".")[2] for name in names if name.split(".")[0] == "sonic")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(path):
    part = path.relative_to(SOURCE).with_suffix("").parts[0]
    for imported in our_imports(path):
        allowed = ALLOWED[part]
        assert imported in allowed or imported.split(".")[0] in allowed, f"{part} imports {imported}"


def in_fresh_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("code", ["import sonic", "import sonic.cli.app; sonic.cli.app.run(['--version'])"])
def test_heavy_libraries_wait_until_they_are_needed(code):
    loaded = in_fresh_python(f"{code}\nimport sys\nprint(*sys.modules)")
    assert not {"torch", "onnxruntime", "cv2", "numpy", "av", "PIL", "rich"} & set(loaded)


def test_making_videos_needs_no_torch():
    loaded = in_fresh_python("import sonic.model, sys\nprint(*sys.modules)")
    assert not {"torch", "scipy", "matplotlib", "tensorboard"} & set(loaded)


def test_the_public_names_are_these():
    assert sonic.__all__ == sorted(sonic.__all__)
    assert [name for name in sonic.__all__ if not name.endswith("Error")] == [
        "AudioReport", "Cancelled", "Client", "GenerateConfig", "Model", "Progress", "Signer",
        "Verification", "Video", "__version__", "available_models", "inspect_audio", "load_model",
        "read_metadata", "verify",
    ]  # fmt: skip
    for name in sonic.__all__:
        assert getattr(sonic, name) is not None
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = sonic.nothing_here


def test_every_error_is_public():
    import sonic.errors

    errors = {name for name, value in vars(sonic.errors).items() if isinstance(value, type)}
    assert errors <= set(sonic.__all__)


def test_every_module_says_what_it_is_for():
    for path in SOURCE.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert docstring, path
        assert docstring.splitlines()[0].endswith("."), path
