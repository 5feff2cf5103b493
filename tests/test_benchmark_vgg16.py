"""The benchmark of VGG16 compares what is equal, against a roofline worked out by hand. No clock."""

import functools
import json

import numpy as np
import pytest
import torch

from benchmarks import vgg16
from cnnlib.summary import Row, summarize
from cnnlib.vgg import VGG16

TINY = functools.partial(VGG16, 10, width=0.05, image_size=32, dropout=0.0)


@pytest.fixture(autouse=True)
def compile_without_a_compiler(monkeypatch):
    eager = {"backend": "eager"}
    monkeypatch.setattr(vgg16, "COMPILE", {"cpu": {"inference": eager, "training": eager}})


def functions(task, size=3):
    torch.manual_seed(0)
    return {
        name: vgg16.TASKS[task](way, *vgg16.batch(way, size, 32, "cpu"), "cpu")
        for name, way in vgg16.ways(TINY, "cpu").items()
    }


def test_all_ways_vote_the_same():
    votes = {name: go() for name, go in functions("inference").items()}
    assert torch.equal(votes["eager"], votes["plain"])
    scale = votes["plain"].abs().max()
    for name, tolerance in {"channels last": 1e-4, "bfloat16": 0.1, "compiled": 0.1}.items():
        assert (votes[name] - votes["plain"]).abs().max() < tolerance * scale, name


def test_all_ways_take_the_same_step():
    losses = {}
    for name in functions("training"):
        step = functions("training")[name]
        losses[name] = [step().item() for _ in range(2)]
    assert losses["eager"] == losses["plain"]
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses["plain"], rtol=0.05, err_msg=name)
        assert values[1] != values[0], name


def test_bfloat16_and_channels_last_are_what_they_say():
    ways = vgg16.ways(TINY, "cpu")
    assert [way.dtype.itemsize for way in ways.values()] == [4, 4, 4, 2, 2]
    assert [way.compile for way in ways.values()] == [False] * 4 + [True]
    last = ways["channels last"]
    assert vgg16.batch(last, 2, 32, "cpu")[0].is_contiguous(memory_format=torch.channels_last)
    assert last.network.features[2].weight.is_contiguous(memory_format=torch.channels_last)
    assert ways["plain"].network[2].weight is ways["eager"].network.features[2].weight


def test_operations_are_those_of_the_paper():
    """15.47 billion multiply-adds; the first layer, 86.7 million, needs no gradient of what came in."""
    with torch.device("meta"):
        rows = summarize(VGG16(), (3, 224, 224)).rows
    assert vgg16.operations(rows, "inference").sum() == 2 * 15_470_264_320
    assert vgg16.operations(rows, "training").sum() == 2 * (3 * 15_470_264_320 - 86_704_128)


ROWS = [
    Row("input", "Input", (10,), 10),
    Row("a", "Linear", (20,), 20, 200, 20, 200, trainable=220),
    Row("b", "ReLU", (20,), 0, reads=20),
    Row("c", "Linear", (5,), 5, 100, 0, 100, reads=20, trainable=100),
]


def test_the_roofline_is_the_slower_of_computing_and_moving_layer_by_layer():
    """Four images: 4 * 400 and 4 * 200 operations; 4 * 30 + 220 = 340 and 4 * 25 + 100 = 200 numbers."""
    assert vgg16.roofline(ROWS, "inference", 4, 100.0, 1e9, 4) == pytest.approx(16 + 8)
    assert vgg16.roofline(ROWS, "inference", 4, 1e9, 40.0, 4) == pytest.approx(34 + 20)
    assert vgg16.roofline(ROWS, "inference", 4, 100.0, 80.0, 4) == pytest.approx(17 + 10)
    assert vgg16.roofline(ROWS, "inference", 4, 100.0, 81.0, 4) == pytest.approx(1360 / 81 + 800 / 81)
    assert vgg16.roofline(ROWS, "inference", 4, 100.0, 84.0, 4) == pytest.approx(1360 / 84 + 800 / 84)
    assert vgg16.roofline(ROWS, "inference", 4, 100.0, 90.0, 4) == pytest.approx(16 + 800 / 90)


def test_the_roofline_of_training_counts_three_products_and_the_step():
    """Operations 2 * 400 and 3 * 200 an image; numbers three times; 320 parameters, thrice."""
    update = 3 * 4 * 320
    assert vgg16.roofline(ROWS, "training", 4, 1.0, 1e12, 2) == pytest.approx(4 * 800 + 4 * 600)
    assert vgg16.roofline(ROWS, "training", 4, 1e12, 1.0, 2) == pytest.approx(3 * 2 * 540 + update)


def test_the_roofline_of_an_h200_is_about_what_others_worked_out():
    """790 TFLOP/s and 4.3 TB/s: 22,400 images a second for inference, 7,600 for training."""
    with torch.device("meta"):
        rows = summarize(VGG16(), (3, 224, 224)).rows
    speed = [
        size / vgg16.roofline(rows, task, size, 790e12, 4.3e12, 2)
        for task, size in (("inference", 64), ("training", 256))
    ]
    np.testing.assert_allclose(speed, [22400, 7600], rtol=0.03)


def test_a_run_ends_in_a_table_and_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(vgg16, "limits", lambda *args: {"float32": 1e9, "bfloat16": 2e9, "copy": 1e9})
    monkeypatch.setattr(vgg16, "measure", functools.partial(vgg16.measure, make=TINY, image_size=32))
    path = tmp_path / "results" / "table.json"
    vgg16.main(["--device", "cpu", "--repeats", "1", "--output", str(path)])
    table, printed = json.loads(path.read_text()), capsys.readouterr().out
    assert len(table["rows"]) == 2 * 5
    for row in table["rows"]:
        assert row["way"] in printed
        assert row["images a second"] / row["roofline"] == pytest.approx(row["share of roofline"], rel=0.01)
        assert row["low"] <= row["against plain"] <= row["high"]
        assert row["way"] != "plain" or row["against plain"] == 1


def test_limits_are_positive_and_of_the_right_work(monkeypatch):
    """With a clock that moves on by one second a look, all take a second: the largest product wins."""
    monkeypatch.setattr(vgg16, "SIZES", {"cpu": (128, 256, 64)})
    hands = iter(range(10_000))
    monkeypatch.setattr(vgg16, "clock", lambda device: lambda: next(hands))
    found = vgg16.limits("cpu", 1)
    assert found == {"float32": 2 * 256**3, "bfloat16": 2 * 256**3, "copy": 2 * 4 * 2**24}


def test_the_committed_record_is_of_this_program():
    """If a way is added, the table has to be measured again."""
    stored = json.loads((vgg16.RESULTS / "vgg16_cpu.json").read_text())
    assert stored["device"] == "cpu"
    wanted = [(task, way) for task in vgg16.TASKS for way in vgg16.ways(TINY, "cpu")]
    assert [(row["what"], row["way"]) for row in stored["rows"]] == wanted
    assert "threads: 1" in stored["machine"]["torch"]


def test_a_record_of_a_gpu_names_the_gpu():
    """None is stored yet: the path for GPUs has not been run."""
    for path in vgg16.RESULTS.glob("vgg16_cuda*.json"):
        assert "gpu" in json.loads(path.read_text())["machine"]
