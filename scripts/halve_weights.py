"""Stores the weights of an ONNX network in half precision; nothing else changes.

Needs the package `onnx`. Usage: python scripts/halve_weights.py SOURCE.onnx TARGET.onnx
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx

from sonic.train.export.half import halve_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    onnx.save(halve_weights(onnx.load(arguments.source)), arguments.target)


if __name__ == "__main__":
    main()
