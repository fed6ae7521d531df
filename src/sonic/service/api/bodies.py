"""Bodies of requests for the API's description, with examples that the tests send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sonic.service.api.documents import InspectRequest, LinkedVideoRequest, VideoRequest

if TYPE_CHECKING:
    from pydantic import BaseModel

COMPONENTS = "#/components/schemas/{model}"
CONFIG = {"preset": "preview", "seed": 7, "duration": 1.0, "fps": 10, "inference_steps": 2}
CONSENT = {"statement": "I am the person in the portrait.", "by": "Ada Example"}
LINKED = {
    "image_url": "https://example.org/portrait.jpg",
    "audio_url": "https://example.org/speech.wav",
    "config": CONFIG,
    "format": "webm",
}
_FILE = {"type": "string", "format": "binary"}
_AS_JSON = {"contentType": "application/json"}


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """The text fields of a form as JSON Schema."""
    properties: dict[str, Any] = model.model_json_schema(ref_template=COMPONENTS)["properties"]
    return properties


def _linked() -> dict[str, Any]:
    schema = LinkedVideoRequest.model_json_schema(ref_template=COMPONENTS)
    schema.pop("$defs", None)
    return schema


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
                    **_fields(VideoRequest),
                },
            },
            "encoding": dict.fromkeys(("config", "consent", "face_points", "webhook_events"), _AS_JSON),
            "example": {"config": CONFIG, "format": "mp4", "consent": CONSENT},
        },
        "application/json": {"schema": _linked(), "example": LINKED},
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
                "description": "Either `image` or `audio`; `face_points` belong to an image.",
                "properties": {"image": _FILE, "audio": _FILE, **_fields(InspectRequest)},
            },
            "encoding": dict.fromkeys(("config", "face_points"), _AS_JSON),
            "example": {"config": {"face_index": 0}},
        }
    },
}
