"""Text to speech for the studio, where the server's machine has a synthesiser."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from sonic.service.api.access import Asking
from sonic.service.api.context import Here
from sonic.service.api.orders import validated
from sonic.service.api.problems import refused
from sonic.service.api.uploads import expect_type, read_json
from sonic.service.synthesis import LONGEST_TEXT, Synthesiser, find_synthesiser

router = APIRouter(tags=["speech"])


class VoiceEntry(BaseModel):
    """A voice that can speak."""

    id: str
    name: str
    language: str


class VoiceList(BaseModel):
    """The voices of the synthesiser; none where there is no synthesiser."""

    object: str = "list"
    data: list[VoiceEntry]
    engine: str | None
    longest: Annotated[int, Field(description="Characters that can be spoken at once.")] = LONGEST_TEXT


class SpeechRequest(BaseModel):
    """A text, and the id of the voice that speaks it."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    voice: Annotated[str, Field(min_length=1, max_length=80)]


_EXAMPLE = {"text": "Good morning.", "voice": "en-us"}
_BODY = {
    "required": True,
    "content": {"application/json": {"schema": SpeechRequest.model_json_schema(), "example": _EXAMPLE}},
}


@router.get("/v1/voices", response_model=VoiceList, summary="List the voices")
async def list_voices(_: Asking) -> JSONResponse:
    """The voices that `POST /v1/speech` knows."""
    engine = await run_in_threadpool(installed)
    voices = [] if engine is None else engine.voices
    data = [VoiceEntry(id=voice.id, name=voice.name, language=voice.language) for voice in voices]
    return JSONResponse(VoiceList(data=data, engine=engine.name if engine else None).model_dump())


@router.post(
    "/v1/speech",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}},
    openapi_extra={"requestBody": _BODY},
    summary="Speak a text",
)
async def speak(request: Request, service: Here, _: Asking) -> Response:
    """The text as a WAV file, spoken by the synthesiser of the server's machine."""
    expect_type(request, "application/json")
    wanted = validated(SpeechRequest, await read_json(request, service.settings.upload_time))
    engine = await run_in_threadpool(installed)
    if engine is None:
        raise refused("speech_unavailable", "No synthesiser is installed here: upload or record a voice.")
    content = await run_in_threadpool(engine.speak, wanted.text, wanted.voice)
    return Response(content, media_type="audio/wav")


@cache
def installed() -> Synthesiser | None:
    """The synthesiser of this machine, looked for once."""
    return find_synthesiser()
