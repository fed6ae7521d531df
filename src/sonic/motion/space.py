"""The motion vector: a face's movement in a few dozen meaningful numbers per frame, and back."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from sonic.errors import WeightsError
from sonic.face.topology import CHIN, MOUTH_CORNERS
from sonic.motion.eyes import gaze_of, lid_closure
from sonic.motion.head import Array, HeadPose, fit_head, mean_rotation, rotation_vectors
from sonic.motion.mouth import close_mouth, lip_gaps, lip_opening, mouth_width, seal_overlap

if TYPE_CHECKING:
    from pathlib import Path

FRAME_RATE = 25
_FORMAT = 1
_CLOSED_GAP = 0.03  # IOD; trackers report gaps up to this on lips that are shut
_REST_FRAMES = 0.15  # share of a clip's frames, the most closed ones, that its neutral is made from
_PROPORTION_RANGE = (0.75, 1.3)


@dataclass(frozen=True)
class FaceMotion:
    """What a renderer needs for T frames, relative to the portrait at rest with its mouth closed.

    Attributes:
        displacement: mouth, jaw, cheek, nose and brow points, IOD units, head frame, [T, 478, 3].
        lids: closure of the right and left eye, [T, 2]; 0 rests, 1 is shut, below 0 is wide open.
        gaze: shift of the irises right and down, eye widths, [T, 2].
        rotation: rotation vector relative to rest, head frame (x right, y down, z away), radians, [T, 3].
        translation: shift of the point between the eyes in the picture, IOD units, right and down, [T, 2].
    """

    displacement: Array
    lids: Array
    gaze: Array
    rotation: Array
    translation: Array

    def __len__(self) -> int:
        return len(self.lids)


@dataclass(frozen=True)
class MotionSpace:
    """Bases that turn tracked faces into motion vectors [T, dim] and motion vectors into face movement.

    The mouth's coefficients are zero for closed lips at rest, so scaling them keeps m, b and p shut.

    Attributes:
        template: the average face with a closed mouth, head frame, [478, 3].
        mouth_basis: displacements of lips, jaw, cheeks and nose for one unit of spread each, [K, 478, 3].
        brow_basis: the same for brows and forehead, [B, 478, 3].
        importance: how much each coordinate counts when a face is projected onto the bases, [478, 3].
        mean: average motion vector over the training clips, [dim].
        spread: standard deviation of each number over the training clips, [dim].
    """

    template: Array
    mouth_basis: Array
    brow_basis: Array
    importance: Array
    mean: Array
    spread: Array

    @property
    def groups(self) -> dict[str, slice]:
        """Where each kind of motion lives in the vector: mouth, brows, lids, gaze, head."""
        sizes = {
            "mouth": len(self.mouth_basis),
            "brows": len(self.brow_basis),
            "lids": 2,
            "gaze": 2,
            "head": 5,
        }
        ends = np.cumsum(list(sizes.values())).tolist()
        return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}

    @property
    def dim(self) -> int:
        """How many numbers describe one frame."""
        return len(self.mouth_basis) + len(self.brow_basis) + 9

    def neutral(self, landmarks: Array) -> Array:
        """The face at rest with its lips closed, from one picture's landmarks [478, 3] in pixels.

        Returns:
            Head-frame points [478, 3], IOD units; an open smile comes back as a closed one.
        """
        _, points = fit_head(landmarks[None], self.template)
        return close_mouth(points[0], self.mouth_basis)

    def encode(self, landmarks: Array) -> Array:
        """Motion vectors [T, dim] of one person's track without gaps, [T, 478, 3] in picture pixels."""
        pose, points = fit_head(landmarks, self.template)
        displacement = points - self.clip_neutral(points)
        rest = np.median(points, axis=0)
        return np.concatenate(
            [
                project(displacement, self.mouth_basis, self.importance),
                project(points - rest, self.brow_basis, self.importance),
                lid_closure(points),
                gaze_of(points),
                head_motion(pose),
            ],
            axis=1,
        ).astype(np.float32)

    def clip_neutral(self, points: Array) -> Array:
        """The closed-mouth rest shape [478, 3] of a clip's head-frame points [T, 478, 3].

        Lips that never quite touch in the track are taken as touching where they come closest.
        """
        opening = lip_opening(points)
        count = max(1, round(len(points) * _REST_FRAMES))
        most_closed = points[np.argsort(opening)[:count]]
        floor = np.minimum(np.percentile(lip_gaps(points), 3, axis=0), _CLOSED_GAP).astype(np.float32)
        return close_mouth(most_closed.mean(0), self.mouth_basis, np.maximum(floor, 0))

    def decode(self, motion: Array, neutral: Array | None = None) -> FaceMotion:
        """Face movement from motion vectors [T, dim].

        Args:
            motion: one vector per frame.
            neutral: the portrait's closed neutral; when given, mouth movement fits the width of its mouth.
        """
        groups = self.groups
        mouth = np.tensordot(motion[:, groups["mouth"]], self.mouth_basis, 1)
        if neutral is not None:
            mouth = mouth * self.proportion(neutral)
        brows = np.tensordot(motion[:, groups["brows"]], self.brow_basis, 1)
        head = motion[:, groups["head"]]
        return FaceMotion(
            # The closed neutral has gaps of zero, so lips overlap where the displacement alone does.
            displacement=(seal_overlap(mouth) + brows).astype(np.float32),
            lids=np.clip(motion[:, groups["lids"]], -0.35, 1.0).astype(np.float32),
            gaze=motion[:, groups["gaze"]].astype(np.float32),
            rotation=head[:, :3].astype(np.float32),
            translation=head[:, 3:].astype(np.float32),
        )

    def proportion(self, neutral: Array) -> float:
        """How wide this person's mouth is beside the average one, per eye distance."""
        ratio = mouth_width(neutral) / mouth_width(self.template)
        return float(np.clip(ratio, *_PROPORTION_RANGE))

    def mouth_readout(self) -> Array:
        """Mouth coefficients to lip opening, mouth width and jaw drop against the neutral, IOD, [K, 3]."""
        basis = self.mouth_basis
        width = basis[:, MOUTH_CORNERS[1], 0] - basis[:, MOUTH_CORNERS[0], 0]
        return np.stack([lip_opening(basis), width, basis[:, CHIN, 1]], axis=1)

    def opening(self, motion: Array) -> Array:
        """Lip opening that motion vectors [T, dim] ask for, IOD, [T]; not cut off at zero."""
        opening: Array = motion[:, self.groups["mouth"]] @ lip_opening(self.mouth_basis)
        return opening

    def opening_direction(self) -> Array:
        """The smallest change of the mouth coefficients that opens the lips by one IOD, [K]."""
        response = lip_opening(self.mouth_basis)
        direction: Array = response / (response @ response)
        return direction

    def save(self, path: str | Path) -> None:
        """Write the space as safetensors."""
        names = [field.name for field in fields(self)]
        tensors = {name: np.ascontiguousarray(getattr(self, name), np.float32) for name in names}
        save_file(tensors, str(path), {"format": json.dumps(_FORMAT)})

    @classmethod
    def load(cls, path: str | Path) -> MotionSpace:
        """Read a space written by `save`; raises WeightsError when the file is none."""
        try:
            with safe_open(str(path), framework="np") as file:
                version = json.loads((file.metadata() or {}).get("format", "0"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (OSError, SafetensorError) as error:
            raise WeightsError(f"{path} is not a motion space ({error}); install the model again.") from error
        if version != _FORMAT:
            raise WeightsError(
                f"{path} has format {version}, this Sonic reads {_FORMAT}; get a matching model."
            )
        return cls(**tensors)


def project(displacement: Array, basis: Array, importance: Array) -> Array:
    """Least-squares coefficients [T, K] of displacements [T, 478, 3] in a basis [K, 478, 3]."""
    weighted = (basis * importance**2).reshape(len(basis), -1)
    gram = weighted @ basis.reshape(len(basis), -1).T
    flat = displacement.reshape(len(displacement), -1)
    return np.linalg.solve(gram, weighted @ flat.T).T.astype(np.float32)


def head_motion(pose: HeadPose) -> Array:
    """Rotation (3, radians) and translation (2, IOD) relative to the clip's average pose, [T, 5]."""
    rest = mean_rotation(pose.rotation)
    rotation = rotation_vectors(np.einsum("ji,tjk->tik", rest, pose.rotation))
    middle = np.median(pose.translation, axis=0)
    translation = (pose.translation - middle)[:, :2] / np.median(pose.scale)
    return np.concatenate([rotation, translation], axis=1).astype(np.float32)
