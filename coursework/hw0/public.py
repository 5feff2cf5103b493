"""What students can check for themselves."""

import numpy as np

from coursework.check import Case

PICTURE = np.array([[0.0, 1.0], [2.0, 5.0]])

TESTS = {
    "q1": [
        Case(
            "a picture of 2x2 pixels",
            "brightness(image)",
            {"image": PICTURE},
            2.0,
            hint="Add all pixels and divide by how many there are: 8 / 4.",
        )
    ],
    "q2": [
        Case(
            "a picture of 2x2 pixels",
            "extremes(image)",
            {"image": PICTURE},
            (0.0, 5.0),
            hint="First the darkest pixel, then the brightest.",
        )
    ],
    "q3": [
        Case(
            "a picture from 0 to 5",
            "stretch(image)",
            {"image": PICTURE},
            np.array([[0.0, 0.2], [0.4, 1.0]]),
            hint="The darkest pixel becomes 0 and the brightest 1.",
        )
    ],
    "q4": [
        Case(
            "a dark picture and a bright one",
            "classify(images)",
            {"images": np.array([[[0.1, 0.2]], [[0.9, 0.8]]])},
            np.array([0, 1]),
            hint="1 where the mean of a picture is above one half, else 0.",
        )
    ],
}
