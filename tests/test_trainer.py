"""The trainer: its steps are the written-out ones, it resumes exactly, and it says what is wrong."""

import copy
import csv
import io
import math
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from cnnlib.datasets import load
from cnnlib.summary import summarize
from cnnlib.trainer import Score, checkpoint, choose_device, evaluate, fit
from cnnlib.trainer.compute import generator
from cnnlib.trainer.steps import learning_rate

CPU = {"device": "cpu", "progress": False}


def small_network(seed=0, dropout=0.0, dtype=torch.float32):
    """Two convolutions and a linear layer for the digits of 8 x 8 pixels."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(36, 10),
        ).to(dtype)


def digits(count=200, split="train"):
    images, labels, _ = load("digits", split=split)
    return images[:count], labels[:count]


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# By hand


def test_one_step_is_weight_minus_rate_times_gradient():
    """Votes 0 and 0 for the image 1 of class 0: shares 1/2 and 1/2, gradients -1/2 and 1/2."""
    model = nn.Linear(1, 2, bias=False)
    model.weight.data.zero_()
    one = torch.ones(1, 1), torch.tensor([0])
    history = fit(model, one, epochs=1, lr=0.1, weight_decay=0, schedule="constant", warmup=0, **CPU)
    torch.testing.assert_close(model.weight.data, torch.tensor([[0.05], [-0.05]]))
    assert history["loss"] == [pytest.approx(math.log(2))]
    assert history["step"] == history["epoch"] == [1]


def test_evaluate_is_the_mean_over_all_images_also_of_uneven_batches():
    model = nn.Linear(1, 2, bias=False)
    model.weight.data[:] = torch.tensor([[0.0], [math.log(3)]])  # shares 1/4 and 3/4
    data = torch.ones(3, 1), torch.tensor([1, 1, 0])
    score = evaluate(model, data, batch_size=2, device="cpu")
    assert score == Score(pytest.approx((2 * math.log(4 / 3) + math.log(4)) / 3), pytest.approx(2 / 3))


def test_evaluate_leaves_nothing_out_and_changes_nothing():
    """Dropout would halve or double the votes; a mean over batches would depend on their size."""
    data, model = digits(50), small_network(dropout=0.5)
    state = torch.get_rng_state()
    scores = {evaluate(model, data, batch_size=size, device="cpu").accuracy for size in (7, 50, 100)}
    assert len(scores) == 1
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert all(p.grad is None for p in model.parameters())


def test_images_take_the_type_of_the_model():
    images, labels = digits(50)
    model = small_network(dtype=torch.float64)
    fit(model, (images, labels), epochs=1, **CPU)
    once = evaluate(model, (images, labels), device="cpu")
    assert once == evaluate(model, (images.astype(np.float64), labels), device="cpu")


def test_learning_rate_climbs_straight_and_falls_as_half_a_wave():
    rates = [learning_rate(step, 12, warmup=1 / 3) for step in range(12)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]  # four steps up
    np.testing.assert_allclose(rates[8], 0.5)  # the middle of the eight that follow
    assert rates == sorted(rates[:4]) + sorted(rates[4:], reverse=True)
    assert 0 < rates[-1] < 0.05
    assert [learning_rate(step, 4, schedule="constant", warmup=0.5) for step in range(4)] == [0.5, 1, 1, 1]


def test_fit_uses_the_schedule_up_to_the_last_step():
    history = fit(small_network(), digits(128), epochs=2, lr=0.5, warmup=0.25, **CPU)  # 2 + 2 steps
    assert history["lr"] == [pytest.approx(0.5), pytest.approx(0.5 * learning_rate(3, 4, warmup=0.25))]


# Against the loop written out


@pytest.mark.parametrize("clip", [None, 0.3])
def test_fit_makes_the_steps_of_the_loop_written_out(clip):
    images, labels = (torch.tensor(part) for part in digits(100))
    images = images.double()
    model = small_network(dtype=torch.float64)
    twin = copy.deepcopy(model)
    history = fit(
        model,
        (images, labels),
        epochs=2,
        batch_size=32,
        schedule="constant",
        warmup=0,
        clip=clip,
        seed=7,
        **CPU,
    )

    optimizer = torch.optim.SGD(twin.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    losses = []
    for epoch in range(2):
        order = torch.randperm(100, generator=generator(7, epoch))
        assert sorted(order.tolist()) == list(range(100))
        total = 0.0
        for batch in order.tensor_split(3):
            loss = nn.functional.cross_entropy(twin(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(twin.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / 100)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-12)
    torch.testing.assert_close(weights(model), weights(twin), rtol=1e-10, atol=1e-12)


def test_an_epoch_shows_every_image_once():
    seen = []

    def note(images, generator):
        seen.extend(images[:, 0].tolist())
        return images

    data = torch.arange(10.0)[:, None], torch.zeros(10, dtype=int)
    fit(nn.Linear(1, 2), data, epochs=2, batch_size=4, transform=note, lr=1e-6, **CPU)
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]


def test_another_optimizer_can_be_handed_in():
    data, model = digits(), small_network()
    twin = copy.deepcopy(model)
    fit(model, data, epochs=1, optimizer=lambda p: torch.optim.AdamW(p, lr=1e-3), **CPU)
    fit(twin, data, epochs=1, optimizer=lambda p: torch.optim.SGD(p, lr=1e-3), **CPU)
    assert not torch.equal(weights(model), weights(twin))


def test_frozen_parameters_stay():
    model = small_network()
    model[0].requires_grad_(False)
    before = copy.deepcopy(model)
    fit(model, digits(), epochs=1, **CPU)
    assert torch.equal(model[0].weight, before[0].weight)
    assert not torch.equal(model[-1].weight, before[-1].weight)


def test_digits_are_learned():
    history = fit(small_network(), digits(1000), validation=digits(300, "test"), epochs=8, lr=0.1, **CPU)
    assert history["validation_accuracy"][-1] > 0.8  # by chance 0.1
    assert history["loss"][-1] < history["loss"][0] / 2
    assert list(history) == [
        "epoch", "step", "lr", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds",
    ]  # fmt: skip


def test_bfloat16_and_channels_last_learn_too():
    model = small_network()
    how = {"precision": "bfloat16", "channels_last": True, "device": "cpu"}
    fit(model, digits(1000), epochs=8, lr=0.1, progress=False, **how)
    assert model[0].weight.dtype == torch.float32
    assert evaluate(model, digits(300, "test"), **how).accuracy > 0.8


def test_channels_last_changes_the_layout_and_not_the_result():
    data, model = digits(), small_network(dtype=torch.float64)
    twin = copy.deepcopy(model)
    fit(model, data, epochs=1, **CPU)
    layouts = []
    twin[0].register_forward_pre_hook(
        lambda layer, x: layouts.append(x[0].is_contiguous(memory_format=torch.channels_last))
    )
    fit(twin, data, epochs=1, channels_last=True, **CPU)
    assert all(layouts)
    torch.testing.assert_close(weights(model), weights(twin), rtol=1e-10, atol=1e-12)


def test_compiled_network_makes_the_same_steps():
    """With the backend that only traces, so that no compiler is needed; weights keep their names."""
    data, model = digits(100), small_network(dtype=torch.float64)
    twin = copy.deepcopy(model)
    fit(model, data, epochs=1, **CPU)
    fit(twin, data, epochs=1, compile="eager", **CPU)
    assert twin.state_dict().keys() == model.state_dict().keys()
    torch.testing.assert_close(weights(model), weights(twin), rtol=1e-10, atol=1e-12)


def test_modes_are_as_they_were():
    model = small_network()
    model.eval()
    model[1].train()
    fit(model, digits(64), validation=digits(64), epochs=1, **CPU)
    assert [layer.training for layer in model] == [False, True, False, False, False, False]


def test_device_is_chosen_by_name_or_found():
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device() == choose_device("auto")
    assert choose_device().type in ("cuda", "mps", "cpu")


# Determined by the seed


def noisy(images, generator):
    return images + 0.1 * torch.randn(images.shape, generator=generator)


def run(seed=0, **how):
    model = small_network(dropout=0.5)
    history = fit(model, digits(), epochs=3, seed=seed, transform=noisy, **how, **CPU)
    return weights(model), history["loss"]


def test_same_seed_same_weights_and_another_seed_others():
    (first, _), (second, _), (third, _) = run(), run(), run(seed=1)
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_global_random_state_is_neither_read_nor_moved():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, _ = run()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(run()[0], first)


# Resume


@pytest.mark.parametrize("patience", [None, 2])
def test_resumed_training_ends_exactly_like_an_uninterrupted_one(tmp_path, patience):
    """With dropout, momentum, noise and a schedule: whatever is forgotten shows in the last bit."""

    def train(path, stop_after=None, **how):
        def transform(images, generator):
            steps.append(1)
            if stop_after and len(steps) > stop_after:
                raise KeyboardInterrupt
            return noisy(images, generator)

        steps, model = [], small_network(seed=5 if how else 0, dropout=0.5)
        history = fit(
            model, digits(), validation=digits(50, "test"), epochs=6, patience=patience,
            transform=transform, checkpoint=path, csv=path.with_suffix(".csv"), **how, **CPU,
        )  # fmt: skip
        del history["seconds"]
        return weights(model), history, len(steps)

    whole = train(tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "torn.pt", stop_after=7)  # in the third epoch of three steps
    resumed = train(tmp_path / "torn.pt", resume=True)
    assert resumed[2] == whole[2] - 6
    assert torch.equal(resumed[0], whole[0])
    assert resumed[1] == whole[1]
    again = train(tmp_path / "torn.pt", resume=True)  # nothing is left to do
    assert again[2] == 0
    assert torch.equal(again[0], whole[0])
    with open(tmp_path / "torn.csv", encoding="utf-8", newline="") as stream:
        assert [float(row["loss"]) for row in csv.DictReader(stream)] == whole[1]["loss"]


def test_resume_without_a_checkpoint_begins(tmp_path):
    history = fit(small_network(), digits(), epochs=1, checkpoint=tmp_path / "new.pt", resume=True, **CPU)
    assert history["epoch"] == [1]
    assert (tmp_path / "new.pt").exists()


def test_resume_refuses_the_checkpoint_of_another_training(tmp_path):
    path = tmp_path / "run.pt"
    fit(small_network(), digits(), epochs=1, checkpoint=path, **CPU)
    with pytest.raises(ValueError, match=r"another training.*epochs=2 \(there: 1\)"):
        fit(small_network(), digits(), epochs=2, checkpoint=path, resume=True, **CPU)
    with pytest.raises(ValueError, match=r"another training.*validation=7 \(there: None\)"):
        fit(small_network(), digits(), validation=digits(7), epochs=1, checkpoint=path, resume=True, **CPU)
    other = nn.Sequential(nn.Conv2d(1, 5, 3), *small_network()[1:-1], nn.Linear(45, 10))
    with pytest.raises(ValueError, match=r"(?s)another model.*size mismatch"):
        fit(other, digits(), epochs=1, checkpoint=path, resume=True, **CPU)


# Early stop


def test_patience_stops_and_puts_the_best_weights_back(tmp_path):
    """The validation labels are wrong on purpose, so that learning makes the loss worse and worse."""
    images, labels = digits()
    model = small_network()
    how = {"epochs": 20, "lr": 0.1, "schedule": "constant", "warmup": 0, "checkpoint": tmp_path / "run.pt"}
    wrong = images, (labels + 1) % 10
    history = fit(model, (images, labels), validation=wrong, patience=3, **how, **CPU)
    losses = history["validation_loss"]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 3 < 20
    assert evaluate(model, wrong, device="cpu").loss == pytest.approx(losses[best], rel=1e-6)
    assert losses[-1] > 1.01 * losses[best]
    again = small_network(seed=1)  # there is nothing left to do, but the best weights are those from before
    fit(again, (images, labels), validation=wrong, patience=3, resume=True, **how, **CPU)
    assert torch.equal(weights(again), weights(model))


# Checkpoints

KILLED = """
import os, random, signal, sys, time
import torch
from cnnlib.trainer.checkpoint import load, save

torch.set_num_threads(1)
random.seed(0)
path = sys.argv[1]
for kill in range(50):
    pid = os.fork()
    if pid == 0:  # the child writes one checkpoint after the other
        number = 1000 * kill
        while True:
            save(path, {"number": number, "weight": torch.full((200_000,), float(number))})
            number += 1
    while not os.path.exists(path):
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.02))
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    state = load(path)
    assert (state["weight"] == state["number"]).all()
    print(state["number"], int(os.path.exists(path + ".partial")))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes as POSIX does")
def test_killed_fifty_times_the_checkpoint_is_always_whole(tmp_path):
    """A process that writes is killed at a random moment, again and again; what is there must load."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "state.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    numbers, caught = zip(*(map(int, line.split()) for line in done.stdout.splitlines()), strict=True)
    assert len(numbers) == 50
    assert len(set(numbers)) > 10  # there were new ones
    assert sum(caught) > 5  # and some kills came while one was being written


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "state.pt"
    checkpoint.save(path, {"epoch": 1})
    with pytest.raises(ZeroDivisionError):
        checkpoint.write(path, lambda stream: (stream.write(b"half of it"), 1 / 0))
    assert checkpoint.load(path) == {"epoch": 1}
    checkpoint.save(path, {"epoch": 2})
    assert checkpoint.load(path) == {"epoch": 2}
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]


class Code:
    """What a pickle can be: the call of any function, here one that makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("write", [torch.save, pickle.dump])
def test_a_pickle_with_code_in_it_is_refused_and_not_run(tmp_path, write):
    path, folder = tmp_path / "weights.pt", tmp_path / "made by the pickle"
    checkpoint.write(path, lambda stream: write({"weight": Code(folder)}, stream))
    with pytest.raises(ValueError, match=r"weights\.pt.*pickled code is never run"):
        checkpoint.load(path)
    assert not folder.exists()
    with pytest.raises(ValueError, match="pickled code is never run"):
        fit(small_network(), digits(), checkpoint=path, resume=True, **CPU)
    assert not folder.exists()
    with open(path, "rb") as stream:  # the trap is a real one
        pickle.load(stream) if write is pickle.dump else torch.load(stream, weights_only=False)
    assert folder.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 torn"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"weights\.pt is no checkpoint"):
        checkpoint.load(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        checkpoint.load(tmp_path / "nowhere.pt")


# What goes wrong


def zeros(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ((np.zeros((1, 1, 8, 8), "u1"), [0]), TypeError, "floats, such as pixels / 255: got torch.uint8"),
        ((zeros(1, 1, 8, 8), [0.0]), TypeError, "labels must be integers: got torch.float"),
        ((zeros(1, 1, 8, 8), [True]), TypeError, "labels must be integers: got torch.bool"),
        ((zeros(2, 1, 8, 8), [0]), ValueError, r"as many, .*: got \(2, 1, 8, 8\) and \(1,\)"),
        ((zeros(0, 1, 8, 8), np.zeros(0, int)), ValueError, "at least one"),
        ((zeros(1, 3, 8, 8), [0]), ValueError, r"C = 1, .*first convolution, '0': got \(1, 3, 8, 8\)"),
        ((zeros(1, 8, 8), [0]), ValueError, r"shape \(N, C, H, W\) with C = 1"),
        ((zeros(3, 1, 8, 8), [0, 10, 11]), ValueError, r"from 0 to 9, .* 10 votes: got 10 at 1 \(2 of 3"),
        ((zeros(2, 1, 8, 8), [0, -1]), ValueError, "from 0 to 9.*got -1 at 1"),
    ],
)
def test_wrong_data_are_named_before_the_first_step(data, error, message):
    with pytest.raises(error, match=message):
        fit(small_network(), data, **CPU)
    with pytest.raises(error, match=message):
        evaluate(small_network(), data, device="cpu")
    with pytest.raises(error, match="validation: .*" + message):
        fit(small_network(), digits(), validation=data, **CPU)


def test_model_must_give_votes():
    with pytest.raises(ValueError, match=r"votes of shape \(N, classes\): got \(1, 4, 6, 6\)"):
        fit(nn.Conv2d(1, 4, 3), digits(), **CPU)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1: got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1: got 0"),
        ({"schedule": "linear"}, "schedule must be 'cosine' or 'constant': got 'linear'"),
        ({"precision": "float16"}, "precision must be 'float32' or 'bfloat16': got 'float16'"),
        ({"warmup": 1}, "warmup must be a share"),
        ({"clip": 0}, "clip must be greater than 0, or None: got 0"),
        ({"patience": 2}, "patience watches the validation loss"),
        ({"resume": True}, "resume=True needs checkpoint=PATH"),
    ],
)
def test_wrong_arguments_are_named(argument, message):
    with pytest.raises(ValueError, match=message):
        fit(small_network(), digits(), **argument, **CPU)


def test_evaluate_knows_two_precisions():
    with pytest.raises(ValueError, match="precision must be 'float32' or 'bfloat16': got 'half'"):
        evaluate(small_network(), digits(), precision="half", device="cpu")


class Spoil(nn.Module):
    """Divides by zero in one step: forward, or only on the way back (where sqrt is infinitely steep)."""

    def __init__(self, at, way):
        super().__init__()
        self.at, self.way, self.step = at, way, 0

    def forward(self, x):
        self.step += self.training and torch.is_grad_enabled()
        if self.step != self.at:
            return x
        return x / 0 if self.way == "forward" else x + torch.sqrt(x * 0)


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("forward", r"first output that is not finite is that of layer '2' \(Spoil\)"),
        (
            "backward",
            "all outputs are finite; on the way back the first gradient that is not is that of '0.bias'",
        ),
    ],
)
def test_nan_stops_with_the_step_and_the_layer(way, message, tmp_path):
    model = small_network()
    model.insert(2, Spoil(5, way))
    before = []
    model[2].register_forward_pre_hook(lambda layer, x: before.append(weights(model)))
    with pytest.raises(FloatingPointError, match=r"^step 5 \(epoch 2\) has loss .*" + message):
        fit(model, digits(200), epochs=3, checkpoint=tmp_path / "run.pt", **CPU)
    assert torch.equal(weights(model), before[-1])  # the step was not made
    assert weights(model).isfinite().all()
    assert checkpoint.load(tmp_path / "run.pt")["history"]["epoch"] == [1]


def test_too_large_a_rate_is_said_to_be_the_cause():
    with pytest.raises(FloatingPointError, match=r"not finite is that of layer '\d' .*A smaller lr \(now"):
        fit(small_network(), digits(), epochs=30, lr=1e30, warmup=0, **CPU)


def test_an_image_that_is_not_finite_is_named():
    images, labels = (part.copy() for part in digits(8))
    images[3, 0, 2, 2] = np.inf
    with pytest.raises(FloatingPointError, match=r"step 1 .*image \d of the batch is itself not finite"):
        fit(small_network(), (images, labels), **CPU)


class Greedy(nn.Module):
    """Asks for 4 PiB where it learns."""

    def forward(self, x):
        return x + torch.empty(2**50)[:1] if self.training and len(x) > 2 else x


def test_out_of_memory_comes_with_advice():
    model = small_network()
    model.append(Greedy())
    need = summarize(small_network(), (1, 8, 8)).training_bytes(64) / 2**30
    message = rf"64 images of \(1, 8, 8\) need about {need:.2g} GiB .*smaller batch_size.*bfloat16.*allocate"
    with pytest.raises(MemoryError, match=message):
        fit(model, digits(64), **CPU)


def test_another_error_is_left_as_it_is():
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    model[1].register_forward_pre_hook(lambda layer, x: (x[0][:, :5],) if layer.training else None)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        fit(model, digits(64), **CPU)


# Records


def test_nothing_is_written_to_a_stderr_that_is_no_terminal(capfd):
    fit(small_network(), digits(), epochs=1, device="cpu")
    assert capfd.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_a_bar_and_a_line_an_epoch(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", Terminal())
    fit(small_network(), digits(), validation=digits(20, "test"), epochs=2, device="cpu")
    bars, lines = [], []
    for line in sys.stderr.getvalue().replace("\n", "\r").split("\r"):
        (bars if "[" in line else lines).append(line)
    assert bars[-1].startswith("epoch 2 [####################] 3/3 loss ")
    assert [line[:14] for line in lines if line] == ["epoch 1: loss ", "epoch 2: loss "]
    assert "validation accuracy 0." in lines[1]
    monkeypatch.undo()
    assert capfd.readouterr().out == ""


def test_progress_elsewhere_is_a_line_an_epoch_only(capfd):
    fit(small_network(), digits(), epochs=2, device="cpu", progress=True)
    lines = capfd.readouterr().err.splitlines()
    assert [line[:14] for line in lines] == ["epoch 1: loss ", "epoch 2: loss "]


def test_csv_is_the_history(tmp_path):
    history = fit(small_network(), digits(), epochs=2, csv=tmp_path / "logs" / "run.csv", **CPU)
    with open(tmp_path / "logs" / "run.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {name: [float(row[name]) for row in rows] for name in rows[0]} == history


def test_tensorboard_gets_every_number(tmp_path, monkeypatch):
    """With a stand-in for the package, which need not be installed."""
    written = []

    class SummaryWriter:
        def __init__(self, folder, purge_step):
            written.append((folder, purge_step))

        def add_scalar(self, name, value, epoch):
            written.append((name, value, epoch))

        def flush(self):
            pass

        close = flush

    stand_in = type(sys)("torch.utils.tensorboard")
    stand_in.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", stand_in)
    history = fit(small_network(), digits(), epochs=2, tensorboard=tmp_path, **CPU)
    assert written[0] == (tmp_path, 1)
    names = ["step", "lr", "loss", "accuracy", "seconds"]
    assert written[1:] == [(name, history[name][e], e + 1) for e in (0, 1) for name in names]


def test_without_tensorboard_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ModuleNotFoundError, match="pip install tensorboard"):
        fit(small_network(), digits(), tensorboard=tmp_path / "runs", **CPU)
