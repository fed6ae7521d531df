"""Turns MediaPipe's face geometry (a protocol buffer) into a small .npz of arrays.

Usage: python scripts/convert_face_geometry.py geometry_pipeline_metadata_landmarks.binarypb TARGET.npz
"""

from __future__ import annotations

import argparse
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

MESH, VERTEX_BUFFER, INDEX_BUFFER = 1, 3, 4
VARINT, LENGTH, FIXED32 = 0, 2, 5


def read_varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def read_fields(content: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The (field number, value) pairs of one message."""
    position = 0
    while position < len(content):
        key, position = read_varint(content, position)
        field, wire = key >> 3, key & 7
        if wire == VARINT:
            value, position = read_varint(content, position)
            yield field, value
        elif wire == FIXED32:
            yield field, struct.unpack_from("<f", content, position)[0]
            position += 4
        elif wire == LENGTH:
            size, position = read_varint(content, position)
            yield field, content[position : position + size]
            position += size
        else:
            raise SystemExit(f"wire type {wire} is not expected in this file")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    mesh = next(value for field, value in read_fields(arguments.source.read_bytes()) if field == MESH)
    assert isinstance(mesh, bytes)
    fields = list(read_fields(mesh))
    vertices = np.array([value for field, value in fields if field == VERTEX_BUFFER], np.float32)
    triangles = np.array([value for field, value in fields if field == INDEX_BUFFER], np.int16)
    # A vertex is x, y, z (centimetres; y up, z towards the camera) and its place u, v in a face texture.
    positions = vertices.reshape(-1, 5)[:, :3]
    np.savez_compressed(arguments.target, vertices=positions, triangles=triangles.reshape(-1, 3))
    print(f"{arguments.target}: {len(positions)} vertices, {len(triangles) // 3} triangles")


if __name__ == "__main__":
    main()
