"""What happens to portraits in real life, drawn onto pictures whose landmarks are known.

Every function takes a uint8 RGB picture [H, W, 3], landmarks [478, 3] and a random generator, and gives a new
picture. Sizes are in eye distances, so that small and large faces get the same treatment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sonic.face.topology import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, eye_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Landmarks = NDArray[np.float32]

SUBPIXELS = 4  # bits behind the point in OpenCV's drawing
# The outline of a medical mask: over the nose, along the cheeks to the jaw, under the chin.
MASK = (195, 122, 118, 123, 177, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 401, 352)
MASK_END = (347, 351)
MASK_COLOURS = ((150, 190, 215), (235, 235, 232), (30, 30, 34), (225, 170, 180))
FRAME_COLOURS = ((25, 22, 22), (90, 60, 40), (150, 145, 140), (20, 25, 60))
LENS_COLOURS = ((12, 12, 14), (40, 24, 16), (20, 28, 24))


def leaning(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """The picture turned by 30 degrees about the face."""
    return _turned(image, landmarks, 30 * rng.choice([-1, 1]))


def lying(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """The picture turned by 75 degrees about the face."""
    return _turned(image, landmarks, 75 * rng.choice([-1, 1]))


def _turned(image: Picture, landmarks: Landmarks, degrees: float) -> Picture:
    centre = landmarks[:, :2].mean(axis=0)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), -degrees, 1.0)
    return _uint8(cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))


def dark(image: Picture, _landmarks: Landmarks, _rng: np.random.Generator) -> Picture:
    """Three and a half stops too little light, with the sensor's noise."""
    noise = _rng.normal(0, 1.5, image.shape)
    return _uint8(_from_light(_light(image) * 0.09) + noise)


def overexposed(image: Picture, _landmarks: Landmarks, _rng: np.random.Generator) -> Picture:
    """Two stops too much light."""
    return _uint8(_from_light(_light(image) * 4.0))


def side_lit(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """One half of the face three stops darker than the other."""
    middle, unit = landmarks[[6, 4, 152], :2].mean(axis=0), float(eye_distance(landmarks))
    across = landmarks[263, :2] - landmarks[33, :2]
    across = across / np.linalg.norm(across) * rng.choice([-1, 1])
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    position = ((columns - middle[0]) * across[0] + (rows - middle[1]) * across[1]) / (0.25 * unit)
    gain = 0.12 + 0.88 / (1 + np.exp(-position))
    return _uint8(_from_light(_light(image) * gain[..., None]))


def blurred(image: Picture, landmarks: Landmarks, _rng: np.random.Generator) -> Picture:
    """Out of focus by a tenth of the eye distance."""
    return _uint8(cv2.GaussianBlur(image, (0, 0), 0.1 * float(eye_distance(landmarks))))


def small(image: Picture, landmarks: Landmarks, _rng: np.random.Generator) -> Picture:
    """The face about 65 pixels wide."""
    factor = 30 / float(eye_distance(landmarks))
    if factor >= 1:
        return image
    return _uint8(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def masked(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """A medical mask over nose, mouth and chin, with folds, in the light of the face."""
    unit = float(eye_distance(landmarks))
    outline = landmarks[[*MASK, *MASK_END], :2].copy()
    centre = outline.mean(axis=0)
    outline = centre + (outline - centre) * 1.06
    colour = np.array(MASK_COLOURS[rng.integers(len(MASK_COLOURS))], np.float32)
    folds = 1 + 0.05 * np.sin(np.arange(image.shape[0]) / (0.05 * unit))
    cloth = colour * _shading(image, unit)[..., None] * folds[:, None, None]
    cloth += rng.normal(0, 2.0, image.shape)
    return _lay(image, cloth, _area([outline], image.shape), 0.015 * unit)


def handed(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """Four fingers of the person's own skin across the mouth."""
    unit = float(eye_distance(landmarks))
    skin = np.median(_patches(image, landmarks, (50, 280, 151), unit), axis=0) * rng.uniform(0.85, 1.05)
    mouth = landmarks[[13, 14], :2].mean(axis=0)
    slope = np.radians(rng.uniform(-25, 25))
    along, down = np.array([np.cos(slope), np.sin(slope)]), np.array([-np.sin(slope), np.cos(slope)])
    drawn = image
    for place in (-0.42, -0.14, 0.14, 0.42):
        middle = mouth + down * place * unit
        ends = middle - along * unit * 1.7, middle + along * unit * rng.uniform(0.4, 0.7)
        drawn = _finger(drawn, ends, 0.15 * unit, skin, rng)
    return drawn


def with_microphone(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """A dark ball before the lower lip, on a stick."""
    unit = float(eye_distance(landmarks))
    centre = landmarks[17, :2] + np.array([rng.uniform(-0.15, 0.15), 0.12]) * unit
    stick = centre + np.array([rng.uniform(-0.5, 0.5), 2.2]) * unit
    area = _line([centre, stick], 0.36 * unit, image.shape) + _disc(centre, 0.42 * unit, image.shape)
    mesh = 32 + 22 * _mesh(image.shape, 0.05 * unit)
    light = np.clip(1.3 - _distance(centre, image.shape) / (0.9 * unit), 0.4, 1.3)
    return _lay(image, (mesh * light)[..., None] * np.ones(3), np.clip(area, 0, 1), 0.01 * unit)


def with_sunglasses(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """Dark lenses with a lighter lower half, a frame and temples."""
    unit = float(eye_distance(landmarks))
    lenses = _lenses(landmarks, rng, wide=0.40, high=0.30)
    colour = np.array(LENS_COLOURS[rng.integers(len(LENS_COLOURS))], np.float32)
    rows = np.arange(image.shape[0])[:, None, None]
    middle = float(landmarks[6, 1])
    tint = colour * (1 + np.clip((rows - middle) / (0.4 * unit), -0.3, 1.0)) + 0.06 * image
    drawn = _lay(image, tint + rng.normal(0, 1, image.shape), _area(lenses, image.shape), 0.01 * unit)
    return _frames(drawn, landmarks, lenses, 0.05 * unit, FRAME_COLOURS[rng.integers(2)])


def with_glasses(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """Clear lenses in a frame, dark or of metal, thin or thick."""
    unit = float(eye_distance(landmarks))
    lenses = _lenses(landmarks, rng, wide=0.38, high=0.27)
    colour = FRAME_COLOURS[rng.integers(len(FRAME_COLOURS))]
    return _frames(image, landmarks, lenses, rng.uniform(0.025, 0.07) * unit, colour)


def with_covered_eye(image: Picture, landmarks: Landmarks, rng: np.random.Generator) -> Picture:
    """A thick strand of dark hair over one eye."""
    unit = float(eye_distance(landmarks))
    eye = landmarks[list(RIGHT_EYE if rng.random() < 0.5 else LEFT_EYE), :2].mean(axis=0)
    path = [eye + np.array([-0.15, -1.2]) * unit, eye, eye + np.array([0.1, 1.2]) * unit]
    columns = np.arange(image.shape[1])[None, :, None]
    strands = 1 + 0.25 * np.sin(columns / (0.02 * unit)) * np.ones((image.shape[0], 1, 1))
    colours = np.array((48, 34, 26), np.float32) * strands
    return _lay(image, colours, _line(path, 0.62 * unit, image.shape), 0.03 * unit)


def beside_another(image: Picture, _landmarks: Landmarks, _rng: np.random.Generator) -> Picture:
    """The person twice, the second one mirrored and a little smaller."""
    height, width = image.shape[:2]
    other = cv2.resize(
        image[:, ::-1], (round(width * 0.8), round(height * 0.8)), interpolation=cv2.INTER_AREA
    )
    top = height - other.shape[0]
    other = cv2.copyMakeBorder(other, top, 0, 0, 0, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(np.hstack([image, _uint8(other)]))


def made_up(image: Picture, landmarks: Landmarks, _rng: np.random.Generator) -> Picture:
    """Dark red lips and violet lids."""
    unit = float(eye_distance(landmarks))
    lips = _ring(landmarks, image.shape)
    drawn = _lay(image, image * np.array([0.75, 0.16, 0.25]), lips * 0.9, 0.02 * unit)
    lids = np.zeros(image.shape[:2], np.float32)
    for crease in (
        (33, 161, 159, 157, 133, 56, 28, 27, 29, 30, 247),
        (263, 388, 386, 384, 362, 286, 258, 257, 259, 260, 467),
    ):
        lids = np.maximum(lids, _area([landmarks[list(crease), :2]], image.shape))
    return _lay(drawn, drawn * np.array([0.5, 0.25, 0.55]), lids * 0.85, 0.02 * unit)


def as_cartoon(image: Picture, landmarks: Landmarks, _rng: np.random.Generator) -> Picture:
    """Flat colours with dark outlines."""
    unit = float(eye_distance(landmarks))
    smooth = image
    for _ in range(6):
        smooth = cv2.bilateralFilter(smooth, 9, 30, max(2.0, 0.08 * unit))
    flat = np.round(smooth / 24.0) * 24
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), max(0.8, 0.012 * unit))
    soft = cv2.GaussianBlur(grey, (0, 0), max(1.6, 0.03 * unit))
    lines = (grey.astype(np.float32) - soft) < -5
    return _uint8(np.where(lines[..., None], flat * 0.2, flat))


# drawing -----------------------------------------------------------------------------------------


def _lenses(
    landmarks: Landmarks, rng: np.random.Generator, *, wide: float, high: float
) -> list[NDArray[np.float32]]:
    """Outlines of two lenses: superellipses around the eyes, from round to square."""
    unit = float(eye_distance(landmarks))
    across = landmarks[263, :2] - landmarks[33, :2]
    across = across / np.linalg.norm(across)
    down = np.array([-across[1], across[0]])
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    power = rng.uniform(0.45, 1.0)
    x, y = (np.sign(f) * np.abs(f) ** power for f in (np.cos(angles), np.sin(angles)))
    outlines = []
    for eye in (RIGHT_EYE, LEFT_EYE):
        centre = landmarks[list(eye), :2].mean(axis=0) + down * 0.05 * unit
        outlines.append(centre + np.outer(x * wide, across) * unit + np.outer(y * high, down) * unit)
    return [outline.astype(np.float32) for outline in outlines]


def _frames(
    image: Picture,
    landmarks: Landmarks,
    lenses: list[NDArray[np.float32]],
    width: float,
    colour: tuple[int, int, int],
) -> Picture:
    right, left = lenses
    area = np.zeros(image.shape[:2], np.float32)
    for outline in lenses:
        area = np.maximum(area, _line([*outline, outline[0]], width, image.shape))
    area = np.maximum(area, _line([right[2], left[22]], width, image.shape))
    for outline, side, ear in ((right, 25, 127), (left, 47, 356)):
        area = np.maximum(area, _line([outline[side], landmarks[ear, :2]], width, image.shape))
    light = _shading(image, float(eye_distance(landmarks)))[..., None]
    return _lay(image, np.array(colour, np.float32) * light, area, 0.3)


def _finger(
    image: Picture, ends: tuple[Any, Any], radius: float, skin: NDArray[np.floating], rng: np.random.Generator
) -> Picture:
    area = _line(list(ends), 2 * radius, image.shape)
    depth = cv2.distanceTransform((area > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / radius
    shade = 0.62 + 0.42 * np.sqrt(np.clip(depth, 0, 1))
    colours = skin * shade[..., None] + rng.normal(0, 2.5, image.shape)
    return _lay(image, colours, area, 0.012 * radius)


def _lay(image: Picture, colours: NDArray[np.floating], area: NDArray[np.floating], soft: float) -> Picture:
    weight = cv2.GaussianBlur(area.astype(np.float32), (0, 0), max(0.5, soft))[..., None]
    return _uint8(image * (1 - weight) + colours * weight)


def _area(outlines: list[NDArray[np.float32]], shape: tuple[int, ...]) -> NDArray[np.float32]:
    mask = np.zeros(shape[:2], np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.rint(outline * 2**SUBPIXELS).astype(np.int32)], 255, cv2.LINE_AA, SUBPIXELS)
    return mask.astype(np.float32) / 255


def _line(points: list[Any], width: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    mask = np.zeros(shape[:2], np.uint8)
    path = np.rint(np.array(points) * 2**SUBPIXELS).astype(np.int32)
    cv2.polylines(mask, [path], False, 255, max(1, round(width)), cv2.LINE_AA, SUBPIXELS)
    return mask.astype(np.float32) / 255


def _disc(centre: NDArray[np.floating], radius: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return (_distance(centre, shape) < radius).astype(np.float32)


def _distance(centre: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.float64]:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(columns - centre[0], rows - centre[1])


def _mesh(shape: tuple[int, ...], pitch: float) -> NDArray[np.float64]:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.sin((rows + columns) / pitch * 2) * np.sin((rows - columns) / pitch * 2)


def _ring(landmarks: Landmarks, shape: tuple[int, ...]) -> NDArray[np.float32]:
    outer, inner = (_area([landmarks[list(loop), :2]], shape) for loop in (OUTER_LIPS, INNER_LIPS))
    return np.clip(outer - inner, 0, 1)


def _patches(
    image: Picture, landmarks: Landmarks, indices: tuple[int, ...], unit: float
) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(image, (0, 0), 0.06 * unit)
    columns, rows = np.clip(
        landmarks[list(indices), :2].T.astype(int), 0, np.array([image.shape[1::-1]]).T - 1
    )
    return soft[rows, columns].astype(np.float32)


def _shading(image: Picture, unit: float) -> NDArray[np.float32]:
    """The light on the face, 1 on average, without its details."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), 0.3 * unit).astype(np.float32)
    return np.clip(grey / max(float(np.percentile(grey, 75)), 1.0), 0.3, 1.25)


def _light(image: Picture) -> NDArray[np.float32]:
    return (image.astype(np.float32) / 255) ** 2.2


def _from_light(light: NDArray[np.floating]) -> NDArray[np.floating]:
    return 255 * np.clip(light, 0, 1) ** (1 / 2.2)


def _uint8(values: NDArray[Any]) -> Picture:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


# What each alteration should be called; any of the codes will do.
EXPECTED = {
    leaning: ("leaning",),
    lying: ("profile",),
    dark: ("too_dark",),
    overexposed: ("overexposed",),
    side_lit: ("side_light",),
    blurred: ("blurred",),
    small: ("small_face",),
    masked: ("mouth_covered", "mouth_hidden"),
    handed: ("mouth_hidden", "mouth_covered"),
    with_microphone: ("mouth_hidden",),
    with_covered_eye: ("eye_hidden",),
    with_sunglasses: ("sunglasses",),
    with_glasses: ("glasses",),
    made_up: ("heavy_makeup",),
    beside_another: ("several_faces",),
    as_cartoon: ("drawn",),
}
