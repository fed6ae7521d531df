"""Bodies of requests for the API's description, with examples that the tests send."""

from __future__ import annotations

from typing import Any

from sonic.service.api.config_schema import config_schema
from sonic.service.api.documents import Consent, LinkedVideoRequest, VideoRequest

CONFIG = {"preset": "preview", "seed": 7, "duration": 1.0, "fps": 10, "inference_steps": 2}
CONSENT = {"statement": "I am the person in the portrait.", "by": "Ada Example"}
LINKED = {
    "image_url": "https://example.org/portrait.jpg",
    "audio_url": "https://example.org/speech.wav",
    "config": CONFIG,
    "format": "webm",
}
_FILE = {"type": "string", "format": "binary"}


def _fields() -> dict[str, Any]:
    """The form's text fields as JSON Schema, without references into a document of their own."""
    properties: dict[str, Any] = VideoRequest.model_json_schema()["properties"]
    return properties | {"config": config_schema(), "consent": Consent.model_json_schema()}


ORDER_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "title": "VideoForm",
                "required": ["image", "audio"],
                "additionalProperties": False,
                "properties": {
                    "image": {**_FILE, "description": "The portrait: JPEG, PNG, WebP or the like."},
                    "audio": {
                        **_FILE,
                        "description": "The voice: WAV, MP3, FLAC, M4A, OGG, or a video with sound.",
                    },
                    **_fields(),
                },
            },
            "encoding": {
                name: {"contentType": "application/json"}
                for name in ("config", "consent", "face_points", "webhook_events")
            },
            "example": {"config": CONFIG, "format": "mp4", "consent": CONSENT},
        },
        "application/json": {"schema": LinkedVideoRequest.model_json_schema(), "example": LINKED},
    },
}

INSPECT_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "title": "InspectForm",
                "additionalProperties": False,
                "description": "Either `image` or `audio`.",
                "properties": {"image": _FILE, "audio": _FILE, "config": config_schema()},
            },
            "encoding": {"config": {"contentType": "application/json"}},
            "example": {"config": {"face_index": 0}},
        }
    },
}
