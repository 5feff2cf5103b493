"""VGG16, the deep network of small windows, in PyTorch, and the loader of its published weights."""

import hashlib
import math
import numbers
import os
import pickle
from urllib.error import HTTPError, URLError

import torch
from torch import nn

# Configuration D of the paper: the channels of each 3x3 convolution; "M" is a 2x2 max-pooling.
CONFIGURATION_D = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")
HIDDEN = 4096  # units of the first two fully connected layers
SHRINK = 2 ** CONFIGURATION_D.count("M")  # one window of the last map for so many pixels of the image

# The published weights want images whose red, green and blue have been brought to these statistics.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PRETRAINED = {  # by batch_norm; the file's name ends in the first digits of its SHA-256
    False: "https://download.pytorch.org/models/vgg16-397923af.pth",
    True: "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth",
}


class VGG16(nn.Module):
    """VGG16: thirteen 3x3 convolutions in five blocks, each with pooling, and three fully connected layers.

    Names and shapes in the ``state_dict`` are torchvision's, so weights published for its ``vgg16`` and
    ``vgg16_bn`` fit. At full width it has 138,357,544 parameters.

    Parameters
    ----------
    num_classes : int
        How many votes come out.
    width : float
        Factor for the channels of all convolutions and the units of the hidden layers: at 0.25 the
        first convolution has 16 channels instead of 64.
    image_size : int
        Rows and columns of the images, in pixels, at least 32. It sets how many values the first fully
        connected layer sees.
    dropout : float
        Probability with which a hidden unit of the fully connected layers is dropped in training.
    batch_norm : bool
        Whether each convolution is followed by batch normalisation, which the paper did not have yet.

    Attributes
    ----------
    features : nn.Sequential
        Convolutions, ReLUs and poolings: (N, 3, H, W) to (N, channels, H // 32, W // 32).
    classifier : nn.Sequential
        The fully connected layers.
    image_size : int

    Raises
    ------
    TypeError, ValueError
        If an argument makes no network.

    Notes
    -----
    Images of another size than `image_size` are accepted from 32 x 32 pixels on: the last maps are then
    averaged down (or repeated up) to the size that the first fully connected layer expects, as torchvision
    does. Weights are drawn as He et al. say, normally with variance 2 / fan_in, from PyTorch's global
    random state; biases start at 0. Built inside ``with torch.device("meta")`` it needs no memory.

    References
    ----------
    K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition",
    ICLR 2015, arXiv:1409.1556.

    K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers: surpassing human-level performance on
    ImageNet classification", ICCV 2015, doi:10.1109/ICCV.2015.123.

    Examples
    --------
    >>> with torch.device("meta"):  # shapes only
    ...     net = VGG16()
    >>> sum(parameter.numel() for parameter in net.parameters())
    138357544
    >>> net.features[0]
    Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    """

    def __init__(self, num_classes=1000, *, width=1.0, image_size=224, dropout=0.5, batch_norm=False):
        super().__init__()
        _check_integer(num_classes, "num_classes", 1)
        _check_integer(image_size, "image_size", SHRINK, ", because five poolings halve it")
        if not isinstance(width, numbers.Real) or not 0 < width < math.inf:
            raise ValueError(f"width must be a positive number: got {width!r}")
        if not isinstance(dropout, numbers.Real) or not 0 <= dropout < 1:
            raise ValueError(f"dropout must be a number from 0 to below 1: got {dropout!r}")
        self.image_size = image_size
        self.features = _convolutions(width, batch_norm)
        self.side = image_size // SHRINK  # of the last maps
        channels, hidden = _scaled(CONFIGURATION_D[-2], width), _scaled(HIDDEN, width)
        self.classifier = nn.Sequential(
            nn.Linear(channels * self.side**2, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, num_classes),
        )
        self.reset_parameters()

    def reset_parameters(self):
        """Draw all weights anew, as at the start."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()

    def forward(self, x):  # (N, 3, H, W)
        _check_images(x)
        x = self.features(x)
        if x.shape[2:] != (self.side, self.side):
            x = nn.functional.adaptive_avg_pool2d(x, self.side)
        return self.classifier(torch.flatten(x, 1))  # (N, num_classes)


def _convolutions(width, batch_norm):
    """Turn the configuration into layers."""
    layers, channels = [], 3
    for entry in CONFIGURATION_D:
        if entry == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        out_channels = _scaled(entry, width)
        layers.append(nn.Conv2d(channels, out_channels, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU(inplace=True))
        channels = out_channels
    return nn.Sequential(*layers)


def _scaled(count, width):
    return max(1, round(count * width))


def _check_integer(value, name, minimum, why=""):
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer: got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}{why}: got {value}")


def _check_images(x):
    if x.ndim != 4 or x.shape[1] != 3:
        grey = x.ndim == 4 and x.shape[1] == 1
        hint = "; repeat grey images with x.expand(-1, 3, -1, -1)" if grey else ""
        raise ValueError(f"VGG16 expected images of shape (N, 3, H, W): got {tuple(x.shape)}{hint}")
    if min(x.shape[2:]) < SHRINK:
        raise ValueError(
            f"images must have at least {SHRINK} x {SHRINK} pixels, because five poolings halve them: "
            f"got {x.shape[2]} x {x.shape[3]}"
        )
    if not x.is_floating_point():
        raise TypeError(f"VGG16 needs floating point images: got {x.dtype}; convert with x.float() / 255")


def load_pretrained(*, batch_norm=False, download=True, progress=True):
    """Build a VGG16 at full width with the weights that torchvision publishes, trained on ImageNet.

    The file (528 MB) is fetched once and kept where ``torch.hub`` keeps such files, in
    ``~/.cache/torch/hub/checkpoints`` unless ``TORCH_HOME`` says otherwise. It is compared with the published
    SHA-256 each time, and read with ``weights_only``, so that it can hold no code.

    Parameters
    ----------
    batch_norm : bool
        Whether the network with batch normalisation is wanted.
    download : bool
        Whether to fetch the file if it is not there.
    progress : bool
        Whether to show a bar while it is fetched.

    Returns
    -------
    VGG16
        In ``eval`` mode. Its images are RGB with values in [0, 1], at best 224 x 224 pixels, less `MEAN` and
        divided by `STD`.

    Raises
    ------
    FileNotFoundError
        If the file is not there and `download` is false.
    ConnectionError
        If it cannot be fetched.
    ValueError
        If the file is not the published one.
    """
    url = PRETRAINED[bool(batch_norm)]
    folder = os.path.join(torch.hub.get_dir(), "checkpoints")
    path = os.path.join(folder, url.rsplit("/", 1)[1])
    by_hand = f"or fetch {url} elsewhere and put it at {path}"
    if os.path.isfile(path):
        _check_hash(path)
    elif not download:
        raise FileNotFoundError(f"the weights are not at {path}: allow download=True, {by_hand}")
    try:
        weights = torch.hub.load_state_dict_from_url(
            url, folder, map_location="cpu", progress=progress, check_hash=True, weights_only=True
        )
    except HTTPError as error:
        raise ConnectionError(
            f"{url} could not be fetched (HTTP {error.code} {error.reason}): {by_hand}"
        ) from None
    except (URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise ConnectionError(
            f"{url} could not be fetched ({reason}): try again when the network is there, {by_hand}"
        ) from None
    except pickle.UnpicklingError:
        raise ValueError(
            f"{path} holds more than weights, perhaps code; it was not loaded, remove it"
        ) from None
    except RuntimeError as error:
        if "invalid hash" not in str(error):
            raise
        raise ValueError(
            f"{url} sent another file than the published one: {error}; nothing was kept"
        ) from None
    with torch.device("meta"):
        net = VGG16(batch_norm=batch_norm)
    net.load_state_dict(weights, assign=True)
    return net.eval()


def _check_hash(path):
    """Stop if a file is not the one whose SHA-256 its name begins to tell."""
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    wanted = path.rsplit("-", 1)[1].removesuffix(".pth")
    if not digest.startswith(wanted):
        raise ValueError(
            f"{path} is not the published file: its sha256 begins {digest[: len(wanted)]}, not {wanted}; "
            "remove it to fetch it again"
        )
