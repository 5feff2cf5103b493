"""Train the LeNet-5 that ships with the explorer `LeNetLive`, and write its weights.

    python scripts/train_lenet.py [FILE]        cnnlib/explorers/lenet_digits.npz unless given

It learns from four fifths of the writers of `digits`; the last fifth is kept for testing, and the
explorer's pre-drawn digits are from there. What people draw on a screen looks different from what
they write on a form, so every other image is redrawn at random before it is shown to the network:
turned, slanted, stretched, with a thinner or a thicker pen. Sums are rounded differently on every
processor, so another machine finds other weights, as good as these. It takes some minutes.
"""

import sys

import numpy as np

from cnnlib.datasets import folds, load
from cnnlib.explorers.lenet import SHIPPED, _bilinear, as_trained, quantise, restore
from cnnlib.losses import CrossEntropyLoss
from cnnlib.network import LeNet5

EPOCHS, BATCH = 60, 64
PEAK, MOMENTUM, DECAY = 0.05, 0.9, 5e-4  # of the learning rate; for the velocity; of the weights
TURN, SLANT, STRETCH, SHIFT = 15, 0.25, 0.15, 2  # degrees, pixels a row, share, pixels


def in_blocks(digits):
    """Draw 8x8 digits on the board of 32x32 pixels, a block of 4x4 for each pixel."""
    return digits.repeat(4, axis=-2).repeat(4, axis=-1)


def redrawn(digits, rng):
    """Draw each digit anew: turned, slanted, stretched, with another pen. (N, 8, 8) to (N, 32, 32)."""
    count = len(digits)
    enlarge = _bilinear(8, 48)
    smooth = np.pad(enlarge @ digits @ enlarge.T, ((0, 0), (1, 1), (1, 1)))
    turn = np.deg2rad(rng.uniform(-TURN, TURN, count))
    slant = rng.uniform(-SLANT, SLANT, count)
    scale = 2.1 * rng.uniform(1 - STRETCH, 1 + STRETCH, (2, count))  # leaves room to turn
    rows, cols = np.mgrid[:32, :32] - 15.5
    rows, cols = rows.ravel()[:, None], cols.ravel()[:, None]
    down = scale[0] * (rows * np.cos(turn) + cols * np.sin(turn))
    across = scale[1] * (cols * np.cos(turn) - rows * np.sin(turn)) + slant * down
    ink = _sample(smooth, down.T + 24.5, across.T + 24.5)
    pen = rng.uniform(0.2, 0.55, (count, 1))  # less is thicker
    return np.clip(3 * (ink - pen) + 0.5, 0, 1).reshape(count, 32, 32)


def _sample(pictures, rows, cols):
    """Mix from its four neighbours what lies between the pixels: (N, H, W) to (N, points)."""
    rows = np.clip(rows, 0, pictures.shape[1] - 1.001)
    cols = np.clip(cols, 0, pictures.shape[2] - 1.001)
    top, left = rows.astype(int), cols.astype(int)
    down, right = rows - top, cols - left
    which = np.arange(len(pictures))[:, None]
    upper = pictures[which, top, left] * (1 - right) + pictures[which, top, left + 1] * right
    lower = pictures[which, top + 1, left] * (1 - right) + pictures[which, top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


def seen(drawings, fit):
    """Bring drawings to what the network sees: (N, 1, 32, 32) float32."""
    return np.array([as_trained(drawing, fit=fit) for drawing in drawings], np.float32)[:, None]


def epoch_of(digits, rng):
    """One look at every digit: half of them as they are, half redrawn, all moved a little."""
    new = rng.random(len(digits)) < 0.5
    x = seen(in_blocks(digits), fit=False)
    x[new] = seen(redrawn(digits[new], rng), fit=True)
    moves = rng.integers(-SHIFT, SHIFT + 1, (len(x), 2))
    return np.array([np.roll(one, move, axis=(1, 2)) for one, move in zip(x, moves, strict=True)])


def train(digits, labels, rng):
    """Gradient descent with momentum; the rate rises for a fifth of the time, then falls to zero."""
    network, loss = LeNet5(rng=rng), CrossEntropyLoss()
    for layer in network[:-1]:  # large enough to get through the ReLUs (He et al., 2015)
        if layer.weight is not None:
            layer.weight *= np.float32(np.sqrt(6))
    velocities = [np.zeros_like(weight) for weight in network.parameters()]
    batches = -(-len(digits) // BATCH)
    for epoch in range(EPOCHS):
        x, total = epoch_of(digits, rng), 0.0
        for number, batch in enumerate(np.array_split(rng.permutation(len(x)), batches)):
            done = (epoch + number / batches) / EPOCHS
            rate = PEAK * min(5 * done, 1.25 * (1 - done))
            total += loss.forward(network.forward(x[batch]), labels[batch]) / batches
            network.backward(loss.backward(), need_dx=False)
            for weight, velocity, gradient in zip(
                network.parameters(), velocities, network.gradients(), strict=True
            ):
                velocity *= MOMENTUM
                velocity -= rate * (gradient + DECAY * weight)
                weight += velocity
        print(f"epoch {epoch + 1}: loss {total:.4f}", flush=True)
    return network


def accuracy(network, x, labels):
    votes = network.forward(x.astype(network.parameters()[0].dtype))
    return (votes.argmax(axis=1) == labels).mean()


def main(target):
    images, labels, _ = load("digits")
    digits = images[:, 0].astype(float)
    *_, (learn, test) = folds("digits", 5)
    network = train(digits[learn], labels[learn], np.random.default_rng(0))

    packed = quantise(network)
    for name, one in [("float32", network), ("8 bits", restore(*packed))]:
        for how, x in [
            ("as they are", seen(in_blocks(digits[test]), fit=False)),
            ("drawn on the board", seen(in_blocks(digits[test]), fit=True)),
            ("redrawn", seen(redrawn(digits[test], np.random.default_rng(1)), fit=True)),
        ]:
            print(f"{name}: {accuracy(one, x, labels[test]):.2%} of {len(test)} test digits, {how}")
    first = [test[labels[test] == label][0] for label in range(10)]
    presets = np.rint(16 * digits[first]).astype(np.uint8)
    codes, scales, biases = packed
    np.savez_compressed(target, codes=codes, scales=scales, biases=biases, digits=presets)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else SHIPPED)
