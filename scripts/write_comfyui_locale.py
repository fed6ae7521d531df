"""Write the Chinese texts of the ComfyUI nodes: `python scripts/write_comfyui_locale.py [DICTIONARY]`.

DICTIONARY is the studio's, which has a translation of every option; what only the nodes have is in
`comfyui_texts_zh.json` beside this script.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DICTIONARY = ROOT / "src/sonic/service/studio/languages/zh-CN.json"
TEXTS = Path(__file__).with_name("comfyui_texts_zh.json")
LOCALE = ROOT / "comfyui" / "locales" / "zh" / "nodeDefs.json"


def main() -> None:
    """Write the file."""
    dictionary = Path(sys.argv[1]) if len(sys.argv) > 1 else DICTIONARY
    options, texts = read(dictionary), read(TEXTS)
    translated = {node["name"]: translate(node, texts, options) for node in described_nodes()}
    LOCALE.parent.mkdir(parents=True, exist_ok=True)
    LOCALE.write_text(json.dumps(translated, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(LOCALE)


def read(path: Path) -> dict[str, Any]:
    """A JSON file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def described_nodes() -> list[dict[str, Any]]:
    """All nodes as ComfyUI describes them, loaded with the stand-ins of the tests."""
    spec = importlib.util.spec_from_file_location("stand_ins", ROOT / "tests" / "comfyui" / "stand_ins.py")
    stand_ins = importlib.util.module_from_spec(spec)
    sys.modules["stand_ins"] = stand_ins
    spec.loader.exec_module(stand_ins)
    with tempfile.TemporaryDirectory() as base, stand_ins.installed(base) as (_, pack):
        nodes = asyncio.run(asyncio.run(pack.comfy_entrypoint()).get_node_list())
        return [stand_ins.describe(node) for node in nodes]


def translate(node: dict[str, Any], texts: dict[str, Any], options: dict[str, str]) -> dict[str, Any]:
    """What ComfyUI shows of one node."""
    own = texts["nodes"][node["name"]]
    inputs = {**node["input"]["required"], **node["input"]["optional"]}
    return {
        "display_name": own["display_name"],
        "description": own["description"],
        "inputs": {
            name: named(own["inputs"].get(name) or of_option(name, details, options))
            for name, (_, details) in inputs.items()
        },
        "outputs": {
            str(slot): named(texts["outputs"][name]) for slot, name in enumerate(node["output_name"])
        },
    }


def of_option(name: str, details: dict[str, Any], options: dict[str, str]) -> list[str]:
    """Name and explanation of an option, with what stands for "not given"."""
    sentences = [options[f"option.{name}.help"], options[f"option.{name}.effect"]]
    if details["tooltip"].endswith(": not given."):
        sentences.append(f"{details['default']:g} 表示不指定。")
    return [options[f"option.{name}.label"], "".join(sentences).replace("`", "")]


def named(pair: list[str]) -> dict[str, str]:
    """A name and its tooltip."""
    return {"name": pair[0], "tooltip": pair[1]}


if __name__ == "__main__":
    main()
