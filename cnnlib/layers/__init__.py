"""Layers, each with its forward pass and its backward pass side by side.

``forward(x)`` returns y. ``backward(dy)`` takes the gradient of the loss with respect to y, keeps the
gradients of the parameters as ``dweight`` and ``dbias``, and returns the gradient with respect to x.
Names, shapes, argument order and results are PyTorch's. No input is ever written to; leave x, y and the
parameters as they are between the two calls, because layers keep them and not copies.

Parameters start as float64. ``layer.astype(np.float32)`` converts them; then x and dy must be float32 too,
and so is everything that comes out. ``train()`` and ``eval()`` matter to layers that behave differently when
they learn, such as BatchNorm2d.

Every layer raises TypeError for numbers of the wrong type, ValueError for arguments that make no layer
and for an x or dy of the wrong shape, and RuntimeError if `backward` comes before `forward`.

Each family has a file: base (what they share), convolution, pooling, activation, linear, normalization.
"""

from cnnlib.layers.activation import LeakyReLU, Maxout, ReLU, Sigmoid, Softmax, Tanh
from cnnlib.layers.base import Layer
from cnnlib.layers.convolution import Conv2d
from cnnlib.layers.linear import Flatten, Linear
from cnnlib.layers.normalization import BatchNorm2d
from cnnlib.layers.pooling import AvgPool2d, MaxPool2d

__all__ = [
    "AvgPool2d",
    "BatchNorm2d",
    "Conv2d",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Maxout",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
