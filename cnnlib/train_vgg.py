"""Train VGG16 from the command line, on one processor, one GPU or many.

    python -m cnnlib.train_vgg --width 0.125 --epochs 5
    python -m cnnlib.train_vgg --data cifar10 --precision bfloat16 --channels-last
    python -m cnnlib.train_vgg --data folder:~/flowers --image-size 224 --batch-size 32
    torchrun --nproc-per-node=4 -m cnnlib.train_vgg --checkpoint runs/vgg.pt --resume

With torchrun every process takes its share of each batch (--batch-size counts all of them together),
on its own GPU, or on the processor if there is none. With --max-restarts=3 --resume a training whose
process dies goes on from the checkpoint.
"""

import argparse
import contextlib
import os

import numpy as np
import torch
import torch.distributed as dist

from cnnlib.datasets import load, resize
from cnnlib.datasets.image_folder import read_folder
from cnnlib.trainer import choose_device, fit
from cnnlib.vgg import VGG16

OPTIONS = {  # by group: name, what argparse wants to know, what the reader wants to know
    "images": [
        ("--data", {"default": "digits", "metavar": "NAME"}, "digits, cifar10, ... or folder:PATH"),
        ("--limit", {"type": int, "metavar": "N"}, "only the first N, for training and for testing"),
        ("--image-size", {"type": int, "default": 32, "metavar": "PIXELS"}, "rows and columns, at least 32"),
    ],
    "network": [
        ("--width", {"type": float, "default": 0.125}, "factor for channels and hidden units; paper: 1"),
        ("--dropout", {"type": float, "default": 0.5}, "share of hidden units left out in training"),
        ("--batch-norm", {"action": "store_true"}, "batch normalisation after each convolution"),
    ],
    "training": [
        ("--epochs", {"type": int, "default": 10}, "passes over the images"),
        ("--batch-size", {"type": int, "default": 64}, "images a step, in all processes together"),
        ("--lr", {"type": float, "default": 0.02}, "highest learning rate"),
        ("--warmup", {"type": float, "default": 0.1}, "share of all steps in which it climbs"),
        ("--weight-decay", {"type": float, "default": 5e-4}, "how strongly weights are pulled to 0"),
        ("--clip", {"type": float}, "shorten gradients that are longer"),
        ("--patience", {"type": int}, "stop after so many epochs without a better test loss"),
        ("--seed", {"type": int, "default": 0}, "of first weights, order and dropout"),
    ],
    "machine": [
        ("--device", {"default": "auto"}, "cpu, cuda or mps; auto takes a GPU if there is one"),
        ("--precision", {"choices": ("float32", "bfloat16"), "default": "float32"}, "of products"),
        ("--channels-last", {"action": "store_true"}, "images as (N, H, W, C) in memory"),
        ("--compile", {"action": "store_true"}, "let torch.compile write the network anew first"),
        ("--fastest", {"action": "store_true"}, "algorithms by time, although they may not repeat exactly"),
    ],
    "files": [
        ("--checkpoint", {"metavar": "FILE"}, "written after each epoch; the weights are under 'model'"),
        ("--resume", {"action": "store_true"}, "go on from the checkpoint, if it is there"),
        ("--csv", {"metavar": "FILE"}, "the history as a table"),
        ("--tensorboard", {"metavar": "FOLDER"}, "the history for TensorBoard, if that is installed"),
    ],
}


def parser():
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnlib.train_vgg",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for title, options in OPTIONS.items():
        group = parser.add_argument_group(title)
        for name, how, words in options:
            words += "; %(default)s" if "default" in how else ""
            group.add_argument(name, **how, help=words)
    return parser


def images_of(name, image_size, limit=None):
    """Load a data set as VGG16 wants it: three channels, one size, mean 0 and standard deviation 1.

    Parameters
    ----------
    name : str
        What `cnnlib.datasets.load` knows. The photographs of a ``folder:PATH`` may differ in size.
    image_size : int
        Rows and columns, in pixels.
    limit : int, optional
        Take only the first images of each part.

    Returns
    -------
    train, test : (ndarray of shape (N, 3, image_size, image_size), ndarray of shape (N,))
    classes : tuple of str

    Examples
    --------
    >>> (x, y), test, classes = images_of("digits", 32, limit=100)
    >>> x.shape, y.shape, f"{x.std():.3f}", len(classes)
    ((100, 3, 32, 32), (100,), '1.000', 10)
    """
    if name.startswith("folder:"):
        folder = read_folder(name.removeprefix("folder:"), size=image_size)
        classes, cut = folder.classes, folder.n_train
        parts = [(folder.images[:cut], folder.labels[:cut]), (folder.images[cut:], folder.labels[cut:])]
    else:
        parts = [load(name, split=split) for split in ("train", "test")]
        classes = parts[0].description.classes
    (x, y), test = [(resize(part[0][:limit], image_size), part[1][:limit]) for part in parts]
    mean, std = x.mean(dtype=np.float64), x.std(dtype=np.float64)

    def prepared(images):
        colours = np.broadcast_to(images, (len(images), 3, *images.shape[2:]))
        return ((colours - mean) / std).astype(np.float32)

    return (prepared(x), y), (prepared(test[0]), test[1]), classes


@contextlib.contextmanager
def processes(device):
    """Meet the other processes that torchrun started, if it did; give the device of this one."""
    if "LOCAL_RANK" not in os.environ:
        yield choose_device(device)
        return
    on_gpu = device != "cpu" and torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    store, rank, world = next(dist.rendezvous("env://"))
    if os.environ["LOCAL_WORLD_SIZE"] == os.environ["WORLD_SIZE"]:  # all on this machine
        # After a restart the addresses of those who died still stand in the store: give each life its own.
        store = dist.PrefixStore("life " + os.environ["TORCHELASTIC_RESTART_COUNT"], store)
    dist.init_process_group("nccl" if on_gpu else "gloo", store=store, rank=rank, world_size=world)
    try:
        yield choose_device("auto" if on_gpu else "cpu")
    finally:
        dist.destroy_process_group()


def main(arguments=None):
    """Train as the command line says.

    Parameters
    ----------
    arguments : list of str, optional
        The command line, without the program's name; that of this process by default.

    Returns
    -------
    dict of lists
        The history, as `cnnlib.trainer.fit` returns it.
    """
    said = vars(parser().parse_args(arguments))
    image_size, seed = said["image_size"], said["seed"]
    train, test, classes = images_of(said.pop("data"), said.pop("image_size"), said.pop("limit"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = {name: said.pop(name) for name in ("width", "dropout", "batch_norm")}
        model = VGG16(len(classes), image_size=image_size, **network)
    with processes(said.pop("device")) as device:
        first = not dist.is_initialized() or dist.get_rank() == 0
        if first:
            weights = sum(parameter.numel() for parameter in model.parameters())
            print(f"{len(train[0]):,} images to learn from, {len(test[0]):,} to test, {len(classes)} classes")
            print(f"VGG16 with {weights:,} parameters, on {device}", flush=True)
        how = {"deterministic": not said.pop("fastest"), "progress": True, **said}
        history = fit(model, train, validation=test, device=device, **how)
    if first:
        right = history["validation_accuracy"][-1]
        print(f"epoch {history['epoch'][-1]}: {right:.2%} of the test images are right")
    return history


if __name__ == "__main__":
    main()
