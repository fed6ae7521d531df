"""Which of the 478 face landmarks take part in which kind of motion."""

from __future__ import annotations

import numpy as np

from sonic.face.topology import INNER_LIPS_LOWER, INNER_LIPS_UPPER

RIGHT_LID_PAIRS = ((159, 145), (160, 144), (158, 153))  # upper, lower
LEFT_LID_PAIRS = ((386, 374), (385, 380), (387, 373))
IRIS_CENTRES = (468, 473)  # right, left

INNER_LIP_UPPER = INNER_LIPS_UPPER[1:-1]  # nine places between the corners
INNER_LIP_LOWER = INNER_LIPS_LOWER[1:-1]
# The ring around the inner lips, point by point beside it: it follows when the inner lips are pushed shut.
SECOND_LIP_UPPER = (183, 42, 41, 38, 12, 268, 271, 272, 407)
SECOND_LIP_LOWER = (96, 89, 179, 86, 15, 316, 403, 319, 325)
LIPS = np.unique(
    [
        *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409),
        *(76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408),
        *(62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407),
        *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415),
    ]
)
NOSE_BRIDGE = 168

# Points that hold still while a person talks: hairline, temples, nose bridge, eye corners, ears.
STABLE = np.array(
    [
        *(10, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251, 162, 389, 127, 356, 234, 454),
        *(168, 6, 197, 195, 122, 351, 193, 417, 33, 133, 362, 263, 130, 359, 243, 463),
    ]
)
EYES = np.unique(
    [
        *(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173),
        *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398),
        *(130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190),
        *(359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414),
        *range(468, 478),
    ]
)
