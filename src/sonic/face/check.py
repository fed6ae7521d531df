"""Looks at a portrait before it is animated and says what will suffer, what cannot work, and what helps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sonic.errors import ImageError, MouthCoveredError, NoFaceError
from sonic.face.checks import eyes, focus, light, makeup, mouth, style
from sonic.face.checks.advice import finding, refusal, score, sort
from sonic.face.checks.report import Box, Measures, PortraitReport
from sonic.face.checks.view import view_face
from sonic.face.crop import head_square
from sonic.face.landmarks import face_width
from sonic.face.points import FacePoints
from sonic.face.portrait import check_face, locate_face, person_mask
from sonic.face.pose import head_angles
from sonic.face.topology import MESH_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from sonic.face.checks.report import Finding
    from sonic.face.checks.view import FaceView
    from sonic.face.portrait import Portrait

MUCH_YAW, MUCH_PITCH, MUCH_ROLL = 25.0, 20.0, 20.0  # degrees
FEW_PIXELS = 110.0  # across the face; half of what the smallest sensible video shows
SOFT = 0.53  # sharpness
DARK = 42.0  # L* of the brightest parts
BURNT = 0.06  # share of the face
SHADED = 1.5  # stops
COVERS = {
    "overexposed": (makeup, style),
    "mouth_covered": (eyes, makeup, style),
    "mouth_hidden": (makeup,),
    "sunglasses": (makeup,),
}  # what is not asked for any more once this has been found


def inspect_picture(
    image: NDArray[np.uint8],
    *,
    face_index: int | None = None,
    face_points: FacePoints | None = None,
    expand_ratio: float = 0.2,
) -> PortraitReport:
    """The report on a uint8 RGB picture [H, W, 3]; what `generate` would refuse is a finding here.

    Args:
        image: the whole picture, upright.
        face_index: which face, 0 for the largest; None takes the largest and notes the others.
        face_points: where the face is, placed by hand; whoever did that has seen the mouth, which is not
            refused as covered then.
        expand_ratio: 0..1, room around the head in the reported crop, in head sizes on every side.

    Raises:
        FaceIndexError: the picture has fewer faces than `face_index` asks for.
    """
    try:
        face, faces = locate_face(image, face_index=face_index, face_points=face_points)
    except NoFaceError as error:
        return _report(image, 0, None, [refusal(error.code, str(error))])
    shown = faces if face_index is None else 1
    report = inspect_face(image, face.landmarks, faces=shown, wobble=face.wobble)
    if face_points is not None:
        report = _without(report, MouthCoveredError.code)
    places = {**FacePoints.of(face.landmarks).places, **(face_points.places if face_points else {})}
    report = replace(report, face_box=_face_box(face.landmarks), face_points=places)
    try:
        check_face(face, head_angles(face.landmarks), image.shape[:2])
    except ImageError as error:
        findings = sort([refusal(error.code, str(error)), *report.findings])
        return replace(report, findings=findings, score=score(findings))
    return replace(report, crop=_crop(image, face.landmarks, expand_ratio))


def _without(report: PortraitReport, code: str) -> PortraitReport:
    """The report as if `code` had not been found."""
    findings = tuple(one for one in report.findings if one.code != code)
    return replace(report, findings=findings, score=score(findings))


def _face_box(landmarks: NDArray[np.float32]) -> Box:
    low, high = landmarks[:MESH_COUNT, :2].min(axis=0), landmarks[:MESH_COUNT, :2].max(axis=0)
    return Box(*(round(float(number), 1) for number in (*low, *(high - low))))


def _crop(image: NDArray[np.uint8], landmarks: NDArray[np.float32], expand_ratio: float) -> Box:
    square = head_square(landmarks, person_mask(image, landmarks), expand_ratio)
    return Box(*(round(number, 1) for number in (square.x, square.y, square.size, square.size)))


def inspect_portrait(portrait: Portrait, *, chosen: bool = False) -> PortraitReport:
    """The report on an analysed portrait; `chosen` says that its face was picked among several."""
    faces = 1 if chosen else portrait.face_count
    return inspect_face(portrait.image, portrait.landmarks, faces=faces, wobble=portrait.wobble)


def inspect_face(
    image: NDArray[np.uint8], landmarks: NDArray[np.float32], *, faces: int = 1, wobble: float = 0.0
) -> PortraitReport:
    """The report on the face with landmarks [478, 3] in a uint8 RGB picture [H, W, 3]."""
    view = view_face(image, landmarks, wobble=wobble)
    measures = _measure(view, landmarks)
    found = [*_geometry(measures), *_light(measures)]
    found.extend(_look(view, [one.code for one in found]))
    if faces > 1:
        found.append(finding("several_faces", faces))
    return _report(image, faces, measures, found)


def refuse(report: PortraitReport) -> None:
    """Raise what cannot work: MouthCoveredError when a mask is over the mouth."""
    for one in report.findings:
        if one.code == MouthCoveredError.code:
            raise MouthCoveredError(one.advice)


def _measure(view: FaceView, landmarks: NDArray[np.float32]) -> Measures:
    angles = head_angles(landmarks)
    return Measures(
        yaw=round(angles.yaw, 1),
        pitch=round(angles.pitch, 1),
        roll=round(angles.roll, 1),
        face_width=round(face_width(landmarks), 1),
        sharpness=round(focus.sharpness(view), 3),
        brightness=round(light.brightness(view), 1),
        clipped=round(light.clipped(view), 3),
        side_light=round(light.side_light(view), 2),
    )


def _geometry(measures: Measures) -> Iterator[Finding]:
    if abs(measures.yaw) > MUCH_YAW:
        yield finding("turned", measures.yaw)
    if abs(measures.pitch) > MUCH_PITCH:
        yield finding("looking_down" if measures.pitch > 0 else "looking_up", measures.pitch)
    if abs(measures.roll) > MUCH_ROLL:
        yield finding("leaning", measures.roll)
    if measures.face_width < FEW_PIXELS:
        yield finding("small_face", measures.face_width)


def _light(measures: Measures) -> Iterator[Finding]:
    if measures.sharpness < SOFT and measures.face_width >= FEW_PIXELS:
        yield finding("blurred", measures.sharpness)
    if measures.brightness < DARK:
        yield finding("too_dark", measures.brightness)
    if measures.clipped > BURNT:
        yield finding("overexposed", measures.clipped)
    if measures.side_light > SHADED:
        yield finding("side_light", measures.side_light)


def _look(view: FaceView, known: list[str]) -> Iterator[Finding]:
    """What is worn or held before the face, and how the picture was made; `known` codes have been found."""
    parts = [
        part for part in (mouth, eyes, makeup, style) if not any(part in COVERS.get(c, ()) for c in known)
    ]
    while parts:
        part = parts.pop(0)
        for code, value in part.look(view):
            yield finding(code, value)
            # What covers a part of the face is not looked at for frames, colours or flatness.
            parts = [other for other in parts if other not in COVERS.get(code, ())]


def _report(
    image: NDArray[np.uint8], faces: int, measures: Measures | None, found: list[Finding]
) -> PortraitReport:
    height, width = image.shape[:2]
    return PortraitReport((width, height), faces, measures, sort(found), score(found))
