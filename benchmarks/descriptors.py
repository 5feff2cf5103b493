"""How long the descriptors take on one image, against scikit-image's compiled local binary pattern.

    python -m benchmarks.descriptors

scikit-image interpolates its neighbours on a circle, so its equal is ``lbp(image, circular=True)``; the
others compute something else, and the ratio only says what they cost beside it.
"""

import warnings

import numpy as np
from skimage.feature import local_binary_pattern

from benchmarks.timing import interleaved, machine, one_thread, ratios
from cnnlib.descriptors import CODES, block_histograms, lbp, ldp

SIZE = 512  # pixels along a side
REFERENCE = "scikit-image"


def functions(image):
    """What is timed on an image: a dict of callables without arguments, by name."""
    codes = ldp(image)
    return {
        REFERENCE: lambda: local_binary_pattern(image, 8, 1),
        "lbp(circular=True)": lambda: lbp(image, circular=True),
        **{describe.__name__: lambda describe=describe: describe(image) for describe in CODES},
        "block_histograms": lambda: block_histograms(codes, (8, 8), CODES[ldp], "sqrt"),
    }


def table(image, repeats=20):
    """Time the functions by turns; return the lines of a table."""
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-image advises against images of floats
        times = interleaved(functions(image), repeats)
    relative = ratios(times, REFERENCE)
    lines = [f"{image.dtype}, {image.shape[0]}x{image.shape[1]}", f"{'':20}{'ms':>8}{'ratio':>8}  quartiles"]
    for name, seconds in times.items():
        ratio, low, high = relative[name]
        lines.append(f"{name:20}{1000 * np.median(seconds):8.2f}{ratio:8.2f}  {low:.2f} to {high:.2f}")
    return lines


def main():
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE))
    with one_thread():
        for name, value in machine().items():
            print(f"{name}: {value}")
    for dtype in (np.uint8, float):
        print("", *table(image.astype(dtype)), sep="\n")


if __name__ == "__main__":
    main()
