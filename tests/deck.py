"""The lecture's arrays as it prints them, with two decimals: data for the tests, typed off the slides.

The lecture cuts decimals off instead of rounding: 7/9 is 0.77, 5/9 is 0.55, -1/9 is -0.11.
"""

import numpy as np


def _arrays(text):
    """Read arrays that are separated by empty lines."""
    blocks = text.strip().split("\n\n")
    return np.array([[line.split() for line in block.splitlines()] for block in blocks], dtype=float)


X_DECK, X_TRICKY_DECK = _arrays("""
    -1 -1 -1 -1 -1 -1 -1 -1 -1
    -1  1 -1 -1 -1 -1 -1  1 -1
    -1 -1  1 -1 -1 -1  1 -1 -1
    -1 -1 -1  1 -1  1 -1 -1 -1
    -1 -1 -1 -1  1 -1 -1 -1 -1
    -1 -1 -1  1 -1  1 -1 -1 -1
    -1 -1  1 -1 -1 -1  1 -1 -1
    -1  1 -1 -1 -1 -1 -1  1 -1
    -1 -1 -1 -1 -1 -1 -1 -1 -1

    -1 -1 -1 -1 -1 -1 -1 -1 -1
    -1 -1 -1 -1 -1 -1  1 -1 -1
    -1  1 -1 -1 -1  1 -1 -1 -1
    -1 -1  1  1 -1  1 -1 -1 -1
    -1 -1 -1 -1  1 -1 -1 -1 -1
    -1 -1 -1  1 -1  1  1 -1 -1
    -1 -1 -1  1 -1 -1 -1  1 -1
    -1 -1  1 -1 -1 -1 -1 -1 -1
    -1 -1 -1 -1 -1 -1 -1 -1 -1
""")

FILTERED = _arrays("""
     0.77 -0.11  0.11  0.33  0.55 -0.11  0.33
    -0.11  1.00 -0.11  0.33 -0.11  0.11 -0.11
     0.11 -0.11  1.00 -0.33  0.11 -0.11  0.55
     0.33  0.33 -0.33  0.55 -0.33  0.33  0.33
     0.55 -0.11  0.11 -0.33  1.00 -0.11  0.11
    -0.11  0.11 -0.11  0.33 -0.11  1.00 -0.11
     0.33 -0.11  0.55  0.33  0.11 -0.11  0.77

     0.33 -0.55  0.11 -0.11  0.11 -0.55  0.33
    -0.55  0.55 -0.55  0.33 -0.55  0.55 -0.55
     0.11 -0.55  0.55 -0.77  0.55 -0.55  0.11
    -0.11  0.33 -0.77  1.00 -0.77  0.33 -0.11
     0.11 -0.55  0.55 -0.77  0.55 -0.55  0.11
    -0.55  0.55 -0.55  0.33 -0.55  0.55 -0.55
     0.33 -0.55  0.11 -0.11  0.11 -0.55  0.33

     0.33 -0.11  0.55  0.33  0.11 -0.11  0.77
    -0.11  0.11 -0.11  0.33 -0.11  1.00 -0.11
     0.55 -0.11  0.11 -0.33  1.00 -0.11  0.11
     0.33  0.33 -0.33  0.55 -0.33  0.33  0.33
     0.11 -0.11  1.00 -0.33  0.11 -0.11  0.55
    -0.11  1.00 -0.11  0.33 -0.11  0.11 -0.11
     0.77 -0.11  0.11  0.33  0.55 -0.11  0.33
""")

(RECTIFIED,) = _arrays("""
     0.77     0  0.11  0.33  0.55     0  0.33
        0  1.00     0  0.33     0  0.11     0
     0.11     0  1.00     0  0.11     0  0.55
     0.33  0.33     0  0.55     0  0.33  0.33
     0.55     0  0.11     0  1.00     0  0.11
        0  0.11     0  0.33     0  1.00     0
     0.33     0  0.55  0.33  0.11     0  0.77
""")

POOLED = _arrays("""
    1.00 0.33 0.55 0.33
    0.33 1.00 0.33 0.55
    0.55 0.33 1.00 0.11
    0.33 0.55 0.11 0.77

    0.55 0.33 0.55 0.33
    0.33 1.00 0.55 0.11
    0.55 0.55 0.55 0.11
    0.33 0.11 0.11 0.33

    0.33 0.55 1.00 0.77
    0.55 0.55 1.00 0.33
    1.00 1.00 0.11 0.55
    0.77 0.33 0.55 0.33
""")

DEEP = _arrays("""
    1.00 0.55
    0.55 1.00

    1.00 0.55
    0.55 0.55

    0.55 1.00
    1.00 0.55
""")

VOTES = [0.9, 0.65, 0.45, 0.87, 0.96, 0.73, 0.23, 0.63, 0.44, 0.89, 0.94, 0.53]

# Shapes, in the lecture's order: rows, columns, channels.
IMAGE, FILTER = (32, 32, 3), (5, 5, 3)
SIX_MAPS = (28, 28, 6)  # what six 5x5 filters make of the image


# "Back propagation in CNN": each output is a sum of products of a weight and a pixel.
SUMS = {
    name.strip(): [tuple(product.split()) for product in products.split("+")]
    for name, products in (
        line.split("=")
        for line in """
            h11 = W11 X11 + W12 X12 + W21 X21 + W22 X22
            h12 = W11 X12 + W12 X13 + W21 X22 + W22 X23
            h21 = W11 X21 + W12 X22 + W21 X31 + W22 X32
            h22 = W11 X22 + W12 X23 + W21 X32 + W22 X33
        """.strip().splitlines()
    )
}


def by_name(letter, array):
    """Give the entries of an array the lecture's names: rows and columns count from 1."""
    return {f"{letter}{row + 1}{col + 1}": value for (row, col), value in np.ndenumerate(array)}


def forward_and_back(pixels, weights, dh):
    """Work out the lecture's four sums and all their gradients, product by product.

    A product of a weight and a pixel in one of the sums gives the weight the pixel times what comes
    back to the sum, and the pixel the weight times that.
    """
    X, W, dh = by_name("X", pixels), by_name("W", weights), by_name("h", dh)
    gradient = dict.fromkeys([*X, *W], 0.0)
    for h, products in SUMS.items():
        for w, x in products:
            gradient[w] += X[x] * dh[h]
            gradient[x] += W[w] * dh[h]
    sums = [sum(W[w] * X[x] for w, x in products) for products in SUMS.values()]
    dX, dW = [gradient[x] for x in X], [gradient[w] for w in W]
    return np.reshape(sums, (2, 2)), np.reshape(dX, (3, 3)), np.reshape(dW, (2, 2))


# Accuracies in per cent; None where the lecture prints a dash.
TABLE_II_MMI = {
    "LBP [9]": (76.5, 81.7),
    "Two-Phase [10]": (75.4, 82.0),
    "LDP [11]": (80.5, 84.0),
    "LDN [12]": (80.5, 83.0),
    "LDTexP [13]": (83.4, 86.0),
    "LDTerP [14]": (80.6, 80.0),
    "Spatio-Temopral* [25]": (81.2, None),
    "QUEST": (83.05, 84.0),
}
TABLE_III_GEMEP_FERA = {
    "LBP [9]": (92.2, 87.8),
    "Two-Phase [10]": (88.6, 85.0),
    "LDP [11]": (94.0, 90.0),
    "LDN [12]": (93.4, 91.0),
    "LDTexP [13]": (94.0, 91.8),
    "QUEST": (94.3, 91.33),
}
