"""Train the three networks that ship with `InvarianceExplorer`, and write their weights.

    python scripts/train_invariance.py [FILE]   cnnlib/explorers/invariance.npz unless given

MLP, CNN and "CNN, anywhere" are trained as in chapter 2, with its first seed: on the training digits in
the middle of the sheet, twelve times, in batches of 64, with Adam. Then each layer's weights are rounded to
8 bits. Sums are rounded differently on every processor, so another machine finds other weights, about as
good as these. It takes some seconds.

The file holds arrays of numbers only:

    codes     int8 (26118,)     the weights, network after network, layer after layer
    scales    float64 (145,)    for each filter and neuron: a weight is its code times this
    biases    float64 (145,)
    digits    uint8 (4, 8, 8)   test digits to choose from, 0 to 16
    labels    uint8 (4,)        what they are
    pattern   int8 (24, 24)     the noise, in 32nds of a standard deviation
"""

import sys

import numpy as np
import torch
from torch import nn

from cnnlib import datasets
from cnnlib.explorers.invariance import DIGIT, SHIPPED, SIDE, STEP, quantise, restore

SEED, EPOCHS, BATCH, RATE = 0, 12, 64, 0.005
CHOSEN = (2, 4, 5, 7)  # the first test digit of each of these; one of them is the chapter's


def convolution(channels, filters):
    return [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]


def mlp():
    return [nn.Flatten(), nn.Linear(576, 15), nn.ReLU(), nn.Linear(15, 10)]


def cnn():
    first = [*convolution(1, 8), nn.MaxPool2d(2)]
    second = [*convolution(8, 20), nn.MaxPool2d(2)]
    return [*first, *second, nn.Flatten(), nn.Linear(20 * 6 * 6, 10)]


def cnn_anywhere():
    first = [*convolution(1, 8), nn.MaxPool2d(2)]
    second = [*convolution(8, 16), nn.MaxPool2d(2)]
    best = [*convolution(16, 48), nn.AdaptiveMaxPool2d(1)]
    return [*first, *second, *best, nn.Flatten(), nn.Linear(48, 10)]


NETWORKS = {"MLP": mlp, "CNN": cnn, "CNN, anywhere": cnn_anywhere}


def on_a_sheet(images):
    """Enlarge to 16 x 16 and put four pixels of paper around."""
    return datasets.resize(datasets.resize(images, DIGIT), SIDE, pad=True)


def train(name, images, labels):
    torch.manual_seed(SEED)
    network = nn.Sequential(*NETWORKS[name]())
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    images, labels = torch.tensor(images), torch.tensor(labels)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            network.zero_grad()
            nn.functional.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()
    return network


def layers_of(network):
    """Weight and bias of each layer that has them, as arrays."""
    return [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in network
        if hasattr(layer, "weight")
    ]


def accuracy(votes, labels):
    return np.mean(votes.argmax(axis=1) == labels)


def moved(images, pixels):
    """Right, down, left, up: in turn, as chapter 2 moves its test digits by whole pixels."""
    padded = np.pad(images, ((0, 0), (0, 0), (pixels, pixels), (pixels, pixels)))
    turns = [(0, 1), (1, 0), (0, -1), (-1, 0)]
    starts = [pixels - pixels * np.array(turns[n % 4]) for n in range(len(images))]
    return np.stack([one[:, r : r + SIDE, c : c + SIDE] for one, (r, c) in zip(padded, starts, strict=True)])


def main(target):
    train_images, train_labels, _ = datasets.load("digits", split="train")
    small, labels, _ = datasets.load("digits", split="test")
    test = on_a_sheet(small)
    trained = {name: train(name, on_a_sheet(train_images), train_labels) for name in NETWORKS}
    codes, scales, biases = quantise([pair for one in trained.values() for pair in layers_of(one)])

    for name, rounded in restore(codes, scales, biases).items():
        for pixels in (0, 3, 4):
            seen = moved(test, pixels)
            with torch.no_grad():
                before = trained[name](torch.tensor(seen)).numpy()
            after = rounded.forward(seen.astype(float))
            print(
                f"{name:14} moved by {pixels}: {accuracy(before, labels):6.2%} in float32, "
                f"{accuracy(after, labels):6.2%} with 8 bits, of {len(labels)} test digits"
            )

    digits = [np.rint(16 * small[labels == label][0, 0]) for label in CHOSEN]
    noise = np.random.default_rng(2).standard_normal((SIDE, SIDE))
    np.savez_compressed(
        target,
        codes=codes,
        scales=scales,
        biases=biases,
        digits=np.array(digits, np.uint8),
        labels=np.array(CHOSEN, np.uint8),
        pattern=np.clip(np.rint(STEP * noise), -127, 127).astype(np.int8),
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else SHIPPED)
