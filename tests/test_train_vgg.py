"""VGG16 from the command line: one process, two that agree with it, one that is killed."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib import train_vgg
from cnnlib.trainer import checkpoint

ROOT = Path(__file__).parent.parent
TINY = ["--width", "0.03125", "--dropout", "0", "--device", "cpu"]


def torchrun(*command, restarts=0):
    """Run two processes on this machine; return what they printed."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*launcher, f"--max-restarts={restarts}", *map(str, command)],
        capture_output=True, text=True, timeout=300, check=False,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-5000:]
    return done.stdout


def table(path):
    """The columns of a history, without the times."""
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {name: [float(row[name]) for row in rows] for name in rows[0] if name != "seconds"}


def final_weights(path):
    return torch.cat([value.flatten() for value in checkpoint.load(path)["model"].values()])


def assert_same_training(ours, theirs):
    """The same history and the same weights, but for the order of sums."""
    one, other = table(ours.with_suffix(".csv")), table(theirs.with_suffix(".csv"))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-5, err_msg=name)
    weights, others = (final_weights(path.with_suffix(".pt")) for path in (ours, theirs))
    torch.testing.assert_close(weights, others, rtol=1e-4, atol=1e-6)


def test_help_explains_every_option():
    command = [sys.executable, "-m", "cnnlib.train_vgg", "--help"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for words in (
        "torchrun --nproc-per-node",
        "folder:PATH",
        "cifar10",
        "--resume",
        "images a step",
        "0.125",
    ):
        assert words in printed
    for action in train_vgg.parser()._actions:
        assert action.help
        assert action.option_strings[-1] in printed


def test_images_have_three_channels_and_the_training_images_mean_and_spread():
    (x, y), (test, _), classes = train_vgg.images_of("digits", 40)
    assert x.shape == (1437, 3, 40, 40)
    assert test.shape == (360, 3, 40, 40)
    assert y.shape == (1437,)
    assert classes == tuple("0123456789")
    np.testing.assert_array_equal(x[:, 0], x[:, 2])
    np.testing.assert_allclose([x.mean(), x.std()], [0, 1], atol=1e-4)
    assert abs(test.mean()) > 1e-4  # the test images are measured with the training images' scale


def test_it_trains_and_resumes_and_prints_what_it_did(tmp_path, capsys):
    files = ["--checkpoint", str(tmp_path / "vgg.pt"), "--csv", str(tmp_path / "vgg.csv")]
    command = [*TINY, *files, "--limit", "64", "--epochs", "2", "--batch-size", "32"]
    history = train_vgg.main(command)
    printed = capsys.readouterr().out
    assert "64 images to learn from, 64 to test, 10 classes" in printed
    assert re.search(r"VGG16 with [\d,]+ parameters, on cpu", printed)
    assert f"epoch 2: {history['validation_accuracy'][-1]:.2%} of the test images are right" in printed
    assert train_vgg.main([*command, "--resume"]) == history  # nothing is left to do
    assert table(tmp_path / "vgg.csv")["loss"] == history["loss"]


def test_a_folder_of_class_folders_trains(tmp_path):
    """Dark and light photographs of different sizes; a network that sees them tells them apart."""
    rng = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (tmp_path / name).mkdir()
        for number in range(10):
            size = (30 + number, 50 - number, 3)
            pixels = (level + rng.integers(-20, 20, size)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    history = train_vgg.main(
        [
            *TINY,
            "--data",
            f"folder:{tmp_path}",
            "--epochs",
            "8",
            "--batch-size",
            "4",
            "--lr",
            "0.01",
            "--batch-norm",
        ]
    )
    assert history["validation_accuracy"][-1] == 1


def test_wrong_arguments_are_errors_that_say_why(tmp_path):
    with pytest.raises(ValueError, match="at least 32"):
        train_vgg.main([*TINY, "--image-size", "16"])
    with pytest.raises(ValueError, match="there is no data set 'cifar'"):
        train_vgg.main([*TINY, "--data", "cifar"])
    with pytest.raises(ValueError, match="resume=True needs checkpoint"):
        train_vgg.main([*TINY, "--limit", "8", "--resume"])


def test_two_processes_make_the_steps_of_one(tmp_path):
    """Batches of 21 or 22 images: the shares of two processes are not even equal."""
    how = [*TINY, "--limit", "65", "--epochs", "2", "--batch-size", "21", "--clip", "1"]
    one = ["--checkpoint", str(tmp_path / "one.pt"), "--csv", str(tmp_path / "one.csv")]
    two = ["--checkpoint", str(tmp_path / "two.pt"), "--csv", str(tmp_path / "two.csv")]
    train_vgg.main([*how, *one])
    printed = torchrun("-m", "cnnlib.train_vgg", *how, *two)
    assert printed.count("parameters, on cpu") == 1  # only the first process speaks
    assert_same_training(tmp_path / "two", tmp_path / "one")


DIES = """
import os, signal, sys
from cnnlib import train_vgg
from cnnlib.trainer.steps import Stepper

life, rank = os.environ["TORCHELASTIC_RESTART_COUNT"], os.environ["RANK"]
make_epoch, fetch_batch = Stepper.epoch, Stepper._batch

def epoch(self, number, records):
    print("epoch", number + 1, "in life", life, flush=True)
    return make_epoch(self, number, records)

def batch(self, step, indices):
    if (step, life, rank) == (5, "0", "1"):
        os.kill(os.getpid(), signal.SIGKILL)
    return fetch_batch(self, step, indices)

Stepper.epoch, Stepper._batch = epoch, batch
train_vgg.main(sys.argv[1:])
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_worker_is_restarted_and_resumes_to_the_same_end(tmp_path):
    """The second of two processes kills itself, once, in the second of two steps of the third epoch."""
    script = tmp_path / "dies.py"
    script.write_text(DIES)
    how = [*TINY, "--limit", "64", "--epochs", "4", "--batch-size", "32", "--resume"]
    torn = ["--checkpoint", str(tmp_path / "torn.pt"), "--csv", str(tmp_path / "torn.csv")]
    whole = ["--checkpoint", str(tmp_path / "whole.pt"), "--csv", str(tmp_path / "whole.csv")]
    printed = torchrun(script, *how, *torn, restarts=1)
    lives = re.findall(r"epoch (\d) in life (\d)", printed)
    assert [lives.count((str(epoch), "0")) for epoch in (1, 2, 3, 4)] == [2, 2, 2, 0]
    assert [lives.count((str(epoch), "1")) for epoch in (1, 2, 3, 4)] == [0, 0, 2, 2]
    train_vgg.main([*how, *whole])  # one process, without a break
    assert_same_training(tmp_path / "torn", tmp_path / "whole")
