"""Honest work that looks odd: all points, whatever else is in the notebook."""

import random

from hostile import HONEST, POINTS, START, WORKED, Family, code, notebook

ODD = Family("honest, but odd")
ALL = tuple(POINTS)
Q = HONEST


def odd(name, tries, *cells, quick=False, right=ALL):
    """Add a notebook that must get all points."""
    ODD.add(name, tries, *cells, right=right, quick=quick)


odd("plain", "the solutions", *WORKED, quick=True)
odd("one-cell", "everything in one cell", "\n".join(WORKED), quick=True)
odd("no-imports-of-check", "without the cell of imports for check", "import numpy as np", *Q.values())
odd(
    "checks-between",
    "a check after each answer",
    START,
    *(x for q in Q for x in (Q[q], f"check({q!r})")),
    "check()",
)
odd("answers-in-reverse", "the last question first", START, *reversed(Q.values()))
odd(
    "split-cells",
    "helpers in cells of their own",
    START,
    "def total(x):\n    return x.sum()",
    "def brightness(image):\n    return total(image) / image.size",
    Q["q2"],
    Q["q3"],
    Q["q4"],
)
odd(
    "failing-cells",
    "cells between that fail",
    START,
    "1 / 0",
    Q["q1"],
    "undefined",
    Q["q2"],
    "def x(:",
    Q["q3"],
    "assert False",
    Q["q4"],
    "raise SystemExit",
)
odd(
    "warns",
    "warnings of every kind",
    START,
    """
    import warnings
    def brightness(image):
        warnings.warn("hm"); warnings.warn("old", DeprecationWarning)
        np.log(np.zeros(3)); np.ones(1) / 0
        return np.float32(image.mean())
""",
    Q["q2"],
    Q["q3"],
    Q["q4"],
)
odd(
    "strict",
    "errors instead of warnings",
    START,
    "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
    *Q.values(),
    quick=True,
)
odd(
    "prints",
    "prints in every pass of a loop",
    START,
    """
    def brightness(image):
        total = 0
        for row in image:
            for value in row:
                total += float(value)
                print(total, row, image)
        return total / image.size
""",
    Q["q2"],
    Q["q3"],
    Q["q4"],
)
odd(
    "lists",
    "lists and Python numbers instead of arrays",
    START,
    """
    def brightness(image):
        return float(sum(map(float, image.ravel()))) / image.size
    def extremes(image):
        return [min(image.ravel().tolist()), max(image.ravel().tolist())]
    def stretch(image):
        low, high = extremes(image)
        return [[(float(v) - low) / (high - low) for v in row] for row in image]
    def classify(images):
        return [bool(image.mean() > 0.5) for image in images]
""",
)
odd(
    "float32",
    "single precision",
    START,
    """
    def brightness(image):
        return image.astype(np.float32).mean()
    def extremes(image):
        return np.float32(image.min()), np.float32(image.max())
    def stretch(image):
        x = image.astype("f4")
        return (x - x.min()) / np.ptp(x)
    def classify(images):
        return (images.astype("f4").mean((1, 2)) > 0.5).astype("f4")
""",
)
odd(
    "zero-dimensional",
    "arrays without dimensions, big-endian and Fortran order",
    START,
    """
    def brightness(image):
        return np.array(image.mean(), ">f8")
    def extremes(image):
        return np.array([image.min(), image.max()], ">f8")[::-1][::-1]
    def stretch(image):
        return np.asfortranarray((image - image.min()) / np.ptp(image)).astype(np.longdouble)
    def classify(images):
        return np.matrix(images.mean((1, 2)) > 0.5).A1
""",
)
odd(
    "classes",
    "callable objects, partial functions and decorators",
    START,
    """
    import functools
    class Brightness:
        def __call__(self, image):
            return image.mean()
    brightness = Brightness()
    extremes = lambda image: (image.min(), image.max())
    stretch = functools.partial(lambda image, low: (image - image.min()) / np.ptp(image), low=0)
    @functools.wraps(len)
    def classify(images):
        return np.where(images.mean((1, 2)) > 0.5, 1, 0)
""",
)
odd(
    "global-state",
    "names that the tests also use, and shadowed builtins",
    START,
    "image = images = result = inputs = before = answer = 7\nsum = max = min = 3\ncase = names = space = 1\nlist = 5",
    *Q.values(),
)
odd("star-imports", "from everything import *", "from numpy import *\nfrom math import *", START, *Q.values())
odd("seeds", "global random state", START, "np.random.seed(0)\nimport random\nrandom.seed(0)", *Q.values())
odd(
    "figures",
    "figures that nobody closes",
    START,
    """
    import matplotlib.pyplot as plt
    for i in range(30):
        plt.figure(); plt.imshow(np.eye(3))
    plt.show()
""",
    *Q.values(),
)
odd(
    "magics",
    "the usual magics",
    "%matplotlib inline\n%load_ext autoreload\n%autoreload 2",
    START,
    "%%time\n" + Q["q1"],
    Q["q2"],
    "%timeit -n1 -r1 1 + 1",
    Q["q3"],
    "%%capture out\n" + Q["q4"],
    quick=True,
)
odd(
    "async",
    "await at top level",
    START,
    "import asyncio\nawait asyncio.sleep(0)\nx = [i async for i in (j async for j in asyncio.as_completed([]))] if 0 else 1",
    *Q.values(),
)
odd(
    "threads",
    "threads and processes in an answer",
    START,
    """
    import concurrent.futures, multiprocessing
    def brightness(image):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return sum(pool.map(np.sum, image)) / image.size
""",
    Q["q2"],
    Q["q3"],
    Q["q4"],
)
odd(
    "unicode",
    "names and text from all over the world",
    START,
    "café = 1; 图像 = '猫'; π = 3.14  # \u05d0\u0627\ndef ﬁ(): return '\U0001f600'",
    *Q.values(),
)
odd(
    "type-hints",
    "annotations and a future import",
    "from __future__ import annotations\n" + START,
    *(q.replace("image)", "image: np.ndarray[Any])", 1) for q in Q.values()),
)
odd(
    "redefined",
    "each answer twice; the last one counts",
    START,
    *(x for q in Q.values() for x in (q.replace("return", "return 7,"), q)),
)
odd(
    "conditional",
    "answers under if, try and with",
    START,
    "if True:\n    " + Q["q1"].replace("\n", "\n    "),
    "try:\n    " + Q["q2"].replace("\n", "\n    ") + "\nfinally:\n    pass",
    Q["q3"],
    Q["q4"],
)
odd(
    "moved-folder",
    "a changed folder, a closed output and a changed limit",
    START,
    "import os, sys\nos.chdir('/')\nsys.stdout.close()\nsys.setrecursionlimit(200)",
    *Q.values(),
)
odd(
    "logging",
    "a log and a bar",
    START,
    "import logging\nlogging.basicConfig(level=0, filename='log.txt')\nlogging.info('x')",
    *Q.values(),
)
odd("memory-of-a-class", "half a gigabyte that stays", START, "kept = np.ones(2**26)", *Q.values())
odd(
    "big-notebook",
    "three hundred cells in an order that is not theirs",
    START,
    *random.Random(0).sample([*[f"x{i} = {i}" for i in range(300)]], 300),
    *Q.values(),
)
odd(
    "files",
    "files that it writes and reads",
    START,
    "open('data.txt', 'w').write('1')\nfloat(open('data.txt').read())\nnp.save('x', np.eye(2))\nnp.load('x.npy')\n!ls > list.txt",
    *Q.values(),
)
odd(
    "printoptions",
    "NumPy's own settings",
    START,
    "np.set_printoptions(precision=1, threshold=3, legacy='1.13')\nnp.seterr(all='ignore')",
    *Q.values(),
)
odd(
    "exceptions-as-flow",
    "answers that raise and catch inside",
    START,
    """
    def brightness(image):
        total, i = 0, 0
        while True:
            try:
                total += float(image.ravel()[i])
            except IndexError:
                return total / i
            i += 1
""",
    Q["q2"],
    Q["q3"],
    Q["q4"],
)
odd(
    "tidy-namespace",
    "names that it deletes",
    START,
    *Q.values(),
    "x = 1\ndel x, np.__doc__" if 0 else "x = 1\ndel x",
)
odd(
    "imports-in-answers",
    "imports within answers only",
    *("def " + q[4:].replace("\n", "\n    import numpy as np\n", 1) for q in Q.values()),
)
odd(
    "cnnlib",
    "what the assignment lets it use",
    START,
    "from cnnlib.xo import *\nimport cnnlib, coursework.check",
    *Q.values(),
)
ODD.add(
    "missing-package",
    "an import that does not exist here, in a cell of its own",
    data=notebook([START, "import torch", "from scipy.signal import correlate2d", *Q.values()]),
    right=ALL,
)
ODD.add(
    "three-of-four", "one question is left out", START, Q["q1"], Q["q2"], Q["q4"], right=("q1", "q2", "q4")
)
ODD.add(
    "not-written",
    "one question as it was handed out",
    START,
    Q["q1"],
    "def extremes(image):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
    Q["q3"],
    Q["q4"],
    right=("q1", "q3", "q4"),
)
ODD.add(
    "later-breaks-earlier",
    "a later cell spoils an earlier answer",
    *WORKED,
    "def brightness(image):\n    return 7",
    right=("q1", "q2", "q3", "q4"),
    may=(),
)
ODD.add(
    "code-ids",
    "cells whose ids are all the same",
    data=notebook([code(c, id="same") for c in WORKED]),
    right=ALL,
)
