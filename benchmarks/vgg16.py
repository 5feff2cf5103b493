"""How fast is VGG16? Eager, channels last, in bfloat16, compiled: against plain layers and the roofline.

    python -m benchmarks.vgg16                         on a GPU if there is one, else on the CPU
    python -m benchmarks.vgg16 --device cpu --repeats 3

"plain" are the same layers with the same weights in an ``nn.Sequential`` with default settings; it runs in
the same rounds as the others. The roofline is what the table of the network allows at the speeds of a matrix
product and of a copy, both measured first: layer by layer, the slower of computing and moving numbers.

On a CPU everything computes on one thread and is measured in processor time; on a GPU in wall time, with
the device waited for, and the memory of both passes is held against the prediction of `cnnlib.summary`.
"""

import argparse
import copy
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from benchmarks.timing import interleaved, machine, one_thread, ratios, save
from cnnlib.summary import summarize
from cnnlib.vgg import CONFIGURATION_D, VGG16

RESULTS = Path(__file__).parent / "results"
BATCHES = {"cpu": {"inference": 1, "training": 1}, "cuda": {"inference": 64, "training": 256}}
MEMORY_BATCHES = (1, 8, 32)
SIZES = {"cpu": (512, 1024, 2048), "cuda": (4096, 8192)}  # of the matrix products
COMPILE = {
    "cpu": {"inference": {"options": {"freezing": True}}, "training": {}},
    "cuda": {"inference": {"mode": "max-autotune"}, "training": {"mode": "max-autotune"}},
}
RATE = 1e-4  # learning rate


class Way(NamedTuple):
    """A network, and how it computes."""

    network: nn.Module
    memory_format: torch.memory_format = torch.contiguous_format
    dtype: torch.dtype = torch.float32
    compile: bool = False


def plain(net):
    """Write the layers of a VGG16 one after the other, with their default settings and the same weights."""
    layers = []
    convolutions = iter(module for module in net.features if isinstance(module, nn.Conv2d))
    for entry in CONFIGURATION_D:
        layers += [nn.MaxPool2d(2)] if entry == "M" else [next(convolutions), nn.ReLU()]
    first, second, last = (module for module in net.classifier if isinstance(module, nn.Linear))
    p = net.classifier[2].p
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        *(first, nn.ReLU(), nn.Dropout(p), second, nn.ReLU(), nn.Dropout(p), last),
    )


def ways(make, device):
    """Build the networks, all with the same weights.

    Parameters
    ----------
    make : callable
        Returns a VGG16.
    device : str

    Returns
    -------
    dict of str to Way
    """
    eager, last = make().to(device), make().to(device)
    last.load_state_dict(eager.state_dict())
    last = last.to(memory_format=torch.channels_last)
    return {
        "plain": Way(plain(eager)),
        "eager": Way(eager),
        "channels last": Way(last, torch.channels_last),
        "bfloat16": Way(last, torch.channels_last, torch.bfloat16),
        "compiled": Way(last, torch.channels_last, torch.bfloat16, True),
    }


def batch(way, size, image_size, device):
    """Make images and labels."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(size, 3, image_size, image_size, generator=generator).to(device)
    labels = torch.arange(size, device=device) % 10
    return images.to(memory_format=way.memory_format), labels


def inference(way, images, labels, device):
    """Make a function that returns the votes for a batch; weights are converted once, before it."""
    network = copy.deepcopy(way.network).to(way.dtype) if way.dtype != torch.float32 else way.network
    network, images = compiled(network, way, "inference", device), images.to(way.dtype)

    def go():
        network.eval()
        with torch.inference_mode():
            return network(images).float()

    return go


def training(way, images, labels, device):
    """Make a function that takes a step of gradient descent and returns the loss; in bfloat16 by autocast."""
    network = compiled(way.network, way, "training", device)
    optimizer = torch.optim.SGD(way.network.parameters(), lr=RATE)

    def go():
        network.train()
        with torch.autocast(device, torch.bfloat16, enabled=way.dtype == torch.bfloat16):
            loss = nn.functional.cross_entropy(network(images).float(), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return go


TASKS = {"inference": inference, "training": training}


def compiled(network, way, task, device):
    return torch.compile(network, **COMPILE[device][task]) if way.compile else network


def operations(rows, task):
    """Multiplications and additions of each layer, for an image.

    On the way back there are as many for the gradient of the weights, and again for that of what came in,
    which the first layer does not need.
    """
    counts = np.array([2.0 * row.multiply_adds for row in rows])
    if task == "inference":
        return counts
    first = next(i for i, count in enumerate(counts) if count)
    return np.where(np.arange(len(counts)) == first, 2, 3) * counts


def roofline(rows, task, size, peak, bandwidth, itemsize):
    """Work out how long a batch takes at least.

    For each layer what comes in, what goes out and the parameters move once, and when training three
    times, as in its three products; then the optimiser reads parameters and gradients and writes
    parameters, in float32. Everything else is for free.

    Parameters
    ----------
    rows : list of cnnlib.summary.Row
    task : {"inference", "training"}
    size : int
        Images in the batch.
    peak, bandwidth : float
        Operations and bytes a second.
    itemsize : int
        Bytes of a number.

    Returns
    -------
    float
        Seconds.
    """
    image, layers = rows[0], rows[1:]
    passes = 1 if task == "inference" else 3
    computing = size * operations(layers, task) / peak
    values = [
        size * ((row.reads or image.activations) + row.activations) + row.weights + row.biases
        for row in layers
        if row.counts
    ]
    moving = passes * itemsize * np.array(values) / bandwidth
    computing = np.array([c for c, row in zip(computing, layers, strict=True) if row.counts])
    update = 3 * 4 * sum(row.trainable for row in layers) / bandwidth if task == "training" else 0
    return float(np.maximum(computing, moving).sum() + update)


def clock(device):
    """Seconds of this process on a CPU; on a GPU those until it is done."""
    if device == "cpu":
        return time.process_time

    def now():
        torch.cuda.synchronize()
        return time.perf_counter()

    return now


def limits(device, repeats):
    """Measure the fastest of some matrix products, in operations a second, and a copy, in bytes a second."""
    source = torch.rand(1 << (24 if device == "cpu" else 28), device=device)
    target = torch.empty_like(source)
    functions, work = {"copy": lambda: target.copy_(source)}, {"copy": 2 * source.nbytes}
    for dtype in (torch.float32, torch.bfloat16):
        for n in SIZES[device]:
            a, b = torch.rand(2, n, n, device=device).to(dtype)
            name = f"{dtype} {n}".removeprefix("torch.")
            functions[name], work[name] = lambda a=a, b=b: a @ b, 2 * n**3
    times = interleaved(functions, repeats, clock=clock(device))
    speeds = {name: work[name] / float(np.median(t)) for name, t in times.items()}
    kinds = "float32", "bfloat16", "copy"
    return {kind: max(s for name, s in speeds.items() if name.startswith(kind)) for kind in kinds}


def gpu_memory(make, image_size, batches):
    """Hold the memory of both passes on a GPU against what the table predicts."""
    rows = []
    for size in batches:
        net = make().to("cuda")
        summary, way = summarize(net, (3, image_size, image_size)), Way(net)
        images, labels = batch(way, size, image_size, "cuda")
        predicted = {
            "inference": summary.inference_bytes(size),
            "training": summary.training_bytes(size, optimizer_states=0),
        }
        for task, make_function in TASKS.items():
            function = make_function(way, images, labels, "cuda")
            function()
            torch.cuda.reset_peak_memory_stats()
            function()
            measured = torch.cuda.max_memory_allocated()
            row = {"what": task, "batch": size, "predicted bytes": predicted[task], "bytes": measured}
            rows.append(row)
    return rows


def measure(device, repeats, say=print, *, make=VGG16, image_size=224):
    """Run everything.

    Returns
    -------
    dict
        What it ran on, the limits of that, and a row for each thing that was timed.
    """
    speeds = limits(device, max(repeats, 5))
    about = machine()
    if device == "cuda":
        about["gpu"] = torch.cuda.get_device_name()
    table = {
        "machine": about,
        "device": device,
        "repeats": repeats,
        "limits": speeds,
        "rows": [],
        "memory": [],
    }
    summary = summarize(make(), (3, image_size, image_size))
    networks = ways(make, device)
    for task, size in BATCHES[device].items():
        say(f"  {task}, {size} image(s) a batch")
        functions = {
            name: TASKS[task](way, *batch(way, size, image_size, device), device)
            for name, way in networks.items()
        }
        times = interleaved(functions, repeats, clock=clock(device))
        compared = ratios({name: 1 / t for name, t in times.items()}, "plain")
        for name, way in networks.items():
            precision = str(way.dtype).removeprefix("torch.")
            least = roofline(summary.rows, task, size, speeds[precision], speeds["copy"], way.dtype.itemsize)
            seconds = float(np.median(times[name]))
            speedup, low, high = compared[name]
            table["rows"].append(
                {
                    "what": task,
                    "way": name,
                    "batch": size,
                    "images a second": size / seconds,
                    "against plain": speedup,
                    "low": low,
                    "high": high,
                    "roofline": size / least,
                    "share of roofline": least / seconds,
                }
            )
    if device == "cuda":
        del networks, functions
        table["memory"] = gpu_memory(make, image_size, MEMORY_BATCHES)
    return table


def show(table):
    """Format what was measured as text."""
    lines = [f"{name}: {value}" for name, value in table["machine"].items()]
    for name, speed in table["limits"].items():
        unit = "GB/s" if name == "copy" else "GFLOP/s in a matrix product"
        lines.append(f"{name}: {speed / 1e9:,.0f} {unit}")
    for row in table["rows"]:
        lines.append(
            f"{row['what']:10} {row['way']:14} {row['images a second']:10.2f} images/s"
            f" {row['against plain']:6.2f} x plain ({row['low']:.2f} to {row['high']:.2f})"
            f" {row['share of roofline']:6.0%} of the roofline's {row['roofline']:.2f}"
        )
    for row in table["memory"]:
        share = row["bytes"] / row["predicted bytes"]
        lines.append(
            f"memory, {row['what']}, {row['batch']} images: {row['bytes']:,} bytes, {share:.3f} of prediction"
        )
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.vgg16",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--device", choices=list(BATCHES), default="cuda" if torch.cuda.is_available() else "cpu"
    )
    parser.add_argument("--repeats", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--output", type=Path, help="default: vgg16_DEVICE.json in results/")
    args = parser.parse_args(arguments)
    if args.device == "cpu":
        with one_thread():
            table = measure("cpu", args.repeats)
    else:
        table = measure(args.device, args.repeats)
    print(show(table))
    save(table, args.output or RESULTS / f"vgg16_{args.device}.json")


if __name__ == "__main__":
    main()
