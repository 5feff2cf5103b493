"""How fast is cnnlib's convolution? Against PyTorch, and against other ways to convolve with NumPy.

    python -m benchmarks.convolution                   a few minutes
    python -m benchmarks.convolution --repeats 3       a first impression

One step is forward and backward with all three gradients, in float32 on one thread. The table shows time as a
ratio to PyTorch's, whose arrays are (N, C, H, W) in memory: 0.5 is half its time, and below are the
quartiles. "native" means that arrays come in as cnnlib lays them out itself, as between two of its layers;
"NCHW" that they come in and go out as PyTorch's do.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits

from benchmarks.peers import PEERS, Im2colConv2d, ReshapedMaxPool2d
from benchmarks.timing import interleaved, machine, one_thread, ratios, save
from cnnlib import convolution, winograd
from cnnlib.layers import Conv2d, MaxPool2d
from cnnlib.losses import CrossEntropyLoss
from cnnlib.network import LeNet5

RESULTS = Path(__file__).parent / "results" / "convolution.json"
POOLS = {"6x28x28": (64, 6, 28, 28), "16x10x10": (64, 16, 10, 10), "64x32x32": (16, 64, 32, 32)}
EPOCH, BATCH, RATE = 1437, 64, 0.1  # digits of an epoch, of a batch; learning rate


class Case(NamedTuple):
    """A convolution layer with square images and kernels, and its batch."""

    N: int
    C: int
    size: int
    O: int
    kernel: int
    padding: int = 0

    @property
    def out(self):
        return self.size + 2 * self.padding - self.kernel + 1

    @property
    def operations(self):
        """Multiplications and additions of one step, for y, dx and dweight, if nothing is saved."""
        return 3 * 2 * self.N * self.O * self.out**2 * self.C * self.kernel**2

    def arrays(self):
        """Draw x, weight, bias and dy."""
        rng = np.random.default_rng(0)
        shapes = [
            (self.N, self.C, self.size, self.size),
            (self.O, self.C, self.kernel, self.kernel),
            (self.O,),
            (self.N, self.O, self.out, self.out),
        ]
        return [rng.standard_normal(shape, np.float32) for shape in shapes]

    def __str__(self):
        padding = f" p{self.padding}" if self.padding else ""
        return f"N{self.N} {self.C}x{self.size}x{self.size} F{self.O} k{self.kernel}{padding}"


CASES = {
    "a": Case(64, 1, 32, 6, 5),
    "b": Case(64, 6, 14, 16, 5),
    "c": Case(32, 3, 32, 64, 3, 1),
    "d": Case(16, 64, 32, 64, 3, 1),
    "e": Case(2, 128, 56, 128, 3, 1),
}


def laid_out_like(y, x):
    """Copy x so that its axes lie in memory in the order of y's."""
    order = np.argsort(y.strides, kind="stable")[::-1]
    return np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))


def in_nchw(forward, backward):
    """Make both return arrays that lie in memory as (N, C, H, W)."""

    def forward_nchw(*args):
        y, cache = forward(*args)
        return np.ascontiguousarray(y), cache

    def backward_nchw(dy, cache):
        dx, *rest = backward(dy, cache)
        return np.ascontiguousarray(dx), *rest

    return forward_nchw, backward_nchw


def step(forward, backward, x, weight, bias, dy, padding):
    """Make a function that goes forward and backward and returns (y, dx, dweight, dbias)."""

    def go():
        y, cache = forward(x, weight, bias, padding)
        return y, *backward(dy, cache)

    return go


def torch_step(x, weight, bias, dy, padding):
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    dy = torch.tensor(dy)

    def go():
        y = torch.nn.functional.conv2d(*leaves, padding=padding)
        return [t.detach().numpy() for t in (y, *torch.autograd.grad(y, leaves, dy))]

    return go


def direct(x, weight, bias, padding):
    """cnnlib's convolution with the arguments of the others."""
    return convolution.conv2d_forward(x, weight, bias, 1, padding)


def steps(case):
    """Make a step for each way to compute a case.

    Returns
    -------
    dict of str to callable
        Each returns (y, dx, dweight, dbias).
    """
    x, weight, bias, dy = case.arrays()
    ways = {"cnnlib": (direct, convolution.conv2d_backward_cached)}
    if case.kernel == 3:
        ways["Winograd"] = winograd.conv2d_forward, winograd.conv2d_backward_cached
    functions = {"PyTorch": torch_step(x, weight, bias, dy, case.padding)}
    for name, (forward, backward) in ways.items():
        y, _ = forward(x, weight, bias, case.padding)
        native = laid_out_like(y, x), weight, bias, laid_out_like(y, dy)
        functions[f"{name}, native"] = step(forward, backward, *native, case.padding)
        functions[f"{name}, NCHW"] = step(*in_nchw(forward, backward), x, weight, bias, dy, case.padding)
    for name, (forward, backward) in PEERS.items():
        if name != "loops":
            functions[name] = step(forward, backward, x, weight, bias, dy, case.padding)
    return functions


def loops_on_a_part(case):
    """Make a step of the loops for the first rows of one image, and say which part of the work that is."""
    x, weight, bias, dy = case.arrays()
    rows = min(case.size, case.kernel + 3)
    out = rows + 2 * case.padding - case.kernel + 1
    part = x[:1, :, :rows], weight, bias, dy[:1, :, :out]
    return step(*PEERS["loops"], *part, case.padding), out / (case.N * case.out)


def pool_steps(shape):
    """Make a step of max-pooling, 2x2, for PyTorch and for cnnlib in both layouts; each returns (y, dx)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, np.float32)
    dy = rng.standard_normal((*shape[:2], shape[2] // 2, shape[3] // 2), np.float32)
    leaf, grad = torch.tensor(x, requires_grad=True), torch.tensor(dy)

    def theirs():
        y = torch.nn.functional.max_pool2d(leaf, 2)
        return y.detach().numpy(), torch.autograd.grad(y, leaf, grad)[0].numpy()

    def ours(x, dy):
        def go():
            pool = MaxPool2d(2)
            return pool.forward(x), pool.backward(dy)

        return go

    like, _ = direct(x, np.ones((1, shape[1], 1, 1), np.float32), None, 0)
    native = laid_out_like(like, x), laid_out_like(like, dy)
    return {"PyTorch": theirs, "cnnlib, native": ours(*native), "cnnlib, NCHW": ours(x, dy)}


def digits(count=EPOCH):
    """Load digits, each pixel made 4x4, as float32 of shape (count, 1, 32, 32), and labels."""
    data = load_digits()
    images = np.kron(data.images[:count] / 16, np.ones((4, 4)))
    return images[:, np.newaxis].astype(np.float32), data.target[:count]


def with_other_layers(net, conv, pool):
    """Replace the convolutions and poolings of a network, keeping the parameters."""
    for layer in net:
        if isinstance(layer, Conv2d):
            layer.__class__ = conv
        elif isinstance(layer, MaxPool2d):
            layer.__class__ = pool
    return net


def as_torch(net):
    """Build the same LeNet-5 in PyTorch, with the same parameters."""
    nn = torch.nn
    theirs = nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )
    with torch.no_grad():
        for parameter, values in zip(theirs.parameters(), net.parameters(), strict=True):
            parameter.copy_(torch.from_numpy(values))
    return theirs


def epochs(images, labels):
    """Make a function for each LeNet-5 that trains it for an epoch and returns the mean loss.

    All begin with the same parameters and see the same batches.
    """

    def ours(make):
        def go():
            net, loss, losses = make(), CrossEntropyLoss(), []
            for start in range(0, len(images), BATCH):
                batch = slice(start, start + BATCH)
                losses.append(loss.forward(net.forward(images[batch]), labels[batch]))
                net.backward(loss.backward(), need_dx=False)
                for parameter, gradient in zip(net.parameters(), net.gradients(), strict=True):
                    parameter -= RATE * gradient
            return np.mean(losses)

        return go

    def theirs():
        net, losses = as_torch(LeNet5()), []
        sgd = torch.optim.SGD(net.parameters(), lr=RATE)
        for x, label in zip(torch_images.split(BATCH), torch_labels.split(BATCH), strict=True):
            loss = torch.nn.functional.cross_entropy(net(x), label)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            losses.append(loss.item())
        return np.mean(losses)

    torch_images, torch_labels = torch.from_numpy(images), torch.from_numpy(labels)
    return {
        "PyTorch": theirs,
        "cnnlib": ours(LeNet5),
        "index im2col": ours(lambda: with_other_layers(LeNet5(), Im2colConv2d, ReshapedMaxPool2d)),
    }


def gemm_peak(repeats):
    """Measure how many operations a second a large float32 matrix product reaches."""
    rng = np.random.default_rng(0)
    rates = []
    for size in (512, 768, 1024):
        a, b = rng.standard_normal((2, size, size), np.float32)
        times = interleaved({"product": lambda a=a, b=b: a @ b}, repeats)["product"]
        rates.append(2 * size**3 / np.median(times))
    return max(rates)


def rows(what, shape, times, operations=None, peak=None, part=None):
    """Turn times into rows of the table; `part` says of which functions only a part was run."""
    part = part or {}
    times = {name: t / part.get(name, 1) for name, t in times.items()}
    for name, (ratio, low, high) in ratios(times, "PyTorch").items():
        seconds = float(np.median(times[name]))
        row = {"what": what, "shape": str(shape), "method": name, "ratio": ratio, "low": low, "high": high}
        row |= {"milliseconds": 1e3 * seconds, "part": part.get(name, 1.0)}
        yield row | ({"share of peak": operations / seconds / peak} if operations else {})


def measure(repeats, say=print):
    """Run everything, on one thread.

    Returns
    -------
    dict
        What it ran on, and a list of rows, one for each thing that was timed.
    """
    with one_thread():
        peak = gemm_peak(repeats)
        table = {"machine": machine(), "repeats": repeats, "GEMM GFLOP/s": peak / 1e9, "rows": []}
        for name, case in CASES.items():
            say(f"  case {name}: {case}")
            functions = steps(case)
            functions["loops"], part = loops_on_a_part(case)
            times = interleaved(functions, repeats)
            table["rows"] += rows(name, case, times, case.operations, peak, {"loops": part})
        for name, shape in POOLS.items():
            say(f"  max-pooling: {name}")
            table["rows"] += rows("max-pooling", name, interleaved(pool_steps(shape), repeats))
        say("  LeNet-5, an epoch")
        times = interleaved(epochs(*digits()), max(3, repeats // 4))
        table["rows"] += rows("LeNet-5 epoch", f"{EPOCH} digits", times)
    return table


def show(table):
    """Format what was measured as text."""
    lines = [f"{name}: {value}" for name, value in table["machine"].items()]
    lines += [f"large float32 matrix product: {table['GEMM GFLOP/s']:.0f} GFLOP/s", ""]
    by_what = {}
    for row in table["rows"]:
        by_what.setdefault((row["what"], row["shape"]), []).append(row)
    for (what, shape), group in by_what.items():
        lines.append(f"{what}: {shape}")
        for row in group:
            line = f"  {row['method']:17}{row['ratio']:8.2f}"
            if row["method"] != "PyTorch":
                line += f"  ({row['low']:.2f} to {row['high']:.2f})"
            line = f"{line:48}{row['milliseconds']:10.1f} ms"
            if "share of peak" in row:
                line += f"{row['share of peak']:7.0%} of the peak"
            if row["part"] < 1:
                line += f", computed from {row['part']:.2%} of the work"
            lines.append(line)
        lines.append("")
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.convolution",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repeats", type=int, default=20, help="rounds (default: 20)")
    parser.add_argument("--output", type=Path, default=RESULTS, help=f"default: {RESULTS.name} in results/")
    args = parser.parse_args(arguments)
    table = measure(args.repeats)
    print(show(table))
    save(table, args.output)


if __name__ == "__main__":
    main()
