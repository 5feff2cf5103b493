"""Train the ten networks that ship with `EnsembleMicroscope`, and write their weights.

    python scripts/train_microscope.py [FILE]   cnnlib/explorers/ensemble_microscope.npz unless given

Each activation and depth is trained on the training digits with dropout, p = 0.2, for 60 epochs; then
weights and biases are rounded to hundredths. Sums are rounded differently on every processor, so another
machine finds other weights, about as good as these. It takes some seconds.

The file holds arrays of whole numbers only:

    weights   int16 (5500,)     hundredths: network after network, layer after layer, weights then biases
    digits    uint8 (10, 8, 8)  the first test digit of each class, 0 to 16
"""

import sys

import numpy as np

from cnnlib.datasets import load
from cnnlib.dropout import Dropout
from cnnlib.explorers.ensemble_microscope import NAMES, SHIPPED, STEP, UNITS, as_seen, build
from cnnlib.initialization import kaiming_normal_
from cnnlib.layers import Linear
from cnnlib.network import Sequential, fit
from cnnlib.optimizers import Adam

P, EPOCHS, RATE = 0.2, 60, 0.01


def whole(images):
    """Pixels from 0 to 16."""
    return np.rint(16 * images[:, 0]).astype(np.uint8)


def train(network, x, labels, rng):
    """Train with dropout after each hidden layer; the rule is the lecture's, without a factor."""
    layers, linear = [], [layer for layer in network if isinstance(layer, Linear)]
    for layer in network:
        if layer in linear[1:]:
            layers.append(Dropout(P, inverted=False, rng=rng))
        if layer in linear:
            kaiming_normal_(layer.weight, rng=rng)
            layer.bias[...] = 0
        layers.append(layer)
    fit(
        Sequential(*layers).astype(np.float64),
        (x, labels),
        Adam(lr=RATE),
        epochs=EPOCHS,
        rng=rng,
        statistics=False,
    )


def main(file=SHIPPED):
    learn, test = load("digits", split="train"), load("digits", split="test")
    x = np.array([as_seen(image) for image in whole(learn.images)])
    codes = []
    for activation in NAMES:
        for depth in UNITS:
            rng = np.random.default_rng(0)
            network = build(activation, depth, rng)
            train(network, x, learn.labels, rng)
            arrays = [
                array for layer in network if layer.weight is not None for array in (layer.weight, layer.bias)
            ]
            codes += [np.rint(STEP * array).astype(np.int16).ravel() for array in arrays]
    digits = np.array([whole(test.images)[test.labels == label][0] for label in range(10)])
    np.savez_compressed(file, weights=np.concatenate(codes), digits=digits)


if __name__ == "__main__":
    main(*sys.argv[1:])
