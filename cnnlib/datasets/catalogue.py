"""What each data set is: source, licence, paper, classes, shape, and its files with their checksums.

Where the SHA-256 come from: MNIST, TensorFlow Datasets and others; Fashion-MNIST, TensorFlow
Datasets (``url_checksums/fashion_mnist.txt``); CIFAR-10, Red Datasets and GoMLX; USPS test, the
file of the course. Nobody seems to have published one of the USPS training file. What *is*
published about it is how many of each digit it holds (zip.info of the same site), so that is what
gets checked.
"""

from dataclasses import dataclass

import numpy as np

from cnnlib.datasets.download import RemoteFile
from cnnlib.datasets.expressions import EXPRESSIONS
from cnnlib.datasets.formats import read_usps


@dataclass(frozen=True)
class Description:
    """What is known about a data set: printed, it is a short page.

    Attributes
    ----------
    name, title : str
        The name to load it by, and its proper name.
    source, licence, citation : str
        Where the images come from, on what terms, and the paper to cite.
    classes : tuple of str
        ``classes[label]`` is what a label means.
    shape : (int, int, int)
        Channels, height and width of an image, in pixels.
    n_train, n_test : int
        How many images each split has.
    split : str
        How the split was made, and what it leaks.
    checksums : tuple of (str, str)
        What was checked, and the SHA-256 that it has.
    synthetic : bool
        Whether a program drew the images.
    """

    name: str
    title: str
    source: str
    licence: str
    citation: str
    classes: tuple
    shape: tuple
    n_train: int
    n_test: int
    split: str
    checksums: tuple = ()
    synthetic: bool = False

    def __repr__(self):
        channels, height, width = self.shape
        rows = {
            "images": f"{self.n_train + self.n_test}: {self.n_train} to train, {self.n_test} to test",
            "shape": f"{channels} channel{'s' * (channels > 1)}, {height} x {width} pixels",
            "classes": f"{len(self.classes)}: {', '.join(self.classes)}",
            "split": self.split,
            "source": self.source,
            "licence": self.licence,
            "cite": self.citation,
        }
        lines = [f"{self.title}{' (synthetic: drawn by a program)' * self.synthetic}"]
        lines += [f"  {key:8} {value}" for key, value in rows.items()]
        lines += [f"  {'sha256':8} {digest}  {what}" for what, digest in self.checksums]
        return "\n".join(lines)


def _usps_check(*counts):
    """A check that a file holds so many of each digit."""

    def check(path):
        found = np.bincount(read_usps(path)[1], minlength=10).tolist()
        if found != list(counts):
            raise ValueError(f"it holds {found} of the digits 0 to 9, expected {list(counts)}")

    return check


def _idx_files(mirrors, *known):
    """The four files of MNIST and its look-alikes: images and labels to train, images and labels to test."""
    names = [
        f"{split}-{what}-ubyte.gz" for split in ("train", "t10k") for what in ("images-idx3", "labels-idx1")
    ]
    files = [RemoteFile(name, *facts, mirrors) for name, facts in zip(names, known, strict=True)]
    return {"train": tuple(files[:2]), "test": tuple(files[2:])}


_USPS = (
    "https://hastie.su.domains/ElemStatLearn/datasets/",
    "https://web.stanford.edu/~hastie/ElemStatLearn/datasets/",
)
_CIFAR10 = RemoteFile(  # the binary version, so that nothing is unpickled; one archive holds both splits
    "cifar-10-binary.tar.gz",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170_052_171,
    (
        "https://www.cs.toronto.edu/~kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
)

# By data set and split: RemoteFile(name, SHA-256, bytes, mirrors); images first, then labels.
FILES = {
    "mnist": _idx_files(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
        ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
        ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
        ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
    ),
    "fashion-mnist": _idx_files(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880),
        ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
        ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102),
        ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
    ),
    "cifar10": {"train": (_CIFAR10,), "test": (_CIFAR10,)},
    "usps": {
        "train": (
            RemoteFile(
                "zip.train.gz",
                None,
                4_000_000,  # it has about 1.8 million; this is the most that is taken
                _USPS,
                _usps_check(1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644),
            ),
        ),
        "test": (
            RemoteFile(
                "zip.test.gz",
                "157928669fe902de2c31ac9e0000e13fc6dc67c6fc84c62c5af2500b4e0ebe25",
                439_419,
                _USPS,
            ),
        ),
    },
}

# SHA-256 of pixels that ship with a package: uint8 (N, 8, 8), and little-endian float64 (N, 25, 25).
PIXELS = {
    "digits": "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3",
    "faces": "ce1ab433bd0a896d88a87e40efdf37d9e1ce98bbd3317b498da9f0a7b8e125d5",
}


def _checksums(name):
    files = dict.fromkeys(file for split in FILES[name].values() for file in split)
    return tuple((file.name, file.sha256 or "none published; its digits are counted") for file in files)


DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
           "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")  # fmt: skip
THINGS = ("airplane", "automobile", "bird", "cat", "deer",
          "dog", "frog", "horse", "ship", "truck")  # fmt: skip

DESCRIPTIONS = {
    description.name: description
    for description in (
        Description(
            name="xo",
            title="Crooked X's and O's",
            source="cnnlib.xo.draw, seed 0",
            licence="CC BY 4.0, as the course",
            citation="the lecture's toy problem, after B. Rohrer",
            classes=("X", "O"),
            shape=(1, 9, 9),
            n_train=800,
            n_test=200,
            split="the last 200 letters are for testing; no letter is there twice",
            synthetic=True,
        ),
        Description(
            name="digits",
            title="Optical recognition of handwritten digits (the test part)",
            source="scikit-learn's load_digits, from the UCI repository, doi:10.24432/C50P49",
            licence="CC BY 4.0",
            citation="E. Alpaydin, C. Kaynak: Cascading classifiers. Kybernetika 34(4):369-374, 1998",
            classes=DIGITS,
            shape=(1, 8, 8),
            n_train=1437,
            n_test=360,
            split="every fifth image, in order of class, is for testing; writers are in both (see folds)",
            checksums=(("pixels", PIXELS["digits"]),),
        ),
        Description(
            name="faces",
            title="Faces and patches without a face, from Labeled Faces in the Wild",
            source="scikit-image's lfw_subset, from http://vis-www.cs.umass.edu/lfw/",
            licence="none stated: photographs from the news, collected for research",
            citation="G. Huang, M. Mattar, H. Lee, E. Learned-Miller: Learning to align from scratch. 2012",
            classes=("no face", "face"),
            shape=(1, 25, 25),
            n_train=160,
            n_test=40,
            split="every fifth image, in order of class, is for testing",
            checksums=(("pixels", PIXELS["faces"]),),
        ),
        Description(
            name="expressions",
            title="Schematic faces that show the six basic expressions, and neutral ones",
            source="cnnlib.datasets.expressions, seed 0: 24 persons, each shows each expression 5 times",
            licence="CC BY 4.0, as the course",
            citation="P. Ekman, W. Friesen: Facial Action Coding System. 1978 (for the action units)",
            classes=EXPRESSIONS,
            shape=(1, 48, 48),
            n_train=630,
            n_test=210,
            split="the last 6 persons are for testing; no person is in both",
            synthetic=True,
        ),
        Description(
            name="usps",
            title="Handwritten digits from U.S. postal envelopes (USPS)",
            source="https://hastie.su.domains/ElemStatLearn/data.html",
            licence="none stated: made available for research by AT&T's neural network group",
            citation="Y. Le Cun et al.: Handwritten digit recognition with a back-propagation network. 1990",
            classes=DIGITS,
            shape=(1, 16, 16),
            n_train=7291,
            n_test=2007,
            split="as published",
            checksums=_checksums("usps"),
        ),
        Description(
            name="mnist",
            title="MNIST handwritten digits",
            source="http://yann.lecun.com/exdb/mnist/, from mirrors",
            licence="CC BY-SA 3.0",
            citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to "
            "document recognition. Proc. IEEE 86(11):2278-2324, 1998",
            classes=DIGITS,
            shape=(1, 28, 28),
            n_train=60_000,
            n_test=10_000,
            split="as published; no writer is in both",
            checksums=_checksums("mnist"),
        ),
        Description(
            name="fashion-mnist",
            title="Fashion-MNIST: photographs of clothing",
            source="https://github.com/zalandoresearch/fashion-mnist",
            licence="MIT",
            citation="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST. arXiv:1708.07747, 2017",
            classes=CLOTHES,
            shape=(1, 28, 28),
            n_train=60_000,
            n_test=10_000,
            split="as published",
            checksums=_checksums("fashion-mnist"),
        ),
        Description(
            name="cifar10",
            title="CIFAR-10: tiny colour photographs",
            source="https://www.cs.toronto.edu/~kriz/cifar.html",
            licence="none stated: cite the report",
            citation="A. Krizhevsky: Learning multiple layers of features from tiny images. 2009",
            classes=THINGS,
            shape=(3, 32, 32),
            n_train=50_000,
            n_test=10_000,
            split="as published",
            checksums=_checksums("cifar10"),
        ),
    )
}
